"""What the rules need to know of a chunk, in one record of 64 bytes, filled when the chunk is first met."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from fmaudit import ChunkFeature, TokenFeature, Vocabulary, kernels, text_layout, text_tables

__all__ = ["RuleFlags"]

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

# columns of a record
FIRST_TOKEN: Final = 0
TOKENS: Final = 1
CHARACTERS: Final = 2
BYTES: Final = 3
CORE_WORDS: Final = 4  # tokens with a character outside the punctuation set
CORE_CHARACTERS: Final = 5
ALPHA_WORDS: Final = 6  # tokens with a letter
STOP_WORDS: Final = 7  # one bit for each of STOP_LIST
FLAGS: Final = 8
HASHES: Final = 9
ELLIPSES: Final = 10
OPENINGS_FRESH: Final = 11  # the four columns of the sentence automaton, see TokenFeature
STATE_FRESH: Final = 12
OPENINGS_SEEN: Final = 13
STATE_SEEN: Final = 14
RECORD: Final = 16

STOP_LIST: Final = ("the", "be", "to", "of", "and", "that", "have", "with")
LONGEST_WORD: Final = 1000  # code points; a line with a longer chunk is skipped

BRACKET: Final = 1 << 0  # holds "["
CURLY: Final = 1 << 1
JAVASCRIPT: Final = 1 << 2
LONG: Final = 1 << 3
BULLET: Final = 1 << 4  # begins with "•" or "-"
ELLIPSIS_END: Final = 1 << 5  # ends with "..." or "…"
DOTS_END: Final = 1 << 6  # ends with "..."
LINE_END: Final = 1 << 7  # ends with one of . ? ! " '
TERMINAL_END: Final = 1 << 8  # ends with terminal punctuation of any script
BREAKS_SPACY: Final = 1 << 9
MERGED: Final = 1 << 10
ENDS_OPEN: Final = 1 << 11
STARTS_CLOSE: Final = 1 << 12
# parts of phrases, in lower case; neighbours with one plain space between them make the phrase
ENDS_LOREM: Final = 1 << 13
STARTS_IPSUM: Final = 1 << 14
ENDS_TERMS: Final = 1 << 15
IS_OF: Final = 1 << 16
STARTS_USE: Final = 1 << 17
ENDS_PRIVACY: Final = 1 << 18
STARTS_POLICY: Final = 1 << 19
ENDS_COOKIE: Final = 1 << 20
ENDS_USES: Final = 1 << 21
STARTS_COOKIES: Final = 1 << 22
ENDS_USE: Final = 1 << 23

# a chunk ends or begins with one of these: the bytes, where each ends, and its flag
_BEGINNINGS, _BEGINNING_ENDS = kernels.join_bytes([b"ipsum", b"use", b"policy", b"cookies"])
_BEGINNING_FLAGS = np.array([STARTS_IPSUM, STARTS_USE, STARTS_POLICY, STARTS_COOKIES], np.int64)
_ENDINGS, _ENDING_ENDS = kernels.join_bytes([b"lorem", b"terms", b"privacy", b"cookie", b"uses", b"use"])
_ENDING_FLAGS = np.array([ENDS_LOREM, ENDS_TERMS, ENDS_PRIVACY, ENDS_COOKIE, ENDS_USES, ENDS_USE], np.int64)
_JAVASCRIPT, _ = kernels.join_bytes([b"javascript"])
_STOP_KEYS = np.array([int.from_bytes(word.encode(), "little") for word in STOP_LIST], np.uint64)

_LETTER, _SYMBOL, _TERMINAL = text_tables.LETTER, text_tables.SYMBOL, text_tables.TERMINAL
_TOKEN_CHARACTERS, _TOKEN_BYTES, _TOLD = text_layout.TOKEN_CHARACTERS, text_layout.TOKEN_BYTES, text_layout.TOLD
_TOLD_FLAGS: Final = (
    (text_layout.BREAKS_SPACY, BREAKS_SPACY),
    (text_layout.MERGED, MERGED),
    (text_layout.ENDS_OPEN, ENDS_OPEN),
    (text_layout.STARTS_CLOSE, STARTS_CLOSE),
)

load64, low_bytes, decode, same_bytes = kernels.load64, kernels.low_bytes, kernels.decode, kernels.same_bytes


class RuleFlags(ChunkFeature):
    """One record for each chunk."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.records: Ints = np.zeros((0, RECORD), np.int32)
        self._tokens: TokenFeature | None = None

    def sync_with(self, vocabulary: Vocabulary, token_feature: TokenFeature) -> None:
        """Fill the records of new chunks from their tokens."""
        self._tokens = token_feature
        token_feature.sync(vocabulary)
        self.sync(vocabulary)

    def fill(self, vocabulary: Vocabulary, first: int, last: int) -> None:
        """Write the records of new chunks."""
        assert self._tokens is not None
        self.records = kernels.grown(self.records, last)
        _fill(
            first, last, vocabulary.arena, vocabulary.starts, vocabulary.lengths, self._tokens.chunks, self._tokens.tokens,
            text_tables.code_point_flags(), self.records, np.empty(int(vocabulary.lengths[first:last].max()) + 16, np.uint8),
        )  # fmt: skip


@kernels.inlined
def _stop_word(arena: Bytes, start: int, length: int) -> int:
    """Give the bit of a stop word, 0 for any other token."""
    if length < 2 or length > 4:
        return 0
    key = low_bytes(load64(arena, start), length)
    for i in range(len(_STOP_KEYS)):
        if _STOP_KEYS[i] == key:
            return 1 << i
    return 0


@kernels.compiled
def _count_words(record: Ints, arena: Bytes, position: int, chunk_row: Ints, tokens: Ints, flags: Bytes) -> int:
    """Count a chunk's words of each kind; gives the flags of its last character."""
    core, core_characters, alpha, stop = 0, 0, 0, 0
    last = 0
    for i in range(chunk_row[0], chunk_row[0] + chunk_row[1]):
        start = position
        is_core, has_letter = False, False
        for _ in range(tokens[i, _TOKEN_CHARACTERS]):
            point, width = decode(arena, position)
            position += width
            last = flags[point]
            is_core = is_core or not last & _SYMBOL
            has_letter = has_letter or last & _LETTER != 0
        if is_core:
            core += 1
            core_characters += tokens[i, _TOKEN_CHARACTERS]
        if has_letter:
            alpha += 1
        stop |= _stop_word(arena, start, tokens[i, _TOKEN_BYTES])
    record[CORE_WORDS] = core
    record[CORE_CHARACTERS] = core_characters
    record[ALPHA_WORDS] = alpha
    record[STOP_WORDS] = stop
    return last


@kernels.inlined
def _fold(arena: Bytes, start: int, stop: int, folded: Bytes) -> int:
    """Copy a chunk in lower case as far as the phrases can tell: ASCII, and the Kelvin sign, which lower-cases to k."""
    length = 0
    position = start
    while position < stop:
        byte = arena[position]
        if byte == 0xE2 and arena[position + 1] == 0x84 and arena[position + 2] == 0xAA:
            byte = 107
            position += 2
        elif 65 <= byte <= 90:
            byte += 32
        folded[length] = byte
        length += 1
        position += 1
    return length


@kernels.compiled
def _phrase_flags(arena: Bytes, start: int, stop: int, folded: Bytes) -> int:
    """Tell what phrases a chunk holds, begins or ends."""
    length = _fold(arena, start, stop, folded)
    flags = 0
    for i in range(length - 9):
        if folded[i] == 106 and same_bytes(folded, i, _JAVASCRIPT, 0, 10):
            flags |= JAVASCRIPT
    if length == 2 and folded[0] == 111 and folded[1] == 102:
        flags |= IS_OF
    for i in range(len(_BEGINNING_FLAGS)):
        size = _BEGINNING_ENDS[i + 1] - _BEGINNING_ENDS[i]
        if size <= length and same_bytes(folded, 0, _BEGINNINGS, _BEGINNING_ENDS[i], size):
            flags |= _BEGINNING_FLAGS[i]
    for i in range(len(_ENDING_FLAGS)):
        size = _ENDING_ENDS[i + 1] - _ENDING_ENDS[i]
        if size <= length and same_bytes(folded, length - size, _ENDINGS, _ENDING_ENDS[i], size):
            flags |= _ENDING_FLAGS[i]
    return flags


@kernels.compiled
def _edge_flags(arena: Bytes, start: int, stop: int) -> int:
    """Tell what a chunk begins and ends with."""
    flags = 0
    if arena[start] == 45 or (arena[start] == 0xE2 and arena[start + 1] == 0x80 and arena[start + 2] == 0xA2):
        flags |= BULLET
    end = arena[stop - 1]
    if end == 46 or end == 63 or end == 33 or end == 34 or end == 39:
        flags |= LINE_END
    if stop - start >= 3:
        before, earlier = arena[stop - 2], arena[stop - 3]
        if end == 46 and before == 46 and earlier == 46:
            flags |= DOTS_END | ELLIPSIS_END
        if end == 0xA6 and before == 0x80 and earlier == 0xE2:
            flags |= ELLIPSIS_END
    return flags


@kernels.compiled
def _count_signs(record: Ints, arena: Bytes, start: int, stop: int) -> int:
    """Count hashes and ellipses; tells whether there are brackets."""
    hashes, ellipses, dots, flags = 0, 0, 0, 0
    for position in range(start, stop):
        byte = arena[position]
        if byte == 46:
            dots += 1
            if dots == 3:
                ellipses += 1
                dots = 0
            continue
        dots = 0
        if byte == 35:
            hashes += 1
        elif byte == 0x5B:
            flags |= BRACKET
        elif byte == 0x7B:
            flags |= CURLY
        elif byte == 0xA6 and position - start >= 2 and arena[position - 1] == 0x80 and arena[position - 2] == 0xE2:
            ellipses += 1
    record[HASHES] = hashes
    record[ELLIPSES] = ellipses
    return flags


@kernels.compiled
def _fill(
    first: int,
    last: int,
    arena: Bytes,
    starts: Longs,
    lengths: Ints,
    chunks: Ints,
    tokens: Ints,
    flags: Bytes,
    records: Ints,
    folded: Bytes,
) -> None:
    for number in range(first, last):
        start = starts[number]
        stop = start + lengths[number]
        record = records[number]
        row = chunks[number]
        told = _edge_flags(arena, start, stop) | _phrase_flags(arena, start, stop, folded) | _count_signs(record, arena, start, stop)
        if _count_words(record, arena, start, row, tokens, flags) & _TERMINAL:
            told |= TERMINAL_END
        if row[text_layout.CHARACTERS] > LONGEST_WORD:
            told |= LONG
        for bit, flag in _TOLD_FLAGS:
            if row[_TOLD] & bit:
                told |= flag
        record[FIRST_TOKEN] = row[text_layout.FIRST_TOKEN]
        record[TOKENS] = row[text_layout.TOKEN_COUNT]
        record[CHARACTERS] = row[text_layout.CHARACTERS]
        record[BYTES] = lengths[number]
        record[FLAGS] = told
        record[OPENINGS_FRESH] = row[text_layout.OPENINGS_FRESH]
        record[STATE_FRESH] = row[text_layout.STATE_FRESH]
        record[OPENINGS_SEEN] = row[text_layout.OPENINGS_SEEN]
        record[STATE_SEEN] = row[text_layout.STATE_SEEN]
