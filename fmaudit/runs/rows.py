"""Rows of tokenizer and model audits on disk: one part per unit, under a name that depends on nothing but what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from fmaudit.records import LedgerEntry
from fmaudit.runs.journal import Journal, Unit, UnitKey
from fmaudit.store.layout import RunDirectory
from fmaudit.store.writer import write_table

__all__ = ["OBSERVATIONS", "discard_others", "finished_units", "parts", "write_unit"]

OBSERVATIONS = "observations"


def finished_units(journal: Journal, target: str, audit: str) -> dict[int, Unit]:
    """Map the start of each acknowledged unit of an audit to the unit."""
    return {unit.key.start: unit for unit in journal.units(target) if unit.key.file == audit}


def parts(root: Path, journal: Journal, target: str, audit: str) -> list[Path]:
    """List the parts of an audit's observations in order."""
    units = sorted(finished_units(journal, target, audit).items())
    return [root / unit.parts[OBSERVATIONS] for _, unit in units if OBSERVATIONS in unit.parts]


def write_unit(
    run: RunDirectory,
    key: UnitKey,
    table: pa.Table,
    *,
    cases: int,
    final: bool,
    input: str,
    fingerprint: str,
    ledger: tuple[LedgerEntry, ...] = (),
) -> Unit:
    """Write a unit's rows durably and describe it; `key.file` is the audit's name, `key.start` its first case."""
    stamp = hashlib.blake2b(f"{input}|{fingerprint}".encode(), digest_size=8).hexdigest()
    path = run.observations(key.file, key.target) / f"part-{stamp}-{key.start:010d}.parquet"
    write_table(path, table.combine_chunks())
    return Unit(
        key=key, stop=key.start + cases, final=final, documents=cases, bytes=0, consumed=0, skipped=0, input=input,
        signals={key.file: fingerprint}, parts={OBSERVATIONS: path.relative_to(run.root).as_posix()}, ledger=ledger,
    )  # fmt: skip


def discard_others(journal: Journal, target: str, kept: set[tuple[str, int]]) -> Iterator[Unit]:
    """Forget the target's units whose (audit, start) is no longer wanted, and yield them."""
    for unit in list(journal.units(target)):
        if (unit.key.file, unit.key.start) not in kept:
            journal.discard(unit.key)
            yield unit
