"""Observes one split: reads batches, computes signals and tallies, writes a part per unit.

Pure per unit: the same input, parameters and code give the same rows, whatever came before and wherever it runs.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from fmaudit.corpus.batch import DocumentBatch
from fmaudit.corpus.ledger import LedgerTrimmer
from fmaudit.corpus.roles import read_split
from fmaudit.errors import RunError
from fmaudit.records import LedgerEntry
from fmaudit.runs.columns import BASE_SCHEMA, base_columns, slice_batch
from fmaudit.runs.journal import Unit, UnitKey
from fmaudit.runs.signals import SignalRunner, ledger_subject
from fmaudit.runs.work import CRASHED, Progress, Task, WorkOrder
from fmaudit.store.layout import RunDirectory
from fmaudit.store.reader import read_parquet
from fmaudit.store.writer import write_table

if TYPE_CHECKING:
    from fmaudit.corpus.splits import Reader, ReadStep
    from fmaudit.hooks.manager import PluginManager

__all__ = ["Observer"]


class Observer:
    """Does tasks of one work order; lives as long as its process, so that models and memos stay warm."""

    def __init__(self, order: WorkOrder, plugins: PluginManager, readers: Mapping[str, Reader]) -> None:
        """Take the plugins' signals and tallies that the order names."""
        self._order = order
        self._readers = readers
        self._signals = SignalRunner(order.signals, plugins.signals)
        self._tallies = SignalRunner.tallies(order.tallies, plugins.tallies)
        self._root = Path(order.run)

    def observe(self, task: Task) -> Iterator[Progress | Unit]:
        """Do a task; yields news, and each unit once its part is durable."""
        if task.base:
            yield from self._refresh(task)
            return
        unit = _Draft(task.position, task.consumed)
        seen = task.seen
        reader = self._readers[task.split.format]
        steps = read_split(reader, task.split, self._order.fields, self._order.limits, task.position)
        for number, (seconds, step) in enumerate(_timed(steps)):
            unit.seconds["read"] += seconds  # type: ignore[assignment]
            if task.care == 2 and number == 0 and step.batch is not None:
                unit.note(_passed_over(step.batch))
                step = replace(step, batch=None)
            step, enough = _within_limit(step, task.limit, seen)
            batch = step.batch
            if batch is not None and len(batch):
                seen += len(batch)
                self._add(unit, batch)
            unit.take(step)
            yield Progress(unit.news(), len(batch) if batch is not None else 0, step.skipped)
            if enough or _at_stop(unit, task):
                break
            if self._full(unit) or task.care:
                yield self._close(unit, task, final=False)
                unit = _Draft(unit.stop, unit.consumed)
        yield self._close(unit, task, final=task.final)

    def _full(self, unit: _Draft) -> bool:
        return unit.bytes >= self._order.unit_bytes or unit.documents >= self._order.unit_documents

    def _add(self, unit: _Draft, batch: DocumentBatch) -> None:
        """Compute a batch's columns and tallies."""
        with unit.stage("columns"):
            columns = base_columns(batch, self._order.fields.metadata)
        computed, failed = self._signals.compute(batch, unit.seconds)
        columns.update(computed)
        unit.rows.append(pa.table(columns))
        for name, table in self._tallies.count(batch, unit.seconds):
            unit.tallies.setdefault(name, []).append(table)
        unit.note(failed)
        unit.documents += len(batch)
        unit.bytes += batch.nbytes

    def _close(self, unit: _Draft, task: Task, *, final: bool) -> Unit:
        """Write a unit's parts durably and describe it."""
        file = task.split.file.path
        key = UnitKey(self._order.target, file, task.split.start, unit.start)
        parts: dict[str, str] = {}
        with unit.stage("write"):
            if unit.rows:
                parts["documents"] = self._write("documents", key, task.input, pa.concat_tables(unit.rows))
            for name, tables in unit.tallies.items():
                parts[name] = self._write(name, key, task.input, pa.concat_tables(tables))
        return Unit(
            key=key,
            stop=unit.stop,
            final=final,
            documents=unit.documents,
            bytes=unit.bytes,
            consumed=unit.consumed - unit.consumed_before,
            skipped=unit.skipped,
            input=task.input,
            signals=dict(self._order.fingerprints),
            parts=parts,
            seconds=dict(unit.seconds),
            ledger=(*unit.ledger, *unit.trimmer.rest()),
        )

    def _write(self, kind: str, key: UnitKey, input_: str, table: pa.Table) -> str:
        """Write one part under a name that depends on nothing but what it holds."""
        stamp = "|".join([key.file, input_, *(f"{k}={v}" for k, v in sorted(self._order.fingerprints.items()))])
        digest = hashlib.blake2b(stamp.encode(), digest_size=8).hexdigest()
        folder = RunDirectory(self._root).observations(kind, key.target)
        path = folder / f"part-{digest}-{key.split_start:014d}-{key.start:014d}.parquet"
        write_table(path, table.combine_chunks())
        return path.relative_to(self._root).as_posix()

    # -- one unit again, only what is stale ----------------------------------------------------------------------

    def _refresh(self, task: Task) -> Iterator[Progress | Unit]:
        """Compute the stale signals of a finished unit and put them beside its other columns.

        The unit's ledger is known already, but for what the stale signals now fail on.
        """
        old = read_parquet(self._root / task.base)
        unit = _Draft(task.position, task.consumed)
        unit.note(task.ledger)
        still = [*BASE_SCHEMA.names, "meta", *(name for name in self._order.signals if name not in task.stale)]
        keep = {name: old[name] for name in old.column_names if name in still}
        fresh = SignalRunner({n: given for n, given in self._order.signals.items() if n in task.stale}, self._signals.classes)
        row = 0
        reader = self._readers[task.split.format]
        for seconds, step in _timed(read_split(reader, task.split, self._order.fields, self._order.limits, task.position)):
            unit.seconds["read"] += seconds  # type: ignore[assignment]
            step, enough = _within_limit(step, task.limit, task.seen + row)
            batch = step.batch
            if batch is not None and len(batch):
                if row + len(batch) > old.num_rows:
                    raise _changed(task)
                self._refresh_batch(unit, batch, {name: column.slice(row, len(batch)) for name, column in keep.items()}, fresh)
                row += len(batch)
            unit.take(replace(step, ledger=()))
            yield Progress(unit.news(), len(batch) if batch is not None else 0, step.skipped)
            if enough or _at_stop(unit, task):
                break
        if row != old.num_rows:
            raise _changed(task)
        yield self._close(unit, task, final=task.final)

    def _refresh_batch(self, unit: _Draft, batch: DocumentBatch, kept: Mapping[str, Any], fresh: SignalRunner) -> None:
        for name in self._order.signals:
            if name in kept:
                batch.signals[name] = pa.RecordBatch.from_struct_array(kept[name].combine_chunks())
        computed, failed = fresh.compute(batch, unit.seconds)
        order = [*(name for name in kept if name not in self._order.signals), *self._order.signals]
        unit.rows.append(pa.table({name: computed[name] if name in computed else kept[name] for name in order}))
        for name, table in self._tallies.count(batch, unit.seconds):
            unit.tallies.setdefault(name, []).append(table)
        unit.note(failed)
        unit.documents += len(batch)
        unit.bytes += batch.nbytes


class _Draft:
    """A unit in the making."""

    def __init__(self, start: int, consumed: int = 0) -> None:
        self.start = self.stop = start
        self.consumed_before = self.consumed = self._told = consumed
        self.rows: list[pa.Table] = []
        self.tallies: dict[str, list[pa.Table]] = {}
        self.ledger: list[LedgerEntry] = []
        self.trimmer = LedgerTrimmer(subject=ledger_subject)
        self.documents = self.bytes = self.skipped = 0
        self.seconds: Counter[str] = Counter()

    def take(self, step: ReadStep) -> None:
        self.stop = step.next_position
        self.consumed = max(step.consumed, self.consumed)
        self.skipped += step.skipped
        self.note(step.ledger)

    def note(self, entries: Iterable[LedgerEntry]) -> None:
        """Enter something in the ledger; of many equal entries only the first stay one by one."""
        self.ledger += self.trimmer.admit(entries)

    def news(self) -> int:
        """Bytes read since this was last asked."""
        fresh, self._told = self.consumed - self._told, self.consumed
        return fresh

    def stage(self, name: str) -> _Stage:
        return _Stage(self.seconds, name)


class _Stage:
    """Adds the CPU seconds of a block to a stage."""

    def __init__(self, seconds: Counter[str], name: str) -> None:
        self._seconds = seconds
        self._name = name

    def __enter__(self) -> None:
        self._begin = time.process_time()

    def __exit__(self, *_: object) -> None:
        self._seconds[self._name] += time.process_time() - self._begin  # type: ignore[assignment]


def _timed(steps: Iterator[ReadStep]) -> Iterator[tuple[float, ReadStep]]:
    """Yield each step with the CPU seconds between asking for it and getting it."""
    while True:
        begin = time.process_time()
        step = next(steps, None)
        if step is None:
            return
        yield time.process_time() - begin, step


def _within_limit(step: ReadStep, limit: int | None, seen: int) -> tuple[ReadStep, bool]:
    """Cut a step at the split's limit, when `seen` documents came before it; the flag says that the limit is reached."""
    batch = step.batch
    if limit is None or batch is None or len(batch) < limit - seen:
        return step, False
    room = max(limit - seen, 0)
    last = int(batch.position[room - 1]) if room else -1
    ledger = tuple(entry for entry in step.ledger if entry.offset <= last)  # what stands after the last document was not asked for
    kept = batch if room == len(batch) else slice_batch(batch, 0, room)
    return replace(step, batch=kept if room else None, ledger=ledger), True


def _at_stop(unit: _Draft, task: Task) -> bool:
    return task.stop is not None and unit.stop >= task.stop


def _changed(task: Task) -> RunError:
    message = f"{task.split.file.path}: the corpus changed while the run was stopped"
    return RunError(message, hint="start a new run with fmaudit run --new")


def _passed_over(batch: DocumentBatch) -> list[LedgerEntry]:
    """Enter a batch that twice killed its worker."""
    reason = "a worker process died twice in this batch"
    return [LedgerEntry(batch.file, int(batch.position[0]), CRASHED, reason, batch.nbytes, len(batch))] if len(batch) else []
