"""Sums by cluster: what the clustered estimators and bootstraps take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError

if TYPE_CHECKING:
    from scipy.sparse import csc_array

__all__ = ["ClusterTable", "group_sums", "tabulate"]


@dataclass(frozen=True, slots=True)
class ClusterTable:
    """Sums of one quantity, clusters x categories, sparse; both names are in sorted order."""

    sums: csc_array[Any]
    clusters: tuple[str, ...]
    categories: tuple[str, ...]


def group_sums(values: ArrayLike, clusters: Sequence[Any] | NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return every cluster's sum and size, in the sorted order of the clusters; the order of the items never shows."""
    items, codes = np.asarray(values, dtype=np.float64), np.unique(np.asarray(clusters), return_inverse=True)[1]
    if items.ndim != 1 or len(items) != len(codes) or not len(items):
        raise StatisticsError(f"{items.shape} values cannot be grouped by {len(codes)} cluster names")
    order = np.lexsort((items, codes))
    sizes = np.bincount(codes)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    return np.add.reduceat(items[order], starts), sizes.astype(np.int64)


def tabulate(clusters: Sequence[str], categories: Sequence[str], values: ArrayLike) -> ClusterTable:
    """Turn rows of (cluster, category, value), as SQL groups them, into a matrix; repeated cells are added up."""
    from scipy.sparse import coo_array

    amounts = np.asarray(values, dtype=np.float64)
    rows, row = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    columns, column = np.unique(np.asarray(categories, dtype=str), return_inverse=True)
    if not len(amounts) == len(row) == len(column):
        raise StatisticsError(f"{len(row)} clusters, {len(column)} categories and {len(amounts)} values do not line up")
    order = np.lexsort((amounts, row, column))
    cells = coo_array((amounts[order], (row[order], column[order])), shape=(len(rows), len(columns)))
    return ClusterTable(cells.tocsc(), tuple(rows.tolist()), tuple(columns.tolist()))
