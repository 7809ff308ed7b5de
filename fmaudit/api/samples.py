"""Finds the sample data, in an installed wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

import fmaudit
from fmaudit.errors import FmauditError

__all__ = ["sample_data"]


def sample_data() -> Path:
    """Return the folder with the sample corpus, its key and its audit.toml."""
    package = Path(fmaudit.__file__).parent
    for folder in (package / "_sample_data", package.parent / "sample_data"):
        if (folder / "audit.toml").is_file():
            return folder
    raise FmauditError("the sample data is missing from this installation", hint="reinstall fmaudit")
