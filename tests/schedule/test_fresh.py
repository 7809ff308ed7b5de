"""The alarm for what does not happen: how old the newest good run is."""

from __future__ import annotations

import datetime

import pytest

from fmaudit.config.duration import parse_duration
from fmaudit.schedule.fresh import freshness, newest_good
from tests.schedule.conftest import FakeClock, FakeRuns

WEEK = datetime.timedelta(days=7)


def test_a_run_is_fresh_up_to_its_age(runs: FakeRuns, clock: FakeClock):
    runs.end(runs.begin())
    clock.tick(days=7)
    assert freshness(runs.runs, WEEK, clock()).fresh
    clock.tick(seconds=1)
    stale = freshness(runs.runs, WEEK, clock())
    assert not stale.fresh
    assert stale.sentence == f"the newest good run, {runs.made[0]}, ended 7 d ago, more than 7 d"


def test_only_a_complete_run_counts(runs: FakeRuns, clock: FakeClock):
    assert freshness(runs.runs, WEEK, clock()).sentence.startswith("there is no complete run")
    runs.begin()
    runs.status, runs.exit_code = "partial", 3
    runs.end(runs.begin())
    runs.status = "complete"
    runs.end(runs.begin())
    assert not freshness(runs.runs, WEEK, clock()).fresh
    runs.exit_code = 1  # everything was measured; that a check failed is another question
    good = runs.begin()
    runs.end(good)
    damaged = runs.begin()
    runs.end(damaged)
    damaged.journal.write_bytes(b"rubbish" * 1000)
    found = newest_good(runs.runs)
    assert found is not None
    assert found.run.id == good.id


def test_a_run_of_the_future_is_a_wrong_clock_and_not_fresh(runs: FakeRuns, clock: FakeClock):
    runs.end(runs.begin())
    clock.tick(minutes=-30)
    assert freshness(runs.runs, WEEK, clock()).fresh
    clock.tick(days=-400)
    answer = freshness(runs.runs, WEEK, clock())
    assert not answer.fresh
    assert "a clock is wrong" in answer.sentence


def test_runs_can_be_those_of_one_file(runs: FakeRuns, clock: FakeClock, tmp_path):
    runs.end(runs.begin())
    assert newest_good(runs.runs, tmp_path / "other.toml") is None
    assert newest_good(runs.runs, runs.config) is not None


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("26h", 93600), ("8d", 691200), (" 2 w ", 1209600), ("0.5h", 1800)]
)
def test_spans_of_time(text: str, seconds: int):
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "8", "d", "-8d", "8 days", "0h", "1e3s", "99999w", "٣d"])
def test_what_is_no_span_of_time(text: str):
    with pytest.raises(ValueError, match="no span of time"):
        parse_duration(text)


def test_a_run_that_lost_no_more_than_is_tolerated_is_complete_enough(runs: FakeRuns, clock: FakeClock):
    runs.status, runs.exit_code = "partial", 0
    runs.end(runs.begin())
    assert freshness(runs.runs, WEEK, clock()).fresh


def test_where_there_is_no_complete_run_it_says_what_there_is(runs: FakeRuns, clock: FakeClock):
    assert freshness(runs.runs, WEEK, clock()).sentence.endswith(": there is no such folder")
    runs.status, runs.exit_code = "partial", 3
    runs.end(runs.begin())
    assert freshness(runs.runs, WEEK, clock()).sentence.endswith(f"; the newest, {runs.made[0]}, ended partial with exit code 3")
