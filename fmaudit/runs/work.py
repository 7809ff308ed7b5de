"""What the parent sends to a worker and what comes back; plain frozen records that travel between processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fmaudit.corpus.splits import Fields, Limits, Split
from fmaudit.records import LedgerEntry

__all__ = ["CRASHED", "Progress", "Task", "WorkOrder"]

CRASHED = "crashed"  # the ledger's reason for a batch in which workers died


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """How one target is observed, the same for all its tasks.

    `signals` and `tallies` map names to parameters, signals in the order of their needs; `fingerprints` covers both.
    """

    target: str
    run: str  # the run directory
    plugins: tuple[str, ...]
    fields: Fields
    limits: Limits
    signals: Mapping[str, Mapping[str, Any]]
    tallies: Mapping[str, Mapping[str, Any]]
    fingerprints: Mapping[str, str]
    input: Mapping[str, str]  # file path -> fingerprint of the file, the fields and the limits
    unit_bytes: int
    unit_documents: int = 65_536


@dataclass(frozen=True, slots=True)
class Task:
    """Read a split from `position`, unit by unit, up to `stop` where that is given.

    With `base`, only the stale signals of one finished unit are computed again; the other columns come from the part `base`, and
    `ledger` is what stays of the unit's entries. `care` rises after a worker died here: 1 makes every batch a unit of its own,
    2 passes over the first batch.
    """

    order: WorkOrder
    split: Split
    position: int
    input: str  # fingerprint of what the split's units are made from
    limit: int | None = None  # documents of this split
    seen: int = 0  # documents of this split that are already acknowledged
    consumed: int = 0  # bytes on disk that are already acknowledged
    stop: int | None = None
    base: str = ""
    stale: tuple[str, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    final: bool = True  # whether the split ends where the task does
    care: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """News while a unit is being made: bytes on disk read and documents seen since the last news."""

    consumed: int
    documents: int
    skipped: int = 0
