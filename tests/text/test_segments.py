"""Segments say of a text what str's own methods say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_strategies import texts

from fmaudit.text import Vocabulary, segment
from fmaudit.text.kernels import join_bytes
from fmaudit.text.layout import LINE_BREAK, NEWLINE
from fmaudit.text.segments import Segments


def make(documents: list[str], vocabulary: Vocabulary | None = None) -> Segments:
    return segment(*join_bytes([text.encode() for text in documents]), vocabulary)


def chunks_of(segments: Segments, document: int) -> list[str]:
    first, stop = segments.document_chunks[document], segments.document_chunks[document + 1]
    return [segments.vocabulary.chunk(int(number)).decode() for number in segments.chunk_ids[first:stop]]


@given(st.lists(texts(), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_chunks_are_those_of_split(documents: list[str]) -> None:
    segments = make(documents)
    for number, text in enumerate(documents):
        assert chunks_of(segments, number) == text.split()
        assert segments.characters[number] == len(text)
        squeezed = segments.squeezed[segments.document_squeezed[number] : segments.document_squeezed[number + 1]]
        assert squeezed.tobytes().decode() == "".join(text.split())


@given(texts())
@settings(max_examples=150, deadline=None)
def test_gaps_and_places(text: str) -> None:
    segments = make(["before", text])
    data = text.encode()
    start = int(segments.offsets[1])
    first = int(segments.document_chunks[1])
    end = 0
    for i, chunk in enumerate(text.split()):
        place = int(segments.chunk_starts[first + i]) - start
        assert data[place:].decode().startswith(chunk)
        assert bool(segments.chunk_gaps[first + i]) == (data[end:place] == b" ")
        end = place + len(chunk.encode())
    if text.split():
        assert segments.first[1] - start == len(data) - len(text.lstrip().encode())
        assert segments.last[1] - start == len(text.rstrip().encode())
    else:
        assert segments.first[1] == -1


@given(texts())
@settings(max_examples=150, deadline=None)
def test_breaks_are_those_of_splitlines_and_newlines(text: str) -> None:
    segments = make([text])
    kinds = segments.break_kinds
    newlines = segments.break_characters[kinds & NEWLINE != 0]
    assert newlines.tolist() == [i for i, character in enumerate(text) if character == "\n"]
    ends, place = [], 0
    for line in text.splitlines(keepends=True):
        place += len(line)
        bare = line.splitlines()[0]
        if bare != line:
            ends.append(place - len(line) + len(bare))
    assert segments.break_characters[kinds & LINE_BREAK != 0].tolist() == ends
    words_before = [len(text[:i].split()) for i in segments.break_characters]
    assert segments.break_chunks.tolist() == words_before


def test_a_vocabulary_grows_within_a_batch_and_stays_exact() -> None:
    words = [f"word{i}" * (1 + i % 5) for i in range(70_000)]
    text = "\r\n \u3000".join(words)
    segments = make([text, text], Vocabulary(max_chunks=10))
    assert chunks_of(segments, 0) == chunks_of(segments, 1) == words
    assert segments.vocabulary.size == len(words)
    assert len(segments.break_positions) == 2 * 2 * (len(words) - 1)
    assert segments.characters.tolist() == [len(text)] * 2


def test_chunks_that_share_bytes_and_zeros_are_told_apart() -> None:
    words = ["a", "a\0", "a\0\0", "\0", "\0\0", "abcdefgh", "abcdefgh\0", "abcdefghi", "x" * 64, "x" * 65]
    segments = make([" ".join(words * 2)])
    assert chunks_of(segments, 0) == words * 2
    assert segments.vocabulary.size >= len(words)


def test_segments_of_an_earlier_batch_stay_as_they_were() -> None:
    first = make(["one two three\n" * 200])
    kept = {name: np.copy(getattr(first, name)) for name in ("chunk_ids", "chunk_starts", "squeezed", "break_positions")}
    for _ in range(5):
        make(["quite another text\r\n" * 300])
    for name, values in kept.items():
        assert np.array_equal(getattr(first, name), values), name


def test_empty_batches_and_empty_documents() -> None:
    assert len(make([])) == 0
    segments = make(["", "", " \n"])
    assert segments.document_chunks.tolist() == [0, 0, 0, 0]
    assert segments.characters.tolist() == [0, 0, 2]


def test_a_buffer_without_slack_is_refused() -> None:
    with pytest.raises(ValueError, match="spare bytes"):
        segment(np.zeros(10, np.uint8), np.array([0, 10], np.int64))
