"""Picks the sampled part of a corpus by a hash of each document's identity, the same on every machine and in every version."""

from __future__ import annotations

import numpy as np

from fmaudit.corpus.splits import Limits

__all__ = ["Sampler", "finish", "fnv1a"]

_MASK = (1 << 64) - 1
_PRIME = 0x100000001B3
_BASIS = 0xCBF29CE484222325


def fnv1a(data: bytes, state: int = _BASIS) -> int:
    """Hash bytes with 64-bit FNV-1a, going on from `state`."""
    for byte in data:
        state = ((state ^ byte) * _PRIME) & _MASK
    return state


def finish(state: int) -> int:
    """Spread a hash over all 64 bits (MurmurHash3's finaliser)."""
    state = ((state ^ (state >> 33)) * 0xFF51AFD7ED558CCD) & _MASK
    state = ((state ^ (state >> 33)) * 0xC4CEB9FE1A85EC53) & _MASK
    return state ^ (state >> 33)


class Sampler:
    """Decides which documents are kept: those whose identity's hash is below the share.

    The identity is the document's id, or its file and position where it has none. The hash is FNV-1a of the salt, a NUL and
    the id (or the path, a NUL and the position as 8 little-endian bytes), then MurmurHash3's finaliser.
    """

    def __init__(self, path: str, limits: Limits) -> None:
        self.all = limits.sample >= 1.0
        self.threshold = min(int(max(limits.sample, 0.0) * 2.0**64), _MASK)
        self.id_seed = fnv1a(limits.salt.encode() + b"\0")
        self.path_seed = fnv1a(path.encode("utf-8", "surrogateescape") + b"\0", self.id_seed)

    def keep(self, position: int, id_: bytes | None) -> bool:
        """Tell whether a document belongs to the sample."""
        if self.all:
            return True
        if id_ is None:
            state = fnv1a(position.to_bytes(8, "little"), self.path_seed)
        else:
            state = fnv1a(id_, self.id_seed)
        return finish(state) < self.threshold

    def seeds(self) -> tuple[np.uint64, np.uint64, np.uint64]:
        """Give the seeds for ids and for positions, and the threshold, to a compiled kernel."""
        return np.uint64(self.id_seed), np.uint64(self.path_seed), np.uint64(self.threshold)
