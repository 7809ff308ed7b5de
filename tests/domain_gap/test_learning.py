"""The small learners do what their formulas say, and the two-sample test is honest."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from gap_support import english, made_up_words

from fmaudit_domain_gap.learning.features import BUCKETS, chunks, features
from fmaudit_domain_gap.learning.logistic import fit_logistic
from fmaudit_domain_gap.learning.two_sample import two_sample_test
from fmaudit_domain_gap.learning.witten_bell import ByteModel
from fmaudit_domain_gap.learning.words import words


def slow_witten_bell(train: list[bytes], text: bytes) -> float:
    """Bits of a text by the formula, one byte at a time."""
    counts: list[dict[bytes, Counter[int]]] = [defaultdict(Counter) for _ in range(4)]
    for document in train:
        padded = bytes(3) + document
        for place in range(3, len(padded)):
            for order in range(4):
                counts[order][padded[place - order : place]][padded[place]] += 1
    bits, padded = 0.0, bytes(3) + text
    for place in range(3, len(padded)):
        p = 1.0 / 256.0
        for order in range(4):
            seen = counts[order].get(padded[place - order : place])
            if seen:
                p = (seen[padded[place]] + len(seen) * p) / (sum(seen.values()) + len(seen))
        bits -= math.log2(p)
    return bits


def test_the_byte_model_is_witten_and_bells() -> None:
    rng = np.random.default_rng(0)
    train = [english(rng, ["ab", "abc", "née", "日本", "x"], 30).encode() for _ in range(5)]
    texts = [english(rng, ["ab", "abc", "née", "new"], 20).encode(), b"", b"\x00\x00ab", "日本語".encode()]
    got = ByteModel(train).bits(texts)
    assert got == pytest.approx([slow_witten_bell(train, text) for text in texts], rel=1e-12)


def test_probabilities_of_the_next_byte_add_up_to_one() -> None:
    model = ByteModel([b"abracadabra", b"abc"])
    start = b"abra"
    before = float(model.bits([start])[0])
    total = sum(2.0 ** -(float(bits) - before) for bits in model.bits([start + bytes([byte]) for byte in range(256)]))
    assert total == pytest.approx(1.0, abs=1e-12)


def test_a_model_that_learned_nothing_takes_eight_bits_a_byte() -> None:
    assert ByteModel([]).bits([b"hello"])[0] == 40.0


def test_logistic_regression_stands_at_its_optimum() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(200, 5))
    truth = np.array([2.0, -1.0, 0.5, 0.0, 0.0])
    classes = rng.random(200) < 1.0 / (1.0 + np.exp(-(rows @ truth + 0.3)))
    weights, penalty = np.full(200, 1.0 / 200), 1e-2
    found, constant = fit_logistic(rows, classes, weights, penalty)
    p = 1.0 / (1.0 + np.exp(-(rows @ found + constant)))
    assert np.abs(rows.T @ (weights * (p - classes)) + penalty * found).max() < 1e-4
    assert abs(float((weights * (p - classes)).sum())) < 1e-4
    assert found[0] > found[2] > found[1]


def test_features_are_rows_of_length_one_and_depend_on_the_text_alone() -> None:
    rows = features(["hello world", "hello world", "日本", "x", ""])
    assert rows.shape == (5, BUCKETS)
    squares = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
    assert squares[:4] == pytest.approx([1.0] * 4)
    assert squares[4] == 0.0
    assert (rows[[0]] != rows[[1]]).nnz == 0


def test_chunks_are_of_one_length() -> None:
    assert chunks("abcdefgh", 3, 2) == ["abc", "def"]
    assert chunks("abcdefgh", 3, 9) == ["abc", "def"]
    assert chunks("ab", 3, 9) == ["ab"]
    assert chunks("", 3, 9) == []


def halves(texts: list[str]) -> tuple[list[str], list[str]]:
    return texts[::2], texts[1::2]


def documents(rng: np.random.Generator, vocabulary: list[str], count: int) -> list[str]:
    """Documents that repeat themselves, so that pieces of one resemble each other more than pieces of two."""
    return [english(rng, list(rng.choice(vocabulary, 15, replace=False)), 120) for _ in range(count)]


def test_under_the_null_p_is_uniform_although_pieces_of_a_document_are_alike() -> None:
    vocabulary = made_up_words(np.random.default_rng(2), 400)
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        test = two_sample_test(halves(documents(rng, vocabulary, 24)), halves(documents(rng, vocabulary, 24)), permutations=199, seed=seed)
        found.append(test.p_value)
        assert test.chunks > test.n
    p = np.sort(found)
    uniform = np.arange(1, len(p) + 1) / len(p)
    assert np.abs(p - uniform).max() < 1.63 / math.sqrt(len(p)) + 0.1  # Kolmogorov and Smirnov at 1 %, and ties
    assert (p <= 0.05).mean() <= 0.15


def test_samples_of_other_words_are_told_apart() -> None:
    rng = np.random.default_rng(3)
    first, second = made_up_words(rng, 300, "abcdefghij"), made_up_words(rng, 300, "fghijklmno")
    test = two_sample_test(halves(documents(rng, first, 40)), halves(documents(rng, second, 40)))
    assert test.accuracy > 0.95
    assert test.interval.low > 0.85
    assert test.p_value == pytest.approx(0.001)
    assert test.distance > 1.8
    assert test.distance_interval.low <= test.distance <= test.distance_interval.high


def test_lengths_of_documents_tell_nothing() -> None:
    """The same words in short and in long documents are one distribution."""
    vocabulary = made_up_words(np.random.default_rng(4), 300)
    found = []
    for seed in range(12):
        rng = np.random.default_rng(100 + seed)
        short, long = ([english(rng, vocabulary, size) for _ in range(40)] for size in (30, 300))
        found.append(two_sample_test(halves(short), halves(long), permutations=199).p_value)
    assert sum(p <= 0.05 for p in found) <= 3


def test_unequal_samples_weigh_the_same() -> None:
    rng = np.random.default_rng(5)
    vocabulary = made_up_words(rng, 300)
    few, many = documents(rng, vocabulary, 20), documents(rng, vocabulary, 200)
    test = two_sample_test(halves(few), halves(many))
    assert 0.3 < test.accuracy < 0.7  # calling everything "many" would be right for 91 % of the pieces


def test_words_of_many_scripts() -> None:
    assert words("Don't stop, he said: l’été 2020!") == ["don't", "stop", "he", "said", "l’été", "2020"]
    assert words("తెలుగు భాష.") == ["తెలుగు", "భాష"]
    assert words("我看书 ABC") == ["我", "看", "书", "abc"]
    assert words("snake_case 'quoted'") == ["snake", "case", "quoted"]
    assert words(" .,;") == []
