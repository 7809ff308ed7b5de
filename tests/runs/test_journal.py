from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from fmaudit.errors import RunError
from fmaudit.records import LedgerEntry
from fmaudit.runs.journal import Journal, Unit, UnitKey


def unit(start: int = 0, *, stop: int = 10, final: bool = False, ledger: tuple[LedgerEntry, ...] = ()) -> Unit:
    key = UnitKey("web", "a.jsonl", 0, start)
    return Unit(key, stop, final, 3, 100, 50, 0, "in", {"s": "1"}, {"documents": "p.parquet"}, {"read": 0.5}, ledger)


def test_an_acknowledged_unit_is_there_after_reopening(tmp_path: Path):
    journal = Journal(tmp_path / "j.sqlite")
    journal.acknowledge(unit())
    del journal  # no close: a killed process does not close either
    assert list(Journal(tmp_path / "j.sqlite").units("web")) == [unit()]


def test_acknowledging_again_replaces_the_unit_and_its_ledger(tmp_path: Path):
    journal = Journal(tmp_path / "j.sqlite")
    entry = LedgerEntry("a.jsonl", 5, "invalid-json")
    journal.acknowledge(unit(ledger=(entry, entry)))
    journal.acknowledge(unit(ledger=(entry,)))
    assert [e for _, e in journal.ledger("web")] == [entry]


def test_a_failed_transaction_leaves_neither_unit_nor_ledger(tmp_path: Path):
    journal = Journal(tmp_path / "j.sqlite")
    bad = replace(unit(), ledger=(LedgerEntry("a.jsonl", 5, None),))  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        journal.acknowledge(bad)
    assert list(journal.units()) == []
    assert list(journal.ledger()) == []


def test_discarding_takes_the_units_ledger_along(tmp_path: Path):
    journal = Journal(tmp_path / "j.sqlite")
    journal.acknowledge(unit(ledger=(LedgerEntry("a.jsonl", 5, "x"),)))
    journal.acknowledge(unit(10, stop=20, ledger=(LedgerEntry("a.jsonl", 15, "y"),)))
    journal.discard(unit().key)
    assert [u.key.start for u in journal.units()] == [10]
    assert [e.reason for _, e in journal.ledger()] == ["y"]


def test_a_damaged_journal_is_refused_with_advice(tmp_path: Path):
    path = tmp_path / "j.sqlite"
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    with pytest.raises(RunError, match="cannot be read"):
        Journal(path)


def test_a_journal_of_a_newer_version_is_refused(tmp_path: Path):
    Journal(tmp_path / "j.sqlite").set("version", 99)
    with pytest.raises(RunError, match="newer"):
        Journal(tmp_path / "j.sqlite", readonly=True)


def test_a_reader_is_not_blocked_by_an_open_writer(tmp_path: Path):
    writer = Journal(tmp_path / "j.sqlite")
    writer.acknowledge(unit())
    reader = Journal(tmp_path / "j.sqlite", readonly=True)
    assert len(list(reader.units())) == 1
    writer.acknowledge(unit(10))
    assert len(list(reader.units())) == 2


@pytest.mark.parametrize("folder", ["a#b", "p%41", "q?mode=rw", "ein Lauf", "ü"])
def test_a_folder_may_have_any_name(tmp_path: Path, folder: str):
    path = tmp_path / folder / "j.sqlite"
    path.parent.mkdir()
    Journal(path).acknowledge(unit())
    assert list(Journal(path, readonly=True).units()) == [unit()]
    assert [found.name for found in tmp_path.iterdir()] == [folder]


def test_a_reader_cannot_write(tmp_path: Path):
    Journal(tmp_path / "j.sqlite").acknowledge(unit())
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        Journal(tmp_path / "j.sqlite", readonly=True).discard(unit().key)


def test_the_ledger_of_one_unit_is_its_own(tmp_path: Path):
    journal = Journal(tmp_path / "j.sqlite")
    one, two = LedgerEntry("a.jsonl", 5, "x", "why", 3, 2, False), LedgerEntry("a.jsonl", 1, "y")
    journal.acknowledge(unit(ledger=(one, two)))
    journal.acknowledge(unit(10, ledger=(replace(one, offset=15),)))
    assert journal.unit_ledger(unit().key) == [one, two]
    assert journal.unit_ledger(unit(99).key) == []
