"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that never ships with the project; tests that need it skip where it is absent."""
    for folder in (os.environ.get("FMAUDIT_SHARED_DATA", ""), ROOT.parent / "shared" / "data"):
        if folder and Path(folder).is_dir():
            return Path(folder)
    pytest.skip("no shared data: set FMAUDIT_SHARED_DATA to its folder")
