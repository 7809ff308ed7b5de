from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fmaudit.errors import StatisticsError
from fmaudit.stats.bootstrap import bootstrap_clusters
from fmaudit.stats.divergence import entropy
from fmaudit.stats.jackknife import jackknife_clusters

Floats = NDArray[np.float64]


def first_share(totals: Floats) -> Floats:
    return np.asarray(totals[..., 0] / totals.sum(axis=-1))


def hosts(n: int, shares: Floats, own: float, rng: np.random.Generator) -> Floats:
    """Draw hosts x languages: log-normal hosts that keep a part of their documents to one language."""
    size = np.ceil(rng.lognormal(0, 1, n) * 20 / np.exp(0.5)).astype(int)
    kept = rng.binomial(size, own)
    table = rng.multinomial(size - kept, shares).astype(float)
    table[np.arange(n), rng.choice(len(shares), n, p=shares)] += kept
    return table


def test_a_mean_of_equal_clusters_agrees_with_student() -> None:
    hits = np.array([[3.0, 7.0], [5.0, 5.0], [4.0, 6.0], [8.0, 2.0]])
    estimate = jackknife_clusters(hits, first_share)
    means = hits[:, 0] / 10
    error = means.std(ddof=1) / 2
    assert (estimate.value, estimate.n, estimate.n_clusters) == (0.5, 40, 4)
    assert estimate.standard_error == pytest.approx(error)
    assert estimate.interval.high == pytest.approx(0.5 + 3.1824463 * error)


@pytest.mark.parametrize(("n", "own", "least"), [(9, 0.9, 0.8), (40, 0.9, 0.85), (300, 0.9, 0.88), (20, 0.2, 0.88)])
def test_the_entropy_of_languages_on_hosts_is_covered(n: int, own: float, least: float) -> None:
    rng = np.random.default_rng(5)
    shares = 1 / np.arange(1, 26) ** 1.2
    shares /= shares.sum()
    truth = float(entropy(shares))
    jackknife: list[bool] = []
    bca: list[bool] = []
    for _ in range(80):
        table = hosts(n, shares, own, rng)
        intervals = jackknife_clusters(table, entropy).interval, bootstrap_clusters(table, entropy, draws=200).interval
        for found, interval in zip((jackknife, bca), intervals, strict=True):
            found.append(interval.low <= truth <= interval.high)
    assert np.mean(jackknife) >= least
    assert np.mean(jackknife) > np.mean(bca)


def test_the_order_of_the_clusters_and_empty_ones_do_not_matter() -> None:
    table = np.random.default_rng(1).poisson(4, (30, 5)).astype(float)
    shuffled = np.concatenate([table[::-1], np.zeros((3, 5))])
    assert jackknife_clusters(table, entropy) == jackknife_clusters(shuffled, entropy)


def test_the_interval_stays_within_what_can_be_and_holds_the_value() -> None:
    estimate = jackknife_clusters([[9.0, 0.0], [0.0, 3.0]], entropy, bounds=(0.0, 1.0))
    assert 0.0 <= estimate.interval.low <= estimate.value <= estimate.interval.high <= 1.0


def test_one_cluster_is_refused() -> None:
    with pytest.raises(StatisticsError, match="1 clusters"):
        jackknife_clusters([[3.0, 4.0], [0.0, 0.0]], entropy)
    with pytest.raises(StatisticsError, match="undefined without"), np.errstate(all="ignore"):
        jackknife_clusters([[3.0, 4.0], [1.0, 0.0]], lambda totals: totals[..., 0] / totals[..., 1])
