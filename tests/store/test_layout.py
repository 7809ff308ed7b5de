"""Runs are found by what people call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmaudit.errors import RunError
from fmaudit.store.layout import RunDirectory, find_run, inside, list_runs


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("run-0001-20261101", "run-0002-20261108", "run-0011-20261109"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "plan.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "found"),
    [("run-0001-20261101", "run-0001-20261101"), ("run-0001", "run-0001-20261101"), ("latest", "run-0011-20261109")],
)
def test_a_run_is_found_by_its_id_its_number_or_as_the_latest(runs: Path, name: str, found: str) -> None:
    assert find_run(name, runs).id == found
    assert find_run(str(runs / found), Path("elsewhere")).id == found


@pytest.mark.parametrize("name", ["run-00", "run-0003", "run", ""])
def test_a_part_of_a_number_is_no_run(runs: Path, name: str) -> None:
    with pytest.raises(RunError, match="no run"):
        find_run(name, runs)


FILES = ("plan", "journal", "lock", "metrics", "findings", "verdicts", "audits", "exhibits", "manifest")


@pytest.mark.parametrize("name", FILES)
def test_a_link_out_of_a_run_is_neither_read_nor_written_and_the_run_is_refused_by_name(runs: Path, name: str) -> None:
    run = RunDirectory(runs / "run-0011-20261109")
    own: Path = getattr(run, name)
    outside = runs / "outside"
    outside.write_text("{}")
    own.unlink(missing_ok=True)
    own.symlink_to(outside)
    assert not getattr(run, name).exists()
    for touch in (Path.read_bytes, lambda path: path.write_bytes(b"mine")):
        with pytest.raises(OSError, match="leads out of the run"):
            touch(getattr(run, name))
    assert outside.read_text() == "{}"
    with pytest.raises(RunError, match=r"leads out of the run|no run"):
        find_run(str(run.root), runs)
    assert len(list_runs(runs)) == 3
    assert find_run("run-0002", runs).id == "run-0002-20261108"


def test_a_link_within_a_run_and_a_run_that_is_a_link_are_followed(runs: Path) -> None:
    root = runs / "run-0011-20261109"
    (root / "plan-7.json").write_text("[7]")
    (root / "plan.json").unlink()
    (root / "plan.json").symlink_to("plan-7.json")
    (runs / "newest").symlink_to(root)
    assert find_run(str(runs / "newest"), runs).plan.read_text() == "[7]"


@pytest.mark.parametrize("name", ["../other/part.parquet", "..", "a/../../x", "link/part.parquet", "linked.parquet", "loop", "a\0b/c"])
def test_names_that_lead_out_of_a_run_are_refused(runs: Path, name: str) -> None:
    root = runs / "run-0001-20261101"
    (root / "a").mkdir()
    (root / "link").symlink_to(runs)
    (root / "linked.parquet").symlink_to("/etc/hostname")
    (root / "loop").symlink_to("loop")
    with pytest.raises(RunError):
        inside(root, [root / "a" / "part.parquet", root / name])
    assert inside(root, [root / "a" / ".." / "part.parquet"]) == [root.resolve() / "part.parquet"]
