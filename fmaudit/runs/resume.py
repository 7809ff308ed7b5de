"""Compares the journal with the plan: which units still hold, which signals are stale, where each split goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fmaudit.corpus.splits import Split
from fmaudit.runs.corpora import CorpusPlan
from fmaudit.runs.fingerprints import digest
from fmaudit.runs.journal import Journal, Unit
from fmaudit.runs.signals import SIGNAL_FAILED, failed_signal
from fmaudit.runs.work import CRASHED, Task, WorkOrder

__all__ = ["Remaining", "remaining_tasks", "share_out"]


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
    for whole in _whole_splits(corpus, order):
        split = whole.split
        chain, broken = _chain(split, by_split.pop((split.file.path, split.start), []), whole.input)
        if broken:
            reasons.add(f"{split.file.path}: the file or how it is read changed; it is read again")
            _discard(journal, broken)
        stale_tasks, complaints = _stale(journal, whole, chain)
        reasons |= complaints
        tasks += stale_tasks
        kept += len(chain) - len(stale_tasks)
        done += sum(unit.consumed for unit in chain)
        if whole.limit != 0 and not (chain and chain[-1].final):
            tasks.append(_rest(whole, chain))
    for (file, _), units in by_split.items():
        reasons.add(f"{file}: no longer part of the corpus, or split in another way")
        _discard(journal, units)
    return Remaining(tuple(tasks), kept, tuple(sorted(reasons)), done)


def share_out(limit: int | None, splits: int) -> list[int | None]:
    """Spread a limit evenly over the splits of a corpus, so that the shares add up to it; some may be 0."""
    if limit is None:
        return [None] * splits
    return [(number + 1) * limit // splits - number * limit // splits for number in range(splits)]


def _whole_splits(corpus: CorpusPlan, order: WorkOrder) -> list[Task]:
    """Make a task of every split, with the fingerprint of all that decides which documents its units hold."""
    tasks = []
    for split, limit in zip(corpus.splits, share_out(corpus.settings.limit, len(corpus.splits)), strict=True):
        input_ = digest(order.input[split.file.path], split.format, split.start, split.stop, limit)
        tasks.append(Task(order, split, split.start, input_, limit))
    return tasks


def _rest(whole: Task, chain: Sequence[Unit]) -> Task:
    """Go on where the last unit of the chain ended."""
    seen, consumed = sum(unit.documents for unit in chain), sum(unit.consumed for unit in chain)
    return replace(whole, position=chain[-1].stop if chain else whole.position, seen=seen, consumed=consumed)


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


def _stale(journal: Journal, whole: Task, chain: Sequence[Unit]) -> tuple[list[Task], set[str]]:
    """Find units some of whose signals or tallies were made by other code or parameters."""
    prints = whole.order.fingerprints
    tasks: list[Task] = []
    reasons: set[str] = set()
    seen = consumed = 0
    for unit in chain:
        changed = tuple(name for name, print_ in prints.items() if unit.signals.get(name) != print_)
        outdated = {*changed, *(set(unit.signals) - set(prints))}
        entries = journal.unit_ledger(unit.key) if outdated else []
        again = replace(whole, position=unit.key.start, seen=seen, consumed=consumed, stop=unit.stop, final=unit.final)
        if outdated and unit.documents:
            kept = tuple(entry for entry in entries if entry.reason != SIGNAL_FAILED or failed_signal(entry) not in outdated)
            tasks.append(replace(again, base=unit.parts["documents"], stale=changed, ledger=kept))
        elif whole.limit is None and any(entry.reason == CRASHED for entry in entries):
            tasks.append(again)  # other code may get through; under a limit the units after it have taken its place
        if tasks and tasks[-1].position == unit.key.start:
            reasons.add(f"{', '.join(sorted(outdated))}: code, model or parameters changed; computed again")
        seen, consumed = seen + unit.documents, consumed + unit.consumed
    return tasks, reasons


def _discard(journal: Journal, units: Iterable[Unit]) -> None:
    for unit in units:
        journal.discard(unit.key)
