from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from fmaudit.errors import StatisticsError
from fmaudit.stats.multiplicity import benjamini_hochberg, holm

p_values = st.lists(st.floats(0, 1), max_size=30)


def test_by_hand() -> None:
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert benjamini_hochberg([]) == holm([]) == []


@given(p_values)
def test_adjusting_never_helps_and_holm_is_the_stricter(values: list[float]) -> None:
    for p, q, h in zip(values, benjamini_hochberg(values), holm(values), strict=True):
        assert p - 1e-12 <= q <= h + 1e-12
        assert h <= 1.0


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan])
def test_no_p_value_is_refused(bad: float) -> None:
    for adjust in (benjamini_hochberg, holm):
        with pytest.raises(StatisticsError):
            adjust([0.5, bad])


@given(p_values.filter(bool))
def test_q_values_are_scipys(values: list[float]) -> None:
    assert benjamini_hochberg(values) == pytest.approx(list(false_discovery_control(values)), abs=1e-12)
