"""Resolves settings into a plan: which files, which signals, which audits, with the fingerprints of everything."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fmaudit.audit import CorpusAudit
from fmaudit.config import Config, CorpusSettings, explain_validation, suggest
from fmaudit.corpus.splits import Fields, Limits, Reader, SourceFile, Split
from fmaudit.errors import ConfigError, CorpusError, FmauditError
from fmaudit.records import LedgerEntry

if TYPE_CHECKING:
    from fmaudit.audit import Audit
    from fmaudit.hooks.manager import PluginManager

__all__ = ["CorpusPlan", "Plan", "PlannedAudit", "make_plan", "plan_document"]


@dataclass(frozen=True, slots=True)
class PlannedAudit:
    """One audit of one target, with validated parameters."""

    audit: Audit
    target: str
    plugin: str
    plugin_version: str

    @property
    def name(self) -> str:
        """The audit's name."""
        return self.audit.name

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters as plain JSON values."""
        return self.audit.params.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class CorpusPlan:
    """One corpus: its files and splits, and what is computed over them."""

    name: str
    settings: CorpusSettings
    fields: Fields
    limits: Limits
    files: tuple[SourceFile, ...]
    splits: tuple[Split, ...]
    ledger: tuple[LedgerEntry, ...]
    signals: Mapping[str, Mapping[str, Any]]
    tallies: Mapping[str, Mapping[str, Any]]
    fingerprints: Mapping[str, str]  # of signals and tallies
    input: Mapping[str, str]  # of files, with fields and limits

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run will do."""

    config: Config
    corpora: tuple[CorpusPlan, ...]
    audits: tuple[PlannedAudit, ...]


def make_plan(config: Config, plugins: PluginManager, readers: Mapping[str, Reader], *, observe: bool = True) -> Plan:
    """Resolve and check everything that can be known before work starts.

    Without `observe` a corpus may be gone: its rows are there already, and only evidence goes without excerpts.
    Raises ConfigError for unknown audits, targets and parameters, CorpusError for a corpus without a readable file.
    """
    audits = _planned_audits(config, plugins)
    if not audits:
        raise ConfigError("audit.toml names no audit", hint="add [audit.corpus-language] or [audit.corpus-quality] with targets")
    named = [name for name in config.settings.corpus if any(audit.target == name for audit in audits)]
    corpora = tuple(_corpus_plan(name, config, [a for a in audits if a.target == name], plugins, readers, observe) for name in named)
    return Plan(config, corpora, audits)


# -- audits ------------------------------------------------------------------------------------------------------


def _planned_audits(config: Config, plugins: PluginManager) -> tuple[PlannedAudit, ...]:
    planned = []
    for name, settings in config.settings.audit.items():
        kind = plugins.audits.get(name)
        if kind is None:
            raise ConfigError(f"audit.{name}: no such audit; {suggest(name, list(plugins.audits))}", hint=_broken_hint(plugins))
        params = _params(name, kind, settings.parameters, config.folder)
        owner = plugins.owner("audits", name)
        targets = _targets(name, kind, settings.targets, config)
        planned += [PlannedAudit(kind(params), target, owner.name, owner.version) for target in targets]
    return tuple(planned)


def _params(name: str, kind: type[Audit], given: Mapping[str, Any], folder: Path) -> Any:
    """Validate an audit's parameters; a relative path among them starts from the folder of audit.toml."""
    try:
        params = kind.Params.model_validate(given)
    except ValidationError as error:
        raise ConfigError(explain_validation(error, f"audit.{name}", kind.Params)) from None
    paths = {key: folder / value for key, value in params if isinstance(value, Path)}
    return params.model_copy(update=paths) if paths else params


def _targets(name: str, kind: type[Audit], given: Sequence[str] | None, config: Config) -> Sequence[str]:
    """Name the audit's targets: as given, or all of the fitting kind."""
    fitting = list(config.settings.corpus) if issubclass(kind, CorpusAudit) else []
    if given is None:
        if not fitting:
            raise ConfigError(f"audit.{name}: there is no corpus to audit", hint="add a [corpus.NAME] table")
        return fitting
    for target in given:
        if target not in fitting:
            raise ConfigError(f"audit.{name}: {target!r} is not a corpus; {suggest(target, fitting)}")
    return given


def _broken_hint(plugins: PluginManager) -> str:
    broken = [f"plugin {info.name!r} is broken: {info.cause}" for info in plugins.broken]
    available = [info.name for info in plugins.plugins.values() if info.state == "available"]
    if available:
        broken.append(f"installed but not named in plugins = [...]: {', '.join(available)}")
    return "\n  ".join(broken)


# -- corpora -----------------------------------------------------------------------------------------------------


def _corpus_plan(
    name: str, config: Config, audits: Sequence[PlannedAudit], plugins: PluginManager, readers: Mapping[str, Reader], observe: bool
) -> CorpusPlan:
    from fmaudit.corpus.sources import Sources, resolve_sources

    settings = config.settings.corpus[name]
    run = config.settings.run
    fields = Fields(settings.text, settings.id, settings.url, settings.language, settings.domain, settings.metadata)
    limits = Limits(run.batch_bytes, document_bytes=settings.max_document_bytes, sample=settings.sample, salt=str(run.seed))
    try:
        sources = resolve_sources(settings.path, config.folder, readers=readers, format=settings.format)
    except CorpusError:
        if observe:
            raise
        sources = Sources(())
    splits, ledger = _splits(sources.files, readers, run.split_bytes)
    signals, tallies = _needed(audits, plugins)
    return CorpusPlan(
        name=name,
        settings=settings,
        fields=fields,
        limits=limits,
        files=tuple(file for file, _ in sources.files),
        splits=tuple(splits),
        ledger=(*sources.ledger, *ledger),
        signals=signals,
        tallies=tallies,
        fingerprints=_fingerprints(signals, tallies, plugins),
        input={file.path: _digest(file.fingerprint, asdict(fields), asdict(limits)) for file, _ in sources.files},
    )


def _splits(files: Sequence[tuple[SourceFile, str]], readers: Mapping[str, Reader], size: int) -> tuple[list[Split], list[LedgerEntry]]:
    """List the splits of every file; a file that cannot be opened goes to the ledger."""
    splits: list[Split] = []
    ledger: list[LedgerEntry] = []
    for file, format_ in files:
        try:
            splits += readers[format_].splits(file, size)
        except (FmauditError, OSError, ValueError) as error:
            ledger.append(LedgerEntry(file.path, 0, "unreadable", " ".join(str(error).split())[:300], file.size))
    return splits, ledger


def _needed(audits: Sequence[PlannedAudit], plugins: PluginManager) -> tuple[dict[str, Mapping[str, Any]], dict[str, Mapping[str, Any]]]:
    """Collect the signals and tallies of a corpus's audits, needs first, with the parameters of the audit that owns them."""
    signals: dict[str, Mapping[str, Any]] = {}
    tallies: dict[str, Mapping[str, Any]] = {}
    for planned in audits:
        audit = planned.audit
        if not isinstance(audit, CorpusAudit):
            continue
        for name in audit.signals:
            _add_signal(name, planned, audits, plugins, signals, ())
        for name in audit.wants:
            if name in plugins.signals:
                _add_signal(name, planned, audits, plugins, signals, ())
        for name in audit.tallies:
            if name not in plugins.tallies:
                raise ConfigError(f"audit.{planned.name}: it needs the tally {name!r}, which no loaded plugin provides")
            for need in plugins.tallies[name].needs:
                _add_signal(need, planned, audits, plugins, signals, ())
            tallies.setdefault(name, _owner_params("tallies", name, audits, plugins))
    return signals, tallies


def _add_signal(
    name: str,
    planned: PlannedAudit,
    audits: Sequence[PlannedAudit],
    plugins: PluginManager,
    signals: dict[str, Mapping[str, Any]],
    path: tuple[str, ...],
) -> None:
    if name in path:
        raise ConfigError(f"signals need one another in a circle: {' -> '.join([*path, name])}")
    if name not in plugins.signals:
        raise ConfigError(
            f"audit.{planned.name}: it needs the signal {name!r}, which no loaded plugin provides", hint=_broken_hint(plugins)
        )
    for need in plugins.signals[name].needs:
        _add_signal(need, planned, audits, plugins, signals, (*path, name))
    signals.setdefault(name, _owner_params("signals", name, audits, plugins))


def _owner_params(kind: str, name: str, audits: Sequence[PlannedAudit], plugins: PluginManager) -> Mapping[str, Any]:
    """Take what it reads of its own plugin's audit, else nothing: a guest never changes the host's rows."""
    owner = plugins.owner(kind, name).name
    reads = plugins.signals[name].reads if kind == "signals" else plugins.tallies[name].reads
    for planned in audits:
        audit = planned.audit
        if planned.plugin == owner and isinstance(audit, CorpusAudit) and name in (*audit.signals, *audit.tallies):
            return {key: value for key, value in planned.parameters.items() if key in reads}
    return {}


def _fingerprints(
    signals: Mapping[str, Mapping[str, Any]], tallies: Mapping[str, Mapping[str, Any]], plugins: PluginManager
) -> dict[str, str]:
    """Fingerprint every signal and tally: version, code, parameters, models, and the signals it needs."""
    prints: dict[str, str] = {}
    for kind, table, params in (("signals", plugins.signals, signals), ("tallies", plugins.tallies, tallies)):
        for name, given in params.items():
            item: Any = table[name](given)
            needs = [prints[need] for need in item.needs]
            owner = plugins.owner(kind, name)
            prints[name] = _digest(item.version, owner.version, code_digest(type(item).__module__), dict(given), item.fingerprint(), needs)
    return prints


def code_digest(module: str) -> str:
    """Hash the Python sources of a module's top-level package, so that changed code is noticed even under an unchanged version."""
    package = importlib.import_module(module.split(".")[0])
    file = getattr(package, "__file__", None)
    if not file:
        return ""
    root = Path(file)
    sources = sorted(root.parent.rglob("*.py")) if root.name == "__init__.py" else [root]
    digest = hashlib.blake2b(digest_size=16)
    for source in sources:
        digest.update(source.relative_to(root.parent).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def _digest(*values: Any) -> str:
    return hashlib.blake2b(json.dumps(values, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()


# -- plan.json ---------------------------------------------------------------------------------------------------


def plan_document(plan: Plan, plugins: PluginManager, created: str) -> dict[str, Any]:
    """Lay the plan out as plan.json: resolved settings with origins, targets, audits, plugins, versions, hardware."""
    return {
        "schema": 1,
        "created": created,
        "config": {"path": str(plan.config.path or ""), "folder": str(plan.config.folder)},
        "settings": plan.config.settings.model_dump(mode="json"),
        "origins": dict(sorted(plan.config.origins.items())),
        "seed": plan.config.settings.run.seed,
        "corpora": {corpus.name: _corpus_document(corpus) for corpus in plan.corpora},
        "audits": [
            {
                "audit": a.name,
                "target": a.target,
                "title": a.audit.title,
                "version": a.audit.version,
                "plugin": a.plugin,
                "plugin_version": a.plugin_version,
                "parameters": a.parameters,
            }
            for a in plan.audits
        ],
        "plugins": [
            {"name": p.name, "distribution": p.distribution, "version": p.version, "state": p.state, "cause": p.cause}
            for p in sorted(plugins.plugins.values(), key=lambda p: p.name)
        ],
        "environment": _environment(),
    }


def _corpus_document(corpus: CorpusPlan) -> dict[str, Any]:
    return {
        "files": [asdict(file) for file in corpus.files],
        "fields": asdict(corpus.fields),
        "limits": asdict(corpus.limits),
        "splits": len(corpus.splits),
        "formats": sorted({split.format for split in corpus.splits}),
        "signals": {name: dict(params) for name, params in corpus.signals.items()},
        "tallies": {name: dict(params) for name, params in corpus.tallies.items()},
        "fingerprints": dict(corpus.fingerprints),
    }


def _environment() -> dict[str, str]:
    packages = ("fmaudit", "duckdb", "numba", "numpy", "pyarrow", "scipy", "spacy", "fasttext-predict", "langdetect")
    versions = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count() or 1),
        **versions,
    }
