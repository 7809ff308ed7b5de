"""fmaudit prompts lists what is asked, in the form of a recording: with completions added it is one, and nothing is left to list."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from warm import Warm

Call = Callable[..., subprocess.CompletedProcess[str]]
CONFIG = """
[model.closed]
uri = "replay:recorded.jsonl"

[audit.alignment]
suites = ["sycophancy", "opinions"]
limit = 10

[audit.sampling-consistency]
suites = ["agreement", "round-trip"]
samples = 3
limit = 10
"""


@pytest.fixture
def fmaudit(warm: Warm, tmp_path: Path) -> Call:
    (tmp_path / "audit.toml").write_text(CONFIG)
    (tmp_path / "recorded.jsonl").write_text("")
    return lambda *arguments: warm.run(*arguments, cwd=tmp_path, code=None)


def rows_of(answer: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def record(folder: Path, rows: list[dict[str, Any]], answer: str) -> None:
    with (folder / "recorded.jsonl").open("a") as file:
        file.writelines(json.dumps({**row, "completions": [answer] * row["samples"]}) + "\n" for row in rows)


def test_what_is_recorded_turn_by_turn_leaves_nothing_to_list_and_a_run_that_examines_all(fmaudit: Call, tmp_path: Path) -> None:
    first = rows_of(fmaudit("prompts", "audit.toml"))
    assert len({row["prompt"] for row in first}) == len(first)
    assert {row["audit"] for row in first} == {"alignment", "sampling-consistency"}
    assert {row["samples"] for row in first} == {1, 3}
    record(tmp_path, first, "The answer is B.")
    second = rows_of(fmaudit("prompts", "audit.toml"))
    assert second  # a round trip goes back from what the first answer was
    assert not {row.get("prompt") for row in second} & {row["prompt"] for row in first}
    record(tmp_path, second, "The answer is B.")
    record(tmp_path, rows_of(fmaudit("prompts", "audit.toml")), "Yes.")
    left = fmaudit("prompts", "audit.toml")
    assert (left.stdout, left.stderr) == ("", "every prompt is recorded\n")
    ran = fmaudit("run", "audit.toml")
    assert ran.returncode == 0, ran.stderr
    assert "all of" in ran.stdout


def test_of_a_prompt_that_lacks_some_answers_those_are_listed(fmaudit: Call, tmp_path: Path) -> None:
    rows = [row for row in rows_of(fmaudit("prompts", "audit.toml")) if row["samples"] == 3]
    with (tmp_path / "recorded.jsonl").open("a") as file:
        file.writelines(json.dumps({**row, "completions": [None, "The answer is B."]}) + "\n" for row in rows)
    again = [row for row in rows_of(fmaudit("prompts", "audit.toml")) if row["prompt"] in {row["prompt"] for row in rows}]
    assert {row["samples"] for row in again} == {2}
    record(tmp_path, again, "The answer is B.")
    assert not [row for row in rows_of(fmaudit("prompts", "audit.toml")) if row["prompt"] in {row["prompt"] for row in rows}]


def test_one_of_several_models_has_to_be_named(fmaudit: Call, tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text(CONFIG + '\n[model.other]\nuri = "demo:chat"\n')
    named = [rows_of(fmaudit("prompts", "audit.toml", "--model", name)) for name in ("closed", "other")]
    assert named[0] == named[1]
    for arguments, told in (((), "several models"), (("--model", "clsed"), "no model 'clsed'")):
        answer = fmaudit("prompts", "audit.toml", *arguments)
        assert answer.returncode == 2
        assert told in answer.stderr


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        ("", "holds no recorded answer"),
        ('{"question": "a", "answer": "b"}\n', "recorded.jsonl:1: there is no field 'prompt'"),
        ('{"prompt": "a", "completion": "b"}\n{"prompt": "c', "recorded.jsonl:2: not JSON: Unterminated string at character 12"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "plan", "run"])
def test_a_recording_that_cannot_be_used_is_told_before_a_run(
    fmaudit: Call, tmp_path: Path, command: str, recorded: str, told: str
) -> None:
    (tmp_path / "recorded.jsonl").write_text(recorded)
    answer = fmaudit(command, "audit.toml")
    assert answer.returncode == 2
    assert told in answer.stderr
    assert not (tmp_path / "runs").exists()
