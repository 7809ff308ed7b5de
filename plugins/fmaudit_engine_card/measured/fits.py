"""Medians of rounds with their intervals, and the two curves: decoding a line, prefill a line and a square."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from fmaudit import Interval

__all__ = ["Line", "Parabola", "fit_line", "fit_parabola", "median"]

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Line:
    """seconds = start + slope x; `r_squared` is the share of the variance that it explains."""

    start: float
    slope: float
    r_squared: float

    def at(self, x: float) -> float:
        """Return the seconds at x."""
        return self.start + self.slope * x


@dataclass(frozen=True, slots=True)
class Parabola:
    """seconds = start + linear n + square n^2, none of them negative: work that comes once, with every token, with every pair."""

    start: float
    linear: float
    square: float

    def at(self, n: float) -> float:
        """Return the seconds at n tokens."""
        return self.start + self.linear * n + self.square * n * n

    def share(self, n: float) -> float:
        """Return the share of the time at n tokens that the pairs take; 0 where nothing takes time."""
        whole = self.at(n)
        return self.square * n * n / whole if whole > 0 else 0.0

    @property
    def bends_at(self) -> float | None:
        """Return the length at which the pairs take as long as the tokens; None where pairs take nothing."""
        return self.linear / self.square if self.square > 0 else None


def fit_line(xs: Sequence[float], ys: Sequence[float]) -> Line:
    """Fit by least squares; of fewer than three different x nothing is explained (R^2 is NaN)."""
    x, y = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ (y - y.mean())) / spread if spread else math.nan
    start = float(y.mean() - slope * x.mean())
    total = float(((y - y.mean()) ** 2).sum())
    left = float(((y - start - slope * x) ** 2).sum())
    return Line(start, slope, 1 - left / total if total > 0 and len(set(xs)) > 2 else math.nan)


def fit_parabola(ns: Sequence[float], ys: Sequence[float]) -> Parabola:
    """Fit by least squares of relative errors (a clock errs in proportion), no coefficient below 0 (Lawson and Hanson's NNLS)."""
    from scipy.optimize import nnls

    n, y = np.asarray(ns, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    scale = float(n.max())
    columns = np.stack([np.ones_like(n), n / scale, (n / scale) ** 2], axis=1) / y[:, None]
    found, _ = nnls(columns, np.ones_like(y))
    return Parabola(float(found[0]), float(found[1]) / scale, float(found[2]) / scale**2)


def median(values: Sequence[float]) -> tuple[float, Interval | None]:
    """Return the median of rounds, and an interval of order statistics, which asks nothing of the distribution of delays.

    The narrowest pair of the same rank from both ends that covers the median in 95 % of cases; of fewer than six rounds the extremes,
    with the level that they have. None of fewer than two.
    """
    ordered = sorted(values)
    value = float(np.median(ordered))
    if len(ordered) < 2:
        return value, None
    rank, level = _ranks(len(ordered))
    low, high = ordered[rank], ordered[len(ordered) - 1 - rank]
    return value, Interval(float(low), float(high), round(level, 4), "order statistics")


@cache
def _ranks(n: int) -> tuple[int, float]:
    """Return the rank from both ends and what it covers: 1 - 2 P(Binomial(n, 1/2) <= rank)."""
    tails = np.cumsum([math.comb(n, k) for k in range(n // 2)]) / 2.0**n
    covers = [1 - 2 * float(tail) for tail in tails]
    rank = max((k for k, level in enumerate(covers) if level >= LEVEL), default=0)
    return rank, covers[rank] if covers else 0.0
