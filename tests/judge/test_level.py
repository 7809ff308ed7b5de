"""A metric's level over runs: a shift is placed in the runs, whatever runs did not measure it."""

from __future__ import annotations

from fmaudit.judge.level import Shift, shift_of
from fmaudit.records import Interval, Metric, MetricStatus


def measured(value: float, half: float = 0.02) -> Metric:
    return Metric(name="accuracy", value=value, unit="fraction", n=99, interval=Interval(value - half, value + half))


MISSING = Metric(name="accuracy", value=None, unit="fraction", n=0, status=MetricStatus.INSUFFICIENT)


def test_a_fall_is_placed_in_the_runs_whatever_runs_did_not_measure_it():
    metrics = [measured(0.8), None, measured(0.803), MISSING, measured(0.8), measured(0.802), measured(0.6), measured(0.61)]
    assert shift_of(metrics, list("abcdefgh")) == Shift(direction=-1, since="g", sure="g")


def test_three_runs_and_exact_numbers_have_no_level_to_watch():
    assert shift_of([measured(0.8), measured(0.8), measured(0.2)], list("abc")) is None
    exact = Metric(name="parameters", value=7.0, unit="count", n=1)
    assert shift_of([exact] * 9, list("abcdefghi")) is None


def test_what_stays_within_its_intervals_is_no_shift():
    assert shift_of([measured(0.8 + 0.004 * (-1) ** i) for i in range(60)], [str(i) for i in range(60)]) is None
