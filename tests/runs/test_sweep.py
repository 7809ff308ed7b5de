"""Parts that no unit names go, and nothing else."""

from __future__ import annotations

from pathlib import Path

import fmaudit
from fmaudit.runs.journal import Journal, Unit, UnitKey
from fmaudit.runs.sweep import sweep_parts

TEXTS = [f"Document {i} says this and that. " * (1 + i % 5) for i in range(200)]


def parts(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in (root / "observations").rglob("*") if path.is_file()}


def named(root: Path) -> set[str]:
    journal = Journal(root / "journal.sqlite", readonly=True)
    found = {part for unit in journal.units() for part in unit.parts.values()}
    journal.close()
    return found


def test_parts_of_discarded_and_refreshed_units_are_deleted(corpus, run_and_stop):
    config = corpus(a=TEXTS, b=TEXTS)
    run_and_stop(config, 6)
    (config.parent / "data" / "b.jsonl").unlink()  # its units are discarded, those of the other file refreshed
    run = fmaudit.run(config, ["audit.moody.factor=2"])
    root, before = run.directory.root, run.documents()
    journal = Journal(run.directory.journal)
    swept = sweep_parts(root, journal)
    assert parts(root) == named(root)
    assert not set(swept) & named(root)
    assert sweep_parts(root, journal) == []
    journal.close()
    assert run.documents().equals(before)


def test_what_a_killed_process_left_is_deleted_and_what_units_name_is_not(tmp_path: Path):
    folder = tmp_path / "observations" / "documents" / "web"
    folder.mkdir(parents=True)
    for name in ("part-1.parquet", "part-2.parquet", ".part-3.parquet.x8k2", "empty.parquet"):
        (folder / name).write_bytes(b"x")
    journal = Journal(tmp_path / "journal.sqlite")
    unit = Unit(UnitKey("web", "a", 0, 0), 1, True, 1, 1, 1, 0, "", {}, {"documents": "observations/documents/web/part-1.parquet"})
    journal.acknowledge(unit)
    assert len(sweep_parts(tmp_path, journal)) == 3
    assert [path.name for path in folder.iterdir()] == ["part-1.parquet"]


def test_a_view_without_rows_keeps_its_empty_part(tmp_path: Path):
    folder = tmp_path / "observations" / "documents" / "web"
    folder.mkdir(parents=True)
    (folder / "empty.parquet").write_bytes(b"x")
    assert sweep_parts(tmp_path, Journal(tmp_path / "journal.sqlite")) == []
    assert (folder / "empty.parquet").is_file()


def test_a_run_without_observations_has_nothing_to_sweep(tmp_path: Path):
    assert sweep_parts(tmp_path, Journal(tmp_path / "journal.sqlite")) == []
