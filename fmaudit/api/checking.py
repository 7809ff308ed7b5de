"""What can be known of an audit before it runs: whether its audits are there and its cases can be made, and which settings do nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fmaudit.audit import ModelAudit
from fmaudit.config.load import Config, line_of, load_config, suggest
from fmaudit.errors import ConfigError
from fmaudit.hooks.manager import load_plugins
from fmaudit.suites.suite import SuiteAudit

if TYPE_CHECKING:
    from fmaudit.runs.plan import Plan

__all__ = ["check_audits", "idle_settings", "load_checked"]


def load_checked(path: str | Path, overrides: Sequence[str] = (), *, plugins: Sequence[str] = ()) -> Config:
    """Read and validate audit.toml; where something is wrong with it, say which of its audits no plugin has, too.

    Raises ConfigError as `load_config` does. Where all else is right, planning tells of the audits.
    """
    try:
        return load_config(path, overrides)
    except ConfigError as error:
        more = list(_unknown_audits(Path(path), plugins))
        if not more:
            raise
        raise ConfigError("\n".join([str(error.args[0]), *more]), hint=error.hint) from None


def _unknown_audits(file: Path, plugins: Sequence[str]) -> Iterator[str]:
    """Look at the names alone, in a file of which other things are wrong."""
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return
    named, audits = raw.get("plugins"), raw.get("audit")
    if not isinstance(audits, dict):
        return
    own = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    known = load_plugins((*own, *plugins)).audits
    for name in audits:
        if name not in known:
            yield f"{file.name}:{line_of(file, f'audit.{name}')}: audit.{name}: no such audit; {suggest(name, list(known))}"


def check_audits(plan: Plan) -> None:
    """Let every model audit look at what it was given, so that a missing file or a misspelt suite is told before there is a run directory.

    Raises what the audits raise: ConfigError for a wrong parameter or item.
    """
    for model in plan.models:
        for planned in model.audits:
            if isinstance(planned.audit, ModelAudit):
                planned.audit.check()
                planned.audit.fingerprint()  # reads every file that the cases depend on


def idle_settings(plan: Plan) -> list[str]:
    """Say, in sentences, which settings of the audits have no effect."""
    told = (sentence for planned in plan.audits if isinstance(planned.audit, SuiteAudit) for sentence in planned.audit.warnings())
    return list(dict.fromkeys(told))
