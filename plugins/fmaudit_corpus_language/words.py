"""What fastText sees in one word: the sum of its word and n-gram vectors, and how many there are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmaudit import kernels
from fmaudit_corpus_language.model import END_OF_LINE, LABEL_PREFIX, FastTextModel

__all__ = ["Tables", "is_label", "is_line_end", "is_space", "make_tables", "sum_word"]

FNV_START = np.uint64(2166136261)
FNV_PRIME = np.uint64(16777619)
LOW32 = np.uint64(0xFFFFFFFF)
SIGN = np.uint64(0xFFFFFF00)
CONTINUATION = 0x80
BEGIN, END = ord("<"), ord(">")
_EOL = np.frombuffer(END_OF_LINE, np.uint8)
_LABEL = np.frombuffer(LABEL_PREFIX, np.uint8)


Bytes = npt.NDArray[np.uint8]


class Tables(NamedTuple):
    """A model laid out for the kernels; `slots` is an open-addressing table of word rows by FNV-1a hash."""

    vectors: npt.NDArray[np.float32]
    bucket_rows: npt.NDArray[np.int32]
    bucket_kept: npt.NDArray[np.uint8]  # one bit a bucket; most are empty, and the bits fit in a near cache
    slots: npt.NDArray[np.int32]
    word_bytes: npt.NDArray[np.uint8]
    word_starts: npt.NDArray[np.int64]
    output_columns: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    minn: int
    maxn: int
    line_end: int  # row of the end-of-line word, -1 where the model has none


def make_tables(model: FastTextModel) -> Tables:
    """Lay a model out for the kernels."""
    starts = np.zeros(len(model.words) + 1, np.int64)
    np.cumsum([len(word) for word in model.words], out=starts[1:])
    joined = np.frombuffer(b"".join(model.words) + bytes(8), np.uint8)
    slots = np.full(1 << max(4, 2 * len(model.words)).bit_length(), -1, np.int32)
    _fill_slots(slots, joined, starts)
    columns = np.ascontiguousarray(model.output.T)
    line_end = model.words.index(END_OF_LINE) if END_OF_LINE in model.words else -1
    rows = model.bucket_rows if len(model.bucket_rows) else np.full(1, -1, np.int32)
    kept = np.packbits(rows >= 0, bitorder="little")
    return Tables(model.vectors, rows, kept, slots, joined, starts, columns, model.left, model.right, model.minn, model.maxn, line_end)


@kernels.compiled
def _fnv(data: Bytes, start: int, stop: int) -> Any:
    """FNV-1a over signed bytes in 32 bits, kept in 64-bit arithmetic: numba widens uint32 products."""
    value = FNV_START
    for i in range(start, stop):
        byte = np.uint64(data[i])
        if data[i] >= 128:
            byte |= SIGN
        value = ((value ^ byte) * FNV_PRIME) & LOW32
    return value


@kernels.compiled
def _fill_slots(slots: npt.NDArray[np.int32], joined: Bytes, starts: npt.NDArray[np.int64]) -> None:
    mask = len(slots) - 1
    for row in range(len(starts) - 1):
        slot = np.int64(_fnv(joined, starts[row], starts[row + 1])) & mask
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = row


@kernels.compiled
def _row_of_word(data: Bytes, start: int, stop: int, tables: Tables) -> int:
    """Find the row of the word data[start:stop], -1 where the model does not know it."""
    mask = len(tables.slots) - 1
    slot = np.int64(_fnv(data, start, stop)) & mask
    while tables.slots[slot] >= 0:
        row = tables.slots[slot]
        at = tables.word_starts[row]
        if tables.word_starts[row + 1] - at == stop - start:
            i = 0
            while i < stop - start and tables.word_bytes[at + i] == data[start + i]:
                i += 1
            if i == stop - start:
                return int(row)
        slot = (slot + 1) & mask
    return -1


@kernels.inlined
def is_space(byte: int) -> bool:
    """Whether fastText ends a word at this byte: ASCII white space and NUL, nothing else."""
    return byte == 32 or 9 <= byte <= 13 or byte == 0


@kernels.compiled
def is_line_end(data: Bytes, start: int, stop: int) -> bool:
    """Whether a word is the literal `</s>`, after which fastText reads no further."""
    return stop - start == len(_EOL) and _begins_with(data, start, _EOL)


@kernels.compiled
def is_label(data: Bytes, start: int, stop: int) -> bool:
    """Whether a word begins like a label; fastText ignores such words."""
    return stop - start >= len(_LABEL) and _begins_with(data, start, _LABEL)


@kernels.inlined
def _begins_with(data: Bytes, start: int, pattern: Bytes) -> bool:
    for i in range(len(pattern)):
        if data[start + i] != pattern[i]:
            return False
    return True


@kernels.inlined
def _add_row(tables: Tables, row: int, total: Any) -> None:
    for k in range(len(total)):
        total[k] += tables.vectors[row, k]


@kernels.compiled
def sum_word(data: Bytes, start: int, stop: int, tables: Tables, total: Any) -> int:
    """Add the vectors of the word data[start:stop] to `total`; return how many were added.

    Hashing an n-gram extends the hash of the one before it, so every n-gram costs one character.
    """
    added = 0
    row = _row_of_word(data, start, stop, tables)
    if row >= 0:
        _add_row(tables, row, total)
        added = 1
    if tables.maxn > 0:
        added += _sum_ngrams(data, start, stop, tables, total)
    return added


@kernels.compiled
def _sum_ngrams(data: Bytes, start: int, stop: int, tables: Tables, total: Any) -> int:
    """Add the vectors of the n-grams of `<word>`; position -1 stands for `<`, position n for `>`."""
    added = 0
    size = stop - start
    buckets = np.uint64(len(tables.bucket_rows))
    for first in range(-1, size + 1):
        if 0 <= first < size and (data[start + first] & 0xC0) == CONTINUATION:
            continue
        value, at, length = FNV_START, first, 0
        while at <= size and length < tables.maxn:
            byte = BEGIN if at < 0 else (END if at == size else data[start + at])
            value = _mix(value, byte)
            at += 1
            while 0 <= at < size and (data[start + at] & 0xC0) == CONTINUATION:
                value = _mix(value, data[start + at])
                at += 1
            length += 1
            if length >= tables.minn and not (length == 1 and (first < 0 or at > size)):
                bucket = np.int64(value % buckets)
                if tables.bucket_kept[bucket >> 3] >> (bucket & 7) & 1:
                    _add_row(tables, tables.bucket_rows[bucket], total)
                    added += 1
    return added


@kernels.inlined
def _mix(value: Any, byte: int) -> Any:
    wide = np.uint64(byte)
    if byte >= 128:
        wide |= SIGN
    return ((value ^ wide) * FNV_PRIME) & LOW32
