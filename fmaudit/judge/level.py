"""Has the level of a metric shifted over a history of runs, and since which one?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fmaudit.records import Metric, MetricStatus

__all__ = ["Shift", "shift_of"]

FEWEST = 4  # runs with an interval: of fewer, comparing them two by two says as much


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A lasting change of level: up (+1) or down (-1), begun with the run `since` and sure with the run `sure`."""

    direction: int
    since: str
    sure: str


def shift_of(metrics: Sequence[Metric | None], runs: Sequence[str]) -> Shift | None:
    """Watch one metric over runs (their ids, oldest first) by `stats.level_shift`; None where nothing shifted or too few are known.

    Runs without a value or an interval are passed over; an exact number has none, and any change of it is a change.
    """
    from scipy.special import ndtri

    from fmaudit.stats.monitoring import level_shift

    known: list[tuple[str, float, float]] = []
    for run, metric in zip(runs, metrics, strict=True):
        if metric is None or metric.status is not MetricStatus.OK or metric.value is None or metric.interval is None:
            continue
        width = metric.interval.high - metric.interval.low
        if width > 0:
            known.append((run, metric.value, width / 2.0 / float(ndtri(0.5 + metric.interval.level / 2.0))))
    if len(known) < FEWEST:
        return None
    found = level_shift([value for _, value, _ in known], [error for _, _, error in known])
    if found.alarm is None or found.since is None:
        return None
    return Shift(direction=found.direction, since=known[found.since][0], sure=known[found.alarm][0])
