"""Fixed sets of byte strings that kernels can look up, packed with other numbers into two arrays.

Kernels get few arrays instead of a tree of them: numba counts references for each array of a tuple, which costs more than a look-up.
"""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import int64, uint64

from fmaudit.text.kernels import Bytes, compiled, hash_bytes, inlined, join_bytes, power_of_two, same_bytes

__all__ = ["SET_HEADER", "lookup", "pack_sets"]

Ints = npt.NDArray[np.int32]

# the header of each set, in `numbers`
_SLOTS: Final = 0  # where its slots begin: number + 1 of the string by hash
_MASK: Final = 1  # of the slots
_OFFSETS: Final = 2  # where the places of its strings in `text` begin
_LONGEST: Final = 3  # bytes
_SIEVE: Final = 4  # where its sieve begins: 1 for each pattern of length, first and last byte that some string has
SET_HEADER: Final = 5

_SIEVE_SIZE: Final = 4096

_SEED = uint64(0x2545F4914F6CDD1D)


def pack_sets(sets: Sequence[Sequence[str]], header_size: int) -> tuple[list[int], Bytes]:
    """Lay out sets of distinct strings for `lookup`: `numbers`, with room for `header_size` numbers before the first set, and `text`."""
    numbers = [0] * header_size
    parts: list[bytes] = []
    size = 0
    for number, strings in enumerate(sets):
        encoded = [string.encode() for string in strings]
        data, offsets = join_bytes(encoded)
        slots = np.zeros(power_of_two(4 * len(strings)), np.int32)
        _enter(data, offsets, slots)
        sieve = np.zeros(_SIEVE_SIZE, np.int32)
        for part in encoded:
            sieve[_pattern(len(part), part[0], part[-1])] = 1
        after = len(numbers) + len(slots)
        header = (len(numbers), len(slots) - 1, after, max(map(len, encoded), default=0), after + len(offsets))
        numbers[SET_HEADER * number : SET_HEADER * (number + 1)] = header
        numbers += slots.tolist()
        numbers += (offsets + size).tolist() + sieve.tolist()
        parts += encoded
        size += sum(map(len, encoded))
    return numbers, join_bytes(parts)[0]


@inlined
def _pattern(length: int, first: int, last: int) -> int:
    return (length * 0x9D + first * 0x35 + last * 0x107) & (_SIEVE_SIZE - 1)


@compiled
def _enter(data: Bytes, offsets: npt.NDArray[np.int64], slots: Ints) -> None:
    count = len(offsets) - 1
    mask = uint64(len(slots) - 1)
    for number in range(count):
        place = hash_bytes(data, offsets[number], offsets[number + 1] - offsets[number], _SEED) & mask
        while slots[place] != 0:
            place = (place + uint64(1)) & mask
        slots[place] = number + 1


@inlined
def lookup(numbers: Ints, text: Bytes, which: int, data: Bytes, start: int, length: int) -> int:
    """Give a string's number in a set, -1 where it is not in it."""
    header = SET_HEADER * which
    if length <= 0 or length > numbers[header + _LONGEST]:
        return -1
    if numbers[numbers[header + _SIEVE] + _pattern(length, int64(data[start]), int64(data[start + length - 1]))] == 0:
        return -1
    return _find(numbers, text, header, data, start, length)


@compiled
def _find(numbers: Ints, text: Bytes, header: int, data: Bytes, start: int, length: int) -> int:
    """Look a string up by its hash."""
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
