"""Compares the journal with the plan: which units still hold, which signals are stale, where each split goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fmaudit.corpus.splits import Split
from fmaudit.runs.journal import Journal, Unit
from fmaudit.runs.plan import CorpusPlan
from fmaudit.runs.work import Task, WorkOrder

__all__ = ["Remaining", "remaining_tasks"]


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left to do of a corpus, and in plain words why finished work is done again."""

    tasks: tuple[Task, ...]
    kept: int  # acknowledged units that stay as they are
    reasons: tuple[str, ...]
    done_bytes: int  # bytes on disk that the kept units cover


def remaining_tasks(journal: Journal, corpus: CorpusPlan, order: WorkOrder) -> Remaining:
    """Work out the tasks; units whose input changed are discarded from the journal."""
    tasks: list[Task] = []
    reasons: set[str] = set()
    kept = done = 0
    by_split: dict[tuple[str, int], list[Unit]] = {}
    for unit in journal.units(corpus.name):
        by_split.setdefault((unit.key.file, unit.key.split_start), []).append(unit)
    for split in corpus.splits:
        chain, broken = _chain(split, by_split.pop((split.file.path, split.start), []), order.input[split.file.path])
        if broken:
            reasons.add(f"{split.file.path}: the file or how it is read changed; it is read again")
            _discard(journal, broken)
        stale_tasks, complaints = _stale(split, chain, order)
        reasons |= complaints
        tasks += stale_tasks
        kept += len(chain) - len(stale_tasks)
        done += sum(unit.consumed for unit in chain)
        if not chain or not chain[-1].final:
            position = chain[-1].stop if chain else split.start
            tasks.append(Task(order, split, position, seen=sum(unit.documents for unit in chain)))
    for (file, _), units in by_split.items():
        reasons.add(f"{file}: no longer part of the corpus, or split in another way")
        _discard(journal, units)
    return Remaining(tuple(tasks), kept, tuple(sorted(reasons)), done)


def _chain(split: Split, units: Sequence[Unit], input_: str) -> tuple[list[Unit], list[Unit]]:
    """Follow the units of a split from its start as far as they join and fit; the rest is broken."""
    chain: list[Unit] = []
    position = split.start
    by_start = {unit.key.start: unit for unit in units}
    while position in by_start and by_start[position].input == input_:
        unit = by_start.pop(position)
        chain.append(unit)
        if unit.final or unit.stop == position:
            break
        position = unit.stop
    return chain, list(by_start.values())


def _stale(split: Split, chain: Sequence[Unit], order: WorkOrder) -> tuple[list[Task], set[str]]:
    """Find units some of whose signals or tallies were made by other code or parameters."""
    tasks: list[Task] = []
    reasons: set[str] = set()
    seen = 0
    for unit in chain:
        changed = tuple(name for name, print_ in order.fingerprints.items() if unit.signals.get(name) != print_)
        gone = set(unit.signals) - set(order.fingerprints)
        if (changed or gone) and unit.documents:
            names = ", ".join(sorted({*changed, *gone}))
            reasons.add(f"{names}: code, model or parameters changed; computed again")
            base = unit.parts.get("documents", "")
            tasks.append(Task(order, split, unit.key.start, seen=seen, stop=unit.stop, base=base, stale=changed, final=unit.final))
        seen += unit.documents
    return tasks, reasons


def _discard(journal: Journal, units: Iterable[Unit]) -> None:
    for unit in units:
        journal.discard(unit.key)
