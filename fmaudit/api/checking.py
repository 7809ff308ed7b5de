"""What can be known of an audit before it runs: whether its audits are there and its cases can be made, and which settings do nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fmaudit.audit import ModelAudit
from fmaudit.config.load import Config, line_of, load_config, suggest
from fmaudit.errors import ConfigError
from fmaudit.hooks.manager import load_plugins
from fmaudit.suites.suite import SuiteAudit

if TYPE_CHECKING:
    from fmaudit.config import CheckSettings
    from fmaudit.runs.models import ModelPlan
    from fmaudit.runs.plan import Plan

__all__ = ["check_audits", "check_limits", "check_models", "idle_settings", "load_checked"]


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

    Raises what the audits raise: ConfigError for a wrong parameter or item, and for suites of which a model can be asked none.
    """
    for model in plan.models:
        for planned in model.audits:
            if isinstance(planned.audit, ModelAudit):
                planned.audit.check()
                planned.audit.fingerprint()  # reads every file that the cases depend on
    for model, audit in _suites_of_models(plan):
        unable = _unable(model, audit)
        if len(unable) == len(audit.suites):
            lacking = "; ".join(f"{name}: it cannot {words}" for name, words in unable.items())
            message = f"audit.{audit.name}: no suite can be asked of the model {model.name!r} ({model.uri}): {lacking}"
            raise ConfigError(message, hint=f"leave {model.name!r} out of targets, or name suites that it can be asked")


def check_models(plan: Plan) -> None:
    """Let every model look at what it will be read from, as far as that is quickly done. Raises ModelError."""
    for model in plan.models:
        if model.backend is not None:
            model.backend.check()


def check_limits(config: Config, plan: Plan, formats: Collection[str]) -> None:
    """See that every check names an audit and a target of this audit.toml and every report a known format.

    What an audit measures is not known before it ran; the rest of a wrong name is told then. Raises ConfigError.
    """
    problems = [(f"check.{at}.{key}", told) for at, check in enumerate(config.settings.check) for key, told in _wrong_names(check, plan)]
    unknown = [name for name in config.settings.report.formats if name not in formats]
    problems += [("report.formats", f"no such format {name!r}; {suggest(name, sorted(formats))}") for name in unknown]
    if problems:
        raise ConfigError("\n".join(f"{_place(config.path, key)}: {told}" for key, told in problems))


def _place(file: Path | None, key: str) -> str:
    line = line_of(file, key) if file else ""
    return f"{file.name if file else 'audit.toml'}{f':{line}' if line else ''}: {key}"


def _wrong_names(check: CheckSettings, plan: Plan) -> Iterator[tuple[str, str]]:
    """Give the key of a check and what is wrong with its value."""
    audit, dot, name = check.metric.strip().partition("{")[0].partition(".")
    audits = sorted({planned.name for planned in plan.audits})
    if not dot or not name.strip():
        yield "metric", f"{check.metric!r}: a metric is written audit.metric or audit.metric{{key=value}}"
    elif audit.strip() not in audits:
        yield "metric", f"no audit {audit!r} is set up here; {suggest(audit, audits)}"
    if not _balanced(check.metric):
        yield "metric", f"{check.metric!r}: one pair of braces at the end holds the slice: audit.metric{{key=value}}"
    targets = sorted([*(one.name for one in plan.corpora), *(one.name for one in plan.tokenizers), *(one.name for one in plan.models)])
    if check.target and check.target not in targets:
        yield "target", f"no corpus, tokenizer or model is called {check.target!r}; {suggest(check.target, targets)}"


def _balanced(metric: str) -> bool:
    return metric.count("{") == metric.count("}") <= 1 and ("{" not in metric or metric.rstrip().endswith("}"))


def idle_settings(plan: Plan) -> list[str]:
    """Say, in sentences, which settings of the audits have no effect, and which suites a model cannot be asked."""
    told = [sentence for planned in plan.audits if isinstance(planned.audit, SuiteAudit) for sentence in planned.audit.warnings()]
    for model, audit in _suites_of_models(plan):
        told += [
            f"audit.{audit.name}: the suite {name!r} says nothing of the model {model.name!r} ({model.uri}), which cannot {words}"
            for name, words in _unable(model, audit).items()
        ]
        told += audit.warnings_of(model.name)
    return list(dict.fromkeys(told))


def _suites_of_models(plan: Plan) -> Iterator[tuple[ModelPlan, SuiteAudit]]:
    """Pair the audits of suites with the models that they will ask."""
    for model in plan.models:
        for planned in model.audits if model.observed else ():
            if isinstance(planned.audit, SuiteAudit):
                yield model, planned.audit


def _unable(model: ModelPlan, audit: SuiteAudit) -> dict[str, str]:
    """Name what a model surely cannot be asked; what only its files can tell is not known yet."""
    return audit.unable(model.backend.capabilities | model.backend.undecided) if model.backend is not None else {}
