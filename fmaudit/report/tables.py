"""Exhibits as tables of text: the reading for every chart, and the drawing of the table kind."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fmaudit.report.humane import count, number
from fmaudit.report.safe import clip

if TYPE_CHECKING:
    from fmaudit.records import Exhibit

__all__ = ["Grid", "cell", "grid", "heading"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table ready to be shown: `numeric` says which columns align right, `total` how many rows there are in all."""

    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


def grid(exhibit: Exhibit, rows: int, columns: int = 12, width: int = 120) -> Grid:
    """Format the first rows and columns of an exhibit's data."""
    import pyarrow as pa

    table = exhibit.data.slice(0, rows)
    names = exhibit.data.column_names[:columns]
    scaled = _scaled_columns(exhibit)
    numeric = tuple(_is_number(pa, exhibit.data.schema.field(index).type) for index in range(len(names)))
    formatted = [
        [cell(value.as_py(), exhibit.unit if name in scaled else "", width) for value in table.column(index)]
        for index, name in enumerate(names)
    ]
    return Grid(
        columns=tuple(heading(name) for name in names),
        numeric=numeric,
        rows=tuple(zip(*formatted, strict=True)) if formatted else (),
        total=exhibit.data.num_rows,
    )


def heading(name: str) -> str:
    """Write a column's name as a heading: `removed_share` becomes `removed share`."""
    return clip(name.replace("_", " "), 60)


def cell(value: Any, unit: str = "", width: int = 120) -> str:
    """Write one value: numbers for people, text made visible and cut, nothing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(float(value), unit).value if unit in {"fraction", "bytes", "seconds"} else count(value)
    if isinstance(value, float):
        unit = unit if unit in {"fraction", "bytes", "seconds"} else ""  # the others would repeat a word in every row
        return number(value, unit).value if math.isfinite(value) else "undefined"
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    return clip(value if isinstance(value, str) else str(value), width)


def _scaled_columns(exhibit: Exhibit) -> set[str]:
    """Name the columns that carry the exhibit's unit: those of value channels and "also", or all floats of a plain table."""
    import pyarrow as pa

    if not exhibit.encoding:
        return {column.name for column in exhibit.data.schema if pa.types.is_floating(column.type)}
    if exhibit.kind == "heatmap":
        channels: tuple[str, ...] = ("color",)
    elif exhibit.kind in {"line", "histogram"}:
        channels = ("y", "low", "high", "reference")
    else:
        channels = ("x", "low", "high", "reference")
    return {exhibit.encoding[channel] for channel in (*channels, "also") if channel in exhibit.encoding}


def _is_number(pa: Any, kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
