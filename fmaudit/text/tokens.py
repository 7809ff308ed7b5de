"""The English tokens of every chunk, as spaCy's blank pipeline gives them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fmaudit.text.buffers import grown
from fmaudit.text.layout import CHUNK_COLUMNS, TOKEN_COLUMNS
from fmaudit.text.vocabulary import ChunkFeature, Vocabulary

if TYPE_CHECKING:
    from fmaudit.text.english_kernels import EnglishTables

__all__ = ["TokenFeature"]

Ints = npt.NDArray[np.int32]

_PASS = 50_000  # chunks given to spaCy at once, so that its documents stay small


class TokenFeature(ChunkFeature):
    """Tokens by chunk: `chunks[i]` says where those of chunk `i` are in `tokens` and what they do to a sentence.

    Sentences follow spaCy's sentencizer, an automaton with one bit of state (was a sentence mark seen?), so a chunk is described by
    what it does in either state. Equal token ids mean equal bytes. The columns are named in `fmaudit.text_layout`.
    """

    def __init__(self, *, native: bool = True) -> None:
        """Start empty; `native=False` leaves all the work to spaCy."""
        super().__init__()
        self._native = native
        self.chunks: Ints = np.zeros((0, CHUNK_COLUMNS), np.int32)
        self.tokens: Ints = np.zeros((0, TOKEN_COLUMNS), np.int32)
        self.clear()

    def clear(self) -> None:
        """Forget all tokens."""
        self.token_count = 0
        self.distinct = 0
        self._slots = np.zeros(2 << 15, np.uint64)
        self._starts = np.zeros(1 << 14, np.int64)

    def fill(self, vocabulary: Vocabulary, first: int, last: int) -> None:
        """Split the chunks natively, and by spaCy where the native path asks for it."""
        from fmaudit.text.english import english_tables

        self.chunks = grown(self.chunks, last)
        tables = english_tables() if self._native else None
        numbers = np.arange(first, last, dtype=np.int64)
        if tables is not None:
            numbers = self._fill_natively(vocabulary, first, last, tables)
        for begin in range(0, len(numbers), _PASS):
            self._fill_by_spacy(vocabulary, numbers[begin : begin + _PASS])

    @staticmethod
    def joins_across(chunks: Sequence[bytes]) -> bool:
        """Tell whether chunks that stand one plain space apart have other tokens than each alone; needs only be asked of the rare
        ones told MERGED whose neighbour is told to go on (ENDS_OPEN before STARTS_CLOSE)."""
        from fmaudit.text.english import joins_across

        return joins_across(b" ".join(chunks).decode())

    def _make_room(self, vocabulary: Vocabulary, tokens: int) -> None:
        from fmaudit.text.scan import rehash

        self.tokens = grown(self.tokens, self.token_count + tokens)
        while (self.distinct + tokens) * 2 > len(self._slots) // 2:
            self._slots = rehash(self._slots, len(self._slots) * 2, vocabulary.seed)
        self._starts = grown(self._starts, len(self._slots) // 4)

    def _fill_natively(self, vocabulary: Vocabulary, first: int, last: int, tables: EnglishTables) -> npt.NDArray[np.int64]:
        """Give the numbers of the chunks that spaCy must be asked about."""
        from fmaudit.text.english_split import make_scratch
        from fmaudit.text.tables import code_point_flags
        from fmaudit.text.token_kernels import fill_chunks

        sizes = vocabulary.lengths[first:last]
        scratch = make_scratch(int(sizes.max()))
        asked = np.empty(last - first, np.int64)
        state = np.zeros(3, np.int64)
        # in steps, so that room for the worst case (every byte a token) stays small
        for begin, end in _steps(sizes, first):
            self._make_room(vocabulary, int(vocabulary.lengths[begin:end].sum()))
            state[:2] = self.token_count, self.distinct
            fill_chunks(
                begin, end, vocabulary.arena, vocabulary.starts, vocabulary.lengths, vocabulary.seed, tables, code_point_flags(),
                scratch, self.chunks, self.tokens, self._slots, self._starts, asked, state,
            )  # fmt: skip
            self.token_count, self.distinct = int(state[0]), int(state[1])
        return asked[: state[2]]

    def _fill_by_spacy(self, vocabulary: Vocabulary, numbers: npt.NDArray[np.int64]) -> None:
        from fmaudit.text.english import chunk_tokens
        from fmaudit.text.tables import code_point_flags
        from fmaudit.text.token_kernels import enter_chunks

        texts = [vocabulary.chunk(int(number)).decode() for number in numbers]
        lengths, counts, told = chunk_tokens(texts)
        self._make_room(vocabulary, len(lengths))
        state = np.array([self.token_count, self.distinct], np.int64)
        enter_chunks(
            numbers, lengths, counts, told, vocabulary.arena, vocabulary.starts, vocabulary.seed, code_point_flags(),
            self.chunks, self.tokens, self._slots, self._starts, state,
        )  # fmt: skip
        self.token_count, self.distinct = int(state[0]), int(state[1])


def _steps(sizes: Ints, first: int, most: int = 1 << 20) -> list[tuple[int, int]]:
    """Cut a run of chunks into runs of about `most` bytes."""
    ends = np.cumsum(sizes, dtype=np.int64)
    cuts = np.searchsorted(ends, np.arange(most, int(ends[-1]), most))
    borders = [first, *sorted({first + int(cut) for cut in cuts} - {first}), first + len(sizes)]
    return list(itertools.pairwise(borders))
