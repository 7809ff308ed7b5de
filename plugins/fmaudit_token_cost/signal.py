"""The signal `tokens`: how many tokens a document takes, by each tokenizer."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np
import pyarrow as pa

from fmaudit import DocumentBatch, Signal, Tokenizer, load_tokenizer

__all__ = ["TokensSignal"]


class TokensSignal(Signal):
    """Tokens of each document, by the tokenizers in the sorted order of their names."""

    name: ClassVar[str] = "tokens"
    version: ClassVar[str] = "1"
    schema: ClassVar[pa.Schema] = pa.schema([("counts", pa.list_(pa.int32()))])
    reads: ClassVar[tuple[str, ...]] = ("tokenizers",)

    @cached_property
    def _tokenizers(self) -> list[Tokenizer]:
        uris = self.params.get("tokenizers") or {}
        return [load_tokenizer(uris[name]) for name in sorted(uris)]

    def compute(self, batch: DocumentBatch) -> pa.RecordBatch:
        """Count every document's tokens with every tokenizer."""
        counts = np.zeros((len(batch), len(self._tokenizers)), np.int32)
        for column, tokenizer in enumerate(self._tokenizers):
            counts[:, column] = tokenizer.counts(batch.text)
        offsets = np.arange(len(batch) + 1, dtype=np.int32) * len(self._tokenizers)
        lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(counts.ravel(), pa.int32()))
        return pa.RecordBatch.from_arrays([lists], schema=self.schema)

    def fingerprint(self) -> str:
        """Name the tokenizers' contents: a changed file counts differently."""
        return " ".join(tokenizer.fingerprint() for tokenizer in self._tokenizers)
