"""Helpers that kernels are built from, for the core and for plugins: bytes, code points, white space and hashes.

Every array of bytes given to these helpers has 8 readable bytes behind the last one that counts.
"""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import int64, uint64

from fmaudit.text.buffers import BufferPool, grown
from fmaudit.text.compiling import compiled, inlined
from fmaudit.text.intrinsics import load64, multiply_fold, store64, trailing_zeros

if sys.byteorder != "little":  # pragma: no cover
    raise ImportError("the kernels need a little-endian machine; the reference lane runs anywhere")

__all__ = [
    "MULTIPLIER",
    "BufferPool",
    "Bytes",
    "Word",
    "chunk_end",
    "compiled",
    "decode",
    "grown",
    "hash_bytes",
    "inlined",
    "is_continuation",
    "join_bytes",
    "load64",
    "low_bytes",
    "multiply_fold",
    "power_of_two",
    "same_bytes",
    "spread",
    "starts_with",
    "store64",
    "trailing_zeros",
    "whitespace_length",
]

Bytes = npt.NDArray[np.uint8]
Word = Any  # an unsigned 64-bit machine word inside a kernel

MULTIPLIER = uint64(0x9E3779B97F4A7C15)
_SECOND = uint64(0xD6E8FEB86659FD93)
_THIRD = uint64(0xA0761D6478BD642F)
_BELOW_EXCLAMATION = uint64(0x2121212121212121)
_HIGH_BITS = uint64(0x8080808080808080)


def join_bytes(parts: list[bytes]) -> tuple[Bytes, npt.NDArray[np.int64]]:
    """Lay byte strings end to end with room behind: the bytes and where each begins."""
    offsets = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    # a writable copy, like every other array of bytes: numba compiles a kernel again for read-only arrays
    return np.frombuffer(b"".join(parts) + bytes(64), np.uint8).copy(), offsets


@inlined
def low_bytes(word: Word, count: int) -> Word:
    """Keep the first `count` bytes of a word, 1 to 8."""
    return word & (~uint64(0) >> uint64(64 - 8 * count))


@inlined
def spread(word: Word, seed: Word) -> Word:
    """Hash one word."""
    return multiply_fold(word ^ seed, MULTIPLIER)


@inlined
def hash_bytes(data: Bytes, start: int, length: int, seed: Word) -> Word:
    """Hash bytes to a word that is never 0."""
    folded = seed ^ uint64(length)
    position = start
    left = length
    while left > 8:
        folded = multiply_fold(folded ^ load64(data, position), _SECOND)
        position += 8
        left -= 8
    if left > 0:
        folded = multiply_fold(folded ^ low_bytes(load64(data, position), left), _SECOND)
    return multiply_fold(folded ^ _THIRD, MULTIPLIER) | uint64(1)


@inlined
def same_bytes(left: Bytes, i: int, right: Bytes, j: int, length: int) -> bool:
    """Compare two runs of bytes."""
    rest = length
    while rest >= 8:
        if load64(left, i) != load64(right, j):
            return False
        i += 8
        j += 8
        rest -= 8
    if rest == 0:
        return True
    return low_bytes(load64(left, i) ^ load64(right, j), rest) == uint64(0)


@inlined
def starts_with(data: Bytes, position: int, stop: int, pattern: Bytes) -> bool:
    """Compare the bytes at a position with a pattern; False where they would reach over `stop`."""
    length = len(pattern)
    if position < 0 or position + length > stop:
        return False
    for i in range(length):
        if data[position + i] != pattern[i]:
            return False
    return True


@inlined
def power_of_two(at_least: int) -> int:
    """Give the smallest power of two, 16 or more, that is not below a number."""
    size = 16
    while size < at_least:
        size *= 2
    return size


@inlined
def is_continuation(byte: int) -> bool:
    """Tell whether a byte continues a code point."""
    return (byte & 0xC0) == 0x80


@inlined
def decode(data: Bytes, position: int) -> tuple[int, int]:
    """Read a code point of valid UTF-8 and its width in bytes."""
    lead = int64(data[position])
    if lead < 0x80:
        return lead, 1
    second = int64(data[position + 1]) & 63
    if lead < 0xE0:
        return ((lead & 31) << 6) | second, 2
    third = int64(data[position + 2]) & 63
    if lead < 0xF0:
        return ((lead & 15) << 12) | (second << 6) | third, 3
    return ((lead & 7) << 18) | (second << 12) | (third << 6) | (int64(data[position + 3]) & 63), 4


@inlined
def whitespace_length(data: Bytes, position: int) -> int:
    """Give the bytes of the white-space character at a position, 0 where there is none.

    White space is what `str.isspace` and `str.split` take for it.
    """
    lead = data[position]
    if lead <= 32:
        return 1 if lead == 32 or (lead >= 28) or (9 <= lead <= 13) else 0
    if lead < 0xC2 or lead > 0xE3:
        return 0
    second = data[position + 1]
    if lead == 0xC2:
        return 2 if second == 0x85 or second == 0xA0 else 0
    third = data[position + 2]
    if lead == 0xE2:
        if second == 0x80:
            return 3 if third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
        return 3 if second == 0x81 and third == 0x9F else 0
    if lead == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    return 3 if lead == 0xE3 and second == 0x80 and third == 0x80 else 0


@inlined
def chunk_end(data: Bytes, position: int, stop: int) -> tuple[int, int]:
    """Find the end of the chunk that begins at a position, and how many of its bytes continue a code point."""
    continued = 0
    while position < stop:
        word = load64(data, position)
        # a high bit where the byte is a control, a blank or not ASCII
        marks = ((word - _BELOW_EXCLAMATION) & ~word & _HIGH_BITS) | (word & _HIGH_BITS)
        if marks == uint64(0):
            position += 8
            continue
        position += trailing_zeros(marks) >> 3
        while position < stop:
            byte = data[position]
            if 32 < byte < 0x80:
                break
            if byte >= 0x80 and byte < 0xC0:
                continued += 1
            elif whitespace_length(data, position) > 0:
                return position, continued
            position += 1
    return stop, continued
