"""Nobody may be reading: the exit code still says how it went, and nothing is printed about it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from warm import Warm

Unread = Callable[..., tuple[int, str]]


@pytest.fixture
def project(tmp_path: Path, shouting: Path, write_jsonl) -> Path:
    write_jsonl("web.jsonl", ["THIS IS LOUD"] * 3000 + ["this is a quiet line"] * 7000)
    (tmp_path / "audit.toml").write_text(
        'plugins = ["shouting"]\n[corpus.web]\npath = "web.jsonl"\nid = "id"\nurl = "url"\n[audit.shouting]\n[report]\nformats = []\n'
    )
    return tmp_path


@pytest.fixture
def unread(warm: Warm) -> Unread:
    """Calls a command whose reader goes away after so many lines; returns its exit code and what it said on stderr."""

    def call(*arguments: str, cwd: Path, lines: int = 0) -> tuple[int, str]:
        process = warm.start(*arguments, cwd=cwd)
        for _ in range(lines):
            assert process.stdout.readline()
        process.stdout.close()
        with process.stderr as stream:
            said = stream.read().decode()
        return process.wait(60), said

    return call


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_run_that_nobody_reads_keeps_its_exit_code(unread: Unread, project: Path, arguments: tuple[str, ...]):
    with (project / "web.jsonl").open("ab") as file:
        file.write(b'{"id": "broken", "text": "cut off\n')
    code, said = unread("run", "audit.toml", *arguments, cwd=project)
    assert code == 3, said
    assert "Traceback" not in said
    assert "Error" not in said


@pytest.mark.parametrize("check", ["", 'check=[{metric="shouting.share", max=0.1}]'])
def test_a_run_of_which_not_even_the_errors_are_read_keeps_its_exit_code(warm: Warm, project: Path, check: str):
    process = warm.start("run", "audit.toml", "--new", *(("--set", check) if check else ()), cwd=project)
    process.stdout.close()
    process.stderr.close()
    assert process.wait(60) == (1 if check else 0)


def test_a_run_that_nobody_reads_fails_its_checks_all_the_same(unread: Unread, project: Path):
    code, said = unread("run", "audit.toml", "--set", 'check=[{metric="shouting.share", max=0.1}]', cwd=project)
    assert code == 1, said


def test_documents_end_quietly_when_enough_was_read(unread: Unread, warm: Warm, project: Path):
    warm.run("run", "audit.toml", cwd=project)
    for arguments in (("--json",), ("--limit", "9999")):
        assert unread("documents", "latest", *arguments, cwd=project, lines=1) == (0, "")


@pytest.mark.parametrize("arguments", [("--help",), ("plugins",)])
def test_other_commands_end_quietly_too(unread: Unread, project: Path, arguments: tuple[str, ...]):
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
