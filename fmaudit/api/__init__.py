"""The Python face: run an audit.toml, open a run, read its results; the CLI is written on nothing else."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fmaudit.api.auditing import run as run
    from fmaudit.api.results import Run as Run
    from fmaudit.api.results import open_run as open_run

__all__ = ["Run", "open_run", "run"]


def __getattr__(name: str) -> Any:
    """Import on first use."""
    homes = {"run": "auditing", "Run": "results", "open_run": "results"}
    if name not in homes:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"fmaudit.api.{homes[name]}"), name)
