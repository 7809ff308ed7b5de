"""Counts what is wrong with a document's characters, and where each kind of fault is seen first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa

from fmaudit import DocumentBatch, Signal
from fmaudit_corpus_quality.columns import ENCODING_KINDS

__all__ = ["EncodingSignal"]


def _schema() -> pa.Schema:
    counts = [(kind, pa.int32()) for kind in ENCODING_KINDS]
    places = [(f"{kind}_{end}", pa.int32()) for kind in ENCODING_KINDS for end in ("start", "stop")]
    return pa.schema([*counts, ("burmese", pa.int32()), ("burmese_unicode", pa.int32()), *places])


class EncodingSignal(Signal):
    """Counts of encoding faults, and the span (code points) of the first of each kind; null where there is none.

    `zawgyi` counts sequences that only the Zawgyi encoding of Burmese has, `burmese_unicode` those that only Unicode has,
    and `burmese` the characters of the Myanmar block: a document is taken for Zawgyi where the first outweigh the second.
    """

    name: ClassVar[str] = "encoding"
    version: ClassVar[str] = "1"
    schema: ClassVar[pa.Schema] = _schema()

    def compute(self, batch: DocumentBatch) -> pa.RecordBatch:
        """Scan the texts."""
        from fmaudit_corpus_quality.encoding_scan import COUNTS, KINDS, scan_encoding

        counts = np.zeros((len(batch), COUNTS), np.int32)
        places = np.zeros((len(batch), KINDS, 2), np.int32)
        scan_encoding(batch.data, batch.offsets, counts, places)
        columns = [pa.array(np.ascontiguousarray(counts[:, i])) for i in range(COUNTS)]
        for i in range(KINDS):
            none = counts[:, i] == 0
            columns += [pa.array(np.ascontiguousarray(places[:, i, end]), mask=none) for end in (0, 1)]
        return pa.record_batch(columns, schema=self.schema)
