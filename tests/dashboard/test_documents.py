"""The corpus explorer: what filters find, in which order, and what a document shows."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from dashboard_support import HOSTILE, make_run
from hypothesis import given, settings
from hypothesis import strategies as some

from fmaudit.api.exploring import Documents, Place, Question
from fmaudit.api.reporting import gather_report
from fmaudit.api.results import open_run
from fmaudit.api.source import read_source
from fmaudit.errors import RunError
from fmaudit_dashboard.parts.filters import COMPARATORS, Column, columns_of, make_condition
from fmaudit_dashboard.parts.links import document_key, find_document


def html(app) -> str:
    assert not app.exception, app.exception
    assert not app.error, [element.value for element in app.code]
    return "\n".join(element.proto.body for element in app.get("html"))


@pytest.fixture(scope="module")
def documents(plain_runs: Path) -> Documents:
    return Documents(open_run(str(plain_runs / "run-0001-20261122")), "web")


@pytest.fixture(scope="module")
def rows(documents: Documents) -> list[dict]:
    return documents.sql("select * from documents").to_pylist()


def test_counting_off_gives_every_document_once_in_the_order_of_the_view(documents: Documents, rows):
    seen = [place for page in range(9) for place in documents.find(Question(), 7, page * 7)]
    assert seen == [Place(row["file"], row["offset"]) for row in rows]
    assert documents.total == len(rows) == 60


def test_rows_come_back_whole_and_in_the_order_that_was_asked(documents: Documents, rows):
    places = [Place(row["file"], row["offset"]) for row in (rows[50], rows[3], rows[40])]
    assert documents.read(places) == [rows[50], rows[3], rows[40]]
    assert documents.read([Place(rows[0]["file"], 1), Place("no such file", 0)]) == []
    assert documents.read(places[:1], ["made.score"])[0]["made"] == {"score": rows[50]["made"]["score"]}


def test_sorting_puts_the_largest_first_and_the_missing_last(documents: Documents, rows):
    found = documents.find(Question(order='"made"."score"', descending=True), 60)
    assert found == [Place(row["file"], row["offset"]) for row in sorted(rows, key=lambda row: -row["made"]["score"])]


KINDS = {"characters": "number", "made.score": "number", "made.label": "text", "host": "text", "made.flag": "flag", "domain": "text"}


@pytest.mark.parametrize(
    ("name", "comparator", "value", "holds"),
    [
        ("made.score", "at least", "0.5", lambda row: row["made"]["score"] >= 0.5),
        ("made.score", "less than", "0.5", lambda row: row["made"]["score"] < 0.5),
        ("characters", "is not", "3", lambda row: True),
        ("made.label", "is", "bad", lambda row: row["made"]["label"] == "bad"),
        ("made.label", "contains", "OO", lambda row: row["made"]["label"] == "good"),
        ("host", "begins with", "h1", lambda row: row["host"].startswith("h1")),
        ("host", "ends with", "2.example", lambda row: row["host"].endswith("2.example")),
        ("domain", "is missing", "", lambda row: row["domain"] is None),
        ("made.flag", "is true", "", lambda row: row["made"]["flag"]),
        ("made.flag", "is false", "", lambda row: not row["made"]["flag"]),
    ],
)
def test_a_condition_finds_the_rows_it_says(documents: Documents, rows, name, comparator, value, holds):
    condition = make_condition(Column(name, KINDS[name]), comparator, value)
    question = Question(condition.sql, condition.values)
    expected = [Place(row["file"], row["offset"]) for row in rows if holds(row)]
    assert documents.find(question, 100) == expected
    assert documents.count(question) == len(expected)


@settings(max_examples=40, deadline=None)
@given(some.sampled_from(sorted(COMPARATORS["text"])), some.one_of(some.sampled_from(HOSTILE), some.text(max_size=40)))
def test_no_value_becomes_sql(documents: Documents, rows, comparator: str, value: str):
    if any("\ud800" <= character <= "\udfff" for character in value):
        return
    condition = make_condition(Column("id", "text"), comparator, value)
    found = documents.count(Question(condition.sql, condition.values))
    tests = {
        "is": lambda text: text == value, "is not": lambda text: text != value, "begins with": lambda text: text.startswith(value),
        "ends with": lambda text: text.endswith(value), "is missing": lambda text: False, "is there": lambda text: True,
    }  # fmt: skip
    if comparator in tests:
        assert found == sum(tests[comparator](row["id"]) for row in rows)
    assert documents.total == 60


def test_what_is_no_comparator_or_no_number_is_refused():
    with pytest.raises(KeyError):
        make_condition(Column("x", "number"), "; drop table", "1")
    for value in ("", "one", "nan", "inf", "1; drop table documents"):
        assert make_condition(Column("x", "number"), "is", value).problem
    assert make_condition(Column("x", "text"), "is", "a" * 3000).problem


def test_columns_of_a_signal_are_named_with_a_dot_and_odd_ones_are_left_out(documents: Documents):
    columns = columns_of(documents.schema)
    assert columns["made.score"].kind == "number"
    assert columns["made.flag"].kind == "flag"
    assert columns["made.label"].sql == '"made"."label"'
    odd = pa.schema([("bytes", pa.binary()), ("list", pa.list_(pa.int64())), ('a"b', pa.int64())])
    assert {name: column.sql for name, column in columns_of(odd).items()} == {'a"b': '"a""b"'}


def test_a_run_of_a_stranger_reads_nothing_outside_itself(plain_runs: Path, tmp_path: Path):
    import sqlite3

    root = tmp_path / "run-0001-20261122"
    shutil.copytree(plain_runs / "run-0001-20261122", root)
    outside = plain_runs / "run-0002-20261122" / "observations" / "documents" / "made" / "part-0.parquet"
    with sqlite3.connect(root / "journal.sqlite") as journal:
        journal.execute("update units set parts = ? where target = 'web'", (f'{{"documents": "{outside}"}}',))
    with pytest.raises(RunError, match="leads out of the run"):
        Documents(open_run(str(root)), "web")
    with pytest.raises(RunError, match="leads out of the run"):
        open_run(str(root)).open_documents("web", rules=False)
    session = open_run(str(plain_runs / "run-0002-20261122")).open_documents("web", rules=False)
    with pytest.raises(RunError, match=r"[Pp]ermission"):
        session.sql(f"select * from read_parquet('{root}/metrics.parquet')")


def test_the_exhibits_of_a_stranger_are_files_of_the_run(plain_runs: Path, tmp_path: Path):
    root = tmp_path / "run-0001-20261122"
    shutil.copytree(plain_runs / "run-0001-20261122", root)
    index = root / "exhibits" / "index.json"
    entries = json.loads(index.read_bytes())
    shutil.copy(root / "exhibits" / entries[0]["file"], tmp_path / "outside.parquet")
    index.write_text(json.dumps([{**entries[0], "file": "../../outside.parquet"}]))
    with pytest.raises(RunError, match="leads out of the run"):
        gather_report(open_run(str(root)))


def test_the_source_is_read_only_where_it_is_the_audited_file(tmp_path: Path):
    root = make_run(tmp_path / "runs", 1)
    run = open_run(str(root))
    source = tmp_path / "corpus-5.jsonl"
    assert read_source(run, "web", "corpus-5.jsonl", 0).text.startswith("Document 0 says plain")
    assert read_source(run, "web", "corpus-5.jsonl", 0, limit=8).text == "Document"
    assert "no such file" in read_source(run, "web", "/etc/passwd", 0).problem
    assert "cannot be read there" in read_source(run, "web", "corpus-5.jsonl", 3).problem
    os.utime(source, ns=(1, 1))
    assert "changed" in read_source(run, "web", "corpus-5.jsonl", 0).problem
    source.unlink()
    assert "no longer" in read_source(run, "web", "corpus-5.jsonl", 0).problem


def test_a_document_is_shown_with_its_spans_its_finding_and_its_command(open_page, plain_runs: Path):
    text = html(app := open_page(plain_runs, "documents", run="run-0001-20261122", doc=document_key("corpus-5.jsonl", 0)))
    assert '<mark title="made">' in text
    assert "Something was found" in text
    assert "fmaudit documents run-0001-20261122" in app.code[0].value
    assert '"offset" = 0' in app.code[0].value


def test_spans_stored_by_a_signal_are_marked_where_no_finding_names_the_document(open_page, plain_runs: Path, rows):
    text = html(open_page(plain_runs, "documents", run="run-0001-20261122", doc=document_key("corpus-5.jsonl", rows[7]["offset"])))
    assert '<mark title="made.hit">' in text


def test_the_page_filters_by_language_host_and_any_column(open_page, plain_runs: Path, rows):
    app = open_page(plain_runs, "documents")
    next(box for box in app.selectbox if box.label == "Language").select("te").run()
    assert "of 20 that match" in html(app)
    next(box for box in app.text_input if box.label == "Host").input("h2.example").run()
    assert "No document is like that" in html(app)
    next(box for box in app.text_input if box.label == "Host").input("example").run()
    next(box for box in app.selectbox if box.label == "Column 1").select("made.score").run()
    next(box for box in app.selectbox if box.label == "Comparator 1").select("more than").run()
    next(box for box in app.text_input if box.label == "Value 1").input("0.5").run()
    expected = sum(row["declared_language"] == "te" and row["made"]["score"] > 0.5 for row in rows)
    assert f"of {expected} that match" in html(app)
    next(box for box in app.text_input if box.label == "Value 1").input("much").run()
    assert "numbers" in app.warning[0].value


def test_the_page_goes_on_and_back(open_page, plain_runs: Path):
    app = open_page(plain_runs, "documents")
    assert "<b>1–25</b>" in html(app)
    app.button(key="doc-next").click().run()
    assert "<b>26–50</b>" in html(app)
    app.button(key="doc-next").click().run()
    assert "<b>51–60</b>" in html(app)
    assert app.button(key="doc-next").disabled
    app.button(key="doc-previous").click().run()
    assert "<b>26–50</b>" in html(app)


def test_a_key_in_an_address_names_one_document_of_the_files_that_exist():
    key = document_key("a/b.jsonl", 12)
    assert find_document(key, ["x", "a/b.jsonl"]) == ("a/b.jsonl", 12)
    assert find_document(key, ["x"]) is None
    for bad in ("", "../..", key + "x", key.replace("-", "+"), "0" * 16 + "-" + "9" * 30):
        assert find_document(bad, ["a/b.jsonl"]) is None
