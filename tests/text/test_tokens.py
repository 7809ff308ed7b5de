"""The tokens of chunks are spaCy's, natively and by asking it, and so are the sentences."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from text_strategies import texts

from fmaudit.text import Segments, TokenFeature, Vocabulary, segment
from fmaudit.text.english import blank_tokenizer, english_tables, joins_across, token_lengths
from fmaudit.text.english_probe import agrees_with_spacy, sample_chunks
from fmaudit.text.kernels import join_bytes
from fmaudit.text.layout import BREAKS_SPACY, FIRST_TOKEN, MERGED, TOKEN_BYTES, TOKEN_CHARACTERS, TOKEN_COUNT, TOKEN_ID, TOLD
from fmaudit.text.reference import count_sentences, split_sentences, split_words


def one_batch(text: str) -> Segments:
    return segment(*join_bytes([text.encode()]), Vocabulary())


def tokens_of(segments: Segments, feature: TokenFeature) -> list[str]:
    words = []
    for number in segments.chunk_ids:
        row = feature.chunks[number]
        chunk, place = segments.vocabulary.chunk(int(number)), 0
        for token in feature.tokens[row[FIRST_TOKEN] : row[FIRST_TOKEN] + row[TOKEN_COUNT]]:
            piece = chunk[place : place + token[TOKEN_BYTES]]
            assert len(piece.decode()) == token[TOKEN_CHARACTERS]
            words.append(piece.decode())
            place += token[TOKEN_BYTES]
        assert place == len(chunk)
    return words


def test_the_native_path_is_in_use() -> None:
    assert english_tables() is not None


@pytest.mark.parametrize("seed", [11, 12])
def test_native_tokens_are_spacys(seed: int) -> None:
    tables = english_tables()
    assert tables is not None
    assert agrees_with_spacy(tables, 5_000, seed)


def test_the_check_finds_a_wrong_table() -> None:
    tables = english_tables()
    assert tables is not None
    wrong = tables._replace(classes=tables.classes.copy())
    wrong.classes[ord(",")] = 0
    assert not agrees_with_spacy(wrong, 500)


@given(texts())
@settings(max_examples=120, deadline=None)
def test_words_of_a_text(text: str) -> None:
    segments = one_batch(text)
    feature = TokenFeature()
    feature.sync(segments.vocabulary)
    told = feature.chunks[segments.chunk_ids, TOLD] if len(segments.chunk_ids) else np.zeros(0, np.int32)
    if (told & (BREAKS_SPACY | MERGED)).any():
        return  # such texts go to the reference lane, or are looked at more closely
    assert tokens_of(segments, feature) == split_words(text)


def test_asking_spacy_gives_the_same_as_the_native_path() -> None:
    chunks = sample_chunks(sorted(blank_tokenizer().rules), 3000, random.Random(5))
    segments = one_batch(" ".join(chunks) + " xIS_ALPHA IS_ALPHA-x")
    native, asked = TokenFeature(), TokenFeature(native=False)
    native.sync(segments.vocabulary)
    asked.sync(segments.vocabulary)
    spoken = np.array([b"IS_ALPHA" not in segments.vocabulary.chunk(i) for i in range(segments.vocabulary.size)])
    same = slice(TOKEN_COUNT, TOLD)
    assert np.array_equal(native.chunks[: segments.vocabulary.size, same][spoken], asked.chunks[: segments.vocabulary.size, same][spoken])
    assert np.array_equal(
        native.chunks[: segments.vocabulary.size, TOLD][spoken] & MERGED, asked.chunks[: segments.vocabulary.size, TOLD][spoken] & MERGED
    )


def test_equal_ids_are_equal_tokens() -> None:
    segments = one_batch("the cat, the (cat) THE cat. don't do, n't")
    feature = segments.tokens
    words = tokens_of(segments, feature)
    numbers = [
        int(token[TOKEN_ID])
        for number in segments.chunk_ids
        for token in feature.tokens[feature.chunks[number][0] : feature.chunks[number][0] + feature.chunks[number][1]]
    ]
    assert len({*zip(words, numbers, strict=True)}) == len(set(words)) == len(set(numbers))


def test_a_neighbour_may_change_a_chunk() -> None:
    assert joins_across("foo:) )")
    assert not joins_across("foo:) x")
    assert [len(token) for token in split_words("foo:) )")] != [*token_lengths(blank_tokenizer(), "foo:)"), 1]


def test_sentences() -> None:
    assert split_sentences("") == [""]
    assert split_sentences('He said "Stop." Then he left. ') == ['He said "Stop."', " Then he left. "]
    assert count_sentences("Yes... ok") == 1
    assert count_sentences("One. Two! Three? ") == 3


def test_the_unspeakable_token() -> None:
    assert split_words("a IS_ALPHA b xIS_ALPHA") == ["a", "b", "x"]
    assert split_words("a xIS_ALPHA b") == ["a", "xIS_ALPHA", "b"]
    assert split_words("IS_ALPHA") == []
