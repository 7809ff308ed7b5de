"""What the parent sends to a worker and what comes back; plain frozen records that travel between processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fmaudit.corpus.splits import Fields, Limits, Split

__all__ = ["Progress", "Task", "WorkOrder"]


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
    input: Mapping[str, str]  # file path -> input fingerprint
    unit_bytes: int
    unit_documents: int = 65_536
    documents_per_split: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Read a split from `position`, unit by unit.

    With `stop` and `base`, only the stale signals of one finished unit are computed again; the other columns come from the part
    `base`. `care` rises after a worker died here: 1 makes every batch a unit of its own, 2 passes over the first batch.
    """

    order: WorkOrder
    split: Split
    position: int
    seen: int = 0  # documents of this split that are already acknowledged
    stop: int | None = None
    base: str = ""
    stale: tuple[str, ...] = ()
    final: bool = True  # of the finished unit
    care: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """News while a unit is being made: bytes on disk read and documents seen since the last news."""

    consumed: int
    documents: int
    skipped: int = 0
