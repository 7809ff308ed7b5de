"""Measures a finished run again: new thresholds, new checks, a newer audit, over the rows it has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from fmaudit.api.auditing import Prepared, prepare_config
from fmaudit.api.results import Run
from fmaudit.audit import Named
from fmaudit.config import Settings, load_config
from fmaudit.errors import ConfigError, RunError
from fmaudit.runs.journal import Journal
from fmaudit.runs.sealed import check_plan

if TYPE_CHECKING:
    from fmaudit.runs.plan import Plan, PlannedAudit

__all__ = ["prepare_again"]

_OBSERVED = ("corpus", "tokenizer", "model", "run")  # what the rows were made with: measuring cannot change it


def prepare_again(run: Run, config: str | Path | None = None, overrides: Sequence[str] = ()) -> Prepared:
    """Plan with the settings the run was observed with, and audits, checks and reports as they are in audit.toml now.

    What the run was told on its command line or by the environment still holds, unless `overrides` say otherwise. Raises RunError
    for a run that is not finished, or whose plan is not the one that was sealed, ConfigError for an override of what was observed, for a
    parameter that changes what is asked or read (the rows would be those of another audit), and for a plugin that is not permitted: the
    run names its audit.toml itself.
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
    if refused := [*run.not_permitted(fresh.settings.plugins), *run.left_out(fresh.settings.audit)]:
        raise ConfigError(f"{run.id} cannot be measured again without its plugins", hint="; ".join(refused))
    config_again = replace(fresh, settings=settings, folder=folder, origins=origins | kept)
    prepared = prepare_config(config_again, plugins=run.permitted, observe=False)
    _check_same_question(prepared.plan, plan)
    return prepared


def _check_observed(run: Run) -> None:
    journal = Journal(run.directory.journal, readonly=True)
    observed = journal.get("observed", run.directory.manifest.is_file())
    units = sum(1 for _ in journal.units())
    try:
        check_plan(run.directory, journal)
    finally:
        journal.close()
    if not observed:
        raise RunError(f"{run.id} is not finished: {units} units are observed", hint="fmaudit run with the same audit.toml goes on with it")


def _check_same_question(fresh: Plan, observed: Mapping[str, Any]) -> None:
    """Raise ConfigError where a parameter that the rows depend on is another one than plan.json says they were made with."""
    before = {(record["audit"], record["target"]): record["parameters"] for record in observed["audits"]}
    for planned in fresh.audits:
        known = before.get((planned.name, planned.target))
        if planned.target not in observed["corpora"] and known is not None:
            fields = type(planned.audit.params).model_fields
            defaults = {key: _plain(fields[key].get_default(call_default_factory=True)) for key in planned.read if key not in known}
            _check_same(planned, defaults | known, planned.read)
    for corpus in fresh.corpora:  # its signals and tallies take the parameters that they read
        then = observed["corpora"][corpus.name]
        for kind, now in (("signals", corpus.signals), ("tallies", corpus.tallies)):
            for name in now.keys() & then[kind].keys():
                for planned in fresh.audits:
                    if planned.target == corpus.name and name in getattr(planned.audit, kind, ()):
                        _check_same(planned, then[kind][name], _plain(dict(now[name])))


def _check_same(planned: PlannedAudit, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    fields = type(planned.audit.params).model_fields
    for key, value in now.items():
        # what other targets are is fixed, and a file of theirs may be gone: which ones are named is what counts
        names = key in fields and any(isinstance(item, Named) for item in fields[key].metadata)
        if key in before and (sorted(before[key]) != sorted(value) if names else before[key] != value):
            raise ConfigError(
                f"audit.{planned.name}.{key if names else _inner(key, before[key], value)} changes what is asked: "
                "the rows were observed with another value",
                hint="use `fmaudit run`: what is known already is not asked again",
            )


def _inner(key: str, before: Any, now: Any) -> str:
    """Name the innermost keys that differ."""
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        return key
    other = next(name for name in [*now, *before] if before.get(name) != now.get(name))
    return f"{key}.{_inner(other, before.get(other), now.get(other))}"


def _plain(value: Any) -> Any:
    """Write a value as plan.json does."""
    return to_jsonable_python(value)


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
