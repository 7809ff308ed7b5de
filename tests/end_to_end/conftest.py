"""The sample corpus, audited once for all tests of this folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import fmaudit

SAMPLE = Path(__file__).parents[2] / "sample_data"
# The audits keep what they always measure; of a test no report is wanted.
QUIET = ("report.formats=[]",)


@pytest.fixture(scope="session")
def key() -> dict[str, Any]:
    """The answer key."""
    loaded: dict[str, Any] = json.loads((SAMPLE / "planted.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample data."""
    copy = tmp_path_factory.mktemp("sample") / "sample_data"
    shutil.copytree(SAMPLE, copy, ignore=shutil.ignore_patterns("runs"))
    return copy


@pytest.fixture(scope="session")
def demo(sample: Path) -> fmaudit.Run:
    """The run that `fmaudit demo` makes, without its reports."""
    return fmaudit.run(sample / "audit.toml", QUIET)


@pytest.fixture(scope="session")
def metrics(demo: fmaudit.Run) -> dict[str, dict[str, Any]]:
    """The run's metrics by full name."""
    return {row["metric"]: row for row in demo.metrics().to_pylist()}


@pytest.fixture(scope="session")
def documents(demo: fmaudit.Run) -> list[dict[str, Any]]:
    """The run's documents, in the order of the file."""
    rows: list[dict[str, Any]] = demo.documents().to_pylist()
    return sorted(rows, key=lambda row: row["offset"])
