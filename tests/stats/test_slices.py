from __future__ import annotations

import numpy as np
import pytest

from fmaudit import stats


def test_differences_are_in_the_unit_of_the_values_and_q_is_over_the_slices() -> None:
    slices = {
        "a": {"1": (6.0, 2), "2": (10.0, 2)},
        "b": {"3": (1.0, 1), "4": (2.0, 1)},
        "c": {"5": (0.0, 1), "6": (3.0, 3), "none": (0.0, 0)},
    }
    found = stats.items_against_rest(slices)
    assert found["a"].difference == pytest.approx(16 / 4 - 6 / 6)
    assert found["c"].difference == pytest.approx(3 / 4 - 19 / 6)
    assert [each.q_value for each in found.values()] == stats.benjamini_hochberg([each.p_value for each in found.values()])
    assert found == stats.items_against_rest(slices)


def test_p_values_of_few_items_are_those_of_all_deals() -> None:
    """Of 6 ways to deal 4 items two and two, 2 are as far apart."""
    found = stats.items_against_rest({"a": {"1": (1.0, 1), "2": (2.0, 1)}, "b": {"3": (3.0, 1), "4": (4.0, 1)}}, draws=20_000)
    assert found["a"].p_value == pytest.approx(1 / 3, abs=0.015)
    assert found["a"].p_value == found["b"].p_value


@pytest.mark.parametrize(
    "slices", [{}, {"a": {"1": (1.0, 1)}}, {"a": {"1": (1.0, 1)}, "b": {}}, {"a": {"1": (1.0, 1)}, "b": {"2": (0.0, 0)}}]
)
def test_one_slice_alone_is_compared_with_nothing(slices: dict[str, dict[str, tuple[float, float]]]) -> None:
    assert stats.items_against_rest(slices) == {}


def test_p_values_are_uniform_where_nothing_differs() -> None:
    rng = np.random.default_rng(3)
    low = 0
    for _ in range(300):
        slices = {name: {str(i): (float(value), 1.0) for i, value in enumerate(rng.normal(size=12))} for name in "abc"}
        low += stats.items_against_rest(slices, draws=300)["a"].p_value <= 0.1
    assert 14 <= low <= 46
