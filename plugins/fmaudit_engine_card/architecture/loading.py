"""Finds a configuration: a file, a folder, a name of a published model, or the values themselves."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from fmaudit import ModelError, published_config, published_configs

__all__ = ["HasDict", "checkpoint_folder", "read_config"]

_WAYS = "a config.json, the folder it lies in, its values as a mapping, a configuration of transformers, or one of"


@runtime_checkable
class HasDict(Protocol):
    """A configuration that lays itself out as plain values, as those of transformers do."""

    def to_dict(self) -> dict[str, Any]:
        """Return the values."""


Source = str | Path | Mapping[str, object] | HasDict


def read_config(config: Source) -> tuple[Mapping[str, Any], str]:
    """Return the values and where they come from; a path or a published name may be written as its URI is. Raises ModelError."""
    if isinstance(config, HasDict) and not isinstance(config, type | Mapping):
        config = config.to_dict()
    if isinstance(config, Mapping):
        return config, "the configuration"
    if not isinstance(config, str | Path):
        raise ModelError(f"{_short(config)} is no configuration", hint=f"give {_WAYS}: {', '.join(published_configs())}")
    if _name(config) in published_configs():
        return _parsed(published_config(_name(config)), _name(config)), _name(config)
    path = _path(config)
    path = path / "config.json" if path.is_dir() else path
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        close = difflib.get_close_matches(_name(config).lower(), published_configs(), 1)
        hint = f"{f'did you mean {close[0]}? ' if close else ''}give {_WAYS}: {', '.join(published_configs())}"
        raise ModelError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}", hint=hint) from None
    return _parsed(data, str(path)), str(path)


def checkpoint_folder(config: Source) -> Path | None:
    """Return the folder that was named, where a checkpoint may lie; None for anything else."""
    if not isinstance(config, str | Path) or _name(config) in published_configs():
        return None
    path = _path(config)
    return path if path.is_dir() else None


def _name(config: str | Path) -> str:
    """Return what may be the name of a published model: "config:llama-2-7b" is llama-2-7b."""
    return config.removeprefix("config:") if isinstance(config, str) else ""


def _path(config: str | Path) -> Path:
    """Return the path that is named, whether by itself or as a URI: "config:models/chat" is models/chat."""
    return Path(config.removeprefix("config:") if isinstance(config, str) else config)


def _short(given: object) -> str:
    """Write what was given in one short line: an object may print pages."""
    text = repr(given)
    return text if len(text) <= 40 and "\n" not in text and not text.startswith("<") else f"an object of the type {type(given).__name__}"


def _parsed(data: bytes, where: str) -> Mapping[str, Any]:
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: not JSON: {error}", hint="a model's config.json is needed") from None
    if not isinstance(values, dict):
        raise ModelError(f"{where}: holds {type(values).__name__}, not an object", hint="a model's config.json is needed")
    return values
