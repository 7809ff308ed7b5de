"""The quality kernels count what the plain-Python reference counts, and decide as datatrove does on known texts."""

from __future__ import annotations

import hashlib
import random
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fmaudit import DocumentBatch
from fmaudit.text.segments import forget
from fmaudit_corpus_quality.kernels.decide import RULE_SETS, verdicts
from fmaudit_corpus_quality.kernels.reference import clean_text, count_text
from fmaudit_corpus_quality.signal import QualitySignal, rewrite

sys.path.insert(0, str(Path(__file__).parents[1] / "text"))
from text_strategies import texts

SIGNAL = QualitySignal()
PROSE = (
    "The ant and the bee have met. They went to the river with a bag of corn. That was in spring! Would it be enough? "
    "Nobody knew what to do with so much of it, and so the two sat down, ate, and slept. "
)


def count(*documents: str) -> pa.RecordBatch:
    return SIGNAL.compute(DocumentBatch.from_texts(list(documents)))


def first_reason(text: str, rule_set: str) -> str | None:
    return verdicts(count(text), rule_set).first_reason[0]


def assert_equal_to_reference(documents: list[str]) -> None:
    for text, row in zip(documents, count(*documents).to_pylist(), strict=True):
        expected = count_text(text)
        assert {name: row[name] for name in expected} == expected, text
        assert set(row) == {*expected, "lane"}


@given(st.lists(texts(), min_size=1, max_size=3))
@settings(max_examples=120, deadline=None)
@example(["foo:( (", "IS_ALPHA. a b c", "An IS_[1]ALPHA is here now."])
@example(["java[1]script is here now.\n[1] [2] [3]\nlorem[3] ipsum here now.\na b c. [1]", "\n\n\n", "\u2028", "[1]\u2028[2] a b\x85"])
@example(["one two three four five. " * 30 + "\r\n\r\n" + "one two three four five. " * 30])
def test_counts_equal_the_reference(documents: list[str]) -> None:
    assert_equal_to_reference(documents)


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_repeated_grams_equal_the_reference(seed: int) -> None:
    rng = random.Random(seed)
    pieces = rng.choice((["ab", "c", "a", "bc", "abc"], ["the", "of", "longerword", "x1", "."], ["字", "字字", "é", "ab"]))
    words = [rng.choice(pieces) for _ in range(rng.randrange(0, 200))]
    place = rng.randrange(len(words) + 1)
    words[place:place] = words[: rng.randrange(30)] * rng.randrange(3)
    assert_equal_to_reference([rng.choice((" ", "\n", " \n\n")).join(words)])


@given(st.lists(texts(), min_size=1, max_size=3), st.booleans())
@settings(max_examples=80, deadline=None)
def test_rewritten_texts(documents: list[str], terminal: bool) -> None:
    documents = [text + "\n" + PROSE for text in documents]
    batch = DocumentBatch.from_texts(documents)
    digests = SIGNAL.compute(batch).column("c4_sha256" if terminal else "c4nt_sha256").to_pylist()
    for text, written, digest in zip(documents, rewrite(batch, terminal).to_pylist(), digests, strict=True):
        cleaned = clean_text(text, terminal)
        assert written == (text if cleaned is None else cleaned)
        assert digest == (None if cleaned is None else hashlib.sha256(cleaned.encode()).digest())


@pytest.mark.parametrize(
    ("text", "rule_set", "reason"),
    [
        ("", "gopher-repetition", "empty"),
        ("The cat sat on a mat.", "gopher-repetition", "top_2_gram"),
        ("\n\n\n", "gopher-repetition", "dup_line_frac"),
        ("A good line here. [1]\n" * 6, "c4", "too_few_sentences"),
        ("A good line here.[2]\n" * 6, "c4", None),
        ("A line with lorem ipsum.", "c4", "lorem_ipsum"),
        ("{ in a line without an end\n" + PROSE, "c4", None),
        ("{ in a line without an end\n" + PROSE, "c4-no-terminal", "curly_bracket"),
        ("ends here. \nends here too. \nthis also ends.\t", "fineweb", "line_punct_ratio"),
        ("", "fineweb", "empty"),
        (" \n ", "fineweb", "empty"),
        ("", "c4", "too_few_sentences"),
        (PROSE * 3, "gopher-quality", None),
        (PROSE, "gopher-quality", "gopher_short_doc"),
        (PROSE * 3 + " #" * 60, "gopher-quality", "gopher_too_many_hashes"),
    ],
)
def test_known_verdicts(text: str, rule_set: str, reason: str | None) -> None:
    assert first_reason(text, rule_set) == reason


def test_all_reasons_are_told() -> None:
    found = verdicts(count("a\na\na\na"), "gopher-repetition")
    assert found.first_reason == ["dup_line_frac"]
    assert found.reasons[0][:2] == ("dup_line_frac", "dup_line_char_frac")
    assert set(RULE_SETS) == {"gopher-repetition", "gopher-quality", "c4", "c4-no-terminal", "fineweb"}


def test_rows_do_not_depend_on_the_batch_or_on_what_came_before() -> None:
    rng = random.Random(3)
    documents = [PROSE * rng.randrange(1, 4) + rng.choice(("[1]\n", "it's (e.g.) x\n\n", "")) + f"number {i}." for i in range(40)]
    forget()
    whole = count(*documents)
    parts = [count(*documents[i : i + 7]) for i in range(0, 40, 7)]
    assert pa.Table.from_batches(parts).combine_chunks() == pa.Table.from_batches([whole])
    forget()
    assert count(*documents[::-1]).to_pylist()[::-1] == whole.to_pylist()


def test_the_reference_lane_is_told() -> None:
    lanes: list[Any] = count("plain text", "IS_ALPHA", "xIS_ALPHA", "foo:) )", "foo:) x").column("lane").to_pylist()
    assert lanes == [0, 1, 0, 1, 0]


def test_an_empty_batch() -> None:
    assert count().num_rows == 0
    assert count().schema == QualitySignal.schema


def test_a_sentence_of_each_start_state() -> None:
    row = count('He said "Stop." Then left.\nYes... ok then.\nOne two three.  [4] four five').to_pylist()[0]
    assert row["c4nt_sentences"] == 2 + 1 + 2
    assert row["c4nt_lines"] == 3
