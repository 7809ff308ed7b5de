"""Watches one number over time: has its level shifted, and since when?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fmaudit.errors import StatisticsError

__all__ = ["LevelShift", "level_shift"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelShift:
    """A shift of level in a series: `direction` is +1, -1, or 0 where there is none.

    `alarm` is the place at which it was sure, `since` the first one after the last in line with the old level; both None without a shift.
    `rising` and `falling` are the sums after every value, in standard errors.
    """

    direction: int
    alarm: int | None
    since: int | None
    rising: tuple[float, ...]
    falling: tuple[float, ...]
    method: str


def level_shift(values: Sequence[float], errors: Sequence[float], *, allowance: float = 0.5, limit: float = 5.0) -> LevelShift:
    """Sum up how far each value lies from the mean of all before it (CUSUM: Page 1954; self-starting: Hawkins 1987).

    `errors` are the standard errors of the values. Each value is compared with the mean of those before it, weighted by 1 / error^2, in
    units of the difference's own standard error; without a shift these are independent standard normal, however few values there are.
    With the usual `allowance` of .5 and `limit` of 5, a series that never shifts alarms once in about 465 values (ARL of both sides), and
    a lasting shift of one error after many values is found after about 10. Errors that say more than what varies between
    the values (items that stay the same) make it slower, not wrong. Raises StatisticsError.
    """
    if len(values) != len(errors) or any(not (error > 0 and math.isfinite(error)) for error in errors):
        raise StatisticsError("as many standard errors as values are wanted, all above 0")
    if any(not math.isfinite(value) for value in values):
        raise StatisticsError("a value of the series is no number", hint="leave out what could not be measured")
    steps = _steps(values, errors)
    rising, falling = _sums(steps, allowance), _sums([-step for step in steps], allowance)
    method = f"self-starting cusum, allowance {allowance:g}, limit {limit:g}"
    for place, (up, down) in enumerate(zip(rising, falling, strict=True)):
        if max(up, down) > limit:
            direction, sums = (1, rising) if up > down else (-1, falling)
            since = max((i for i in range(place) if sums[i] == 0.0), default=-1) + 1
            return LevelShift(direction=direction, alarm=place, since=since, rising=rising, falling=falling, method=method)
    return LevelShift(direction=0, alarm=None, since=None, rising=rising, falling=falling, method=method)


def _steps(values: Sequence[float], errors: Sequence[float]) -> list[float]:
    """Return each value's distance from the weighted mean of those before it, in standard errors of that difference; the first is 0."""
    steps, weight, mean = [], 0.0, 0.0
    for value, error in zip(values, errors, strict=True):
        steps.append((value - mean) / math.sqrt(error**2 + 1.0 / weight) if weight else 0.0)
        more = error**-2
        mean, weight = mean + (value - mean) * more / (weight + more), weight + more
    return steps


def _sums(steps: Sequence[float], allowance: float) -> tuple[float, ...]:
    sums, total = [], 0.0
    for step in steps:
        total = max(0.0, total + step - allowance)
        sums.append(total)
    return tuple(sums)
