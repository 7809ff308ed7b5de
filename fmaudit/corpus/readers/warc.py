"""Reads WARC and WET files: web pages of response records, text of conversion records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

from fmaudit.corpus.builder import Columns, StepBuilder
from fmaudit.corpus.files import open_binary, problem_with
from fmaudit.corpus.splits import END, Fields, Limits, Reader, ReadStep, SourceFile, Split
from fmaudit.corpus.streams import open_stream
from fmaudit.corpus.warc_document import label_of, record_text, what_is
from fmaudit.corpus.warc_frames import Frame, FrameReader
from fmaudit.corpus.warc_members import MemberWalk, is_by_member

__all__ = ["WarcReader", "WetReader"]

_ENDS = ("truncated", "unreadable", "bomb")  # what may cost more than one record is told whatever the sample
_CONTENT = 4  # times `document_bytes`: how large a record may be, since a page is larger than its text


class WarcReader(Reader):
    """One document a response, resource or conversion record with text; ids are record ids without the angle brackets.

    Where every record is a gzip member of its own, positions are offsets of members on disk, as in a CDX index (the k-th further
    record of a member stands at its offset plus k). Elsewhere they are offsets of the uncompressed stream.
    Metadata names are header names, or "id", "url", "date" and "type".
    """

    name: ClassVar[str] = "warc"
    suffixes: ClassVar[tuple[str, ...]] = (".warc", ".warc.gz")

    def splits(self, file: SourceFile, split_bytes: int) -> Sequence[Split]:
        """Cut a file of gzip members into byte ranges, whose records are those that start in them; others stay whole."""
        if file.size <= split_bytes or not _by_member(file, Limits()):
            return [Split(file, self.name, 0, None, file.size)]
        borders = [*range(0, file.size - split_bytes // 2, max(split_bytes, 1)), file.size]
        return [Split(file, self.name, start, None if stop == file.size else stop, stop - start) for start, stop in pairwise(borders)]

    def read(self, split: Split, fields: Fields, limits: Limits, position: int | None = None) -> Iterator[ReadStep]:
        """Read the split's records from `position` in bounded batches."""
        start = split.start if position is None else position
        if start == END or (split.stop is not None and start >= split.stop):
            return
        columns = Columns.of(fields, {"id": "warc-record-id", "url": "warc-target-uri"})
        step = StepBuilder(split.file.path, columns, limits)
        step.begin = start
        problem = problem_with(split.file)
        if problem is None:
            try:
                walk = _walk_members if _by_member(split.file, limits) else _walk_stream
                yield from walk(split, start, step)
                problem = problem_with(split.file)
            except OSError as error:
                problem = "unreadable", str(error)
        if problem:
            step.note(start, *problem, split.size)
            yield step.take(END, split.size)


class WetReader(WarcReader):
    """The same under the names of Common Crawl's text files."""

    name: ClassVar[str] = "wet"
    suffixes: ClassVar[tuple[str, ...]] = (".wet", ".wet.gz", ".warc.wet.gz", ".warc.wet")


def _by_member(file: SourceFile, limits: Limits) -> bool:
    try:
        return is_by_member(file, limits)
    except OSError:
        return False


def _walk_stream(split: Split, start: int, step: StepBuilder) -> Iterator[ReadStep]:
    with open_stream(split.file, step.limits) as stream:
        stream.skip_to(start)
        reader = FrameReader(stream, step.limits.document_bytes * _CONTENT)
        for frame in reader.frames():
            if step.full_at(frame.start):
                yield step.take(frame.start, min(stream.consumed, split.size))
            _take(step, frame, frame.start)
        for fault in stream.faults:
            step.note(fault.offset, fault.reason, fault.detail, lost=fault.lost)
        if not step.empty:
            yield step.take(END if stream.faults else reader.start, split.size)


def _walk_members(split: Split, start: int, step: StepBuilder) -> Iterator[ReadStep]:
    with open_binary(split.file) as file:
        walk = MemberWalk(file, split.file.size, step.limits, step.limits.document_bytes * _CONTENT)
        for frame, position in walk.frames(start, split.stop, exact=start != split.start):
            if step.full_at(position):
                yield step.take(position, position - split.start)
            _take(step, frame, position)
        if not step.empty:
            yield step.take(END, split.size)


def _take(step: StepBuilder, frame: Frame, position: int) -> None:
    """Put a record into the step, count it as something else, or enter its loss."""
    if frame.reason:
        _take_broken(step, frame, position)
        return
    other = what_is(frame)
    values = [] if other else [label_of(frame, name) for name in step.columns.sources]
    if not other:
        if not step.wants(position, values):
            return
        found = record_text(frame, step.limits.document_bytes * _CONTENT)
        other = found.other
        if found.reason:
            step.note(position, found.reason, found.detail, len(frame.raw))
        elif not other:
            if found.repair:
                step.note(position, *found.repair, lost=False)
            step.add(position, found.text.encode("utf-8", "replace"), values)
    if other:
        step.extra[other] = step.extra.get(other, 0) + 1


def _take_broken(step: StepBuilder, frame: Frame, position: int) -> None:
    size = frame.stop - frame.start
    if frame.lost and frame.reason not in _ENDS:
        values = [label_of(frame, name) for name in step.columns.sources] if frame.headers else []
        step.lose(position, frame.reason, frame.detail, size, values)
    else:
        step.note(position, frame.reason, frame.detail, size, lost=frame.lost)
