"""Observes one split: reads batches, computes signals and tallies, writes a part per unit.

Pure per unit: the same input, parameters and code give the same rows, whatever came before and wherever it runs.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from fmaudit.corpus.batch import DocumentBatch
from fmaudit.errors import RunError
from fmaudit.records import LedgerEntry
from fmaudit.runs.columns import BASE_SCHEMA, base_columns, slice_batch
from fmaudit.runs.journal import Unit, UnitKey
from fmaudit.runs.signals import SignalRunner
from fmaudit.runs.work import Progress, Task, WorkOrder
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
        unit = _Draft(task.position)
        seen = task.seen
        reader = self._readers[task.split.format]
        for number, step in enumerate(_timed(reader.read(task.split, self._order.fields, self._order.limits, task.position), unit)):
            batch = step.batch
            if task.care == 2 and number == 0 and batch is not None:
                unit.ledger += _passed_over(batch)
                batch = None
            batch, enough = self._within_limit(batch, seen)
            if batch is not None and len(batch):
                seen += len(batch)
                self._add(unit, batch)
            unit.take(step)
            yield Progress(unit.news(), len(batch) if batch is not None else 0, step.skipped)
            if enough:
                break
            if self._full(unit) or task.care:
                yield self._close(unit, task, final=False)
                unit = _Draft(unit.stop, unit.consumed)
        yield self._close(unit, task, final=True)

    def _within_limit(self, batch: DocumentBatch | None, seen: int) -> tuple[DocumentBatch | None, bool]:
        """Cut a batch at the split's limit; the flag says that the limit is reached."""
        limit = self._order.documents_per_split
        if limit is None or batch is None:
            return batch, False
        room = limit - seen
        return (slice_batch(batch, 0, room) if len(batch) > room else batch), len(batch) >= room

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
        unit.ledger += failed
        unit.documents += len(batch)
        unit.bytes += batch.nbytes

    def _close(self, unit: _Draft, task: Task, *, final: bool) -> Unit:
        """Write a unit's parts durably and describe it."""
        file = task.split.file.path
        key = UnitKey(self._order.target, file, task.split.start, unit.start)
        parts: dict[str, str] = {}
        with unit.stage("write"):
            if unit.rows:
                parts["documents"] = self._write("documents", key, pa.concat_tables(unit.rows))
            for name, tables in unit.tallies.items():
                parts[name] = self._write(name, key, pa.concat_tables(tables))
        return Unit(
            key=key,
            stop=unit.stop,
            final=final,
            documents=unit.documents,
            bytes=unit.bytes,
            consumed=unit.consumed - unit.consumed_before,
            skipped=unit.skipped,
            input=self._order.input[file],
            signals=dict(self._order.fingerprints),
            parts=parts,
            seconds=dict(unit.seconds),
            ledger=tuple(unit.ledger),
        )

    def _write(self, kind: str, key: UnitKey, table: pa.Table) -> str:
        """Write one part under a name that depends on nothing but what it holds."""
        stamp = "|".join([key.file, self._order.input[key.file], *(f"{k}={v}" for k, v in sorted(self._order.fingerprints.items()))])
        digest = hashlib.blake2b(stamp.encode(), digest_size=8).hexdigest()
        folder = RunDirectory(self._root).observations(kind, key.target)
        path = folder / f"part-{digest}-{key.split_start:014d}-{key.start:014d}.parquet"
        write_table(path, table.combine_chunks())
        return path.relative_to(self._root).as_posix()

    # -- one unit again, only what is stale ----------------------------------------------------------------------

    def _refresh(self, task: Task) -> Iterator[Progress | Unit]:
        """Compute the stale signals of a finished unit and put them beside its other columns."""
        old = read_parquet(self._root / task.base)
        unit = _Draft(task.position)
        still = [*BASE_SCHEMA.names, "meta", *(name for name in self._order.signals if name not in task.stale)]
        keep = {name: old[name] for name in old.column_names if name in still}
        fresh = SignalRunner({n: given for n, given in self._order.signals.items() if n in task.stale}, self._signals.classes)
        row = 0
        reader = self._readers[task.split.format]
        for step in _timed(reader.read(task.split, self._order.fields, self._order.limits, task.position), unit):
            batch, _ = self._within_limit(step.batch, task.seen + row)
            if batch is not None and len(batch):
                self._refresh_batch(unit, batch, {name: column.slice(row, len(batch)) for name, column in keep.items()}, fresh)
                row += len(batch)
            unit.take(step)
            yield Progress(unit.news(), len(batch) if batch is not None else 0, step.skipped)
            if task.stop is not None and unit.stop >= task.stop:
                break
        if row != old.num_rows:
            raise RunError(
                f"{task.split.file.path}: the corpus changed while the run was stopped", hint="start a new run with fmaudit run --new"
            )
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
        unit.ledger += failed
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
        self.documents = self.bytes = self.skipped = 0
        self.seconds: Counter[str] = Counter()

    def take(self, step: ReadStep) -> None:
        self.stop = step.next_position
        self.consumed = max(step.consumed, self.consumed)
        self.skipped += step.skipped
        self.ledger += step.ledger

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


def _timed(steps: Iterator[ReadStep], unit: _Draft) -> Iterator[ReadStep]:
    """Charge the time between asking for a step and getting it to reading."""
    while True:
        with unit.stage("read"):
            step = next(steps, None)
        if step is None:
            return
        yield step


def _passed_over(batch: DocumentBatch) -> list[LedgerEntry]:
    """Enter a batch that twice killed its worker."""
    reason = "a worker process died twice in this batch"
    return [LedgerEntry(batch.file, int(batch.position[0]), "crashed", reason, batch.nbytes, len(batch))] if len(batch) else []
