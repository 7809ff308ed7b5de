"""The journal of a run: which units are acknowledged, what was not looked at, what happened.

SQLite in WAL mode with full sync: a unit and its ledger entries are committed together or not at all.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmaudit.errors import RunError
from fmaudit.records import LedgerEntry

__all__ = ["Journal", "Unit", "UnitKey"]

VERSION = 1

_SCHEMA = """
create table if not exists meta (key text primary key, value text not null);
create table if not exists units (
    target text not null, file text not null, split_start integer not null, start integer not null,
    stop integer not null, final integer not null, documents integer not null, bytes integer not null, consumed integer not null,
    skipped integer not null, input text not null, signals text not null, parts text not null, seconds text not null,
    primary key (target, file, split_start, start)) without rowid;
create table if not exists ledger (
    target text not null, file text not null, split_start integer, start integer,
    offset integer not null, reason text not null, detail text not null, size integer, count integer not null, lost integer not null);
create index if not exists ledger_unit on ledger (target, file, split_start, start);
create table if not exists events (number integer primary key autoincrement, at text not null, kind text not null, detail text not null);
"""


@dataclass(frozen=True, slots=True)
class UnitKey:
    """Names a unit: a part of a split that is acknowledged as one."""

    target: str
    file: str
    split_start: int
    start: int


@dataclass(frozen=True, slots=True)
class Unit:
    """An acknowledged unit: what it covers, the fingerprints it was made with, and where its rows lie.

    `signals` maps each signal and tally to its fingerprint; `parts` maps "documents" and tallies to paths inside the run.
    """

    key: UnitKey
    stop: int
    final: bool  # the split ends here
    documents: int
    bytes: int
    consumed: int
    skipped: int
    input: str  # fingerprint of file, fields, limits and reader
    signals: Mapping[str, str]
    parts: Mapping[str, str]
    seconds: Mapping[str, float] = field(default_factory=dict)  # CPU by stage
    ledger: tuple[LedgerEntry, ...] = ()


class Journal:
    """Opens, or makes, a run's journal."""

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        """Open the journal; raises RunError when it is damaged or of a newer version."""
        self._path = path
        try:
            # as a URL, since "#", "%" and "?" in a folder's name mean something else in one
            name = f"{path.resolve().as_uri()}?mode=ro" if readonly else path
            self._database = sqlite3.connect(name, uri=readonly, isolation_level=None, timeout=30)
            if not readonly:
                self._prepare()
            self._check_version()
        except sqlite3.DatabaseError as error:
            raise RunError(f"{path}: the journal cannot be read: {error}", hint="start a new run with fmaudit run --new") from error

    def _prepare(self) -> None:
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = full")
        self._database.executescript(_SCHEMA)
        self._database.execute("insert or ignore into meta values ('version', ?)", (str(VERSION),))

    def _check_version(self) -> None:
        row = self._database.execute("select value from meta where key = 'version'").fetchone()
        if row is None or int(row[0]) > VERSION:
            raise RunError(f"{self._path}: written by a newer fmaudit", hint="update fmaudit to read this run")

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    # -- units ---------------------------------------------------------------------------------------------------

    def acknowledge(self, unit: Unit) -> None:
        """Commit a unit and its ledger entries; replaces an earlier unit of the same key."""
        key = (unit.key.target, unit.key.file, unit.key.split_start, unit.key.start)
        with self._transaction():
            self._database.execute("delete from ledger where target=? and file=? and split_start=? and start=?", key)
            self._database.execute(
                "insert or replace into units values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (*key, unit.stop, unit.final, unit.documents, unit.bytes, unit.consumed, unit.skipped, unit.input, *_json_columns(unit)),
            )
            self._add_ledger(unit.key.target, unit.ledger, unit.key.split_start, unit.key.start)

    def discard(self, key: UnitKey) -> None:
        """Forget a unit whose input changed, with its ledger entries."""
        where = (key.target, key.file, key.split_start, key.start)
        with self._transaction():
            for table in ("units", "ledger"):
                self._database.execute(f"delete from {table} where target=? and file=? and split_start=? and start=?", where)

    def units(self, target: str | None = None) -> Iterator[Unit]:
        """List acknowledged units in corpus order."""
        where, parameters = ("where target = ?", (target,)) if target is not None else ("", ())
        for row in self._database.execute(f"select * from units {where} order by target, file, split_start, start", parameters):
            target_, file, split_start, start, stop, final, documents, size, consumed, skipped, input_, signals, parts, seconds = row
            yield Unit(
                UnitKey(target_, file, split_start, start),
                stop,
                bool(final),
                documents,
                size,
                consumed,
                skipped,
                input_,
                json.loads(signals),
                json.loads(parts),
                json.loads(seconds),
            )

    # -- ledger --------------------------------------------------------------------------------------------------

    def replace_planning_ledger(self, target: str, entries: Sequence[LedgerEntry]) -> None:
        """Set the entries that planning found (files that cannot be read at all)."""
        with self._transaction():
            self._database.execute("delete from ledger where target = ? and split_start is null", (target,))
            self._add_ledger(target, entries, None, None)

    def _add_ledger(self, target: str, entries: Sequence[LedgerEntry], split_start: int | None, start: int | None) -> None:
        self._database.executemany(
            "insert into ledger values (?,?,?,?,?,?,?,?,?,?)",
            [(target, e.file, split_start, start, e.offset, e.reason, e.detail, e.size, e.count, e.lost) for e in entries],
        )

    def unit_ledger(self, key: UnitKey) -> list[LedgerEntry]:
        """List the entries of one unit in the order they were made."""
        query = "select file, offset, reason, detail, size, count, lost from ledger where target=? and file=? and split_start=? and start=?"
        rows = self._database.execute(f"{query} order by rowid", (key.target, key.file, key.split_start, key.start))
        return [
            LedgerEntry(file, offset, reason, detail, size, count, bool(lost)) for file, offset, reason, detail, size, count, lost in rows
        ]

    def ledger(self, target: str | None = None) -> Iterator[tuple[str, LedgerEntry]]:
        """List (target, entry) in corpus order."""
        where, parameters = ("where target = ?", (target,)) if target is not None else ("", ())
        query = f"select target, file, offset, reason, detail, size, count, lost from ledger {where} order by target, file, offset, reason"
        for name, file, offset, reason, detail, size, count, lost in self._database.execute(query, parameters):
            yield name, LedgerEntry(file, offset, reason, detail, size, count, bool(lost))

    # -- state and events ----------------------------------------------------------------------------------------

    def set(self, key: str, value: Any) -> None:
        """Remember a small value (the run's status, times)."""
        self._database.execute("insert or replace into meta values (?, ?)", (key, json.dumps(value)))

    def get(self, key: str, default: Any = None) -> Any:
        """Recall a value."""
        row = self._database.execute("select value from meta where key = ?", (key,)).fetchone()
        return default if row is None else json.loads(row[0])

    def event(self, at: str, kind: str, detail: str = "") -> None:
        """Note what happened, in order; `at` is UTC ISO time."""
        self._database.execute("insert into events (at, kind, detail) values (?,?,?)", (at, kind, detail))

    def events(self) -> list[tuple[int, str, str, str]]:
        """List (number, at, kind, detail) in order."""
        return list(self._database.execute("select number, at, kind, detail from events order by number"))

    def _transaction(self) -> _Transaction:
        return _Transaction(self._database)


def _json_columns(unit: Unit) -> tuple[str, ...]:
    return tuple(json.dumps(dict(value), sort_keys=True) for value in (unit.signals, unit.parts, unit.seconds))


class _Transaction:
    """One immediate transaction: committed on success, rolled back on any exception."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("begin immediate")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._database.execute("commit" if kind is None else "rollback")
