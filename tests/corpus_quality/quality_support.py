"""A small stand-in for a run's observations: DuckDB over tables made in a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa


class FakeObservations:
    """One table `documents` with a struct column for every signal, and a table for every tally."""

    def __init__(
        self, documents: pa.Table, tallies: Mapping[str, pa.Table] | None = None, *, sampled: float = 1.0, signals: Sequence[str] = ()
    ) -> None:
        self.target = "test"
        self.sampled = sampled
        self.queries = 0
        self.signals = tuple(signals)
        meta = documents.schema.field("meta").type if "meta" in documents.column_names else pa.struct([])
        self.metadata = tuple(meta.field(i).name for i in range(meta.num_fields))
        self.connection = duckdb.connect()
        for name, table in {"documents": documents, **(tallies or {})}.items():
            self.connection.register(f"{name}_source", table)
            self.connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_source")

    def sql(self, query: str, parameters: Sequence[Any] = ()) -> pa.Table:
        self.queries += 1
        return self.connection.sql(query, params=list(parameters)).to_arrow_table()

    def arrow(self, columns: Sequence[str]) -> pa.Table:
        return self.sql(f'SELECT {", ".join(columns)} FROM documents ORDER BY file, "offset"')


def struct(columns: Mapping[str, Any]) -> pa.StructArray:
    """Make a struct column from arrays."""
    arrays = [value if isinstance(value, pa.Array) else pa.array(value) for value in columns.values()]
    return pa.StructArray.from_arrays(arrays, names=list(columns))


def documents(rows: int, **columns: Any) -> pa.Table:
    """Make a `documents` table of defaults, with columns replaced or added (mappings become structs)."""
    base: dict[str, Any] = {
        "file": ["a.jsonl"] * rows,
        "offset": list(range(rows)),
        "id": [str(i) for i in range(rows)],
        "host": [f"host{i % 7}.example" for i in range(rows)],
        "bytes": [100] * rows,
        "characters": [100] * rows,
        "declared_language": pa.nulls(rows, pa.string()),
    }
    base.update(columns)
    base.setdefault("cluster", [host if host is not None else "a.jsonl" for host in base["host"]])
    return pa.table({name: struct(value) if isinstance(value, Mapping) else value for name, value in base.items()})
