"""From estimates to metrics: enough observations, a defined denominator, an interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fmaudit import Interval, Metric, MetricStatus, stats

__all__ = ["Floats", "by_column", "changed", "shown", "undefined"]

Floats = npt.NDArray[np.float64]


def by_column(
    name: str,
    numerators: Floats,
    denominators: Floats,
    slices: Sequence[Mapping[str, str]],
    *,
    minimum: int,
    method: str,
    unit: str = "ratio",
    share: bool = False,
    n: Sequence[int] | None = None,
) -> Iterator[Metric]:
    """Yield sum / sum of every column of units x columns, with an interval from how the units differ.

    `n` counts the observations in each column, by default the units with a denominator; fewer than `minimum` give `insufficient`.
    `share` is for numerators that lie between 0 and the denominator in every unit.
    """
    units = np.count_nonzero(denominators, axis=0)
    counts = [int(count) for count in (units if n is None else n)]
    fine = [i for i, count in enumerate(counts) if count >= minimum and units[i] > 1]
    estimate = stats.clustered_shares if share else stats.clustered_ratios
    found = dict(zip(fine, estimate(numerators[:, fine], denominators[:, fine]) if fine else (), strict=True))
    for i, slice_ in enumerate(slices):
        value = found.get(i)
        if value is not None:
            yield Metric(
                name=name, value=value.value, unit=unit, n=counts[i], interval=value.interval, n_clusters=value.n_clusters,
                method=f"{method}; {value.interval.method}", slice=slice_,
            )  # fmt: skip
        elif units[i] == 0:
            yield undefined(name, unit, slice_, "nothing to divide by", counts[i])
        else:
            note = f"{counts[i]} observations in {units[i]} sources, and {minimum} in 2 are needed"
            yield Metric(name=name, value=None, unit=unit, n=counts[i], slice=slice_, status=MetricStatus.INSUFFICIENT, note=note)


def undefined(name: str, unit: str, slice_: Mapping[str, str], why: str, n: int = 0) -> Metric:
    """Return a metric that no number exists for."""
    return Metric(name=name, value=None, unit=unit, n=n, slice=slice_, status=MetricStatus.UNDEFINED, note=why)


def changed(metric: Metric, name: str, function: Any, *, unit: str = "ratio", method: str, note: str = "") -> Metric:
    """Return what a monotone function makes of a metric and the ends of its interval; one without a value stays without."""
    if metric.value is None:
        return Metric(
            name=name, value=None, unit=unit, n=metric.n, slice=metric.slice, status=metric.status, note=metric.note, method=method
        )
    interval = metric.interval
    if interval is not None:
        low, high = sorted((function(interval.low), function(interval.high)))
        interval = Interval(low, high, interval.level, interval.method)
    return Metric(
        name=name, value=function(metric.value), unit=unit, n=metric.n, interval=interval, n_clusters=metric.n_clusters,
        method=method, slice=metric.slice, note=note,
    )  # fmt: skip


def shown(metric: Metric, *, percent: bool = False) -> str:
    """Write a value with its interval: `11.70 (11.59–11.81)`."""
    scale, form, sign = (100.0, ".1f", " %") if percent else (1.0, ".2f", "")
    text = f"{(metric.value or 0.0) * scale:{form}}"
    ends = "" if metric.interval is None else f" ({metric.interval.low * scale:{form}}–{metric.interval.high * scale:{form}})"
    return f"{text}{sign}{ends}"
