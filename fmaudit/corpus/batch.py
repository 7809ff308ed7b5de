"""A batch of documents: text in one padded UTF-8 buffer, identity and metadata beside it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from fmaudit.text import Segments

__all__ = ["SLACK", "DocumentBatch", "pad_text"]

SLACK = 64  # bytes after the last document, so that kernels may load whole words past the end


def pad_text(texts: pa.Array[Any]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Copy an Arrow string array into a padded buffer.

    Returns `data` (uint8, `SLACK` zero bytes after the text) and `offsets` (int64, n + 1, starting at 0).
    """
    large = texts.cast(pa.large_string()) if texts.type != pa.large_string() else texts
    if large.null_count:
        raise ValueError("document text must not be null")
    buffers: list[Any] = large.buffers()
    _, offset_buffer, data_buffer = buffers
    offsets = np.frombuffer(offset_buffer, np.int64, len(large) + 1, large.offset * 8)
    start, stop = int(offsets[0]), int(offsets[-1])
    data = np.zeros(stop - start + SLACK, np.uint8)
    if stop > start:
        data[: stop - start] = np.frombuffer(data_buffer, np.uint8, stop - start, start)
    return data, offsets - start


class DocumentBatch:
    """Documents of one split, in reading order; treat it as frozen.

    `data` holds the UTF-8 of all texts with `SLACK` spare bytes, `offsets` where each begins (n + 1).
    `position` is each document's place in `file` as its reader counts it, `ids` its label (may repeat, may be null).
    `metadata` has one string column per named field; `signals` the rows of signals computed before this one.
    """

    def __init__(
        self,
        *,
        file: str,
        data: npt.NDArray[np.uint8],
        offsets: npt.NDArray[np.int64],
        position: npt.NDArray[np.int64],
        ids: pa.Array[Any],
        metadata: Mapping[str, pa.Array[Any]],
        signals: Mapping[str, pa.RecordBatch] | None = None,
    ) -> None:
        """Take the columns as they are; lengths must agree."""
        if not len(offsets) - 1 == len(position) == len(ids):
            raise ValueError("a batch's columns must have one row per document")
        self.file = file
        self.data = data
        self.offsets = offsets
        self.position = position
        self.ids = ids
        self.metadata = metadata
        self.signals: dict[str, pa.RecordBatch] = dict(signals or {})

    @classmethod
    def from_texts(
        cls, texts: pa.Array[Any] | list[str], *, file: str = "memory", metadata: Mapping[str, pa.Array[Any]] | None = None
    ) -> DocumentBatch:
        """Build a batch from texts, numbering the documents from 0."""
        array = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.large_string())
        data, offsets = pad_text(array)
        position = np.arange(len(array), dtype=np.int64)
        ids = pa.array([str(i) for i in range(len(array))], pa.string())
        return cls(file=file, data=data, offsets=offsets, position=position, ids=ids, metadata=metadata or {})

    def __len__(self) -> int:
        return len(self.position)

    @property
    def nbytes(self) -> int:
        """UTF-8 bytes of all texts."""
        return int(self.offsets[-1])

    @cached_property
    def text(self) -> pa.Array[Any]:
        """The texts as an Arrow array over the same buffer, without a copy."""
        buffers = [None, pa.py_buffer(np.ascontiguousarray(self.offsets).data), pa.py_buffer(self.data.data)]
        return pa.Array.from_buffers(pa.large_string(), len(self), buffers)

    @cached_property
    def segments(self) -> Segments:
        """Chunks, tokens, lines and breaks of the batch, computed on first use and shared by all signals."""
        from fmaudit.text import segment

        return segment(self.data, self.offsets)
