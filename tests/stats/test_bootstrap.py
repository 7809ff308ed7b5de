from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fmaudit.errors import StatisticsError
from fmaudit.stats.bootstrap import bootstrap_clusters, bootstrap_counts, bootstrap_items, bootstrap_paired
from fmaudit.stats.divergence import entropy, jensen_shannon
from fmaudit.stats.means import clustered_mean, mean


def ratio_of_sums(a: Any, b: Any, axis: int = -1) -> Any:
    return a.sum(axis=axis) / b.sum(axis=axis)


def share_of_first(totals: Any) -> Any:
    return totals[..., 0] / totals.sum(axis=-1)


def test_the_seed_decides_every_bit_and_the_order_none() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(1, 1, 80), rng.normal(2, 1, 80)
    order = rng.permutation(80)
    first = bootstrap_paired(a, b, ratio_of_sums, draws=300, seed=4)
    assert first == bootstrap_paired(a[order], b[order], ratio_of_sums, draws=300, seed=4)
    assert first != bootstrap_paired(a, b, ratio_of_sums, draws=300, seed=5)
    sums = rng.poisson(5, (40, 3)).astype(float)
    again = sums[rng.permutation(40)]
    assert bootstrap_clusters(sums, entropy, draws=200, seed=1) == bootstrap_clusters(again, entropy, draws=200, seed=1)


@pytest.mark.parametrize("method", ["bca", "percentile", "normal"])
def test_a_mean_agrees_with_student(method: Any) -> None:
    values = np.random.default_rng(1).normal(0, 1, 400)
    boot, plain = bootstrap_items(values, np.mean, method=method), mean(values)
    assert boot.value == pytest.approx(plain.value)
    assert boot.standard_error == pytest.approx(plain.standard_error, rel=0.08)
    assert (boot.interval.low, boot.interval.high) == pytest.approx((plain.interval.low, plain.interval.high), abs=0.02)


def test_a_statistic_without_axis_works() -> None:
    assert bootstrap_items([1.0, 2.0, 5.0, 9.0], lambda x: float(np.median(x)), draws=200).value == 3.5


def test_pairs_stay_together() -> None:
    a = np.random.default_rng(2).normal(0, 10, 60)
    estimate = bootstrap_paired(a + 1.0, a)
    assert (estimate.value, estimate.interval.low, estimate.interval.high) == pytest.approx((1.0, 1.0, 1.0))


def test_clusters_are_drawn_whole() -> None:
    rng = np.random.default_rng(3)
    names = np.repeat(np.arange(60), 9)
    hits = (rng.random(60)[names] > 0.4).astype(float)
    sums = np.column_stack([np.bincount(names, hits), np.bincount(names, 1 - hits)])
    boot, linear = bootstrap_clusters(sums, share_of_first, draws=2000), clustered_mean(hits, names)
    assert boot.standard_error == pytest.approx(linear.standard_error, rel=0.06)
    assert (boot.value, boot.n_clusters) == (pytest.approx(linear.value), 60)


@pytest.mark.parametrize("scheme", ["multinomial", "poisson"])
def test_counts_agree_with_the_binomial_error(scheme: Any) -> None:
    boot = bootstrap_counts([[30, 70]], share_of_first, scheme=scheme)
    assert boot.standard_error == pytest.approx(np.sqrt(0.3 * 0.7 / 100), rel=0.06)
    assert (boot.value, boot.n) == (0.3, 100)


def test_a_ratio_of_means_is_covered() -> None:
    rng = np.random.default_rng(8)
    hits = 0
    for seed in range(150):
        b = rng.lognormal(0, 0.5, 60)
        a = 3.0 * b * rng.lognormal(-0.08, 0.4, 60)
        interval = bootstrap_paired(a, b, ratio_of_sums, draws=400, seed=seed).interval
        hits += interval.low <= 3.0 <= interval.high
    assert hits / 150 >= 0.9


def test_a_biased_statistic_of_few_observations_is_covered_by_the_normal_interval() -> None:
    rng = np.random.default_rng(9)
    shares = 1 / np.arange(1, 31)
    shares /= shares.sum()
    truth = float(entropy(shares))
    covered = {"normal": 0, "percentile": 0}
    for seed in range(150):
        counts = rng.multinomial(300, shares)
        for method in covered:
            interval = bootstrap_counts([counts], entropy, draws=400, seed=seed, method=method).interval  # type: ignore[arg-type]
            covered[method] += interval.low <= truth <= interval.high
    assert covered["percentile"] / 150 < 0.75 < 0.9 < covered["normal"] / 150


def test_two_tables_of_counts() -> None:
    estimate = bootstrap_counts([[50, 50, 0], [10, 50, 40]], jensen_shannon, draws=500)
    assert estimate.interval.low < estimate.value < estimate.interval.high
    assert estimate.n == 200


def test_constant_data_have_an_interval_of_one_point() -> None:
    estimate = bootstrap_items([2.0] * 10, np.mean, draws=100)
    assert (estimate.interval.low, estimate.interval.high, estimate.standard_error) == (2.0, 2.0, 0.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: bootstrap_clusters([[1.0, 2.0]], share_of_first),
        lambda: bootstrap_clusters([[0.0, 0.0], [1.0, 0.0]], share_of_first, draws=50),
        lambda: bootstrap_counts([[0, 0]], share_of_first),
        lambda: bootstrap_counts([[0.5, 1]], share_of_first),
        lambda: bootstrap_counts([], share_of_first),
        lambda: bootstrap_items([], np.mean),
        lambda: bootstrap_items([1.0, np.nan], np.mean),
        lambda: bootstrap_items([1.0, 2.0], lambda x: float("nan")),
    ],
)
def test_what_cannot_be_bootstrapped_is_refused(call: Any) -> None:
    with np.errstate(invalid="ignore"), pytest.raises(StatisticsError):
        call()


def test_percentiles_that_stand_in_for_bca_are_called_percentiles() -> None:
    assert bootstrap_items([2.0] * 10, np.mean, draws=100).interval.method == "bootstrap percentile"
    assert bootstrap_clusters([[3.0, 1.0]] * 4, share_of_first, draws=100).interval.method == "bootstrap percentile"
    assert bootstrap_counts([[50, 0]], share_of_first, draws=100).interval.method == "bootstrap percentile"
    assert bootstrap_counts([[50, 20]], share_of_first, draws=100).interval.method == "bootstrap bca"
    assert bootstrap_items([1.0, 2.0, 5.0, 9.0], np.mean, draws=100).interval.method == "bootstrap bca"
