"""The difference of two independent estimates, from their intervals."""

from __future__ import annotations

import math

from fmaudit.errors import StatisticsError
from fmaudit.records import Interval

__all__ = ["independent_difference"]


def independent_difference(value: float, interval: Interval, base: float, base_interval: Interval) -> Interval:
    """Return the interval of value - base where both come from different data, for a run against its baseline.

    "Square and add" of the four arms (MOVER, Zou and Donner 2008); with two Wilson intervals it is Newcombe's method 10.
    Two scores on the same items are paired and must not come here.
    """
    if interval.level != base_interval.level:
        raise StatisticsError(f"intervals of level {interval.level} and {base_interval.level} cannot be combined")
    change = value - base
    low = change - math.hypot(value - interval.low, base_interval.high - base)
    high = change + math.hypot(interval.high - value, base - base_interval.low)
    return Interval(low, high, interval.level, "square and add")
