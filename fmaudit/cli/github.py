"""Tells a GitHub step what a run found: annotations on the log, and the summary of the step."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fmaudit.report.document import ReportData

__all__ = ["GITHUB", "asked_by", "deliver", "tell_github"]

GITHUB = "github"


def asked_by(formats: Sequence[str], settings: Sequence[str], environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the format github is wanted: on the command line, or by audit.toml where the run is a step of GitHub Actions."""
    return GITHUB in formats or (GITHUB in settings and environment.get("GITHUB_ACTIONS") == "true")


def tell_github(data: ReportData, *, as_json: bool = False, environment: Mapping[str, str] = os.environ) -> None:
    """Print annotations, to stderr where stdout is for a machine, and add the summary to the file that GITHUB_STEP_SUMMARY names.

    What is in that file already takes of the room that a step has. Raises DeliveryError where it cannot be written.
    """
    from fmaudit.errors import DeliveryError
    from fmaudit.report.annotations import render_annotations
    from fmaudit.report.summary import ROOM, render_summary

    stream = sys.stderr if as_json else sys.stdout
    stream.write(render_annotations(data))
    stream.flush()
    named = environment.get("GITHUB_STEP_SUMMARY", "")
    if not named:
        print(
            "GITHUB_STEP_SUMMARY is not set, so there is no summary of a step; fmaudit report RUN --format github -o FILE writes it",
            file=sys.stderr,
        )
        return
    path = Path(named)
    try:
        before = path.stat().st_size if path.is_file() else 0
        summary = render_summary(data, ROOM - before - 1)
        with path.open("ab") as file:
            file.write((("\n" if before else "") + summary).encode())
    except OSError as error:
        raise DeliveryError(f"{path}: the step's summary cannot be written: {error.strerror}") from error


def deliver(data: ReportData, *, as_json: bool = False) -> int:
    """Tell GitHub, and return 0, or the exit code of what was not delivered after saying why."""
    from fmaudit.cli.output import visible_text
    from fmaudit.errors import DeliveryError

    try:
        tell_github(data, as_json=as_json)
    except DeliveryError as error:
        print(f"fmaudit: {visible_text(str(error))}", file=sys.stderr)
        return error.exit_code
    return 0
