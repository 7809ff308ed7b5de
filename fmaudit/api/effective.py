"""Every setting that holds for an audit.toml, those nobody wrote included, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmaudit.api.checking import load_checked
from fmaudit.config.load import Config, leaves
from fmaudit.hooks.manager import PluginManager, load_plugins

__all__ = ["Setting", "effective_settings"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One value by its dotted key, as `--set` takes it, with its origin: a line, the environment, `--set` or "default"."""

    key: str
    value: Any
    origin: str


def effective_settings(path: str | Path, overrides: Sequence[str] = (), *, plugins: Sequence[str] = ()) -> list[Setting]:
    """List the settings of an audit.toml in its own order, with the defaults of every audit it names.

    Raises ConfigError as a run would. Targets are not opened.
    """
    config = load_checked(path, overrides, plugins=plugins)
    manager = load_plugins((*config.settings.plugins, *plugins))
    values = dict(leaves(config.settings.model_dump(mode="json")))
    for key, value in _parameters(config, manager):
        values.setdefault(key, value)
    return [Setting(key, value, _origin(key, config.origins)) for key, value in _grouped(values)]


def _parameters(config: Config, manager: PluginManager) -> Iterator[tuple[str, Any]]:
    from fmaudit.runs.audits import planned_audits

    for planned in planned_audits(config, manager):
        yield from leaves(planned.parameters, f"audit.{planned.name}")


def _origin(key: str, origins: Mapping[str, str]) -> str:
    """Find where a value was written: at its own key, or as part of a table or list written as one."""
    parts = key.split(".")
    written = (origins.get(".".join(parts[:length])) for length in range(len(parts), 0, -1))
    return next((origin for origin in written if origin), "default")


def _grouped(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keep the keys of one table together, in the order in which the tables come first."""
    tables: dict[str, list[tuple[str, Any]]] = {}
    for key, value in values.items():
        tables.setdefault(".".join(key.split(".")[:2]), []).append((key, value))
    for rows in tables.values():
        yield from rows
