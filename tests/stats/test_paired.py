from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from fmaudit.errors import StatisticsError
from fmaudit.stats.paired import compare_paired, mcnemar, sign_flip


def test_mcnemar_is_the_exact_binomial_test() -> None:
    test = mcnemar(12, 3, 100)
    assert (test.difference, test.discordant) == (0.09, 15)
    assert test.p_value == pytest.approx(binomtest(12, 15).pvalue)
    for first, second in ((0, 1), (7, 7), (7, 8), (40, 61), (0, 30)):
        assert mcnemar(first, second, 200).p_value == pytest.approx(binomtest(first, first + second).pvalue)
    assert test.interval.low < 0.09 < test.interval.high
    assert mcnemar(3, 12, 100).interval.low == pytest.approx(-test.interval.high)


def test_a_planted_shift_is_found_and_none_is_not() -> None:
    assert mcnemar(200, 100, 1000).p_value < 1e-6
    assert mcnemar(150, 150, 1000).p_value > 0.05
    assert mcnemar(0, 0, 50).p_value == 1.0


def test_outcomes_are_counted() -> None:
    test = compare_paired([1, 1, 0, 0, 1], [1, 0, 0, 1, 0])
    assert (test.discordant, test.difference, test.n) == (3, pytest.approx(0.2), 5)


def test_the_interval_covers_small_samples() -> None:
    rng = np.random.default_rng(0)
    draws = rng.multinomial(50, [0.15, 0.03, 0.82], 800)
    hits = [mcnemar(int(b), int(c), 50).interval for b, c, _ in draws]
    assert 0.935 <= np.mean([i.low <= 0.12 <= i.high for i in hits]) <= 0.985


def test_sign_flip_is_exact_when_few() -> None:
    test = sign_flip([1.0, 2.0, 3.0, 4.0])
    assert test.p_value == pytest.approx(2 / 16)
    assert test.difference == 2.5


def test_sign_flip_holds_its_level_and_is_seeded() -> None:
    rng = np.random.default_rng(1)
    p = [sign_flip(rng.normal(0, 1, 25), draws=400, seed=s).p_value for s in range(200)]
    assert 0.01 <= np.mean(np.array(p) <= 0.05) <= 0.1
    values = rng.normal(0.3, 1, 60)
    assert sign_flip(values, draws=500, seed=3) == sign_flip(values[::-1], draws=500, seed=3)


def test_sign_flip_of_clusters_is_not_fooled_by_copies() -> None:
    rng = np.random.default_rng(2)
    effects = rng.normal(0.2, 1, 12)
    copies, names = np.repeat(effects, 20), np.repeat(np.arange(12), 20)
    assert sign_flip(copies, draws=2000).p_value < 0.01
    assert sign_flip(copies, clusters=names, draws=5000).p_value == pytest.approx(sign_flip(effects, draws=5000).p_value)


@pytest.mark.parametrize("table", [(-1, 0, 5), (3, 3, 5), (0, 0, 0)])
def test_impossible_tables_are_refused(table: tuple[int, int, int]) -> None:
    with pytest.raises(StatisticsError):
        mcnemar(*table)
    with pytest.raises(StatisticsError):
        compare_paired([1], [1, 0])
