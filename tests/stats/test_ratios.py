from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fmaudit.errors import StatisticsError
from fmaudit.stats.clusters import tabulate
from fmaudit.stats.estimates import Estimate
from fmaudit.stats.proportions import clopper_pearson, wilson
from fmaudit.stats.ratios import clustered_proportion, clustered_ratio, clustered_ratios, clustered_shares

Floats = NDArray[np.float64]


def hosts(clusters: int, sigma: float, share: float, kind: str | float, corpora: int, seed: int) -> tuple[Floats, Floats]:
    """Make corpora, one a column: hosts of log-normal size, of one language each ("host") or alike (correlation)."""
    rng = np.random.default_rng(seed)
    sizes = np.ceil(rng.lognormal(0, sigma, (clusters, corpora)) * 20 / np.exp(sigma**2 / 2))
    if kind == "host":
        rates = 0.97 * (rng.random(sizes.shape) < share / 0.97)
    else:
        strength = (1 - float(kind)) / float(kind)
        rates = rng.beta(share * strength, (1 - share) * strength, sizes.shape)
    return rng.binomial(sizes.astype(int), rates).astype(float), sizes


def alone(y: Floats, x: Floats) -> list[Estimate]:
    """Estimate every column by itself: columns are corpora here, not categories of one."""
    return [clustered_proportion(hits, seen) for hits, seen in zip(y.T, x.T, strict=True)]


@pytest.mark.parametrize("clusters", [40, 300])
@pytest.mark.parametrize("sigma", [0.3, 1.5])
@pytest.mark.parametrize("share", [0.3, 0.03, 0.005])
@pytest.mark.parametrize("kind", [0.001, 0.05, "host"])
def test_shares_are_covered_however_rare_and_clustered(clusters: int, sigma: float, share: float, kind: str | float) -> None:
    y, x = hosts(clusters, sigma, share, kind, 300, 11)
    estimates = alone(y, x)
    covered = [e.interval.low <= share <= e.interval.high for e in estimates]
    assert np.mean(covered) >= 0.91
    assert max(e.interval.high for e in estimates) <= 1.0


@pytest.mark.parametrize("clusters", [2, 5, 9])
@pytest.mark.parametrize("sigma", [0.3, 1.5])
@pytest.mark.parametrize("share", [0.3, 0.1, 0.005])
def test_few_hosts_of_one_language_are_covered_too(clusters: int, sigma: float, share: float) -> None:
    y, x = hosts(clusters, sigma, share, "host", 300, 12)
    assert np.mean([e.interval.low <= share <= e.interval.high for e in alone(y, x)]) >= 0.91


def test_one_stray_document_does_not_pass_for_knowledge_of_the_hosts() -> None:
    rng = np.random.default_rng(5)
    size = np.full((6, 600), 20)
    y = rng.binomial(size, np.where(rng.random(size.shape) < 0.1, 0.97, 0.01)).astype(float)
    truth = 0.1 * 0.97 + 0.9 * 0.01
    near = [e for e, hits in zip(alone(y, size.astype(float)), y.sum(axis=0), strict=True) if hits == 1]
    assert len(near) > 50
    assert np.mean([e.interval.low <= truth <= e.interval.high for e in near]) >= 0.9


@pytest.mark.parametrize("hits", [0, 1, 2, 3, 4])
def test_the_interval_moves_by_steps_towards_the_edge(hits: int) -> None:
    seen = np.array([9.0, 9.0, 8.0, 8.0])
    rare = [np.minimum(1.0, np.arange(4) < n).astype(float) for n in (hits, hits + 1)]
    wide, narrow = (clustered_proportion(y, seen).interval for y in rare)
    assert wide.high - narrow.high < 0.3
    common = clustered_proportion(seen - rare[0], seen).interval
    assert (common.low, common.high) == pytest.approx((1 - wide.high, 1 - wide.low))


def test_a_little_more_than_nothing_is_nearly_nothing() -> None:
    seen = np.full(8, 60.0)
    nothing, trace = (clustered_proportion(np.array([hit, *[0.0] * 7]), seen).interval for hit in (0.0, 1e-6))
    assert trace.high == pytest.approx(nothing.high, abs=1e-4)


def test_what_the_other_categories_say_of_the_hosts_counts_on_the_edge() -> None:
    rng = np.random.default_rng(6)
    total = np.full((8, 1), 60.0)
    mixed = np.column_stack([rng.binomial(60, [[0.2, 0.3, 0.1]] * 8), np.zeros(8)]).astype(float)
    pure = np.zeros((8, 4))
    pure[[0, 1, 2, 3, 4, 5, 6, 7], [0, 0, 0, 1, 1, 1, 2, 2]] = 58.0
    highs = [estimates[3].interval.high for table in (mixed, pure) if (estimates := clustered_shares(table, total)) and estimates[3]]
    lone = clustered_proportion(np.zeros(8), total.ravel()).interval.high
    assert highs[0] < 0.1 < 0.3 < highs[1] <= lone == pytest.approx(clopper_pearson(0, 8).high)


@pytest.mark.parametrize("own", [0.0, 0.8, 0.97])
def test_every_language_of_a_corpus_is_covered_seen_or_not(own: float) -> None:
    rng = np.random.default_rng(7)
    shares = 1 / np.arange(1, 26) ** 1.6
    shares /= shares.sum()
    inside: list[bool] = []
    for _ in range(60):
        main = rng.choice(25, 9, p=shares)
        table = np.array([rng.multinomial(20 - (kept := rng.binomial(20, own)), shares) + kept * np.eye(25)[m] for m in main])
        estimates = clustered_shares(table, table.sum(axis=1, keepdims=True))
        inside += [e.interval.low <= p <= e.interval.high for e, p in zip(estimates, shares, strict=True) if e]
    assert np.mean(inside) >= 0.94


def test_the_t_interval_fails_where_the_share_is_rare() -> None:
    y, x = hosts(300, 1.5, 0.005, "host", 600, 11)
    assert np.mean([e.interval.low <= 0.005 <= e.interval.high for e in clustered_ratios(y, x) if e]) < 0.8


def test_a_common_ratio_is_covered_by_the_t_interval() -> None:
    rng = np.random.default_rng(3)
    x = np.ceil(rng.lognormal(2, 0.8, (60, 800)))
    y = x * (2.5 + rng.normal(0, 0.5, x.shape))
    covered = [e.interval.low <= 2.5 <= e.interval.high for e in clustered_ratios(y, x) if e]
    assert 0.93 <= np.mean(covered) <= 0.985


def test_independent_documents_give_nearly_wilson() -> None:
    rng = np.random.default_rng(0)
    hits = (rng.random(5000) < 0.2).astype(float)
    estimate, plain = clustered_proportion(hits, np.ones(5000)), wilson(hits.sum(), 5000)
    assert (estimate.interval.low, estimate.interval.high) == pytest.approx((plain.low, plain.high), abs=2e-4)
    assert estimate.n_effective == pytest.approx(5000, rel=0.01)


def test_no_hit_counts_clusters_not_documents() -> None:
    estimate = clustered_proportion(np.zeros(10), np.full(10, 1000.0))
    assert estimate.interval.method == "clustered clopper-pearson"
    assert estimate.interval.high == pytest.approx(clopper_pearson(0, 10).high)
    assert clustered_proportion(np.full(10, 5.0), np.full(10, 5.0)).interval.low == pytest.approx(clopper_pearson(10, 10).low)


def test_equal_clusters_hold_no_more_than_their_documents() -> None:
    estimate = clustered_proportion(np.full(20, 5.0), np.full(20, 10.0))
    assert 199 < (estimate.n_effective or 0.0) <= 200


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=30), st.randoms())
def test_shares_hold_their_value_and_ignore_the_order(rows: list[tuple[int, int, int]], random: object) -> None:
    table = np.array([*rows, (1, 0, 2), (0, 1, 1)], dtype=float)
    order = list(range(len(table)))
    random.shuffle(order)  # type: ignore[attr-defined]
    total = table.sum(axis=1, keepdims=True)
    estimates = clustered_shares(table, total)
    assert estimates == clustered_shares(table[order], total[order])
    for estimate in estimates:
        assert estimate is not None
        assert 0 <= estimate.interval.low <= estimate.value <= estimate.interval.high <= 1
    assert sum(e.value for e in estimates if e) == pytest.approx(1.0)


def test_sparse_and_dense_agree_in_every_bit() -> None:
    rng = np.random.default_rng(2)
    clusters, labels = rng.integers(0, 50, 2000).astype(str), rng.choice(list("abcdef"), 2000, p=[0.5, 0.3, 0.1, 0.06, 0.03, 0.01])
    table = tabulate(clusters, labels, np.ones(2000))
    dense = table.sums.toarray()
    total = dense.sum(axis=1, keepdims=True)
    assert clustered_shares(table.sums, total) == clustered_shares(dense, total)


def test_own_denominators_and_empty_categories() -> None:
    removed, seen = np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([[4.0, 0.0], [4.0, 0.0]])
    first, second = clustered_shares(removed, seen)
    assert first is not None
    assert (first.value, first.n, first.n_clusters, second) == (0.5, 8, 2, None)
    assert clustered_ratios(removed, seen)[1] is None


def test_a_category_in_one_cluster_is_worth_one_observation() -> None:
    (estimate,) = clustered_shares([[30.0], [0.0]], [[100.0], [0.0]])
    assert estimate is not None
    assert (estimate.n_effective, estimate.n_clusters, estimate.standard_error) == (1.0, 1, None)
    assert estimate.interval.high - estimate.interval.low > 0.7
    with pytest.raises(StatisticsError, match="one cluster"):
        clustered_ratios([[30.0], [0.0]], [[100.0], [0.0]])


def test_bytes_name_the_documents_behind_them() -> None:
    y, x = np.array([[5e6, 0.0], [0.0, 2e6], [1e6, 1e6]]), np.array([[5e6], [2e6], [2e6]])
    first, second = clustered_shares(y, x, observations=[7, 5])
    assert first is not None
    assert second is not None
    assert (first.n, second.n, first.value) == (7, 5, pytest.approx(6 / 9))
    assert (first.n_effective or 9) <= 7
    (lone,) = clustered_shares(y[:, :1], x, observations=12)
    assert lone is not None
    assert lone.n == 12


def test_a_census_of_the_clusters_has_no_error() -> None:
    y, x = [1.0, 4.0, 2.0], [10.0, 10.0, 10.0]
    widths = [i.high - i.low for i in (clustered_proportion(y, x, sampled=f).interval for f in (None, 0.5, 1.0))]
    assert widths[0] > widths[1] > widths[2] == 0.0
    assert clustered_ratio(y, x, sampled=1.0).standard_error == 0.0


def test_many_categories_are_one_call() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(0.3, (20_000, 180)).astype(float)
    start = time.perf_counter()
    assert len(clustered_shares(counts, counts.sum(axis=1, keepdims=True))) == 180
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    ("y", "x", "message"),
    [
        ([[1.0]], [[2.0]], "1 clusters"),
        ([[3.0], [1.0]], [[2.0], [2.0]], "between 0"),
        ([[1.0], [1.0]], [[1.0], [1.0], [1.0]], "same clusters"),
        ([[np.nan], [1.0]], [[1.0], [1.0]], "not finite"),
    ],
)
def test_nonsense_is_refused(y: list[list[float]], x: list[list[float]], message: str) -> None:
    with pytest.raises(StatisticsError, match=message):
        clustered_shares(y, x)


def test_a_ratio_to_nothing_is_refused() -> None:
    with pytest.raises(StatisticsError, match="add up to 0"):
        clustered_proportion([0.0, 0.0], [0.0, 0.0])
    with pytest.raises(StatisticsError, match=r"0\.\.1"):
        clustered_proportion([0.0, 1.0], [1.0, 1.0], sampled=3.0)
