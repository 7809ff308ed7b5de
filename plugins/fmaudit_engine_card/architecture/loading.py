"""Finds a configuration: a file, a folder, a name of a published model, or the values themselves."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from fmaudit import ModelError, published_config, published_configs

__all__ = ["is_folder", "read_config"]

_WAYS = "a config.json, the folder it lies in, its values as a mapping, or one of"


def read_config(config: str | Path | Mapping[str, object]) -> tuple[Mapping[str, Any], str]:
    """Return the values and where they come from; a name of a published model may be written as its URI is. Raises ModelError."""
    if isinstance(config, Mapping):
        return config, "the configuration"
    if not isinstance(config, str | Path):
        raise ModelError(f"{config!r} is no configuration", hint=f"give {_WAYS}: {', '.join(published_configs())}")
    if _name(config) in published_configs():
        return _parsed(published_config(_name(config)), _name(config)), _name(config)
    path = Path(config)
    path = path / "config.json" if path.is_dir() else path
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        close = difflib.get_close_matches(_name(config).lower(), published_configs(), 1)
        hint = f"{f'did you mean {close[0]}? ' if close else ''}give {_WAYS}: {', '.join(published_configs())}"
        raise ModelError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}", hint=hint) from None
    return _parsed(data, str(path)), str(path)


def is_folder(config: str | Path | Mapping[str, object]) -> TypeGuard[str | Path]:
    """Tell whether a folder was named, where a checkpoint may lie."""
    return not isinstance(config, Mapping) and _name(config) not in published_configs() and Path(config).is_dir()


def _name(config: str | Path) -> str:
    """Return what may be the name of a published model: "config:llama-2-7b" is llama-2-7b."""
    return config.removeprefix("config:") if isinstance(config, str) else ""


def _parsed(data: bytes, where: str) -> Mapping[str, Any]:
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: not JSON: {error}", hint="a model's config.json is needed") from None
    if not isinstance(values, dict):
        raise ModelError(f"{where}: holds {type(values).__name__}, not an object", hint="a model's config.json is needed")
    return values
