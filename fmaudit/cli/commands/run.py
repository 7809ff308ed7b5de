"""fmaudit run: plan, observe, measure, judge and report."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from fmaudit.cli.app import app, keeping_exit_code
from fmaudit.cli.options import AsJson, ConfigFile, Overrides, PluginNames

__all__ = ["run"]

_FORMATS = "Also write this report: junit, sarif, ...; github annotates the step and writes its summary."


@app.command()
def run(
    config: ConfigFile,
    overrides: Overrides = [],
    plugins: PluginNames = [],
    baseline: Annotated[str, typer.Option("--baseline", help="Judge changes against this run: an id or a directory.", metavar="RUN")] = "",
    formats: Annotated[list[str], typer.Option("--format", help=_FORMATS, metavar="NAME")] = [],
    new: Annotated[bool, typer.Option("--new", help="Start a new run even if one is unfinished.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the audits of an audit.toml; an unfinished run is resumed."""
    from fmaudit.api.auditing import prepare, run_prepared
    from fmaudit.api.baseline import baseline_override
    from fmaudit.api.reporting import formats_override, gather_report
    from fmaudit.api.results import Run
    from fmaudit.cli.ending import print_ending
    from fmaudit.cli.github import asked_by, deliver
    from fmaudit.cli.output import visible_text
    from fmaudit.cli.permitted import permitted_plugins
    from fmaudit.cli.progress import ProgressDisplay
    from fmaudit.cli.quiet import stdout_to_stderr

    with stdout_to_stderr(as_json):
        prepared = prepare(
            config, [*overrides, *baseline_override(baseline), *formats_override(config, overrides, formats)], plugins=plugins
        )
        for sentence in prepared.warnings:
            print(visible_text(f"warning: {sentence}"), file=sys.stderr)
        with ProgressDisplay() as display:
            outcome = run_prepared(prepared, new=new, listener=display)
    undelivered = 0
    with keeping_exit_code():
        print_ending(outcome, as_json)
        if asked_by(formats, prepared.config.settings.report.formats):
            undelivered = deliver(gather_report(Run(outcome.run, plugins=permitted_plugins(plugins, config))), as_json=as_json)
    raise typer.Exit(outcome.exit_code or undelivered)
