"""Fingerprints find exactly the texts, paragraphs and lines that plain Python finds again."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_planted import planted

from fmaudit import DocumentBatch
from fmaudit.testing import assert_signal_contract
from fmaudit_corpus_quality.audit import QualityAudit
from fmaudit_corpus_quality.duplicates import DuplicatesSignal, LineTally, ParagraphTally, PieceTally, sampled, sampled_sql
from fmaudit_corpus_quality.measures.duplication import documents as measure_documents
from fmaudit_corpus_quality.measures.duplication import pieces
from fmaudit_corpus_quality.measures.scene import Scene

LINES = [
    "Home",
    "All rights reserved. Terms apply.",
    "The cat sat on the mat today.",
    "  été à la montagne, déjà vu  ",
    "日本語のとても長い行です。二十文字以上あります。",
    "",
]


def truth(texts: list[str], pattern: str, shortest: int) -> tuple[Counter[str], dict[str, set[int]]]:
    counts: Counter[str] = Counter()
    where: dict[str, set[int]] = {}
    for i, text in enumerate(texts):
        for part in re.split(pattern, text):
            piece = part.strip()
            if len(piece) >= shortest:
                counts[piece] += 1
                where.setdefault(piece, set()).add(i)
    return counts, where


def read(tally: PieceTally, texts: list[str]) -> tuple[Counter[str], dict[str, int]]:
    """Count with a tally, reading every piece back from the place it names."""
    counts: Counter[str] = Counter()
    documents: dict[str, int] = {}
    for row in tally.count(DocumentBatch.from_texts(texts)).to_pylist():
        piece = texts[row["position"]][row["start"] : row["start"] + row["characters"]]
        assert piece not in counts, "a piece has one row in a batch"
        counts[piece], documents[piece] = row["n"], row["documents"]
    return counts, documents


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=30)), max_size=8).map("\n".join), max_size=6),
    shortest=st.integers(1, 25),
)
def test_pieces_are_those_of_plain_python(texts: list[str], shortest: int) -> None:
    for kind, pattern in ((LineTally, r"\n"), (ParagraphTally, r"\n{2,}")):
        expected, where = truth(texts, pattern, shortest)
        counts, documents = read(kind({"shortest_line": shortest}), texts)
        assert counts == expected
        assert documents == {piece: len(found) for piece, found in where.items()}


def test_no_pieces_in_no_text() -> None:
    for texts in ([], [""], ["\n\n\n"], ["short"]):
        table = LineTally().count(DocumentBatch.from_texts(texts))
        assert table.num_rows == 0
        assert table.schema == LineTally.schema


def test_a_sample_of_pieces_is_the_same_in_every_batch_and_in_sql() -> None:
    texts = [f"This is the long enough line number {i}." for i in range(4000)]
    every = LineTally().count(DocumentBatch.from_texts(texts))
    some = LineTally({"line_share": 0.25}).count(DocumentBatch.from_texts(texts))
    assert 850 < some.num_rows < 1150
    hashes = every["hash"].to_numpy()
    assert set(hashes[sampled(hashes, 0.25)].tolist()) == set(some["hash"].to_pylist())
    seen = planted(1, tallies={"line_hashes": every})
    assert seen.sql(f"SELECT count(*) AS n FROM line_hashes WHERE {sampled_sql(0.25)}").to_pylist() == [{"n": some.num_rows}]


def test_what_many_documents_share_is_kept_whatever_the_sample() -> None:
    texts = [f"Cookie notice of the same words.\nText number {i} that nobody else has." for i in range(200)]
    table = LineTally({"line_share": 0.001}).count(DocumentBatch.from_texts(texts))
    assert 200 in table["documents"].to_pylist()


def test_the_signal_keeps_its_contract() -> None:
    assert_signal_contract(DuplicatesSignal(), ["same", "same", "other", "x" * 1000])


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(max_size=20), max_size=30))
def test_equal_texts_and_only_they_have_equal_hashes(texts: list[str]) -> None:
    rows = DuplicatesSignal().compute(DocumentBatch.from_texts(texts)).to_pylist()
    keys = [(row["high"], row["low"]) for row in rows]
    assert len(set(keys)) == len(set(texts))
    assert len(set(zip(keys, texts, strict=True))) == len(set(texts))


def test_near_texts_differ() -> None:
    base = "a" * 500
    texts = [base[:i] + "b" + base[i + 1 :] for i in range(500)] + ["a" * n for n in range(600)]
    rows = DuplicatesSignal().compute(DocumentBatch.from_texts(texts))
    assert len(set(zip(rows["high"].to_pylist(), rows["low"].to_pylist(), strict=True))) == len(set(texts))
    assert len(set(rows["high"].to_pylist())) == len(set(texts))


def test_planted_copies_are_measured_exactly() -> None:
    """300 documents twice, 10 documents eleven times, the rest once: 300 + 100 of 3,000 go."""
    groups = np.concatenate([np.repeat(np.arange(300), 2), np.repeat(np.arange(300, 310), 11), np.arange(310, 310 + 3000 - 710)])
    seen = planted(3000, duplicates={"high": groups, "low": groups}, host=[f"h{i % 40}" for i in range(3000)])
    found = {m.name + str(dict(m.slice)): m for m in measure_documents(Scene.look(seen, 30)) if hasattr(m, "value")}
    share = found["duplicates{'of': 'documents'}"]
    assert share.value == pytest.approx(400 / 3000, abs=1e-12)
    assert share.interval is not None
    assert share.interval.low < 400 / 3000 < share.interval.high
    assert found["duplicate_groups{}"].value == 310
    assert found["largest_duplicate_group{}"].value == 11


def test_a_sampled_corpus_gives_a_lower_bound_and_says_so() -> None:
    seen = planted(100, sampled=0.1)
    share = next(iter(measure_documents(Scene.look(seen, 30))))
    assert "lower bound" in share.note


@pytest.mark.parametrize("limit", [20_000_000, 500])
def test_planted_lines_are_measured(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every document has a banner of 40 characters and 9 lines of its own: 1 of 10 lines repeats."""
    monkeypatch.setattr("fmaudit_corpus_quality.measures.duplication.LOOKED_AT", limit)
    texts = ["B" * 40 + "\n" + "\n".join(f"own line {i:05} {j} " + "x" * 24 for j in range(9)) for i in range(400)]
    tables = [LineTally().count(DocumentBatch.from_texts(texts[i : i + 50])) for i in range(0, 400, 50)]
    seen = planted(400, tallies={"line_hashes": pa.concat_tables(tables)})
    results = list(pieces(Scene.look(seen, 30), "line_hashes", "line", 1.0))
    share = results[0]
    if limit > 500:
        assert share.value == pytest.approx(399 / 4000, abs=1e-12)
        assert share.n == 4000
    else:
        assert "were looked at" in share.note
    finding = [r for r in results if getattr(r, "code", "") == "duplicate-lines"]
    exhibit = next(r for r in results if getattr(r, "name", "") == "top-lines")
    assert exhibit.data.to_pylist()[0] == {"documents": 400, "n": 400, "characters": 40, "file": "memory", "offset": 0, "start": 0}
    assert not finding or finding[0].evidence[0].stop == 40


def test_the_audit_names_what_it_reads() -> None:
    assert set(QualityAudit.tallies) == {LineTally.name, ParagraphTally.name}
