"""What the suites share when they show results: slices, means by item, notes kept in rows, comparisons that nobody judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

from fmaudit import Finding, Metric, Severity, results, stats
from fmaudit_sampling.answers import UNREAD

__all__ = [
    "beside_rest",
    "cut_short",
    "details",
    "empty_answers",
    "item_mean",
    "notes",
    "quoted",
    "rightly",
    "sliced",
    "told",
    "unjudged",
    "unread_answers",
    "unread_meanings",
]


SLICES = (("stratum", "stratum", 1), ("kind", "type", 2), ("language", "language", 2))  # column, name, least slices


def sliced(
    rows: results.Rows,
    measured: Callable[[results.Rows, Mapping[str, str]], Iterable[Metric]],
    value: Callable[[results.Rows], tuple[float, float] | None] | None = None,
) -> Iterator[Metric]:
    """Measure every stratum, and every type and language where there are two or more.

    Strata are given even where there is one, since they must not be mixed. `value` gives the sum of the values of one item's rows and how
    many they are, or None; with it every slice's note says how it differs from the others, with the q-value of all slices of the column.
    """
    families = {key: parts for column, key, least in SLICES if len(parts := results.groups(rows, column)) >= least}
    found = [
        (key, name, metric) for key, parts in families.items() for name, part in parts.items() for metric in measured(part, {key: name})
    ]
    if value is None:
        yield from (metric for *_, metric in found)
        return
    told = {(key, name) for key, name, metric in found if metric.value is not None}
    compared = {
        key: {
            name: {item: pair for item, own in results.by_item(part).items() if (pair := value(own)) is not None}
            for name, part in parts.items()
            if (key, name) in told
        }
        for key, parts in families.items()
    }
    yield from beside_rest(found, compared)


def beside_rest(
    found: Sequence[tuple[str, str, Metric]], items: Mapping[str, Mapping[str, Mapping[str, tuple[float, float]]]]
) -> Iterator[Metric]:
    """Say in the note of every slice (column, name, metric) how it differs from the others of its column.

    `items` has by column what `stats.items_against_rest` takes.
    """
    rests = {(key, name): rest for key, slices in items.items() for name, rest in stats.items_against_rest(slices).items()}
    for key, name, metric in found:
        rest = rests.get((key, name))
        said = f"{results.points(rest.difference)} from the others, {results.chance_words('q', rest.q_value)}" if rest else ""
        yield replace(metric, note="; ".join(filter(None, (metric.note, said))))


def rightly(rows: results.Rows) -> tuple[float, float]:
    """How many answers to an item are right, and how many there are: what it adds to the accuracy of its slice."""
    return float(sum(bool(row["correct"]) for row in rows)), float(len(rows))


def item_mean(
    name: str,
    values: Sequence[float],
    unit: str,
    minimum: int,
    slice_: Mapping[str, str] | None = None,
    note: str = "",
    *,
    most: float | None = None,
) -> Metric:
    """Average one value per item, none below 0 or above `most`: 1 for a share, without end for what has no other.

    Where all items are at the same end, the interval is that of a proportion: no spread is no certainty.
    """
    if unit == "fraction" and len(values) >= max(2, minimum) and set(values) in ({0.0}, {1.0}):
        return results.rate(name, [value == 1.0 for value in values], minimum=minimum, slice_=slice_ or {}, note=note)
    top = most if most is not None else 1.0 if unit == "fraction" else inf
    return results.average(name, values, unit=unit, minimum=minimum, slice_=slice_ or {}, note=note, within=(0.0, top))


def details(row: Mapping[str, Any]) -> dict[str, Any]:
    """Read the column `detail`."""
    found: dict[str, Any] = json.loads(row["detail"]) if row["detail"] else {}
    return found


def notes(rows: results.Rows) -> str:
    """Join the different notes that rows carry, in order."""
    seen = (details(row).get("note") for row in rows)
    return "; ".join(dict.fromkeys(note for note in seen if note))


def unread_meanings(suite: str, rows: results.Rows, minimum: int) -> results.Results:
    """Yield the share of comparisons of answers that got neither yes nor no, and a warning where it is above a tenth.

    These very figures rest on the comparisons, so few that failed are told as well as many. Nothing where meanings were told apart
    without asking.
    """
    items, unread = [], []
    for row in rows:
        found = details(row)
        compared, lost = int(found.get("compared", 0)), int(found.get("unread", 0))
        items += [row["item"]] * compared
        unread += [True] * lost + [False] * (compared - lost)
    if unread:
        then = "equal words decide there, so these answers count as different"
        metric = results.rate("meaning_unread_rate", unread, items, minimum=minimum, slice_={"suite": suite}, note=then)
        advice = "Name a judge that follows instructions, or set equivalence = 'exact'."
        yield from unjudged(metric, unread, "comparisons of answers", advice, then=then, code="meanings-unread")


def unjudged(metric: Metric, unread: Sequence[bool], what: str, advice: str, *, then: str, code: str) -> results.Results:
    """Yield the share of questions that got neither yes nor no, and a warning where it is above a tenth, however few there were."""
    yield metric
    if sum(unread) > results.OFTEN * len(unread):
        sentence = f"{sum(unread)} of {len(unread)} {what} got neither yes nor no; {then}."
        full = metric.name + "".join(f"{{{key}={value}}}" for key, value in metric.slice.items())
        yield Finding(code=code, severity=Severity.WARNING, metric=full, slice=metric.slice, sentence=sentence, advice=advice)


def told(rows: results.Rows) -> list[Mapping[str, Any]]:
    """Keep the rows that say something which can be read."""
    return [row for row in rows if results.has_words(row) and row["label"] != UNREAD]


def empty_answers(suite: str, rows: results.Rows, minimum: int) -> results.Results:
    """Yield the share of answers without a word, and a warning where it is surely above a tenth."""
    hits = [not results.has_words(row) for row in rows]
    advice = "Ask a model that was trained for chats through its chat template; see that the recording or the server gives texts."
    yield from _left_out("empty_answer_rate", suite, rows, hits, minimum, "answers are empty", advice)


def unread_answers(suite: str, rows: results.Rows, minimum: int) -> results.Results:
    """Yield the shares of empty answers and of those that cannot be read, each with a warning where it is surely above a tenth."""
    yield from empty_answers(suite, rows, minimum)
    hits = [row["label"] == UNREAD for row in rows]
    advice = "Read some of them in the observations: they may hold pleasantries only, ask back, or leave two readings."
    yield from _left_out("unread_answer_rate", suite, rows, hits, minimum, "answers could not be read", advice)


def _left_out(name: str, suite: str, rows: results.Rows, hits: Sequence[bool], minimum: int, what: str, advice: str) -> results.Results:
    then = "they are left out of all else"
    items = [row["item"] for row in rows]
    metric = results.rate(name, hits, items, minimum=minimum, slice_={"suite": suite}, note=f"{what}; {then}")
    yield from results.warned(metric, what, advice, then=then)


def cut_short(row: Mapping[str, Any]) -> bool:
    """Whether the token limit ended the short answer itself."""
    return bool(row["finish"] == "cut")


def quoted(text: str, most: int = 80) -> str:
    """Quote a text in a sentence, on one line and not longer than `most` characters."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= most else line[: most - 1] + '…'}”"
