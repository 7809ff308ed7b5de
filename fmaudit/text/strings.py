"""Fixed sets of byte strings that kernels can look up, packed with other numbers into two arrays.

Kernels get few arrays instead of a tree of them: numba counts references for each array of a tuple, which costs more than a look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import uint64

from fmaudit.text.kernels import Bytes, compiled, hash_bytes, join_bytes, power_of_two, same_bytes

__all__ = ["SET_HEADER", "lookup", "pack_sets"]

Ints = npt.NDArray[np.int32]

# the header of each set, in `numbers`
_SLOTS: Final = 0  # where its slots begin: number + 1 of the string by hash
_MASK: Final = 1  # of the slots
_OFFSETS: Final = 2  # where the places of its strings in `text` begin
_LONGEST: Final = 3  # bytes
SET_HEADER: Final = 4

_SEED = uint64(0x2545F4914F6CDD1D)


def pack_sets(sets: Sequence[Sequence[str]], header_size: int) -> tuple[list[int], Bytes]:
    """Lay out sets of distinct strings for `lookup`: `numbers`, with room for `header_size` numbers before the first set, and `text`."""
    numbers = [0] * header_size
    parts: list[bytes] = []
    size = 0
    for number, strings in enumerate(sets):
        encoded = [string.encode() for string in strings]
        data, offsets = join_bytes(encoded)
        slots = _enter(data, offsets)
        header = (len(numbers), len(slots) - 1, len(numbers) + len(slots), max(map(len, encoded), default=0))
        numbers[SET_HEADER * number : SET_HEADER * (number + 1)] = header
        numbers += slots.tolist()
        numbers += (offsets + size).tolist()
        parts += encoded
        size += sum(map(len, encoded))
    return numbers, join_bytes(parts)[0]


@compiled
def _enter(data: Bytes, offsets: npt.NDArray[np.int64]) -> Ints:
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
def lookup(numbers: Ints, text: Bytes, which: int, data: Bytes, start: int, length: int) -> int:
    """Give a string's number in a set, -1 where it is not in it."""
    header = SET_HEADER * which
    if length <= 0 or length > numbers[header + _LONGEST]:
        return -1
    slots = numbers[header + _SLOTS]
    mask = uint64(numbers[header + _MASK])
    place = hash_bytes(data, start, length, _SEED) & mask
    while True:
        number = numbers[slots + place] - 1
        if number < 0:
            return -1
        entry = numbers[header + _OFFSETS] + number
        begin = numbers[entry]
        if numbers[entry + 1] - begin == length and same_bytes(data, start, text, begin, length):
            return number
        place = (place + uint64(1)) & mask
