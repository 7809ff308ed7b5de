"""fmaudit report: write the reports of a run again, or print one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app
from fmaudit.cli.options import RunName, RunsFolder

__all__ = ["report"]


@app.command()
def report(
    run: RunName,
    formats: Annotated[list[str], typer.Option("--format", help="html, markdown, json, or a plugin's format.", metavar="NAME")] = [],
    output: Annotated[str, typer.Option("--output", "-o", help="Write to this file; - prints.", metavar="FILE")] = "",
    runs: RunsFolder = Path("runs"),
) -> None:
    """Write the reports of a finished run again from its results."""
    from fmaudit.api.results import open_run
    from fmaudit.errors import ConfigError
    from fmaudit.hooks.manager import load_plugins
    from fmaudit.report.collect import collect_report
    from fmaudit.report.formats import render, write_report
    from fmaudit.runs.journal import Journal
    from fmaudit.store.writer import write_bytes

    opened = open_run(run, runs)
    opened.metrics()  # says what to do when the run has no results yet
    wanted = formats or opened.plan["settings"]["report"]["formats"]
    if output and len(wanted) != 1:
        raise ConfigError("--output takes one format", hint="name it with --format html")
    extra = load_plugins([p["name"] for p in opened.plan["plugins"] if p["state"] == "loaded"]).reporters
    journal = Journal(opened.directory.journal, readonly=True)
    data = collect_report(opened.directory, journal)
    journal.close()
    for name in wanted:
        if output == "-":
            sys.stdout.write(render(name, data, extra))
        elif output:
            write_bytes(Path(output), render(name, data, extra).encode())
            print(output)
        else:
            print(write_report(opened.directory, name, data, extra))
