"""fmaudit documents: the per-document rows of a corpus, with every rule set's verdict."""

from __future__ import annotations

import sys
from pathlib import Path

from fmaudit.cli.app import app
from fmaudit.cli.options import AsJson, ColumnNames, PluginNames, RowLimit, RunName, RunsFolder, TargetName, Where

__all__ = ["documents"]

SHOWN = ("file", "offset", "id", "bytes", "host", "declared_language", "language.label", "language.score", "quality.words")


@app.command()
def documents(
    run: RunName = "latest",
    where: Where = "",
    columns: ColumnNames = "",
    limit: RowLimit = 0,
    target: TargetName = "",
    plugins: PluginNames = [],
    runs: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Print documents with their signals, source file, offset and rule verdicts."""
    from fmaudit.cli.output import visible_text
    from fmaudit.cli.permitted import open_permitted
    from fmaudit.cli.rows import RowQuery, print_query

    opened = open_permitted(run, runs, plugins)
    for note in opened.left_out(target=target or "".join(opened.targets()[:1])):
        print(visible_text(f"note: {note}"), file=sys.stderr)
    print_query(
        RowQuery(where, columns, limit, as_json),
        lambda condition, names: opened.documents(target, condition, names),
        lambda condition, names: opened.document_batches(target, condition, names),
        SHOWN,
    )
