"""fmaudit documents: the per-document rows of a corpus, with every rule set's verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app
from fmaudit.cli.options import AsJson, RunName, RunsFolder, TargetName

__all__ = ["documents"]


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
    if as_json:
        for batch in opened.document_batches(target, condition, names):
            for row in batch:
                print_json(row)
        return
    shown = names or ["file", "offset", "id", "bytes"]
    table = opened.documents(target, condition if limit else f"{condition} limit 50", shown)
    print_rows([[str(value) for value in row.values()] for row in table.to_pylist()], table.column_names)
    if not limit and table.num_rows == 50:
        print("... the first 50; --limit N shows more, --json all")
