"""The curves and intervals of timing: planted coefficients come back, and medians are covered as often as they say."""

from __future__ import annotations

import math
import random

import pytest

from fmaudit_engine_card.measured.fits import fit_line, fit_parabola, median

LENGTHS = [16.0, 32.0, 64.0, 128.0, 256.0, 512.0]


def test_a_line_comes_back_exactly_and_explains_everything() -> None:
    line = fit_line(LENGTHS, [0.3 + 0.002 * x for x in LENGTHS])
    assert line.start == pytest.approx(0.3)
    assert line.slope == pytest.approx(0.002)
    assert line.r_squared == pytest.approx(1.0)
    assert line.at(1000) == pytest.approx(2.3)


def test_decoding_without_a_cache_is_no_line() -> None:
    assert fit_line(LENGTHS, [1e-4 * x * x for x in LENGTHS]).r_squared < 0.96


def test_two_lengths_explain_nothing() -> None:
    assert math.isnan(fit_line([1.0, 2.0], [1.0, 5.0]).r_squared)


def test_planted_coefficients_of_prefill_come_back_and_say_where_it_bends() -> None:
    curve = fit_parabola(LENGTHS, [0.01 + 2e-4 * n + 1e-6 * n * n for n in LENGTHS])
    assert curve.start == pytest.approx(0.01)
    assert curve.linear == pytest.approx(2e-4)
    assert curve.square == pytest.approx(1e-6)
    assert curve.bends_at == pytest.approx(200)
    assert curve.share(200) == pytest.approx(0.04 / (0.01 + 0.04 + 0.04))
    shares = [curve.share(n) for n in LENGTHS]
    assert shares == sorted(shares)


def test_noise_makes_no_coefficient_negative() -> None:
    draw = random.Random(1)
    for _ in range(20):
        curve = fit_parabola(LENGTHS, [(0.02 + 1e-4 * n) * draw.uniform(0.8, 1.2) for n in LENGTHS])
        assert min(curve.start, curve.linear, curve.square) >= 0


def test_prefill_without_attention_bends_nowhere() -> None:
    curve = fit_parabola(LENGTHS, [1e-4 * n for n in LENGTHS])
    assert curve.share(512) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("rounds", "level"), [(2, 0.5), (5, 0.9375), (6, 0.96875), (9, 0.9609)])
def test_the_interval_of_a_median_says_its_level_and_covers_as_often(rounds: int, level: float) -> None:
    draw = random.Random(rounds)
    inside = 0
    for _ in range(2000):
        _, interval = median([draw.expovariate(1.0) for _ in range(rounds)])
        assert interval is not None
        assert interval.level == pytest.approx(level, abs=1e-3)
        inside += interval.low <= math.log(2) <= interval.high
    assert inside / 2000 == pytest.approx(level, abs=0.025)


def test_one_round_has_no_interval() -> None:
    assert median([3.0]) == (3.0, None)
