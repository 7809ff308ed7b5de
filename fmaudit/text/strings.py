"""Small fixed sets of byte strings that kernels can look up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import uint64

from fmaudit.text.kernels import Bytes, compiled, hash_bytes, join_bytes, power_of_two, same_bytes

__all__ = ["StringSet", "lookup", "string_set"]

_SEED = uint64(0x2545F4914F6CDD1D)


class StringSet(NamedTuple):
    """Byte strings, numbered in the order given; `slots` holds number + 1 by hash."""

    slots: npt.NDArray[np.int32]
    data: Bytes
    offsets: npt.NDArray[np.int64]
    longest: int


def string_set(strings: Sequence[str]) -> StringSet:
    """Lay out distinct strings for `lookup`."""
    parts = [string.encode() for string in strings]
    data, offsets = join_bytes(parts)
    slots = _enter(data, offsets)
    return StringSet(slots, data, offsets, max(map(len, parts), default=0))


@compiled
def _enter(data: Bytes, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    count = len(offsets) - 1
    slots = np.zeros(power_of_two(4 * count), np.int32)
    mask = uint64(len(slots) - 1)
    for number in range(count):
        place = hash_bytes(data, offsets[number], offsets[number + 1] - offsets[number], _SEED) & mask
        while slots[place] != 0:
            place = (place + uint64(1)) & mask
        slots[place] = number + 1
    return slots


@compiled
def lookup(strings: StringSet, data: Bytes, start: int, length: int) -> int:
    """Give a string's number in the set, -1 where it is not in it."""
    if length <= 0 or length > strings.longest:
        return -1
    mask = uint64(len(strings.slots) - 1)
    place = hash_bytes(data, start, length, _SEED) & mask
    while True:
        number = strings.slots[place] - 1
        if number < 0:
            return -1
        begin = strings.offsets[number]
        if strings.offsets[number + 1] - begin == length and same_bytes(data, start, strings.data, begin, length):
            return number
        place = (place + uint64(1)) & mask
