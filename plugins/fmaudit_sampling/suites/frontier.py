"""Accuracy and variety over settings of the sampler: what a temperature costs and what it brings, and which setting suits which work."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from fmaudit import Asker, Capability, Case, Completion, Exhibit, Finding, Metric, Row, Severity, Suite, results, stats
from fmaudit_sampling.equivalence import settle
from fmaudit_sampling.measures.agreement import agreement, answer_counts
from fmaudit_sampling.params import Setting
from fmaudit_sampling.presets import Measured, declined, factual_preset, fiction_preset, recommendation
from fmaudit_sampling.prompts import OPEN, fulfils, load_prompts
from fmaudit_sampling.questions import fewer, fingerprint, load_questions
from fmaudit_sampling.sampled import answer_rows, drawn_as_asked, unsettled
from fmaudit_sampling.showing import details, item_mean, told, unread_answers, unread_meanings
from fmaudit_sampling.variety import measure_variety

__all__ = ["Frontier", "label_of"]

QUESTION, CREATIVE = "question", "creative"
DIVERSITY = {
    "vendi": ("frontier_vendi", "ratio", "effective number of different completions"),
    "distinct": ("frontier_distinct_2", "fraction", "different pairs of words among all, at equal length"),
    "self_bleu": ("frontier_self_bleu", "fraction", "overlap of completions with one another"),
    "compression": ("frontier_compression", "ratio", "bytes of all completions over their compressed size"),
}
RULES = {
    "factual": "highest agreement among the settings whose accuracy lies within the interval of the best",
    "fiction": "highest Vendi score among the settings not surely less accurate",
}


class Frontier(Suite):
    """Asks the same questions and open prompts at every setting of the grid; settings that are the same are asked once."""

    name: ClassVar[str] = "frontier"
    title: ClassVar[str] = "Accuracy and variety over settings"
    needs: ClassVar[frozenset[Capability]] = frozenset({Capability.GENERATE, Capability.SAMPLE})
    headlines: ClassVar[tuple[str, ...]] = (
        "recommended_temperature{purpose=factual}",
        "recommended_temperature{purpose=fiction}",
        "entropy_temperature_trend",
    )

    def cases(self) -> Iterable[Case]:
        """Name the questions and the open prompts."""
        for item in self._questions:
            yield Case(id=f"question/{item['id']}", data={**item, "group": QUESTION})
        for item in self._prompts:
            yield Case(id=f"open/{item['id']}", data={**item, "group": "open"})

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask one prompt at every setting; recorded answers are of no setting that is known."""
        if not drawn_as_asked(asker):
            return [unsettled(case.id)]
        one = self._question if case.data["group"] == QUESTION else self._open
        found = await asyncio.gather(*(one(case.data, setting, asker) for setting in self._settings))
        return [row for rows in found for row in rows]

    async def _question(self, item: Mapping[str, Any], setting: Setting, asker: Asker) -> list[Row]:
        meaning = settle(self.params.equivalence, asker, threshold=self.params.embedding_threshold)
        answers = await self._say(item["prompt"], setting, asker, min(self.params.max_new_tokens, self.params.answer_tokens))
        rows = await answer_rows(item, item["prompt"], label_of(setting), answers, meaning)
        made = zip(rows, answers, strict=True)
        return [
            replace(
                row, item=f"question/{row.item}", kind=QUESTION, log_prob=_drawn(answer), detail=_detail(setting, **json.loads(row.detail))
            )
            for row, answer in made
        ]

    async def _open(self, item: Mapping[str, Any], setting: Setting, asker: Asker) -> list[Row]:
        own = self.params.frontier
        answers = await self._say(item["prompt"], setting, asker, own.tokens)
        texts = [answer.text for answer in answers] * (own.samples if len(answers) == 1 else 1)  # greedy samples are all the same
        variety = await measure_variety(texts, asker, own.kernel)
        return [
            Row(
                item=f"open/{item['id']}", kind=item["kind"] or "open", condition=label_of(setting), language=item["language"],
                stratum=item["stratum"], sample=place, prompt=item["prompt"], response=answer.text, finish=answer.finish,
                value=fulfils(answer.text, item["must"]), tokens=len(answer.token_ids) or None, log_prob=_drawn(answer),
                detail=_detail(setting, **(variety if place == 0 else {})),
            )
            for place, answer in enumerate(answers)
        ]  # fmt: skip

    async def _say(self, prompt: str, setting: Setting, asker: Asker, tokens: int) -> tuple[Completion, ...]:
        samples = 1 if setting.temperature == 0 else self.params.frontier.samples
        return await asker.say(prompt, samples=samples, max_new_tokens=tokens, **setting.model_dump())

    def measure(self, rows: results.Rows) -> results.Results:
        """Give every setting's figures, entropy against temperature, both axes on one page, and a preset for two kinds of work."""
        by_setting = {_key(part[0]): part for part in results.groups(rows, "condition").values()}
        ordered = [by_setting[key] for key in sorted(by_setting)]
        measured = [_measured(part) for part in ordered]
        made = [list(self._setting(part, found)) for part, found in zip(ordered, measured, strict=True)]
        for metrics in made:
            yield from metrics
        yield from _entropy(ordered, self.params.minimum_items)
        yield from unread_answers(self.name, rows, self.params.minimum_items)
        yield from unread_meanings(self.name, rows, self.params.minimum_items)
        yield from self._presets(measured, ordered)
        yield _saving(rows, len(self.params.grid), self.params.frontier.samples)
        lines = [_line(part, metrics) for part, metrics in zip(ordered, made, strict=True)]
        yield _settings_table(lines)
        yield from _axes(lines)
        yield from _points(lines)

    def fingerprint(self) -> str:
        """Name the files of questions and prompts."""
        return fingerprint(self.params.questions) + fingerprint(self.params.open_prompts, OPEN)

    @cached_property
    def _settings(self) -> list[Setting]:
        """The settings of the grid, each once: greedy decoding knows no truncation."""
        plain = [Setting(temperature=0.0) if setting.temperature == 0 else setting for setting in self.params.grid]
        return list(dict.fromkeys(plain))

    @cached_property
    def _questions(self) -> list[dict[str, Any]]:
        return load_questions(self.params.questions, fewer(self.params.limit, self.params.frontier.items), answerable=True)

    @cached_property
    def _prompts(self) -> list[dict[str, Any]]:
        return load_prompts(self.params.open_prompts, fewer(self.params.limit, self.params.frontier.prompts))

    def _setting(self, rows: results.Rows, measured: Measured) -> Iterator[Metric]:
        """Give one setting's metrics."""
        slice_, minimum = {"setting": measured.name}, self.params.minimum_items
        yield measured.accuracy(minimum)
        note = "greedy: one answer, always the same" if slice_["setting"] == "greedy" else ""
        yield item_mean("frontier_agreement", list(measured.agreement.values()), "fraction", minimum, slice_, note)
        for measure, (name, unit, words) in DIVERSITY.items():
            yield item_mean(name, list(_details_of(rows, measure).values()), unit, minimum, slice_, words)
        entropy = _entropies(rows)
        if entropy:
            yield item_mean("frontier_entropy", list(entropy.values()), "nats", minimum, slice_, "surprise of the tokens drawn, per token")
        if measured.quality:
            words = "what prompts ask for that completions contain"
            yield item_mean("frontier_fulfilled", list(measured.quality.values()), "fraction", minimum, slice_, words)

    def _presets(self, measured: Sequence[Measured], ordered: Sequence[results.Rows]) -> results.Results:
        """Recommend a setting for facts, and one for fiction, where enough questions were answered."""
        if not measured or max(len(each.answers) for each in measured) < self.params.minimum_items:
            return
        settings = {rows[0]["condition"]: details(rows[0]) for rows in ordered}
        for purpose in RULES:
            if why := declined(purpose, measured):
                yield results.undefined("recommended_temperature", "ratio", {"purpose": purpose}, len(measured[0].answers), why)
                continue
            preset = factual_preset(measured) if purpose == "factual" else fiction_preset(measured, self.params.frontier.tolerance)
            if preset is not None:
                chosen = settings[preset.chosen.name]
                yield from _recommended(purpose, chosen, len(preset.chosen.answers))
                yield recommendation(purpose, preset, chosen)


def label_of(setting: Setting) -> str:
    """Write a setting as a name: "T=0.7 top-p=0.9", "greedy"."""
    if setting.temperature == 0:
        return "greedy"
    limits = (f" top-k={setting.top_k}" if setting.top_k else "") + (f" top-p={setting.top_p:g}" if setting.top_p < 1 else "")
    return f"T={setting.temperature:g}{limits}"


def _recommended(purpose: str, chosen: Mapping[str, Any], n: int) -> Iterator[Metric]:
    """Give the fields of the chosen setting."""
    note = "a choice among the settings of the grid; the finding gives its evidence"
    for field in ("temperature", "top_p", "top_k"):
        yield Metric(name=f"recommended_{field}", value=float(chosen[field]), unit="ratio", n=n, slice={"purpose": purpose},
                     method=RULES[purpose], note=note)  # fmt: skip


def _detail(setting: Setting, **more: Any) -> str:
    return json.dumps({**more, **setting.model_dump()})


def _key(row: Mapping[str, Any]) -> tuple[float, int, float]:
    found = details(row)
    return (found["temperature"], found["top_k"], found["top_p"])


def _drawn(answer: Completion) -> float | None:
    """The log-probability of the tokens under the distribution that they were drawn from."""
    return math.fsum(answer.sampled_log_probs) if answer.sampled_log_probs else None


def _agreements(rows: results.Rows) -> dict[str, float]:
    """Agreement by question; a greedy answer agrees with itself."""
    parts = results.by_item(rows)
    return {item: agreement(answer_counts([row["value"] for row in part])) if len(part) > 1 else 1.0 for item, part in parts.items()}


def _details_of(rows: results.Rows, name: str) -> dict[str, float]:
    found = {row["item"]: details(row).get(name) for row in rows if row["sample"] == 0 and row["kind"] != QUESTION}
    return {item: float(value) for item, value in found.items() if value is not None}


def _entropies(rows: results.Rows) -> dict[str, float]:
    """Mean surprise per token of the tokens drawn, by prompt: what is drawn from a distribution surprises by its entropy on average."""
    found = {}
    for item, part in results.by_item([row for row in rows if row["log_prob"] is not None and row["tokens"]]).items():
        found[item] = max(0.0, -math.fsum(row["log_prob"] for row in part) / sum(row["tokens"] for row in part))
    return found


def _qualities(rows: results.Rows) -> dict[str, float]:
    parts = results.by_item([row for row in told(rows) if row["kind"] != QUESTION and row["value"] is not None])
    return {item: math.fsum(row["value"] for row in part) / len(part) for item, part in parts.items()}


def _measured(rows: results.Rows) -> Measured:
    asked = [row for row in told(rows) if row["kind"] == QUESTION]
    creative = [row for row in rows if row["kind"] == CREATIVE] or rows
    return Measured(
        name=rows[0]["condition"], temperature=details(rows[0])["temperature"], agreement=_agreements(asked), quality=_qualities(rows),
        answers={item: tuple(bool(row["correct"]) for row in part) for item, part in results.by_item(asked).items()},
        diversity=_details_of(creative, "vendi"), overall=_details_of(rows, "vendi"),
    )  # fmt: skip


def _entropy(ordered: Sequence[results.Rows], minimum: int) -> results.Results:
    """Say whether entropy rises with temperature where nothing is cut off, and where it surely does not."""
    open_ = [(details(rows[0])["temperature"], _entropies(rows), rows[0]["condition"]) for rows in ordered if _plain(details(rows[0]))]
    curve = [(temperature, by_prompt, name) for temperature, by_prompt, name in open_ if len(by_prompt) >= 2]
    if len(curve) < 3:
        return
    means = [math.fsum(by_prompt.values()) / len(by_prompt) for _, by_prompt, _ in curve]
    trend = stats.mann_kendall(means, [temperature for temperature, _, _ in curve])
    note = f"Kendall's tau of entropy and temperature over {len(curve)} temperatures; 1: it rises everywhere; "
    note += results.chance_words("p", trend.p_value)
    yield Metric(name="entropy_temperature_trend", value=trend.statistic, unit="ratio", n=len(curve), method=trend.method, note=note)
    for (_, lower, cold), (_, upper, hot) in itertools.pairwise(curve):
        shared = sorted(lower.keys() & upper.keys())
        fall = stats.mean([lower[item] - upper[item] for item in shared]) if len(shared) > 1 else None
        if fall is not None and fall.interval.low > 0 and fall.n >= minimum:
            yield Finding(
                code="entropy-falls-with-temperature", severity=Severity.WARNING, metric="entropy_temperature_trend",
                sentence=(
                    f"From {cold} to {hot} the entropy of what is drawn falls by {fall.value:.3f} nats a token "
                    f"({results.span(fall.interval)})."
                ),
                advice="A sampler that applies its temperature makes this impossible in the long run: see the suite conformance.",
            )  # fmt: skip
    rows = [{"temperature": temperature, "entropy": mean} for (temperature, _, _), mean in zip(curve, means, strict=True)]
    caption = "Mean surprise, in nats a token, of the tokens drawn at each temperature with nothing cut off; it must rise."
    yield results.table(
        "entropy-by-temperature", "Entropy against temperature", rows, caption, kind="line", encoding={"x": "temperature", "y": "entropy"}
    )


def _plain(setting: Mapping[str, Any]) -> bool:
    """Whether a setting cuts nothing off but by its temperature."""
    return bool(setting["temperature"] == 0 or (setting["top_k"] == 0 and setting["top_p"] == 1))


def _saving(rows: results.Rows, settings: int, samples: int) -> Metric:
    """How many answers the sweep took, against one request for every setting and sample."""
    prompts = len({row["item"] for row in rows})
    wanted = prompts * settings * samples
    note = f"Of {wanted} answers ({settings} settings, {samples} samples, {prompts} prompts), those that are the same request as another. "
    note += "Equal requests of other suites are answered from the cache as well."
    saved = 1.0 - len(rows) / wanted
    return Metric(name="frontier_saved_answers", value=saved, unit="fraction", n=wanted, method="counted exactly", note=note)


def _line(part: results.Rows, metrics: Sequence[Metric]) -> dict[str, Any]:
    """One setting with its figures, by their short names."""
    found = {field: details(part[0])[field] for field in ("temperature", "top_p", "top_k")}
    return {"setting": part[0]["condition"], **found, **{metric.name.removeprefix("frontier_"): metric.value for metric in metrics}}


def _settings_table(lines: results.Rows) -> Exhibit:
    caption = "All settings of the grid, the coldest first; the metrics give the intervals."
    return results.table("settings", "What each setting gives", lines, caption)


def _axes(lines: results.Rows) -> Iterator[Exhibit]:
    """Show accuracy, agreement and variety against temperature, where nothing is cut off."""
    axes = [
        {"temperature": line["temperature"], "value": line[axis], "of": axis.replace("_", "-")}
        for line in lines
        if _plain(line)
        for axis in ("accuracy", "agreement", "distinct_2")
        if line.get(axis) is not None
    ]
    if axes:
        caption = "Accuracy, agreement of samples, and variety (different pairs of words) of the same run, with nothing cut off."
        encoding = {"x": "temperature", "y": "value", "color": "of"}
        yield results.table("axes-by-temperature", "Reliable and varied", axes, caption, kind="line", encoding=encoding, unit="fraction")


def _points(lines: results.Rows) -> Iterator[Exhibit]:
    """Show every setting as a point, accuracy against variety."""
    points = [line for line in lines if line.get("accuracy") is not None and line.get("vendi") is not None]
    if len(points) < 2:
        return
    spec = {
        "mark": {"type": "circle", "size": 110, "opacity": 1},
        "encoding": {
            "x": {"field": "vendi", "type": "quantitative", "title": "variety (Vendi score)", "scale": {"zero": False}},
            "y": {"field": "accuracy", "type": "quantitative", "title": "accuracy", "axis": {"format": "%"}, "scale": {"zero": False}},
            "color": {"field": "temperature", "type": "quantitative"},
            "tooltip": [{"field": name} for name in ("setting", "accuracy", "vendi", "agreement")],
        },
    }
    caption = "Each point is a setting: higher is more accurate, further right more varied. Choose on the upper right edge."
    yield results.table("frontier", "Accuracy against variety", points, caption, spec=spec)
