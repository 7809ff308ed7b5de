"""How often a model says the same again: repeat agreement, semantic entropy, pass^k and where the variance comes from."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from math import log
from typing import Any, ClassVar

from fmaudit import (
    Asker,
    Capability,
    Case,
    Finding,
    Interval,
    Metric,
    RequestError,
    Row,
    Severity,
    StatisticsError,
    Suite,
    results,
    stats,
)
from fmaudit_sampling.equivalence import settle
from fmaudit_sampling.measures.agreement import agreement, answer_counts, majority_share, pass_power
from fmaudit_sampling.measures.entropy import rao_entropy, semantic_entropy
from fmaudit_sampling.measures.variance import VariancePart, variance_split
from fmaudit_sampling.questions import fingerprint, load_questions
from fmaudit_sampling.sampled import RECORDED, alike, drawn_as_asked, recorded, same_each_time, sampled_rows
from fmaudit_sampling.showing import cut_short, item_mean, notes, quoted, sliced, told, unread_answers, unread_meanings

__all__ = ["Agreement"]

SAMPLED, GREEDY, WORDING = "sampled", "greedy", "wording"
SAMPLING = "sampling"  # the part of the variance that samples add
STEADY = 0.8  # repeat agreement that is called steady
CAMP = 0.3  # share of samples from which a meaning is a camp of its own
CAMP_SAMPLES = 2  # and samples: one stray answer is noise, no camp
SAMPLES_FOR_CAMPS = 5  # below them, two against one is all there can be
WORST = 12  # questions in the table of the least steady


class Agreement(Suite):
    """Asks every question several times at a temperature and gathers the answers by meaning."""

    name: ClassVar[str] = "agreement"
    title: ClassVar[str] = "Repeat agreement"
    needs: ClassVar[frozenset[Capability]] = frozenset({Capability.GENERATE, Capability.SAMPLE})
    headlines: ClassVar[tuple[str, ...]] = ("repeat_agreement", "semantic_entropy", "divided_rate")

    def cases(self) -> Iterable[Case]:
        """Name the questions; the first ones are also asked greedily and, where the suite paraphrase is on, in other words."""
        own = self.params.agreement
        for place, item in enumerate(self._items):
            split = place < own.split_items
            wordings = item["paraphrases"][: own.wordings] if split and "paraphrase" in self.params.suites else []
            yield Case(id=item["id"], data={**item, "wordings": wordings, "greedy": split})

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask one question; of a recording only what it holds, and nothing greedily: it does not say how answers were drawn."""
        item, meaning = case.data, settle(self.params.equivalence, asker, threshold=self.params.embedding_threshold)
        many = {"samples": self.params.samples, "temperature": self.params.temperature}
        settled = drawn_as_asked(asker)
        asked = [sampled_rows(asker, item, meaning, condition=SAMPLED, **many)]
        few = {**many, "samples": max(2, self.params.samples // 3)}
        for place, wording in enumerate(item["wordings"], 1):
            asked.append(sampled_rows(asker, item, meaning, prompt=wording, condition=f"{WORDING} {place}", **few))
        if item["greedy"] and settled:
            for seed in (0, 1):  # the seed changes nothing but the name of the request: the text must not change
                asked.append(sampled_rows(asker, item, meaning, condition=f"{GREEDY} {seed}", temperature=0.0, seed=seed))
        found = await asyncio.gather(*asked, return_exceptions=True)
        for place, each in enumerate(found):
            if isinstance(each, BaseException) and (settled or place == 0 or not isinstance(each, RequestError)):
                raise each
        return [row for rows in found if not isinstance(rows, BaseException) for row in rows]

    def measure(self, rows: results.Rows) -> results.Results:
        """Give agreement in all and by stratum, type and language, entropies, pass^k, and the split of variance."""
        asked = [row for row in rows if row["condition"] == SAMPLED]
        sampled = told(asked)
        overall = self._agreement(sampled, {}, notes(sampled))
        yield overall
        parts = list(sliced(sampled, lambda part, slice_: [self._agreement(part, slice_)], _once))
        yield from parts
        yield from self._others(sampled)
        yield from self._numerical(rows)
        yield from self._variance(rows)
        minimum = self.params.minimum_items
        yield from unread_answers(self.name, asked, minimum)
        yield from results.truncated("answer_truncated_rate", sampled, minimum, "they count as they stand", cut=cut_short)
        yield from unread_meanings(self.name, rows, minimum)
        yield from alike(self.params, self.name, rows)
        yield from _findings(overall, sampled)
        shown = [("all questions", overall), *((" ".join(metric.slice.values()), metric) for metric in parts)]
        caption = (
            "The chance that two answers to the same question mean the same, with 95 % intervals over questions; 1 is perfectly steady."
        )
        yield from results.bars("repeat-agreement", "Repeat agreement", shown, caption)
        yield from _worst(sampled)

    def fingerprint(self) -> str:
        """Name the file of questions."""
        return fingerprint(self.params.questions)

    def warnings(self) -> list[str]:
        """Tell of samples that cannot differ, and of pass^k that takes more of them."""
        many = [k for k in self.params.agreement.pass_k if k > self.params.samples]
        words = f"agreement.pass_k names {max(many, default=0)}, and samples = {self.params.samples}: pass^k takes k samples of a question"
        return same_each_time(self.params) + ([words] if many else [])

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        return load_questions(self.params.questions, self.params.limit)

    def _agreement(self, rows: results.Rows, slice_: Mapping[str, str], note: str = "") -> Metric:
        values = [_steadiness(part) for part in _repeated(rows)]
        return item_mean("repeat_agreement", values, "fraction", self.params.minimum_items, slice_, note)

    def _divided_rate(self, items: Sequence[results.Rows]) -> Metric:
        asked = [part for part in items if len(part) >= SAMPLES_FOR_CAMPS]
        share = results.percent(CAMP)
        if items and not asked:
            note = f"two camps are told from noise with {SAMPLES_FOR_CAMPS} samples of a question; there are {max(map(len, items))}"
            return results.insufficient("divided_rate", "fraction", {}, len(items), note)
        note = f"questions with two meanings that each have {share} of the samples, and {CAMP_SAMPLES} of them, or more"
        return results.rate("divided_rate", [_divided(part) for part in asked], minimum=self.params.minimum_items, note=note)

    def _others(self, rows: results.Rows) -> Iterator[Metric]:
        """Give what stands beside the agreement of meanings: of words, majority, entropies, pass^k."""
        minimum, items = self.params.minimum_items, _repeated(rows)
        words = [agreement(answer_counts([str(row["response"]).strip() for row in part])) for part in items]
        yield item_mean("string_agreement", words, "fraction", minimum, note="equal texts, character by character")
        majority = [majority_share(answer_counts(_meanings(part))) for part in items]
        yield item_mean(
            "majority_share", majority, "fraction", minimum, note=f"of {self.params.samples} samples; biased up where they are few"
        )
        entropies = [semantic_entropy(_meanings(part)) for part in items]
        most = log(max(map(len, items), default=1))  # as many meanings as samples
        yield item_mean("semantic_entropy", entropies, "nats", minimum, note="of the meanings' counts", most=most)
        yield self._divided_rate(items)
        weighed = [_rao(part) for part in items if all(row["log_prob"] is not None and row["tokens"] for row in part)]
        if weighed:
            note = "meanings weighed by length-normalised probabilities"
            yield item_mean("semantic_entropy_rao", weighed, "nats", minimum, note=note, most=most)
        judged = [[bool(row["correct"]) for row in part] for part in items if all(row["correct"] is not None for row in part)]
        for k in self.params.agreement.pass_k:
            able = [pass_power(sum(right), len(right), k) for right in judged if len(right) >= k]
            note = "the chance that a sample is right" if k == 1 else f"the chance that {k} samples are all right"
            if able:
                yield item_mean("pass_power", able, "fraction", minimum, {"k": str(k)}, note)
            elif judged:
                note = f"{note}; it takes {k} samples of a question, and there are at most {max(map(len, judged))}"
                yield results.insufficient("pass_power", "fraction", {"k": str(k)}, len(judged), note)

    def _variance(self, rows: results.Rows) -> Iterator[Metric]:
        """Split the variance of being right: by question, by wording where it was asked, by sample; and what greedy repeats show."""
        judged = [row for row in rows if row["correct"] is not None and not row["condition"].startswith(GREEDY)]
        worded = {row["item"] for row in judged if row["condition"].startswith(WORDING)}
        used = [row for row in judged if row["item"] in worded] if worded else judged
        levels: dict[str, list[str]] = {"item": [row["item"] for row in used]}
        if worded:
            levels["wording"] = [row["condition"] for row in used]
        items, minimum = len(set(levels["item"])), self.params.minimum_items
        try:
            if items < minimum:
                raise StatisticsError(f"{items} questions can be judged, and {minimum} are needed")
            split = variance_split([float(row["correct"]) for row in used], levels, draws=500)
        except StatisticsError as error:
            for part in (*levels, SAMPLING) if judged else ():
                yield results.insufficient("variance_of_correctness", "ratio", {"part": part}, len(used), error.line)
            return
        for each in split:
            note = f"{results.percent(each.share)} of the variance of being right" if each.share is not None else "every answer is alike"
            interval = _unseen(each, items)
            yield Metric(
                name="variance_of_correctness", value=each.value, unit="ratio", n=len(used), n_clusters=items, interval=interval,
                method="anova; " + interval.method, slice={"part": each.name}, note=note,
            )  # fmt: skip

    def _numerical(self, rows: results.Rows) -> Iterator[Metric]:
        """Give half the share of questions whose greedy answer is right once and wrong once: the variance between two greedy runs."""
        pairs = [[row for row in part if row["condition"].startswith(GREEDY)] for part in results.by_item(rows).values()]
        judged = [[row["correct"] for row in pair] for pair in pairs if len(pair) == 2]
        differ = [first != second for first, second in judged if first is not None and second is not None]
        if recorded(rows):
            note = f"two greedy answers to the same prompt are compared, and {RECORDED}"
            yield results.undefined("variance_of_correctness", "ratio", {"part": "numerical"}, 0, note)
        elif differ and len(differ) < self.params.minimum_items:
            few = f"{len(differ)} questions were answered greedily twice, and {self.params.minimum_items} are needed"
            yield results.insufficient("variance_of_correctness", "ratio", {"part": "numerical"}, len(differ), few)
        elif differ:
            found = stats.proportion(sum(differ), len(differ))
            yield Metric(
                name="variance_of_correctness", value=sum(differ) / len(differ) / 2, unit="ratio", n=len(differ), n_clusters=len(differ),
                interval=Interval(found.low / 2, found.high / 2, found.level, found.method),
                method="two greedy runs; " + found.method, slice={"part": "numerical"},
                note="between greedy answers to the same prompt, asked twice",
            )  # fmt: skip


def _meanings(rows: results.Rows) -> list[int]:
    return [int(row["value"]) for row in rows]


def _unseen(part: VariancePart, items: int) -> Interval:
    """Widen an empty interval: no spread in so many questions still allows one in the share that they cannot exclude.

    Questions of which a share u differs wholly have the variance u (1 - u) between them; within each, that of being right is at most 1/4.
    """
    if part.interval.high > part.interval.low:
        return part.interval
    share = stats.zero_success_upper(items)
    high = part.value + (min(share, 0.5) * (1.0 - min(share, 0.5)) if part.name == "item" else share / 4.0)
    return Interval(part.interval.low, high, part.interval.level, "no spread seen; Clopper-Pearson for other questions")


def _repeated(rows: results.Rows) -> list[results.Rows]:
    """Gather rows by question; one answer alone neither agrees nor disagrees."""
    return [part for part in results.by_item(rows).values() if len(part) > 1]


def _steadiness(rows: results.Rows) -> float:
    return agreement(answer_counts(_meanings(rows)))


def _once(rows: results.Rows) -> tuple[float, float] | None:
    """What a question adds to the mean of its slice."""
    return (_steadiness(rows), 1.0) if len(rows) > 1 else None


def _divided(rows: results.Rows) -> bool:
    """Whether the samples fall into two camps: an average would hide that there are two answers, not one with noise."""
    counts = answer_counts(_meanings(rows))
    return len(counts) > 1 and counts[1] >= max(CAMP * len(rows), CAMP_SAMPLES)


def _rao(rows: results.Rows) -> float:
    return rao_entropy(_meanings(rows), [row["log_prob"] for row in rows], [row["tokens"] for row in rows])


def _findings(overall: Metric, rows: results.Rows) -> Iterator[Finding]:
    """Say that answers are not steady where even the upper end of the interval is not, and name the worst questions."""
    if overall.value is None or overall.interval is None or overall.interval.high >= STEADY:
        return
    worst = sorted(_repeated(rows), key=lambda part: (_steadiness(part), part[0]["item"]))[:3]
    examples = "; ".join(f"{quoted(part[0]['prompt'], 60)} got {_said(part)}" for part in worst)
    yield Finding(
        code="answers-unsteady", severity=Severity.WARNING, metric="repeat_agreement",
        sentence=(
            f"Two answers to the same question mean the same in {results.percent(overall.value)} of cases "
            f"({results.span(overall.interval, results.percent)}, {overall.n_clusters} questions). The least steady: {examples}."
        ),
        advice="Lower the temperature or ask several times and take the majority; see the suite frontier for what that costs.",
    )  # fmt: skip


def _said(rows: results.Rows) -> str:
    """Tell what a question was answered, the commonest first."""
    forms: dict[int, str] = {}
    for row in rows:
        forms.setdefault(int(row["value"]), str(row["evidence"]))
    meanings = _meanings(rows)
    every = sorted(((meanings.count(each), forms[each]) for each in forms), key=lambda pair: (-pair[0], pair[1]))
    more = f" and {len(every) - 3} other{'s' if len(every) > 4 else ''}" if len(every) > 3 else ""
    return ", ".join(f"{quoted(form, 30)} {_times(count)}" for count, form in every[:3]) + more


def _times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count} times"


def _worst(rows: results.Rows) -> Iterator[Any]:
    found = [
        {
            "question": part[0]["prompt"], "agreement": _steadiness(part), "samples": len(part),
            "meanings": len(set(_meanings(part))), "two camps": "yes" if _divided(part) else "no", "answers": _said(part),
        }
        for part in _repeated(rows)
    ]  # fmt: skip
    found.sort(key=lambda row: (row["agreement"], row["question"]))
    if found and found[0]["agreement"] < 1.0:
        caption = "The questions whose answers differ most from sample to sample, least steady first."
        yield results.table("least-steady", "Least steady questions", found[:WORST], caption)
