"""Means with their standard errors, also where items share a source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError
from fmaudit.records import Interval
from fmaudit.stats.clusters import group_sums
from fmaudit.stats.estimates import Estimate
from fmaudit.stats.numerics import column_sums, exact_sum
from fmaudit.stats.ratios import clustered_ratio

__all__ = ["clustered_mean", "clustered_standard_error", "mean"]


def mean(values: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate a mean of independent items: standard error s / sqrt(n), interval from Student's t."""
    from scipy.special import stdtrit

    items = _items(values)
    n = len(items)
    if n < 2:
        raise StatisticsError(f"the error of a mean cannot be estimated from {n} items")
    centre = exact_sum(items.tolist()) / n
    error = math.sqrt(exact_sum(((items - centre) ** 2).tolist()) / (n - 1) / n)
    half = float(stdtrit(n - 1, 0.5 + level / 2.0)) * error
    return Estimate(value=centre, interval=Interval(centre - half, centre + half, level, "t"), n=n, standard_error=error)


def clustered_standard_error(values: ArrayLike, clusters: Sequence[Any] | NDArray[Any]) -> float:
    """Return the clustered standard error of a mean as published: SE^2 = sum over c of (sum over i in c of (x_i - mean))^2 / n^2.

    Miller 2024, "Adding error bars to evals". `clustered_mean` also multiplies by C / (C - 1), which for clusters of
    one item each makes it the ordinary standard error.
    """
    items = _items(values)
    sums, sizes = group_sums(items, clusters)
    residuals = sums - sizes * (exact_sum(items.tolist()) / len(items))
    return math.sqrt(float(column_sums(residuals**2))) / len(items)


def clustered_mean(values: ArrayLike, clusters: Sequence[Any] | NDArray[Any], *, level: float = 0.95) -> Estimate:
    """Estimate a mean of items that share clusters; fewer than two clusters is a StatisticsError."""
    sums, sizes = group_sums(_items(values), clusters)
    return clustered_ratio(sums, sizes, level=level)


def _items(values: ArrayLike) -> NDArray[np.float64]:
    items = np.asarray(values, dtype=np.float64)
    if items.ndim != 1 or not np.isfinite(items).all() or not len(items):
        raise StatisticsError("a mean needs finite values, one per item", hint="leave out undefined items and count them")
    return items
