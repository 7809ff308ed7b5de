"""What the page of schedules shows of what a scheduler left."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest
from dashboard_support import ALL, make_run

from fmaudit_dashboard.timetable import read_schedules

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
    assert found.cron == "0 6 * * 1 UTC"
    assert found.next[0].weekday() == 0
    assert found.next[0].hour == 6
    assert found.fresh is False
    assert "0 6 * * 1 UTC" in html(open_page(tmp_path / "runs", "schedule"))


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
