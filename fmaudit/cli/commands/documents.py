"""fmaudit documents: the per-document rows of a corpus, with every rule set's verdict."""

from __future__ import annotations

from pathlib import Path

from fmaudit.cli.app import app
from fmaudit.cli.options import AsJson, ColumnNames, RowLimit, RunName, RunsFolder, TargetName, Where

__all__ = ["documents"]

SHOWN = ("file", "offset", "id", "bytes", "host", "declared_language", "language.label", "language.score", "quality.words")


@app.command()
def documents(
    run: RunName = "latest",
    where: Where = "",
    columns: ColumnNames = "",
    limit: RowLimit = 0,
    target: TargetName = "",
    runs: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Print documents with their signals, source file, offset and rule verdicts."""
    from fmaudit.api.results import open_run
    from fmaudit.cli.rows import RowQuery, print_query

    opened = open_run(run, runs)
    print_query(
        RowQuery(where, columns, limit, as_json),
        lambda condition, names: opened.documents(target, condition, names),
        lambda condition, names: opened.document_batches(target, condition, names),
        SHOWN,
    )
