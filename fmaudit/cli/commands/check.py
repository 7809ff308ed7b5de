"""fmaudit check: judge a run's checks again, without measuring."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fmaudit.cli.app import app, keeping_exit_code
from fmaudit.cli.github import GITHUB
from fmaudit.cli.options import AsJson, PluginNames, RunName, RunsFolder

if TYPE_CHECKING:
    from fmaudit.api.baseline import Judged
    from fmaudit.api.results import Run

__all__ = ["check"]

_FORMATS = "github (annotations and the summary of a step), or any format of fmaudit report instead of the table."


@app.command()
def check(
    run: RunName = "latest",
    baseline: Annotated[str, typer.Option("--baseline", help="Judge changes against this run: an id or a directory.", metavar="RUN")] = "",
    config: Annotated[Path | None, typer.Option("--config", help="Take the checks from this audit.toml.", metavar="AUDIT.TOML")] = None,
    form: Annotated[str, typer.Option("--format", help=_FORMATS, metavar="NAME")] = "",
    output: Annotated[str, typer.Option("--output", "-o", help="Write the report to this file; - prints.", metavar="FILE")] = "",
    plugins: PluginNames = [],
    runs: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Judge the checks of a run again, changes against a baseline; nothing is measured, and nothing in the run is changed."""
    from fmaudit.api.baseline import check_run
    from fmaudit.cli.output import print_json, print_rows, visible_text
    from fmaudit.cli.permitted import open_permitted
    from fmaudit.cli.quiet import stdout_to_stderr
    from fmaudit.errors import ConfigError

    if output and not form:
        raise ConfigError("--output needs a format", hint="name one: --format junit")
    undelivered = 0
    with stdout_to_stderr(as_json):
        opened = open_permitted(run, runs, plugins, config)
        judged = check_run(opened, baseline=baseline, config=config)
    with keeping_exit_code():
        if form:
            undelivered = _report(opened, judged, config, form, output)
        if form and (form != GITHUB or output):
            pass  # the report is the answer
        elif as_json:
            fields = ("check", "metric", "target", "status", "reason", "value", "low", "high")
            verdicts = [{name: getattr(verdict, name) for name in fields} for verdict in judged.verdicts]
            print_json(
                {"run": judged.run, "baseline": judged.baseline, "why": judged.why, "exit_code": judged.exit_code,
                 "problems": list(judged.problems), "notes": list(judged.notes), "checks": verdicts}
            )  # fmt: skip
        else:
            rows = [(str(verdict.status), verdict.check, verdict.target, verdict.reason) for verdict in judged.verdicts]
            print_rows(rows, ("verdict", "check", "target", "why"))
            print(f"\n{visible_text(judged.run)}; baseline: {visible_text(judged.why)}")
            for problem in judged.problems:
                print(f"! {visible_text(problem)}", file=sys.stderr)
        for note in judged.notes:
            print(visible_text(f"note: {note}"), file=sys.stderr)
    raise typer.Exit(judged.exit_code or undelivered)


def _report(run: Run, judged: Judged, config: Path | None, form: str, output: str) -> int:
    """Write, print or deliver the report with these verdicts; returns the exit code of what could not be delivered."""
    from fmaudit.api.reporting import gather_check
    from fmaudit.cli.github import deliver
    from fmaudit.cli.output import visible_text
    from fmaudit.report.formats import render
    from fmaudit.store.writer import write_bytes

    data = gather_check(run, judged, config)
    if form == GITHUB and not output:
        return deliver(data)
    text = render(form, data, run.plugins.reporters, run.unloaded())
    if output in ("", "-"):
        sys.stdout.write(text)
    else:
        write_bytes(Path(output), text.encode())
        print(visible_text(output))
    return 0
