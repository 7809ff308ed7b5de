"""Large scratch arrays that are used again as soon as nobody looks at them any more."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BufferPool", "grown"]

# what `sys.getrefcount` gives for an array that only the pool's list, the loop variable and the call itself refer to
_UNUSED = 3


class BufferPool:
    """Arrays handed out as views; an array is free again when its last view is gone.

    Fresh memory costs a page fault per 4 KiB, several per cent of the time a batch takes. Views keep their array referenced, so
    a batch that somebody still holds is never written over. One pool belongs to one thread.
    """

    def __init__(self) -> None:
        """Start without arrays."""
        self._arrays: list[npt.NDArray[np.uint8]] = []

    def take(self, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Give an array of `count` items with any content."""
        kind = np.dtype(dtype)
        size = max(count, 1) * kind.itemsize
        return self._unused(size)[:size].view(kind)

    def _unused(self, size: int) -> npt.NDArray[np.uint8]:
        for array in self._arrays:
            if size <= array.size <= 4 * size + 65536 and sys.getrefcount(array) == _UNUSED:
                return array
        # arrays that fit nothing asked for lately make room for one that does
        self._arrays = [array for array in self._arrays if sys.getrefcount(array) > _UNUSED or array.size > size]
        fresh = np.empty(size + size // 4, np.uint8)
        self._arrays.append(fresh)
        return fresh


def grown(array: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """Give the array itself when it has `size` rows, else a longer copy; new rows hold anything."""
    if len(array) >= size:
        return array
    longer = np.empty((max(size, len(array) + len(array) // 2), *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
