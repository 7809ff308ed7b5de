from __future__ import annotations

import numpy as np
import pytest

from fmaudit.errors import StatisticsError
from fmaudit.records import Interval
from fmaudit.stats.difference import independent_difference
from fmaudit.stats.proportions import wilson


def test_newcombes_own_example() -> None:
    interval = independent_difference(56 / 70, wilson(56, 70), 48 / 80, wilson(48, 80))
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.0524, 0.3339)


def test_it_covers() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.binomial(60, 0.1, 1000), rng.binomial(90, 0.25, 1000)
    intervals = [independent_difference(i / 60, wilson(i, 60), j / 90, wilson(j, 90)) for i, j in zip(a, b, strict=True)]
    assert np.mean([i.low <= -0.15 <= i.high for i in intervals]) >= 0.93


def test_levels_must_agree() -> None:
    with pytest.raises(StatisticsError):
        independent_difference(0.5, Interval(0.4, 0.6), 0.5, Interval(0.4, 0.6, 0.9))
