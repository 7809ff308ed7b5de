"""What a classifier said of a corpus: sums by label, by stratum and by cluster, and how they would vary."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError
from fmaudit.stats.bootstrap import cluster_weights
from fmaudit.stats.numerics import column_sums
from fmaudit.stats.ratios import clustered_shares

__all__ = ["Observed", "observed_from_labels"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Sums of one quantity (documents, characters, bytes), groups x strata x predicted labels.

    The groups are clusters, or buckets of clusters where there are many; without clusters there is one group, whose
    sums are then counts of independent documents.
    """

    strata: tuple[str, ...]
    labels: tuple[str, ...]
    groups: Floats
    n_clusters: int | None

    def totals(self) -> Floats:
        """Return the sums over all groups, strata x labels."""
        return column_sums(self.groups)


def observed_from_labels(
    labels: Sequence[str],
    values: ArrayLike | None = None,
    *,
    strata: Sequence[str] | None = None,
    clusters: Sequence[str] | None = None,
    groups: int = 1024,
) -> Observed:
    """Add up rows of (label, stratum, cluster, value), documents or already grouped; labels without any value are dropped.

    More clusters than `groups` are put into that many buckets by a checksum of their names, which leaves the variance
    of sums over clusters what it is and bounds the memory. Without clusters the values must be whole numbers.
    """
    amounts = np.ones(len(labels)) if values is None else np.asarray(values, dtype=np.float64)
    layers = [""] * len(labels) if strata is None else strata
    if not len(labels) == len(layers) == len(amounts) == (len(labels) if clusters is None else len(clusters)) or not len(labels):
        raise StatisticsError("the rows of an observed distribution do not line up, or there are none")
    if not np.isfinite(amounts).all() or (amounts < 0).any() or not amounts.any():
        raise StatisticsError("an observed distribution takes amounts that are not negative, and not all 0")
    keep = np.flatnonzero(amounts > 0)
    names, label = np.unique(np.asarray(labels, dtype=str)[keep], return_inverse=True)
    levels, level = np.unique(np.asarray(layers, dtype=str)[keep], return_inverse=True)
    group, found, size = _groups(None if clusters is None else np.asarray(clusters, dtype=str)[keep], len(keep), groups)
    if clusters is None and (amounts != np.floor(amounts)).any():
        raise StatisticsError("amounts that are not counts need clusters: their error cannot be known otherwise")
    table = np.zeros((size, len(levels), len(names)))
    order = np.lexsort((amounts[keep], group, level, label))
    np.add.at(table, (group[order], level[order], label[order]), amounts[keep][order])
    return Observed(tuple(levels.tolist()), tuple(names.tolist()), table, found)


def redraw(observed: Observed, draws: int, seed: int) -> Floats:
    """Return resampled totals, draws x strata x labels.

    Without clusters every count k is drawn from its Jeffreys posterior, Gamma(k + 1/2). With clusters, whole clusters are
    resampled for the dependence between labels, and each label's draws are then moved, keeping their ranks, onto a
    distribution whose tails are those of Clopper and Pearson at its clustered share's effective sample size: a plain
    cluster bootstrap is far too sure of a label that stands in few clusters.
    """
    rng = np.random.default_rng([seed, 1])
    totals = observed.totals()
    if observed.n_clusters is None:
        return rng.standard_gamma(totals + 0.5 * (totals > 0), (draws, *totals.shape))
    flat = observed.groups.reshape(len(observed.groups), -1)
    resampled = np.concatenate([w @ flat for w in cluster_weights(len(flat), draws, seed)])
    size = np.array([e.n_effective if e else 1.0 for e in clustered_shares(flat, flat.sum(axis=1, keepdims=True))])
    return _onto_beta(resampled, totals.ravel(), size, rng).reshape(draws, *totals.shape)


def _onto_beta(resampled: Floats, totals: Floats, size: Floats, rng: np.random.Generator) -> Floats:
    from scipy.special import betaincinv

    order = np.lexsort((rng.random(resampled.shape).T, resampled.T), axis=-1).T
    ranks = np.argsort(order, axis=0)
    live = np.flatnonzero(totals > 0)
    hits, misses = size[live] * totals[live] / totals.sum(), size[live] * (1.0 - totals[live] / totals.sum())
    at = (ranks[:, live] + 0.5) / len(resampled)
    low, high = betaincinv(hits, misses + 1.0, at), betaincinv(hits + 1.0, np.maximum(misses, 1e-9), at)
    result = np.zeros_like(resampled)
    result[:, live] = ((1.0 - at) * low + at * high) * totals.sum()
    return result


def _groups(clusters: NDArray[np.str_] | None, rows: int, most: int) -> tuple[NDArray[np.int64], int | None, int]:
    """Return every row's group, the number of clusters and the number of groups."""
    if clusters is None:
        return np.zeros(rows, dtype=np.int64), None, 1
    names, codes = np.unique(clusters, return_inverse=True)
    if len(names) < 2:
        raise StatisticsError("one cluster cannot be resampled", hint="name a finer cluster, or none for independent documents")
    if len(names) <= most:
        return codes.astype(np.int64), len(names), len(names)
    bucket = np.array([zlib.crc32(name.encode("utf-8", "surrogatepass")) % most for name in names.tolist()], dtype=np.int64)
    return bucket[codes], len(names), most
