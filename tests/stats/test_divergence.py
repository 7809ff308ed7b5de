from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from fmaudit.errors import StatisticsError
from fmaudit.stats.divergence import effective_number, entropy, gini, homogeneity, jensen_shannon, stability_index, top_share

tables = st.lists(st.integers(0, 1000), min_size=2, max_size=20).filter(any)


def test_known_values() -> None:
    assert entropy([1, 1, 1, 1]) == pytest.approx(2.0)
    assert effective_number([5, 5, 5, 0]) == pytest.approx(3.0)
    assert entropy([7, 0]) == 0.0
    assert gini([1, 1, 1]) == pytest.approx(0.0, abs=1e-12)
    assert gini([0, 0, 0, 9]) == pytest.approx(0.75)
    assert top_share([1, 3]) == 0.75
    assert jensen_shannon([1, 0], [0, 1]) == 1.0
    assert jensen_shannon([2, 6], [1, 3]) == pytest.approx(0.0, abs=1e-12)
    assert stability_index([100, 100], [100, 100]) == 0.0
    assert stability_index([5000, 5000], [3000, 7000]) == pytest.approx(0.2 * math.log(7 / 3), rel=1e-3)


@given(tables, st.data())
def test_laws(first: list[int], data: st.DataObject) -> None:
    second = data.draw(st.lists(st.integers(0, 1000), min_size=len(first), max_size=len(first)).filter(any))
    assert -1e-12 <= entropy(first) <= math.log2(len(first)) + 1e-12
    assert jensen_shannon(first, second) == pytest.approx(jensen_shannon(second, first), abs=1e-12)
    p, q = np.array(first) / sum(first), np.array(second) / sum(second)
    assert jensen_shannon(first, second) == pytest.approx(np.nan_to_num(jensenshannon(p, q, 2)) ** 2, abs=1e-7)
    assert stability_index(first, second) >= 0.0


def test_rows_are_done_at_once_and_empty_rows_are_undefined() -> None:
    assert entropy([[1, 1], [2, 0]]).tolist() == [1.0, 0.0]
    assert np.isnan(entropy([[0, 0], [1, 1]])).tolist() == [True, False]


def test_equal_sources_are_homogeneous_and_shifted_ones_not() -> None:
    rng = np.random.default_rng(0)
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    p = [homogeneity(rng.multinomial(200, shares), rng.multinomial(300, shares), draws=200, seed=s).p_value for s in range(100)]
    assert np.mean(np.array(p) <= 0.05) <= 0.12
    shifted = homogeneity([500, 300, 150, 50], [300, 400, 200, 100], draws=500)
    assert shifted.p_value < 0.01
    assert 0 < shifted.expected < shifted.value
    assert homogeneity([500, 300], [300, 400], stability_index, draws=200).p_value < 0.01


def test_nonsense_is_refused() -> None:
    with pytest.raises(StatisticsError):
        entropy([1, -1])
    with pytest.raises(StatisticsError):
        homogeneity([1, 2], [1, 2, 3])


@pytest.mark.parametrize("first", [[0.5, 0.5], [10.0, 3.5], [np.nan, 3.0], [-1.0, 3.0]])
def test_homogeneity_is_tested_on_whole_counts_only(first: list[float]) -> None:
    with pytest.raises(StatisticsError):
        homogeneity(first, [3, 5])
