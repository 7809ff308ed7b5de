"""Ratios of sums over clusters: shares and rates whose observations share a source.

A corpus's documents are not independent: a host writes in one language and breaks the same rules on every page. So a
share is a ratio of two sums over clusters, and its error comes from how the clusters differ (linearisation, "ultimate
clusters"). Inputs are sums per cluster, clusters x categories, dense or scipy.sparse; all categories are done at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError
from fmaudit.records import Interval
from fmaudit.stats.estimates import Estimate
from fmaudit.stats.numerics import column_sums, exact_sum
from fmaudit.stats.proportions import clopper_pearson_bounds, wilson_bounds

__all__ = ["clustered_proportion", "clustered_ratio", "clustered_ratios", "clustered_shares"]

Floats = NDArray[np.float64]
BLOCK = 4_000_000  # cells looked at together: bounds the memory of a sparse matrix made dense


def clustered_ratio(numerators: ArrayLike, denominators: ArrayLike, *, level: float = 0.95, sampled: float | None = None) -> Estimate:
    """Estimate sum(y) / sum(x) from each cluster's y and x; one entry of `clustered_ratios`."""
    return _only(clustered_ratios(_column(numerators), _column(denominators), level=level, sampled=sampled))


def clustered_proportion(hits: ArrayLike, totals: ArrayLike, *, level: float = 0.95, sampled: float | None = None) -> Estimate:
    """Estimate a proportion from each cluster's hits and observations; one entry of `clustered_shares`."""
    return _only(clustered_shares(_column(hits), _column(totals), level=level, sampled=sampled))


def clustered_ratios(
    numerators: Any, denominators: Any, *, level: float = 0.95, sampled: float | None = None
) -> tuple[Estimate | None, ...]:
    """Estimate sum(y) / sum(x) of every category, of any size and sign, with a t interval.

    `numerators` is clusters x categories; `denominators` the same, or clusters x 1 where all categories share it. The
    degrees of freedom are twice the number of clusters that effectively make up the variance, (sum e^2)^2 / sum e^4, at
    most clusters - 1. A category whose denominators add up to 0 gives None. Fewer than two clusters is a
    StatisticsError, also of a category whose denominators are all in one cluster.
    `sampled` is the share of all clusters that was drawn, for a statement about those clusters only (see `proportion`).
    """
    results: list[Estimate | None] = []
    for y, x in _blocks(numerators, denominators):
        moments = _moments(y, x, _kept(sampled))
        half = _t_quantile(moments.df, level) * np.sqrt(moments.variance)
        for i, value in enumerate(moments.value):
            if moments.total[i] != 0 and moments.clusters[i] < 2:
                raise StatisticsError("the error of a ratio cannot be estimated from one cluster", hint="name a finer cluster")
            interval = Interval(float(value - half[i]), float(value + half[i]), level, "clustered t")
            results.append(None if moments.total[i] == 0 else moments.estimate(i, interval, round(moments.total[i])))
    return tuple(results)


def clustered_shares(
    numerators: Any, denominators: Any, *, observations: ArrayLike | None = None, level: float = 0.95, sampled: float | None = None
) -> tuple[Estimate | None, ...]:
    """Estimate the share sum(y) / sum(x) of every category, 0 <= y <= x in every cluster, with an interval that stays in 0..1.

    Shapes and None as in `clustered_ratios`. `observations` counts the documents behind every category where x is in
    characters or bytes; without it they are sum(x). The interval is Wilson's with an effective number of observations,
    Clopper-Pearson's where the share is 0 or 1, and between the two with less than one effective hit or miss.

    The effective number is the geometric mean of two estimates: from the linearised variance and its effective degrees of
    freedom, which knows nothing of big clusters not drawn, and from all cluster sizes times how much the shares differ
    between clusters (Kish 1965; Korn and Graubard 1998; Carter, Schnepel and Steigerwald 2017). How clustered a category
    is shows only in pairs of its hits (or misses, where they are fewer), and with none or one there is no pair. So its
    design effect is averaged, weighted with its pairs, with what the categories beside it say (an expectation of 1), and
    these with one that is wholly clustered: alone on the edge, an effective number of clusters is left.

    Coverage of nominal 95 % in simulation (2 to 1,000 clusters, log-normal sizes with sigma 0.3 to 2.2, shares 0.3 to 0.0005, documents
    nearly independent up to hosts of one language), each category alone: mean .977, least .915; without a hit 1.000, with one
    or two hits .997. The t interval of `clustered_ratios`: mean .67, least .01, 63 % of settings below .90. Together, 25
    languages on hosts that keep any part of their text to one: .86 to 1.00 (benchmarks/coverage_of_intervals.py).
    """
    kept = _kept(sampled)
    moments = _joined([_moments(*_within(y, x), kept) for y, x in _blocks(numerators, denominators)])
    count = moments.total if observations is None else np.broadcast_to(np.asarray(observations, np.float64).ravel(), moments.total.shape)
    size = _effective_size(moments, count / max(kept, 1e-12), level)
    return tuple(_shares(moments, size, count, level, census=kept == 0.0))


def _within(y: Floats, x: Floats) -> tuple[Floats, Floats]:
    if (y < 0).any() or (y > x).any():
        raise StatisticsError("a share's numerator lies between 0 and its denominator in every cluster", hint="use clustered_ratios")
    return y, x


@dataclass(frozen=True, slots=True)
class _Moments:
    """What the sums over clusters say of every category of a block."""

    value: Floats
    total: Floats  # sum of the denominators
    variance: Floats  # linearised, NaN with one cluster
    df: Floats
    clusters: Floats  # with a denominator
    kish: Floats  # effective number of clusters by size
    between: Floats  # variance of the clusters' own ratios, weighted by size

    def estimate(self, i: int, interval: Interval, n: int, size: float | None = None) -> Estimate:
        error = float(np.sqrt(self.variance[i])) if np.isfinite(self.variance[i]) else None
        return Estimate(
            value=float(self.value[i]), interval=interval, n=n, standard_error=error,
            n_clusters=int(self.clusters[i]), n_effective=size,
        )  # fmt: skip


def _moments(y: Floats, x: Floats, kept: float) -> _Moments:
    total, clusters = column_sums(x), np.count_nonzero(x, axis=0).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = column_sums(y) / total
        residual = np.where(total == 0, 0.0, y - np.where(total == 0, 0.0, value) * x)
        square = residual * residual
        second, fourth = column_sums(square), column_sums(square * square)
        excess = np.where(clusters > 1, clusters / (clusters - 1.0), np.nan)
        variance = kept * excess * second / total**2
        df = np.where(fourth > 0, np.minimum(2.0 * second**2 / fourth, clusters - 1.0), clusters - 1.0)
        between = excess * column_sums(np.divide(square, x, out=np.zeros_like(square), where=x > 0)) / total
        kish = total**2 / column_sums(x * x) / max(kept, 1e-12)
    return _Moments(value, *np.broadcast_arrays(total, variance, df, clusters, kish, between))


def _joined(blocks: list[_Moments]) -> _Moments:
    if not blocks:
        return _Moments(*[np.zeros(0)] * len(fields(_Moments)))
    return _Moments(*(np.concatenate([getattr(block, field.name) for block in blocks]) for field in fields(_Moments)))


def _effective_size(moments: _Moments, most: Floats, level: float) -> Floats:
    """Return the number of independent observations each share is worth; `most` is how many there are."""
    whole = np.minimum(moments.kish, most)  # where clusters are all alike within
    seen = (moments.clusters > 1) & (moments.value > 0.0) & (moments.value < 1.0)
    own = np.where(seen, _own_size(moments, most, level), whole)
    rarer = np.minimum(moments.value, 1.0 - moments.value) * most
    pairs = np.where(seen, np.maximum(rarer * (rarer - 1.0) / 2.0, 0.0), 0.0)
    weight = pairs / (pairs + 1.0)
    several = seen & (most > whole)  # where no two documents share a cluster there is nothing to learn
    effect, largest = (np.where(several, most / size, 2.0) for size in (own, whole))
    part = np.clip(np.log(effect) / np.log(largest), 0.0, 1.0)
    expected = (1.0 + exact_sum((weight * part)[several])) / (1.0 + exact_sum(weight[several]))
    beside = whole**expected * most ** (1.0 - expected)
    return np.asarray(np.where(moments.clusters > 1, own**weight * beside ** (1.0 - weight), whole))


def _own_size(moments: _Moments, most: Floats, level: float) -> Floats:
    """Return the effective number of observations from each category's own hits, where it has both hits and misses."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + level / 2.0))
    spread = moments.value * (1.0 - moments.value)
    with np.errstate(divide="ignore", invalid="ignore"):
        linear = spread / moments.variance
        plain = np.minimum(linear * (z / _t_quantile(moments.clusters - 1.0, level)) ** 2, most)
        careful = np.minimum(linear * (z / _t_quantile(moments.df, level)) ** 2, most)
        modelled = np.minimum(moments.kish * spread / moments.between, plain)
        return np.asarray(np.minimum(plain, np.sqrt(careful * modelled)))


def _shares(moments: _Moments, size: Floats, count: Floats, level: float, *, census: bool) -> Iterator[Estimate | None]:
    value = np.nan_to_num(moments.value)
    safe = np.nan_to_num(size, nan=1.0)
    hits = value * safe
    edge = (value <= 0.0) | (value >= 1.0)
    near = np.clip(1.0 - np.minimum(hits, safe - hits), 0.0, 1.0)  # 1 on the edge, 0 from one effective hit and miss on
    wilson, exact = wilson_bounds(hits, safe, level), clopper_pearson_bounds(hits, safe, level)
    low, high = ((1.0 - near) * rough + near * careful for rough, careful in zip(wilson, exact, strict=True))
    for i in range(len(value)):
        interval = Interval(float(low[i]), float(high[i]), level, "clustered clopper-pearson" if edge[i] else "clustered wilson")
        interval = Interval(float(value[i]), float(value[i]), level, "census") if census else interval
        yield None if moments.total[i] == 0 else moments.estimate(i, interval, round(count[i]), float(size[i]))


def _t_quantile(df: Floats, level: float) -> Floats:
    from scipy.special import stdtrit

    return np.asarray(stdtrit(np.maximum(df, 1.0), 0.5 + level / 2.0))


def _blocks(numerators: Any, denominators: Any) -> Iterator[tuple[Floats, Floats]]:
    """Yield dense blocks of columns of both matrices, checked."""
    y, x = _matrix(numerators), _matrix(denominators)
    if y.ndim != 2 or x.ndim != 2 or x.shape not in (y.shape, (y.shape[0], 1)):
        raise StatisticsError(f"numerators {y.shape} and denominators {x.shape} are not clusters x categories of the same clusters")
    if y.shape[0] < 2:
        raise StatisticsError(f"the error of a ratio cannot be estimated from {y.shape[0]} clusters", hint="name a finer cluster")
    step = max(1, BLOCK // y.shape[0])
    for start in range(0, y.shape[1], step):
        top = _dense(y[:, start : start + step])
        yield top, _dense(x if x.shape[1] == 1 else x[:, start : start + step])


def _matrix(values: Any) -> Any:
    return values.tocsc() if hasattr(values, "tocsc") else np.asarray(values, dtype=np.float64)


def _dense(block: Any) -> Floats:
    dense: Floats = np.asarray(block.toarray() if hasattr(block, "toarray") else block, dtype=np.float64)
    return dense


def _kept(sampled: float | None) -> float:
    if sampled is not None and not 0.0 <= sampled <= 1.0:
        raise StatisticsError(f"the share of the clusters that was sampled must lie in 0..1, not {sampled}")
    return 1.0 if sampled is None else 1.0 - sampled


def _column(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


def _only(results: tuple[Estimate | None, ...]) -> Estimate:
    if results[0] is None:
        raise StatisticsError("a ratio to nothing is undefined: the denominators add up to 0")
    return results[0]
