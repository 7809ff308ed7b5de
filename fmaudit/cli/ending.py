"""The last words of a run: what was not examined, what failed, what was found, where the report is."""

from __future__ import annotations

import sys

from fmaudit.api.auditing import Outcome
from fmaudit.cli.output import print_json, visible_text
from fmaudit.report.collect import collect_report
from fmaudit.runs.journal import Journal

__all__ = ["print_ending"]


def print_ending(outcome: Outcome, as_json: bool) -> None:
    """Print the summary; the run's id and directory come last."""
    run = outcome.run
    if as_json:
        print_json(
            {
                "run": run.id,
                "directory": str(run.root),
                "status": outcome.status,
                "exit_code": outcome.exit_code,
                "problems": list(outcome.problems),
                "checks": [{"check": v.check, "status": str(v.status), "reason": v.reason} for v in outcome.verdicts],
            }
        )
        return
    from fmaudit.report.terminal import render_terminal

    journal = Journal(run.journal, readonly=True)
    text = render_terminal(collect_report(run, journal))
    journal.close()
    print(text.rstrip())
    for problem in outcome.problems:
        print(f"! {visible_text(problem)}", file=sys.stderr)
    report = run.report("html")
    if report.is_file():
        print(f"\nreport  {report}")
    print(f"{run.id}  {run.root}")
