"""fmaudit measure: repeat measuring, judging and reporting from the observations of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app, keeping_exit_code
from fmaudit.cli.options import AsJson, Overrides, PluginNames, RunName, RunsFolder

__all__ = ["measure"]


@app.command()
def measure(
    run: RunName,
    config: Annotated[
        Path | None, typer.Option("--config", help="Take checks and parameters from this audit.toml.", metavar="AUDIT.TOML")
    ] = None,
    overrides: Overrides = [],
    plugins: PluginNames = [],
    runs: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Measure a run again without reading the corpus: new thresholds, new checks, a newer audit."""
    from fmaudit.api.auditing import measure_again
    from fmaudit.api.remeasuring import prepare_again
    from fmaudit.cli.ending import print_ending
    from fmaudit.cli.permitted import open_permitted
    from fmaudit.cli.quiet import stdout_to_stderr

    with stdout_to_stderr(as_json):
        opened = open_permitted(run, runs, plugins, config)
        outcome = measure_again(prepare_again(opened, config, overrides), opened.directory)
    with keeping_exit_code():
        print_ending(outcome, as_json)
    raise typer.Exit(outcome.exit_code)
