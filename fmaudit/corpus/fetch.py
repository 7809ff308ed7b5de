"""Reads one document again by its position, to show it."""

from __future__ import annotations

from collections.abc import Mapping

from fmaudit.corpus.sources import builtin_readers, pick_format
from fmaudit.corpus.splits import Fields, Limits, Reader, SourceFile, Split
from fmaudit.errors import DocumentError

__all__ = ["fetch_document"]


def fetch_document(
    source: SourceFile,
    fields: Fields,
    position: int,
    *,
    format: str = "",
    readers: Mapping[str, Reader] | None = None,
    document_bytes: int = 16 << 20,
) -> str:
    """Give the text of the document at a position; DocumentError where there is none or the file has changed.

    In a compressed file all before it is decompressed, a few hundred MB a second.
    """
    known = readers or builtin_readers()
    name = format or pick_format(source.path, known)
    if name not in known:
        raise DocumentError(f"{source.path}: there is no reader {name!r}")
    limits = Limits(batch_bytes=1, batch_documents=1, document_bytes=document_bytes)
    whole = Split(source, name, 0, None, source.size)
    for step in known[name].read(whole, Fields(text=fields.text), limits, position):
        if step.batch is not None:
            if int(step.batch.position[0]) == position:
                return str(step.batch.text[0].as_py())
            break
        lost = [entry for entry in step.ledger if entry.lost]
        if lost:
            raise DocumentError(f"{source.path}: {lost[0].reason} at {lost[0].offset}: {lost[0].detail}")
    raise DocumentError(f"{source.path}: no document begins at {position}", hint="was the file changed since the run?")
