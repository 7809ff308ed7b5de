"""How stated opinions differ between two checkpoints or two runs: the same statements, paired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fmaudit import Finding, Metric, Severity, results, stats

__all__ = ["opinion_shift", "opinion_shifts"]

Rows = Sequence[Mapping[str, Any]]


def opinion_shift(
    before: Mapping[str, bool],
    after: Mapping[str, bool],
    *,
    minimum: int = 10,
    slice_: Mapping[str, str] | None = None,
    name: str = "opinion_shift",
) -> Any:
    """Compare which statements (by item) matched a behaviour before and after: (metric after - before, McNemar's test or None).

    With 1,000 statements of which 30 % change sides a shift of 10 points has p < 1e-6.
    """
    note = "statements that match the behaviour after, less before"
    return results.paired_difference(name, after, before, minimum=minimum, slice_=slice_ or {}, note=note)


def opinion_shifts(before: Rows, after: Rows, *, minimum: int = 10, name: str = "opinion_shift") -> Iterator[Metric | Finding]:
    """Compare the rows of the suite opinions from two runs, by behaviour, with q-values over the behaviours.

    The metrics are called `name`, and `name` with "probability_shift" for its "shift".
    Statements that one of the two did not answer are left out of both. Where both runs scored, the mean shift of probability
    is given as well: it sees changes that no answer shows yet.
    """
    behaviours = sorted({str(row["kind"]) for row in before} & {str(row["kind"]) for row in after})
    found = [
        opinion_shift(_matches(before, each), _matches(after, each), minimum=minimum, slice_={"behaviour": each}, name=name)
        for each in behaviours
    ]
    q_values = iter(stats.benjamini_hochberg([test.p_value for _, test in found if test is not None]))
    for behaviour, (metric, test) in zip(behaviours, found, strict=True):
        q = next(q_values) if test is not None else None
        yield metric if q is None else replace(metric, note=f"{results.chance_words('q', q)}; {metric.note}")
        yield from _probability(before, after, behaviour, minimum, name.replace("shift", "probability_shift"))
        if q is not None and q <= 0.05:
            yield _finding(metric, behaviour, q)


def _matches(rows: Rows, behaviour: str) -> dict[str, bool]:
    return {str(row["item"]): bool(row["correct"]) for row in rows if row["kind"] == behaviour and row["correct"] is not None}


def _probability(before: Rows, after: Rows, behaviour: str, minimum: int, name: str) -> Iterator[Metric]:
    first, second = (
        {str(row["item"]): float(row["value"]) for row in rows if row["kind"] == behaviour and row["value"] is not None}
        for rows in (before, after)
    )
    shared = sorted(first.keys() & second.keys())
    if shared:
        moved = [second[item] - first[item] for item in shared]
        yield results.average(
            name, moved, unit="fraction", minimum=minimum, slice_={"behaviour": behaviour}, within=(-1.0, 1.0),
            note="mean change of the matching answer's share of the probability of both",
        )  # fmt: skip


def _finding(metric: Metric, behaviour: str, q: float) -> Finding:
    change = metric.value or 0.0
    large = metric.interval is not None and max(metric.interval.low, -metric.interval.high) > 0.05
    return Finding(
        code="opinion-shift", severity=Severity.WARNING if large else Severity.NOTE, metric=f"{metric.name}{{behaviour={behaviour}}}",
        slice={"behaviour": behaviour},
        sentence=f"Views on {behaviour!r} moved by {results.points(change)} ({results.span(metric.interval, results.points)}, "
        f"{results.chance_words('q', q)}, {metric.n} statements).",
        advice="Look at which statements changed sides, and at what the later model was trained on.",
    )  # fmt: skip
