"""Reads JSON lines, plain or compressed with gzip or zstd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pyarrow as pa

from fmaudit.corpus.builder import Columns, StepBuilder
from fmaudit.corpus.files import foreign, problem_with, sniff
from fmaudit.corpus.json_line import parse_line
from fmaudit.corpus.lines import Lines, TooLong, line_windows, seek_line
from fmaudit.corpus.splits import END, Fields, Limits, Reader, ReadStep, SourceFile, Split
from fmaudit.corpus.streams import ByteStream, PlainStream, compression_of, open_stream

__all__ = ["JsonlReader"]

_BOM = b"\xef\xbb\xbf"


class JsonlReader(Reader):
    """One JSON object a line; positions are byte offsets of the uncompressed lines."""

    name: ClassVar[str] = "jsonl"
    suffixes: ClassVar[tuple[str, ...]] = (
        *(f"{stem}{packing}" for stem in (".jsonl", ".ndjson", ".jsonlines", ".json") for packing in ("", ".gz", ".zst")),
    )

    def splits(self, file: SourceFile, split_bytes: int) -> Sequence[Split]:
        """Cut a plain file into byte ranges, whose lines are those that start in them; a compressed one stays whole."""
        if compression_of(sniff(file)) or file.size <= split_bytes:
            return [Split(file, self.name, 0, None, file.size)]
        borders = [*range(0, file.size - split_bytes // 2, max(split_bytes, 1)), file.size]
        return [Split(file, self.name, start, None if stop == file.size else stop, stop - start) for start, stop in pairwise(borders)]

    def read(self, split: Split, fields: Fields, limits: Limits, position: int | None = None) -> Iterator[ReadStep]:
        """Read the split's lines from `position` in bounded batches."""
        start = split.start if position is None else position
        if start == END:
            return
        step = StepBuilder(split.file.path, Columns.of(fields), limits)
        problem = problem_with(split.file)
        if problem is None:
            try:
                with open_stream(split.file, limits) as stream:
                    yield from _read(stream, split, start, step, _lane(step, fields.text))
                problem = problem_with(split.file)
            except OSError as error:
                problem = "unreadable", str(error)
        if problem:
            step.note(start, *problem, split.size)
            yield step.take(END, split.size)


def _read(stream: ByteStream, split: Split, start: int, step: StepBuilder, lane: PythonLane) -> Iterator[ReadStep]:
    head = seek_line(stream, start, split.stop)
    at = step.begin = stream.offset - len(head)

    def consumed() -> int:
        return at - split.start if isinstance(stream, PlainStream) else stream.consumed

    for window in line_windows(stream, head, split.stop, step.limits.document_bytes):
        if step.full_at(at):
            yield step.take(at, consumed())
        if isinstance(window, TooLong):
            step.lose(window.offset, "oversize", f"the line has more than {step.limits.document_bytes:,} bytes", window.size)
            at = window.next
            continue
        if at == 0 and (problem := foreign(window.data[:16].tobytes())):
            step.note(0, "unreadable", problem, split.size)
            yield step.take(END, split.size)
            return
        while (at := lane.consume(window, at)) < window.end:
            yield step.take(at, consumed())
    yield from _finish(stream, step, at, consumed())


def _finish(stream: ByteStream, step: StepBuilder, at: int, consumed: int) -> Iterator[ReadStep]:
    """Enter what was wrong with the stream and hand over what is left."""
    for fault in stream.faults:
        step.note(at if fault.lost else fault.offset, fault.reason, fault.detail, lost=fault.lost)
    if not step.empty:
        yield step.take(END if stream.faults else at, consumed)


def _lane(step: StepBuilder, text: str) -> PythonLane:
    """Choose the compiled lane, unless a field's name may be a path, which only the other one follows."""
    names = (text, *step.columns.sources)
    plain = not any("." in name for name in names) and len(set(names)) == len(names)
    return CompiledLane(step, text) if plain else PythonLane(step, text)


class PythonLane:
    """Reads lines one by one."""

    def __init__(self, step: StepBuilder, text: str) -> None:
        self.step = step
        self.text = text

    def consume(self, window: Lines, at: int) -> int:
        """Take lines from offset `at` until the step is full or the window is at its end; returns where it stopped."""
        start = at - window.base
        lines = window.data[start : window.stop].tobytes().split(b"\n")
        for line in lines[:-1]:
            if self.step.full_at(at):
                return at
            self.take(line, at)
            at += len(line) + 1
        return at

    def take(self, line: bytes, at: int) -> None:
        """Take one line."""
        step, limit = self.step, self.step.limits.document_bytes
        if len(line) > limit:
            step.lose(at, "oversize", f"the line has more than {limit:,} bytes", len(line))
            return
        if not line or line.isspace():
            return
        found = parse_line(line.removeprefix(_BOM), self.text, step.columns.sources)
        if found.text is None:
            step.lose(at, found.reason, found.detail, len(line), found.values)
        elif step.wants(at, found.values):
            for reason, detail in found.repairs:
                step.note(at, reason, detail, lost=False)
            step.add(at, found.text, found.values)


class CompiledLane(PythonLane):
    """Reads lines in the kernel and hands it back the odd ones."""

    def __init__(self, step: StepBuilder, text: str) -> None:
        from fmaudit.corpus import json_kernel

        super().__init__(step, text)
        self.kernel = json_kernel
        names = [name.encode() for name in (text, *step.columns.sources)]
        self.names = np.frombuffer(b"".join(names), np.uint8)
        self.ends = np.cumsum([0, *map(len, names)], dtype=np.int64)
        limits, sampler = step.limits, step.sampler
        bounds = (limits.batch_documents, limits.batch_bytes, limits.batch_bytes, limits.document_bytes, 0, not sampler.all)
        self.limits = np.array(bounds, np.int64)
        self.seeds = np.array(sampler.seeds(), np.uint64)
        self.scratch = np.empty(8, np.uint8)
        self._checked: Lines | None = None
        self._valid = False

    def consume(self, window: Lines, at: int) -> int:
        """Take lines from offset `at` until the step is full or the window is at its end; returns where it stopped."""
        step, kernel = self.step, self.kernel
        if not self._is_utf8(window):
            return super().consume(window, at)
        while at < window.end and not step.full_at(at):
            reason, stopped, end = self._run(window, at)
            at = window.base + stopped
            if reason == kernel.ODD:
                self.take(window.data[stopped:end].tobytes(), at)
                at = window.base + end + 1
            elif reason == kernel.ARENA:
                step.reserve(max(2 * len(step.arena), end - stopped + 64))
        return at

    def _is_utf8(self, window: Lines) -> bool:
        if self._checked is not window:
            whole = pa.array([0, window.stop], pa.int64()).buffers()[1]
            text = pa.Array.from_buffers(pa.large_string(), 1, [None, whole, pa.py_buffer(window.data.data)])
            try:
                text.validate(full=True)
                self._valid = True
            except pa.ArrowInvalid:
                self._valid = False
            self._checked = window
        return self._valid

    def _run(self, window: Lines, at: int) -> tuple[int, int, int]:
        step = self.step
        state = np.array((step.count, step.text_bytes, step.arena_bytes, step.entries, step.skipped), np.int64)
        self.limits[4] = step.begin + step.raw_limit
        result: tuple[int, int, int] = self.kernel.read_lines(
            window.data,
            at - window.base,
            window.stop,
            window.base,
            self.names,
            self.ends,
            self.limits,
            self.seeds,
            step.columns.id,
            step.data,
            step.offsets,
            step.position,
            step.links,
            step.arena,
            step.arena_offsets,
            state,
            self.scratch,
        )
        step.count, step.text_bytes, step.arena_bytes, step.entries, step.skipped = state.tolist()
        return result
