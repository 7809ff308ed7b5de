"""Trend tests on published results, on planted families, and against full enumeration."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fmaudit import StatisticsError
from fmaudit_engine_card.trends.extrapolate import extrapolate, extrapolate_rate
from fmaudit_engine_card.trends.tests import exact_cochran_armitage, trend, value_trend

GPT3_FAMILY = [350e6, 1.3e9, 6.7e9, 175e9]  # the usual guesses of ada, babbage, curie, davinci


def test_truthfulqa_scales_inversely_as_published() -> None:
    found = trend(GPT3_FAMILY, [264, 222, 195, 192], [817] * 4)
    assert round(found.z, 2) == -3.86
    assert f"{found.p:.1e}" == "1.1e-04"
    assert (found.direction, found.u_shaped, found.n) == ("down", False, 3268)


def test_boolq_scales_normally() -> None:
    found = trend(GPT3_FAMILY, [round(3270 * share) for share in (0.617, 0.631, 0.664, 0.764)], [3270] * 4)
    assert found.z == pytest.approx(13.8, abs=0.1)
    assert (found.direction, found.u_shaped) == ("up", False)


def test_the_conjunction_fallacy_turns_though_its_trend_is_down() -> None:
    found = trend(GPT3_FAMILY, [round(1000 * share) for share in (0.471, 0.5, 0.687, 0.347)], [1000] * 4)
    assert found.z == pytest.approx(-5.6, abs=0.1)
    assert found.direction == "down"
    assert (found.u_shaped, found.shape, found.turning_size) == (True, "inverted u", 6.7e9)


def test_the_exact_p_value_equals_enumeration_of_all_assignments() -> None:
    totals, hits, x = [3, 4, 3], [0, 1, 3], [8.0, 9.0, 10.5]
    group = [score for n, score in zip(totals, x, strict=True) for _ in range(n)]
    seen = sum(k * score for k, score in zip(hits, x, strict=True))
    centre = sum(hits) * sum(group) / len(group)
    sums = [sum(group[i] for i in chosen) for chosen in itertools.combinations(range(len(group)), sum(hits))]
    expected = np.mean([abs(s - centre) >= abs(seen - centre) - 1e-9 for s in sums])
    assert exact_cochran_armitage(hits, totals, x) == pytest.approx(expected)


def test_few_hits_are_tested_exactly_and_the_method_says_so() -> None:
    assert trend([1, 10, 100], [0, 1, 4], [8, 8, 8]).method == "cochran-armitage, exact"
    assert trend([1, 10, 100], [30, 40, 50], [80] * 3).method == "cochran-armitage, asymptotic"
    too_many = trend([1, 10, 100, 1000, 10000], [4, 4, 4, 4, 4], [5000] * 5)
    assert too_many.method == "cochran-armitage, exact"
    rough = trend([10.0**k for k in range(9)], [4] * 9, [5000] * 9)
    assert rough.method == "cochran-armitage, asymptotic"
    assert "rough" in rough.notes[0]


def test_the_order_of_the_models_does_not_matter_and_reversing_the_sizes_reverses_the_sign() -> None:
    forward = trend(GPT3_FAMILY, [264, 222, 195, 192], [817] * 4)
    shuffled = trend([6.7e9, 350e6, 175e9, 1.3e9], [195, 264, 192, 222], [817] * 4)
    assert shuffled.z == pytest.approx(forward.z)
    mirrored = trend([1 / size for size in GPT3_FAMILY], [264, 222, 195, 192], [817] * 4)
    assert mirrored.z == pytest.approx(-forward.z)
    assert mirrored.direction == "up"


def test_nothing_right_anywhere_is_no_trend() -> None:
    found = trend(GPT3_FAMILY, [0, 0, 0, 0], [100] * 4)
    assert (found.z, found.p, found.direction, found.u_shaped) == (0.0, 1.0, "none", False)


def test_two_sizes_can_have_a_trend_but_no_turn() -> None:
    found = trend([1e9, 7e9], [40, 70], [100, 100])
    assert (found.direction, found.u_shaped) == ("up", False)
    assert "turn cannot be seen" in found.notes[0]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: trend(["7B", "13B"], [1, 2], [9, 9]),  # type: ignore[list-item]
        lambda: trend([7e9, 13e9], ["1", "2"], [9, 9]),  # type: ignore[list-item]
        lambda: trend([7e9, None], [1, 2], [9, 9]),  # type: ignore[list-item]
        lambda: value_trend(["7B", "13B"], [1.0, 2.0]),  # type: ignore[list-item]
        lambda: value_trend([7e9, 13e9], [1.0, "high"]),  # type: ignore[list-item]
        lambda: extrapolate(["7B"] * 4, [1.0] * 4, 1e9),  # type: ignore[list-item]
        lambda: extrapolate([1e9, 2e9, 4e9, 8e9], [1.0, 2.0, 3.0, "high"], 1e10),  # type: ignore[list-item]
        lambda: extrapolate_rate(["7B"] * 4, [1] * 4, [9] * 4, 1e9),  # type: ignore[list-item]
    ],
)
def test_words_in_the_place_of_numbers_are_refused_with_what_they_are(wrong: Callable[[], object]) -> None:
    with pytest.raises(StatisticsError, match=r"are numbers, not ('7B'|'1'|None|'high')") as caught:
        wrong()
    assert "7e9" in str(caught.value.hint)


@pytest.mark.parametrize("sizes", [[], [1e9], [1e9, 1e9]])
def test_a_family_of_one_size_is_refused_in_words(sizes: list[float]) -> None:
    many = len(sizes)
    for ask in (lambda: trend(sizes, [3] * many, [9] * many), lambda: value_trend(sizes, [0.3] * many)):
        with pytest.raises(StatisticsError, match="two sizes or more") as caught:
            ask()
        assert "(1,)" not in str(caught.value)


def test_training_steps_from_zero_take_the_linear_scale() -> None:
    with pytest.raises(StatisticsError, match="above 0"):
        trend([0, 100, 200], [1, 2, 3], [10] * 3)
    assert trend([0, 100, 200], [10, 30, 60], [100] * 3, scale="linear").direction == "up"
    with pytest.raises(StatisticsError, match="one length"):
        trend([1, 2, 3], [1, 2], [10, 10])


@pytest.mark.parametrize(
    ("rates", "direction", "shape"),
    [
        ([0.3, 0.36, 0.42, 0.48, 0.54], "up", "no turn"),
        ([0.54, 0.48, 0.42, 0.36, 0.3], "down", "no turn"),
        ([0.6, 0.45, 0.4, 0.45, 0.6], "none", "u"),
        ([0.4, 0.55, 0.6, 0.55, 0.4], "none", "inverted u"),
    ],
)
def test_planted_families_are_found_in_at_least_nine_of_ten_simulations(rates: list[float], direction: str, shape: str) -> None:
    rng = np.random.default_rng(7)
    found = [trend([10.0**k for k in range(8, 13)], rng.binomial(400, rates).tolist(), [400] * 5) for _ in range(500)]
    assert np.mean([f.direction == direction for f in found]) >= 0.9
    assert np.mean([f.shape == shape for f in found]) >= 0.9


def test_flat_families_raise_the_false_alarms_they_may() -> None:
    rng = np.random.default_rng(8)
    found = [trend([10.0**k for k in range(8, 13)], rng.binomial(300, 0.5, 5).tolist(), [300] * 5) for _ in range(1000)]
    assert 0.02 <= np.mean([f.direction != "none" for f in found]) <= 0.08
    assert np.mean([f.u_shaped for f in found]) <= 0.05


def test_losses_of_four_models_cannot_reach_five_percent_and_it_is_said() -> None:
    found = value_trend(GPT3_FAMILY, [3.2, 2.9, 2.6, 2.1])
    assert (found.tau, found.direction) == (-1.0, "none")
    assert "0.083" in found.notes[0]
    assert "92% at most" in found.notes[1]


def test_the_slope_is_the_change_for_ten_times_the_size_and_shrugs_off_an_outlier() -> None:
    sizes = [10.0 ** (8 + k / 3) for k in range(10)]
    losses = [4.0 - 0.3 * math.log10(size) for size in sizes]
    found = value_trend(sizes, losses)
    assert found.slope == pytest.approx(-0.3)
    assert found.direction == "down"
    assert not found.notes
    losses[4] += 5.0
    assert value_trend(sizes, losses).slope == pytest.approx(-0.3, abs=0.03)


def test_tables_as_far_from_the_mean_all_count_whatever_rounding_does() -> None:
    logs = [math.log10(1e8 * 3**step) for step in range(3)]
    assert exact_cochran_armitage([4, 4, 4], [8, 8, 8], logs) == pytest.approx(1.0)
    for hits in itertools.product(range(4), repeat=3):
        shifted = exact_cochran_armitage(hits, [3, 3, 3], logs)
        assert shifted == pytest.approx(exact_cochran_armitage(hits, [3, 3, 3], [0.0, 1.0, 2.0]))


def test_several_seeds_of_a_size_have_the_p_value_of_all_orders() -> None:
    found = value_trend([1e9] * 3 + [1e10] * 3, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert found.p == pytest.approx(2 / math.comb(6, 3))  # the normal approximation says 0.0495
    assert found.direction == "none"
    assert "normal approximation" in value_trend([1e9] * 5 + [1e10] * 5, list(range(10))).notes[0]


@pytest.mark.parametrize(
    ("sizes", "hits", "settings", "message"),
    [
        ([1e9, 1e10, 1e11], [0.5, 0.6, 0.7], {}, "successes are counts, not 0.5"),
        ([1e9, math.nan, 1e11], [5, 6, 7], {}, "finite sizes, not nan"),
        ([1e9, 1e10, 1e11], [5, 6, 7], {"alpha": 5}, "alpha lies between 0 and 1"),
        ([1e9, 1e10, 1e11], [5, 6, 7], {"scale": "ln"}, "'ln' is no scale"),
    ],
)
def test_what_is_no_family_says_what_is_wrong(sizes: list[float], hits: list[int], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(StatisticsError, match=message):
        trend(sizes, hits, [10, 10, 10], **settings)


def test_models_of_one_size_are_pooled_before_a_turn_is_looked_for() -> None:
    rates = [60, 60, 40, 40, 60, 60]
    halves = trend([1e9, 1e9, 1e10, 1e10, 1e11, 1e11], rates, [100] * 6)
    whole = trend([1e9, 1e10, 1e11], [120, 80, 120], [200] * 3)
    assert (halves.shape, halves.turn_p) == ("u", whole.turn_p)
    assert trend([1e9, 1e10, 1e11], [60, 40, 60], [100] * 3).turn_p > whole.turn_p
