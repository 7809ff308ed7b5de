"""A language model over bytes: n-grams interpolated by Witten and Bell's rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["ByteModel"]

ORDER = 4
Words = npt.NDArray[np.uint64]


class ByteModel:
    """Byte 4-grams: p_k(w | c) = (n(c, w) + T(c) p_{k-1}(w | c')) / (n(c) + T(c)), down to 1/256 (Witten and Bell 1991, method C).

    T(c) counts the different bytes seen after c. A document begins after three zero bytes; nothing is learned of its end.
    """

    def __init__(self, texts: Sequence[bytes]) -> None:
        """Learn from documents."""
        history, following = _positions(texts)
        self._levels = []
        for order in range(ORDER):
            context = history & np.uint64((1 << (8 * order)) - 1)
            pairs, times = np.unique((context << np.uint64(8)) | following, return_counts=True)
            contexts, first = np.unique(pairs >> np.uint64(8), return_index=True)
            different = np.diff(np.append(first, len(pairs)))
            total = np.add.reduceat(times, first) if len(first) else times
            self._levels.append((pairs, times.astype(np.float64), contexts, total.astype(np.float64), different.astype(np.float64)))

    def bits(self, texts: Sequence[bytes]) -> npt.NDArray[np.float64]:
        """Return the bits (-log2 p) of every document."""
        history, following = _positions(texts)
        # every different byte with its history is looked up once, and in order, which is what makes this fast
        different_places, place = np.unique((history << np.uint64(8)) | following, return_inverse=True)
        history, following = different_places >> np.uint64(8), different_places & np.uint64(255)
        p = np.full(len(following), 1.0 / 256.0)
        for order, (pairs, times, contexts, total, different) in enumerate(self._levels):
            context = history & np.uint64((1 << (8 * order)) - 1)
            n = _look_up(pairs, times, (context << np.uint64(8)) | following)
            whole, kinds = _look_up(contexts, total, context), _look_up(contexts, different, context)
            known = whole > 0
            p = np.where(known, (n + kinds * p) / np.where(known, whole + kinds, 1.0), p)
        owner = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
        return np.bincount(owner, weights=-np.log2(p)[place], minlength=len(texts)).astype(np.float64)


def _positions(texts: Sequence[bytes]) -> tuple[Words, Words]:
    """Return for every byte the three bytes before it as a number, the nearest lowest, and the byte itself."""
    padded = np.frombuffer(b"".join(bytes(ORDER - 1) + text for text in texts), np.uint8).astype(np.uint64)
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    starts = np.cumsum(lengths + ORDER - 1) - lengths
    place = np.arange(int(lengths.sum())) + np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
    history = np.zeros(len(place), np.uint64)
    for back in range(ORDER - 1, 0, -1):
        history = (history << np.uint64(8)) | padded[place - back]
    return history, padded[place]


def _look_up(keys: Words, values: npt.NDArray[np.float64], wanted: Words) -> npt.NDArray[np.float64]:
    if not len(keys):
        return np.zeros(len(wanted))
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0.0)
