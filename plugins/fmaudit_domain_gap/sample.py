"""The tally `domain_sample`: the beginnings of a few documents of every domain, all that is measured over text later."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fmaudit import DocumentBatch, Tally, Tokenizer, load_tokenizer

__all__ = ["EXCERPT", "KEPT_BYTES", "SampleTally"]

EXCERPT = 4000  # bytes of a document that are kept, at most
KEPT_BYTES = 256 << 10  # of a batch that are kept, at most

Ints = npt.NDArray[np.int64]


class SampleTally(Tally):
    """Keeps the first 4,000 bytes of documents drawn by a hash of their text, at most `kept_bytes` of every batch.

    Every domain of a batch has a document before any has a second one, so that a rare domain is not lost. `n` is 1; `rank` is the
    hash: equal texts have equal ranks. `tokens` counts the kept text's tokens by the tokenizers in the sorted order of their names.
    """

    name: ClassVar[str] = "domain_sample"
    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ("kept_bytes", "tokenizers")
    schema: ClassVar[pa.Schema] = pa.schema(
        [  # type: ignore[arg-type]
            ("domain", pa.string()),
            ("rank", pa.int64()),
            ("file", pa.string()),
            ("position", pa.int64()),
            ("id", pa.string()),
            ("text", pa.string()),
            ("tokens", pa.list_(pa.int32())),
            ("n", pa.int64()),
        ]
    )

    @cached_property
    def _tokenizers(self) -> list[Tokenizer]:
        uris = self.params.get("tokenizers") or {}
        return [load_tokenizer(uris[name]) for name in sorted(uris)]

    def count(self, batch: DocumentBatch) -> pa.Table:
        """Draw from a batch; only what is drawn becomes Python objects."""
        from fmaudit_domain_gap.kernels.rank import rank_documents

        ranks = np.empty(len(batch), np.int64)
        rank_documents(batch.data, batch.offsets, ranks)
        domain = batch.metadata.get("domain")
        names = pa.nulls(len(batch), pa.string()) if domain is None else domain.cast(pa.string())
        drawn = draw(ranks, _codes(names), np.diff(batch.offsets), int(self.params.get("kept_bytes", KEPT_BYTES)))
        texts = [_beginning(batch, int(i)) for i in drawn]
        rows = pa.array(drawn, pa.int64())
        columns: dict[str, Any] = {
            "domain": names.take(rows),
            "rank": pa.array(ranks[drawn]),
            "file": pa.repeat(pa.scalar(batch.file, pa.string()), len(drawn)),
            "position": pa.array(batch.position[drawn]),
            "id": batch.ids.cast(pa.string()).take(rows),
            "text": pa.array(texts, pa.string()),
            "tokens": self._tokens(texts),
            "n": pa.array(np.ones(len(drawn), np.int64)),
        }
        return pa.table(columns, self.schema)

    def fingerprint(self) -> str:
        """Name the tokenizers' contents."""
        return " ".join(tokenizer.fingerprint() for tokenizer in self._tokenizers)

    def _tokens(self, texts: list[str]) -> pa.Array[Any]:
        whole = pa.array(texts, pa.large_string())
        counts = [np.asarray(tokenizer.counts(whole)).tolist() for tokenizer in self._tokenizers]
        return pa.array([[column[i] for column in counts] for i in range(len(texts))], pa.list_(pa.int32()))


def draw(ranks: Ints, domains: Ints, sizes: Ints, budget: int) -> Ints:
    """Choose documents until the budget of bytes is used up, the domains in turn; rows in order. Empty documents are not drawn."""
    filled = np.flatnonzero(sizes > 0)
    order = filled[np.lexsort((filled, ranks[filled], domains[filled]))]
    grouped = domains[order]
    first = np.searchsorted(grouped, grouped, side="left")
    turns = np.arange(len(order)) - first
    order = order[np.lexsort((grouped, turns))]
    used = np.cumsum(np.minimum(sizes[order], EXCERPT))
    return np.sort(order[used <= budget])


def _codes(names: pa.Array[Any]) -> Ints:
    encoded: Any = names.fill_null("").dictionary_encode()
    return np.asarray(encoded.indices, dtype=np.int64)


def _beginning(batch: DocumentBatch, row: int) -> str:
    start, stop = int(batch.offsets[row]), int(batch.offsets[row + 1])
    cut = min(stop, start + EXCERPT)
    return bytes(batch.data[start:cut]).decode("utf-8", "ignore")
