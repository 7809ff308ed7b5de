"""Reads tables that people bring: CSV, TSV, JSON Lines, Parquet, rows or columns, by the names they use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fmaudit import ConfigError, read_rows

__all__ = ["Table", "column", "numbers", "read_table"]

Table = list[dict[str, Any]]
Source = str | Path | Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]]


def read_table(source: Source) -> Table:
    """Return a table as rows: a file (.csv, .tsv, .jsonl, .json, .parquet), rows as mappings, or columns as a mapping of sequences.

    Raises ConfigError for a file that cannot be read, columns of unequal length, or a table without rows.
    """
    if isinstance(source, str | Path):
        rows = _parquet(Path(source)) if Path(source).suffix == ".parquet" else [dict(row) for _, row in read_rows(Path(source))]
    elif isinstance(source, Mapping):
        if len({len(values) for values in source.values()}) > 1:
            raise ConfigError(
                "the columns of a table have one length", hint=", ".join(f"{name}: {len(values)}" for name, values in source.items())
            )
        rows = [dict(zip(source, values, strict=True)) for values in zip(*source.values(), strict=True)]
    else:
        rows = [dict(row) for row in source]
    if not rows:
        raise ConfigError(f"{source if isinstance(source, str | Path) else 'the table'} has no rows")
    return rows


def column(rows: Table, *names: str) -> str | None:
    """Return the first of the names that every row has, whatever its case and separators ("Model Size" is model_size); None if none."""
    have = {_plain(name): name for name in rows[0]}
    for name in names:
        spelled = have.get(_plain(name))
        if spelled is not None and all(spelled in row for row in rows):
            return spelled
    return None


def numbers(rows: Table, name: str) -> list[float]:
    """Return a column as numbers. Raises ConfigError, with the row, for what is none."""
    values = []
    for place, row in enumerate(rows, 1):
        try:
            values.append(float(row[name]))
        except (TypeError, ValueError) as error:
            raise ConfigError(
                f"row {place}: {name} = {row[name]!r} is no number", hint="leave out rows that were not measured; write 7e9 for 7B"
            ) from error
    return values


def _parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table: Table = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowInvalid) as error:
        raise ConfigError(f"{path} cannot be read as Parquet: {error}") from error
    return table


def _plain(name: str) -> str:
    return "".join(letter for letter in str(name).lower() if letter.isalnum())
