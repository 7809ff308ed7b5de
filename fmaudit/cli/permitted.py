"""Which plugins may be imported where a run is read: those that the user names, never those that the run names."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fmaudit.api.results import Run

__all__ = ["open_permitted", "permitted_plugins"]

OWN = "audit.toml"  # in the folder where the command was given
VARIABLE = "FMAUDIT__PLUGINS"  # as everywhere: an environment variable over the file's value


def permitted_plugins(named: Sequence[str] = (), config: Path | None = None) -> tuple[str, ...]:
    """Name the plugins of --plugin, of the environment, and of the audit.toml that was given, else of the one in this folder."""
    files = [config] if config is not None else [Path(OWN)]
    return tuple(dict.fromkeys([*named, *_of_environment(), *(name for file in files for name in _of_file(file))]))


def open_permitted(run: str, runs: Path, named: Sequence[str] = (), config: Path | None = None) -> Run:
    """Open a run by its name with the plugins that the user permits."""
    from fmaudit.api.results import open_run

    return open_run(run, runs, plugins=permitted_plugins(named, config))


def _of_environment() -> Iterable[str]:
    text = os.environ.get(VARIABLE, "")
    try:
        return _names(tomllib.loads(f"value = {text}")["value"]) if text else ()
    except tomllib.TOMLDecodeError:
        return ()


def _of_file(file: Path) -> Iterable[str]:
    """Read the names alone: what else may be wrong with the file is no matter of reading a run."""
    try:
        return _names(tomllib.loads(file.read_text("utf-8")).get("plugins", ()))
    except (OSError, ValueError, RecursionError):
        return ()


def _names(value: Any) -> Iterable[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else ()
