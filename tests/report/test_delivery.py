"""From runs on disk to every report: what changed and the trend come by themselves, and the commands deliver them."""

from __future__ import annotations

import json
import os
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from warm import Warm

import fmaudit
from fmaudit.api.reporting import NONE, gather_report
from fmaudit.api.results import Run, open_run
from fmaudit.errors import RunError
from fmaudit.report.formats import render

Command = Callable[..., subprocess.CompletedProcess[str]]
ITEMS = 90
TOML = """
[model.chat]
uri = "replay:answers.jsonl"
[audit.benchmark]
targets = ["chat"]
items = "items.jsonl"
answers = "text"
template = "{question}"
[[check]]
metric = "benchmark.accuracy"
min = 0.5
[report]
formats = ["html", "markdown", "json", "junit", "sarif", "github"]
"""


@pytest.fixture
def command(warm: Warm, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Calls the command line; names in capitals are its environment, which holds nothing else of GitHub's."""
    for name in [name for name in os.environ if name.startswith("GITHUB_")]:
        monkeypatch.delenv(name)

    def call(*arguments: str, cwd: Path, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            return warm.run(*arguments, cwd=cwd, code=code)

    return call


def answer(folder: Path, wrong: int) -> None:
    rows = [{"prompt": f"What is {i}?", "completion": "nothing" if i < wrong else f"word{i}"} for i in range(ITEMS)]
    (folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four runs of one audit.toml in a repository: the third with another seed, the fourth with 22 answers lost."""
    folder = tmp_path_factory.mktemp("delivered")
    (folder / ".git").mkdir()
    rows = [{"question": f"What is {i}?", "answer": f"word{i}", "language": "en", "id": str(i)} for i in range(ITEMS)]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "audit.toml").write_text(TOML)
    for number, wrong in enumerate((10, 10, 9, 32), 1):
        answer(folder, wrong)
        fmaudit.run(folder / "audit.toml", ["run.seed=5"] if number == 3 else [], new=True)
    return folder


def run_of(project: Path, number: int) -> Run:
    (found,) = (project / "runs").glob(f"run-{number:04d}-*")
    return open_run(str(found))


def written(project: Path, number: int) -> dict:
    return json.loads(run_of(project, number).directory.report("json").read_bytes())


def test_a_run_s_own_report_says_what_changed_since_the_newest_good_run(project: Path):
    assert written(project, 1)["comparison"] is None
    report = written(project, 4)
    assert report["comparison"]["before"] == run_of(project, 3).id
    assert "newest good run" in report["baseline"]
    worst = report["comparison"]["differences"][0]
    assert (worst["metric"], worst["outcome"]) == ("benchmark.accuracy", "worse")
    assert worst["change"] == pytest.approx(-23 / ITEMS)
    assert "surely worse" in run_of(project, 4).directory.report("html").read_text()


def test_the_trend_begins_with_the_third_run_and_marks_what_changed(project: Path):
    assert written(project, 2)["trend"] is None
    trend = written(project, 4)["trend"]
    assert [run["run"] for run in trend["runs"]] == [run_of(project, number).id for number in (1, 2, 3, 4)]
    (series,) = [one for one in trend["series"] if one["metric"] == "benchmark.accuracy"]
    assert [point["value"] for point in series["points"]] == pytest.approx([80 / 90, 80 / 90, 81 / 90, 58 / 90])
    assert "run.seed" in {change["name"] for change in trend["runs"][2]["changes"]}
    assert trend["runs"][1]["changes"] == []


def test_a_later_run_changes_nothing_in_the_report_of_an_earlier_one(project: Path):
    for name in ("html", "json", "github"):
        suffix = {"github": "github.md"}.get(name, name)
        third = run_of(project, 3)
        assert render(name, gather_report(third), {}) == third.directory.report(suffix).read_text()


def test_written_again_nothing_changes_and_the_manifest_holds(project: Path, command: Command):
    fourth = run_of(project, 4).directory
    before = {path.name: path.read_bytes() for path in fourth.root.glob("report.*")}
    assert len(before) == 6
    command("report", "latest", cwd=project)
    assert {path.name: path.read_bytes() for path in fourth.root.glob("report.*")} == before
    assert "every file is as it was written" in command("verify", "latest", cwd=project).stdout


def test_another_baseline_is_told_and_still_verifies(project: Path, command: Command):
    first, second = run_of(project, 1), run_of(project, 2)
    command("report", second.id, "--baseline", first.id, "--format", "json", "--format", "html", cwd=project)
    assert written(project, 2)["baseline"] == f"named: {first.id}"
    assert "No setting changed" in second.directory.report("html").read_text()
    assert command("verify", second.id, cwd=project).returncode == 0
    assert gather_report(second, baseline=NONE).comparison is None
    with pytest.raises(RunError, match="no run 'run-0099'"):
        gather_report(second, baseline="run-0099")


def test_a_damaged_run_before_does_not_cost_the_report(project: Path, monkeypatch: pytest.MonkeyPatch):
    from fmaudit.api import reporting

    def fails(*_: object) -> None:
        raise ValueError("it is broken\nbadly")

    monkeypatch.setattr(reporting, "compare_runs", fails)
    data = gather_report(run_of(project, 4))
    assert data.comparison is None
    assert data.baseline == "not compared with a run before: it is broken badly"
    assert "it is broken badly" in render("html", data, {})


def test_two_large_runs_are_compared_only_when_asked(project: Path, monkeypatch: pytest.MonkeyPatch):
    from fmaudit.api import reporting

    monkeypatch.setattr(reporting, "ROWS", 10)
    data = gather_report(run_of(project, 4))
    assert data.comparison is None
    assert f"fmaudit report {run_of(project, 4).id} --baseline" in data.baseline
    assert gather_report(run_of(project, 4), baseline=run_of(project, 1).id).comparison is not None


def test_compare_writes_a_page_by_the_file_s_suffix_and_refuses_what_it_does_not_know(project: Path, tmp_path: Path, command: Command):
    page = tmp_path / "out.html"
    first, fourth = run_of(project, 1).id, run_of(project, 4).id
    assert command("compare", first, fourth, "-o", str(page), cwd=project).stdout.strip() == str(page)
    assert "exact mcnemar" in page.read_text()
    document = json.loads(command("compare", first, fourth, "--format", "json", cwd=project).stdout)
    assert document == json.loads(command("compare", first, fourth, "--json", cwd=project).stdout)
    assert "known: html, markdown, json" in command("compare", first, fourth, "--format", "pdf", cwd=project, code=2).stderr


def test_a_check_is_delivered_as_junit_and_to_github(project: Path, tmp_path: Path, command: Command):
    strict = project / "strict.toml"
    strict.write_text(TOML.replace("min = 0.5", "min = 0.9"))
    file = tmp_path / "junit.xml"
    command("check", "latest", "--config", str(strict), "--format", "junit", "-o", str(file), cwd=project, code=1)
    (suite,) = ET.fromstring(file.read_text())
    assert suite.attrib["failures"] == "1"
    summary = tmp_path / "summary.md"
    told = command("check", "latest", "--config", str(strict), "--format", "github", cwd=project, code=1, GITHUB_STEP_SUMMARY=str(summary))
    assert "::error file=strict.toml,line=10,title=fail%3A benchmark.accuracy >= 0.9 (chat)::" in told.stdout
    assert "1 fail" in summary.read_text()
    command(
        "check",
        "latest",
        "--config",
        str(strict),
        "--format",
        "github",
        cwd=project,
        code=1,
        GITHUB_STEP_SUMMARY=str(tmp_path / "no/where"),
    )


def test_a_run_tells_github_when_asked_and_writes_the_formats_it_is_given(project: Path, tmp_path: Path, command: Command):
    folder = tmp_path / "fresh"
    folder.mkdir()
    for name in ("items.jsonl", "answers.jsonl"):
        (folder / name).write_bytes((project / name).read_bytes())
    (folder / "audit.toml").write_text(TOML.split("[report]")[0].replace("min = 0.5", "min = 0.99") + "[report]\nformats = []\n")
    summary = tmp_path / "summary.md"
    arguments = ("run", "audit.toml", "--format", "github", "--format", "sarif", "--json")
    told = command(*arguments, cwd=folder, code=1, GITHUB_STEP_SUMMARY=str(summary))
    assert json.loads(told.stdout)["exit_code"] == 1  # stdout is for the machine
    assert "::error file=audit.toml,line=10," in told.stderr
    assert "### Checks" in summary.read_text()
    reports = {path.name for path in (folder / "runs").glob("*/report.*")}
    assert reports == {"report.sarif", "report.github.md"}
