"""What a GitHub step is told: as many annotations as it shows, a summary that fits, the rest counted."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from factories import web_report
from hostile import report_of

from fmaudit.cli.github import asked_by, deliver, tell_github
from fmaudit.errors import DeliveryError
from fmaudit.records import Finding, Severity
from fmaudit.report.annotations import render_annotations
from fmaudit.report.document import FindingRow, ReportData, RunStatus, SettingRow
from fmaudit.report.summary import ROOM, render_summary


def many(errors: int, warnings: int) -> ReportData:
    rows = [
        FindingRow(audit="a", target="t", finding=Finding(code=f"c{i}", severity=severity, sentence=f"Number {i}: 50 %, and more."))
        for severity, number in ((Severity.WARNING, warnings), (Severity.ERROR, errors))
        for i in range(number)
    ]
    return replace(
        web_report(), verdicts=(), audits=(), findings=tuple(rows), status=RunStatus.COMPLETE, coverage=type(web_report().coverage)()
    )


def test_a_step_gets_ten_of_each_and_the_last_counts_the_rest():
    lines = render_annotations(many(12, 11)).splitlines()
    errors = [line for line in lines if line.startswith("::error ")]
    warnings = [line for line in lines if line.startswith("::warning ")]
    assert (len(errors), len(warnings), len(lines)) == (10, 10, 20)
    assert errors[-1].endswith("::3 more errors: in the summary of this step.")
    assert warnings[-1].endswith("::2 more warnings: in the summary of this step.")


def test_ten_are_ten():
    lines = render_annotations(many(10, 0)).splitlines()
    assert len(lines) == 10
    assert "more errors" not in lines[-1]


def test_commands_are_encoded_and_point_at_the_file():
    data = replace(many(1, 0), source="ci, a:b/audit.toml", settings=(SettingRow(key="audit.a.limit", value="3", origin="audit.toml:7"),))
    (line,) = render_annotations(data).splitlines()
    assert line == "::error file=ci%2C a%3Ab/audit.toml,line=7,title=a on t%3A c0::Number 0: 50 %25, and more."


def test_what_failed_comes_before_what_was_found():
    lines = render_annotations(web_report()).splitlines()
    assert "title=fail%3A corpus-quality.removed_by_language" in lines[0]
    assert re.match("::error .*domain-gap did not finish", lines[1])
    assert re.match(r"::warning .*inconclusive", next(line for line in lines if line.startswith("::warning")))


@pytest.mark.parametrize("room", [ROOM, 30_000, 3_000, 900, 200, 10])
def test_a_summary_fits_and_says_what_is_missing(room: int):
    base = many(3000, 4000)
    summary = render_summary(replace(base, verdicts=web_report().verdicts * 500, metrics=web_report().metrics), room)
    assert len(summary.encode()) <= room
    if room >= 200:
        assert "more" in summary or "Left out" in summary
        assert "500 fail" in summary


def test_a_summary_leaves_out_the_least_important_part_first():
    whole = render_summary(web_report())
    short = render_summary(web_report(), len(whole.encode()) - 1)
    assert "### Numbers" in whole
    assert "### Checks" in short
    assert len(short) < len(whole)


def test_very_long_texts_still_give_a_summary():
    data, _ = report_of("ü" * 40_000)
    assert 1000 < len(render_summary(data).encode()) <= ROOM


def test_the_summary_is_added_to_the_step_s_file_within_its_room(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "summary.md"
    file.write_text("x" * (ROOM - 2000))
    tell_github(many(300, 0), environment={"GITHUB_STEP_SUMMARY": str(file)})
    written = file.read_text()
    assert written.startswith("x" * (ROOM - 2000) + "\n")
    assert ROOM - 2000 < len(written.encode()) <= ROOM
    assert capsys.readouterr().out.count("::error ") == 10


def test_without_a_step_only_annotations_are_printed_and_a_machine_s_stdout_is_left_alone(capsys: pytest.CaptureFixture[str]):
    tell_github(many(1, 0), as_json=True, environment={})
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("::error ")
    assert "GITHUB_STEP_SUMMARY is not set" in told.err


def test_a_summary_that_cannot_be_written_is_not_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no/such/folder.md"))
    assert deliver(many(1, 0)) == DeliveryError.exit_code
    assert "cannot be written" in capsys.readouterr().err


def test_github_is_told_only_when_asked():
    action = {"GITHUB_ACTIONS": "true"}
    assert not asked_by([], ["html"], action)
    assert asked_by(["github"], [], {})
    assert asked_by([], ["html", "github"], action)
    assert not asked_by([], ["github"], {})  # on a desk, audit.toml alone prints no annotations
