"""Whether the place of an option decides: every question is asked under all rotations of its options."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from fmaudit import Asker, Capability, Case, Finding, Metric, Row, Severity, Suite, results, stats
from fmaudit_sampling.choices import CHOICES, LETTERS, choose, load_choices, load_formats, shown
from fmaudit_sampling.measures.agreement import agreement, answer_counts
from fmaudit_sampling.questions import fingerprint
from fmaudit_sampling.rotations import PositionBias, letter_bias, recall_spread
from fmaudit_sampling.showing import item_mean, rightly, sliced

__all__ = ["Position"]

ALPHA = 0.05  # for the two tests together (Holm)
NOTABLE = 0.1  # Cramer's V from which bias is more than a note
CHOICE_ADVICE = "Use a model with scores, or one that follows the instruction to reply with a letter."


class Position(Suite):
    """Rotates the options of every question so that each stands once at each place."""

    name: ClassVar[str] = "position"
    title: ClassVar[str] = "Option position"
    needs: ClassVar[frozenset[Capability]] = frozenset()  # scores, or answers where there are none
    headlines: ClassVar[tuple[str, ...]] = ("position_letter_bias", "position_recall_spread", "order_consistency")

    def cases(self) -> Iterable[Case]:
        """Name the questions."""
        for item in self._items:
            yield Case(id=item["id"], data=item)

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask one question under every rotation; `value` is the place chosen, `evidence` the option, `detail` the right one's place."""
        item, form = case.data, next(form for form in load_formats() if form.id == "question-answer")
        k = len(item["options"])
        turned = [[item["options"][(place + turn) % k] for place in range(k)] for turn in range(k)]
        answers = await asyncio.gather(*(choose(asker, item["prompt"], options, form) for options in turned))
        rows = []
        for turn, (options, found) in enumerate(zip(turned, answers, strict=True)):
            right = (item["answer"] - turn) % k
            rows.append(
                Row(
                    item=item["id"], kind=item["type"], condition=LETTERS[right], language=item["language"], stratum=item["stratum"],
                    sample=turn, prompt=shown(item["prompt"], options, form), response=found.text,
                    label=LETTERS[found.place] if found.place is not None else "",
                    value=None if found.place is None else float(found.place), correct=found.place == right, confidence=found.confidence,
                    evidence="" if found.place is None else options[found.place], finish=found.finish,
                )
            )  # fmt: skip
        return rows

    def measure(self, rows: results.Rows) -> results.Results:
        """Give accuracy, recall by place, the two measures of bias with their tests, and how steady choices are when options move."""
        minimum, items = self.params.minimum_items, results.by_item(rows)
        yield results.rate(
            "choice_accuracy", *_hits(rows), minimum=minimum, note="over all rotations; an answer that names no option counts as wrong"
        )
        yield from sliced(
            rows, lambda part, slice_: [results.rate("choice_accuracy", *_hits(part), minimum=minimum, slice_=slice_)], rightly
        )
        unread = results.rate("choice_unread_rate", [not row["label"] for row in rows], [row["item"] for row in rows], minimum=minimum)
        yield from results.warned(unread, "answers name no option", CHOICE_ADVICE, then="they count as wrong", code="choices-unread")
        yield from self._steadiness(items)
        asked = _usual(items)
        if len(asked) < max(2, minimum):
            note = f"{len(asked)} items got an answer that names an option under every order, and {max(2, minimum)} are needed"
            yield results.insufficient("position_recall_spread", "fraction", {}, len(asked), note)
            yield results.insufficient("position_letter_bias", "ratio", {}, len(asked), note)
            return
        recall, letters = recall_spread(_hit_table(asked)), letter_bias(_letter_table(asked))
        by_place = [_recall(asked, place) for place in range(len(recall.by_place))]
        yield from by_place
        yield _metric("position_recall_spread", "fraction", recall, "RStd: the standard deviation of recall over places")
        yield _metric("position_letter_bias", "ratio", letters, "Cramér's V of the chosen letter against equal shares; 1: always the same")
        yield from _findings(recall, letters)
        caption = "How often the right option is chosen when it stands at each place, with 95 % intervals; equal bars mean no bias."
        yield from results.bars("recall-by-place", "Recall by place", [(metric.slice["place"], metric) for metric in by_place], caption)

    def fingerprint(self) -> str:
        """Name the file of choices."""
        return fingerprint(self.params.choices, CHOICES)

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        return load_choices(self.params.choices, self.params.limit)

    def _steadiness(self, items: Mapping[str, results.Rows]) -> Iterator[Metric]:
        """Give how often two rotations lead to the same option, and the share of questions answered rightly under all of them."""
        chosen = [[row["evidence"] for row in part if row["label"]] for part in items.values()]
        agreed = [agreement(answer_counts(each)) for each in chosen if len(each) > 1]
        note = "the chance that two orders of the options lead to the same option, of those whose answer names one"
        yield item_mean("order_consistency", agreed, "fraction", self.params.minimum_items, note=note)
        every = [all(row["correct"] for row in part) for part in items.values()]
        yield results.rate("order_proof_accuracy", every, minimum=self.params.minimum_items, note="right under every order of the options")


def _hits(rows: results.Rows) -> tuple[list[bool], list[str]]:
    return [bool(row["correct"]) for row in rows], [row["item"] for row in rows]


def _usual(items: Mapping[str, results.Rows]) -> list[results.Rows]:
    """Keep the items with the commonest number of options whose answers name an option under all rotations."""
    able = [
        part for part in items.values() if len({row["condition"] for row in part}) == len(part) > 1 and all(row["label"] for row in part)
    ]
    if not able:
        return []
    size = Counter(map(len, able)).most_common(1)[0][0]
    return [part for part in able if len(part) == size and {row["condition"] for row in part} == set(LETTERS[:size])]


def _hit_table(asked: list[results.Rows]) -> npt.NDArray[np.float64]:
    return np.array([[float(row["correct"]) for row in sorted(part, key=lambda row: row["condition"])] for part in asked])


def _letter_table(asked: list[results.Rows]) -> npt.NDArray[np.float64]:
    return np.array([[sum(row["label"] == letter for row in part) for letter in LETTERS[: len(part)]] for part in asked], np.float64)


def _recall(asked: list[results.Rows], place: int) -> Metric:
    hits = [bool(row["correct"]) for part in asked for row in part if row["condition"] == LETTERS[place]]
    return results.rate("position_recall", hits, slice_={"place": LETTERS[place]}, note="right option at this place")


def _metric(name: str, unit: str, found: PositionBias, words: str) -> Metric:
    note = (
        f"{words}; {found.by_chance:.3f} by chance, {results.chance_words('p', found.p_value)} by rotating the items; "
        f"{found.corrected:.3f} less what chance adds"
    )
    return Metric(name=name, value=found.value, unit=unit, n=found.items * len(found.by_place), n_clusters=found.items,
                  interval=found.interval, method=found.interval.method, note=note)  # fmt: skip


def _findings(recall: PositionBias, letters: PositionBias) -> Iterator[Finding]:
    adjusted = min(stats.holm([recall.p_value, letters.p_value]))
    if adjusted < ALPHA:
        top = int(np.argmax(letters.by_place))
        low, high = int(np.argmin(recall.by_place)), int(np.argmax(recall.by_place))
        yield Finding(
            code="position-bias", severity=Severity.WARNING if letters.value >= NOTABLE else Severity.NOTE, metric="position_letter_bias",
            sentence=(
                f"The place of an option matters: over {letters.items} questions with every option once at every place, the model takes "
                f"{LETTERS[top]} in {results.percent(letters.by_place[top])} of cases instead of "
                f"{results.percent(1 / len(letters.by_place))}; it finds the right option in "
                f"{results.percent(recall.by_place[high])} of cases at {LETTERS[high]} and in "
                f"{results.percent(recall.by_place[low])} at {LETTERS[low]} ({results.chance_words('p', adjusted)})."
            ),
            advice="Ask under all rotations and take the majority, or compare models on rotated options only.",
        )  # fmt: skip
