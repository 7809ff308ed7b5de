"""A chunk is understood once: ids for distinct chunks, and features that hang on the ids.

A *chunk* is a longest run of text without white space. A `Vocabulary` numbers the distinct chunks it meets from 0 and keeps
their bytes; a `ChunkFeature` is a set of arrays indexed by those numbers, filled once for each new chunk.
"""

from __future__ import annotations

import itertools
import secrets
from abc import ABC, abstractmethod
from typing import Final

import numpy as np

__all__ = ["ChunkFeature", "Vocabulary"]

_GENERATIONS = itertools.count(1)


class Vocabulary:
    """Numbers for distinct chunks, in the order they were first met.

    `arena[starts[i] : starts[i] + lengths[i]]` holds the bytes of chunk `i`, for `i < size`; features may read them at any time.
    Equality is decided on bytes, never on hashes, and the hash is salted, so that no text can be made to collide.
    A vocabulary only grows, within a batch by as much as the batch needs. One that `is_full` is replaced at the border of a
    batch by a fresh one with another `generation`; the replaced one stays valid for who still holds it.
    """

    SPARE: Final = 64  # readable bytes behind the arena's last chunk

    def __init__(self, max_chunks: int = 400_000, max_bytes: int = 16 << 20) -> None:
        """Start empty; it is full with `max_chunks` chunks or `max_bytes` of text in them."""
        self.max_chunks = max_chunks
        self.max_bytes = max_bytes
        self.generation = next(_GENERATIONS)
        self.seed = np.uint64(secrets.randbits(64))
        self.size = 0
        self.used_bytes = 0
        self.slots = np.zeros(2 << 16, np.uint64)  # pairs: the chunk's first bytes or hash, and its id with its length
        self.arena = np.zeros(1 << 18, np.uint8)
        self.starts = np.zeros(1 << 15, np.int64)
        self.lengths = np.zeros(1 << 15, np.int32)

    @property
    def is_full(self) -> bool:
        """Whether the next batch should begin with a fresh vocabulary."""
        return self.size >= self.max_chunks or self.used_bytes >= self.max_bytes

    def chunk(self, number: int) -> bytes:
        """Give the bytes of a chunk."""
        start = int(self.starts[number])
        return self.arena[start : start + int(self.lengths[number])].tobytes()

    def make_room(self, chunks: int, size: int) -> None:
        """Grow so that `chunks` more chunks of `size` bytes in all fit."""
        from fmaudit.text.buffers import grown
        from fmaudit.text.scan import rehash

        while (self.size + chunks) * 2 > len(self.slots) // 2:
            self.slots = rehash(self.slots, len(self.slots) * 2, self.seed)
        self.starts = grown(self.starts, len(self.slots) // 4)
        self.lengths = grown(self.lengths, len(self.slots) // 4)
        self.arena = grown(self.arena, self.used_bytes + size + self.SPARE)


class ChunkFeature(ABC):
    """Arrays indexed by chunk id, filled for each chunk when it is first met.

    Subclass it, keep arrays of your own, and write row `i` for chunk `i` in `fill`. Call `sync` before reading them. One instance
    belongs to one thread. A signal does well to keep one instance and sync it with `segments.vocabulary` of each batch.
    """

    def __init__(self) -> None:
        """Start with no chunk filled."""
        self.generation = 0
        self.filled = 0

    def sync(self, vocabulary: Vocabulary) -> None:
        """Fill what is missing; start over when the vocabulary is another one."""
        if self.generation != vocabulary.generation:
            self.clear()
            self.generation = vocabulary.generation
            self.filled = 0
        if self.filled < vocabulary.size:
            self.fill(vocabulary, self.filled, vocabulary.size)
            self.filled = vocabulary.size

    def clear(self) -> None:
        """Forget whatever was kept about chunks, if it takes memory or is not simply written over."""
        return

    @abstractmethod
    def fill(self, vocabulary: Vocabulary, first: int, last: int) -> None:
        """Write the rows of chunks `first` to `last - 1`, growing the arrays to `last` rows."""
