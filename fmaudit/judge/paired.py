"""The items behind a metric in two runs: what both looked at is compared item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fmaudit.errors import StatisticsError
from fmaudit.judge.change import Change
from fmaudit.records import Interval, Metric, MetricStatus
from fmaudit.stats.paired import mcnemar
from fmaudit.stats.power import mde_from_error, mde_mcnemar
from fmaudit.stats.proportions import proportion
from fmaudit.stats.ratios import clustered_proportion, clustered_ratio

__all__ = ["ItemTable", "Items", "paired_change"]

Floats = NDArray[np.float64]
Names = NDArray[np.str_]
Ids = NDArray[np.int64]
Slice = Mapping[str, str]
COLUMNS = ("item", "value", "weight", "cluster")
LEVEL = 0.95
_ODD = np.int64(-7046029254386353131)  # 2^64 over the golden ratio: digests times it are spread over all 64 bits
CLOSE = 1e-6  # the rows of a metric give its value, but for rounding


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """The rows behind one metric of one slice: item, value, weight and cluster, one entry per row.

    Items and clusters are named by a digest of 64 bits of what they are called: two of a million share one once in 40 million runs.
    """

    names: Ids
    values: Floats
    weights: Floats
    clusters: Ids

    @property
    def ratio(self) -> float:
        """The metric as the rows give it: sum of values over sum of weights, NaN where that is 0/0."""
        total = float(np.sort(self.weights).sum())
        return float(np.sort(self.values).sum()) / total if total else float("nan")

    @property
    def binary(self) -> bool:
        """Whether every row is a right or a wrong of an item of its own."""
        return bool(
            np.isin(self.values, (0.0, 1.0)).all() and (self.weights == 1.0).all() and len(np.unique(self.clusters)) == len(self.names)
        )

    @property
    def proportion(self) -> bool:
        """Whether the metric is a share of rows, alone or in groups."""
        return bool(np.isin(self.values, (0.0, 1.0)).all() and (self.weights == 1.0).all())

    @property
    def share(self) -> bool:
        """Whether every row is a part of its weight."""
        return bool(((self.values >= 0.0) & (self.values <= self.weights)).all())

    def gives(self, metric: Metric) -> bool:
        """Tell whether the rows add up to the metric: else they are not what it was made of."""
        value = metric.value
        return value is not None and abs(self.ratio - value) <= CLOSE * max(1.0, abs(value))


class ItemTable:
    """The rows of one metric's name in one run, to be cut by slice. Raises StatisticsError for a table without item and value."""

    def __init__(self, table: pa.Table) -> None:
        """Take a table as `Audit.compared` gives it."""
        missing = {"item", "value"} - set(table.column_names)
        if missing:
            raise StatisticsError(f"compared rows have no column {', '.join(sorted(missing))}; they have {', '.join(table.column_names)}")
        self.keys = tuple(name for name in table.column_names if name not in COLUMNS)
        self._table = table.filter(table["value"].is_valid())
        self._cuts: dict[tuple[str, ...], dict[tuple[str, ...], NDArray[np.int64]]] = {}

    @cached_property
    def _all(self) -> Items:
        names = _digests(self._table["item"])
        there = self._table.column_names
        alone = "cluster" not in there or self._table["cluster"].equals(self._table["item"])
        return Items(
            names=names,
            values=numbers(self._table["value"]),
            weights=numbers(self._table["weight"]) if "weight" in there else np.ones(len(names)),
            clusters=names if alone else _digests(self._table["cluster"]),
        )

    @cached_property
    def _columns(self) -> Mapping[str, tuple[Names, Ids]]:
        return {key: coded(self._table[key]) for key in self.keys}

    @cached_property
    def _keys(self) -> Mapping[str, Ids]:
        return {key: _digests(self._table[key]) for key in self.keys}

    def slices(self) -> list[dict[str, str]]:
        """List the slices there are rows of, all keys given."""
        return [dict(zip(self.keys, cut, strict=True)) for cut in sorted(self._cut(self.keys))]

    def items(self, slice_: Slice) -> Items | None:
        """Return the rows of a slice, None where the table does not know one of its keys or has no such row."""
        if not set(slice_) <= set(self.keys):
            return None
        keys = tuple(key for key in self.keys if key in slice_)
        rows = self._cut(keys).get(tuple(slice_[key] for key in keys))
        if rows is None or not len(rows):
            return None
        every = self._all
        free = [key for key in self.keys if key not in slice_]
        names = every.names[rows]
        for key in free:  # over several languages, an item is one in each
            names = names * _ODD + self._keys[key][rows]  # wraps around
        return Items(names, every.values[rows], every.weights[rows], every.clusters[rows])

    def _cut(self, keys: tuple[str, ...]) -> dict[tuple[str, ...], NDArray[np.int64]]:
        """Group the rows by some of the slice's keys; done once for every choice of keys."""
        if keys not in self._cuts:
            self._cuts[keys] = groups([self._columns[key] for key in keys], self._table.num_rows)
        return self._cuts[keys]


def groups(columns: Sequence[tuple[Names, Ids]], n: int) -> dict[tuple[str, ...], Ids]:
    """Return the places of every combination of values of columns as `coded` gives them, in order."""
    if not columns or not n:
        return {(): np.arange(n)} if n else {}
    order = np.lexsort([codes for _, codes in reversed(columns)])
    same = np.ones(n - 1, dtype=bool)
    for _, codes in columns:
        same &= codes[order][1:] == codes[order][:-1]
    parts = np.split(order, np.flatnonzero(~same) + 1)
    return {tuple(str(names[codes[part[0]]]) for names, codes in columns): np.sort(part) for part in parts}


def metric_of(name: str, unit: str, slice_: Slice, items: Items) -> Metric:
    """Make a metric of rows that no audit published: Wilson, or clustered where rows belong together."""
    n, clusters = len(items.names), len(np.unique(items.clusters))
    made: dict[str, Any] = {
        "name": name,
        "unit": unit,
        "n": n,
        "n_clusters": clusters,
        "slice": dict(slice_),
        "method": "made for the comparison",
    }
    if clusters < 2:
        return Metric(value=None, status=MetricStatus.INSUFFICIENT, note=f"{clusters} item", **made)
    if items.binary:
        interval = proportion(int(items.values.sum()), n)
    else:
        codes = np.unique(items.clusters, return_inverse=True)[1]
        sums = [np.bincount(codes, weights=part) for part in (items.values, items.weights)]
        interval = (clustered_proportion if items.proportion else clustered_ratio)(*sums).interval
    return Metric(value=items.ratio, interval=interval, **made)


def paired_change(before: Items, after: Items) -> Change | None:
    """Return the change of a metric over the items of both runs; None where they share no item, or where it has no error.

    The same items, each right or wrong and on its own: McNemar's exact test, with the interval of Bonett and Price. Otherwise the
    difference of two ratios of sums, linearised by cluster over the union of both runs' items: what a cluster says in both counts with
    its covariance, what only one run has with its own variance. t interval with the degrees of freedom of `clustered_ratios`.
    """
    common = np.intersect1d(before.names, after.names)
    if not len(common):
        return None
    same = len(common) == len(before.names) == len(after.names)
    if same and before.binary and after.binary:
        return _exact(before, after)
    return _linearised(before, after, len(common), same)


def _exact(before: Items, after: Items) -> Change:
    old, new = (run.values[np.argsort(run.names)].astype(bool) for run in (before, after))
    test = mcnemar(int((new & ~old).sum()), int((old & ~new).sum()), len(old), level=LEVEL)
    return Change(
        value=test.difference,
        interval=test.interval,
        p_value=test.p_value,
        shared=test.n,
        detectable=mde_mcnemar(test.n, test.discordant),
        method=f"{test.method}, {test.n:,} items in both runs, {test.discordant:,} differ",
    )


def _linearised(before: Items, after: Items, shared: int, same: bool) -> Change | None:
    from scipy.special import stdtr, stdtrit

    clusters = np.unique(np.concatenate([before.clusters, after.clusters]))
    old, new = (_influences(run, clusters) for run in (before, after))
    both, g = new - old, len(clusters)
    square = np.sort(both**2)
    variance = float(square.sum()) * g / max(g - 1, 1)
    value = after.ratio - before.ratio
    if g < 2:
        return None
    if not variance > 0.0:
        return _unmoved(before, after, g, shared)
    error = variance**0.5
    df = min(g - 1.0, 2.0 * float(square.sum()) ** 2 / float((square**2).sum()))
    half = float(stdtrit(df, 0.5 + LEVEL / 2.0)) * error
    what = f"{shared:,} items in both runs" if same else f"{shared:,} items in both runs of {len(before.names):,} and {len(after.names):,}"
    return Change(
        value=value, interval=Interval(value - half, value + half, LEVEL, "paired t"), p_value=float(2.0 * stdtr(df, -abs(value) / error)),
        shared=shared, detectable=mde_from_error(error), method=f"paired by item, {what}, {g:,} clusters",
    )  # fmt: skip


def _unmoved(before: Items, after: Items, clusters: int, shared: int) -> Change | None:
    """No item says that anything changed: exactly so of amounts that are the same of every item, and of what is right and wrong, or
    a share of something, as far as that many independent items can tell. None where the two are all and nothing: no item says how sure.
    """
    if before.ratio != after.ratio:
        return None
    same = not before.proportion and _ordered(before) == _ordered(after)
    share = before.share and after.share and not same
    interval = mcnemar(0, 0, clusters, level=LEVEL).interval if share else Interval(0.0, 0.0, LEVEL, "none differs")
    method = f"paired by item, {shared:,} items in both runs, none differs"
    least = mde_mcnemar(clusters, 0) if share else 0.0
    return Change(value=0.0, interval=interval, p_value=1.0, shared=shared, method=method, detectable=least)


def _ordered(run: Items) -> tuple[bytes, ...]:
    """Return the rows in an order of their own, to see whether two runs have the same."""
    order = np.lexsort((run.weights, run.values, run.names))
    return tuple(part[order].tobytes() for part in (run.names, run.values, run.weights))


def _influences(run: Items, clusters: Ids) -> Floats:
    """Return what every cluster adds to the run's ratio, beyond the ratio itself."""
    place = np.searchsorted(clusters, run.clusters)
    total = float(np.sort(run.weights).sum())
    terms = (run.values - run.ratio * run.weights) / total
    order = np.lexsort((terms, place))
    added: Floats = np.bincount(place[order], weights=terms[order], minlength=len(clusters)).astype(np.float64)
    return added


def coded(column: Any) -> tuple[Names, Ids]:
    """Turn a column of any type into its different texts, sorted, and the number of each row's; null is empty."""
    encoded = pa.chunked_array(column.cast(pa.string()).fill_null("")).combine_chunks().dictionary_encode()
    names = np.asarray(encoded.dictionary.to_pylist(), dtype=str)
    order = np.argsort(names)
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    return names[order], rank[np.asarray(encoded.indices)]


def texts(column: Any) -> Names:
    """Turn a column of any type into text; null is empty."""
    names, codes = coded(column)
    found: Names = names[codes]
    return found


def _digests(column: Any) -> Ids:
    """Name the rows of a column by 64 bits of their text, the same in every run."""
    names, codes = coded(column)
    texts_ = (name.encode("utf-8", "surrogatepass") for name in names.tolist())
    digests = np.array([int.from_bytes(blake2b(text, digest_size=8).digest(), "little", signed=True) for text in texts_], dtype=np.int64)
    found: Ids = digests[codes] if len(digests) else np.zeros(0, dtype=np.int64)
    return found


def numbers(column: Any) -> Floats:
    """Turn a column of numbers or of true and false into floats."""
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
