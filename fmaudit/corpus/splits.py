"""What a reader is: it lists the splits of a file and reads one split from any position it ever reported."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from fmaudit.corpus.batch import DocumentBatch
    from fmaudit.records import LedgerEntry

__all__ = ["END", "Fields", "Limits", "ReadStep", "Reader", "SourceFile", "Split"]

END = (1 << 63) - 1  # the position after everything: reading from it yields nothing


@dataclass(frozen=True, slots=True)
class Fields:
    """Which column or field holds what; an empty name means the corpus has none.

    `metadata` names further fields to keep, as text.
    """

    text: str = "text"
    id: str = ""
    url: str = ""
    language: str = ""
    domain: str = ""
    metadata: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that keep memory independent of the corpus, in bytes of text."""

    batch_bytes: int = 2 << 20
    batch_documents: int = 8192
    document_bytes: int = 16 << 20  # a larger document is "oversize"
    expansion: int = 200  # a compressed file growing more than this is a "bomb"
    sample: float = 1.0  # share of documents kept, by hash of their identity
    salt: str = ""  # seed of the sampling hash


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a corpus as it was when the run was planned."""

    path: str  # as shown to people: relative where the pattern was relative, else the URL
    url: str  # what to open
    size: int
    fingerprint: str  # size and modification time, or the store's checksum


@dataclass(frozen=True, slots=True)
class Split:
    """A part of a file that can be read alone and again: positions `start` up to `stop` (None: to the end).

    Positions belong to the reader: byte offsets of the (uncompressed) stream, or row numbers. `size` is the split's bytes on disk,
    for progress.
    """

    file: SourceFile
    format: str
    start: int
    stop: int | None
    size: int


@dataclass(frozen=True, slots=True)
class ReadStep:
    """One step of reading: a batch (None where only the ledger has news), and where to go on.

    `read(split, ..., position=next_position)` yields exactly the steps that would have followed, but for `consumed`, which counts
    the split's bytes on disk so far and may run ahead by a buffer. A step has at most about a thousand ledger entries.
    """

    batch: DocumentBatch | None
    next_position: int
    consumed: int
    ledger: tuple[LedgerEntry, ...] = ()
    skipped: int = 0  # documents left out by sampling
    extra: dict[str, int] = field(default_factory=dict)  # counts worth showing: records of other types and so on


class Reader(ABC):
    """Reads one format. It never raises for a bad document: that costs a ledger entry, and the file goes on."""

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]  # with the dot, compression included: ".jsonl.gz"

    @abstractmethod
    def splits(self, file: SourceFile, split_bytes: int) -> Sequence[Split]:
        """List the file's splits of about `split_bytes` on disk; one where the format cannot be entered in the middle."""

    @abstractmethod
    def read(self, split: Split, fields: Fields, limits: Limits, position: int | None = None) -> Iterator[ReadStep]:
        """Read the split from `position` (default: its start) in bounded batches."""
