"""Prompts that were computed for one way of drawing, kept for the next: caches of whole chunks, bounded by their bytes."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from fmaudit.models.backends.transformers.caches import bytes_of

__all__ = ["PromptMemo"]

BYTES: Final = 256 << 20

Chunk = tuple[tuple[int, ...], ...]


class PromptMemo:
    """Keeps the caches of chunks of prompts; what is handed out is a copy, since decoding writes into it.

    `reused` holds the prompts that came from here since `begin` was called.
    """

    def __init__(self, limit: int = BYTES) -> None:
        """Keep at most `limit` bytes."""
        self._limit = limit
        self._kept: OrderedDict[tuple[int, Chunk], tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self.reused: set[tuple[int, ...]] = set()

    def begin(self) -> None:
        """Forget which prompts were reused."""
        self.reused = set()

    def take(self, length: int, chunk: Sequence[Sequence[int]]) -> Any:
        """Give a copy of the cache of a chunk that was padded to `length`, or None."""
        key = length, tuple(map(tuple, chunk))
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        self.reused.update(key[1])
        return copy.deepcopy(self._kept[key][0])

    def keep(self, length: int, chunk: Sequence[Sequence[int]], cache: Any) -> None:
        """Keep a copy, and let go of the oldest where there is no room."""
        size = bytes_of(cache)
        if size > self._limit:
            return
        self._kept[length, tuple(map(tuple, chunk))] = copy.deepcopy(cache), size
        self._bytes += size
        while self._bytes > self._limit:
            self._bytes -= self._kept.popitem(last=False)[1][1]
