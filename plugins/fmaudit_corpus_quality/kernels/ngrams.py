"""Repeated word n-grams: the most frequent 2- to 4-grams, and repeated 5- to 10-grams."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from fmaudit import Segments, TokenFeature, kernels, text_layout
from fmaudit_corpus_quality.kernels.flags import (
    ALPHA_WORDS,
    CORE_CHARACTERS,
    CORE_WORDS,
    ELLIPSES,
    FIRST_TOKEN,
    HASHES,
    STOP_WORDS,
    TOKENS,
)
from fmaudit_corpus_quality.kernels.lines import seen_before

__all__ = ["WORD_COLUMNS", "count_words"]

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

WORD_COLUMNS: Final = (
    *("words", "core_words", "core_characters", "hashes", "ellipses", "alpha_words", "stop_words"),
    *("top_2_gram_chars", "top_3_gram_chars", "top_4_gram_chars"),
    *(f"dup_{n}_gram_chars" for n in range(5, 11)),
)
_TOP: Final = 7  # column of top_2_gram_chars
_DUPLICATES: Final = 10

_TOKEN_ID, _TOKEN_CHARACTERS, _TOKEN_BYTES = text_layout.TOKEN_ID, text_layout.TOKEN_CHARACTERS, text_layout.TOKEN_BYTES
_SPREAD = kernels.MULTIPLIER

load64, multiply_fold, power_of_two = kernels.load64, kernels.multiply_fold, kernels.power_of_two


def count_words(segments: Segments, records: Ints, tokens: TokenFeature) -> Longs:
    """Count the columns of WORD_COLUMNS for each document."""
    out = np.zeros((len(segments), len(WORD_COLUMNS)), np.int64)
    counts = np.zeros(len(segments), np.int64)
    _count_tokens(segments.document_chunks, segments.chunk_ids, records, counts)
    most = int(counts.max(initial=0)) + 16
    slots = power_of_two(2 * most)
    room = (np.empty(slots, np.uint64), np.empty(slots, np.int32), np.empty(slots, np.int64), np.empty(slots, np.int64))
    words = (np.empty(most, np.int32), np.empty(most, np.int64), np.empty(most, np.int64))
    _words(
        segments.document_chunks, segments.chunk_ids, segments.squeezed, segments.document_squeezed, records, tokens.tokens,
        segments.vocabulary.seed, *room, *words, *(np.empty(most, np.int32) for _ in range(3)), out,
    )  # fmt: skip
    return out


@kernels.compiled
def _count_tokens(document_chunks: Longs, chunk_ids: Ints, records: Ints, counts: Longs) -> None:
    for document in range(len(counts)):
        for chunk in range(document_chunks[document], document_chunks[document + 1]):
            counts[document] += records[chunk_ids[chunk], TOKENS]


@kernels.compiled
def _words(
    document_chunks: Longs, chunk_ids: Ints, squeezed: Bytes, document_squeezed: Longs, records: Ints, tokens: Ints, seed: kernels.Word,
    keys: Words, counts: Ints, places: Longs, sizes: Longs, ids: Ints, starts: Longs, characters: Longs, left: Ints, slots: Ints,
    groups: Ints, out: Longs,
) -> None:  # fmt: skip
    """Lay the tokens of each document side by side and count.

    Token `i` is number `ids[i]`, begins at byte `starts[i]` of `squeezed`, and has `characters[i]` code points before it.
    """
    for document in range(len(document_chunks) - 1):
        row = out[document]
        count = _lay_out(
            document_chunks[document], document_chunks[document + 1], chunk_ids, records, tokens, document_squeezed[document],
            ids, starts, characters, row,
        )  # fmt: skip
        _top_grams(count, ids, characters, keys, counts, left, slots, groups, row)
        _repeated_grams(count, squeezed, starts, characters, keys, counts, places, sizes, left, slots, seed, row)


@kernels.compiled
def _lay_out(
    first: int, stop: int, chunk_ids: Ints, records: Ints, tokens: Ints, start: int, ids: Ints, starts: Longs, characters: Longs, row: Longs
) -> int:
    """Write each token's id and where it begins, and sum what the records say; gives the number of tokens."""
    count, before = 0, 0
    core, core_characters, alpha, stop_words, hashes, ellipses = 0, 0, 0, 0, 0, 0
    for chunk in range(first, stop):
        record = records[chunk_ids[chunk]]
        core += record[CORE_WORDS]
        core_characters += record[CORE_CHARACTERS]
        alpha += record[ALPHA_WORDS]
        stop_words |= record[STOP_WORDS]
        hashes += record[HASHES]
        ellipses += record[ELLIPSES]
        for i in range(record[FIRST_TOKEN], record[FIRST_TOKEN] + record[TOKENS]):
            ids[count] = tokens[i, _TOKEN_ID]
            starts[count] = start
            characters[count] = before
            start += tokens[i, _TOKEN_BYTES]
            before += tokens[i, _TOKEN_CHARACTERS]
            count += 1
    starts[count] = start
    characters[count] = before
    distinct = 0
    while stop_words:
        distinct += stop_words & 1
        stop_words >>= 1
    row[0], row[1], row[2], row[3], row[4], row[5], row[6] = count, core, core_characters, hashes, ellipses, alpha, distinct
    return count


@kernels.inlined
def _tally(key: kernels.Word, place: kernels.Word, keys: Words, counts: Ints, mask: kernels.Word) -> kernels.Word:
    """Count a key that is not 0; gives its slot."""
    slot = place & mask
    while True:
        held = keys[slot]
        if held == key:
            counts[slot] += 1
            return slot
        if held == np.uint64(0):
            keys[slot] = key
            counts[slot] = 1
            return slot
        slot = (slot + np.uint64(1)) & mask


@kernels.compiled
def _top_grams(
    count: int, ids: Ints, characters: Longs, keys: Words, counts: Ints, left: Ints, slots: Ints, groups: Ints, row: Longs
) -> None:
    """Find the most frequent n-gram, of equals the first, and its characters times its count.

    An n-gram is the exact pair of its (n-1)-gram and its last word. Only where the (n-1)-gram repeats can the n-gram; where nothing
    repeats, the first n-gram is the most frequent.
    """
    remaining = max(count - 1, 0)
    for i in range(remaining):
        left[i] = i
        groups[i] = ids[i]
    for n in range(2, 5):
        if count < n:
            return
        best = 1
        size = power_of_two(2 * remaining + 2)
        mask = np.uint64(size - 1)
        keys[:size] = np.uint64(0)
        for i in range(remaining):
            key = ((np.uint64(groups[i]) << np.uint64(32)) | np.uint64(ids[left[i] + n - 1])) + np.uint64(1)
            slot = _tally(key, (key * _SPREAD) >> np.uint64(32), keys, counts, mask)
            slots[i] = slot
            best = max(best, counts[slot])
        top = 0
        if best > 1:
            for i in range(remaining):
                if counts[slots[i]] == best:
                    top = left[i]
                    break
        # joined by one space
        row[_TOP + n - 2] = best * (characters[top + n] - characters[top] + n - 1)
        kept = 0
        for i in range(remaining):
            if counts[slots[i]] > 1 and left[i] + n < count:
                groups[kept] = slots[i]
                left[kept] = left[i]
                kept += 1
        remaining = kept


@kernels.inlined
def _prefix_hash(squeezed: Bytes, start: int, size: int, seed: kernels.Word) -> kernels.Word:
    """Hash the first 12, 20 or 28 bytes behind a place to a word that is not 0."""
    folded = multiply_fold(load64(squeezed, start) ^ seed, load64(squeezed, start + size - 8) ^ _SPREAD)
    if size > 12:
        folded = multiply_fold(folded ^ load64(squeezed, start + 8), _SPREAD)
    if size > 20:
        folded = multiply_fold(folded ^ load64(squeezed, start + 16), _SPREAD)
    return folded | np.uint64(1)


@kernels.inlined
def _keep_possible(
    n: int,
    size: int,
    remaining: int,
    count: int,
    squeezed: Bytes,
    starts: Longs,
    keys: Words,
    counts: Ints,
    left: Ints,
    slots: Ints,
    seed: kernels.Word,
) -> int:
    """Drop the places whose n-gram of `size` bytes or more begins with bytes that no other place begins with."""
    slot_count = power_of_two(2 * remaining + 2)
    mask = np.uint64(slot_count - 1)
    keys[:slot_count] = np.uint64(0)
    for i in range(remaining):
        key = _prefix_hash(squeezed, starts[left[i]], size, seed)
        slots[i] = _tally(key, key >> np.uint64(20), keys, counts, mask)
    kept = 0
    for i in range(remaining):
        place = left[i]
        if place + n <= count and (counts[slots[i]] > 1 or starts[place + n] - starts[place] < size):
            left[kept] = place
            kept += 1
    return kept


@kernels.compiled
def _repeated_grams(
    count: int, squeezed: Bytes, starts: Longs, characters: Longs, keys: Words, counts: Ints, places: Longs, sizes: Longs,
    left: Ints, slots: Ints, seed: kernels.Word, row: Longs,
) -> None:  # fmt: skip
    """Sum the characters of n-grams met before, going on behind each.

    The words are joined without a space, so an n-gram is a run of bytes of `squeezed`, and word borders do not matter.
    """
    remaining = max(count - 4, 0)
    for i in range(remaining):
        left[i] = i
    for n in range(5, 11):
        if n == 5 or n == 6 or n == 8:
            size = 12 if n == 5 else 20 if n == 6 else 28
            remaining = _keep_possible(n, size, remaining, count, squeezed, starts, keys, counts, left, slots, seed)
        if remaining == 0:
            return
        slot_count = power_of_two(2 * remaining + 2)
        mask = np.uint64(slot_count - 1)
        keys[:slot_count] = np.uint64(0)
        total, go_on = 0, 0
        for i in range(remaining):
            place = left[i]
            if place < go_on:
                continue
            if place + n > count:
                break
            begin = starts[place]
            if seen_before(squeezed, begin, starts[place + n] - begin, keys, places, sizes, mask, seed):
                total += characters[place + n] - characters[place]
                go_on = place + n
        row[_DUPLICATES + n - 5] = total
