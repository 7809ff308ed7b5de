"""Calibration: planted errors are measured without bias, decompositions add up, ties show no order."""

from __future__ import annotations

import numpy as np
import pytest

from fmaudit import StatisticsError
from fmaudit.stats import Estimate
from fmaudit_sampling.measures.calibration import (
    abstention,
    brier,
    calibration_error,
    forecasts,
    nats_per_answer,
    overconfidence,
    reliability_curve,
)


def planted(n: int, shift: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Confidences whose truth is `shift` below them."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.3, 1.0, n)
    return p, (rng.random(n) < p - shift).astype(float)


def test_a_calibrated_model_has_little_error_left_after_correction() -> None:
    found = [calibration_error(forecasts(*planted(200, 0.0, seed)), draws=60) for seed in range(25)]
    assert np.mean([f.plain for f in found]) > 0.07  # what a small sample shows by chance
    assert np.mean([f.value for f in found]) < 0.04  # the distance of mean confidence and accuracy, which chance makes
    assert np.mean([f.plain - f.expected for f in found]) == pytest.approx(0.0, abs=0.006)
    assert np.mean([f.p_value < 0.05 for f in found]) <= 0.2
    assert np.mean([f.interval.low == 0.0 for f in found]) >= 0.9


@pytest.mark.parametrize(("n", "shift"), [(50, 0.1), (50, 0.3), (100, 0.2), (300, 0.1), (300, 0.2)])
def test_the_interval_holds_the_error_of_models_that_are_too_sure(n: int, shift: float) -> None:
    """Planted everywhere alike; benchmarks/results/calibration_error.md has other kinds and more runs."""
    found = []
    for seed in range(60):
        rng = np.random.default_rng([seed, n])
        true = rng.uniform(0.5, 1.0 - shift, n)
        found.append(calibration_error(forecasts(true + shift, rng.random(n) < true), draws=60, seed=seed))
    assert np.mean([f.interval.low <= shift <= f.interval.high for f in found]) >= 0.9
    assert np.mean([f.value for f in found]) == pytest.approx(shift, abs=0.02)


def test_the_error_is_never_below_the_distance_of_confidence_and_accuracy() -> None:
    for seed in range(20):
        made = forecasts(*planted(60, 0.2, seed))
        found = calibration_error(made, draws=20)
        assert found.gap == pytest.approx(abs(overconfidence(made).value))
        assert found.gap - 1e-12 <= found.value <= found.plain
        assert found.interval.low <= found.value <= found.interval.high


def test_a_planted_error_is_measured() -> None:
    found = calibration_error(forecasts(*planted(3000, 0.1, 1)), draws=60)
    assert found.value == pytest.approx(0.1, abs=0.03)
    assert found.interval.low < 0.1 < found.interval.high + 0.01
    assert found.p_value < 0.02
    assert (found.n, found.bins) == (3000, 15)
    again = calibration_error(forecasts(*planted(3000, 0.1, 1)), draws=60)
    assert again == found


def test_error_of_a_constant_confidence_is_its_distance_from_the_accuracy() -> None:
    found = calibration_error(forecasts([0.9] * 40, [1.0] * 24 + [0.0] * 16), draws=50)
    assert found.plain == pytest.approx(0.3)


def test_the_order_of_answers_never_shows_even_with_ties() -> None:
    rng = np.random.default_rng(2)
    p, right = np.round(rng.random(200), 1), (rng.random(200) < 0.5).astype(float)
    order = rng.permutation(200)
    first, second = forecasts(p, right), forecasts(p[order], right[order])
    assert calibration_error(first, draws=20).plain == calibration_error(second, draws=20).plain
    assert abstention(first, draws=20).area == pytest.approx(abstention(second, draws=20).area, abs=1e-15)
    assert brier(first) == brier(second)


@pytest.mark.parametrize("bins", [1, 5, 15])
def test_brier_decomposition_adds_up(bins: int) -> None:
    found = brier(forecasts(*planted(500, 0.15, 3)), bins=bins)
    assert found.value == pytest.approx(found.reliability - found.resolution + found.uncertainty, abs=1e-12)
    assert found.interval.low < found.value < found.interval.high


def test_brier_of_grouped_confidences_is_murphys() -> None:
    p = np.repeat([0.2, 0.8], 50)
    right = np.concatenate([np.arange(50) < 15, np.arange(50) < 35]).astype(float)
    found = brier(forecasts(p, right), bins=2)
    assert found.reliability == pytest.approx((0.1**2 + 0.1**2) / 2)
    assert found.resolution == pytest.approx(((0.3 - 0.5) ** 2 + (0.7 - 0.5) ** 2) / 2)
    assert found.uncertainty == pytest.approx(0.25)


def test_likelihood_and_overconfidence() -> None:
    found = nats_per_answer(forecasts([0.5, 0.5, 0.9], [1, 0, 1]))
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx((2 * np.log(2) - np.log(0.9)) / 3)
    assert np.isfinite(nats_per_answer(forecasts([0.0, 1.0], [1, 0])).value)
    sure = overconfidence(forecasts(*planted(2000, 0.1, 4)))
    assert sure.interval.low < 0.1 < sure.interval.high


def test_clusters_widen_the_intervals() -> None:
    p, right = planted(100, 0.1, 5)
    alone = overconfidence(forecasts(p, right))
    copied = overconfidence(forecasts(np.repeat(p, 4), np.repeat(right, 4), np.repeat(np.arange(100), 4).tolist()))
    assert copied.standard_error == pytest.approx(alone.standard_error, rel=0.01)
    one = calibration_error(forecasts(p, right), draws=200).interval
    four = calibration_error(forecasts(np.repeat(p, 4), np.repeat(right, 4), np.repeat(np.arange(100), 4).tolist()), draws=200).interval
    assert four.high - four.low > 0.6 * (one.high - one.low)


def test_the_reliability_curve_follows_the_truth() -> None:
    curve = reliability_curve(forecasts(*planted(6000, 0.1, 6)))
    assert len(curve) == 15
    assert sum(bin_.n for bin_ in curve) == 6000
    assert np.mean([bin_.interval.low <= bin_.confidence - 0.1 <= bin_.interval.high for bin_ in curve]) > 0.75
    assert len(reliability_curve(forecasts([0.2, 0.9, 0.4], [0, 1, 1]))) == 3


def test_abstention_between_chance_and_the_best() -> None:
    perfect = abstention(forecasts([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0]), draws=50)
    assert perfect.accuracy.tolist() == pytest.approx([1, 1, 2 / 3, 1 / 2])
    assert perfect.area == pytest.approx(perfect.best)
    blind = abstention(forecasts([0.5] * 4, [1, 1, 0, 0]), draws=50)
    assert blind.area == pytest.approx(blind.random)
    some = abstention(forecasts(*planted(1000, 0.0, 7)), draws=100)
    assert some.random < some.interval.low <= some.area <= some.interval.high < some.best


@pytest.mark.parametrize(("p", "right"), [([], []), ([1.1], [1]), ([0.5], [0.5]), ([0.5, 0.5], [1])])
def test_what_is_no_forecast_is_refused(p: list[float], right: list[float]) -> None:
    with pytest.raises(StatisticsError):
        forecasts(p, right)
