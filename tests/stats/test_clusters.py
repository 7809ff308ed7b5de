from __future__ import annotations

import numpy as np
import pytest

from fmaudit.errors import StatisticsError
from fmaudit.stats.clusters import group_sums, tabulate


def test_group_sums_come_in_sorted_order_of_the_names() -> None:
    sums, sizes = group_sums([1.0, 2.0, 4.0], ["b", "a", "b"])
    assert (sums.tolist(), sizes.tolist()) == ([2.0, 5.0], [1, 2])


def test_tabulate_adds_repeated_cells() -> None:
    table = tabulate(["h2", "h1", "h2"], ["te", "en", "te"], [3, 1, 4])
    assert (table.clusters, table.categories) == (("h1", "h2"), ("en", "te"))
    assert table.sums.toarray().tolist() == [[1.0, 0.0], [0.0, 7.0]]


def test_what_does_not_line_up_is_refused() -> None:
    with pytest.raises(StatisticsError):
        tabulate(["a"], ["x", "y"], [1])
    with pytest.raises(StatisticsError):
        group_sums(np.ones(3), ["a"])
    with pytest.raises(StatisticsError):
        group_sums([], [])
