"""Prints rows of a run for a person or a machine, and explains what is wrong with SQL from the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fmaudit.cli.app import keeping_exit_code
from fmaudit.cli.output import print_fitting, print_json

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RowQuery", "print_query"]

SHOWN = 50  # rows a person sees unless more are asked for


@dataclass(frozen=True, slots=True)
class RowQuery:
    """What the command line asks: a condition, columns, how many rows, for whom."""

    where: str
    columns: str
    limit: int
    as_json: bool

    @property
    def names(self) -> list[str]:
        """The columns asked for."""
        return [name.strip() for name in self.columns.split(",") if name.strip()]

    @property
    def condition(self) -> str:
        """The condition with the limit that was asked for."""
        return (self.where or "true") + (f" limit {self.limit}" if self.limit else "")


def print_query(
    query: RowQuery,
    table: Callable[[str, Sequence[str]], pa.Table],
    batches: Callable[[str, Sequence[str]], Iterable[list[dict[str, Any]]]],
    default: Sequence[str] = (),
) -> None:
    """Print the rows; `table` and `batches` take a condition and columns, `default` names the columns for a person."""
    there = _columns(table("false", ()).schema)
    with keeping_exit_code(), _explained(there, asked=bool(query.where or query.names)):  # | head is no failure
        if query.as_json:
            for batch in batches(query.condition, query.names):
                for row in batch:
                    print_json(row)
            return
        shown = query.names or [name for name in default if name in there]
        found = table(query.condition if query.limit else f"{query.condition} limit {SHOWN}", shown)
        cut = print_fitting([[str(value) for value in row.values()] for row in found.to_pylist()], found.column_names)
        if len(shown) < len(there) and not query.names and shown:
            print(f"... {len(shown)} of {len(there)} columns; --columns A,B names others, --json prints all of them")
        if cut:
            print("... long cells are cut to the terminal's width; --json prints them whole")
        if not query.limit and found.num_rows == SHOWN:
            print(f"... the first {SHOWN}; --limit N shows more, --json all")


def _columns(schema: pa.Schema) -> list[str]:
    """List the columns as SQL names them, those of a struct with a dot; the rule sets' verdicts are one column."""
    import pyarrow as pa

    names: list[str] = []
    for column in schema:
        inner = column.type if pa.types.is_struct(column.type) and column.name != "rules" else ()
        names += [f"{column.name}.{part.name}" for part in inner] or [column.name]
    return names


@contextlib.contextmanager
def _explained(columns: list[str], *, asked: bool) -> Iterator[None]:
    """Turn what the database says of a user's SQL into one line, with the columns there are."""
    from fmaudit.errors import ConfigError, RunError

    try:
        yield
    except RunError as error:
        if not asked:
            raise
        quoting = "text stands in single quotes: --where \"language.label = 'te'\""
        raise ConfigError(str(error).split("\n", 1)[0], hint=f"columns: {', '.join(columns)}; {quoting}") from error
