"""fmaudit responses: the rows of model and tokenizer audits, one per case and sample, or per sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app
from fmaudit.cli.options import AsJson, ColumnNames, RowLimit, RunName, RunsFolder, TargetName, Where

__all__ = ["responses"]

# what was asked, what came and how it was judged; rows that are no answers to prompts are shown with all their columns
SHOWN = ("prompt", "response", "completion", "label", "correct", "suite", "condition")
ANSWERS = {"response", "completion"}


@app.command()
def responses(
    run: RunName = "latest",
    audit: Annotated[str, typer.Option("--audit", help="The audit that asked, where the run has several.", metavar="NAME")] = "",
    where: Where = "",
    columns: ColumnNames = "",
    limit: RowLimit = 0,
    target: TargetName = "",
    runs: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Print what a model answered, or how a tokenizer cut, row by row."""
    from fmaudit.api.results import open_run
    from fmaudit.cli.rows import RowQuery, print_query

    opened = open_run(run, runs)
    there = set(opened.responses(target, audit, "false").column_names)
    print_query(
        RowQuery(where, columns, limit, as_json),
        lambda condition, names: opened.responses(target, audit, condition, names),
        lambda condition, names: opened.response_batches(target, audit, condition, names),
        SHOWN if "prompt" in there and there & ANSWERS else (),
    )
