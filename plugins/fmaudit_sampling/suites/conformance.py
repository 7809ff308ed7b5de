"""Conformance: are tokens drawn from the distribution that the settings state?"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from fmaudit import (
    Asker,
    Capability,
    Case,
    Completion,
    Exhibit,
    Finding,
    Interval,
    Metric,
    MetricStatus,
    Row,
    Severity,
    Suite,
    file_sha256,
    load_items,
    results,
)
from fmaudit_sampling.conformance.explain import explain
from fmaudit_sampling.conformance.randomness import keyed_uniforms
from fmaudit_sampling.conformance.repeats import GTest, repeated_draws
from fmaudit_sampling.conformance.sampler import StatedSampler
from fmaudit_sampling.conformance.stated import StatedTokens, joined, stated_tokens
from fmaudit_sampling.conformance.temperature import TemperatureProfile, estimate_temperature, temperature_profile
from fmaudit_sampling.conformance.verdict import GREEDY_PART, Verdict, judge_sampler
from fmaudit_sampling.conformance.verdict import Conformance as Judgement
from fmaudit_sampling.params import ConformanceParams, Setting
from fmaudit_sampling.sampled import drawn_as_asked, unsettled

__all__ = ["Conformance"]

PROMPTS = Path(__file__).parents[1] / "data" / "open_prompts.jsonl"
TEXT, FIRST = "text", "first token"
Z = 1.959964
MOST = 10  # times as many answers as whole ones would be: a model that says nothing is not asked for ever
Rows = Sequence[Mapping[str, Any]]


class Conformance(Suite):
    """Draws tokens, computes at every position what the stated sampler gives the drawn token, and tests them against each other.

    The logits come from the model itself, or from the reference where the model is a server that keeps its own: then the reference must
    be the same weights.
    """

    name: ClassVar[str] = "conformance"
    title: ClassVar[str] = "Conformance of the sampler"
    needs: ClassVar[frozenset[Capability]] = frozenset({Capability.GENERATE, Capability.SAMPLE})
    headlines: ClassVar[tuple[str, ...]] = ("sampler_conforms", "temperature_estimate")

    @property
    def settings(self) -> ConformanceParams:
        """The suite's own parameters."""
        return self.params.conformance  # type: ignore[no-any-return]

    def cases(self) -> Iterable[Case]:
        """Name every prompt under every setting, and one prompt whose first token is drawn many times."""
        for number, setting in enumerate(self.settings.settings):
            common = {"setting": setting.model_dump(), "number": number}
            for item in self._prompts:
                yield Case(id=f"{number}/{item['id']}", data={**common, "prompt": item["prompt"], "kind": TEXT})
            if self.settings.first and setting.temperature > 0:
                first = self._prompts[0]
                yield Case(id=f"{number}/{first['id']}/first", data={**common, "prompt": first["prompt"], "kind": FIRST})

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Draw, and weigh what was drawn; recorded answers were drawn with settings that nobody states."""
        if not drawn_as_asked(asker):
            return [unsettled(case.id)]
        setting = Setting.model_validate(case.data["setting"])
        source = asker if Capability.LOGITS in asker.model.capabilities else asker.reference()
        if source is None or Capability.LOGITS not in source.model.capabilities:
            return [Row(item=case.id, label="unavailable", evidence="logits, and no reference with the same weights is named")]
        sampler = StatedSampler(setting.temperature, setting.top_k, setting.top_p)
        if case.data["kind"] == FIRST:
            return await self._first(case, asker, source, setting, sampler)
        answers = await self._answers(case.data["prompt"], asker, setting)
        if not any(answer.token_ids for answer in answers) and any(answer.text for answer in answers):
            return [Row(item=case.id, label="unavailable", evidence="name the tokens that it draws")]
        return [await _weighed(case, answer, source, sampler) for answer in answers if answer.token_ids]

    async def _answers(self, prompt: str, asker: Asker, setting: Setting) -> Sequence[Completion]:
        """Draw so many answers that they have about this prompt's share of the tokens: more where the first ones ended early."""
        share, how = self.settings.tokens / len(self._prompts), {"max_new_tokens": self.settings.length, **setting.model_dump()}
        samples = max(1, round(share / self.settings.length)) if setting.temperature > 0 else 1  # a greedy answer says nothing new again
        answers = await asker.say(prompt, samples=samples, **how)
        drawn = sum(len(answer.token_ids or ()) for answer in answers)
        enough = min(MOST * samples, math.ceil(samples * share / max(1, drawn)))
        return await asker.say(prompt, samples=enough, **how) if enough > samples and setting.temperature > 0 else answers

    async def _first(self, case: Case, asker: Asker, source: Asker, setting: Setting, sampler: StatedSampler) -> list[Row]:
        """Draw one token many times, and compare the counts with the stated probabilities; nothing where ids are not told."""
        prompt = case.data["prompt"]
        answers = await asker.say(prompt, samples=self.settings.first, max_new_tokens=1, **setting.model_dump())
        drawn = Counter(answer.token_ids[0] for answer in answers if answer.token_ids)
        if not drawn:
            return []
        logits = await source.logits(prompt, [next(iter(drawn))])
        test = repeated_draws(logits[0], drawn, sampler, slack=self.settings.slack)
        if test is None:
            return []
        plain = {name: None if isinstance(value, float) and math.isinf(value) else value for name, value in asdict(test).items()}
        return [Row(item=case.id, condition=_words(case), kind=FIRST, prompt=prompt, tokens=drawn.total(), detail=json.dumps(plain))]

    def measure(self, rows: Rows) -> results.Results:
        """Give the verdict on every setting, the most likely temperature and what deviates."""
        found: list[tuple[str, Judgement]] = []
        for number, setting in enumerate(self.settings.settings):
            part = [row for row in rows if row["case"].split("/")[1] == str(number)]
            texts = [row for row in part if row["kind"] == TEXT]
            if texts:
                judged = _judged(texts, [row for row in part if row["kind"] == FIRST], setting, self.settings.slack)
                found.append((texts[0]["condition"], judged))
        for words, judged in found:
            yield from _metrics(words, judged)
            yield from _findings(words, judged)
        if found:
            yield _exhibit(found)

    def fingerprint(self) -> str:
        """Name the prompts' file."""
        return file_sha256(self.params.open_prompts.items or PROMPTS)

    @cached_property
    def _prompts(self) -> list[dict[str, Any]]:
        items = load_items(self.params.open_prompts, PROMPTS, {"prompt": ("question", "text")})
        return [{"id": item["id"], "prompt": str(item["prompt"])} for item in items[: self.settings.prompts]]


def _words(case: Case) -> str:
    setting = Setting.model_validate(case.data["setting"])
    return StatedSampler(setting.temperature, setting.top_k, setting.top_p).words


async def _weighed(case: Case, answer: Completion, source: Asker, sampler: StatedSampler) -> Row:
    """What the stated sampler gives each token of an answer; of the temperature's likelihood the sums."""
    logits = await source.logits(case.data["prompt"], answer.token_ids)
    tokens = stated_tokens(logits, answer.token_ids, sampler)
    columns: dict[str, Any] = {each.name: _plain(getattr(tokens, each.name)) for each in fields(tokens)}
    if not sampler.greedy:
        profile = temperature_profile(logits, answer.token_ids, sampler)
        columns["profile"] = {
            "temperatures": profile.temperatures.tolist(),
            "sums": [part.sum(axis=0).tolist() for part in (profile.log_likelihood, profile.score, profile.information)],
            "counted": int(profile.counted.sum()),
        }
    return Row(
        item=case.id, condition=sampler.words, kind=TEXT, sample=answer.sample, prompt=case.data["prompt"], response=answer.text,
        tokens=len(answer.token_ids), finish=answer.finish, detail=json.dumps(columns), value=float(np.sum(tokens.outside > 0)),
    )  # fmt: skip


def _plain(column: Any) -> list[Any]:
    """JSON has no infinity: it is written as null."""
    return [None if isinstance(value, float) and math.isinf(value) else value for value in column.tolist()]


def _judged(texts: Rows, firsts: Rows, setting: Setting, slack: float) -> Judgement:
    details = [json.loads(row["detail"]) for row in texts]
    sampler = StatedSampler(setting.temperature, setting.top_k, setting.top_p)
    uniforms = np.concatenate([keyed_uniforms(f"{row['case']}/{row['sample']}", row["tokens"]) for row in texts])
    repeats = [GTest(**{**one, "g": math.inf if one["g"] is None else one["g"]}) for one in (json.loads(row["detail"]) for row in firsts)]
    estimate = None if sampler.greedy else estimate_temperature(_summed([detail["profile"] for detail in details]))
    return judge_sampler(
        joined([_tokens(detail) for detail in details]), uniforms, sampler, repeats=repeats, temperature=estimate, slack=slack
    )


def _tokens(detail: Mapping[str, Any]) -> StatedTokens:
    """Read the columns back; null is minus infinity of a log-probability and infinity of a distance."""
    infinite = {"log_prob": -math.inf, "outside": math.inf}
    columns = []
    for each in fields(StatedTokens):
        values = [infinite.get(each.name) if value is None else value for value in detail[each.name]]
        columns.append(np.asarray(values, {"support": np.int64, "top": bool, "last": bool}.get(each.name, np.float64)))
    return StatedTokens(*columns)


def _summed(profiles: Sequence[Mapping[str, Any]]) -> TemperatureProfile:
    """Put the sums of several answers into one profile: a row for each."""
    sums = np.array([profile["sums"] for profile in profiles])  # [answers, 3, grid]
    counted = np.ones(sum(profile["counted"] for profile in profiles), bool)
    return TemperatureProfile(np.array(profiles[0]["temperatures"]), sums[:, 0], sums[:, 1], sums[:, 2], counted)


def _metrics(words: str, judged: Judgement) -> results.Results:
    slice_ = {"setting": words}
    told = judged.verdict is not Verdict.CANNOT_TELL  # too few draws to tell are no deviation
    yield Metric(name="sampler_conforms", value=float(judged.verdict is Verdict.CONFORMS) if told else None, unit="ratio", n=judged.n,
                 method=f"{len(judged.adjusted)} tests at {judged.alpha:g} in all, {GREEDY_PART:.0%} of it for greedy draws", slice=slice_,
                 status=MetricStatus.OK if told else MetricStatus.INSUFFICIENT, note=f"{judged.verdict}: {explain(judged)[0]}")  # fmt: skip
    yield Metric(name="sampler_violations", value=float(judged.violations), unit="count", n=judged.n, slice=slice_, method="counted",
                 note="tokens that the stated sampler cannot draw; one is decisive")  # fmt: skip
    estimate = judged.temperature
    if estimate is None:
        return
    if estimate.error is None:
        note = f"it lies {estimate.bound} {estimate.value:.3g}, where the search ends"
        yield results.undefined("temperature_estimate", "ratio", slice_, estimate.n, note)
        return
    half = Z * estimate.error
    interval = Interval(estimate.value - half, estimate.value + half, 0.95, "maximum likelihood")
    note = f"the temperature that makes the draws most likely, if all else is as stated; {judged.sampler.temperature:g} is stated"
    yield Metric(name="temperature_estimate", value=estimate.value, unit="ratio", n=estimate.n, interval=interval, slice=slice_,
                 method=interval.method, note=note)  # fmt: skip


def _findings(words: str, judged: Judgement) -> results.Results:
    if judged.verdict is Verdict.CONFORMS:
        return
    severity = Severity.WARNING if judged.verdict is Verdict.DEVIATES else Severity.NOTE
    code = "sampler-deviates" if judged.verdict is Verdict.DEVIATES else "sampler-not-shown"
    more = "Raise conformance.prompts or conformance.length: a greedy answer says nothing new a second time."
    advice = "" if judged.verdict is Verdict.DEVIATES else more if judged.sampler.greedy else "Raise conformance.tokens."
    yield Finding(code=code, severity=severity, sentence=" ".join(explain(judged)), slice={"setting": words}, advice=advice,
                  metric=f"sampler_conforms{{setting={words}}}")  # fmt: skip


def _exhibit(found: Sequence[tuple[str, Judgement]]) -> Exhibit:
    import pyarrow as pa

    rows = [
        {"setting": words, "verdict": str(judged.verdict), "tokens": judged.n, "violations": judged.violations, "test": outcome.name,
         "statistic": outcome.statistic, "p, corrected": judged.adjusted.get(outcome.name)}
        for words, judged in found
        for outcome in judged.outcomes
    ]  # fmt: skip
    return Exhibit(
        name="conformance", title="Is the sampler what it states?", data=pa.Table.from_pylist(rows),
        caption="All tests of a setting together call a right sampler wrong once in a thousand audits.",
    )  # fmt: skip
