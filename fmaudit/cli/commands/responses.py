"""fmaudit responses: the rows of model and tokenizer audits, one per case and sample, or per sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app
from fmaudit.cli.options import AsJson, RunName, RunsFolder, TargetName

__all__ = ["responses"]

SHOWN = 50


@app.command()
def responses(
    run: RunName = "latest",
    audit: Annotated[str, typer.Option("--audit", help="The audit that asked, where the run has several.", metavar="NAME")] = "",
    where: Annotated[str, typer.Option("--where", help="SQL over the columns: \"language = 'te'\"", metavar="SQL")] = "",
    columns: Annotated[str, typer.Option("--columns", help="Comma-separated columns; all by default.", metavar="A,B")] = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most this many rows; 0 means all.")] = 0,
    target: TargetName = "",
    runs: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Print what a model answered, or how a tokenizer cut, row by row."""
    from fmaudit.api.results import open_run
    from fmaudit.cli.output import print_json, print_rows

    opened = open_run(run, runs)
    names = [name.strip() for name in columns.split(",") if name.strip()]
    condition = (where or "true") + (f" limit {limit}" if limit else "")
    if as_json:
        for batch in opened.response_batches(target, audit, condition, names):
            for row in batch:
                print_json(row)
        return
    table = opened.responses(target, audit, condition if limit else f"{condition} limit {SHOWN}", names)
    print_rows([[str(value) for value in row.values()] for row in table.to_pylist()], table.column_names)
    if not limit and table.num_rows == SHOWN:
        print(f"... the first {SHOWN}; --limit N shows more, --json all")
