"""Runs signals over batches; a signal that fails on a document costs that document.

What a batch gets depends on that batch alone: nothing is remembered from one to the next, so that rows are the same whichever
batches came before in this process.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from fmaudit.corpus.batch import DocumentBatch
from fmaudit.errors import PluginError
from fmaudit.records import LedgerEntry
from fmaudit.runs.columns import slice_batch

if TYPE_CHECKING:
    from fmaudit.audit import Signal, Tally

__all__ = ["SIGNAL_FAILED", "SignalRunner", "TallyRunner", "failed_signal", "ledger_subject"]

SIGNAL_FAILED = "signal-failed"  # the ledger's reason when a signal raised on a document
BREAKER = 20  # documents in a row on which a signal may fail before it is left out of the rest of the batch


class SignalRunner:
    """The signals of one work order, in the order of their needs."""

    def __init__(self, params: Mapping[str, Mapping[str, Any]], classes: Mapping[str, type[Signal]]) -> None:
        """Make each signal once; `params` maps names to parameters."""
        self.classes = classes
        self._signals = [classes[name](given) for name, given in params.items()]

    def use(self, signals: Sequence[Signal]) -> None:
        """Take ready-made signals in the place of those made from parameters."""
        self._signals = list(signals)

    @staticmethod
    def tallies(params: Mapping[str, Mapping[str, Any]], classes: Mapping[str, type[Tally]]) -> TallyRunner:
        """Make the tallies of a work order."""
        return TallyRunner([classes[name](given) for name, given in params.items()])

    def compute(self, batch: DocumentBatch, seconds: Counter[str]) -> tuple[dict[str, pa.Array[Any]], list[LedgerEntry]]:
        """Compute every signal as a struct column; failures come back as ledger entries, their rows as null."""
        columns: dict[str, pa.Array[Any]] = {}
        failed: list[LedgerEntry] = []
        for signal in self._signals:
            begin = time.process_time()
            rows, entries = self._one(signal, batch)
            columns[signal.name] = rows
            batch.signals[signal.name] = pa.RecordBatch.from_struct_array(rows)
            failed += entries
            seconds[signal.name] += time.process_time() - begin  # type: ignore[assignment]
        return columns, failed

    def _one(self, signal: Signal, batch: DocumentBatch) -> tuple[pa.StructArray, list[LedgerEntry]]:
        try:
            return _checked(signal, batch), []
        except Exception as error:  # a plugin may raise anything
            if len(batch) == 1:
                return _nothing(signal, 1), [_failure(signal, batch, 0, f"{type(error).__name__}: {error}", 1)]
        return self._each(signal, batch)

    def _each(self, signal: Signal, batch: DocumentBatch) -> tuple[pa.StructArray, list[LedgerEntry]]:
        """Find the documents of a batch that are to blame; a signal that fails on many in a row is asked no further."""
        rows: list[pa.StructArray] = []
        entries: list[LedgerEntry] = []
        in_a_row = 0
        for index in range(len(batch)):
            if in_a_row == BREAKER:
                rest = len(batch) - index
                rows.append(_nothing(signal, rest))
                entries.append(_failure(signal, batch, index, f"left out after failing {BREAKER} times in a row", rest))
                break
            one, failure = self._one(signal, slice_batch(batch, index, index + 1))
            in_a_row = in_a_row + 1 if failure else 0
            rows.append(one)
            entries += failure
        return pa.concat_arrays(rows), entries


class TallyRunner:
    """The tallies of one work order."""

    def __init__(self, tallies: list[Tally]) -> None:
        self._tallies = tallies

    def count(self, batch: DocumentBatch, seconds: Counter[str]) -> Iterator[tuple[str, pa.Table]]:
        """Count the batch's keys; yields (tally, rows in its schema)."""
        for tally in self._tallies:
            begin = time.process_time()
            table = tally.count(batch)
            if "n" not in tally.schema.names:
                raise PluginError(f"tally {tally.name!r}: its schema has no column 'n'")
            yield tally.name, table.select(tally.schema.names).cast(tally.schema)
            seconds[tally.name] += time.process_time() - begin  # type: ignore[assignment]


def _checked(signal: Signal, batch: DocumentBatch) -> pa.StructArray:
    """Compute and hold the signal to its word: a row for every document, the columns of its schema."""
    rows = signal.compute(batch)
    if not isinstance(rows, pa.RecordBatch):
        raise PluginError(f"signal {signal.name!r} returned {type(rows).__name__}, not a pyarrow.RecordBatch")
    if rows.num_rows != len(batch):
        raise PluginError(f"signal {signal.name!r} returned {rows.num_rows} rows for {len(batch)} documents")
    if rows.schema.names != signal.schema.names:
        raise PluginError(f"signal {signal.name!r} returned columns {rows.schema.names}, its schema has {signal.schema.names}")
    return rows.cast(signal.schema).to_struct_array()


def _nothing(signal: Signal, count: int) -> pa.StructArray:
    return pa.nulls(count, pa.struct(list(signal.schema)))


def failed_signal(entry: LedgerEntry) -> str:
    """Name the signal that an entry with the reason SIGNAL_FAILED is about."""
    return entry.detail.split("'")[1]


def ledger_subject(entry: LedgerEntry) -> str:
    """Say what entries must have in common, besides file and reason, to be counted together."""
    return f"signal {failed_signal(entry)!r}" if entry.reason == SIGNAL_FAILED else ""


def _failure(signal: Signal, batch: DocumentBatch, index: int, detail: str, count: int) -> LedgerEntry:
    detail = f"signal {signal.name!r}: {' '.join(detail.split())[:300]}"
    return LedgerEntry(batch.file, int(batch.position[index]), SIGNAL_FAILED, detail, None, count)
