"""kill -9 at any moment, and again while resuming: nothing acknowledged is lost or done twice, and the numbers are the same."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from warm import Process, Warm

Start = Callable[[Path], Process]
KILLS = 20
TEXTS = [f"Document {i} SAYS this. " * (3 + i % 7) for i in range(1600)]


@pytest.fixture
def config(tmp_path: Path, shouting: Path, write_jsonl) -> Path:
    write_jsonl("data/a.jsonl.gz", TEXTS[:900])
    write_jsonl("data/b.jsonl", TEXTS[900:])
    path = tmp_path / "audit.toml"
    path.write_text(
        'plugins = ["shouting"]\n[corpus.web]\npath = "data/*"\nid = "id"\nurl = "url"\n[audit.shouting]\n[report]\nformats = []\n'
        "[run]\nbatch_bytes = 1024\nunit_bytes = 4096\nworkers = 1\n"
    )
    return path


@pytest.fixture
def start(warm: Warm) -> Start:
    return lambda config: warm.start("run", str(config), "--json", cwd=config.parent)


def newest(config: Path) -> Path:
    runs = config.parent / "runs"
    return runs / sorted(os.listdir(runs))[-1] if runs.is_dir() and os.listdir(runs) else runs


def kill_somewhere(process: Process, config: Path, chance: random.Random) -> bool:
    """Kill the whole process group after a few more units and a moment, or just after a moment; False when it was done before."""
    units = len(acknowledged(newest(config))) + chance.randrange(1, 25) if chance.random() < 0.75 else 0
    deadline = time.monotonic() + 30
    while process.poll() is None and len(acknowledged(newest(config))) < units and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.05 if units else 1.5))
    if process.poll() is not None:
        return False
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # it ended just now
        return False
    process.wait()
    return True


def acknowledged(run: Path) -> dict:
    """Every unit's row, CPU seconds included: a unit that is done again has other seconds."""
    if not (run / "journal.sqlite").is_file():
        return {}
    database = sqlite3.connect(run / "journal.sqlite")
    try:
        return {row[:4]: row for row in database.execute("select * from units")}
    except sqlite3.OperationalError:
        return {}
    finally:
        database.close()


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_numbers(config: Path, start: Start):
    assert start(config).wait(120) == 0
    whole = newest(config)
    expected, units = (whole / "metrics.parquet").read_bytes(), len(acknowledged(whole))
    chance = random.Random(5)
    kills = 0
    before: dict[Path, dict] = {}
    while kills < KILLS:  # runs, each killed and resumed until it is done
        process = start(config)
        killed = kill_somewhere(process, config, chance)
        run = newest(config)
        now = acknowledged(run)
        assert before.get(run, {}).items() <= now.items(), "an acknowledged unit was lost or done again"
        before[run] = now
        kills += killed
        if not killed:
            assert process.returncode == 0, process.stderr.read().decode()
            assert (run / "metrics.parquet").read_bytes() == expected
            assert len(now) == units
    assert start(config).wait(120) == 0
    assert (newest(config) / "metrics.parquet").read_bytes() == expected


def test_a_worker_that_is_killed_is_replaced_and_costs_nothing(config: Path, start: Start, monkeypatch: pytest.MonkeyPatch):
    (config.parent / "killer").mkdir()
    source = (config.parent / "site" / "fmaudit_shouting.py").read_text()
    once = f"import os, signal, pathlib\n        p = pathlib.Path({str(config.parent / 'killer' / 'done')!r})\n"
    once += "        if 'Document 777 ' in str(batch.text.to_pylist()) and not p.exists():\n"
    once += "            p.touch(); os.kill(os.getpid(), signal.SIGKILL)\n        "
    (config.parent / "site" / "fmaudit_shouting.py").write_text(source.replace("letters, upper = (pc", once + "letters, upper = (pc"))
    config.write_text(config.read_text().replace("workers = 1", "workers = 2"))
    assert start(config).wait(120) == 0
    assert (config.parent / "killer" / "done").exists()


def test_a_batch_that_kills_every_worker_is_passed_over_and_entered(config: Path, start: Start):
    source = (config.parent / "site" / "fmaudit_shouting.py").read_text()
    poison = "import os\n        if 'Document 777 ' in str(batch.text.to_pylist()): os._exit(9)\n        "
    (config.parent / "site" / "fmaudit_shouting.py").write_text(source.replace("letters, upper = (pc", poison + "letters, upper = (pc"))
    config.write_text(config.read_text().replace("workers = 1", "workers = 2"))
    assert start(config).wait(120) == 3
    run = config.parent / "runs" / os.listdir(config.parent / "runs")[0]
    database = sqlite3.connect(run / "journal.sqlite")
    entries = list(database.execute("select reason, count, detail from ledger"))
    documents = database.execute("select sum(documents) from units").fetchone()[0]
    assert [entry[0] for entry in entries] == ["crashed"]
    assert documents + entries[0][1] == len(TEXTS)


STOPS = {  # where a run is held until the signal comes, so that it cannot be over before
    "observing": ("letters, upper = (pc", "{hold}; letters, upper = (pc"),
    "measuring": ("rows = seen.sql(", "{hold}; rows = seen.sql("),
    "in a query": (
        "rows = seen.sql(",
        "{mark}; list(seen.stream('select sum(a.range * b.range) from range(1000000) a, range(1000000) b')); rows = seen.sql(",
    ),
}


@pytest.mark.parametrize("where", STOPS)
def test_an_interrupted_run_says_how_to_go_on(config: Path, start: Start, where: str):
    held = config.parent / "held"
    mark = f"import pathlib, time; pathlib.Path({str(held)!r}).touch()"
    found, put = STOPS[where]
    source = config.parent / "site" / "fmaudit_shouting.py"
    source.write_text(source.read_text().replace(found, put.format(hold=f"{mark}; time.sleep(60)", mark=mark)))
    process = start(config)
    while process.poll() is None and not held.exists():
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    output = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 130, output
    assert "the same command goes on from here" in output
