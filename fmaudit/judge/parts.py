"""Shares of a whole in two runs: how much every part had in each source, before and after."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fmaudit.errors import StatisticsError
from fmaudit.judge.paired import coded, groups, numbers, texts
from fmaudit.records import Metric

__all__ = ["PartTable", "Parts", "pair_parts"]

Floats = NDArray[np.float64]
MOST_PARTS = 400  # the smallest beyond are put together
MOST_SOURCES = 1024  # more are put into that many buckets, which leaves the variance of their sums what it is
OTHERS = "(others)"


class PartTable:
    """Amounts by source and part, of one metric's name in one run; the last column names the part.

    Raises StatisticsError for a table that has no column for the parts.
    """

    def __init__(self, table: pa.Table) -> None:
        """Take a table as `Audit.compared` gives it, with `amount`."""
        keys = [name for name in table.column_names if name not in ("item", "amount")]
        if "item" not in table.column_names or not keys:
            raise StatisticsError(f"compared amounts need the columns item, amount and one for the parts, not {table.column_names}")
        self.key, self.groups = keys[-1], tuple(keys[:-1])
        self._table = table.filter(table["amount"].is_valid())
        self.cuts: Mapping[tuple[str, ...], NDArray[np.int64]] = groups(
            [coded(self._table[name]) for name in self.groups], self._table.num_rows
        )

    @cached_property
    def rows(self) -> tuple[NDArray[np.str_], NDArray[np.str_], Floats]:
        """The sources, parts and amounts."""
        return texts(self._table["item"]), texts(self._table[self.key]), numbers(self._table["amount"])

    def of(self, group: tuple[str, ...]) -> tuple[NDArray[np.str_], NDArray[np.str_], Floats]:
        """Return the sources, parts and amounts of one whole."""
        cut = self.cuts[group]
        sources, parts, amounts = self.rows
        return sources[cut], parts[cut], amounts[cut]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """One whole in two runs: amounts, sources x parts, over the sources that either run has.

    `independent` says that every part is a source of its own (hosts, say): then there is nothing above the parts that could be drawn
    again, and the amounts are taken as counts of independent documents.
    """

    key: str
    group: Mapping[str, str]
    names: tuple[str, ...]
    before: Floats
    after: Floats
    shared: int  # sources that both runs have
    sources: int
    independent: bool = False

    def shares(self) -> tuple[Floats, Floats]:
        """Return every part's share before and after."""
        old, new = self.before.sum(axis=0), self.after.sum(axis=0)
        return old / old.sum(), new / new.sum()

    def correlation(self) -> Mapping[str, float]:
        """Return the correlation of every part's share before with that after: what its sources say in both runs."""
        old, new = _influences(self.before), _influences(self.after)
        norms = np.sqrt((old**2).sum(axis=0) * (new**2).sum(axis=0))
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.where(norms > 0.0, (old * new).sum(axis=0) / norms, 0.0)
        return dict(zip(self.names, np.clip(found, -1.0, 1.0).tolist(), strict=True))

    def gives(self, metric: Metric, *, after: bool) -> bool:
        """Tell whether the amounts add up to a metric."""
        part = metric.slice.get(self.key)
        if part not in self.names or metric.value is None:
            return False
        return abs(float(self.shares()[int(after)][self.names.index(part)]) - metric.value) <= 1e-6


def pair_parts(before: PartTable, after: PartTable) -> list[Parts]:
    """Return every whole that both runs have."""
    if (before.key, before.groups) != (after.key, after.groups):
        return []
    return [_pair(before, after, group) for group in sorted(before.cuts.keys() & after.cuts.keys())]


def _pair(before: PartTable, after: PartTable, group: tuple[str, ...]) -> Parts:
    old, new = before.of(group), after.of(group)
    independent = bool((old[0] == old[1]).all() and (new[0] == new[1]).all())
    names = _names(old, new)
    found = np.unique(np.concatenate([old[0], new[0]]))
    sources, place = (np.array([""]), None) if independent else _buckets(found)
    matrices = [_matrix(rows, names, sources, found, place) for rows in (old, new)]
    return Parts(
        key=before.key, group=dict(zip(before.groups, group, strict=True)), names=names, before=matrices[0], after=matrices[1],
        shared=len(np.intersect1d(old[0], new[0])), sources=len(found), independent=independent,
    )  # fmt: skip


def _names(old: Any, new: Any) -> tuple[str, ...]:
    """Name the parts, largest first by their mean share; the smallest beyond `MOST_PARTS` become one."""
    parts = np.unique(np.concatenate([old[1], new[1]]))
    size = np.zeros(len(parts))
    for _, labels, amounts in (old, new):
        total = np.bincount(np.searchsorted(parts, labels), weights=amounts, minlength=len(parts))
        size += total / max(total.sum(), 1e-300)
    order = np.lexsort((parts, -size))
    kept = tuple(str(parts[i]) for i in order[:MOST_PARTS])
    return (*kept, OTHERS) if len(parts) > MOST_PARTS else kept


def _buckets(found: NDArray[np.str_]) -> tuple[NDArray[np.str_], NDArray[np.int64] | None]:
    if len(found) <= MOST_SOURCES:
        return found, None
    place = [zlib.crc32(name.encode("utf-8", "surrogatepass")) % MOST_SOURCES for name in found.tolist()]
    return np.array([str(i) for i in range(MOST_SOURCES)]), np.array(place, dtype=np.int64)


def _matrix(
    rows: Any, names: tuple[str, ...], sources: NDArray[np.str_], found: NDArray[np.str_], place: NDArray[np.int64] | None
) -> Floats:
    items, labels, amounts = rows
    column_of = {name: i for i, name in enumerate(names)}
    columns = np.array([column_of.get(label, len(names) - 1) for label in labels.tolist()], dtype=np.int64)
    if len(sources) == 1:
        lines = np.zeros(len(items), dtype=np.int64)
    else:
        lines = np.searchsorted(found, items)
        lines = place[lines] if place is not None else lines
    cells = lines * len(names) + columns
    order = np.lexsort((amounts, cells))
    flat = np.bincount(cells[order], weights=amounts[order], minlength=len(sources) * len(names))
    return flat.astype(np.float64).reshape(len(sources), len(names))


def _influences(amounts: Floats) -> Floats:
    """Return what every source adds to every part's share, beyond the share itself: sources x parts."""
    totals, whole = amounts.sum(axis=0), amounts.sum()
    influences: Floats = (amounts - amounts.sum(axis=1, keepdims=True) * (totals / whole)) / whole
    return influences
