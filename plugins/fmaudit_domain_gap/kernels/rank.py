"""A compiled hash of every document's text: what decides which documents are drawn, the same in every batch and on every machine."""

from __future__ import annotations

from numba import int64, uint64

from fmaudit import kernels

__all__ = ["rank_documents"]

compiled, hash_bytes = kernels.compiled, kernels.hash_bytes

SEED = uint64(0x2B99_2DDF_A232_49D6)


@compiled
def rank_documents(data, offsets, out):  # type: ignore[no-untyped-def]
    """Fill `out` with 63 bits of hash of each document's text."""
    for document in range(len(offsets) - 1):
        start = offsets[document]
        out[document] = int64(hash_bytes(data, start, offsets[document + 1] - start, SEED) >> uint64(1))
