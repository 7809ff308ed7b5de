"""Reads Parquet files: row groups as splits, only the columns that are wanted, page checksums compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fmaudit.corpus.arrow_text import TextColumn, column_named, label_column, text_column, text_problem
from fmaudit.corpus.builder import Columns, StepBuilder
from fmaudit.corpus.files import open_binary, problem_with
from fmaudit.corpus.splits import END, Fields, Limits, Reader, ReadStep, SourceFile, Split

__all__ = ["ParquetReader", "RowStepper"]

_BROKEN = (OSError, pa.ArrowException, ValueError)
_ROWS = 1024  # decoded at once
_EXPANDED = 128 << 20  # bytes that one decoding may grow to, were every row its dictionary's longest value
_STEP_ROWS = 1 << 16  # a step reads at most so many rows, also where none is kept


class ParquetReader(Reader):
    """One document a row; positions are row numbers of the file."""

    name: ClassVar[str] = "parquet"
    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")

    def splits(self, file: SourceFile, split_bytes: int) -> Sequence[Split]:
        """Put neighbouring row groups together until they have about `split_bytes`; an unreadable file stays one split."""
        try:
            with open_binary(file) as raw:
                groups = _groups(_parquet(raw).metadata)
        except _BROKEN:
            return [Split(file, self.name, 0, None, file.size)]
        splits: list[Split] = []
        start = size = 0
        for _, stop, bytes_ in groups:
            size += bytes_
            if size >= split_bytes or stop == groups[-1][1]:
                splits.append(Split(file, self.name, start, stop, size))
                start, size = stop, 0
        return splits or [Split(file, self.name, 0, None, file.size)]

    def read(self, split: Split, fields: Fields, limits: Limits, position: int | None = None) -> Iterator[ReadStep]:
        """Read the split's rows from `position` in bounded batches."""
        start = split.start if position is None else position
        if start == END or (split.stop is not None and start >= split.stop):
            return
        rows = RowStepper(split, fields, limits, start)
        problem = problem_with(split.file)
        if problem is None:
            try:
                with open_binary(split.file) as raw:
                    yield from _read(raw, split, rows)
                problem = problem_with(split.file)
            except _BROKEN as error:
                problem = "unreadable", " ".join(str(error).split())
        if problem:
            rows.step.note(rows.row, *problem, split.size)
            yield rows.step.take(END, split.size)
        elif not rows.step.empty:
            yield rows.take()


def _parquet(raw: Any, **options: Any) -> Any:
    import pyarrow.parquet as pq

    return pq.ParquetFile(raw, page_checksum_verification=True, pre_buffer=False, buffer_size=1 << 20, **options)


def _groups(metadata: Any) -> list[tuple[int, int, int]]:
    """List the row groups: first row, row after the last, compressed bytes."""
    groups, start = [], 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        size = sum(group.column(column).total_compressed_size for column in range(group.num_columns))
        groups.append((start, start + group.num_rows, size))
        start += group.num_rows
    return groups


def _read(raw: Any, split: Split, rows: RowStepper) -> Iterator[ReadStep]:
    file = _parquet(raw)
    names = rows.check(file.schema_arrow)
    rows.total = (split.stop if split.stop is not None else file.metadata.num_rows) - split.start
    if names is None:
        problem = rows.step.ledger.pop()
        rows.step.lose_rows(problem.offset, problem.reason, problem.detail, split.size, rows.total)
        yield rows.step.take(END, split.size)
        return
    for index, (first, after, _) in enumerate(_groups(file.metadata)):
        if after <= rows.row or (split.stop is not None and first >= split.stop):
            continue
        seen = first
        try:
            at_once = _batch_rows(raw, file.metadata, index, names)
            for batch in file.iter_batches(at_once, [index], names, use_threads=False):
                skip = min(max(rows.row - seen, 0), len(batch))
                seen += len(batch)
                yield from rows.add(batch.slice(skip))
        except _BROKEN as error:
            rows.step.lose_rows(rows.row, "unreadable", " ".join(str(error).split()), None, after - rows.row)
            rows.row = after


def _batch_rows(raw: Any, metadata: Any, index: int, names: Sequence[str]) -> int:
    """Decode fewer rows at once where a dictionary could make them large: a few stored bytes may stand for gigabytes."""
    group = metadata.row_group(index)
    tops = {name.split(".")[0] for name in names}
    chunks = [group.column(number) for number in range(group.num_columns)]
    coded = [chunk for chunk in chunks if chunk.has_dictionary_page and chunk.path_in_schema.split(".")[0] in tops]
    longest = 1
    for chunk in coded:
        path, size = chunk.path_in_schema, chunk.total_uncompressed_size
        if size * _ROWS > _EXPANDED:
            longest = max(longest, size if "." in path else _longest_value(raw, metadata, index, path))
    return int(min(_ROWS, max(_EXPANDED // longest, 1)))


def _longest_value(raw: Any, metadata: Any, index: int, path: str) -> int:
    """Give the length of the longest value in a column chunk's dictionary, which comes whole with the first row."""
    coded = _parquet(raw, metadata=metadata, read_dictionary=[path])
    for batch in coded.iter_batches(1, [index], [path], use_threads=False):
        if pa.types.is_dictionary(batch.column(0).type):
            return int(pc.max(pc.binary_length(batch.column(0).dictionary)).as_py() or 1)
    return 1


class RowStepper:
    """Puts the rows of Arrow batches into steps; shared by the readers whose positions are row numbers."""

    def __init__(self, split: Split, fields: Fields, limits: Limits, row: int) -> None:
        self.split = split
        self.text = fields.text
        self.columns = Columns.of(fields)
        self.step = StepBuilder(split.file.path, self.columns, limits)
        self.row = self.step.begin = row
        self.total = 0  # rows of the split, where known
        self.names: list[str] | None = None  # the columns to read, once `check` found them

    def check(self, schema: pa.Schema) -> list[str] | None:
        """List the columns to read, noting those that are missing; None where there is no text column."""
        empty = pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
        text = column_named(empty, self.text)
        problem = "is missing" if text is None else text_problem(text.type)
        if problem:
            self.step.note(self.row, "missing-text", f"the column {self.text!r} {problem}; the file has {', '.join(schema.names[:12])}")
            return None
        missing = [name for name in self.columns.sources if column_named(empty, name) is None]
        if self.row == 0:
            for name in missing:
                self.step.note(0, "missing-column", f"the file has no column {name!r}", lost=False)
        self.names = list(dict.fromkeys(name for name in (self.text, *self.columns.sources) if name not in missing))
        return self.names

    def add(self, batch: Any) -> Iterator[ReadStep]:
        """Add an Arrow batch's rows, which begin at `self.row`."""
        if not len(batch):
            return
        text = text_column(column_named(batch, self.text))
        labels = [label_column(column_named(batch, name), len(batch)) for name in self.columns.sources]
        # null labels have no bytes, so that every row's labels can be counted from the offsets
        columns = [text_column(label.fill_null(b"") if label.null_count else label) for label in labels]
        columns = [replace(column, null=np.asarray(label.is_null())) for column, label in zip(columns, labels, strict=True)]
        sizes = np.diff(text.offsets)
        plain = text.valid and self.step.sampler.all and not text.null.any() and int(sizes.max()) <= self.step.limits.document_bytes
        yield from self._add_plain(text, columns) if plain else self._add_each(text, labels)

    def _add_plain(self, text: TextColumn, labels: list[TextColumn]) -> Iterator[ReadStep]:
        """Add rows that are all documents, as many at once as the step takes."""
        at, count = 0, len(text.null)
        label_ends = sum((label.offsets[1:] - label.offsets[0] for label in labels), np.zeros(count, np.int64))
        while at < count:
            if self._full():
                yield self.take()
            labelled = label_ends[at:] - (label_ends[at - 1] if at else 0)
            rows = self.step.room_for(text.offsets[at + 1 :] - text.offsets[at], labelled)
            rows = min(rows, self.step.begin + _STEP_ROWS - self.row)
            self.step.add_rows(self.row, text, labels, slice(at, at + rows))
            at, self.row = at + rows, self.row + rows

    def _add_each(self, text: TextColumn, labels: Sequence[Any]) -> Iterator[ReadStep]:
        lists = [label.to_pylist() for label in labels]
        for index in range(len(text.null)):
            if self._full():
                yield self.take()
            self._add_row(text, index, [values[index] for values in lists])
            self.row += 1

    def _full(self) -> bool:
        return self.step.full or self.row - self.step.begin >= _STEP_ROWS

    def take(self) -> ReadStep:
        """Take the step."""
        share = (self.row - self.split.start) / self.total if self.total else 1.0
        return self.step.take(self.row, round(self.split.size * min(share, 1.0)))

    def _add_row(self, text: TextColumn, index: int, values: Sequence[bytes | None]) -> None:
        if text.null[index]:
            self.step.lose(self.row, "missing-text", f"the column {self.text!r} is null", values=values)
            return
        if not self.step.wants(self.row, values):
            return
        body: bytes | memoryview = text.row(index)
        if not text.valid:
            body, detail = _repaired(bytes(body))
            if detail:
                self.step.note(self.row, "invalid-utf8", detail, lost=False)
        self.step.add(self.row, body, values)


def _repaired(body: bytes) -> tuple[bytes, str]:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        detail = f"byte 0x{body[error.start]:02x} at {error.start}: {error.reason}"
        return body.decode("utf-8", "replace").encode(), detail
    return body, ""
