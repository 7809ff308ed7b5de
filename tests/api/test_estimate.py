"""A probe of a corpus says when a field is not there, and which are."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fmaudit.api.auditing import prepare
from fmaudit.api.estimate import PROBE_LOST, Probe, estimate


def prepared(folder: Path, name: str, text: str):
    (folder / "audit.toml").write_text(f'[corpus.web]\npath = "{name}"\ntext = "{text}"\n[audit.corpus-quality]\n')
    plan = prepare(folder / "audit.toml")
    return plan.plan.corpora[0], plan.readers


def jsonl(folder: Path, records: list[dict]) -> None:
    (folder / "web.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))


def test_a_wrong_text_field_names_those_that_are_there(tmp_path: Path) -> None:
    jsonl(tmp_path, [{"id": str(i), "text": "some words", "url": "https://a.example"} for i in range(40)])
    corpus, readers = prepared(tmp_path, "web.jsonl", "txt")
    row = estimate(corpus, readers)
    assert row["problems"] == ["the field 'txt' is missing in all 40 probed documents; fields there: id, text, url"]
    assert (row["documents"], Probe.of(corpus, readers).empty_handed) == (0, True)


def test_some_documents_without_a_text_are_counted(tmp_path: Path) -> None:
    jsonl(tmp_path, [{"text": "some words"}] * 30 + [{"title": "none"}] * 10)
    corpus, readers = prepared(tmp_path, "web.jsonl", "text")
    probe = Probe.of(corpus, readers)
    assert probe.problems(corpus) == ["the field 'text' is missing in 10 of 40 probed documents; fields there: text, title"]
    assert not probe.empty_handed


def test_a_column_that_a_parquet_file_has_not(tmp_path: Path) -> None:
    pq.write_table(pa.table({"body": ["some words"] * 5}), tmp_path / "web.parquet")
    corpus, readers = prepared(tmp_path, "web.parquet", "text")
    probe = Probe.of(corpus, readers)
    (problem,) = probe.problems(corpus)
    assert problem == "the field 'text' is missing in the probed files; fields there: body"
    assert probe.empty_handed


def test_a_large_file_without_texts_is_not_read_to_its_end(tmp_path: Path) -> None:
    jsonl(tmp_path, [{"id": i} for i in range(PROBE_LOST * 20)])
    corpus, readers = prepared(tmp_path, "web.jsonl", "text")
    probe = Probe.of(corpus, readers)
    assert PROBE_LOST <= probe.lost.total() < PROBE_LOST * 15


def test_a_healthy_corpus_has_no_problems(tmp_path: Path) -> None:
    jsonl(tmp_path, [{"text": "some words"}] * 30)
    corpus, readers = prepared(tmp_path, "web.jsonl", "text")
    assert estimate(corpus, readers)["problems"] == []
