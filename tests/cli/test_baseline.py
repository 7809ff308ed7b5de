"""`fmaudit run --baseline`: a change is judged in the run itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import fmaudit
from fmaudit.errors import RunError

TOML = """plugins = ["shouting"]
[corpus.web]
path = "web.jsonl"
id = "id"
url = "url"
[audit.shouting]
[[check]]
metric = "shouting.share"
max_change = 0.2
[report]
formats = []
"""


@pytest.fixture
def project(tmp_path: Path, shouting: Path, write_jsonl) -> Path:
    write_jsonl("web.jsonl", ["THIS IS LOUD"] * 30 + ["this is a quiet line"] * 170)
    (tmp_path / "audit.toml").write_text(TOML)
    return tmp_path


def statuses(run: fmaudit.Run) -> list[str]:
    from fmaudit.store.reader import read_parquet

    return read_parquet(run.directory.verdicts)["status"].to_pylist()


def test_the_newest_good_run_is_the_baseline_and_a_change_too_large_fails(project: Path, write_jsonl):
    first = fmaudit.run(project / "audit.toml")
    assert statuses(first) == ["not measured"]  # nothing to compare with yet
    assert statuses(fmaudit.run(project / "audit.toml")) == ["pass"]
    write_jsonl("web.jsonl", ["THIS IS LOUD"] * 130 + ["this is a quiet line"] * 70)
    third = fmaudit.run(project / "audit.toml")
    assert (statuses(third), third.exit_code) == (["fail"], 1)
    fourth = fmaudit.run(project / "audit.toml", [f"baseline.run={json.dumps(third.id)}"])
    assert (statuses(fourth), fourth.exit_code) == (["pass"], 0)


def test_a_baseline_that_is_not_there_is_told_before_any_work(project: Path):
    with pytest.raises(RunError, match="no run 'nothing'"):
        fmaudit.run(project / "audit.toml", ["baseline.run=nothing"])
    assert not (project / "runs").exists()


def test_a_copied_project_knows_the_runs_that_came_with_it(project: Path, tmp_path: Path):
    from fmaudit.schedule.fresh import newest_good

    first = fmaudit.run(project / "audit.toml")
    copy = tmp_path / "elsewhere" / "copy"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("elsewhere"))
    newest = newest_good(copy / "runs", copy / "audit.toml")
    assert newest is not None
    assert newest.run.id == first.id
    assert statuses(fmaudit.run(copy / "audit.toml")) == ["pass"]
    (copy / "other").mkdir()
    (copy / "other" / "audit.toml").write_text(TOML)
    assert newest_good(copy / "runs", copy / "other" / "audit.toml") is None  # another file beside it is another audit
