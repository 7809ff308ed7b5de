"""A report that is killed while it is written leaves the old one whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

OLD = b"the old report\n"
# the child writes a report and sends itself SIGKILL at the step that is named: amid the data, before it is on disk, before the rename
CHILD = """
import os, signal, sys
from pathlib import Path
from fmaudit.store.layout import RunDirectory
from fmaudit.report import formats
from fmaudit.report.document import ReportData, RunStatus
from fmaudit.store import writer

run, step = RunDirectory(Path(sys.argv[1])), sys.argv[2]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

class Half:
    def __init__(self, file):
        self.file = file
    def write(self, data):
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        die()

if step == "half":
    real = writer.atomic_file
    import contextlib
    @contextlib.contextmanager
    def atomic(path):
        with real(path) as file:
            yield Half(file)
    writer.atomic_file = atomic
elif step in ("fsync", "replace"):
    setattr(os, step, die)
data = ReportData(run_id="run-1", title="New", status=RunStatus.COMPLETE, created="", finished="", version="1")
formats.write_report(run, "html", data, {})
"""


def write(folder: Path, step: str) -> int:
    return subprocess.run([sys.executable, "-c", CHILD, str(folder), step], check=False, capture_output=True).returncode


@pytest.mark.parametrize("step", ["half", "fsync", "replace"])
def test_a_kill_leaves_the_old_report_whole(tmp_path: Path, step: str):
    report = tmp_path / "report.html"
    report.write_bytes(OLD)
    assert write(tmp_path, step) == -signal.SIGKILL
    assert report.read_bytes() == OLD


def test_without_a_kill_the_new_report_is_whole_and_nothing_else_is_left(tmp_path: Path):
    (tmp_path / "report.html").write_bytes(OLD)
    assert write(tmp_path, "none") == 0
    assert (tmp_path / "report.html").read_text().rstrip().endswith("</html>")
    assert os.listdir(tmp_path) == ["report.html"]
