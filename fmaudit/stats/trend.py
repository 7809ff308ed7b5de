"""Trends over an ordered variable such as model size or time, and whether they turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError
from fmaudit.records import Interval

__all__ = ["Curvature", "Slope", "Trend", "cochran_armitage", "item_trend", "mann_kendall", "theil_sen", "u_shape"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A monotone trend: its direction (+1, 0, -1), test statistic and two-sided p-value."""

    direction: int
    statistic: float
    p_value: float
    n: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """A rate of change per unit of the ordered variable."""

    slope: float
    intercept: float
    interval: Interval
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curvature:
    """Whether a trend turns inside the range: `shape` is "u", "inverted u" or "no turn".

    `p_value` belongs to the turn, `quadratic_p_value` to the quadratic term alone, which is also small for a trend that
    only flattens. `turning_point` is the score of the point where it turns most, None where nothing turns.
    """

    shape: str
    p_value: float
    quadratic: float
    quadratic_p_value: float
    turning_point: float | None


def cochran_armitage(hits: ArrayLike, totals: ArrayLike, scores: ArrayLike) -> Trend:
    """Test whether a proportion rises or falls along the scores (Cochran 1954, Armitage 1955); z > 0 is rising.

    The groups must be independent. Systems that answered the same items are not: the test is then usually too timid,
    and `item_trend` is the paired one. All or no hits is p = 1.
    """
    k, n, x = _columns(hits, totals, scores)
    if (k < 0).any() or (k > n).any() or (n <= 0).any():
        raise StatisticsError("a trend of proportions needs 0 <= hits <= totals and no empty group")
    total = math.fsum(n)
    pooled = math.fsum(k) / total
    centred = x - math.fsum(n * x) / total
    variance = pooled * (1.0 - pooled) * math.fsum(n * centred**2)
    z = math.fsum(centred * (k - n * pooled)) / math.sqrt(variance) if variance > 0 else 0.0
    return _normal(z, int(total), "cochran-armitage")


def item_trend(outcomes: ArrayLike, scores: ArrayLike) -> Trend:
    """Test the trend of systems that answered the same items: `outcomes` is items x systems, `scores` one per system.

    Every item's own linear contrast over the scores is averaged and compared with its spread over items (Student's t).
    """
    from scipy.special import stdtr

    from fmaudit.stats.means import mean

    table, x = np.asarray(outcomes, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1:] != x.shape or len(set(x.tolist())) < 2:
        raise StatisticsError(f"outcomes {table.shape} and scores {x.shape} are not items x systems and one score a system")
    contrasts = [math.fsum(row) for row in (table * (x - math.fsum(x) / len(x))).tolist()]
    average = mean(contrasts)
    if not average.standard_error:
        return _normal(0.0 if average.value == 0 else math.copysign(math.inf, average.value), len(table), "item contrast t")
    t = average.value / average.standard_error
    p_value = 2.0 * float(stdtr(len(table) - 1, -abs(t)))
    return Trend(direction=_sign(t), statistic=t, p_value=p_value, n=len(table), method="item contrast t")


def mann_kendall(values: ArrayLike, times: ArrayLike | None = None) -> Trend:
    """Test a monotone trend by rank (Mann 1945, Kendall): `statistic` is tau-b; exact p-value where there are no ties and n is small.

    Independent values are assumed. Four points can reach p = 0.083 at best.
    """
    from scipy.stats import kendalltau

    y = np.asarray(values, dtype=np.float64)
    y, x = _columns(y, np.arange(len(y)) if times is None else times)
    result = kendalltau(x, y)
    tau, p_value = round(float(result.statistic), 12), float(result.pvalue)  # divided by two roots: 1 would be 0.9999999999999999
    if math.isnan(tau):
        return Trend(direction=0, statistic=0.0, p_value=1.0, n=len(y), method="mann-kendall")
    return Trend(direction=_sign(tau), statistic=tau, p_value=p_value, n=len(y), method="mann-kendall")


def theil_sen(values: ArrayLike, times: ArrayLike | None = None, *, level: float = 0.95) -> Slope:
    """Return the median of all pairwise slopes with Sen's (1968) interval; robust to outliers."""
    from scipy.stats import theilslopes

    y = np.asarray(values, dtype=np.float64)
    y, x = _columns(y, np.arange(len(y)) if times is None else times)
    result = theilslopes(y, x, alpha=level)
    interval = Interval(float(result.low_slope), float(result.high_slope), level, "theil-sen")
    return Slope(slope=float(result.slope), intercept=float(result.intercept), interval=interval, n=len(y))


def u_shape(values: ArrayLike, errors: ArrayLike, scores: ArrayLike, *, alpha: float = 0.05) -> Curvature:
    """Check whether independent values with known standard errors turn along the scores, which a monotone test cannot see.

    A turn is a point inside the range that lies on the same side of both end points, each time significantly (one-sided
    z, the larger p of the two; Bonferroni over inner points and both directions). The quadratic term alone would call a
    curve that merely flattens a turn (Simonsohn 2018). At least three distinct scores; an error of 0 is no error.
    For proportions use sqrt(p (1 - p) / n) with p = (k + 1) / (n + 2), which is never 0.
    """
    from scipy.special import ndtr

    y, e, x = _columns(values, errors, scores)
    if len(np.unique(x)) != len(x) or len(x) < 3 or (e <= 0).any():
        raise StatisticsError("a turn takes three or more distinct scores and positive standard errors")
    y, e, x = (column[np.argsort(x)] for column in (y, e, x))
    inner, ends = slice(1, -1), np.array([0, len(x) - 1])
    z = (y[inner, None] - y[ends]) / np.hypot(e[inner, None], e[ends])
    height = np.where((z > 0).all(axis=1), z.min(axis=1), np.where((z < 0).all(axis=1), z.max(axis=1), 0.0))
    best = int(np.argmax(np.abs(height)))
    p_value = min(1.0, 2.0 * len(height) * float(ndtr(-abs(height[best])))) if height[best] else 1.0
    shape = "no turn" if p_value > alpha else ("inverted u" if height[best] > 0 else "u")
    quadratic, quadratic_p_value = _quadratic(y, e, x)
    return Curvature(
        shape=shape, p_value=p_value, quadratic=quadratic, quadratic_p_value=quadratic_p_value,
        turning_point=float(x[inner][best]) if height[best] else None,
    )  # fmt: skip


def _quadratic(y: Floats, e: Floats, x: Floats) -> tuple[float, float]:
    """Return the quadratic coefficient of a weighted least-squares parabola and its two-sided p-value."""
    from scipy.special import ndtr

    scale = float(np.ptp(x))
    u = (x - float(np.mean(x))) / scale
    design = np.column_stack([np.ones_like(u), u, u * u]) / e[:, None]
    covariance = np.linalg.inv(design.T @ design)
    square = float((covariance @ design.T @ (y / e))[2])
    return square / scale**2, 2.0 * float(ndtr(-abs(square) / math.sqrt(covariance[2, 2])))


def _columns(*columns: ArrayLike) -> Sequence[Floats]:
    arrays = [np.asarray(c, dtype=np.float64) for c in columns]
    if len({a.shape for a in arrays}) != 1 or arrays[0].ndim != 1 or len(arrays[0]) < 2:
        raise StatisticsError(f"a trend needs two or more points and columns of one length, not {[a.shape for a in arrays]}")
    if not all(np.isfinite(a).all() for a in arrays):
        raise StatisticsError("a trend needs finite values", hint="leave out undefined points and count them")
    if len(np.unique(arrays[-1])) < 2:
        raise StatisticsError("a trend needs at least two distinct scores")
    return arrays


def _normal(z: float, n: int, method: str) -> Trend:
    from scipy.special import ndtr

    return Trend(direction=_sign(z), statistic=z, p_value=2.0 * float(ndtr(-abs(z))), n=n, method=method)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
