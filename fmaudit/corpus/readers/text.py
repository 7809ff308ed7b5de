"""Reads text files, one document a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from fmaudit.corpus.builder import Columns, StepBuilder
from fmaudit.corpus.charsets import decode_file
from fmaudit.corpus.files import problem_with
from fmaudit.corpus.splits import END, Fields, Limits, Reader, ReadStep, SourceFile, Split
from fmaudit.corpus.streams import open_stream

__all__ = ["TextReader"]


class TextReader(Reader):
    """A whole file is one document at position 0, its path is its id; UTF-8, or UTF-16 where the bytes show it."""

    name: ClassVar[str] = "text"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".txt.gz", ".txt.zst", ".md")

    def splits(self, file: SourceFile, split_bytes: int) -> Sequence[Split]:
        """Keep the file whole."""
        return [Split(file, self.name, 0, None, file.size)]

    def read(self, split: Split, fields: Fields, limits: Limits, position: int | None = None) -> Iterator[ReadStep]:
        """Read the file as one step."""
        if position:
            return
        step = StepBuilder(split.file.path, Columns.of(replace(fields, id="path")), replace(limits, batch_documents=1))
        if step.wants(0, ()):
            problem = problem_with(split.file)
            if problem is None:
                try:
                    _read(split, step)
                except OSError as error:
                    problem = "unreadable", str(error)
            if problem:
                step.note(0, *problem, split.size)
        yield step.take(END, split.size)


def _read(split: Split, step: StepBuilder) -> None:
    limit = step.limits.document_bytes
    values = [split.file.path.encode() if source == "path" else None for source in step.columns.sources]
    pieces, size = [], 0
    with open_stream(split.file, step.limits) as stream:
        while size <= 2 * limit and (piece := stream.read()):  # UTF-16 may take twice the bytes of its UTF-8
            pieces.append(piece)
            size += len(piece)
        faults = stream.faults
    if size > 2 * limit:
        step.note(0, "oversize", f"the file has more than {2 * limit:,} bytes", split.size)
        return
    for fault in faults:
        step.note(0 if not pieces else fault.offset, fault.reason, fault.detail, lost=fault.lost)
    if not pieces and any(fault.lost for fault in faults):
        return
    decoded = decode_file(b"".join(pieces))
    if decoded.repair:
        step.note(0, *decoded.repair, lost=False)
    step.add(0, decoded.text.encode("utf-8", "replace"), values)
