"""Carries out a run: plan, observe, measure, judge, report; each stage reads what the one before wrote."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmaudit.api.baseline import check_baseline, find_baseline, judge_run
from fmaudit.api.checking import check_audits, check_limits, check_models, idle_settings, load_checked
from fmaudit.api.observing import Listener, Silent, observe_models, observe_tokenizers, observe_units, plan_remaining
from fmaudit.config import Config
from fmaudit.errors import DeliveryError, FmauditError, RunError, RunInterrupted, RunLocked
from fmaudit.hooks import specs
from fmaudit.hooks.manager import PluginManager, load_plugins
from fmaudit.records import Severity, Verdict, VerdictStatus
from fmaudit.runs.journal import Journal
from fmaudit.runs.plan import Plan, make_plan, plan_document
from fmaudit.store.layout import RunDirectory, list_runs, new_run_directory
from fmaudit.store.results import canonical_json, verdicts_table
from fmaudit.store.writer import file_sha256, write_bytes, write_table

if TYPE_CHECKING:
    import pyarrow as pa

    from fmaudit.api.results import Run
    from fmaudit.corpus.splits import Reader

__all__ = ["Listener", "Outcome", "Prepared", "measure_again", "prepare", "run", "run_prepared"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A configuration with its plugins loaded and its plan made: nothing has been written yet."""

    config: Config
    plugins: PluginManager
    readers: Mapping[str, Reader]
    plan: Plan

    @property
    def warnings(self) -> list[str]:
        """Plugins that are left out, settings that have no effect and suites that will measure nothing, each in a sentence."""
        broken = [f"plugin {info.name!r} is broken and left out: {info.cause}" for info in self.plugins.broken]
        return [*broken, *idle_settings(self.plan)]

    @property
    def permitted(self) -> tuple[str, ...]:
        """The plugins that audit.toml or the caller named: those that its runs may be read with."""
        return tuple(info.name for info in self.plugins.plugins.values() if info.state == "loaded" and not info.builtin)

    @property
    def directory(self) -> Path:
        """Where run directories are made."""
        return self.config.folder / self.config.settings.run.directory


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    run: RunDirectory
    status: str  # "complete" or "partial"
    exit_code: int
    verdicts: tuple[Verdict, ...] = ()
    problems: tuple[str, ...] = field(default=())


def run(path: str | Path, overrides: Sequence[str] = (), *, plugins: Sequence[str] = (), new: bool = False) -> Run:
    """Run an audit.toml and open its results; an unfinished run of the same file is resumed unless `new`.

    Raises ConfigError, CorpusError or RunLocked before any work, RunInterrupted when stopped.
    """
    from fmaudit.api.results import Run

    prepared = prepare(path, overrides, plugins=plugins)
    outcome = run_prepared(prepared, new=new)
    return Run(outcome.run, outcome.exit_code, plugins=prepared.permitted)


def prepare(path: str | Path, overrides: Sequence[str] = (), *, plugins: Sequence[str] = (), recorded: bool = True) -> Prepared:
    """Load the configuration and the plugins it names, and plan; nothing is written. While not `recorded`, recordings may be empty."""
    return prepare_config(load_checked(path, overrides, plugins=plugins), plugins=plugins, recorded=recorded)


def prepare_config(config: Config, *, plugins: Sequence[str] = (), observe: bool = True, recorded: bool = True) -> Prepared:
    """Load the plugins of a configuration, plan, and let its models and their audits look at what they were given.

    To measure only (not `observe`), targets and items may be gone; while answers are not `recorded`, models are not looked at.
    """
    from fmaudit.report.formats import FORMATS
    from fmaudit.runs.readers import all_readers

    check_baseline(config)
    manager = load_plugins((*config.settings.plugins, *plugins))
    readers = all_readers(manager.readers)
    plan = make_plan(config, manager, readers, observe=observe)
    check_limits(config, plan, {*FORMATS, *manager.reporters})
    if observe:
        check_audits(plan)
    if observe and recorded:
        check_models(plan)
    return Prepared(config, manager, readers, plan)


def run_prepared(prepared: Prepared, *, new: bool = False, listener: Listener | None = None) -> Outcome:
    """Do the work, or what is left of it, and deliver the reports. A new run in which nothing could begin leaves no directory."""
    listener = listener or Silent()
    run_, resumed = _open_directory(prepared, new)
    untouched = False
    try:
        with _locked(run_), contextlib.closing(Journal(run_.journal)) as journal:
            try:
                return _carry_out(prepared, run_, journal, resumed, listener)
            except KeyboardInterrupt:
                journal.event(_now(), "interrupted")
                on = "the same command without --new goes on from here" if new else "the same command goes on from here"
                raise RunInterrupted(f"stopped; {run_.id} keeps what is finished", hint=on) from None
            except FmauditError:
                untouched = not resumed and _nothing_begun(prepared, journal)
                raise
    except FmauditError:
        if untouched:
            shutil.rmtree(run_.root, ignore_errors=True)
        raise


def measure_again(prepared: Prepared, run_: RunDirectory) -> Outcome:
    """Measure, judge and report a run again from its observations, with the settings as they are now.

    Raises RunError, and leaves the run as it was, where its files are not those that were sealed.
    """
    from fmaudit.runs.sealed import check_plan, check_sealed

    with _locked(run_):
        journal = Journal(run_.journal)
        try:
            check_plan(run_, journal)
            check_sealed(run_, journal)
            _replan(prepared, run_, journal)
            return _conclude(prepared, run_, journal, Silent())
        finally:
            journal.close()


# -- the stages --------------------------------------------------------------------------------------------------


def _carry_out(prepared: Prepared, run_: RunDirectory, journal: Journal, resumed: bool, listener: Listener) -> Outcome:
    plan = prepared.plan
    created = journal.get("created") or _now()
    journal.set("created", created)
    journal.set("status", "running")
    journal.set("observed", False)
    write_bytes(run_.plan, canonical_json(plan_document(plan, prepared.plugins, created)))
    journal.event(_now(), "resumed" if resumed else "started", f"pid {os.getpid()}")
    _tell(prepared, journal, specs.RunStarted(run=run_.id, directory=str(run_.root), resumed=resumed))
    remaining = plan_remaining(prepared, run_, journal)
    for item in remaining:
        for reason in item.reasons:
            journal.event(_now(), "recomputed", reason)
    listener.started(run_, resumed, remaining, sum(corpus.size for corpus in plan.corpora))
    listener.stage("observe")
    observe_units(prepared, journal, remaining, listener)
    observe_tokenizers(prepared, run_, journal, listener)
    observe_models(prepared, run_, journal, listener)
    journal.set("observed", True)
    return _conclude(prepared, run_, journal, listener)


def _conclude(prepared: Prepared, run_: RunDirectory, journal: Journal, listener: Listener) -> Outcome:
    """Measure, judge, report, and say how it ended."""
    from fmaudit.api.evidence import Excerpts
    from fmaudit.api.results import Run
    from fmaudit.judge import unknown_metrics
    from fmaudit.runs.measure import measure_run
    from fmaudit.runs.sweep import sweep_parts

    plan = prepared.plan
    listener.stage("measure")
    measured = measure_run(plan, run_, journal, _schemas(prepared), Excerpts(plan, prepared.readers))
    for record in measured.audits:
        _tell(prepared, journal, specs.AuditFinished(run=run_.id, directory=str(run_.root), audit=record.audit, target=record.target))
    listener.stage("judge")
    settings = plan.config.settings
    baseline = find_baseline(run_, settings.baseline.run, plan.config.folder)
    verdicts = judge_run(settings.check, measured.metrics, Run(run_, plugins=prepared.permitted), baseline)
    write_table(run_.verdicts, verdicts_table(verdicts))
    for verdict in verdicts:
        if verdict.status is VerdictStatus.FAIL:
            event = specs.CheckFailed(run=run_.id, directory=str(run_.root), check=verdict.check, reason=verdict.reason)
            _tell(prepared, journal, event)
    problems = [f"{record.audit} on {record.target} failed: {record.error}" for record in measured.audits if record.error]
    errors = [f"{row.audit} on {row.target}: {row.finding.sentence}" for row in measured.findings if row.finding.severity is Severity.ERROR]
    sweep_parts(run_.root, journal)
    lost, examined = _lost_and_examined(journal)
    status = "partial" if lost or problems else "complete"
    journal.set("finished", _now())
    journal.set("status", status)
    listener.stage("report")
    undelivered = _reports(prepared, run_, journal)
    incomplete = lost > prepared.config.settings.run.tolerance * (lost + examined) or not _all_seen(prepared, journal)
    unknown = [f"check on {verdict.metric}: {verdict.reason}" for verdict in unknown_metrics(verdicts, measured.metrics)]
    incomplete = incomplete or bool(problems or errors or unknown)
    code = _exit_code(verdicts, incomplete, undelivered)
    journal.set("exit_code", code)
    write_bytes(run_.manifest, canonical_json(_manifest(run_)))
    _tell(prepared, journal, specs.RunFinished(run=run_.id, directory=str(run_.root), status=status, exit_code=code))
    return Outcome(run_, status, code, tuple(verdicts), (*problems, *errors, *unknown, *undelivered))


def _exit_code(verdicts: Sequence[Verdict], incomplete: bool, undelivered: Sequence[str]) -> int:
    """Pick the gravest: incomplete or in error, then a failed check, then an undelivered report."""
    if incomplete:
        return 3
    if any(verdict.status is VerdictStatus.FAIL for verdict in verdicts):
        return 1
    return DeliveryError.exit_code if undelivered else 0


def _reports(prepared: Prepared, run_: RunDirectory, journal: Journal) -> list[str]:
    """Write every report format; returns a sentence for each that could not be written."""
    from fmaudit.api.reporting import gather_report
    from fmaudit.api.results import Run
    from fmaudit.report.formats import write_report

    formats = prepared.config.settings.report.formats
    if not formats:
        return []
    data = gather_report(Run(run_, plugins=prepared.permitted), journal)
    problems = []
    for name in formats:
        try:
            write_report(run_, name, data, prepared.plugins.reporters)
        except Exception as error:  # a report must not cost the run
            problems.append(f"report format {name!r} was not written: {error}")
    return problems


def _replan(prepared: Prepared, run_: RunDirectory, journal: Journal) -> None:
    """Write the settings that are measured with into plan.json; what was observed stays as it was."""
    from fmaudit.runs.sealed import note_plan

    document = json.loads(run_.plan.read_bytes())
    fresh = plan_document(prepared.plan, prepared.plugins, journal.get("created", ""))
    document |= {key: fresh[key] for key in ("settings", "origins", "audits", "plugins", "environment")}
    written = canonical_json(document)
    note_plan(journal, written)
    write_bytes(run_.plan, written)


# -- pieces ------------------------------------------------------------------------------------------------------


def _schemas(prepared: Prepared) -> dict[str, dict[str, pa.Schema]]:
    tables: dict[str, Any] = {**prepared.plugins.signals, **prepared.plugins.tallies}
    return {corpus.name: {name: tables[name].schema for name in (*corpus.signals, *corpus.tallies)} for corpus in prepared.plan.corpora}


def _nothing_begun(prepared: Prepared, journal: Journal) -> bool:
    """Say whether nothing was observed and no model could be opened: the first one that was asked may have answered."""
    return not any(True for _ in journal.units()) and not any(journal.get(f"spent {model.name}") for model in prepared.plan.models)


def _lost_and_examined(journal: Journal) -> tuple[int, int]:
    lost = sum(entry.count for _, entry in journal.ledger() if entry.lost)
    return lost, sum(unit.documents for unit in journal.units())


def _all_seen(prepared: Prepared, journal: Journal) -> bool:
    """Tell whether every corpus had a document: an empty one is a wrong path more often than a result."""
    return all(any(unit.documents for unit in journal.units(corpus.name)) for corpus in prepared.plan.corpora)


def _tell(prepared: Prepared, journal: Journal, event: specs.RunEvent) -> None:
    for complaint in prepared.plugins.tell(event):
        journal.event(_now(), "plugin-complaint", complaint)


def _manifest(run_: RunDirectory) -> dict[str, Any]:
    """Hash every finished file but the observations that are sealed already; the journal goes on changing and checks itself."""
    from fmaudit.runs.sealed import sealed_observations

    skip = {run_.manifest, run_.lock, run_.root / ".lock.json"}
    files = sorted(p for p in run_.root.rglob("*") if p.is_file() and p not in skip and not p.name.startswith(("journal.sqlite", ".")))
    sealed = sealed_observations(run_)
    names = {p.relative_to(run_.root).as_posix(): p for p in files}
    return {
        "schema": 1,
        "files": {name: sealed.get(name) or {"sha256": file_sha256(p), "bytes": p.stat().st_size} for name, p in names.items()},
    }


def _open_directory(prepared: Prepared, new: bool) -> tuple[RunDirectory, bool]:
    """Find the unfinished run of the same audit.toml, or make a directory."""
    directory = prepared.directory
    if not new:
        for candidate in reversed(list_runs(directory)):
            if _unfinished(candidate, str(prepared.config.path or "")):
                return candidate, True
    try:
        return new_run_directory(directory, datetime.datetime.now(datetime.UTC).strftime("%Y%m%d")), False
    except OSError as error:
        raise RunError(
            f"{directory}: cannot make a run directory: {error.strerror}", hint="set run.directory to a writable folder"
        ) from error


def _unfinished(candidate: RunDirectory, config_path: str) -> bool:
    if not candidate.plan.is_file() or candidate.manifest.is_file():
        return False
    try:
        return bool(json.loads(candidate.plan.read_bytes())["config"]["path"] == config_path)
    except (ValueError, KeyError, OSError):
        return False


@contextlib.contextmanager
def _locked(run_: RunDirectory) -> Iterator[None]:
    """Hold the run's lock; raises RunLocked naming who holds it."""
    from filelock import FileLock, Timeout

    note = run_.root / ".lock.json"
    lock = FileLock(run_.lock, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        holder = note.read_text() if note.is_file() else "another process"
        raise RunLocked(f"{run_.id} is being worked on by {holder}", hint="wait for it, or start another run with --new") from None
    try:
        # a whole new file: a link in a stranger's run is replaced, not followed
        write_bytes(note, f"process {os.getpid()} on {socket.gethostname()} since {_now()}".encode())
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
