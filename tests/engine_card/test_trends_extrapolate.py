"""Forecasts: right on lines, honest about their width, and silent beyond ten times the data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fmaudit import StatisticsError
from fmaudit_engine_card.trends.extrapolate import check_reach, extrapolate, extrapolate_rate

SIZES = [1e8, 3e8, 1e9, 3e9, 1e10]


def test_points_on_a_line_are_continued_exactly() -> None:
    found = extrapolate(SIZES, [5 - 0.2 * math.log10(size) for size in SIZES], 1e11)
    assert found.value == pytest.approx(5 - 0.2 * 11)
    assert found.beyond == pytest.approx(10)
    assert found.interval.high - found.interval.low < 1e-9


def test_a_power_law_is_continued_on_the_logarithm() -> None:
    found = extrapolate(SIZES, [40 * size**-0.1 for size in SIZES], 5e10, outcome="log")
    assert found.value == pytest.approx(40 * 5e10**-0.1)
    with pytest.raises(StatisticsError, match="no logarithm"):
        extrapolate(SIZES, [1, 1, 1, 1, 0], 2e10, outcome="log")


@pytest.mark.parametrize("at", [1.01e11, 1e13, 0.99e7])
def test_more_than_ten_times_beyond_the_data_is_refused_with_the_range(at: float) -> None:
    with pytest.raises(StatisticsError, match="beyond the data, which reach from 1e\\+08 to 1e\\+10"):
        extrapolate(SIZES, [5, 4, 3, 2, 1], at)
    with pytest.raises(StatisticsError, match="beyond the data"):
        extrapolate_rate(SIZES, [1, 2, 3, 4, 5], [10] * 5, at)
    assert check_reach(SIZES, 1e11) == pytest.approx(10)


def test_two_points_say_nothing_of_the_next_one() -> None:
    with pytest.raises(StatisticsError, match="4 or more points"):
        extrapolate([1e8, 1e9, 1e10], [3, 2, 1], 2e10)


def test_the_interval_is_that_of_textbooks() -> None:
    values = [3.1, 2.8, 2.7, 2.3, 2.2]
    x, y = np.log10(SIZES), np.array(values)
    slope, intercept = np.polyfit(x, y, 1)
    s = math.sqrt(((y - intercept - slope * x) ** 2).sum() / 3)
    half = 3.182446 * s * math.sqrt(1 + 1 / 5 + (10.5 - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    found = extrapolate(SIZES, values, 10**10.5)
    assert found.interval.high - found.value == pytest.approx(half, rel=1e-6)
    assert found.value == pytest.approx(intercept + slope * 10.5)


def test_the_interval_grows_with_the_distance() -> None:
    values = [3.1, 2.8, 2.7, 2.3, 2.2]
    widths = [extrapolate(SIZES, values, at).interval.high - extrapolate(SIZES, values, at).interval.low for at in (1e9, 1e10, 3e10, 1e11)]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_new_models_fall_into_the_interval_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    x, inside, rates = np.log10(SIZES), 0, 0
    for _ in range(400):
        found = extrapolate(SIZES, (5 - 0.3 * x + rng.normal(0, 0.1, 5)).tolist(), 1e11).interval
        inside += found.low <= 5 - 0.3 * 11 + rng.normal(0, 0.1) <= found.high
        k = rng.binomial(300, 1 / (1 + np.exp(-(0.4 * np.append(x, 11) - 4 + rng.normal(0, 0.2, 6)))))
        rate = extrapolate_rate(SIZES, k[:-1].tolist(), [300] * 5, 1e11).interval
        rates += rate.low <= k[-1] / 300 <= rate.high
    assert 0.92 <= inside / 400 <= 0.98
    assert 0.92 <= rates / 400 <= 1.0


def test_shares_stay_shares_and_a_family_that_turns_is_flagged() -> None:
    high = extrapolate_rate(SIZES, [50, 70, 90, 97, 99], [100] * 5, 1e11)
    assert 0.9 < high.value < 1.0
    assert 0.0 < high.interval.low < high.interval.high < 1.0
    assert not high.notes
    turning = extrapolate_rate(SIZES, [80, 50, 30, 50, 80], [100] * 5, 2e10)
    assert "turns (u" in turning.notes[0]


@pytest.mark.parametrize(("sizes", "at"), [([], 1e9), ([1.0, 2.0, 3.0, 4.0], 0.0), ([1.0, 2.0, 3.0, math.nan], 2.0)])
def test_no_sizes_and_size_zero_are_refused_and_not_divided_by(sizes: list[float], at: float) -> None:
    with pytest.raises(StatisticsError, match=r"beyond the data|finite"):
        extrapolate(sizes, [1.0] * len(sizes), at, scale="linear")


def test_the_interval_of_shares_is_that_of_the_textbook_with_binomial_scatter_at_least() -> None:
    sizes, hits, n = [1e8, 1e9, 1e10, 1e11], [500, 600, 692, 771], 1000  # as good as on a line of logits: less scatter than a coin has
    found = extrapolate_rate(sizes, hits, [n] * 4, 1e12)
    k, x = np.array(hits), np.array([8.0, 9.0, 10.0, 11.0])
    logits, weight = np.log((k + 0.5) / (n - k + 0.5)), 1 / (1 / (k + 0.5) + 1 / (n - k + 0.5))
    mean = (weight * x).sum() / weight.sum()
    slope = (weight * (x - mean) * logits).sum() / (weight * (x - mean) ** 2).sum()
    middle = (weight * logits).sum() / weight.sum() + slope * (12 - mean)
    share = 1 / (1 + math.exp(-middle))
    spread = math.sqrt(1 / (n * share * (1 - share)) + 1 / weight.sum() + (12 - mean) ** 2 / (weight * (x - mean) ** 2).sum())
    t = 4.302652729911275  # 97.5 % of Student's t with two degrees of freedom
    assert found.value == pytest.approx(share)
    assert found.interval.low == pytest.approx(1 / (1 + math.exp(t * spread - middle)))
    assert found.interval.high == pytest.approx(1 / (1 + math.exp(-t * spread - middle)))
