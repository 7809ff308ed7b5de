"""Sums and ratios that come out the same whatever order the data arrived in."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError

__all__ = ["column_sums", "exact_sum", "ratio"]


def exact_sum(values: Iterable[float]) -> float:
    """Add numbers without rounding error; nothing adds up to 0."""
    return math.fsum(values)


def ratio(numerator: float, denominator: float) -> float | None:
    """Divide, or return None where there is nothing to divide by."""
    return numerator / denominator if denominator else None


def column_sums(matrix: ArrayLike) -> NDArray[np.float64]:
    """Add up the first axis so that the order of the rows never shows in the last bit.

    Every value is split into two parts that are multiples of a power of two chosen from the column's largest value and
    the number of rows, so each part adds up exactly in float64 (Demmel and Nguyen 2013, pre-rounding). Whole numbers
    come out exact. A value that is not finite is a StatisticsError.
    """
    rest = np.array(matrix, dtype=np.float64)
    total = np.zeros(rest.shape[1:])
    spare_bits = math.ceil(math.log2(max(len(rest), 1))) + 1
    for _ in range(2):
        peak = np.abs(rest).max(axis=0, initial=0.0)
        if not np.isfinite(peak).all():
            raise StatisticsError("a sum was asked of values that are not finite", hint="leave out undefined items and count them")
        anchor = np.ldexp(1.5, np.frexp(peak)[1] + spare_bits)
        high = (rest + anchor) - anchor
        total += high.sum(axis=0)
        rest -= high
        if not rest.any():
            break
    return total
