"""fmaudit report: write the reports of a run again, or print one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app
from fmaudit.cli.options import PluginNames, RunName, RunsFolder

__all__ = ["report"]

_FORMATS = "html, markdown, json, junit, sarif, github, or a plugin's format."
_BASELINE = "Compare with this run; none compares with nothing. Else the newest good run before."


@app.command()
def report(
    run: RunName,
    formats: Annotated[list[str], typer.Option("--format", help=_FORMATS, metavar="NAME")] = [],
    output: Annotated[str, typer.Option("--output", "-o", help="Write to this file; - prints.", metavar="FILE")] = "",
    baseline: Annotated[str, typer.Option("--baseline", help=_BASELINE, metavar="RUN")] = "",
    plugins: PluginNames = [],
    runs: RunsFolder = Path("runs"),
) -> None:
    """Write the reports of a finished run again from its results, with what changed since a baseline and the trend."""
    from fmaudit.api.reporting import gather_report, update_manifest
    from fmaudit.cli.github import GITHUB, tell_github
    from fmaudit.cli.output import visible_text
    from fmaudit.cli.permitted import open_permitted
    from fmaudit.errors import ConfigError
    from fmaudit.report.formats import render, write_report
    from fmaudit.store.writer import write_bytes

    opened = open_permitted(run, runs, plugins)
    opened.metrics()  # says what to do when the run has no results yet
    wanted = formats or opened.plan["settings"]["report"]["formats"]
    if output and len(wanted) != 1:
        raise ConfigError("--output takes one format", hint="name it with --format html")
    extra, unloaded = opened.plugins.reporters, opened.unloaded()
    data = gather_report(opened, baseline=baseline)
    for name in wanted:
        if output == "-":
            sys.stdout.write(render(name, data, extra, unloaded))
        elif output:
            write_bytes(Path(output), render(name, data, extra, unloaded).encode())
            print(visible_text(output))
        elif name == GITHUB and formats:
            tell_github(data)
        else:
            path = write_report(opened.directory, name, data, extra, unloaded)
            update_manifest(opened.directory, [path])
            print(path)
