"""fmaudit verify: compare a run's files with its manifest."""

from __future__ import annotations

from pathlib import Path

import typer

from fmaudit.cli.app import app, keeping_exit_code
from fmaudit.cli.options import RunName, RunsFolder

__all__ = ["verify"]


@app.command()
def verify(run: RunName = "latest", runs: RunsFolder = Path("runs")) -> None:
    """Check that every file of a finished run is as it was written."""
    from fmaudit.api.results import open_run

    opened = open_run(run, runs)
    problems = opened.verify()
    with keeping_exit_code():
        for problem in problems:
            print(problem)
    if problems:
        raise typer.Exit(1)
    print(f"{opened.id}: every file is as it was written")
