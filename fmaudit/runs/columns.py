"""The columns every document has, whatever is audited: identity, source, sizes, metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fmaudit.corpus.batch import DocumentBatch, pad_text

__all__ = ["BASE_SCHEMA", "base_columns", "documents_schema", "slice_batch", "take_batch"]

BASE_SCHEMA = pa.schema(
    [
        ("file", pa.dictionary(pa.int32(), pa.string())),
        ("offset", pa.int64()),
        ("id", pa.string()),
        ("url", pa.string()),
        ("host", pa.string()),
        ("domain", pa.string()),
        ("declared_language", pa.string()),
        ("cluster", pa.string()),
        ("bytes", pa.int64()),
        ("characters", pa.int64()),
    ]
)

# scheme, optional user, host without port
_HOST = r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@]*@)?(?P<host>\[[^\]]*\]|[^/?#:@]+)"


def documents_schema(metadata: Sequence[str], signals: dict[str, pa.Schema]) -> pa.Schema:
    """Tell the schema of `documents`: the base columns, a struct of metadata, a struct for every signal."""
    meta = pa.field("meta", pa.struct([(name, pa.string()) for name in metadata]))
    structs = [pa.field(name, pa.struct(list(schema))) for name, schema in signals.items()]
    return pa.schema([*BASE_SCHEMA, *([meta] if metadata else []), *structs])


def base_columns(batch: DocumentBatch, metadata: Sequence[str]) -> dict[str, pa.Array[Any]]:
    """Compute the base columns of a batch."""
    file = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(batch), np.int32), pa.int32()), pa.array([batch.file], pa.string()))
    text: Any = batch.text
    url = _text(batch, "url")
    host = pc.utf8_lower(pc.struct_field(pc.extract_regex(url, _HOST), "host"))
    columns = {
        "file": file,
        "offset": pa.array(batch.position, pa.int64()),
        "id": batch.ids.cast(pa.string()),
        "url": url,
        "host": host,
        "domain": _text(batch, "domain"),
        "declared_language": _text(batch, "language"),
        "cluster": pc.fill_null(host, pa.scalar(batch.file, pa.string())),
        "bytes": pa.array(np.diff(batch.offsets), pa.int64()),
        "characters": pc.utf8_length(text).cast(pa.int64()),
    }
    if metadata:
        fields = [_text(batch, f"meta.{name}") for name in metadata]
        columns["meta"] = pa.StructArray.from_arrays(fields, names=list(metadata))
    return columns


def slice_batch(batch: DocumentBatch, start: int, stop: int) -> DocumentBatch:
    """Cut documents `start` up to `stop` out of a batch."""
    return take_batch(batch, range(start, stop))


def take_batch(batch: DocumentBatch, rows: Sequence[int]) -> DocumentBatch:
    """Pick documents out of a batch, in the order of `rows`."""
    index = pa.array(list(rows), pa.int64())
    data, offsets = pad_text(batch.text.take(index))
    return DocumentBatch(
        file=batch.file,
        data=data,
        offsets=offsets,
        position=batch.position[np.asarray(index)],
        ids=batch.ids.take(index),
        metadata={name: column.take(index) for name, column in batch.metadata.items()},
        signals={name: signal.take(index) for name, signal in batch.signals.items()},
    )


def _text(batch: DocumentBatch, name: str) -> pa.Array[Any]:
    column = batch.metadata.get(name)
    return pa.nulls(len(batch), pa.string()) if column is None else column.cast(pa.string())
