"""Lines at newlines, paragraphs, and the line rules of FineWeb: repeated ones are found by their bytes."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from fmaudit import Segments, kernels, text_layout
from fmaudit_corpus_quality.kernels.flags import BYTES, FLAGS, TERMINAL_END

__all__ = ["LINE_COLUMNS", "PARAGRAPH_COLUMNS", "count_lines", "count_paragraphs"]

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

LINE_COLUMNS: Final = (
    *("newline_lines", "dup_lines", "dup_line_chars", "newlines", "fineweb_lines"),
    *("fineweb_terminal_lines", "fineweb_short_lines", "fineweb_dup_line_chars", "fineweb_characters"),
)
PARAGRAPH_COLUMNS: Final = ("paragraphs", "dup_paragraphs", "dup_paragraph_chars")

_NEWLINE = text_layout.NEWLINE
_SHORT_LINE = 30
_SEED = kernels.MULTIPLIER

hash_bytes, same_bytes, is_continuation = kernels.hash_bytes, kernels.same_bytes, kernels.is_continuation
power_of_two = kernels.power_of_two


@kernels.inlined
def seen_before(
    data: Bytes, start: int, length: int, keys: Words, places: Longs, sizes: Longs, mask: kernels.Word, seed: kernels.Word
) -> bool:
    """Enter a run of bytes into a set; True where the same bytes are in it already."""
    key = hash_bytes(data, start, length, seed)
    slot = (key >> np.uint64(20)) & mask
    while keys[slot] != np.uint64(0):
        if keys[slot] == key and sizes[slot] == length and same_bytes(data, places[slot], data, start, length):
            return True
        slot = (slot + np.uint64(1)) & mask
    keys[slot] = key
    places[slot] = start
    sizes[slot] = length
    return False


def _make_set(segments: Segments) -> tuple[Words, Longs, Longs]:
    """Make room for a set of all lines of any one document."""
    size = power_of_two(2 * int(np.diff(segments.document_breaks).max(initial=0)) + 4)
    return np.empty(size, np.uint64), np.empty(size, np.int64), np.empty(size, np.int64)


def count_lines(segments: Segments, records: Ints) -> Longs:
    """Count the columns of LINE_COLUMNS for each document."""
    out = np.zeros((len(segments), len(LINE_COLUMNS)), np.int64)
    _lines(
        segments.data, segments.offsets, segments.characters, segments.document_chunks, segments.document_breaks,
        segments.break_positions, segments.break_kinds, segments.break_chunks, segments.break_characters,
        segments.chunk_ids, segments.chunk_starts, records, segments.vocabulary.seed, *_make_set(segments), out,
    )  # fmt: skip
    return out


@kernels.compiled
def _lines(
    data: Bytes, offsets: Longs, characters: Longs, document_chunks: Longs, document_breaks: Longs, break_positions: Longs,
    break_kinds: Bytes, break_chunks: Longs, break_characters: Longs, chunk_ids: Ints, chunk_starts: Longs, records: Ints,
    seed: kernels.Word, keys: Words, places: Longs, sizes: Longs, out: Longs,
) -> None:  # fmt: skip
    """Walk the newlines of each document: a run of them ends a line, and only the outer lines may be empty."""
    for document in range(len(offsets) - 1):
        event, last_event = document_breaks[document], document_breaks[document + 1]
        slots = power_of_two(2 * (last_event - event + 2))
        keys[:slots] = np.uint64(0)
        mask = np.uint64(slots - 1)
        lines, repeated, repeated_characters, newlines = 0, 0, 0, 0
        filled, terminal, short, filled_repeated = 0, 0, 0, 0
        begin, begin_character, begin_chunk = offsets[document], 0, document_chunks[document]
        while True:
            while event < last_event and not break_kinds[event] & _NEWLINE:
                event += 1
            is_last = event >= last_event
            end, end_character, end_chunk = offsets[document + 1], characters[document], document_chunks[document + 1]
            if not is_last:
                end, end_character, end_chunk = break_positions[event], break_characters[event], break_chunks[event]
                newlines += 1
            if end > begin or begin == offsets[document] or is_last:
                length = end_character - begin_character
                repeats = seen_before(data, begin, end - begin, keys, places, sizes, mask, seed)
                lines += 1
                if repeats:
                    repeated += 1
                    repeated_characters += length
                if end_chunk > begin_chunk:
                    last = chunk_ids[end_chunk - 1]
                    # a line is not stripped here: white space behind the mark spoils it
                    ends = chunk_starts[end_chunk - 1] + records[last, BYTES] == end
                    filled += 1
                    terminal += 1 if ends and records[last, FLAGS] & TERMINAL_END else 0
                    short += 1 if length <= _SHORT_LINE else 0
                    filled_repeated += length if repeats else 0
            if is_last:
                break
            begin, begin_character, begin_chunk = end + 1, end_character + 1, end_chunk
            event += 1
        row = out[document]
        row[0], row[1], row[2], row[3], row[4] = lines, repeated, repeated_characters, newlines, filled
        row[5], row[6], row[7], row[8] = terminal, short, filled_repeated, characters[document] - newlines


def count_paragraphs(segments: Segments) -> Longs:
    """Count the columns of PARAGRAPH_COLUMNS for each document: its stripped text split at two or more newlines."""
    out = np.zeros((len(segments), len(PARAGRAPH_COLUMNS)), np.int64)
    _paragraphs(
        segments.data, segments.offsets, segments.characters, segments.first, segments.last, segments.document_breaks,
        segments.break_positions, segments.break_kinds, segments.break_characters, segments.vocabulary.seed, *_make_set(segments), out,
    )  # fmt: skip
    return out


@kernels.inlined
def _characters_between(data: Bytes, start: int, stop: int) -> int:
    count = 0
    for position in range(start, stop):
        if not is_continuation(data[position]):
            count += 1
    return count


@kernels.compiled
def _paragraphs(
    data: Bytes, offsets: Longs, characters: Longs, first: Longs, last: Longs, document_breaks: Longs, break_positions: Longs,
    break_kinds: Bytes, break_characters: Longs, seed: kernels.Word, keys: Words, places: Longs, sizes: Longs, out: Longs,
) -> None:  # fmt: skip
    """Walk the runs of newlines between the first and the last chunk of each document."""
    for document in range(len(offsets) - 1):
        if first[document] < 0:
            out[document, 0] = 1
            continue
        event, last_event = document_breaks[document], document_breaks[document + 1]
        slots = power_of_two(2 * (last_event - event + 2))
        keys[:slots] = np.uint64(0)
        mask = np.uint64(slots - 1)
        paragraphs, repeated, repeated_characters = 0, 0, 0
        begin = first[document]
        begin_character = _characters_between(data, offsets[document], begin)
        while event < last_event and break_positions[event] < begin:
            event += 1
        while True:
            # find the next run of two or more newlines; `event` is left behind it
            run = 0
            while event < last_event and break_positions[event] < last[document]:
                if not break_kinds[event] & _NEWLINE or (run and break_positions[event] != break_positions[event - 1] + 1):
                    if run > 1:
                        break
                    run = 0
                if break_kinds[event] & _NEWLINE:
                    run += 1
                event += 1
            end = last[document]
            end_character = characters[document] - _characters_between(data, end, offsets[document + 1])
            if run > 1:
                end, end_character = break_positions[event - run], break_characters[event - run]
            paragraphs += 1
            if seen_before(data, begin, end - begin, keys, places, sizes, mask, seed):
                repeated += 1
                repeated_characters += end_character - begin_character
            if run < 2:
                break
            begin, begin_character = end + run, end_character + run
        out[document, 0], out[document, 1], out[document, 2] = paragraphs, repeated, repeated_characters
