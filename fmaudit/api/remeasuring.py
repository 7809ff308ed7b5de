"""Measures a finished run again: new thresholds, new checks, a newer audit, over the rows it has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fmaudit.api.auditing import Prepared, prepare_config
from fmaudit.api.results import Run
from fmaudit.config import Settings, load_config
from fmaudit.errors import ConfigError, RunError
from fmaudit.runs.journal import Journal

__all__ = ["prepare_again"]

_OBSERVED = ("corpus", "tokenizer", "model", "run")  # what the rows were made with: measuring cannot change it


def prepare_again(run: Run, config: str | Path | None = None, overrides: Sequence[str] = ()) -> Prepared:
    """Plan with the settings the run was observed with, and audits, checks and reports as they are in audit.toml now.

    What the run was told on its command line or by the environment still holds, unless `overrides` say otherwise. Raises RunError
    for a run that is not finished, ConfigError for an override of what was observed.
    """
    _check_observed(run)
    plan = run.plan
    for text in overrides:
        if text.partition(".")[0].strip() in _OBSERVED:
            raise ConfigError(f"--set {text}: the rows are already observed", hint="run the audit again to observe with other settings")
    told = [*_told(plan), *overrides]
    fresh = load_config(config or plan["config"]["path"], told)
    observed = Settings.model_validate(plan["settings"])
    fixed = {name: getattr(observed, name) for name in _OBSERVED}
    folder = Path(plan["config"]["folder"])
    origins = {key: value for key, value in plan["origins"].items() if key.partition(".")[0] in _OBSERVED}
    kept = {key: value for key, value in fresh.origins.items() if key.partition(".")[0] not in _OBSERVED}
    settings = fresh.settings.model_copy(update=fixed)
    plugins = [plugin["name"] for plugin in plan["plugins"] if plugin["state"] == "loaded"]
    return prepare_config(replace(fresh, settings=settings, folder=folder, origins=origins | kept), plugins=plugins, observe=False)


def _check_observed(run: Run) -> None:
    journal = Journal(run.directory.journal, readonly=True)
    observed = journal.get("observed", run.directory.manifest.is_file())
    units = sum(1 for _ in journal.units())
    journal.close()
    if not observed:
        raise RunError(f"{run.id} is not finished: {units} units are observed", hint="fmaudit run with the same audit.toml goes on with it")


def _told(plan: Mapping[str, Any]) -> list[str]:
    """Write what came from the command line and the environment as overrides again."""
    told = []
    for key, origin in plan["origins"].items():
        if origin.startswith(("--set ", "environment ")) and key.partition(".")[0] not in _OBSERVED:
            value = _at(plan["settings"], key)
            if value is not None:
                told.append(f"{key}={json.dumps(value)}")
    return told


def _at(tree: Any, key: str) -> Any:
    from fmaudit.config.load import split_key

    for part in split_key(key):
        try:
            tree = tree[int(part)] if isinstance(tree, list) else tree[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return tree
