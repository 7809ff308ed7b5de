"""fmaudit filter: write the documents that a rule set keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app
from fmaudit.cli.options import AsJson, PluginNames, RunName, RunsFolder, TargetName

__all__ = ["filter"]


@app.command()
def filter(
    run: RunName,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to write: .jsonl, .jsonl.gz, .jsonl.zst or .parquet", metavar="FILE")
    ],
    rules: Annotated[
        list[str], typer.Option("--rules", help="A rule set that must keep the document; may be repeated.", metavar="NAME")
    ] = [],
    where: Annotated[str, typer.Option("--where", help="SQL over the documents' columns that must hold, too.", metavar="SQL")] = "",
    target: TargetName = "",
    plugins: PluginNames = [],
    runs: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Write the kept documents of a corpus, cleaned where the rule set cleans."""
    from fmaudit.api.filtering import write_kept
    from fmaudit.cli.output import print_json
    from fmaudit.cli.permitted import open_permitted

    summary = write_kept(open_permitted(run, runs, plugins), output, rules=rules, where=where, target=target)
    if as_json:
        print_json(summary)
    else:
        print(f"kept {summary['kept']:,} of {summary['documents']:,} documents, {summary['bytes'] / 1e6:,.1f} MB of text: {output}")
