"""Texts as hashed counts of their character 1- to 3-grams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BUCKETS", "chunks", "features"]

BUCKETS = 4096
ORDERS = (1, 2, 3)


def chunks(text: str, size: int, most: int) -> list[str]:
    """Cut the beginning of a text into at most `most` pieces of `size` characters; a shorter rest is left out unless it is all."""
    pieces = [text[start : start + size] for start in range(0, min(len(text), size * most), size)]
    return [piece for piece in pieces if len(piece) == size] or pieces[:1]


def features(texts: Sequence[str]) -> Any:
    """Return a sparse matrix texts x BUCKETS: square roots of the n-grams' shares, so that every row has length 1 (Hellinger)."""
    from scipy.sparse import csr_array

    rows, columns = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for row, text in enumerate(texts):
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        hashed = _grams(points)
        rows.append(np.full(len(hashed), row, np.int64))
        columns.append(hashed)
    row_of, column_of = np.concatenate(rows), np.concatenate(columns)
    counts = csr_array((np.ones(len(row_of)), (row_of, column_of)), shape=(len(texts), BUCKETS))
    counts.sum_duplicates()
    totals = np.maximum(np.bincount(row_of, minlength=len(texts)), 1)
    counts.data = np.sqrt(counts.data / np.repeat(totals, np.diff(counts.indptr)))
    return counts


def _grams(points: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    found = []
    for order in ORDERS:
        count = len(points) - order + 1
        if count <= 0:
            break
        state = np.full(count, 0x9E3779B97F4A7C15 * order & (2**64 - 1), np.uint64)
        for shift in range(order):
            state = (state ^ points[shift : shift + count]) * np.uint64(0xD6E8FEB86659FD93)
            state ^= state >> np.uint64(32)
        found.append((state >> np.uint64(20)) % np.uint64(BUCKETS))
    return np.concatenate(found).astype(np.int64) if found else np.zeros(0, np.int64)
