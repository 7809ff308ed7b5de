from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from fmaudit.errors import StatisticsError
from fmaudit.records import Interval
from fmaudit.stats.proportions import (
    clopper_pearson,
    clopper_pearson_bounds,
    proportion,
    rule_of_three,
    wilson,
    wilson_bounds,
    zero_success_upper,
)

tables = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(16, 250, 3.98, 10.14), (0, 250, 0.0, 1.46), (149, 250, 53.4, 65.5), (0, 6, 0.0, 45.9)]
)
def test_reference_values(hits: int, n: int, low: float, high: float) -> None:
    interval = proportion(hits, n)
    digits = 2 if n == 250 and hits != 149 else 1
    assert (round(100 * interval.low, digits), round(100 * interval.high, digits)) == (low, high)


def test_the_method_says_which_interval_it_is() -> None:
    assert proportion(3, 10).method == "wilson"
    assert proportion(0, 10).method == proportion(10, 10).method == "clopper-pearson"


@given(tables, st.sampled_from([0.8, 0.95, 0.99]))
def test_both_intervals_equal_scipy(table: tuple[int, int], level: float) -> None:
    hits, n = table
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        theirs = binomtest(hits, n).proportion_ci(level, method=method)
        assert (ours(hits, n, level).low, ours(hits, n, level).high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(tables)
def test_the_interval_holds_the_proportion_and_mirrors(table: tuple[int, int]) -> None:
    hits, n = table
    interval, mirror = proportion(hits, n), proportion(n - hits, n)
    assert 0.0 <= interval.low <= hits / n <= interval.high <= 1.0
    assert (interval.low, interval.high) == pytest.approx((1 - mirror.high, 1 - mirror.low), abs=1e-9)


def test_bounds_take_effective_sizes_and_nothing() -> None:
    low, high = wilson_bounds([0.0, 0.0, 1.5], [0.0, 2.5, 1.5])
    assert low.tolist() == [0.0, 0.0, pytest.approx(0.281, abs=1e-3)]
    assert high.tolist() == [1.0, pytest.approx(0.606, abs=1e-3), 1.0]
    low, high = clopper_pearson_bounds([0.0, 2.5], [0.0, 2.5])
    assert (low[0], high.tolist()) == (0.0, [1.0, 1.0])


def test_zero_successes() -> None:
    assert zero_success_upper(6) == pytest.approx(clopper_pearson(0, 6).high)
    assert zero_success_upper(6, sides=1) == pytest.approx(1 - 0.05 ** (1 / 6))
    assert rule_of_three(300) == 0.01 == pytest.approx(zero_success_upper(300, sides=1), rel=0.01)
    assert rule_of_three(2) == 1.0


def test_a_finite_population_narrows_and_a_census_closes_the_interval() -> None:
    widths = [proportion(30, 100, sampled=f) for f in (None, 0.0, 0.5, 0.9, 1.0)]
    spans = [w.high - w.low for w in widths]
    assert spans[0] == spans[1] > spans[2] > spans[3] > spans[4] == 0.0
    assert widths[-1] == Interval(0.3, 0.3, 0.95, "census")


@pytest.mark.parametrize(
    ("hits", "n", "options"),
    [(0, 0, {}), (-1, 5, {}), (6, 5, {}), (1, math.nan, {}), (1, 5, {"level": 95.0}), (1, 5, {"sampled": 1.1})],
)
def test_nonsense_is_refused(hits: float, n: float, options: dict[str, float]) -> None:
    with pytest.raises(StatisticsError):
        proportion(hits, n, **options)
    with pytest.raises(StatisticsError):
        zero_success_upper(0)
    with pytest.raises(StatisticsError):
        zero_success_upper(5, sides=3)


def test_wilson_covers_on_average_and_clopper_pearson_always() -> None:
    n, p = 40, np.linspace(0.01, 0.5, 50)
    k = np.arange(n + 1)
    from scipy.stats import binom

    mass = binom.pmf(k[:, None], n, p)
    for bounds, mean_floor, floor in ((wilson_bounds, 0.945, 0.87), (clopper_pearson_bounds, 0.95, 0.95)):
        low, high = bounds(k, n)
        covered = (mass * ((low[:, None] <= p) & (p <= high[:, None]))).sum(axis=0)
        assert covered.mean() >= mean_floor
        assert covered.min() >= floor
