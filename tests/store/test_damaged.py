"""What becomes of a file of a run on disk is told by the file's name, whatever became of it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fmaudit.errors import RunError
from fmaudit.store.reader import Session

DAMAGE = {
    "cut off": lambda raw: raw[: len(raw) // 2],
    "emptied": lambda raw: b"",
    "another file": lambda raw: b"not parquet at all" * 9,
    "a broken footer": lambda raw: raw[:-60] + b"\xff" * 50 + raw[-10:],
}


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"part-{i}.parquet" for i in range(3)]
    for file in files:
        pq.write_table(pa.table({"n": list(range(500))}), file)
    return files


def read(parts: list[Path]) -> int:
    rows = Session(parts[0].parent, {"documents": parts}).sql("select sum(n) s from documents").to_pylist()
    return int(rows[0]["s"])


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("place", [0, 2])
def test_a_damaged_part_is_told_by_its_name_and_with_what_to_do_next(parts: list[Path], damage: str, place: int) -> None:
    assert read(parts) == 3 * sum(range(500))
    parts[place].write_bytes(DAMAGE[damage](parts[place].read_bytes()))
    with pytest.raises(RunError, match=r"cannot be read|query failed") as told:
        read(parts)
    assert "fmaudit verify" in told.value.hint
    if damage != "a broken footer":  # DuckDB does not say of which file
        assert parts[place].name in str(told.value)


def test_a_part_that_is_gone_is_told_by_its_name_before_anything_is_asked(parts: list[Path]) -> None:
    for part in parts[1:]:
        part.unlink()
    with pytest.raises(RunError, match=r"part-1\.parquet and 1 more: not there") as told:
        read(parts)
    assert "fmaudit verify" in told.value.hint


@pytest.mark.parametrize("query", ["select nothing from numbers", "select 'a'::int", "selec", "select regexp_matches('a', '(')"])
def test_a_mistake_in_a_query_is_not_called_damage(tmp_path: Path, query: str) -> None:
    session = Session(tmp_path, {}, derived={"numbers": "select range n from range(10)"})
    with pytest.raises(RunError, match="the query failed") as told:
        session.sql(query)
    assert not told.value.hint
