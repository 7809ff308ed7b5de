"""How often a classifier takes one class for another, counted on labelled items of one source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError

__all__ = ["Confusion", "confusion_from_labels"]


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Counts, strata x true classes x predicted labels, all three in sorted order; strata are e.g. length buckets."""

    source: str
    strata: tuple[str, ...]
    classes: tuple[str, ...]
    labels: tuple[str, ...]
    counts: NDArray[np.float64]


def confusion_from_labels(
    source: str,
    true: Sequence[str],
    predicted: Sequence[str],
    *,
    strata: Sequence[str] | None = None,
    counts: ArrayLike | None = None,
) -> Confusion:
    """Count pairs of labels; `counts` says how often each pair occurred where the rows are already grouped."""
    times = np.ones(len(true)) if counts is None else np.asarray(counts, dtype=np.float64)
    layers = [""] * len(true) if strata is None else strata
    if not len(true) == len(predicted) == len(layers) == len(times) or not len(true):
        raise StatisticsError(f"confusion {source!r}: {len(true)} true and {len(predicted)} predicted labels do not line up")
    if (times < 0).any() or (times != np.floor(times)).any():
        raise StatisticsError(f"confusion {source!r}: counts are whole numbers")
    (levels, level), (classes, row), (labels, column) = _codes(layers), _codes(true), _codes(predicted)
    table = np.zeros((len(levels), len(classes), len(labels)))
    np.add.at(table, (level, row, column), times)
    return Confusion(source, levels, classes, labels, table)


def _codes(column: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    names, codes = np.unique(np.asarray(column, dtype=str), return_inverse=True)
    return tuple(names.tolist()), codes.astype(np.int64)
