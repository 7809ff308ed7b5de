"""Segments: a batch of documents as flat arrays of chunks, gaps and line breaks."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fmaudit.text.buffers import BufferPool
from fmaudit.text.tokens import TokenFeature
from fmaudit.text.vocabulary import Vocabulary

__all__ = ["Segments", "forget", "segment"]

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """A batch as flat arrays; positions are byte positions in `data`, of which document `d` has `offsets[d]` to `offsets[d + 1]`.

    The chunks of document `d` are `document_chunks[d]` to `document_chunks[d + 1]`, likewise its breaks. A break is one white-space
    character that ends a line; it stands before chunk `break_chunks[i]`. Treat everything as read-only.
    """

    data: Bytes
    offsets: Ints
    vocabulary: Vocabulary
    chunk_ids: npt.NDArray[np.int32]  # numbers of the vocabulary
    chunk_gaps: Bytes  # 1 where exactly one plain space stands before the chunk
    chunk_starts: Ints
    document_chunks: Ints
    break_positions: Ints
    break_kinds: Bytes  # bits of fmaudit.text_layout
    break_chunks: Ints
    break_characters: Ints  # code points of the document before the break
    document_breaks: Ints
    squeezed: Bytes  # the text without its white space
    document_squeezed: Ints
    characters: Ints  # code points of each document
    first: Ints  # where the first chunk begins, -1 in a document without one
    last: Ints  # where the last chunk ends

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def tokens(self) -> TokenFeature:
        """The English tokens of every chunk of the vocabulary, shared by all who ask in this thread."""
        tokens = _WORKSHOP.tokens
        tokens.sync(self.vocabulary)
        return tokens


class _Workshop(threading.local):
    """What a thread keeps from batch to batch."""

    def __init__(self) -> None:
        self.pool = BufferPool()
        self.vocabulary = Vocabulary()
        self.tokens = TokenFeature()


_WORKSHOP = _Workshop()


def forget() -> None:
    """Drop what this thread knows of chunks, and the memory it takes; batches segmented before stay valid."""
    _WORKSHOP.__init__()  # type: ignore[misc]


def segment(data: Bytes, offsets: Ints, vocabulary: Vocabulary | None = None) -> Segments:
    """Split documents into chunks and lines.

    `data` is valid UTF-8 with 64 spare bytes behind the last document. Without a vocabulary of your own the thread's is used, and
    replaced by a fresh one when it is full.
    """
    workshop = _WORKSHOP
    if vocabulary is None:
        if workshop.vocabulary.is_full:
            workshop.vocabulary = Vocabulary()
        vocabulary = workshop.vocabulary
    if len(data) < int(offsets[-1]) + 64:
        raise ValueError("the text buffer needs 64 spare bytes behind the last document")
    return _scan(data, offsets, vocabulary, workshop.pool)


def _scan(data: Bytes, offsets: Ints, vocabulary: Vocabulary, pool: BufferPool) -> Segments:
    from fmaudit.text import scan

    count = len(offsets) - 1
    size = int(offsets[-1] - offsets[0])
    most_chunks = size // 2 + count + 1
    out: dict[str, Any] = {
        "squeezed": pool.take(size + 64, np.uint8),
        "chunk_ids": pool.take(most_chunks, np.int32),
        "chunk_gaps": pool.take(most_chunks, np.uint8),
        "chunk_starts": pool.take(most_chunks, np.int64),
        "break_positions": pool.take(size + 1, np.int64),
        "break_kinds": pool.take(size + 1, np.uint8),
        "break_chunks": pool.take(size + 1, np.int64),
        "break_characters": pool.take(size + 1, np.int64),
        "document_chunks": np.zeros(count + 1, np.int64),
        "document_breaks": np.zeros(count + 1, np.int64),
        "document_squeezed": np.zeros(count + 1, np.int64),
    }
    documents = np.zeros((count, scan.DOCUMENT_COLUMNS), np.int64)
    state = np.zeros(scan.STATE_SIZE, np.int64)
    state[scan.POSITION] = -1
    vocabulary.make_room(min(size // 16, 50_000), size // 8)
    done = False
    while not done:
        state[scan.SIZE], state[scan.USED] = vocabulary.size, vocabulary.used_bytes
        tables = (vocabulary.slots, vocabulary.seed, vocabulary.arena, vocabulary.starts, vocabulary.lengths)
        done = scan.scan(data, offsets, *tables, state, *out.values(), documents.reshape(-1))
        vocabulary.size, vocabulary.used_bytes = int(state[scan.SIZE]), int(state[scan.USED])
        if not done:
            vocabulary.make_room(vocabulary.size + 1, max(len(vocabulary.arena), size))
    chunks, breaks = int(out["document_chunks"][-1]), int(out["document_breaks"][-1])
    for name in out:
        if name.startswith("chunk_"):
            out[name] = out[name][:chunks]
        elif name.startswith("break_"):
            out[name] = out[name][:breaks]
    characters, first, last = (np.ascontiguousarray(column) for column in documents.T)
    return Segments(data=data, offsets=offsets, vocabulary=vocabulary, characters=characters, first=first, last=last, **out)
