"""Seeded bootstrap intervals over items, clusters and counts.

All of them sort their input first, so the order in which data arrived never shows, and the same seed gives the same
bits. `method` is "bca" (bias-corrected and accelerated, Efron 1987: second-order accurate, the default), "percentile",
which also stands, under that name, where bca has no answer (all resamples on one side of the value, constant data);
or "normal": the estimate less its bootstrap bias, plus and minus normal quantiles of the bootstrap error, for statistics
whose bias is as large as their error. The entropy of 300 observations of 30 categories was covered by 60 % of percentile
intervals, 87 % of bca and 95 % of normal ones. A statistic that is undefined on a resample is a StatisticsError.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError
from fmaudit.records import Interval
from fmaudit.stats.estimates import Estimate
from fmaudit.stats.numerics import column_sums

__all__ = ["bootstrap_clusters", "bootstrap_counts", "bootstrap_items", "bootstrap_paired"]

Floats = NDArray[np.float64]
Method = Literal["bca", "percentile", "normal"]
BATCH = 4_000_000  # resampled numbers held together


def bootstrap_items(
    columns: ArrayLike | tuple[ArrayLike, ...],
    statistic: Callable[..., Any],
    *,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    method: Method = "bca",
) -> Estimate:
    """Bootstrap a statistic of independent items over scipy.stats.bootstrap.

    `columns` is one array, or a tuple of equally long arrays whose rows belong together (they are resampled together).
    `statistic(*columns)` gets 1-D arrays and returns a number; if it also takes `axis`, it is called once for many
    resamples, which is much faster.
    """
    from scipy import stats

    table = _sorted_rows(
        np.column_stack([np.asarray(c, dtype=np.float64) for c in (columns if isinstance(columns, tuple) else (columns,))])
    )
    data = tuple(table.T)
    value = _number(statistic(*data))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        result = stats.bootstrap(
            data, statistic, paired=True, n_resamples=draws, rng=np.random.default_rng(seed), confidence_level=level,
            method="BCa" if method == "bca" else "percentile", batch=max(1, BATCH // len(table)),
        )  # fmt: skip
    replicates = np.asarray(result.bootstrap_distribution, dtype=np.float64)
    bounds = (float(result.confidence_interval.low), float(result.confidence_interval.high))
    if method == "normal" or not np.isfinite(bounds).all():
        method = "percentile" if method == "bca" else method
        bounds = _simple(value, _defined(replicates), level, method)
    return _estimate(value, replicates, bounds, len(table), level, method)


def bootstrap_paired(
    first: ArrayLike,
    second: ArrayLike,
    statistic: Callable[..., Any] | None = None,
    *,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    method: Method = "bca",
) -> Estimate:
    """Bootstrap a comparison of two systems on the same items: by default mean(first) - mean(second)."""
    pair = (first, second)
    return bootstrap_items(pair, statistic or _mean_difference, draws=draws, seed=seed, level=level, method=method)


def bootstrap_clusters(
    sums: ArrayLike,
    statistic: Callable[[Floats], Any],
    *,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    method: Method = "bca",
) -> Estimate:
    """Bootstrap a statistic of totals by resampling whole clusters.

    `sums` is clusters x quantities; `statistic` takes totals (..., quantities) and returns (...), so it works on the
    last axis. Fewer than two clusters is a StatisticsError.
    """
    table = _sorted_rows(np.atleast_2d(np.asarray(sums, dtype=np.float64)))
    if len(table) < 2:
        raise StatisticsError(f"{len(table)} clusters cannot be resampled", hint="name a finer cluster")
    total = column_sums(table)
    value = _number(statistic(total))
    replicates = np.concatenate([np.asarray(statistic(w @ table), dtype=np.float64) for w in cluster_weights(len(table), draws, seed)])
    if method == "bca":
        influence = _influence(np.asarray(statistic(total - table), dtype=np.float64), np.ones(len(table)))
        bounds, method = _bca(value, _defined(replicates), influence, level)
    else:
        bounds = _simple(value, _defined(replicates), level, method)
    return _estimate(value, replicates, bounds, len(table), level, method, clusters=len(table))


def bootstrap_counts(
    counts: Sequence[ArrayLike],
    statistic: Callable[..., Any],
    *,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    method: Method = "bca",
    scheme: Literal["multinomial", "poisson"] = "multinomial",
) -> Estimate:
    """Bootstrap a statistic of tables of counts of independent observations.

    `counts` is a sequence of tables, each a 1-D array of whole numbers; `statistic(*tables)` works on the last axis.
    "multinomial" keeps every table's total, "poisson" lets it vary as counts of events do.
    """
    tables = [np.asarray(c, dtype=np.float64) for c in counts]
    if not tables or any(t.ndim != 1 or t.sum() <= 0 or (t < 0).any() or (t != np.floor(t)).any() for t in tables):
        raise StatisticsError("a bootstrap of counts needs tables of whole numbers that are not all 0")
    rng = np.random.default_rng(seed)
    value = _number(statistic(*tables))
    redrawn = [
        rng.poisson(t, (draws, len(t))) if scheme == "poisson" else rng.multinomial(int(t.sum()), t / t.sum(), draws) for t in tables
    ]
    replicates = _defined(np.asarray(statistic(*[r.astype(np.float64) for r in redrawn]), dtype=np.float64))
    if method == "bca":
        bounds, method = _bca(value, replicates, _count_influence(tables, statistic), level)
    else:
        bounds = _simple(value, replicates, level, method)
    return _estimate(value, replicates, bounds, int(sum(t.sum() for t in tables)), level, method)


def cluster_weights(n: int, draws: int, seed: int) -> Iterator[Floats]:
    """Yield, in batches, how often each of n clusters is drawn in each resample: draws x n in all."""
    rng = np.random.default_rng(seed)
    step = max(1, BATCH // n)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        picks = rng.integers(0, n, (size, n)) + n * np.arange(size)[:, None]
        yield np.bincount(picks.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)


def _bca(value: float, replicates: Floats, influence: tuple[float, float], level: float) -> tuple[tuple[float, float], Method]:
    """Return the BCa ends, or percentiles where these do not exist, and which they are.

    `influence` holds the sums of squares and of cubes of all observations' jackknife influences.
    """
    from scipy.special import ndtr, ndtri

    below = float(np.mean(replicates < value) + np.mean(replicates == value) / 2.0)
    squares, cubes = influence
    if not 0.0 < below < 1.0 or not squares > 0.0:
        return _simple(value, replicates, level, "percentile"), "percentile"
    bias, acceleration = float(ndtri(below)), cubes / (6.0 * squares**1.5)
    ends = bias + ndtri(np.array([(1.0 - level) / 2.0, (1.0 + level) / 2.0]))
    low, high = np.quantile(replicates, ndtr(bias + ends / (1.0 - acceleration * ends)))
    return (float(low), float(high)), "bca"


def _influence(jackknife: Floats, times: Floats) -> tuple[float, float]:
    """Return the sums of squares and of cubes of centred jackknife values, each counted as many times as it occurs."""
    centred = float(np.average(jackknife, weights=times)) - jackknife
    return float(column_sums(times * centred**2)), float(column_sums(times * centred**3))


def _count_influence(tables: list[Floats], statistic: Callable[..., Any]) -> tuple[float, float]:
    """Return `_influence` over all observations of all tables, from one evaluation for every non-empty cell."""
    squares, cubes = 0.0, 0.0
    for i, table in enumerate(tables):
        cells = np.flatnonzero(table)
        without = np.repeat(table[None, :], len(cells), axis=0)
        without[np.arange(len(cells)), cells] -= 1.0
        others = [without if j == i else np.broadcast_to(t, (len(cells), len(t))) for j, t in enumerate(tables)]
        square, cube = _influence(np.nan_to_num(np.asarray(statistic(*others), dtype=np.float64)), table[cells])
        squares, cubes = squares + square, cubes + cube
    return squares, cubes


def _simple(value: float, replicates: Floats, level: float, method: str) -> tuple[float, float]:
    """Return the normal ends around the bias-corrected value, or else the percentiles."""
    if method == "normal":
        from scipy.special import ndtri

        middle, half = 2.0 * value - float(replicates.mean()), float(ndtri(0.5 + level / 2.0)) * float(replicates.std(ddof=1))
        return middle - half, middle + half
    low, high = np.quantile(replicates, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)


def _estimate(
    value: float, replicates: Floats, bounds: tuple[float, float], n: int, level: float, method: str, clusters: int | None = None
) -> Estimate:
    error = float(np.std(_defined(replicates), ddof=1))
    interval = Interval(min(bounds[0], value), max(bounds[1], value), level, f"bootstrap {method}")
    return Estimate(value=value, interval=interval, n=n, standard_error=error, n_clusters=clusters)


def _defined(replicates: Floats) -> Floats:
    if not np.isfinite(replicates).all():
        bad = int((~np.isfinite(replicates)).sum())
        raise StatisticsError(f"the statistic is undefined on {bad} of {replicates.size} resamples", hint="too few observations for it")
    return replicates


def _sorted_rows(table: Floats) -> Floats:
    if table.ndim != 2 or not len(table) or not np.isfinite(table).all():
        raise StatisticsError("a bootstrap needs finite numbers, one row per item", hint="leave out undefined items and count them")
    rows = np.ascontiguousarray(table + 0.0)
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    return rows[np.argsort(keys, kind="stable")]


def _number(value: Any) -> float:
    number = float(value)
    if not np.isfinite(number):
        raise StatisticsError("the statistic is undefined on the data themselves")
    return number


def _mean_difference(first: Floats, second: Floats, axis: int = -1) -> Any:
    return np.mean(first - second, axis=axis)
