"""Fingerprints that find the same text again: of whole documents, of paragraphs and of lines."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from fmaudit import DocumentBatch, Signal, Tally

__all__ = ["DuplicatesSignal", "LineTally", "ParagraphTally", "PieceTally"]

SHORTEST = 10  # characters of the shortest line or paragraph that is followed across documents
SAMPLE_BITS = 16  # the share of hashes kept is decided by this many bits


class DuplicatesSignal(Signal):
    """126 bits of hash of every document's exact text."""

    name: ClassVar[str] = "duplicates"
    version: ClassVar[str] = "1"
    schema: ClassVar[pa.Schema] = pa.schema([("high", pa.int64()), ("low", pa.int64())])

    def compute(self, batch: DocumentBatch) -> pa.RecordBatch:
        """Hash the texts."""
        from fmaudit_corpus_quality.fingerprints import hash_documents

        high, low = np.empty(len(batch), np.int64), np.empty(len(batch), np.int64)
        hash_documents(batch.data, batch.offsets, high, low)
        return pa.record_batch([pa.array(high), pa.array(low)], schema=self.schema)


class PieceTally(Tally):
    """Counts equal pieces of text: one row for each different piece of a batch, with one place where it stands.

    `n` counts occurrences, `documents` the documents they are in; `file`, `position` and `start` (code points) name the
    first. Pieces of fewer than `shortest_line` characters are left out. With `line_share` below 1 only that share of all
    different pieces is kept, chosen by hash, and beside them those that more than one document of the batch has.
    """

    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ("shortest_line", "line_share")
    schema: ClassVar[pa.Schema] = pa.schema(
        [  # type: ignore[arg-type]
            ("hash", pa.int64()),
            ("characters", pa.int32()),
            ("documents", pa.int32()),
            ("file", pa.string()),
            ("position", pa.int64()),
            ("start", pa.int32()),
            ("n", pa.int64()),
        ]
    )
    line_feeds: ClassVar[int]

    def count(self, batch: DocumentBatch) -> pa.Table:
        """Count the pieces of a batch; memory is a few times the batch's text."""
        from fmaudit_corpus_quality import fingerprints as own

        shortest = int(self.params.get("shortest_line", SHORTEST))
        most = own.most_pieces(batch, shortest)
        slots = np.full(max(16, 1 << (2 * most).bit_length()), -1, np.int32)
        table = np.empty((most, own.FIELDS), np.int64)
        found = table[: own.hash_pieces(batch.data, batch.offsets, self.line_feeds, shortest, slots, table)]
        share = float(self.params.get("line_share", 1.0))
        if share < 1.0:
            found = found[sampled(found[:, own.HASH], share) | (found[:, own.DOCUMENTS] > 1)]
        columns: dict[str, Any] = {
            "hash": found[:, own.HASH],
            "characters": found[:, own.CHARACTERS].astype(np.int32),
            "documents": found[:, own.DOCUMENTS].astype(np.int32),
            "file": pa.repeat(pa.scalar(batch.file, pa.string()), len(found)),
            "position": batch.position[found[:, own.DOCUMENT]],
            "start": found[:, own.START].astype(np.int32),
            "n": found[:, own.COUNT],
        }
        return pa.table(
            {name: pa.array(column) if isinstance(column, np.ndarray) else column for name, column in columns.items()}, self.schema
        )


class LineTally(PieceTally):
    """Counts equal lines."""

    name: ClassVar[str] = "line_hashes"
    line_feeds: ClassVar[int] = 1


class ParagraphTally(PieceTally):
    """Counts equal paragraphs: text between two or more line feeds."""

    name: ClassVar[str] = "paragraph_hashes"
    line_feeds: ClassVar[int] = 2


def sampled(hashes: np.ndarray[Any, np.dtype[np.int64]], share: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Choose a share of all hashes; the same ones in every batch."""
    return (hashes >> 40) & ((1 << SAMPLE_BITS) - 1) < round(share * (1 << SAMPLE_BITS))


def sampled_sql(share: float) -> str:
    """Write the same choice in SQL."""
    return f"((hash >> 40) & {(1 << SAMPLE_BITS) - 1}) < {round(share * (1 << SAMPLE_BITS))}"
