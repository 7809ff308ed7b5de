"""Finds the sample data, in an installed wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

from fmaudit.errors import FmauditError, ModelError

__all__ = ["builtin_model", "sample_data"]


def sample_data() -> Path:
    """Return the folder with the sample corpus, its key and its audit.toml."""
    package = Path(__file__).parent
    for folder in (package / "_sample_data", package.parent / "sample_data"):
        if (folder / "audit.toml").is_file():
            return folder
    raise FmauditError("the sample data is missing from this installation", hint="reinstall fmaudit")


def builtin_model(name: str) -> Path:
    """Return the folder of a built-in model. Raises ModelError that lists what there is."""
    folder = sample_data() / "models"
    known = sorted(path.parent.name for path in folder.glob("*/config.json"))
    if name not in known:
        raise ModelError(f"there is no built-in model {name!r}", hint=f"there are: {', '.join(known) or 'none in this installation'}")
    return folder / name
