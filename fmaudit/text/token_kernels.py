"""Enter chunks and their tokens: ids for tokens, counts, and what the chunk does to a sentence."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import int64, uint64

from fmaudit.text.english_kernels import EnglishTables
from fmaudit.text.english_split import Scratch, split_chunk
from fmaudit.text.kernels import Bytes, Word, compiled, decode, inlined, load64
from fmaudit.text.layout import (
    BREAKS_SPACY,
    CHARACTERS,
    FIRST_TOKEN,
    OPENINGS_FRESH,
    OPENINGS_SEEN,
    STATE_FRESH,
    STATE_SEEN,
    TOKEN_BYTES,
    TOKEN_CHARACTERS,
    TOKEN_COUNT,
    TOKEN_ID,
    TOLD,
)
from fmaudit.text.scan import chunk_key, find
from fmaudit.text.tables import PUNCTUATION_MARK, SENTENCE_END

__all__ = ["enter_chunks", "fill_chunks"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_IS_ALPHA = uint64(int.from_bytes(b"IS_ALPHA", "little"))


@inlined
def _token_number(slots: Words, starts: Longs, arena: Bytes, position: int, length: int, seed: Word, state: Longs) -> int:
    """Give a token's id; a new token's bytes are those of the chunk it was first met in."""
    key, place = chunk_key(arena, position, length, seed)
    number, slot = find(slots, key, place, arena, position, length, arena, starts)
    if number < 0:
        number = state[1]
        state[1] += 1
        starts[number] = position
        slots[2 * slot] = key
        slots[2 * slot + uint64(1)] = uint64(number) | (uint64(length) << uint64(32))
    return number


@compiled
def _enter(
    number: int, lengths: Ints, begin: int, count: int, told: int, arena: Bytes, position: int, seed: Word, flags: Bytes,
    chunks: Ints, tokens: Ints, slots: Words, starts: Longs, state: Longs,
) -> None:  # fmt: skip
    """Write a chunk's row and its tokens' rows; walks the sentence automaton from both its states."""
    row = chunks[number]
    row[FIRST_TOKEN] = state[0]
    characters = 0
    fresh_openings, seen_openings = 0, 0
    fresh_seen, seen_seen = False, True
    for i in range(begin, begin + count):
        start = position
        all_marks = True
        kind = 0
        for _ in range(lengths[i]):
            point, width = decode(arena, position)
            position += width
            kind = flags[point]
            if not kind & PUNCTUATION_MARK:
                all_marks = False
        ends = lengths[i] == 1 and kind & SENTENCE_END != 0
        if ends:
            fresh_seen = True
            seen_seen = True
        elif not all_marks:
            if fresh_seen:
                fresh_openings += 1
                fresh_seen = False
            if seen_seen:
                seen_openings += 1
                seen_seen = False
        if position - start == 8 and load64(arena, start) == _IS_ALPHA:
            told |= BREAKS_SPACY
        token = tokens[state[0]]
        token[TOKEN_ID] = _token_number(slots, starts, arena, start, position - start, seed, state)
        token[TOKEN_CHARACTERS] = lengths[i]
        token[TOKEN_BYTES] = position - start
        state[0] += 1
        characters += lengths[i]
    row[TOKEN_COUNT] = count
    row[CHARACTERS] = characters
    row[OPENINGS_FRESH] = fresh_openings
    row[STATE_FRESH] = fresh_seen
    row[OPENINGS_SEEN] = seen_openings
    row[STATE_SEEN] = seen_seen
    row[TOLD] = told


@compiled
def fill_chunks(
    first: int, last: int, arena: Bytes, starts: Longs, sizes: Ints, seed: Word, tables: EnglishTables, flags: Bytes,
    scratch: Scratch, chunks: Ints, tokens: Ints, slots: Words, token_starts: Longs, asked: Longs, state: Longs,
) -> None:  # fmt: skip
    """Split and enter chunks; `state` counts tokens, distinct tokens, and the chunks left in `asked` for spaCy."""
    classes, numbers, text = tables
    points, bounds, lengths, back, found = scratch
    for number in range(first, last):
        start, size = starts[number], int64(sizes[number])
        count, told = split_chunk(classes, numbers, text, arena, start, size, points, bounds, lengths, back, found)
        if count == 0:
            asked[state[2]] = number
            state[2] += 1
            continue
        _enter(number, lengths, 0, count, told, arena, start, seed, flags, chunks, tokens, slots, token_starts, state)


@compiled
def enter_chunks(
    numbers: Longs, lengths: Ints, counts: Ints, told: Ints, arena: Bytes, starts: Longs, seed: Word, flags: Bytes,
    chunks: Ints, tokens: Ints, slots: Words, token_starts: Longs, state: Longs,
) -> None:  # fmt: skip
    """Enter chunks whose token lengths are known."""
    begin = int64(0)
    for i in range(len(numbers)):
        _enter(
            numbers[i],
            lengths,
            begin,
            counts[i],
            told[i],
            arena,
            starts[numbers[i]],
            seed,
            flags,
            chunks,
            tokens,
            slots,
            token_starts,
            state,
        )
        begin += counts[i]
