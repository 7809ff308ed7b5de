"""The draw from a whole vocabulary on a processor: every token is hashed, and few need their noise in full."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import float64, uint64

from fmaudit.models.sampling import BELOW_ONE, FIRST, LN2_HIGH, LN2_LOW, LOG_TERMS, PHI, SECOND, SQRT_HALF, UNIT, gumbel_of
from fmaudit.text.compiling import compiled, inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["draw_rows"]

BITS = 12  # of the hash look up a bound on the noise: one token in 4,096 has none
CHUNK = 1024  # tokens hashed at a time, so that the hash runs in vector registers
SLACK = 1e-6  # far more than rounding can move a scaled logit that still counts

_PHI, _FIRST, _SECOND = uint64(PHI), uint64(FIRST), uint64(SECOND)
_L0, _L1, _L2, _L3, _L4, _L5, _L6 = LOG_TERMS


@inlined
def _mixed(word: Any) -> Any:
    word = (word ^ (word >> uint64(30))) * _FIRST
    word = (word ^ (word >> uint64(27))) * _SECOND
    return word ^ (word >> uint64(31))


@inlined
def _log(x: Any) -> Any:
    """Take the logarithm as `fmaudit.models.sampling.exact_log` does, operation by operation."""
    mantissa, exponent = math.frexp(x)
    k = float64(exponent)
    if mantissa < SQRT_HALF:
        mantissa = mantissa + mantissa
        k = k - 1.0
    f = mantissa - 1.0
    s = f / (2.0 + f)
    z = s * s
    poly = (((((_L0 * z + _L1) * z + _L2) * z + _L3) * z + _L4) * z + _L5) * z + _L6
    half = 0.5 * f * f
    return k * LN2_HIGH - ((half - (s * (half + poly * z) + k * LN2_LOW)) - f)


@compiled
def _draw_rows(logits: Any, highest: Any, temperature: Any, seeds: Any, bounds: Any, room: Any, chosen: Any) -> None:
    """Fill `chosen` [rows] with each row's draw, -1 where no logit is a number."""
    rows, vocabulary = logits.shape
    rate = 1.0 / temperature
    for row in range(rows):
        seed, top = seeds[row], float64(highest[row])
        best, found = -np.inf, -1
        for start in range(0, vocabulary, CHUNK):
            count = min(CHUNK, vocabulary - start)
            for i in range(count):
                room[i] = _mixed(seed + uint64(start + i + 1) * _PHI)
            for i in range(count):
                logit = float64(logits[row, start + i])
                # a bound on what this token can reach: most are far below the best so far and need no logarithm
                if not (logit - top) * rate + bounds[room[i] >> uint64(64 - BITS)] + SLACK > best:
                    continue
                unit = min((float64(room[i] >> uint64(11)) + 0.5) * UNIT, BELOW_ONE)
                reached = (logit - top) / temperature - _log(-_log(unit))
                if reached > best:
                    best, found = reached, start + i
        chosen[row] = found


@cache
def _bounds() -> NDArray[np.float64]:
    """Give, for the upper bits of a hash, a number that its noise does not exceed."""
    upper = np.arange(1, 2**BITS, dtype=np.float64) / 2.0**BITS
    return np.append(gumbel_of(upper) + SLACK, np.inf)


def draw_rows(
    logits: NDArray[np.float32], highest: NDArray[np.float32], temperature: float, seeds: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Draw one token per row from the whole vocabulary: [rows] ids, -1 where no logit is a number.

    `logits` [rows, vocabulary] and their row maxima; `seeds` are the rows' first hashes (`fmaudit.models.sampling.step_seeds`).
    The same choice as `fmaudit.models.sampling.draw`.
    """
    chosen = np.empty(len(logits), np.int64)
    _draw_rows(logits, highest, float(temperature), seeds, _bounds(), np.empty(CHUNK, np.uint64), chosen)
    return chosen
