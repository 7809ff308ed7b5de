"""A level that stays seldom alarms, one that shifts is found, in the right direction and from about the right place."""

from __future__ import annotations

import numpy as np
import pytest

from fmaudit.errors import StatisticsError
from fmaudit.stats.monitoring import level_shift


def test_a_level_that_stays_alarms_as_seldom_as_stated() -> None:
    """465 values between false alarms: among 30 values at most about 6 %, whatever the errors and however few values came before."""
    rng = np.random.default_rng(3)
    errors = rng.uniform(0.01, 0.2, (2000, 30))
    alarms = [level_shift(row, error).direction != 0 for row, error in zip(rng.normal(0.7, errors), errors, strict=True)]
    assert np.mean(alarms) <= 0.065


@pytest.mark.parametrize(("shift", "found"), [(0.04, 0.9), (-0.04, 0.9), (0.06, 0.95)])
def test_a_shift_is_found_with_its_direction_and_place(shift: float, found: float) -> None:
    rng = np.random.default_rng(4)
    errors = np.full(40, 0.02)
    level = np.where(np.arange(40) < 20, 0.7, 0.7 + shift)
    shifts = [level_shift(rng.normal(level, errors), errors) for _ in range(300)]
    assert np.mean([s.direction == np.sign(shift) and s.alarm is not None and s.alarm >= 20 for s in shifts]) >= found
    places = [s.since for s in shifts if s.direction == np.sign(shift)]
    assert 18 <= float(np.median(places)) <= 22


def test_a_large_fall_alarms_at_once() -> None:
    values = [0.7, 0.71, 0.69, 0.7, 0.4, 0.41]
    shift = level_shift(values, [0.02] * 6)
    assert (shift.direction, shift.alarm, shift.since) == (-1, 4, 4)


def test_one_value_and_equal_values_are_no_shift() -> None:
    assert level_shift([0.5], [0.1]).direction == 0
    assert level_shift([0.5] * 50, [0.1] * 50).direction == 0


@pytest.mark.parametrize(("values", "errors"), [([1.0], []), ([1.0], [0.0]), ([float("nan")], [1.0])])
def test_what_is_no_series_is_refused(values: list[float], errors: list[float]) -> None:
    with pytest.raises(StatisticsError):
        level_shift(values, errors)
