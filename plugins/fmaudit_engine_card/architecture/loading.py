"""Finds a configuration: a file, a folder, a name of a published model, or the values themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from fmaudit import ModelError, published_config, published_configs

__all__ = ["is_folder", "read_config"]


def read_config(config: str | Path | Mapping[str, object]) -> tuple[Mapping[str, Any], str]:
    """Return the values and where they come from. Raises ModelError."""
    if isinstance(config, Mapping):
        return config, "the configuration"
    if isinstance(config, str) and config in published_configs():
        return _parsed(published_config(config), config), config
    path = Path(config)
    path = path / "config.json" if path.is_dir() else path
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        hint = f"give a config.json, the folder it lies in, or one of: {', '.join(published_configs())}"
        raise ModelError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}", hint=hint) from None
    return _parsed(data, str(path)), str(path)


def is_folder(config: str | Path | Mapping[str, object]) -> TypeGuard[str | Path]:
    """Tell whether a folder was named, where a checkpoint may lie."""
    return not isinstance(config, Mapping) and config not in published_configs() and Path(config).is_dir()


def _parsed(data: bytes, where: str) -> Mapping[str, Any]:
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: not JSON: {error}", hint="a model's config.json is needed") from None
    if not isinstance(values, dict):
        raise ModelError(f"{where}: holds {type(values).__name__}, not an object", hint="a model's config.json is needed")
    return values
