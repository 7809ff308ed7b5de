"""Runs are found by what people call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmaudit.errors import RunError
from fmaudit.store.layout import find_run


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
