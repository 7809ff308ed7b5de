"""fmaudit documents: the per-document rows of a corpus, with every rule set's verdict."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fmaudit.cli.app import app, keeping_exit_code
from fmaudit.cli.options import AsJson, RunName, RunsFolder, TargetName

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["documents"]

SHOWN = ("file", "offset", "id", "bytes", "host", "declared_language", "language.label", "language.score", "quality.words")


@app.command()
def documents(
    run: RunName = "latest",
    where: Annotated[str, typer.Option("--where", help="SQL over the columns: \"language.label = 'te'\"", metavar="SQL")] = "",
    columns: Annotated[str, typer.Option("--columns", help="Comma-separated columns; all by default.", metavar="A,B")] = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most this many rows; 0 means all.")] = 0,
    target: TargetName = "",
    runs: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Print documents with their signals, source file, offset and rule verdicts."""
    from fmaudit.api.results import open_run
    from fmaudit.cli.output import print_json, print_rows

    opened = open_run(run, runs)
    names = [name.strip() for name in columns.split(",") if name.strip()]
    condition = (where or "true") + (f" limit {limit}" if limit else "")
    there = _columns(opened.documents(target, "false").schema)
    with keeping_exit_code(), _explained(there, asked=bool(where or names)):  # | head is no failure
        if as_json:
            for batch in opened.document_batches(target, condition, names):
                for row in batch:
                    print_json(row)
            return
        shown = names or [name for name in SHOWN if name in there]
        table = opened.documents(target, condition if limit else f"{condition} limit 50", shown)
        print_rows([[str(value) for value in row.values()] for row in table.to_pylist()], table.column_names)
        if not limit and table.num_rows == 50:
            print("... the first 50; --limit N shows more, --json all")


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
