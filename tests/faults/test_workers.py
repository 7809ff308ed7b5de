"""Worker processes: started from any script, and what they raise is never taken for a death, nor a death for the corpus's fault."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fmaudit
from fmaudit import processes
from fmaudit.errors import RunError
from fmaudit.runs.executors import local


@pytest.fixture
def config(tmp_path: Path, shouting: Path, write_jsonl) -> Iterator[Path]:
    write_jsonl("data/a.jsonl", [f"Document {i} SAYS this. " for i in range(50)])
    write_jsonl("data/b.jsonl", [f"Document {i} SAYS this. " for i in range(50)])
    path = tmp_path / "audit.toml"
    path.write_text('plugins = ["shouting"]\n[corpus.web]\npath = "data/*"\n[audit.shouting]\n[report]\nformats = []\n[run]\nworkers = 2\n')
    sys.modules.pop("fmaudit_shouting", None)
    yield path
    sys.modules.pop("fmaudit_shouting", None)  # a test may have changed it


SCRIPT = """
import sys
print("imported", flush=True)
import fmaudit
run = fmaudit.run("audit.toml")
print(run.documents().num_rows, run.exit_code)
"""


@pytest.mark.parametrize("how", ["file", "stdin"])
def test_a_script_needs_no_guard_to_use_several_processes(config: Path, how: str):
    (config.parent / "script.py").write_text(SCRIPT)
    command = [sys.executable, "script.py" if how == "file" else "-"]
    answer = subprocess.run(command, input=SCRIPT, cwd=config.parent, capture_output=True, text=True, timeout=120, check=False)
    assert answer.stdout.split() == ["imported", "100", "0"], answer.stderr[-2000:]


def test_the_users_main_module_is_back_afterwards():
    main = sys.modules["__main__"]
    with processes._hidden_main():
        assert not hasattr(sys.modules["__main__"], "__file__")
    assert sys.modules["__main__"] is main


def test_workers_that_cannot_start_are_not_blamed_on_the_corpus(config: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local, "_work", os._exit)  # given a pipe it raises, so that the process ends before it reads a task
    with pytest.raises(RunError, match="worker processes end before they read anything") as caught:
        fmaudit.run(config)
    assert "jsonl" not in str(caught.value)


@pytest.mark.parametrize("error", ["BrokenPipeError(32, 'Broken pipe')", "EOFError('nothing left')", "ValueError('odd')"])
def test_what_a_tally_raises_in_a_worker_reaches_the_user(config: Path, error: str):
    """Tallies have no net, as their sums would be wrong: an error of the pipe's own kind is an error all the same, not a death."""
    module = config.parent / "site" / "fmaudit_shouting.py"
    source = module.read_text().replace("from fmaudit import", "from fmaudit import Tally,")
    source = source.replace("title, signals =", "title, tallies, signals =").replace(
        '"Who is shouting?",', '"Who is shouting?", ("words",),'
    )
    module.write_text(
        source
        + f"""

class Words(Tally):
    name, version, schema = "words", "1", pa.schema([("word", pa.string()), ("n", pa.int64())])
    def count(self, batch):
        raise {error}

@hookimpl
def fmaudit_tallies(): return [Words]
"""
    )
    with pytest.raises(RunError, match=error.split("(")[0]):
        fmaudit.run(config)


def test_a_worker_that_is_dead_when_it_is_given_work_is_replaced(config: Path, monkeypatch: pytest.MonkeyPatch):
    original, started = local._start, []

    def start():
        worker = original()
        if not started:
            worker.process.kill()
            worker.process.join()
        started.append(worker)
        return worker

    monkeypatch.setattr(local, "_start", start)
    run = fmaudit.run(config)
    assert run.documents().num_rows == 100
    assert run.exit_code == 0
    assert len(started) == 3


def test_an_error_that_cannot_travel_is_told_in_words():
    class Awkward(RunError):
        def __init__(self, first: str, second: str) -> None:
            super().__init__(f"{first} {second}")

    told = local._portable(Awkward("hard", "luck"))
    assert type(told) is RunError
    assert "hard luck" in str(told)
    kept = RunError("plain", hint="do this")
    assert local._portable(kept) is kept
