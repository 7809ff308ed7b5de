"""What the page of schedules shows of what a scheduler left."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path

import pytest
from dashboard_support import ALL, make_run

from fmaudit_dashboard.timetable import in_zone, read_schedules

state = pytest.importorskip("fmaudit.schedule.state")
DUE = datetime.datetime(2026, 11, 22, 6, tzinfo=datetime.UTC)


def scheduled(runs: Path, detail: str) -> None:
    make_run(runs, 1)
    kept = state.State(runs, "../audit.toml")
    kept.decide(DUE, [DUE], [DUE - datetime.timedelta(days=1)], "0 6 * * * UTC")
    kept.start(DUE, DUE)
    row = replace(kept.history()[0], status="done", run="run-0001-20261122", exit_code=1, finished=DUE.isoformat(), detail=detail)
    kept.finish(row, "failing", [])
    kept.event(DUE, "looked", detail)
    kept.close()


def html(app) -> str:
    assert not app.exception, app.exception
    assert not app.error, [element.value for element in app.code]
    return "\n".join(element.proto.body for element in app.get("html"))


def test_due_times_are_shown_with_how_they_ended(open_page, tmp_path: Path):
    scheduled(tmp_path / "runs", "one check failed")
    text = html(open_page(tmp_path / "runs", "schedule"))
    for words in (
        "✕ a check failed",
        "– missed",
        "one check failed",
        "failing",
        "audit?run=run-0001-20261122",
        "audit.toml is not where it was",
    ):
        assert words in text


def test_the_cron_line_and_the_next_due_time_come_from_audit_toml(open_page, tmp_path: Path):
    scheduled(tmp_path / "runs", "")
    (tmp_path / "audit.toml").write_text(
        '[corpus.web]\npath = "x.jsonl"\n[schedule]\ncron = "0 6 * * 1"\ntimezone = "UTC"\nmax_age = "1d"\n'
    )
    found = read_schedules(tmp_path / "runs")[0]
    assert (found.cron, found.timezone) == ("0 6 * * 1", "UTC")
    assert found.next[0].weekday() == 0
    assert found.next[0].hour == 6
    assert found.newest is None  # none was made from this file
    path = tmp_path / "runs" / "run-0001-20261122" / "plan.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"config": {"path": str(tmp_path / "audit.toml")}}))
    found = read_schedules(tmp_path / "runs")[0]
    assert found.newest is not None
    assert found.newest.fresh is False
    assert found.newest.words.endswith("more than 1 d")
    assert "0 6 * * 1" in html(open_page(tmp_path / "runs", "schedule"))


def test_times_are_those_of_the_schedules_own_zone(open_page, tmp_path: Path):
    scheduled(tmp_path / "runs", "")
    (tmp_path / "audit.toml").write_text(
        '[corpus.web]\npath = "x.jsonl"\n[schedule]\ncron = "0 6 * * 1"\ntimezone = "Europe/Berlin"\nkeep = 3\nkeep_days = 30\n'
    )
    text = html(open_page(tmp_path / "runs", "schedule"))
    assert "22 November 2026, 07:00 CET" in text  # due at 6 UTC
    assert ", 06:00 CE" in text  # the next one
    assert "cron, Europe/Berlin" in text
    assert "UTC" not in text
    assert "the newest 3 and those of the last 30 days" in text


@pytest.mark.parametrize("moment", ["yesterday", "9999-12-31T23:59:59+00:00", "<script>"])
def test_a_moment_that_no_clock_shows_stays_as_it_is(moment: str):
    assert in_zone(moment, "Pacific/Kiritimati")
    assert in_zone("2026-07-01T00:00:00+00:00", "Mars/Olympus") == "1 July 2026, 00:00 UTC"


def test_the_newest_good_run_is_named_with_its_state_and_pinned_runs_are_listed(open_page, tmp_path: Path):
    from fmaudit.schedule.retention import pin
    from fmaudit.store.layout import RunDirectory

    scheduled(tmp_path / "runs", "")
    make_run(tmp_path / "runs", 2)
    pin(RunDirectory(tmp_path / "runs" / "run-0001-20261122"), pinned=True)
    text = html(open_page(tmp_path / "runs", "schedule"))
    assert "newest good run</span>" in text
    assert ">run-0002-20261122</a> (partial) ended" in text
    assert "⚑ pinned</span>run-0001-20261122" in text
    assert html(open_page(tmp_path / "runs")).count("⚑ pinned") == 1


def test_a_folder_that_is_not_there_is_named(open_page, tmp_path: Path):
    text = html(open_page(tmp_path / "nowhere", "schedule"))
    assert "no such folder" in text
    assert "nowhere" in text


def test_a_hostile_state_is_escaped_and_a_damaged_one_says_so(open_page, tmp_path: Path):
    scheduled(tmp_path / "runs", ALL)
    assert "<script" not in html(open_page(tmp_path / "runs", "schedule"))
    (tmp_path / "runs" / "schedule.sqlite").write_bytes(b"no database" * 500)
    assert "cannot be read" in html(open_page(tmp_path / "runs", "schedule"))


def test_only_exit_code_0_looks_well_and_no_run_is_not_an_old_one(open_page, tmp_path: Path):
    scheduled(tmp_path / "runs", "")
    (tmp_path / "audit.toml").write_text('[corpus.web]\npath = "x.jsonl"\n[schedule]\ncron = "0 6 * * 1"\nmax_age = "1d"\n')
    page = html(open_page(tmp_path / "runs", "schedule"))
    assert "✓ done" not in page
    assert "too old" not in page
    kept = state.State(tmp_path / "runs", "../audit.toml")
    kept.finish(replace(kept.history()[0], exit_code=0), "ok", [])
    kept.close()
    assert "✓ done" in html(open_page(tmp_path / "runs", "schedule"))
