"""`fmaudit compare` and `fmaudit check` over runs on disk: a recorded model that got worse, and a corpus that shifted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from warm import Warm

import fmaudit
from fmaudit.api.baseline import check_run, find_baseline
from fmaudit.api.comparing import compare_runs
from fmaudit.api.results import open_run
from fmaudit.errors import RunError
from fmaudit.judge.comparing import Outcome
from fmaudit.report.comparison import comparison_as_json

Command = Callable[..., str]
ITEMS = 120
TOML = """
[model.chat]
uri = "replay:answers.jsonl"
[audit.benchmark]
targets = ["chat"]
items = "items.jsonl"
answers = "text"
template = "{question}"
[report]
formats = []
"""
CHECK = '[[check]]\nmetric = "benchmark.accuracy{language=en}"\n'


@pytest.fixture
def command(warm: Warm) -> Command:
    return lambda *arguments, cwd, code=0: warm.run(*arguments, cwd=cwd, code=code).stdout


def answers(folder: Path, wrong: set[int]) -> None:
    rows = [{"prompt": f"What is {i}?", "completion": "nothing" if i in wrong else f"word{i}"} for i in range(ITEMS)]
    (folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs: the first two of the same answers, the third with 18 of 120 answers lost and 2 won."""
    folder = tmp_path_factory.mktemp("compared")
    rows = [{"question": f"What is {i}?", "answer": f"word{i}", "language": "en", "id": str(i)} for i in range(ITEMS)]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "audit.toml").write_text(TOML)
    for wrong in (set(range(30)), set(range(30)), set(range(2, 48))):
        answers(folder, wrong)
        fmaudit.run(folder / "audit.toml", new=True)
    return folder


def run_of(project: Path, number: int) -> fmaudit.Run:
    (found,) = (project / "runs").glob(f"run-{number:04d}-*")
    return open_run(str(found))


def test_two_runs_are_paired_item_by_item_and_the_model_is_surely_worse(project: Path):
    found = compare_runs(run_of(project, 1), run_of(project, 3))
    by_name = {one.name: one for one in found.differences}
    one = by_name["benchmark.accuracy{language=en}"]
    assert one.change is not None
    assert one.change.value == pytest.approx(-16 / ITEMS)
    assert one.change.method == "exact mcnemar, 120 items in both runs, 20 differ"
    assert one.outcome is Outcome.WORSE
    assert found.differences[0].outcome is Outcome.WORSE
    assert any(change.name == "model.chat: identity" for change in found.settings)


def test_the_same_answers_are_no_difference_and_say_what_could_have_been_seen(project: Path):
    found = compare_runs(run_of(project, 1), run_of(project, 2))
    assert not any(one.sure for one in found.differences)
    one = next(one for one in found.differences if one.name == "benchmark.accuracy{language=en}")
    assert one.change is not None
    assert one.change.detectable == pytest.approx(7.91 / ITEMS)
    assert found.settings == ()


def test_a_run_whose_plugin_is_gone_is_compared_by_its_intervals(project: Path, monkeypatch: pytest.MonkeyPatch):
    from fmaudit.hooks import manager

    monkeypatch.setattr(manager, "load_plugins", lambda *_: manager.PluginManager())
    found = compare_runs(run_of(project, 1), run_of(project, 3))
    one = next(one for one in found.differences if one.name == "benchmark.accuracy{language=en}")
    assert one.change is not None
    assert one.change.method == "square and add of the two intervals"


def test_the_command_prints_what_else_changed_and_then_a_table(command: Command, project: Path):
    text = command("compare", run_of(project, 1).id, run_of(project, 3).id, cwd=project)
    assert "These settings also changed" in text
    assert text.index("These settings also changed") < text.index("worse")
    assert "benchmark.accuracy{language=en}" in text


def test_json_has_every_difference_with_its_interval(project: Path):
    found = compare_runs(run_of(project, 1), run_of(project, 3), "benchmark.accuracy*")
    document = json.loads(json.dumps(comparison_as_json(found), allow_nan=False))
    assert (document["before"], document["after"]) == (run_of(project, 1).id, run_of(project, 3).id)
    assert {row["metric"] for row in document["differences"]} == {"benchmark.accuracy", "benchmark.accuracy{language=en}"}
    assert document["differences"][0].keys() >= {"outcome", "change", "low", "high", "p", "q", "detectable", "before", "after", "method"}


def test_what_is_asked_about_alone_is_the_family_of_tests(project: Path):
    whole = compare_runs(run_of(project, 1), run_of(project, 3))
    alone = compare_runs(run_of(project, 1), run_of(project, 3), "benchmark.accuracy{language=en}")
    (one,) = alone.differences
    assert one.q_value == one.change.p_value
    assert one.change.p_value == next(each for each in whole.differences if each.name == one.name).change.p_value


@pytest.mark.parametrize(("value", "shown"), [(0.0, "same"), (0.02, "+2.00 (+2.00 to +2.00) points"), (None, "")])
def test_a_change_of_exactly_nothing_reads_as_same(value: float | None, shown: str):
    from fmaudit.report.comparison import signed

    assert re.sub(r"\.\d+", ".00", signed(value, "fraction", value or 0.0, value or 0.0)) == shown


def test_a_run_is_not_compared_with_itself(warm: Warm, project: Path):
    ended = warm.run("compare", "latest", cwd=project, code=2)
    assert "are the same run, run-0003" in ended.stderr


def test_an_unknown_run_is_named_with_what_there_is(project: Path):
    with pytest.raises(RunError, match="runs in"):
        open_run("run-9999", project / "runs")


def test_checks_of_a_change_are_judged_again_without_measuring(command: Command, project: Path):
    strict, loose = project / "strict.toml", project / "loose.toml"
    strict.write_text(TOML + CHECK + "max_fall = 0.02\n")
    loose.write_text(TOML + CHECK + "max_fall = 0.3\n")
    before = {path: path.stat().st_mtime_ns for path in (project / "runs").rglob("*.parquet")}
    first = run_of(project, 1).id
    failed = json.loads(command("check", "latest", "--baseline", first, "--config", str(strict), "--json", cwd=project, code=1))
    (verdict,) = failed["checks"]
    assert verdict["status"] == "fail"
    assert f"since {first}, exact mcnemar" in verdict["reason"]
    passed = check_run(run_of(project, 3), baseline=first, config=loose)
    assert (passed.exit_code, str(passed.verdicts[0].status)) == (0, "pass")
    assert before == {path: path.stat().st_mtime_ns for path in (project / "runs").rglob("*.parquet")}


def test_the_newest_good_run_of_the_same_file_is_the_baseline(project: Path):
    third, second, first = (run_of(project, number) for number in (3, 2, 1))
    found, why = find_baseline(third.directory)
    assert found is not None
    assert found.id == second.id
    assert "newest good run" in why
    assert find_baseline(first.directory)[0] is None
    named, _ = find_baseline(third.directory, first.id)
    assert named is not None
    assert named.id == first.id
    with pytest.raises(RunError, match="the baseline: no run 'nothing'"):
        find_baseline(third.directory, "nothing")


def test_a_run_that_failed_a_check_is_no_baseline(project: Path):
    from fmaudit.runs.journal import Journal

    second = run_of(project, 2)
    journal = Journal(second.directory.journal)
    journal.set("exit_code", 1)
    try:
        found, _ = find_baseline(run_of(project, 3).directory)
        assert found is not None
        assert found.id == run_of(project, 1).id
        journal_of_first = Journal(run_of(project, 1).directory.journal)
        journal_of_first.set("exit_code", 3)
        try:
            found, why = find_baseline(run_of(project, 3).directory)
        finally:
            journal_of_first.set("exit_code", 0)
            journal_of_first.close()
        assert found is None
        assert f"({second.id} ended with 1); [baseline] run or --baseline names one" in why
    finally:
        journal.set("exit_code", 0)
        journal.close()


def test_without_a_baseline_a_change_is_not_judged_and_a_mistyped_metric_is_no_success(project: Path):
    config = project / "first.toml"
    config.write_text(TOML + CHECK + "max_change = 0.1\n")
    judged = check_run(run_of(project, 1), config=config)
    assert (judged.exit_code, judged.baseline) == (0, "")
    assert "no run of the same audit.toml before" in judged.verdicts[0].reason
    config.write_text(TOML + CHECK.replace("accuracy", "acuracy") + "max = 1\n")
    assert check_run(run_of(project, 1), config=config).exit_code == 3


def test_the_file_can_name_its_baseline(project: Path):
    config = project / "named.toml"
    config.write_text(TOML + CHECK + f'max_fall = 0.02\n[baseline]\nrun = "{run_of(project, 1).id}"\n')
    judged = check_run(run_of(project, 3), config=config)
    assert (judged.exit_code, judged.baseline) == (1, run_of(project, 1).id)


def test_a_run_within_its_tolerance_is_a_baseline(project: Path):
    from fmaudit.runs.journal import Journal

    second = run_of(project, 2)
    journal = Journal(second.directory.journal)
    journal.set("status", "partial")
    try:
        found, _ = find_baseline(run_of(project, 3).directory)
    finally:
        journal.set("status", "complete")
        journal.close()
    assert found is not None
    assert found.id == second.id


def test_a_glob_that_nothing_matches_is_told(project: Path):
    found = compare_runs(run_of(project, 1), run_of(project, 3), "benchmark.acuracy*")
    assert found.notes == ("no metric of these runs matches 'benchmark.acuracy*'; fmaudit results RUN lists the names",)
