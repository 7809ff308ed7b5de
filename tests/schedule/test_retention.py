"""Retention removes what is old, and nothing that anybody still needs; a crash leaves no half run."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from filelock import FileLock

from fmaudit.schedule.once import look_once, prune_job
from fmaudit.schedule.retention import is_pinned, pin, prune
from fmaudit.store.layout import RunDirectory, list_runs
from tests.schedule.conftest import FakeClock, FakeRuns, MakeJob


@pytest.fixture
def six(runs: FakeRuns, clock: FakeClock) -> list[str]:
    """Six complete runs, one a day."""
    for _ in range(6):
        runs.end(runs.begin())
        clock.tick(days=1)
    return runs.made


def left(runs: FakeRuns) -> list[str]:
    return [run.id for run in list_runs(runs.runs)]


def call(runs: FakeRuns, clock: FakeClock, keep: int | None = None, days: int | None = None, baselines=(), **more) -> list[str]:
    return [item.run for item in prune(runs.runs, runs.config, keep, days, baselines, clock(), **more) if item.removed]


def test_the_newest_so_many_stay(six: list[str], runs: FakeRuns, clock: FakeClock):
    assert call(runs, clock, keep=2) == six[:4]
    assert left(runs) == six[4:]
    assert call(runs, clock, keep=2) == []


def test_what_is_younger_stays_and_either_rule_holds_a_run(six: list[str], runs: FakeRuns, clock: FakeClock):
    assert call(runs, clock, keep=1, days=4) == six[:3]
    assert call(runs, clock, keep=2, days=1) == six[3:4]


def test_without_a_rule_everything_stays(six: list[str], runs: FakeRuns, clock: FakeClock):
    assert call(runs, clock) == []
    assert left(runs) == six


def test_a_dry_run_says_what_would_go_and_removes_nothing(six: list[str], runs: FakeRuns, clock: FakeClock):
    assert call(runs, clock, keep=2, dry_run=True) == six[:4]
    assert left(runs) == six


def test_what_is_needed_stays_and_says_why(six: list[str], runs: FakeRuns, clock: FakeClock):
    pin(RunDirectory(runs.runs / six[0]), True)
    unfinished = runs.begin()
    with FileLock(runs.runs / six[1] / ".lock"):
        pruned = prune(runs.runs, runs.config, 1, None, [six[2]], clock())
    reasons = {item.run: item.reason for item in pruned if not item.removed}
    assert reasons == {six[0]: "pinned", six[1]: "at work", six[2]: "a baseline"}
    assert left(runs) == [*six[:3], six[5], unfinished.id]
    pin(RunDirectory(runs.runs / six[0]), False)
    assert not is_pinned(RunDirectory(runs.runs / six[0]))
    assert call(runs, clock, keep=1) == six[:3]


def test_the_newest_good_run_stays_however_many_failed_since(runs: FakeRuns, clock: FakeClock, six: list[str]):
    runs.status, runs.exit_code = "partial", 3
    for _ in range(4):
        runs.end(runs.begin())
        clock.tick(days=100)
    pruned = prune(runs.runs, runs.config, 2, None, [], clock())
    assert [item.run for item in pruned if not item.removed] == [six[5]]
    assert left(runs) == [runs.made[5], *runs.made[-2:]]
    assert call(runs, clock, days=1) == runs.made[-2:-1]  # the newest stays as well: its number is not given again


def test_the_newest_run_that_passes_stays_for_later_ones_to_be_compared_with(runs: FakeRuns, clock: FakeClock, six: list[str]):
    runs.exit_code = 1
    for _ in range(3):
        runs.end(runs.begin())
    assert call(runs, clock, keep=1) == [*six[:5], *runs.made[6:8]]
    assert left(runs) == [six[5], runs.made[8]]


def test_the_baseline_of_the_file_stays(runs: FakeRuns, clock: FakeClock, six: list[str], make_job: MakeJob):
    for name in (six[1], f"runs/{six[1]}", str(runs.runs / six[1]), str(runs.runs / "elsewhere" / six[1])):
        pruned = prune_job(replace(make_job(keep=1), baseline=name), dry_run=True)
        assert [item.run for item in pruned if not item.removed] == [six[1]]


def test_runs_of_another_file_are_not_its_business(six: list[str], runs: FakeRuns, clock: FakeClock, tmp_path):
    runs.config = tmp_path / "other.toml"
    other = runs.begin()
    runs.end(other)
    assert call(runs, clock, keep=1) == []
    assert left(runs) == [*six[:6], other.id]


def test_a_crash_while_removing_leaves_no_half_run_and_the_next_call_goes_on(six, runs: FakeRuns, clock: FakeClock, monkeypatch):
    calls = []

    def crash(path, **_):
        calls.append(path)
        (path / "journal.sqlite").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", crash)
    with pytest.raises(KeyboardInterrupt):
        call(runs, clock, keep=5)
    assert left(runs) == six[1:]
    assert calls[0].exists()
    monkeypatch.undo()
    assert call(runs, clock, keep=5) == []
    assert not calls[0].exists()


def test_a_look_prunes_and_a_link_is_not_followed(six: list[str], runs: FakeRuns, clock: FakeClock, make_job: MakeJob, tmp_path):
    elsewhere = tmp_path / "precious"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    (runs.runs / six[0] / "link").symlink_to(elsewhere)
    (runs.runs / ".removed-run-0009-x").symlink_to(elsewhere)
    look = look_once(make_job(keep=5))
    assert [item.run for item in look.pruned] == six[:1]
    assert (elsewhere / "file").exists()
    assert prune_job(make_job(keep=5), dry_run=True) == []
