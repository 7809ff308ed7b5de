"""Features are filled once per chunk, and start over with another vocabulary."""

from __future__ import annotations

import threading

import numpy as np

from fmaudit.text import ChunkFeature, Segments, Vocabulary, segment
from fmaudit.text.buffers import BufferPool, grown
from fmaudit.text.kernels import join_bytes
from fmaudit.text.segments import forget


class Lengths(ChunkFeature):
    """The bytes of each chunk, and what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = np.zeros(0, np.int64)
        self.calls: list[tuple[int, int]] = []

    def fill(self, vocabulary: Vocabulary, first: int, last: int) -> None:
        self.calls.append((first, last))
        self.rows = grown(self.rows, last)
        self.rows[first:last] = vocabulary.lengths[first:last]


def make(text: str, vocabulary: Vocabulary | None = None) -> Segments:
    return segment(*join_bytes([text.encode()]), vocabulary)


def test_each_chunk_is_filled_once() -> None:
    vocabulary, feature = Vocabulary(), Lengths()
    for text in ("one two three", "three four", "one"):
        segments = make(text, vocabulary)
        feature.sync(vocabulary)
        assert feature.rows[segments.chunk_ids].tolist() == [len(word) for word in text.split()]
    assert feature.calls == [(0, 3), (3, 4)]


def test_a_feature_starts_over_with_another_vocabulary_and_back() -> None:
    first, second, feature = Vocabulary(), Vocabulary(), Lengths()
    make("a bb", first)
    make("ccc", second)
    for vocabulary, rows in ((first, [1, 2]), (second, [3]), (first, [1, 2])):
        feature.sync(vocabulary)
        assert feature.rows[: vocabulary.size].tolist() == rows
    assert first.generation != second.generation


def test_a_full_vocabulary_is_replaced_at_the_border_of_a_batch() -> None:
    forget()
    before = make("first")
    before.vocabulary.max_chunks = 100
    big = make(" ".join(f"w{i}" for i in range(200)))
    assert big.vocabulary is before.vocabulary
    after = make("first again")
    assert after.vocabulary is not big.vocabulary
    assert after.vocabulary.size == 2
    assert big.vocabulary.chunk(0) == b"first"
    forget()


def test_long_chunks_do_not_pile_up() -> None:
    forget()
    for i in range(40):
        segments = make(" ".join(f"{i}-{j}" + "字" * 20_000 for j in range(10)))
        assert segments.vocabulary.used_bytes < segments.vocabulary.max_bytes + 700_000
    forget()


def test_threads_have_vocabularies_of_their_own() -> None:
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(make("x y").vocabulary)) for _ in range(2)]
    for thread in threads:
        thread.start()
        thread.join()
    assert seen[0] is not seen[1]
    assert seen[0] is not make("x").vocabulary


def test_a_pool_hands_out_what_nobody_holds() -> None:
    pool = BufferPool()
    first = pool.take(100_000, np.int64)
    place = address(first)
    second = pool.take(100_000, np.int64)
    part = first[5:10]
    del first
    third = pool.take(100_000, np.int64)
    assert len({place, address(second), address(third)}) == 3, "a slice still refers to the first"
    del part
    assert address(pool.take(100_000, np.int64)) == place


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])
