"""All counts of a batch by the kernels, and the texts that C4 leaves."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fmaudit import DocumentBatch, Segments, kernels
from fmaudit_corpus_quality.kernels.c4 import C4_COLUMNS, KEPT_LENIENT, KEPT_STRICT, KeptLines, count_c4, write_cleaned
from fmaudit_corpus_quality.kernels.citations import CitedLines, cite, find_refused
from fmaudit_corpus_quality.kernels.flags import RuleFlags
from fmaudit_corpus_quality.kernels.lines import LINE_COLUMNS, PARAGRAPH_COLUMNS, count_lines, count_paragraphs
from fmaudit_corpus_quality.kernels.ngrams import WORD_COLUMNS, count_words

__all__ = ["MIN_SENTENCES", "VARIANTS", "CleanedTexts", "Counter", "KernelCounts", "digests"]

Bytes = npt.NDArray[np.uint8]
Longs = npt.NDArray[np.int64]

MIN_SENTENCES = 5  # fewer in the kept lines and datatrove drops the document, by default
VARIANTS: Mapping[str, int] = {"c4": KEPT_STRICT, "c4nt": KEPT_LENIENT}  # by the prefix of their columns


@dataclass(frozen=True, slots=True, eq=False)
class CleanedTexts:
    """The cleaned texts of one variant: document `d` has `text[begins[d] : ends[d]]`, nothing where C4 drops it."""

    text: Bytes
    begins: Longs
    ends: Longs


@dataclass(frozen=True, slots=True, eq=False)
class KernelCounts:
    """The counts of a batch by column, the documents the kernels refuse, and what is needed to write the cleaned texts."""

    columns: dict[str, Longs]
    refused: Bytes
    segments: Segments
    cited: CitedLines
    kept: KeptLines

    def is_kept(self, prefix: str) -> npt.NDArray[np.bool_]:
        """Tell which documents a variant of C4 keeps by datatrove's default thresholds."""
        blocker, sentences = self.columns[f"{prefix}_blocker"], self.columns[f"{prefix}_sentences"]
        return np.asarray((blocker == 0) & (sentences >= MIN_SENTENCES))


class Counter(threading.local):
    """Counts batches; keeps what it knows of chunks from batch to batch, in each thread its own."""

    def __init__(self) -> None:
        """Start knowing no chunk."""
        self._flags = RuleFlags()
        self._pool = kernels.BufferPool()

    def count(self, batch: DocumentBatch) -> KernelCounts:
        """Count everything the rule sets ask for."""
        segments = batch.segments
        tokens = segments.tokens
        self._flags.sync_with(segments.vocabulary, tokens)
        cited = cite(segments, self._flags, self._pool)
        self._flags.sync_with(segments.vocabulary, tokens)
        records = self._flags.records
        c4, kept = count_c4(segments, cited, records, self._pool)
        tables = {
            WORD_COLUMNS: count_words(segments, records, tokens),
            LINE_COLUMNS: count_lines(segments, records),
            PARAGRAPH_COLUMNS: count_paragraphs(segments),
            C4_COLUMNS: c4,
        }
        columns = {"characters": segments.characters}
        for names, table in tables.items():
            columns |= dict(zip(names, table.T, strict=True))
        return KernelCounts(columns, find_refused(segments, cited, self._flags, self._pool), segments, cited, kept)

    def clean(self, counts: KernelCounts, prefix: str, wanted: npt.NDArray[np.bool_]) -> tuple[CleanedTexts, Longs]:
        """Write the texts that a variant of C4 leaves of the wanted documents; gives them and their code points."""
        text = self._pool.take(int(counts.segments.offsets[-1]) + len(counts.segments) + 64, np.uint8)
        begins, ends, characters = write_cleaned(counts.segments, counts.cited, counts.kept, VARIANTS[prefix], wanted.view(np.uint8), text)
        return CleanedTexts(text, begins, ends), characters


def digests(texts: CleanedTexts, wanted: npt.NDArray[np.bool_]) -> list[bytes | None]:
    """Give the SHA-256 of each wanted text."""
    view = memoryview(texts.text.data)
    rows: list[bytes | None] = [None] * len(texts.begins)
    for row in np.flatnonzero(wanted):
        rows[row] = hashlib.sha256(view[texts.begins[row] : texts.ends[row]]).digest()
    return rows
