"""Compiled kernels that fingerprint texts, lines and paragraphs."""

from __future__ import annotations

import numpy as np
from numba import int64, uint64

from fmaudit import DocumentBatch, kernels

__all__ = ["hash_documents", "hash_pieces", "most_pieces"]

compiled, inlined, hash_bytes = kernels.compiled, kernels.inlined, kernels.hash_bytes
is_continuation, whitespace_length = kernels.is_continuation, kernels.whitespace_length

FIRST = uint64(0x51_7C_C1_B7_27_22_0A_95)
SECOND = uint64(0x2545_F491_4F6C_DD1D)

# What is kept of every different piece of a batch: rows of the table that `hash_pieces` fills.
HASH, CHARACTERS, COUNT, DOCUMENTS, DOCUMENT, START, LAST = range(7)
FIELDS = 7


@compiled
def hash_documents(data, offsets, high, low):  # type: ignore[no-untyped-def]
    """Hash every document twice, with different seeds."""
    for document in range(len(offsets) - 1):
        start = offsets[document]
        length = offsets[document + 1] - start
        high[document] = int64(hash_bytes(data, start, length, FIRST))
        low[document] = int64(hash_bytes(data, start, length, SECOND))


def most_pieces(batch: DocumentBatch, shortest: int) -> int:
    """Bound the number of pieces: each ends at a line feed or with its document, and has its characters."""
    ends = int(np.count_nonzero(batch.data[: batch.nbytes] == 10)) + len(batch)
    return min(ends, batch.nbytes // max(shortest, 1) + 1)


@inlined
def _trimmed(data, start, stop):  # type: ignore[no-untyped-def]
    """Move both ends of a piece inwards over white space."""
    while start < stop:
        width = whitespace_length(data, start)
        if width == 0:
            break
        start += width
    while stop > start:
        last = stop - 1
        while last > start and is_continuation(data[last]):
            last -= 1
        if whitespace_length(data, last) == 0:
            break
        stop = last
    return start, stop


@inlined
def _characters(data, start, stop):  # type: ignore[no-untyped-def]
    count = 0
    for position in range(start, stop):
        if not is_continuation(data[position]):
            count += 1
    return count


@inlined
def _piece_end(data, start, stop, feeds):  # type: ignore[no-untyped-def]
    """Find where a piece ends: at the first run of at least `feeds` line feeds."""
    position = start
    while position < stop:
        if data[position] == 10:
            run = position
            while run < stop and data[run] == 10:
                run += 1
            if run - position >= feeds:
                return position, run
            position = run
        else:
            position += 1
    return stop, stop


@compiled
def hash_pieces(data, offsets, feeds, shortest, slots, table):  # type: ignore[no-untyped-def]
    """Fill `table` (pieces x FIELDS) with the different pieces of a batch; returns how many.

    A piece is what stands between runs of at least `feeds` line feeds, without white space at its ends, and of at least
    `shortest` characters. `slots` is a hash table of -1, its length a power of two and larger than the number of pieces.
    The first occurrence is remembered, as a document of the batch and a place in it (code points).
    """
    found = 0
    most = len(slots) - 1
    for document in range(len(offsets) - 1):
        position, stop = offsets[document], offsets[document + 1]
        counted, characters = position, 0  # `characters` code points stand before `counted`
        while position < stop:
            end, after = _piece_end(data, position, stop, feeds)
            start, last = _trimmed(data, position, end)
            position = after
            if last - start < shortest:
                continue
            length = _characters(data, start, last)
            if length < shortest:
                continue
            value = int64(hash_bytes(data, start, last - start, FIRST))
            slot = (value >> 8) & most
            while slots[slot] >= 0 and table[slots[slot], HASH] != value:
                slot = (slot + 1) & most
            row = slots[slot]
            if row < 0:
                row = found
                slots[slot] = row
                found += 1
                characters += _characters(data, counted, start)
                counted = start
                table[row, HASH], table[row, CHARACTERS], table[row, START] = value, length, characters
                table[row, COUNT], table[row, DOCUMENTS], table[row, DOCUMENT] = 0, 0, document
            table[row, COUNT] += 1
            if table[row, DOCUMENTS] == 0 or table[row, LAST] != document:
                table[row, DOCUMENTS] += 1
                table[row, LAST] = document
    return found
