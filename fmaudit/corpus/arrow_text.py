"""Arrow columns as bytes a batch can take: any text-like type for the text, any type at all for labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fmaudit.corpus.builder import clean_text
from fmaudit.corpus.scalars import as_text

__all__ = ["TextColumn", "column_named", "label_column", "text_column", "text_problem"]


@dataclass(frozen=True, slots=True)
class TextColumn:
    """UTF-8 (checked where `valid`) of a column: row i is `data[offsets[i]:offsets[i + 1]]`, unless `null[i]`."""

    data: memoryview
    offsets: npt.NDArray[np.int64]
    null: npt.NDArray[np.bool_]
    valid: bool

    def row(self, index: int) -> memoryview:
        """Give one row's bytes without a copy."""
        return self.data[self.offsets[index] : self.offsets[index + 1]]


def text_problem(type_: pa.DataType) -> str:
    """Say why a column of this type holds no text; empty where it does."""
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    binaries = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
    return "" if any(test(type_) for test in (*texts, *binaries)) else f"has the type {type_}, not text"


def text_column(column: Any) -> TextColumn:
    """Take the bytes of a column that has no `text_problem`, or of a label column."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    binary = column.cast(pa.large_binary())
    buffers: list[Any] = binary.buffers()
    _, offsets, data = buffers
    null = np.asarray(binary.is_null(), np.bool_) if binary.null_count else np.zeros(len(binary), np.bool_)
    return TextColumn(
        memoryview(data) if data is not None else memoryview(b""),
        np.frombuffer(offsets, np.int64, len(binary) + 1, binary.offset * 8) if len(binary) else np.zeros(1, np.int64),
        null,
        _is_utf8(binary),
    )


def _is_utf8(binary: Any) -> bool:
    try:
        binary.cast(pa.large_string())  # Arrow trusts files that say "string", so it is checked here
    except pa.ArrowInvalid:
        return False
    return True


def column_named(batch: Any, name: str) -> Any:
    """Find a column by its name, else by its path with dots into structs."""
    if name in batch.schema.names:
        return batch.column(batch.schema.get_field_index(name))
    first, *rest = name.split(".")
    if not rest or first not in batch.schema.names:
        return None
    column = batch.column(batch.schema.get_field_index(first))
    for part in rest:
        if not pa.types.is_struct(column.type) or column.type.get_field_index(part) < 0:
            return None
        column = pc.struct_field(column, part)
    return column


def label_column(column: Any, length: int) -> Any:
    """Write a column's values as UTF-8: numbers and times as Arrow writes them, nested values as compact JSON; null stays null."""
    if column is None or pa.types.is_null(column.type):
        return pa.nulls(length, pa.large_binary())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not (pa.types.is_nested(column.type) or _is_binary(column.type)):
        try:
            texts = column.cast(pa.large_string())
            texts.validate(full=True)
            return texts.cast(pa.large_binary())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.large_binary())  # it says "string" and is not valid UTF-8
    return pa.array([_encoded(value) for value in column.to_pylist()], pa.large_binary())


def _is_binary(type_: pa.DataType) -> bool:
    return bool(pa.types.is_binary(type_) or pa.types.is_large_binary(type_) or pa.types.is_binary_view(type_))


def _encoded(value: Any) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value if _decodes(value) else value.decode("utf-8", "replace").encode()
    return clean_text(as_text(value) or "")[0]


def _decodes(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
