from __future__ import annotations

import math

import numpy as np
import pytest

from fmaudit.errors import StatisticsError
from fmaudit.stats.trend import cochran_armitage, item_trend, mann_kendall, theil_sen, u_shape

SIZES = np.log10([350e6, 1.3e9, 6.7e9, 175e9])


def test_inverse_scaling_of_truthfulqa() -> None:
    trend = cochran_armitage([264, 222, 195, 192], [817] * 4, SIZES)
    assert (round(trend.statistic, 2), trend.direction) == (-3.86, -1)
    assert trend.p_value == pytest.approx(1.1e-4, rel=0.05)


def test_normal_scaling_of_boolq() -> None:
    hits = np.round(np.array([0.617, 0.631, 0.664, 0.764]) * 3270)
    trend = cochran_armitage(hits, [3270] * 4, SIZES)
    assert (trend.statistic, trend.direction) == (pytest.approx(13.8, abs=0.1), 1)  # the accuracies are rounded


def test_the_unit_of_the_scores_does_not_matter() -> None:
    first, second = (cochran_armitage([5, 9, 14], [20, 30, 25], x) for x in ([0, 1, 2], [100, 200, 300]))
    assert first.statistic == pytest.approx(second.statistic)
    assert cochran_armitage([0, 0], [5, 5], [1, 2]).p_value == 1.0


def test_items_answered_by_all_systems_are_paired() -> None:
    rng = np.random.default_rng(0)
    ease = rng.random((600, 1)) * 0.9
    outcomes = (rng.random((600, 1)) < ease + np.array([0.0, 0.02, 0.04, 0.06])).astype(float)
    independent = cochran_armitage(outcomes.sum(axis=0), [600] * 4, [0, 1, 2, 3])
    paired = item_trend(outcomes, [0, 1, 2, 3])
    assert paired.direction == independent.direction == 1
    assert paired.statistic > 2 * independent.statistic
    assert item_trend(np.ones((9, 3)), [0, 1, 2]).p_value == 1.0


def test_ranks() -> None:
    trend = mann_kendall([1, 2, 3, 4])
    assert (trend.statistic, trend.direction) == (pytest.approx(1.0), 1)
    assert trend.p_value == pytest.approx(2 / 24)
    assert mann_kendall([5, 5, 5]).p_value == 1.0
    assert mann_kendall([3, 2, 1], times=[30, 20, 10]).direction == 1
    assert {mann_kendall(list(range(n))).statistic for n in range(3, 40)} == {1.0}  # exactly


def test_theil_sen_ignores_an_outlier() -> None:
    slope = theil_sen([0, 2, 4, 6, 800, 10, 12, 14])
    assert slope.slope == 2.0
    assert slope.interval.low <= 2.0 <= slope.interval.high


def turn(hits: list[float], n: int) -> str:
    p = (np.array(hits) * n + 1) / (n + 2)
    return u_shape(hits, np.sqrt(p * (1 - p) / n), SIZES).shape


def test_turns_are_seen_and_flattening_is_not_a_turn() -> None:
    assert turn([0.471, 0.500, 0.687, 0.347], 600) == "inverted u"
    assert turn([0.617, 0.631, 0.664, 0.764], 3270) == "no turn"
    assert turn([0.6, 0.4, 0.35, 0.7], 600) == "u"
    flat = u_shape([0.2, 0.5, 0.62, 0.66], [0.01] * 4, [0, 1, 2, 3])
    assert (flat.shape, flat.quadratic_p_value < 0.001) == ("no turn", True)


def test_the_turning_point_is_in_the_users_unit_and_the_order_does_not_matter() -> None:
    x = np.array([50.0, 20.0, 30.0, 10.0, 40.0])
    curve = u_shape((x - 32.0) ** 2, np.ones(5), x)
    assert (curve.shape, curve.turning_point) == ("u", 30.0)
    assert curve.quadratic == pytest.approx(1.0)


def test_the_conjunction_fallacy_turns_though_its_trend_falls() -> None:
    hits = np.array([471, 500, 687, 347])
    assert round(cochran_armitage(hits, [1000] * 4, SIZES).statistic, 1) == -5.6
    assert turn([0.471, 0.5, 0.687, 0.347], 1000) == "inverted u"


def test_chance_rarely_turns() -> None:
    rng = np.random.default_rng(4)
    shapes = [u_shape(rng.normal(0, 1, 6), np.ones(6), np.arange(6)).shape for _ in range(400)]
    assert np.mean([s != "no turn" for s in shapes]) <= 0.06


@pytest.mark.parametrize(
    "columns", [([1, 2], [5, 5], [1, 1]), ([1], [5], [1]), ([6, 1], [5, 5], [1, 2]), ([1, math.nan], [5, 5], [1, 2]), ([1, 2], [5], [1, 2])]
)
def test_nonsense_is_refused(columns: tuple[list[float], ...]) -> None:
    with pytest.raises(StatisticsError):
        cochran_armitage(*columns)
    with pytest.raises(StatisticsError):
        u_shape([1, 2, 3], [1, 0, 1], [1, 2, 3])
    with pytest.raises(StatisticsError):
        item_trend([[1, 0]], [1])
