"""What an estimator hands back: a value with its interval, its error and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from fmaudit.records import Interval

__all__ = ["Estimate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One number with its interval.

    `n` counts observations and `n_clusters` the sources that contributed; `n_effective` is the number of independent
    observations that would have given the same interval, where that has a meaning.
    """

    value: float
    interval: Interval
    n: int
    standard_error: float | None = None
    n_clusters: int | None = None
    n_effective: float | None = None
