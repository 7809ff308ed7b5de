"""What will be read of a corpus, and what is computed over it: files, splits, signals, with the fingerprints of everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fmaudit.audit import CorpusAudit
from fmaudit.config import Config, CorpusSettings
from fmaudit.corpus.splits import Fields, Limits, Reader, SourceFile, Split
from fmaudit.errors import ConfigError, CorpusError, FmauditError
from fmaudit.records import LedgerEntry
from fmaudit.runs.audits import PlannedAudit, broken_hint
from fmaudit.runs.fingerprints import code_digest, digest

if TYPE_CHECKING:
    from fmaudit.hooks.manager import PluginManager

__all__ = ["CorpusPlan", "corpus_plan"]


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


def corpus_plan(
    name: str, config: Config, audits: Sequence[PlannedAudit], plugins: PluginManager, readers: Mapping[str, Reader], observe: bool
) -> CorpusPlan:
    """Resolve one corpus. Without `observe` it may be gone. Raises CorpusError without a readable file."""
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
        input={file.path: digest(file.fingerprint, asdict(fields), asdict(limits)) for file, _ in sources.files},
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
        raise ConfigError(f"audit.{planned.name}: it needs the signal {name!r}, which no loaded plugin provides", hint=broken_hint(plugins))
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
            prints[name] = digest(item.version, owner.version, code_digest(type(item).__module__), dict(given), item.fingerprint(), needs)
    return prints
