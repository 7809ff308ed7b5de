"""Opens a run and reads its results: metrics, findings, documents; a running audit is never blocked."""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmaudit.errors import ConfigError, RunError
from fmaudit.runs.journal import Journal
from fmaudit.store.layout import RunDirectory, find_run
from fmaudit.store.reader import Session, read_parquet
from fmaudit.store.results import FindingRow, MetricRow, read_findings, read_metrics

if TYPE_CHECKING:
    import pyarrow as pa

    from fmaudit.audit import DocumentFilter
    from fmaudit.hooks.manager import PluginManager

__all__ = ["Run", "open_run"]

FOOTERS = 20_000  # files whose footers are kept in memory while a session is open
_PLAIN = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


class Run:
    """A run on disk."""

    def __init__(self, directory: RunDirectory, exit_code: int | None = None, *, plugins: Sequence[str] = ()) -> None:
        """Open a run directory; `open_run` finds one by name.

        `plugins` names those that may be imported besides the built-in ones. What the run says of itself permits none: it may come
        from a stranger.
        """
        self.directory = directory
        self.exit_code = exit_code
        self.permitted = tuple(dict.fromkeys(plugins))

    @property
    def id(self) -> str:
        """The run's id."""
        return self.directory.id

    @property
    def plan(self) -> dict[str, Any]:
        """plan.json: settings with origins, targets, audits, versions."""
        try:
            return json.loads(self.directory.plan.read_bytes())  # type: ignore[no-any-return]
        except (OSError, ValueError) as error:
            raise RunError(f"{self.directory.plan}: cannot be read: {error}") from error

    def metric_rows(self) -> list[MetricRow]:
        """The metrics as records."""
        return read_metrics(self.metrics())

    def finding_rows(self) -> list[FindingRow]:
        """The findings as records."""
        return read_findings(self._finished(self.directory.findings))

    def metrics(self) -> pa.Table:
        """The metrics as a table: metric, audit, name, slice, target, value, low, high, n, n_clusters, unit, method, status."""
        return self._finished(self.directory.metrics)

    def findings(self) -> pa.Table:
        """The findings as a table."""
        return self._finished(self.directory.findings)

    def documents(self, target: str = "", where: str = "", columns: Sequence[str] = ()) -> pa.Table:
        """The per-document rows of a corpus; `where` is SQL over them, `columns` defaults to all.

        The column `rules` holds the verdicts of every rule set that the run's audits can replay.
        """
        with self._session(target) as session:
            return session.sql(_documents_query(where, columns))

    def document_batches(self, target: str = "", where: str = "", columns: Sequence[str] = ()) -> Iterator[list[dict[str, Any]]]:
        """The same rows as lists of dictionaries, a batch at a time."""
        with self._session(target) as session:
            for batch in session.stream(_documents_query(where, columns)):
                yield batch.to_pylist()

    def responses(self, target: str = "", audit: str = "", where: str = "", columns: Sequence[str] = ()) -> pa.Table:
        """The rows of an audit of a model or a tokenizer: a row per case and sample, or per sentence; `where` is SQL over them.

        Raises ConfigError where the run has several and none is named, RunError where it has none.
        """
        with self._rows_session(target, audit) as (session, table):
            return session.sql(_documents_query(where, columns, table))

    def response_batches(
        self, target: str = "", audit: str = "", where: str = "", columns: Sequence[str] = ()
    ) -> Iterator[list[dict[str, Any]]]:
        """The same rows as lists of dictionaries, a batch at a time."""
        with self._rows_session(target, audit) as (session, table):
            for batch in session.stream(_documents_query(where, columns, table)):
                yield batch.to_pylist()

    def observed(self) -> list[tuple[str, str]]:
        """The (target, audit) pairs that `responses` has rows of."""
        plan = self.plan
        asked = {*plan.get("models", {}), *plan.get("tokenizers", {})}
        return [(audit["target"], audit["audit"]) for audit in plan["audits"] if audit["target"] in asked]

    def verify(self) -> list[str]:
        """Compare every file with the manifest; returns a sentence per difference."""
        from fmaudit.runs.sealed import changed_files

        return changed_files(self.directory)

    def targets(self) -> list[str]:
        """The names of the run's corpora."""
        return sorted(self.plan["corpora"])

    def filters(self, target: str = "") -> list[DocumentFilter]:
        """The decisions that the run's audits can replay over a corpus."""
        return _filters(self.plan, self._target(target), self.plugins)

    @functools.cached_property
    def plugins(self) -> PluginManager:
        """The built-in plugins and those that were permitted; what else the run was made with stays unimported."""
        from fmaudit.hooks.manager import load_plugins

        return load_plugins(self.permitted)

    def left_out(self, audits: Collection[str] | None = None, *, target: str = "") -> list[str]:
        """Say of which audits nothing can be replayed or paired, for want of which plugin, and how to allow it.

        Of all audits of the run, or of those among `audits`, or of those of a target.
        """
        missing: dict[str, list[str]] = {}
        for record in self.plan["audits"]:
            name = record["audit"]
            if name not in self.plugins.audits and (audits is None or name in audits) and target in ("", record["target"]):
                missing.setdefault(record["plugin"], []).append(name)
        return [
            f"{self.id}: what only audit {', '.join(dict.fromkeys(names))} can replay or pair is left out: {self._why_not(plugin)}"
            for plugin, names in missing.items()
        ]

    def unloaded(self) -> list[str]:
        """Say of every plugin that the run was made with and that is not loaded here why, and how to allow it."""
        names = [plugin["name"] for plugin in self.plan["plugins"] if plugin["state"] == "loaded"]
        known = self.plugins.plugins
        return [self._why_not(name) for name in names if name not in known or known[name].state != "loaded"]

    def not_permitted(self, plugins: Sequence[str]) -> list[str]:
        """Say of which of these plugins, which are installed, the caller permitted none."""
        known = self.plugins.plugins
        return [self._why_not(name) for name in plugins if name in known and known[name].state == "available"]

    def _why_not(self, plugin: str) -> str:
        info = self.plugins.plugins.get(plugin)
        if info is None or not info.module:
            return f"plugin {plugin!r} is not installed here"
        if info.state == "broken":
            return f"plugin {plugin!r} is broken: {info.cause}"
        if info.state == "loaded":
            return f"plugin {plugin!r} no longer brings it"
        return f"plugin {plugin!r} is not loaded; {how_to_permit(plugin)}"

    def _target(self, target: str) -> str:
        targets = self.targets()
        if target and target not in targets:
            raise ConfigError(f"the run has no corpus {target!r}", hint=f"it has: {', '.join(targets)}")
        if not target and len(targets) != 1:
            raise ConfigError("the run has several corpora", hint=f"name one with --target: {', '.join(targets)}")
        return target or targets[0]

    def open_documents(self, target: str = "", *, rules: bool = True) -> Session:
        """Open the per-document rows of a corpus as the view `documents`, to ask many queries; the caller closes it.

        Without `rules` the view lacks the column of the rule sets' verdicts; `filters` has their SQL.
        """
        from fmaudit.store.reader import quote

        target = self._target(target)
        journal = Journal(self.directory.journal, readonly=True)
        parts = [self.directory.root / unit.parts["documents"] for unit in journal.units(target) if "documents" in unit.parts]
        journal.close()
        parts = parts or [self.directory.observations("documents", target) / "empty.parquet"]
        if not parts[0].is_file():
            raise RunError(f"{self.id} has no documents of {target} yet", hint="fmaudit run goes on with it")
        filters = _filters(self.plan, target, self.plugins) if rules else []
        packed = ", ".join(f"{quote(item.name)} := {_verdict_sql(item)}" for item in filters)
        derived = {"documents": f"select *, struct_pack({packed}) as rules from documents_only"} if filters else {}
        few = 1 < len(parts) <= FOOTERS
        return Session(self.directory.root, {"documents_only" if filters else "documents": parts}, derived=derived, keep_footers=few)

    def open_responses(self, target: str = "", audit: str = "") -> Session:
        """Open the rows of an audit of a model or a tokenizer as the view `observations`; the caller closes it."""
        from fmaudit.runs.rows import OBSERVATIONS, parts

        target, audit = self._observed_one(target, audit)
        journal = Journal(self.directory.journal, readonly=True)
        files = parts(self.directory.root, journal, target, audit)
        journal.close()
        if not files:
            raise RunError(f"{self.id} has no responses of {target} to {audit} yet", hint="fmaudit run goes on with it")
        return Session(self.directory.root, {OBSERVATIONS: files})

    @contextlib.contextmanager
    def _session(self, target: str) -> Iterator[Session]:
        with contextlib.closing(self.open_documents(target)) as session:
            yield session

    @contextlib.contextmanager
    def _rows_session(self, target: str, audit: str) -> Iterator[tuple[Session, str]]:
        from fmaudit.runs.rows import OBSERVATIONS

        with contextlib.closing(self.open_responses(target, audit)) as session:
            yield session, OBSERVATIONS

    def _observed_one(self, target: str, audit: str) -> tuple[str, str]:
        """Find the one pair that is meant."""
        pairs = self.observed()
        if not pairs:
            raise RunError(f"{self.id} has no responses: it audited no model", hint="documents() has the rows of its corpora")
        found = [pair for pair in pairs if target in ("", pair[0]) and audit in ("", pair[1])]
        shown = ", ".join(f"--target {name} --audit {kind}" for name, kind in found or pairs)
        if not found:
            raise ConfigError(f"the run has no responses of {target or 'any model'} to {audit or 'any audit'}", hint=f"it has: {shown}")
        if len(found) > 1:
            raise ConfigError("the run has several tables of responses", hint=f"name one: {shown}")
        return found[0]

    def _finished(self, path: Path) -> pa.Table:
        if not path.is_file():
            raise RunError(f"{self.id} has no results yet", hint="fmaudit run goes on with it; fmaudit measure repeats only the measuring")
        return read_parquet(path)


def open_run(name: str = "latest", directory: str | Path = "runs", *, plugins: Sequence[str] = ()) -> Run:
    """Open a run by id, by path, or the latest; `plugins` names those that may be imported besides the built-in ones."""
    return Run(find_run(name, Path(directory)), plugins=plugins)


def how_to_permit(plugin: str) -> str:
    """Say how to have a plugin loaded where a run is read."""
    return f'allow it with --plugin {plugin}, plugins = ["{plugin}"] in ./audit.toml, or open_run(..., plugins=["{plugin}"])'


def _filters(plan: dict[str, Any], target: str, plugins: PluginManager) -> list[DocumentFilter]:
    from fmaudit.audit import CorpusAudit

    filters: list[DocumentFilter] = []
    kept = set(plan["settings"]["corpus"][target]["metadata"])
    for planned in plan["audits"]:
        kind = plugins.audits.get(planned["audit"])
        if planned["target"] == target and kind is not None and issubclass(kind, CorpusAudit):
            audit = kind(kind.Params.model_validate(planned["parameters"]))
            filters += [item for item in audit.filters() if kept.issuperset(item.metadata)]
    return filters


def _verdict_sql(item: DocumentFilter) -> str:
    fields = [f"kept := ({item.keep})", f"first_reason := ({item.first_reason})", f"reasons := ({item.reasons})"]
    if item.cleaned_sha256 is not None:
        fields.append(f"cleaned_sha256 := ({item.cleaned_sha256})")
    return f"struct_pack({', '.join(fields)})"


def _documents_query(where: str, columns: Sequence[str], table: str = "documents") -> str:
    from fmaudit.store.reader import quote

    selected = ", ".join(f"{_column(name)} as {quote(name.replace(chr(34), ''))}" for name in columns) if columns else "*"
    return f"select {selected} from {table}" + (f" where {where}" if where else "")


def _column(name: str) -> str:
    """Quote a plain or dotted name (`offset` is a word of SQL's own); anything else is taken as the SQL it is."""
    from fmaudit.store.reader import quote

    return ".".join(quote(part) for part in name.split(".")) if _PLAIN.fullmatch(name) else name
