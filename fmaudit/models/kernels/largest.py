"""The few largest logits of a row: a bound from the maxima of its parts, then one walk that keeps what reaches it."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import float32

from fmaudit.models.kernels.threads import shared_out
from fmaudit.text.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["largest"]

COMB = 64  # tokens that give one maximum
STRETCH = 128  # tokens that are passed over together where none counts
PLENTY = 4  # times as many candidates as are wanted: more, and the row is too even for this

_LOWEST = float32(-np.inf)


@compiled
def _maxima(logits: Any, first: Any, last: Any, maxima: Any) -> None:
    """Fill the maxima [rows, combs]: comb i holds the tokens i, i + combs, i + 2 combs, so that the combs fill vector registers."""
    combs = maxima.shape[1]
    for row in range(first, last):
        tops = maxima[row]
        for i in range(combs):
            tops[i] = _LOWEST
        for turn in range(COMB):
            part = logits[row][turn * combs : (turn + 1) * combs]
            for i in range(combs):
                tops[i] = part[i] if part[i] > tops[i] else tops[i]


@compiled
def _collect(logits: Any, first: Any, last: Any, bounds: Any, values: Any, ids: Any, counts: Any) -> None:
    """Keep in the order of ids what reaches a row's bound; a count beyond the room says that there was more."""
    width = values.shape[1]
    for row in range(first, last):
        bound, count = bounds[row], 0
        for start in range(0, logits.shape[1], STRETCH):
            part = logits[row][start : start + STRETCH]
            reached = 0
            for x in part:
                reached += x >= bound
            if reached == 0:
                continue
            for i in range(len(part)):
                if part[i] >= bound:
                    if count < width:
                        values[row, count] = part[i]
                        ids[row, count] = start + i
                    count += 1
        counts[row] = count


def largest(logits: NDArray[np.float32], count: int, threads: int = 1) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
    """Give the `count` largest of every row and their ids, largest first, equal ones by the lower id: [rows, count] twice.

    None where this is no way to find them: a small vocabulary, many equal logits, logits that are no numbers.
    """
    rows, combs = len(logits), logits.shape[1] // COMB
    if combs < 2 * count:
        return None
    maxima = np.empty((rows, combs), np.float32)
    shared_out(lambda first, last: _maxima(logits, first, last, maxima), rows, logits.shape[1], threads)
    # at least `count` combs reach the bound, each by a token of its own: so the wanted ones do
    bounds = np.partition(maxima, combs - count, axis=1)[:, combs - count]
    values = np.full((rows, PLENTY * count), -np.inf, np.float32)
    ids, counts = np.zeros(values.shape, np.int64), np.empty(rows, np.int64)
    shared_out(lambda first, last: _collect(logits, first, last, bounds, values, ids, counts), rows, logits.shape[1], threads)
    if counts.min(initial=count) < count or counts.max(initial=0) > values.shape[1]:
        return None
    order = np.argsort(-values, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(values, order, 1), np.take_along_axis(ids, order, 1)
