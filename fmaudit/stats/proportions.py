"""Intervals for a proportion of independent observations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError
from fmaudit.records import Interval

__all__ = [
    "clopper_pearson",
    "clopper_pearson_bounds",
    "proportion",
    "rule_of_three",
    "wilson",
    "wilson_bounds",
    "zero_success_upper",
]

Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]


def proportion(hits: float, n: float, level: float = 0.95, *, sampled: float | None = None) -> Interval:
    """Return the interval every proportion is published with: Wilson, and Clopper-Pearson at 0 or n hits.

    `sampled` is the share of a finite population that was looked at, when the interval is to speak of that population
    only: n then counts for n / (1 - sampled), and a census has no interval left. By default the corpus is itself taken
    for a sample of its sources, and no correction is made.
    """
    _check(hits, n, level)
    if sampled is None:
        return clopper_pearson(hits, n, level) if hits in (0, n) else wilson(hits, n, level)
    if not 0.0 <= sampled <= 1.0:
        raise StatisticsError(f"the share of the population that was sampled must lie in 0..1, not {sampled}")
    if sampled == 1.0:
        return Interval(hits / n, hits / n, level, "census")
    return proportion(hits / (1.0 - sampled), n / (1.0 - sampled), level)


def wilson(hits: float, n: float, level: float = 0.95) -> Interval:
    """Return Wilson's score interval (Wilson 1927)."""
    _check(hits, n, level)
    low, high = wilson_bounds(hits, n, level)
    return Interval(float(low), float(high), level, "wilson")


def clopper_pearson(hits: float, n: float, level: float = 0.95) -> Interval:
    """Return the exact interval of Clopper and Pearson (1934), which never covers less than its level."""
    _check(hits, n, level)
    low, high = clopper_pearson_bounds(hits, n, level)
    return Interval(float(low), float(high), level, "clopper-pearson")


def zero_success_upper(n: float, level: float = 0.95, *, sides: int = 2) -> float:
    """Return what a rate may still be after n trials without one success.

    Two-sided, this is the upper end of Clopper-Pearson (0 of 6: 45.9 %); with `sides=1` it is the bound of a one-sided
    statement, which `rule_of_three` approximates (0 of 6: 39.3 %).
    """
    _check(0, n, level)
    if sides not in (1, 2):
        raise StatisticsError(f"an interval has one side or two, not {sides}")
    return float(1.0 - ((1.0 - level) / sides) ** (1.0 / n))


def rule_of_three(n: float) -> float:
    """Return 3 / n, at most 1: the one-sided 95 % bound after n trials without a success (Hanley and Lippman-Hand 1983)."""
    _check(0, n, 0.95)
    return min(1.0, 3.0 / n)


def wilson_bounds(hits: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Return Wilson's low and high ends for arrays; n may be an effective sample size, and n = 0 gives 0 and 1."""
    from scipy.special import ndtri

    k, size = np.asarray(hits, dtype=np.float64), np.asarray(n, dtype=np.float64)
    z2 = float(ndtri(0.5 + level / 2.0)) ** 2
    centre = (k + z2 / 2.0) / (size + z2)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(size > 0, k * (size - k) / np.where(size > 0, size, 1.0), 0.0)
    half = np.sqrt(z2) * np.sqrt(np.maximum(spread, 0.0) + z2 / 4.0) / (size + z2)
    low = np.where(k <= 0, 0.0, np.clip(centre - half, 0.0, 1.0))
    return low, np.where(k >= size, 1.0, np.clip(centre + half, 0.0, 1.0))


def clopper_pearson_bounds(hits: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Return Clopper-Pearson's low and high ends for arrays; n may be an effective sample size (Korn and Graubard 1998)."""
    from scipy.special import betaincinv

    k, size = np.broadcast_arrays(np.asarray(hits, dtype=np.float64), np.asarray(n, dtype=np.float64))
    tail = (1.0 - level) / 2.0
    misses = np.maximum(size - k, 0.0)
    low = np.where(k > 0, betaincinv(np.where(k > 0, k, 1.0), misses + 1.0, tail), 0.0)
    high = np.where(misses > 0, betaincinv(k + 1.0, np.where(misses > 0, misses, 1.0), 1.0 - tail), 1.0)
    return low, high


def _check(hits: float, n: float, level: float) -> None:
    if not n > 0:
        raise StatisticsError("a proportion of nothing is undefined", hint="count the observations before asking for an interval")
    if not 0 <= hits <= n:
        raise StatisticsError(f"{hits} hits of {n} observations are no proportion")
    if not 0.0 < level < 1.0:
        raise StatisticsError(f"a confidence level lies between 0 and 1, not {level}", hint="95 % is written 0.95")
