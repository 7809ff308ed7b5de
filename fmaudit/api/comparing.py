"""Compares two runs on disk: reads their metrics, plans and the rows behind the metrics."""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmaudit.errors import FmauditError
from fmaudit.judge.comparing import Comparison, Key, Rows, RunRows, compare_metrics
from fmaudit.judge.paired import ItemTable
from fmaudit.judge.parts import PartTable
from fmaudit.judge.sameness import made_from
from fmaudit.judge.settings import changed_settings
from fmaudit.runs.journal import Journal
from fmaudit.store.reader import Session, TargetObservations
from fmaudit.store.results import MetricRow

if TYPE_CHECKING:
    from fmaudit.api.results import Run
    from fmaudit.audit import Audit

__all__ = ["compare_runs", "matches", "models_of", "run_rows"]

Notes = list[str]


def compare_runs(before: Run, after: Run, metric: str = "") -> Comparison:
    """Compare every metric that two runs share; `metric` is a glob over full names, or names without slice.

    Raises RunError where a run has no results. What an audit cannot tell of its rows costs the pairing only, and is noted.
    """
    notes: Notes = []
    wanted = {name for run in (before, after) for name in _named(run.metric_rows(), metric)} if metric else None
    sides = [run_rows(run, label, wanted, notes) for run, label in ((before, "before"), (after, "after"))]
    found = compare_metrics(*sides, seed=int(after.plan.get("seed") or 0), wanted=lambda name: matches(name, metric))
    if metric:
        found = replace(
            found,
            drifts=tuple(one for one in found.drifts if matches(one.title, metric)),
            only_before=tuple(pair for pair in found.only_before if matches(pair[0], metric)),
            only_after=tuple(pair for pair in found.only_after if matches(pair[0], metric)),
        )
        if not (found.differences or found.drifts or found.only_before or found.only_after):
            notes.append(f"no metric of these runs matches {metric!r}; fmaudit results RUN lists the names")
    settings = changed_settings(before.plan, after.plan, (models_of(before), models_of(after)))
    return replace(found, before=before.id, after=after.id, settings=settings, notes=tuple(notes))


def matches(name: str, glob: str) -> bool:
    """Tell whether a metric's full name, or its name without the slice, matches."""
    escaped = glob.replace("[", "[[]")
    return not glob or any(fnmatch.fnmatchcase(each, escaped) for each in (name, name.partition("{")[0]))


def run_rows(run: Run, label: str, wanted: set[str] | None, notes: Notes) -> RunRows:
    """Read a run's metrics and what its audits give to compare them by; `wanted` names metrics as audit.metric, None takes all."""
    metrics = [row for row in run.metric_rows() if wanted is None or f"{row.audit}.{row.metric.name}" in wanted]
    notes += run.left_out({row.audit for row in metrics})
    rows: dict[Key, dict[str, Rows]] = {}
    better: dict[Key, dict[str, str]] = {}
    for record, audit in _audits(run):
        key = (record["audit"], record["target"])
        better[key] = dict(audit.better)
        try:
            tables = _tables(run, record, audit, wanted)
        except Exception as error:  # a plugin may raise anything: then the intervals are compared
            notes.append(
                f"{label}: {key[0]} on {key[1]} gave no rows to pair ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
            )
            continue
        rows[key] = tables
    _told_by_checks(run.plan, metrics, better)
    return RunRows(metrics, rows, better, made_from(run.plan))


def _named(rows: Sequence[MetricRow], glob: str) -> Iterator[str]:
    """Name the metrics that match, without slice: a family is compared as a whole, and shown in part."""
    yield from {f"{row.audit}.{row.metric.name}" for row in rows if matches(row.name, glob)}
    yield glob.partition("{")[0]  # of rows that become a metric only when compared


def _audits(run: Run) -> Iterator[tuple[Mapping[str, Any], Audit]]:
    """Make the audits of a run again, with the parameters it had; those whose plugin is gone or not permitted are left out."""
    known = run.plugins.audits
    for record in run.plan["audits"]:
        kind = known.get(record["audit"])
        if kind is not None:
            with contextlib.suppress(ValueError, FmauditError):  # parameters of another version of the plugin
                yield record, kind(kind.Params.model_validate(record["parameters"]))


def _tables(run: Run, record: Mapping[str, Any], audit: Audit, wanted: set[str] | None) -> dict[str, Rows]:
    if wanted is not None and not any(name.startswith(f"{record['audit']}.") for name in wanted):
        return {}
    with _observations(run, record["target"], record["audit"]) as seen:
        given = audit.compared(seen) if seen is not None else {}
    chosen = {name: table for name, table in given.items() if wanted is None or f"{record['audit']}.{name}" in wanted}
    return {name: PartTable(table) if "amount" in table.column_names else ItemTable(table) for name, table in chosen.items()}


@contextlib.contextmanager
def _observations(run: Run, target: str, audit: str) -> Iterator[TargetObservations | None]:
    """Open what an audit saw of a target as `measure` saw it, None where there is nothing."""
    plan, root = run.plan, run.directory.root
    views = _views(run, target, audit, corpus=target in plan["corpora"])
    if not views:
        yield None
        return
    session = Session(root, views)
    try:
        if target in plan["corpora"]:
            settings, signals = plan["settings"]["corpus"][target], tuple(plan["corpora"][target]["signals"])
            yield TargetObservations(session, target, sampled=settings["sample"], metadata=settings["metadata"], signals=signals)
        else:
            kind = "tokenizer" if target in plan["tokenizers"] else "model"
            yield TargetObservations(session, target, kind=kind, uri=plan[f"{kind}s"][target]["uri"])
    finally:
        session.close()


def _views(run: Run, target: str, audit: str, *, corpus: bool) -> dict[str, list[Path]]:
    """List the parts of every table; empty where the run looked at nothing."""
    from fmaudit.runs.rows import OBSERVATIONS, parts

    journal = Journal(run.directory.journal, readonly=True)
    try:
        if not corpus:
            files = parts(run.directory.root, journal, target, audit)
            return {OBSERVATIONS: files} if files else {}
        views: dict[str, list[Path]] = {}
        for unit in journal.units(target):
            for name, part in unit.parts.items():
                views.setdefault(name, []).append(run.directory.root / part)
        return views if "documents" in views else {}
    finally:
        journal.close()


def _told_by_checks(plan: Mapping[str, Any], metrics: Sequence[MetricRow], better: dict[Key, dict[str, str]]) -> None:
    """Take the good direction from the checks: who sets a maximum does not want more."""
    from fmaudit.judge.checks import normal_name

    for check in plan["settings"].get("check") or ():
        falls = check.get("max") is not None or check.get("max_rise") is not None
        rises = check.get("min") is not None or check.get("max_fall") is not None
        if falls == rises:
            continue
        name = normal_name(check["metric"])
        for row in metrics:
            if row.name == name and check["target"] in ("", row.target):
                better.setdefault((row.audit, row.target), {})[name] = "lower" if falls else "higher"


def models_of(run: Run) -> dict[str, Mapping[str, Any]]:
    """Read what the journal of a run knows of its models, by name."""
    journal = Journal(run.directory.journal, readonly=True)
    try:
        return {name: journal.get(f"model {name}") or {} for name in run.plan.get("models", {})}
    finally:
        journal.close()
