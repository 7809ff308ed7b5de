"""What the next size will bring, with a prediction interval, and never further than ten times the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fmaudit import Interval, StatisticsError
from fmaudit_engine_card.trends.tests import Scale, as_numbers, scores, trend

__all__ = ["REACH", "Forecast", "check_reach", "extrapolate", "extrapolate_rate"]

REACH = 10.0  # how many times the largest size (or which part of the smallest) a forecast may go to
LEAST_POINTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The value expected at a size, the interval a new observation there falls into, how far it lies past the data, and cautions."""

    at: float
    value: float
    interval: Interval
    beyond: float  # times the largest size of the data; at most 1 inside
    n: int
    notes: tuple[str, ...] = ()


def check_reach(sizes: Sequence[float], at: float) -> float:
    """Return how many times the largest size `at` is. Raises StatisticsError past ten times the data in either direction."""
    if not len(sizes) or not all(map(math.isfinite, as_numbers("sizes", [*sizes, at]))):
        raise StatisticsError(f"sizes {list(sizes)} and {at} must be finite numbers", hint="leave out models whose size is not known")
    low, high = min(sizes), max(sizes)
    if not (low / REACH <= at <= high * REACH):
        times = f"{at / high if at > high else low / at:.3g} times beyond" if at > 0.0 and high > 0.0 else "beyond"
        raise StatisticsError(
            f"{at:g} lies {times} the data, which reach from {low:g} to {high:g}",
            hint=f"a trend is not carried further than {REACH:g} times: measure a size nearer to it first",
        )
    return at / high


def extrapolate(
    sizes: Sequence[float],
    values: Sequence[float],
    at: float,
    *,
    scale: Scale = "log",
    outcome: Literal["linear", "log"] = "linear",
    level: float = 0.95,
) -> Forecast:
    """Predict one new value at a size from a straight line through the values, with Student's t prediction interval.

    Ordinary least squares of the value (or with `outcome="log"` of its logarithm, a power law) on the size's logarithm; the interval
    is value +- t s sqrt(1 + 1/n + (x - mean)^2 / Sxx), n - 2 degrees of freedom. It knows the scatter around the line, not whether the
    line goes on. Raises StatisticsError beyond ten times the data, for fewer than four points, or values without a logarithm.
    """
    import numpy as np

    beyond, values = check_reach(sizes, at), as_numbers("values", values)
    if outcome == "log" and not min(values) > 0.0:
        raise StatisticsError(f"a value of {min(values)} has no logarithm", hint='use outcome="linear"')
    x, y = _line(scores(sizes, scale), [math.log(value) if outcome == "log" else float(value) for value in values])
    ones = np.ones_like(x)
    middle, spread, degrees = _predict(x, y, ones, scores([at], scale)[0], 1.0)
    half = _t(degrees, level) * spread
    back = math.exp if outcome == "log" else float
    interval = Interval(back(middle - half), back(middle + half), level, "t prediction")
    return Forecast(at=at, value=back(middle), interval=interval, beyond=beyond, n=len(x))


def extrapolate_rate(
    sizes: Sequence[float], successes: Sequence[int], totals: Sequence[int], at: float, *, scale: Scale = "log", level: float = 0.95
) -> Forecast:
    """Predict the share that a model of a size would show on as many items as the others had (their median).

    A weighted line through the empirical logits ln((k + 1/2) / (n - k + 1/2)) with their sampling variances, times the dispersion
    around the line where that is larger; Student's t with n - 2 degrees of freedom. A family that turns is predicted with a note that
    a line does not continue it. Raises StatisticsError as `extrapolate` does.
    """
    import numpy as np

    beyond = check_reach(sizes, at)
    found = trend(sizes, successes, totals, scale=scale)
    k, n = np.asarray(successes, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    x, y = _line(scores(sizes, scale), np.log((k + 0.5) / (n - k + 0.5)))
    variance = 1.0 / (k + 0.5) + 1.0 / (n - k + 0.5)
    target = scores([at], scale)[0]
    slope, intercept = np.polyfit(x, y, 1, w=1.0 / np.sqrt(variance))
    share = 1.0 / (1.0 + math.exp(-(intercept + slope * target)))
    new = 1.0 / (float(np.median(n)) * max(share * (1.0 - share), 0.5 / float(np.median(n))))
    middle, spread, degrees = _predict(x, y, variance, target, new, least=1.0)
    half = _t(degrees, level) * spread
    low, value, high = (1.0 / (1.0 + math.exp(-logit)) for logit in (middle - half, middle, middle + half))
    notes = (f"the family turns ({found.shape}, p = {found.turn_p:.2g}): a line does not continue it",) if found.u_shaped else ()
    return Forecast(at=at, value=value, interval=Interval(low, high, level, "logit t prediction"), beyond=beyond, n=len(x), notes=notes)


def _line(x: Sequence[float], y: Any) -> tuple[Any, Any]:
    """Return both columns as arrays. Raises StatisticsError where they are no line's points."""
    import numpy as np

    columns = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if columns[0].shape != columns[1].shape or len(columns[0]) < LEAST_POINTS or len(set(x)) < 3 or not np.isfinite(columns).all():
        raise StatisticsError(
            f"a forecast takes {LEAST_POINTS} or more points of at least three sizes, not {columns[0].shape} and {columns[1].shape}",
            hint="two points make a line, but say nothing of how far the next one lies from it",
        )
    return columns


def _predict(x: Any, y: Any, variance: Any, target: float, new_variance: float, *, least: float = 0.0) -> tuple[float, float, int]:
    """Return the weighted line's value at the target, the standard error of a new observation there, and the degrees of freedom.

    Variances are known up to a factor, the residual chi-square over its degrees of freedom, which is taken as `least` at least.
    """
    import numpy as np

    weight = 1.0 / variance
    design = np.column_stack([np.ones_like(x), x])
    covariance = np.linalg.inv(design.T @ (weight[:, None] * design))
    coefficients = covariance @ design.T @ (weight * y)
    degrees = len(x) - 2
    dispersion = max(least, float((weight * (y - design @ coefficients) ** 2).sum()) / degrees)
    row = np.array([1.0, target])
    return float(row @ coefficients), math.sqrt(dispersion * (new_variance + float(row @ covariance @ row))), degrees


def _t(degrees: int, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + level / 2.0))
