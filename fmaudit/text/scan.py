"""The kernel that reads the text: chunks, line breaks and the text without its white space, in one walk."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import int64, uint64

from fmaudit.text.kernels import (
    Bytes,
    Word,
    chunk_end,
    compiled,
    hash_bytes,
    inlined,
    load64,
    low_bytes,
    same_bytes,
    spread,
    store64,
    whitespace_length,
)
from fmaudit.text.layout import LINE_BREAK, NEWLINE

__all__ = ["chunk_key", "find", "find_or_add", "rehash", "scan"]

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

# the state a scan is interrupted with and goes on from
DOCUMENT: Final = 0
POSITION: Final = 1  # -1 between documents
CONTINUED: Final = 2  # continuation bytes of the document so far
FIRST: Final = 3  # position of the document's first chunk, -1 before it
LAST: Final = 4  # end of the document's last chunk
CHUNKS: Final = 5
BREAKS: Final = 6
SQUEEZED: Final = 7
SIZE: Final = 8  # of the vocabulary
USED: Final = 9  # bytes of its arena
STATE_SIZE: Final = 10

# columns of the document table
CHARACTERS: Final = 0
BEGINS: Final = 1
ENDS: Final = 2
DOCUMENT_COLUMNS: Final = 3

_ID_MASK = uint64(0xFFFFFFFF)
_LENGTH_SHIFT = uint64(32)


@inlined
def chunk_key(data: Bytes, start: int, length: int, seed: Word) -> tuple[Word, Word]:
    """Give what stands for a chunk in its slot, and where to look for it first.

    Up to 8 bytes stand for themselves, so that most chunks are compared without looking at the arena.
    """
    if length <= 8:
        word = low_bytes(load64(data, start), length)
        return word, spread(word ^ uint64(length), seed)
    folded = hash_bytes(data, start, length, seed)
    return folded, folded


@inlined
def find(slots: Words, key: Word, place: Word, data: Bytes, start: int, length: int, arena: Bytes, starts: Ints) -> tuple[int, Word]:
    """Look a chunk up: its id or -1, and the slot where it is or belongs."""
    mask = uint64(len(slots) // 2 - 1)
    slot = place & mask
    while True:
        held = slots[2 * slot + uint64(1)]
        if held == uint64(0):
            return int64(-1), slot  # type: ignore[return-value]
        if slots[2 * slot] == key and int64(held >> _LENGTH_SHIFT) == length:
            number = int64(held & _ID_MASK)
            if length <= 8 or same_bytes(data, start, arena, starts[number], length):
                return number, slot
        slot = (slot + uint64(1)) & mask


@inlined
def find_or_add(
    slots: Words, seed: Word, data: Bytes, start: int, length: int, arena: Bytes, starts: Ints, lengths: npt.NDArray[np.int32], state: Ints
) -> int:
    """Give a chunk's id, a new one if need be; -1 when there is no room for a new one."""
    key, place = chunk_key(data, start, length, seed)
    number, slot = find(slots, key, place, data, start, length, arena, starts)
    if number >= 0:
        return number
    return _add(slots, slot, key, data, start, length, arena, starts, lengths, state)


@compiled
def _add(
    slots: Words,
    slot: Word,
    key: Word,
    data: Bytes,
    start: int,
    length: int,
    arena: Bytes,
    starts: Ints,
    lengths: npt.NDArray[np.int32],
    state: Ints,
) -> int:
    """Enter a new chunk at a free slot; -1 when there is no room."""
    number = state[SIZE]
    used = state[USED]
    if number >= len(starts) or used + length + 16 > len(arena):
        return -1
    i = 0
    while i < length:
        store64(arena, used + i, load64(data, start + i))
        i += 8
    slots[2 * slot] = key
    slots[2 * slot + uint64(1)] = uint64(number) | (uint64(length) << _LENGTH_SHIFT)
    starts[number] = used
    lengths[number] = length
    state[SIZE] = number + 1
    state[USED] = used + length
    return number


def rehash(slots: Words, new_length: int, seed: Word) -> Words:
    """Copy the slots into a longer table."""
    longer = np.zeros(new_length, np.uint64)
    _rehash(slots, longer, seed)
    return longer


@compiled
def _rehash(slots: Words, longer: Words, seed: Word) -> None:
    mask = uint64(len(longer) // 2 - 1)
    for i in range(len(slots) // 2):
        held = slots[2 * i + 1]
        if held != uint64(0):
            key = slots[2 * i]
            length = held >> _LENGTH_SHIFT
            place = spread(key ^ length, seed) if length <= uint64(8) else key
            slot = place & mask
            while longer[2 * slot + uint64(1)] != uint64(0):
                slot = (slot + uint64(1)) & mask
            longer[2 * slot] = key
            longer[2 * slot + uint64(1)] = held


@inlined
def break_kind(data: Bytes, position: int, stop: int) -> int:
    """Tell what the white-space character at a position breaks; 0 for a mere blank.

    "\\r\\n" is one end of a line, told at the "\\r"; its "\\n" is a newline only.
    """
    byte = data[position]
    if byte == 32 or byte == 9:
        return 0
    if byte == 10:
        return NEWLINE | LINE_BREAK
    if byte < 31:
        return LINE_BREAK
    if byte == 0xC2:
        return LINE_BREAK if data[position + 1] == 0x85 else 0
    if byte == 0xE2 and data[position + 1] == 0x80 and (data[position + 2] == 0xA8 or data[position + 2] == 0xA9):
        return LINE_BREAK
    return 0


@compiled
def scan(
    data: Bytes,
    offsets: Ints,
    slots: Words,
    seed: Word,
    arena: Bytes,
    starts: Ints,
    lengths: npt.NDArray[np.int32],
    state: Ints,
    squeezed: Bytes,
    chunk_ids: npt.NDArray[np.int32],
    chunk_gaps: Bytes,
    chunk_starts: Ints,
    break_positions: Ints,
    break_kinds: Bytes,
    break_chunks: Ints,
    break_characters: Ints,
    document_chunks: Ints,
    document_breaks: Ints,
    document_squeezed: Ints,
    documents: Ints,
) -> bool:
    """Walk the documents; False when the vocabulary needs more room, then it goes on from `state`.

    One loop on purpose: every part needs the position, and the walk is bound by it.
    """
    chunks = state[CHUNKS]
    breaks = state[BREAKS]
    out = state[SQUEEZED]
    resumed = state[POSITION] >= 0
    for document in range(state[DOCUMENT], len(offsets) - 1):
        begin = offsets[document]
        stop = offsets[document + 1]
        if resumed:
            position, continued, first, last = state[POSITION], state[CONTINUED], state[FIRST], state[LAST]
            resumed = False
        else:
            position, continued, first, last = begin, int64(0), int64(-1), begin
            document_chunks[document] = chunks
            document_breaks[document] = breaks
            document_squeezed[document] = out
        while True:
            gap = position
            continued_before = continued
            if position < stop and data[position] == 32:
                position += 1
            while position < stop:
                width = whitespace_length(data, position)
                if width == 0:
                    break
                kind = break_kind(data, position, stop)
                if kind:
                    if data[position] == 10 and position > begin and data[position - 1] == 13:
                        kind = NEWLINE
                    break_positions[breaks] = position
                    break_kinds[breaks] = kind
                    break_chunks[breaks] = chunks
                    break_characters[breaks] = position - begin - continued
                    breaks += 1
                continued += width - 1
                position += width
            if position >= stop:
                break
            start = position
            position, more = chunk_end(data, position, stop)
            length = position - start
            number = find_or_add(slots, seed, data, start, length, arena, starts, lengths, state)
            if number < 0:
                while breaks > document_breaks[document] and break_positions[breaks - 1] >= gap:
                    breaks -= 1
                state[DOCUMENT], state[POSITION], state[FIRST], state[LAST] = document, gap, first, last
                state[CONTINUED] = continued_before
                state[CHUNKS], state[BREAKS], state[SQUEEZED] = chunks, breaks, out
                return False
            continued += more
            i = 0
            while i < length:
                store64(squeezed, out + i, load64(data, start + i))
                i += 8
            out += length
            if first < 0:
                first = start
            last = position
            chunk_ids[chunks] = number
            chunk_gaps[chunks] = 1 if start - gap == 1 and data[gap] == 32 else 0
            chunk_starts[chunks] = start
            chunks += 1
        documents[document * DOCUMENT_COLUMNS + CHARACTERS] = stop - begin - continued
        documents[document * DOCUMENT_COLUMNS + BEGINS] = first
        documents[document * DOCUMENT_COLUMNS + ENDS] = last
    count = len(offsets) - 1
    document_chunks[count] = chunks
    document_breaks[count] = breaks
    document_squeezed[count] = out
    return True
