from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmaudit.errors import StatisticsError
from fmaudit.stats.means import clustered_mean, clustered_standard_error, mean


def test_mean_is_the_textbook_one() -> None:
    estimate = mean([1.0, 2.0, 3.0, 4.0])
    assert (estimate.value, estimate.standard_error) == (2.5, pytest.approx(math.sqrt(5 / 3 / 4)))
    assert estimate.interval.high - 2.5 == pytest.approx(3.182446 * math.sqrt(5 / 12))


def test_clustered_standard_error_is_millers_formula() -> None:
    values, clusters = np.array([1.0, 0.0, 1.0, 1.0, 0.0]), ["a", "a", "b", "b", "c"]
    centre = values.mean()
    by_hand = sum((sum(v - centre for v, k in zip(values, clusters, strict=True) if k == c)) ** 2 for c in "abc") / 25
    assert clustered_standard_error(values, clusters) == pytest.approx(math.sqrt(by_hand))
    estimate = clustered_mean(values, clusters)
    assert estimate.standard_error == pytest.approx(math.sqrt(by_hand * 3 / 2))
    assert (estimate.n, estimate.n_clusters) == (5, 3)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=40))
def test_clusters_of_one_item_are_no_clusters(values: list[float]) -> None:
    alone = clustered_mean(values, list(range(len(values))))
    plain = mean(values)
    assert alone.value == pytest.approx(plain.value, abs=1e-9)
    assert alone.standard_error == pytest.approx(plain.standard_error, abs=1e-9)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.sampled_from("abc")), min_size=4, max_size=30), st.randoms())
def test_the_order_of_the_items_never_shows(rows: list[tuple[float, str]], random: object) -> None:
    rows = [*rows, (0.5, "a"), (0.25, "b")]
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (clustered_mean([v for v, _ in r], [c for _, c in r]) for r in (rows, shuffled))
    assert first == second


def test_repeating_items_inside_a_cluster_adds_no_certainty() -> None:
    values, clusters = [0.0, 1.0, 1.0, 0.0, 1.0], list("abcde")
    once, often = clustered_mean(values, clusters), clustered_mean(values * 10, clusters * 10)
    assert often.standard_error == pytest.approx(once.standard_error)
    assert mean(values * 10).standard_error < 0.4 * mean(values).standard_error  # type: ignore[operator]


def test_clustered_interval_covers_where_the_plain_one_does_not() -> None:
    rng = np.random.default_rng(5)
    plain = clustered = 0
    for _ in range(300):
        effects = np.repeat(rng.normal(0, 1, 30), 8) + rng.normal(0, 1, 240)
        names = np.repeat(np.arange(30), 8)
        for estimate, which in ((mean(effects), "plain"), (clustered_mean(effects, names), "clustered")):
            hit = estimate.interval.low <= 0 <= estimate.interval.high
            plain, clustered = plain + (hit and which == "plain"), clustered + (hit and which == "clustered")
    assert plain / 300 < 0.7
    assert 0.92 <= clustered / 300 <= 0.985


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan]])
def test_too_little_is_refused(values: list[float]) -> None:
    with pytest.raises(StatisticsError):
        mean(values)


def test_one_cluster_is_refused() -> None:
    with pytest.raises(StatisticsError, match="1 clusters"):
        clustered_mean([1.0, 2.0], ["a", "a"])
