from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmaudit.errors import StatisticsError
from fmaudit.stats.numerics import column_sums, exact_sum, ratio

numbers = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False)


def test_exact_sum_does_not_depend_on_the_order() -> None:
    assert exact_sum([1e16, 1.0, -1e16]) == 1.0
    assert exact_sum([]) == 0.0


def test_ratio_of_nothing_is_none() -> None:
    assert ratio(0, 0) is None
    assert ratio(1, 0) is None
    assert ratio(1, 4) == 0.25


@given(st.lists(numbers, max_size=60), st.randoms())
def test_column_sums_are_bit_equal_in_every_order(values: list[float], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    total = column_sums(np.array(values).reshape(-1, 1))[0]
    assert total == column_sums(np.array(shuffled).reshape(-1, 1))[0]
    assert total == pytest.approx(math.fsum(values), rel=1e-12, abs=1e-14 * max((abs(v) for v in values), default=1.0))


@given(st.lists(st.integers(min_value=0, max_value=2**40), max_size=50))
def test_column_sums_of_whole_numbers_are_exact(values: list[int]) -> None:
    assert int(column_sums(np.array(values, dtype=np.float64).reshape(-1, 1))[0]) == sum(values)


def test_plain_sums_do_depend_on_the_order_where_column_sums_do_not() -> None:
    rng = np.random.default_rng(0)
    values = rng.lognormal(0, 3, 10_001)
    orders = [rng.permutation(values) for _ in range(20)]
    assert len({sum(v.tolist()) for v in orders}) > 1
    assert len({float(column_sums(v[:, None])[0]) for v in orders}) == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_column_sums_refuse_what_is_not_finite(bad: float) -> None:
    with pytest.raises(StatisticsError, match="not finite"):
        column_sums([[1.0], [bad]])
