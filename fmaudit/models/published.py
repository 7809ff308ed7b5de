"""Configurations of published models, written from published figures: what a name stands for where no file is at hand."""

from __future__ import annotations

import difflib
from importlib import resources

from fmaudit.errors import ModelError

__all__ = ["published_config", "published_configs"]


def published_configs() -> tuple[str, ...]:
    """Name the models whose configuration comes with fmaudit, sorted: "llama-2-7b" ..."""
    folder = resources.files("fmaudit.models").joinpath("data/configs")
    return tuple(sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json")))


def published_config(name: str) -> bytes:
    """Read the config.json of a published model. Raises ModelError, which lists the names, for another."""
    known = published_configs()
    if name not in known:
        close = difflib.get_close_matches(name.lower(), known, 1)
        meant = f"did you mean {close[0]}? " if close else ""
        raise ModelError(f"no configuration of {name!r} comes with fmaudit", hint=f"{meant}known: {', '.join(known)}")
    return resources.files("fmaudit.models").joinpath(f"data/configs/{name}.json").read_bytes()
