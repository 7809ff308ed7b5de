"""What one tokenizer makes of one language's sentences: a row for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fmaudit import Message, Tokenizer, TokenizerError

__all__ = ["SCHEMA", "Looking"]

FIELDS: list[pa.Field[Any]] = [
    pa.field("language", pa.string()),
    pa.field("sentence", pa.int32()),
    pa.field("bytes", pa.int32()),
    pa.field("characters", pa.int32()),
    pa.field("words", pa.int32()),  # between white space
    pa.field("tokens", pa.int32()),  # of the sentence alone
    pa.field("tokens_joined", pa.int32()),  # that begin in the sentence, of the whole text joined by a space
    pa.field("single_token_words", pa.int32()),
    pa.field("partial_tokens", pa.int32()),  # whose bytes are not valid UTF-8 alone
    pa.field("unknown_tokens", pa.int32()),
    pa.field("unknown_characters", pa.int32()),
    pa.field("chat_tokens", pa.int32()),  # as the only turn of a conversation; null without a chat template
    pa.field("chat_tokens_3", pa.int32()),  # as user's, assistant's and user's turn
    pa.field("ids", pa.list_(pa.int32())),
    pa.field("vocabulary_size", pa.int32()),
    pa.field("has_unknown", pa.bool_()),  # whether the tokenizer has an unknown token; others spell every text
]
SCHEMA = pa.schema(FIELDS)

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Looking:
    """A tokenizer being looked at."""

    tokenizer: Tokenizer

    def rows(self, language: str, sentences: Sequence[str]) -> pa.Table:
        """Return one row for every sentence, in the columns of `SCHEMA`."""
        ids = self.tokenizer.encode_batch(list(sentences))
        sizes = np.array([len(found) for found in ids], np.int64)
        flat = np.fromiter((token for found in ids for token in found), np.int64, int(sizes.sum()))
        ends = np.concatenate(([0], np.cumsum(sizes)))
        unknown = _sums(flat == self._unknown, ends)
        columns: dict[str, Any] = {
            "language": [language] * len(sentences),
            "sentence": np.arange(len(sentences)),
            "bytes": [len(sentence.encode()) for sentence in sentences],
            "characters": [len(sentence) for sentence in sentences],
            "words": [len(sentence.split()) for sentence in sentences],
            "tokens": sizes,
            "tokens_joined": self._joined(sentences),
            "single_token_words": self._single_words(sentences),
            "partial_tokens": _sums(self._look_up(flat, self._is_partial), ends),
            "unknown_tokens": unknown,
            "unknown_characters": [self._unknown_characters(text) if n else 0 for text, n in zip(sentences, unknown, strict=True)],
            "chat_tokens": [self._chat(sentence, 1) for sentence in sentences],
            "chat_tokens_3": [self._chat(sentence, 3) for sentence in sentences],
            "ids": pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(flat, pa.int32())),
            "vocabulary_size": [self.tokenizer.vocabulary_size] * len(sentences),
            "has_unknown": [self.tokenizer.unknown_id is not None] * len(sentences),
        }
        arrays = [pa.array(columns[field.name], field.type) for field in SCHEMA]
        return pa.Table.from_arrays(arrays, schema=SCHEMA)

    def _look_up(self, ids: Ints, fact: Callable[[bytes | None], int]) -> Ints:
        """Return a fact about each token's bytes, asked once for each different token."""
        kinds, place = np.unique(ids, return_inverse=True)
        return np.array([fact(self.tokenizer.token_bytes(token)) for token in kinds.tolist()], np.int64)[place]

    @property
    def _unknown(self) -> int:
        return -1 if self.tokenizer.unknown_id is None else self.tokenizer.unknown_id

    @cached_property
    def _space(self) -> str:
        """What stands before a word in the middle of a text; a tokenizer that puts a space before every text needs none."""
        first = [self.tokenizer.token_bytes(token) or b"" for token in self.tokenizer.encode("a")[:1]]
        return "" if first and first[0][:1] == b" " else " "

    @cached_property
    def _unspelled(self) -> dict[str, int]:
        return {}

    def _joined(self, sentences: Sequence[str]) -> Ints:
        """Count the tokens of the joined text by the sentence in which they begin, so that they add up to all of them."""
        text = " ".join(sentences)
        ids = np.array(self.tokenizer.encode(text), np.int64)
        ends = np.cumsum(self._look_up(ids, lambda spelled: len(spelled or b"")))
        extra = (int(ends[-1]) if len(ends) else 0) - len(text.encode())
        if extra not in (0, 1):  # the tokenizer changes the text: no token has a place in it
            return self._joined_by_parts(sentences, len(ids))
        starts = np.concatenate(([0], ends[:-1] - extra)) if len(ends) else ends
        sizes = np.array([len(sentence.encode()) + 1 for sentence in sentences])
        first = np.concatenate(([0], np.cumsum(sizes)[:-1])) - 1  # the joining space belongs to the sentence after it
        owner = np.searchsorted(first, starts, side="right") - 1
        return np.bincount(owner, minlength=len(sentences)).astype(np.int64)

    def _joined_by_parts(self, sentences: Sequence[str], total: int) -> Ints:
        parts = [sentence if i == 0 else self._space + sentence for i, sentence in enumerate(sentences)]
        counts = self.tokenizer.counts(pa.array(parts, pa.large_string())).copy()
        counts[int(np.argmax(counts))] += total - int(counts.sum())
        return counts

    def _single_words(self, sentences: Sequence[str]) -> list[int]:
        """Count the words that are one token after a space."""
        words = sorted({word for sentence in sentences for word in sentence.split()})
        counts = self.tokenizer.counts(pa.array([self._space + word for word in words], pa.large_string()))
        single = {word for word, count in zip(words, counts.tolist(), strict=True) if count == 1}
        return [sum(word in single for word in sentence.split()) for sentence in sentences]

    @staticmethod
    def _is_partial(spelled: bytes | None) -> int:
        try:
            return 0 if spelled is None or spelled.decode() is not None else 1
        except UnicodeDecodeError:
            return 1

    def _unknown_characters(self, text: str) -> int:
        """Count the characters of a sentence that the vocabulary cannot spell."""
        known = self._unspelled
        for word in {*text.split()} - known.keys():
            known[word] = self._unknown_in_word(word)
        return sum(known[word] for word in text.split())

    def _unknown_in_word(self, word: str) -> int:
        """Count unknown characters: the whole word where no token of it is known (WordPiece), else those unknown by themselves."""
        ids = self.tokenizer.encode(word)
        if self._unknown not in ids:
            return 0
        spelled = b"".join(self.tokenizer.token_bytes(token) or b"" for token in ids if token != self._unknown)
        if not spelled.strip():
            return len(word)
        alone = sum(self._unknown in self.tokenizer.encode(character) for character in word)
        return alone or len(word) - min(len(spelled.decode(errors="replace").strip()), len(word) - 1)

    def _chat(self, sentence: str, turns: int) -> int | None:
        """Count the tokens of a conversation that says a sentence again and again; None where there is no template for it."""
        template = self.tokenizer.chat_template
        if template is None:
            return None
        try:
            return template.tokens([Message(("user", "assistant")[i % 2], sentence) for i in range(turns)])
        except TokenizerError:
            return None


def _sums(values: npt.NDArray[Any], ends: Ints) -> Ints:
    """Add up the values between consecutive ends."""
    return np.diff(np.concatenate(([0], np.cumsum(values)))[ends])
