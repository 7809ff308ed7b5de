"""Figures of logits that come in slices of the vocabulary, [ids, rows]: every slice is walked while it is in the cache, none is kept."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import float32, float64, int32

from fmaudit.models.kernels.floats import exponential, widened
from fmaudit.models.kernels.threads import shared_out
from fmaudit.text.compiling import compiled, inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Logits = NDArray[np.float32] | NDArray[np.uint16]

__all__ = ["Columns"]

TURNS = 32  # additions in float32 before a sum goes on in float64

_LOWEST = float32(-np.inf)
_ZERO = float32(0.0)


@inlined
def _raise(part: Any, first: Any, start: Any, highest: Any, best: Any) -> None:
    """Take the ids of a slice into the rows' maxima and the ids where they are: the lowest of equals."""
    width = len(highest)
    for i in range(len(part)):
        line, token = part[i][start : start + width], int32(first + i)
        for j in range(width):
            x = widened(line[j])
            best[j] = token if x > highest[j] else best[j]
            highest[j] = x if x > highest[j] else highest[j]


@inlined
def _rescale(before: Any, highest: Any, totals: Any, weights: Any) -> None:
    """Make sums over what came before relative to the new maxima; `before` then holds what is subtracted from a logit."""
    for j in range(len(highest)):
        if highest[j] != before[j] and totals[j] > 0:
            step = float64(before[j]) - float64(highest[j])
            factor = math.exp(step)
            if len(weights):
                weights[j] = factor * (weights[j] + step * totals[j]) if factor > 0 else 0.0
            totals[j] *= factor
        before[j] = highest[j] if highest[j] > _LOWEST else _ZERO


@inlined
def _add(part: Any, start: Any, base: Any, sums: Any, totals: Any) -> None:
    width = len(base)
    for block in range(0, len(part), TURNS):
        for j in range(width):
            sums[j] = _ZERO
        for i in range(block, min(len(part), block + TURNS)):
            line = part[i][start : start + width]
            for j in range(width):
                sums[j] += exponential(widened(line[j]) - base[j])
        for j in range(width):
            totals[j] += float64(sums[j])


@inlined
def _add_weighted(part: Any, start: Any, base: Any, sums: Any, weights: Any) -> None:
    width = len(base)
    for block in range(0, len(part), TURNS):
        for j in range(width):
            sums[j] = _ZERO
        for i in range(block, min(len(part), block + TURNS)):
            line = part[i][start : start + width]
            for j in range(width):
                s = widened(line[j]) - base[j]
                sums[j] += _ZERO if s == _LOWEST else exponential(s) * s
        for j in range(width):
            weights[j] += float64(sums[j])


@compiled
def _walk(part: Any, first: Any, start: Any, stop: Any, state: Any) -> None:
    """Take a slice [ids, rows] whose first id is `first` into the figures of the rows `start` to `stop`."""
    highest, base, best, sums, totals, weights = state
    highest, base, best, sums, totals = highest[start:stop], base[start:stop], best[start:stop], sums[start:stop], totals[start:stop]
    weights = weights[start:stop]
    for j in range(len(highest)):
        base[j] = highest[j]
    _raise(part, first, start, highest, best)
    _rescale(base, highest, totals, weights)
    if len(weights):
        _add_weighted(part, start, base, sums, weights)
    _add(part, start, base, sums, totals)


@compiled
def _pick(part: Any, first: Any, rows: Any, targets: Any, own: Any) -> None:
    """Note the logits of the targets that are in a slice."""
    for pair in range(len(rows)):
        if 0 <= targets[pair] - first < len(part):
            own[pair] = widened(part[targets[pair] - first, rows[pair]])


@compiled
def _count_above(part: Any, rows: Any, own: Any, rank: Any) -> None:
    for pair in range(len(rows)):
        count = 0
        for i in range(len(part)):
            count += widened(part[i, rows[pair]]) > own[pair]
        rank[pair] += count


@dataclass(slots=True)
class Columns:
    """Figures of pairs (row, target) that grow with every slice; a row's bits depend on its own logits and the slices' ends alone."""

    rows: NDArray[np.int64]
    targets: NDArray[np.int64]
    width: int  # rows of logits
    entropy: bool = False
    threads: int = 1
    _state: tuple[Any, ...] = field(init=False)
    _own: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        """Make room for the rows' maxima, what is subtracted, the maxima's ids, sums, and totals in float64."""
        n = self.width
        floats = [np.full(n, value, np.float32) for value in (-np.inf, -np.inf, 0.0)]
        weights = np.zeros(n if self.entropy else 0)
        self._state = (floats[0], floats[1], np.zeros(n, np.int32), floats[2], np.zeros(n), weights)
        self._own = np.full(len(self.rows), np.nan, np.float32)

    def add(self, part: Logits, first: int) -> None:
        """Take in the logits [ids, rows] of the ids from `first` on: float32, or bfloat16 as uint16."""
        _pick(part, first, self.rows, self.targets, self._own)
        shared_out(lambda start, stop: _walk(part, first, start, stop, self._state), self.width, len(part), self.threads)

    def figures(self) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
        """Give log-probabilities, whether a target is the most probable, and entropies in nats (empty where not asked) of all pairs."""
        highest, _, best, _, totals, weights = self._state
        with np.errstate(invalid="ignore", divide="ignore"):
            logs = np.log(totals)
            log_probs = (self._own.astype(np.float64) - highest[self.rows]) - logs[self.rows]
            greedy = (best[self.rows] == self.targets) & (totals[self.rows] >= 1.0)
            entropy = (logs - weights / totals)[self.rows] if self.entropy else weights
        return log_probs.astype(np.float32), greedy, entropy.astype(np.float32)

    def ranks(self, logits: Logits) -> NDArray[np.int64]:
        """Give how many tokens of the whole logits [vocabulary, rows] are more probable than each target; after the last slice."""
        rank = np.zeros(len(self.rows), np.int64)
        _count_above(logits, self.rows, self._own, rank)
        return rank
