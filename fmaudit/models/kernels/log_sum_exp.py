"""What rows of logits say of a token, in two walks over a row that stays in the cache: its maximum, then the sum of exponentials."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import float32, float64

from fmaudit.models.kernels.floats import exponential, widened
from fmaudit.models.kernels.threads import shared_out
from fmaudit.text.compiling import compiled, inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Logits = NDArray[np.float32] | NDArray[np.uint16]

__all__ = ["log_sums", "row_figures"]

LANES = 128  # running sums side by side: they fill vector registers, and no machine's width changes the order of additions
TURNS = 16  # additions in float32 before a lane goes on in float64

_LOWEST = float32(-np.inf)
_ZERO = float32(0.0)


@inlined
def _highest(row: Any, lanes: Any) -> Any:
    """Give the largest number of a row; what is not a number is passed over."""
    whole = len(row) // LANES
    for j in range(LANES):
        lanes[j] = _LOWEST
    for turn in range(whole):
        part = row[turn * LANES : (turn + 1) * LANES]
        for j in range(LANES):
            x = widened(part[j])
            lanes[j] = x if x > lanes[j] else lanes[j]
    highest = _LOWEST
    for j in range(LANES):
        highest = lanes[j] if lanes[j] > highest else highest
    for x16 in row[whole * LANES :]:
        x = widened(x16)
        highest = x if x > highest else highest
    return highest


@inlined
def _sum(row: Any, highest: Any, rate: Any, lanes: Any, wide: Any) -> Any:
    """Give the sum of e^(rate (x - highest)) over a row."""
    whole = len(row) // LANES
    for j in range(LANES):
        wide[j] = 0.0
    for block in range(0, whole, TURNS):
        for j in range(LANES):
            lanes[j] = _ZERO
        for turn in range(block, min(whole, block + TURNS)):
            part = row[turn * LANES : (turn + 1) * LANES]
            for j in range(LANES):
                lanes[j] += exponential((widened(part[j]) - highest) * rate)
        for j in range(LANES):
            wide[j] += float64(lanes[j])
    total = 0.0
    for j in range(LANES):
        total += wide[j]
    for x in row[whole * LANES :]:
        total += float64(exponential((widened(x) - highest) * rate))
    return total


@inlined
def _weighted(row: Any, highest: Any, lanes: Any, wide: Any) -> Any:
    """Give the sum of e^s s over a row, where s = x - highest; a token that cannot come adds 0."""
    whole = len(row) // LANES
    for j in range(LANES):
        wide[j] = 0.0
    for block in range(0, whole, TURNS):
        for j in range(LANES):
            lanes[j] = _ZERO
        for turn in range(block, min(whole, block + TURNS)):
            part = row[turn * LANES : (turn + 1) * LANES]
            for j in range(LANES):
                s = widened(part[j]) - highest
                lanes[j] += _ZERO if s == _LOWEST else exponential(s) * s
        for j in range(LANES):
            wide[j] += float64(lanes[j])
    total = 0.0
    for j in range(LANES):
        total += wide[j]
    for x in row[whole * LANES :]:
        s = widened(x) - highest
        total += float64(_ZERO if s == _LOWEST else exponential(s) * s)
    return total


@inlined
def _is_first(row: Any, number: Any, place: Any) -> Any:
    """Say whether no earlier token of a row has this number."""
    for i in range(place):
        if widened(row[i]) == number:
            return False
    return True


@inlined
def _above(row: Any, number: Any) -> Any:
    count = 0
    for x in row:
        count += widened(x) > number
    return count


@compiled
def _row_figures(
    logits: Any, rows: Any, targets: Any, first: Any, last: Any, room: Any, log_probs: Any, greedy: Any, entropy: Any, rank: Any
) -> None:
    """Fill the figures of the pairs `first` to `last`; entropy and rank only where there is room for them."""
    lanes, wide = room
    known, highest, total, disorder = -1, _LOWEST, 0.0, 0.0
    for pair in range(first, last):
        row = logits[rows[pair]]
        if rows[pair] != known:
            known, highest = rows[pair], _highest(row, lanes)
            total = _sum(row, highest, float32(1.0), lanes, wide)
            if len(entropy):
                disorder = math.log(total) - _weighted(row, highest, lanes, wide) / total
        own = widened(row[targets[pair]])
        log_probs[pair] = (float64(own) - float64(highest)) - math.log(total)
        greedy[pair] = own == highest and total >= 1.0 and _is_first(row, own, targets[pair])
        if len(entropy):
            entropy[pair] = disorder
        if len(rank):
            rank[pair] = _above(row, own)


@compiled
def _log_sums(logits: Any, rate: Any, first: Any, last: Any, room: Any, highest: Any, sums: Any) -> None:
    lanes, wide = room
    for i in range(first, last):
        top = _highest(logits[i], lanes)
        highest[i] = top
        sums[i] = math.log(_sum(logits[i], top, rate, lanes, wide))


def _room() -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    return np.empty(LANES, np.float32), np.empty(LANES, np.float64)


def row_figures(
    logits: Logits,
    rows: NDArray[np.int64],
    targets: NDArray[np.int64],
    *,
    entropy: bool = False,
    rank: bool = False,
    threads: int = 1,
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32], NDArray[np.int64]]:
    """Give the log-probability of token `targets[i]` in row `rows[i]`, and whether it is the most probable (the lowest id of equals).

    `logits` [rows, vocabulary] are float32, or bfloat16 as uint16. Entropy in nats and rank (tokens that are more probable) where
    asked, else empty. Log-probabilities of a row with NaN or infinity are NaN. A row's bits depend on the row alone.
    """
    count = len(rows)
    found = (np.empty(count, np.float32), np.empty(count, np.bool_))
    more = (np.empty(count if entropy else 0, np.float32), np.empty(count if rank else 0, np.int64))
    each = logits.shape[1]
    shared_out(lambda first, last: _row_figures(logits, rows, targets, first, last, _room(), *found, *more), count, each, threads)
    return *found, *more


def log_sums(logits: NDArray[np.float32], rate: float = 1.0, threads: int = 1) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Give every row's maximum and log(sum(e^(rate (x - maximum)))) of logits [rows, vocabulary]; NaN where one is NaN or infinite."""
    highest, sums = np.empty(len(logits), np.float32), np.empty(len(logits), np.float64)
    count, each = logits.shape
    shared_out(lambda first, last: _log_sums(logits, np.float32(rate), first, last, _room(), highest, sums), count, each, threads)
    return highest, sums
