"""A run is looked at with SQL that can do nothing else, and its rows come back whatever the query."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fmaudit.errors import RunError
from fmaudit.store.reader import Session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path, {}, derived={"numbers": "select range n from range(10)"})


@pytest.mark.parametrize("query", ["select sum(n) s from numbers", "with a as (from numbers) select sum(n) s from a", "from (select 45 s)"])
def test_queries_give_their_rows(session: Session, query: str) -> None:
    assert session.sql(query).to_pylist() == [{"s": 45}]
    assert [batch.to_pylist() for batch in session.stream(query)] == [[{"s": 45}]]


@pytest.mark.parametrize(
    "query", ["copy numbers to '{folder}/x.csv'", "select 1; drop view numbers", "attach '{folder}/x.db'", "create table t as from numbers"]
)
def test_nothing_is_written(session: Session, tmp_path: Path, query: str) -> None:
    for ask in (session.sql, lambda text: list(session.stream(text))):
        with pytest.raises(RunError, match="can only be read"):
            ask(query.format(folder=tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert session.sql("from numbers").num_rows == 10


def test_a_mistake_in_a_query_is_an_error_in_words(session: Session) -> None:
    with pytest.raises(RunError, match="the query failed"):
        session.sql("select nothing from numbers")


@pytest.mark.parametrize("link", ["part.parquet", "documents/part.parquet"])
def test_rows_of_another_folder_are_not_shown_as_those_of_a_run(tmp_path: Path, link: str) -> None:
    run, other = tmp_path / "run", tmp_path / "other"
    for folder in (run, other):
        folder.mkdir()
        pq.write_table(pa.table({"secret": [1]}), folder / "own.parquet")
    if "/" in link:
        (run / "documents").symlink_to(other)
        link = "documents/own.parquet"
    else:
        (run / link).symlink_to(other / "own.parquet")
    with pytest.raises(RunError, match="leads out of the run"):
        Session(run, {"documents": [run / "own.parquet", run / link]})
    assert Session(run, {"documents": [run / "own.parquet"]}).sql("from documents").num_rows == 1
