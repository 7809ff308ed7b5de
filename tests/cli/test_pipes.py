"""Nobody may be reading: the exit code still says how it went, and nothing is printed about it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path: Path, shouting: Path, write_jsonl) -> Path:
    write_jsonl("web.jsonl", ["THIS IS LOUD"] * 3000 + ["this is a quiet line"] * 7000)
    (tmp_path / "audit.toml").write_text(
        'plugins = ["shouting"]\n[corpus.web]\npath = "web.jsonl"\nid = "id"\nurl = "url"\n[audit.shouting]\n[report]\nformats = []\n'
    )
    return tmp_path


def unread(*arguments: str, cwd: Path, lines: int = 0) -> tuple[int, str]:
    """Call a command whose reader goes away after so many lines; returns its exit code and what it said on stderr."""
    command = [sys.executable, "-m", "fmaudit", *arguments]
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    for _ in range(lines):
        assert process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    return process.wait(60), said


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_run_that_nobody_reads_keeps_its_exit_code(project: Path, arguments: tuple[str, ...]):
    with (project / "web.jsonl").open("ab") as file:
        file.write(b'{"id": "broken", "text": "cut off\n')
    code, said = unread("run", "audit.toml", *arguments, cwd=project)
    assert code == 3, said
    assert "Traceback" not in said
    assert "Error" not in said


def test_a_run_that_nobody_reads_fails_its_checks_all_the_same(project: Path):
    code, said = unread("run", "audit.toml", "--set", 'check=[{metric="shouting.share", max=0.1}]', cwd=project)
    assert code == 1, said


def test_documents_end_quietly_when_enough_was_read(project: Path):
    subprocess.run([sys.executable, "-m", "fmaudit", "run", "audit.toml"], cwd=project, check=True, capture_output=True)
    for arguments in (("--json",), ("--limit", "9999")):
        assert unread("documents", "latest", *arguments, cwd=project, lines=1) == (0, "")


@pytest.mark.parametrize("arguments", [("--help",), ("plugins",)])
def test_other_commands_end_quietly_too(project: Path, arguments: tuple[str, ...]):
    code, said = unread(*arguments, cwd=project)
    assert code in (0, 141)
    assert said == ""


def test_a_broken_pipe_in_the_work_is_not_taken_for_one_of_stdout(project: Path):
    """A plugin that talks to a process which is gone must not end the run as if it had succeeded."""
    code = (
        "import sys; sys.argv = ['fmaudit', 'run', 'audit.toml']\n"
        "import fmaudit.runs.measure as measure\n"
        "def broken(*_): raise BrokenPipeError(32, 'Broken pipe')\n"
        "measure.measure_run = broken\n"
        "from fmaudit.cli import main; main()\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False)
    assert answer.returncode == 6
    assert "BrokenPipeError" in answer.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_written_is_no_success(project: Path):
    with open("/dev/full", "wb") as full:
        answer = subprocess.run([sys.executable, "-m", "fmaudit", "plugins"], cwd=project, stdout=full, stderr=subprocess.PIPE, check=False)
    assert answer.returncode not in (0, 1)
    assert b"No space left" in answer.stderr
