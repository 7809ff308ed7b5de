"""Whether another wording gets another answer: the same questions in several wordings, greedily."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from fmaudit import Asker, Case, Finding, Metric, Row, Severity, Suite, results, spread
from fmaudit_sampling.equivalence import settle
from fmaudit_sampling.measures.agreement import agreement, answer_counts
from fmaudit_sampling.questions import fewer, fingerprint, load_questions
from fmaudit_sampling.sampled import answer_rows, drawn_as_asked
from fmaudit_sampling.showing import cut_short, item_mean, notes, quoted, sliced, told, unread_answers, unread_meanings

__all__ = ["Paraphrase"]

FRAMES = ("Please tell me: {}", "I would like to know this: {}", "{} Thank you.", "Could you answer a question? {}")
STEADY = 0.8  # consistency that is called steady
OWN = "wording 0"


class Paraphrase(Suite):
    """Asks every question in its own and in other words, and compares the answers in pairs (ParaRel, Elazar et al. 2021)."""

    name: ClassVar[str] = "paraphrase"
    title: ClassVar[str] = "Paraphrases"
    headlines: ClassVar[tuple[str, ...]] = ("paraphrase_consistency", "consistent_accuracy")

    def cases(self) -> Iterable[Case]:
        """Name the questions that have other wordings."""
        for item in self._items:
            yield Case(id=item["id"], data=item)

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask one question in all wordings; `value` numbers the meanings of the answers over all of them."""
        item, meaning = case.data, settle(self.params.equivalence, asker, threshold=self.params.embedding_threshold)
        tokens = min(self.params.max_new_tokens, self.params.answer_tokens)
        wordings = [item["prompt"], *item["paraphrases"]]
        found = await asyncio.gather(*(asker.say(wording, temperature=0.0, max_new_tokens=tokens) for wording in wordings))
        if item.get("framed"):
            note = "the questions have no other wordings, so polite frames around them are compared"
            meaning.note = "; ".join(filter(None, (meaning.note, note)))
        rows = await answer_rows(
            item, item["prompt"], "", [answer for answers in found for answer in answers], meaning, settled=drawn_as_asked(asker)
        )
        return [
            replace(row, prompt=wording, condition=f"wording {place}")
            for place, (row, wording) in enumerate(zip(rows, wordings, strict=True))
        ]

    def measure(self, rows: results.Rows) -> results.Results:
        """Give consistency in all and by stratum and type, accuracy of single wordings and of all together."""
        minimum, asked, rows = self.params.minimum_items, rows, told(rows)
        overall = self._consistency(rows, {}, notes(rows))
        yield overall
        parts = list(sliced(rows, lambda part, slice_: [self._consistency(part, slice_)], _once))
        yield from parts
        hits = [bool(row["correct"]) for row in rows]
        yield results.rate("wording_accuracy", hits, [row["item"] for row in rows], minimum=minimum, note="of single wordings")
        wordings = {item: len(part) for item, part in results.by_item(asked).items()}
        every = [all(row["correct"] for row in part) for item, part in results.by_item(rows).items() if len(part) == wordings[item]]
        yield results.rate("consistent_accuracy", every, minimum=minimum, note="right in every wording")
        yield self._shift(rows)
        yield from unread_answers(self.name, asked, minimum)
        yield from results.truncated("wording_truncated_rate", rows, minimum, "their first line was read as it stands", cut=cut_short)
        yield from unread_meanings(self.name, rows, minimum)
        yield from _finding(overall, rows)
        shown = [("all questions", overall), *((" ".join(metric.slice.values()), metric) for metric in parts)]
        caption = "The chance that two wordings of a question get the same answer, with 95 % intervals over questions."
        yield from results.bars("paraphrase-consistency", "Consistency over wordings", shown, caption)
        yield from _torn(rows)

    def fingerprint(self) -> str:
        """Name the file of questions."""
        return fingerprint(self.params.questions)

    def warnings(self) -> list[str]:
        """Tell of questions that there are no other wordings of."""
        if self._items:
            return []
        return ["the suite 'paraphrase' asks nothing: no question has other wordings (paraphrases), and polite frames are in English only"]

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        limit = fewer(self.params.limit, self.params.paraphrase.items)
        every = load_questions(self.params.questions, None)
        if any(item["paraphrases"] for item in every):
            return load_questions(self.params.questions, limit, paraphrased=True)
        english = [item for item in every if item["language"] in ("", "en")]
        framed = [{**item, "paraphrases": [frame.format(item["prompt"]) for frame in FRAMES], "framed": True} for item in english]
        return spread(framed, limit, "type", "answerable", "stratum")

    def _shift(self, rows: results.Rows) -> Metric:
        """Compare the own wording with the share of the others, question by question: a majority of several would differ by itself."""
        own, other = (
            {item: shares for item, part in results.by_item(rows).items() if (shares := _right(part, is_own))} for is_own in (True, False)
        )
        note = "own wording right less the share of the others right"
        return results.paired_shares("wording_shift", own, other, minimum=self.params.minimum_items, note=note)[0]

    def _consistency(self, rows: results.Rows, slice_: Mapping[str, str], note: str = "") -> Metric:
        values = [_steadiness(part) for part in _reworded(rows)]
        words = "; ".join(filter(None, ("pairs of wordings with equal answers", note)))
        return item_mean("paraphrase_consistency", values, "fraction", self.params.minimum_items, slice_, words)


def _reworded(rows: results.Rows) -> list[results.Rows]:
    """Gather rows by question; an answer to one wording alone neither agrees nor disagrees."""
    return [part for part in results.by_item(rows).values() if len(part) > 1]


def _steadiness(rows: results.Rows) -> float:
    return agreement(answer_counts([row["value"] for row in rows]))


def _once(rows: results.Rows) -> tuple[float, float] | None:
    """What a question adds to the mean of its slice."""
    return (_steadiness(rows), 1.0) if len(rows) > 1 else None


def _right(rows: results.Rows, is_own: bool) -> list[float]:
    """Which answers to the own wording, or to the others, are right."""
    return [float(bool(row["correct"])) for row in rows if (row["condition"] == OWN) == is_own]


def _finding(overall: Metric, rows: results.Rows) -> Iterator[Finding]:
    if overall.value is None or overall.interval is None or overall.interval.high >= STEADY:
        return
    torn = min(_reworded(rows), key=lambda part: (_steadiness(part), part[0]["item"]))
    first = torn[0]
    second = next(row for row in torn if row["value"] != first["value"])
    yield Finding(
        code="wording-decides", severity=Severity.WARNING, metric="paraphrase_consistency",
        sentence=(
            f"Two wordings of the same question get the same answer in {results.percent(overall.value)} of cases "
            f"({results.span(overall.interval, results.percent)}). For example {quoted(first['prompt'], 60)} gets "
            f"{quoted(first['evidence'], 30)} and {quoted(second['prompt'], 60)} gets {quoted(second['evidence'], 30)}."
        ),
        advice="Measure accuracy over several wordings; one wording's accuracy is that of the wording.",
    )  # fmt: skip


def _torn(rows: results.Rows) -> Iterator[Any]:
    found = [
        {
            "question": part[0]["prompt"], "consistency": _steadiness(part),
            "right": sum(bool(row["correct"]) for row in part), "wordings": len(part),
            "answers": ", ".join(dict.fromkeys(str(row["evidence"]) for row in part)),
        }
        for part in _reworded(rows)
    ]  # fmt: skip
    found.sort(key=lambda row: (row["consistency"], row["question"]))
    if found and found[0]["consistency"] < 1.0:
        yield results.table(
            "torn-questions", "Questions whose wording decides", found[:12], "Least consistent first; answers in the order of the wordings."
        )
