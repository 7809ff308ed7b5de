"""Gathers what a report shows besides its run: what changed since the baseline, and the trend over the runs before."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmaudit.api.baseline import Judged, config_of, find_baseline
from fmaudit.api.comparing import compare_runs, models_of
from fmaudit.api.results import Run
from fmaudit.config import load_config
from fmaudit.errors import FmauditError
from fmaudit.judge.level import shift_of
from fmaudit.judge.settings import SettingChange, changed_settings
from fmaudit.report.collect import collect_report, setting_rows
from fmaudit.report.digest import headlines
from fmaudit.report.document import ReportData, Trend, TrendRun, TrendSeries
from fmaudit.report.places import from_repository
from fmaudit.runs.journal import Journal
from fmaudit.store.layout import RunDirectory, list_runs
from fmaudit.store.reader import read_parquet
from fmaudit.store.results import MetricRow, canonical_json, read_metrics
from fmaudit.store.writer import file_sha256, write_bytes

if TYPE_CHECKING:
    from fmaudit.judge.comparing import Comparison

__all__ = ["formats_override", "gather_check", "gather_report", "gather_trend", "update_manifest"]

RUNS = 30  # of a trend
FEWEST = 3
SERIES = 24
ROWS = 1_000_000  # of two runs together that a report compares without being asked: more take minutes
NONE = "none"  # as a baseline's name: compare with nothing


def gather_report(run: Run, journal: Journal | None = None, *, baseline: str = "") -> ReportData:
    """Collect a measured run's report, with its comparison and its trend.

    `baseline` names the run to compare with, or is "none"; else it is that of audit.toml, or the newest good run of the same
    audit.toml before this one. Raises RunError where the named run is not there; what a comparison found on its own cannot read is
    said in the report and costs nothing else.
    """
    opened = journal or Journal(run.directory.journal, readonly=True)
    try:
        data = collect_report(run.directory, opened)
    finally:
        if journal is None:
            opened.close()
    comparison, why = _comparison(run, baseline)
    data = replace(data, comparison=comparison, baseline=why)
    return replace(data, trend=gather_trend(run, data))


def gather_check(run: Run, judged: Judged, config: Path | None = None) -> ReportData:
    """Collect the report of a run whose checks were judged again, with the verdicts and the checks' places as they are now."""
    data = replace(gather_report(run, baseline=judged.baseline or NONE), verdicts=judged.verdicts)
    if config is None:
        return data
    fresh = load_config(config)
    rows = setting_rows(fresh.settings.model_dump(mode="json"), fresh.origins)
    return replace(data, settings=rows, source=from_repository(str(fresh.path or config)))


def formats_override(config: Path, overrides: Sequence[str], formats: Sequence[str]) -> list[str]:
    """Write `--format NAME` as an override of audit.toml: these formats besides those it names."""
    if not formats:
        return []
    named = load_config(config, overrides).settings.report.formats
    return [f"report.formats={json.dumps(list(dict.fromkeys([*named, *formats])))}"]


def update_manifest(run: RunDirectory, written: Iterable[Path]) -> None:
    """Enter reports that were written again into the manifest of a finished run, so that `fmaudit verify` goes on to hold."""
    if not run.manifest.is_file():
        return
    manifest = json.loads(run.manifest.read_bytes())
    entries = {path.name: {"sha256": file_sha256(path), "bytes": path.stat().st_size} for path in written if path.parent == run.root}
    if any(manifest["files"].get(name) != entry for name, entry in entries.items()):
        manifest["files"] |= entries
        write_bytes(run.manifest, canonical_json(manifest))


@dataclass(frozen=True, slots=True)
class _Past:
    """A run of a trend, with what else can have changed in it."""

    run: Run
    created: str
    plan: Mapping[str, Any]
    models: Mapping[str, Mapping[str, Any]]


def gather_trend(run: Run, data: ReportData) -> Trend | None:
    """Follow the report's chief metrics and those of its checks over the finished runs of the same audit.toml up to this one.

    None where there are fewer than three; a run that cannot be read is left out.
    """
    wanted = _wanted(data)
    past = _past(run) if wanted else []
    if len(past) < FEWEST:
        return None
    names = {name for name, _ in wanted}
    tables = [{(row.name, row.target): row for row in _rows(one.run, names)} for one in past]
    before: list[_Past | None] = [None, *past[:-1]]
    runs = tuple(TrendRun(id=one.run.id, created=one.created, changes=_changes(old, one)) for old, one in zip(before, past, strict=True))
    ids = [run.id for run in runs]
    return Trend(runs=runs, series=tuple(_series(key, tables, ids) for key in wanted))


def _comparison(run: Run, baseline: str) -> tuple[Comparison | None, str]:
    if baseline == NONE:
        return None, ""
    plan = run.plan
    if baseline:
        found, why = find_baseline(run.directory, baseline, Path())
        return (compare_runs(Run(found, plugins=run.permitted), run) if found is not None else None), why
    try:
        found, why = find_baseline(run.directory, plan["settings"].get("baseline", {}).get("run", ""), Path(plan["config"]["folder"]))
        if found is None:
            earlier = _earlier(run)
            if not earlier:
                return None, ""
            found, why = earlier[-1], "the run before; none of the same audit.toml ended well"
        before = Run(found, plugins=run.permitted)
        rows = _observed(before) + _observed(run)
        if rows > ROWS:
            return None, f"not compared with {found.id} to save minutes over {rows:,} rows: fmaudit report {run.id} --baseline {found.id}"
        return compare_runs(before, run), why
    except Exception as error:  # an old or damaged run must not cost this one's report
        return None, f"not compared with a run before: {' '.join(str(error).split())[:300]}"


def _observed(run: Run) -> int:
    journal = Journal(run.directory.journal, readonly=True)
    try:
        return sum(unit.documents for unit in journal.units())
    finally:
        journal.close()


def _past(run: Run) -> list[_Past]:
    """List the finished runs of the same audit.toml that came before, and the run itself."""
    found = (*_earlier(run)[-(RUNS - 1) :], run.directory)
    return [past for one in found if (past := _read(Run(one))) is not None]


def _earlier(run: Run) -> list[RunDirectory]:
    """List the finished runs of the same audit.toml before a run, oldest first."""
    config = config_of(run.directory)
    earlier = itertools.takewhile(lambda other: other.root != run.directory.root, list_runs(run.directory.root.parent))
    return [one for one in earlier if config and one.manifest.is_file() and one.metrics.is_file() and config_of(one) == config]


def _read(run: Run) -> _Past | None:
    try:
        journal = Journal(run.directory.journal, readonly=True)
        created = str(journal.get("created", ""))
        journal.close()
        return _Past(run, created, run.plan, models_of(run))
    except (FmauditError, OSError, ValueError, KeyError):
        return None


def _changes(before: _Past | None, after: _Past) -> tuple[SettingChange, ...]:
    return changed_settings(before.plan, after.plan, (before.models, after.models)) if before is not None else ()


def _wanted(data: ReportData) -> list[tuple[str, str]]:
    """Name the metrics of a trend with their targets: first those that checks look at."""
    known = {(row.name, row.target) for row in data.metrics}
    checked = [(verdict.metric, verdict.target) for verdict in data.verdicts]
    chief = [(row.name, row.target) for row in headlines(data)]
    return [key for key in dict.fromkeys([*checked, *chief]) if key in known][:SERIES]


def _rows(run: Run, names: Iterable[str]) -> list[MetricRow]:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        table = read_parquet(run.directory.metrics)
        return read_metrics(table.filter(pc.is_in(table["metric"], pa.array(sorted(names), pa.string()))))
    except (FmauditError, OSError, ValueError, KeyError):
        return []


def _series(key: tuple[str, str], tables: Sequence[dict[tuple[str, str], MetricRow]], runs: Sequence[str]) -> TrendSeries:
    rows = [table.get(key) for table in tables]
    newest = next(row for row in reversed(rows) if row is not None)
    metrics = tuple(row.metric if row is not None and row.metric.unit == newest.metric.unit else None for row in rows)
    return TrendSeries(audit=newest.audit, target=newest.target, name=key[0], metrics=metrics, shift=shift_of(metrics, runs))
