"""Puts documents one by one into the padded buffers of a batch, and batches with their ledger into steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fmaudit.corpus.batch import SLACK, DocumentBatch
from fmaudit.corpus.ledger import DETAILED
from fmaudit.corpus.sampling import Sampler
from fmaudit.corpus.splits import Fields, Limits, ReadStep
from fmaudit.records import LedgerEntry

__all__ = ["Columns", "StepBuilder", "clean_text"]

RAW_STEP = 16  # a step reads at most about this many times `batch_bytes` of the file, also where nothing is kept


@dataclass(frozen=True, slots=True)
class Columns:
    """Which source field feeds which column of a batch: `sources` are distinct, `outputs` name columns by index into them."""

    sources: tuple[str, ...]
    outputs: tuple[tuple[str, int], ...]
    id: int  # index of the id's source, -1 where the corpus has none

    @classmethod
    def of(cls, fields: Fields, defaults: Mapping[str, str] | None = None) -> Columns:
        """List the columns that `fields` names; `defaults` names sources of roles it leaves empty."""
        roles = {"id": fields.id, "url": fields.url, "language": fields.language, "domain": fields.domain}
        wanted = {role: source or (defaults or {}).get(role, "") for role, source in roles.items()}
        wanted |= {f"meta.{name}": name for name in fields.metadata}
        wanted = {column: source for column, source in wanted.items() if source}
        sources = tuple(dict.fromkeys(wanted.values()))
        outputs = tuple((column, sources.index(source)) for column, source in wanted.items() if column != "id")
        return cls(sources, outputs, sources.index(wanted["id"]) if "id" in wanted else -1)


def clean_text(text: str) -> tuple[bytes, bool]:
    """Encode text as UTF-8 with lone surrogates replaced by U+FFFD; the flag says whether there were any."""
    try:
        return text.encode(), False
    except UnicodeEncodeError:
        # a pair written as two escapes is one character; only what is left alone is replaced
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode(), True


class TextRows(Protocol):
    """Rows of UTF-8: row i is `data[offsets[i]:offsets[i + 1]]`, unless `null[i]`."""

    @property
    def data(self) -> memoryview: ...
    @property
    def offsets(self) -> npt.NDArray[np.int64]: ...
    @property
    def null(self) -> npt.NDArray[np.bool_]: ...


class StepBuilder:
    """Collects documents and ledger entries of one file until a step is full.

    A step is full by what it holds and how far it read since its first position, never by how the bytes were buffered, so that
    steps are the same from whichever of them reading starts.
    """

    def __init__(self, path: str, columns: Columns, limits: Limits) -> None:
        self.path = path
        self.columns = columns
        self.limits = limits
        self.sampler = Sampler(path, limits)
        self.capacity = limits.batch_bytes + limits.document_bytes + SLACK
        self.raw_limit = max(RAW_STEP * limits.batch_bytes, 1 << 16)
        self.begin = 0  # where the step began, for formats whose positions are bytes
        self._renew()

    def _renew(self) -> None:
        documents, width = self.limits.batch_documents, len(self.columns.sources)
        self.count = self.entries = self.skipped = 0
        self.text_bytes = self.arena_bytes = 0
        self.ledger: list[LedgerEntry] = []
        self.extra: dict[str, int] = {}
        self.data: npt.NDArray[np.uint8] = np.empty(self.capacity, np.uint8)  # pages that stay untouched cost nothing
        self.offsets: npt.NDArray[np.int64] = np.zeros(documents + 1, np.int64)
        self.position: npt.NDArray[np.int64] = np.empty(documents, np.int64)
        self.links: npt.NDArray[np.int64] = np.full((documents, width), -1, np.int64)  # document, source -> entry of the arena
        self.arena: npt.NDArray[np.uint8] = np.empty(1 << 16, np.uint8)
        self.arena_offsets: npt.NDArray[np.int64] = np.zeros(documents * width + 1, np.int64)

    @property
    def full(self) -> bool:
        """Whether the step must be taken before another document is added."""
        limits = self.limits
        return (
            self.count >= limits.batch_documents
            or self.text_bytes >= limits.batch_bytes
            or self.arena_bytes >= limits.batch_bytes
            or len(self.ledger) >= DETAILED
        )

    def full_at(self, position: int) -> bool:
        """Whether the step must be taken before what stands at a byte position is read."""
        return self.full or position - self.begin >= self.raw_limit

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.count or self.ledger or self.skipped or self.extra)

    def note(self, offset: int, reason: str, detail: str = "", size: int | None = None, *, lost: bool = True, count: int = 1) -> None:
        """Enter something in the ledger."""
        entry = LedgerEntry(file=self.path, offset=offset, reason=reason, detail=detail, size=size, count=count, lost=lost)
        self.ledger.append(entry)

    def wants(self, position: int, values: Sequence[bytes | None]) -> bool:
        """Tell whether a document belongs to the sample, counting it as skipped where it does not; `values` may be unknown."""
        id_ = values[self.columns.id] if values and self.columns.id >= 0 else None
        if self.sampler.keep(position, id_):
            return True
        self.skipped += 1
        return False

    def lose(self, position: int, reason: str, detail: str = "", size: int | None = None, values: Sequence[bytes | None] = ()) -> None:
        """Enter a lost document, if it belongs to the sample: by its id where `values` are known, else by its place."""
        if self.wants(position, values):
            self.note(position, reason, detail, size)

    def lose_rows(self, position: int, reason: str, detail: str, size: int | None, count: int) -> None:
        """Enter `count` documents lost together, of which nothing is known: the sample's share of them, but never none."""
        lost = count if self.sampler.all else min(max(round(count * self.limits.sample), 1), count)
        self.skipped += count - lost
        self.note(position, reason, detail, size, count=lost)

    def add(self, position: int, text: bytes | memoryview, values: Sequence[bytes | None]) -> None:
        """Add a document of valid UTF-8 with one value for each source; too large a text is "oversize"."""
        if len(text) > self.limits.document_bytes:
            self.note(position, "oversize", f"the text has {len(text):,} bytes of at most {self.limits.document_bytes:,}", len(text))
            return
        start, row = self.text_bytes, self.count
        self.data[start : start + len(text)] = np.frombuffer(text, np.uint8)
        self.text_bytes += len(text)
        self.position[row] = position
        self.offsets[row + 1] = self.text_bytes
        for source, value in enumerate(values):
            if value is not None:
                self.links[row, source] = self._store(value)
        self.count += 1

    def room_for(self, text_ends: npt.NDArray[np.int64], label_ends: npt.NDArray[np.int64]) -> int:
        """Say how many of these rows `add_rows` may take before the step is full; the arguments count bytes from the first row."""
        limits = self.limits
        by_text = int(np.searchsorted(text_ends, limits.batch_bytes - self.text_bytes)) + 1
        by_labels = int(np.searchsorted(label_ends, limits.batch_bytes - self.arena_bytes)) + 1
        return min(len(text_ends), limits.batch_documents - self.count, by_text, by_labels)

    def add_rows(self, position: int, text: TextRows, labels: Sequence[TextRows], rows: slice) -> None:
        """Add rows at consecutive positions, all of them documents of the sample with valid UTF-8 of a size that is allowed."""
        count, first = rows.stop - rows.start, self.count
        begin, end = int(text.offsets[rows.start]), int(text.offsets[rows.stop])
        self.data[self.text_bytes : self.text_bytes + end - begin] = np.frombuffer(text.data, np.uint8, end - begin, begin)
        self.offsets[first + 1 : first + count + 1] = text.offsets[rows.start + 1 : rows.stop + 1] - begin + self.text_bytes
        self.position[first : first + count] = np.arange(position, position + count)
        for source, label in enumerate(labels):
            self._store_rows(source, label, rows)
        self.text_bytes += end - begin
        self.count += count

    def _store_rows(self, source: int, label: TextRows, rows: slice) -> None:
        begin, end = int(label.offsets[rows.start]), int(label.offsets[rows.stop])
        count, first = rows.stop - rows.start, self.entries
        self.reserve(end - begin)
        if end > begin:
            self.arena[self.arena_bytes : self.arena_bytes + end - begin] = np.frombuffer(label.data, np.uint8, end - begin, begin)
        self.arena_offsets[first + 1 : first + count + 1] = label.offsets[rows.start + 1 : rows.stop + 1] - begin + self.arena_bytes
        links = np.where(label.null[rows], -1, np.arange(first, first + count))
        self.links[self.count : self.count + count, source] = links
        self.entries += count
        self.arena_bytes += end - begin

    def reserve(self, size: int) -> None:
        """Make room for `size` more bytes of labels."""
        needed = self.arena_bytes + size
        if needed > len(self.arena):
            grown = np.empty(max(needed, 2 * len(self.arena)), np.uint8)
            grown[: self.arena_bytes] = self.arena[: self.arena_bytes]
            self.arena = grown

    def _store(self, value: bytes) -> int:
        self.reserve(len(value))
        self.arena[self.arena_bytes : self.arena_bytes + len(value)] = np.frombuffer(value, np.uint8)
        self.arena_bytes += len(value)
        self.entries += 1
        self.arena_offsets[self.entries] = self.arena_bytes
        return self.entries - 1

    def take(self, next_position: int, consumed: int) -> ReadStep:
        """Hand over what was collected and start anew."""
        step = ReadStep(self._batch(), next_position, consumed, tuple(self.ledger), self.skipped, self.extra)
        self.begin = next_position
        self._renew()
        return step

    def _batch(self) -> DocumentBatch | None:
        if not self.count:
            return None
        self.data[self.text_bytes : self.text_bytes + SLACK] = 0
        columns = self._labels()
        return DocumentBatch(
            file=self.path,
            data=self.data[: self.text_bytes + SLACK],
            offsets=self.offsets[: self.count + 1],
            position=self.position[: self.count],
            ids=columns[self.columns.id] if self.columns.id >= 0 else pa.nulls(self.count, pa.string()),
            metadata={name: columns[source] for name, source in self.columns.outputs},
        )

    def _labels(self) -> list[Any]:
        """Gather the arena's entries into one string column for each source."""
        if not self.columns.sources:
            return []
        offsets = pa.py_buffer(self.arena_offsets[: self.entries + 1].data)
        entries = pa.Array.from_buffers(pa.large_string(), self.entries, [None, offsets, pa.py_buffer(self.arena.data)])
        links = self.links[: self.count]
        return [entries.take(pa.array(column, mask=column < 0)).cast(pa.string()) for column in links.T.copy()]
