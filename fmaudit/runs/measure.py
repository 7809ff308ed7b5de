"""Measures what was observed: every audit over its target's rows, into metrics, findings and exhibits on disk."""

from __future__ import annotations

import json
import shutil
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from fmaudit.errors import in_line
from fmaudit.records import NOTHING_MEASURED, Evidence, Exhibit, Finding, Measurement, Metric, MetricStatus, Severity
from fmaudit.runs.audits import PlannedAudit
from fmaudit.runs.columns import documents_schema
from fmaudit.runs.corpora import CorpusPlan
from fmaudit.runs.journal import Journal
from fmaudit.runs.models import UNABLE, rows_schema
from fmaudit.runs.plan import Plan
from fmaudit.runs.rows import OBSERVATIONS, parts
from fmaudit.runs.signals import SIGNAL_FAILED, failed_signal
from fmaudit.runs.tokenizers import AUDIT_FAILED
from fmaudit.store.layout import RunDirectory
from fmaudit.store.reader import Session, TargetObservations
from fmaudit.store.results import AuditRecord, FindingRow, MetricRow, canonical_json, findings_table, metrics_table
from fmaudit.store.writer import write_bytes, write_table

__all__ = ["Measured", "measure_run", "target_views"]

Excerpt = Callable[[str, Evidence], Evidence]


@dataclass(slots=True)
class Measured:
    """Everything one run's audits said."""

    metrics: list[MetricRow] = field(default_factory=list)
    findings: list[FindingRow] = field(default_factory=list)
    exhibits: list[tuple[str, str, Exhibit]] = field(default_factory=list)  # audit, target, exhibit
    audits: list[AuditRecord] = field(default_factory=list)


def measure_run(
    plan: Plan, run: RunDirectory, journal: Journal, schemas: Mapping[str, Mapping[str, pa.Schema]], excerpt: Excerpt | None = None
) -> Measured:
    """Measure every audit and write the results; an audit that raises is recorded and stops no other.

    `schemas` maps each corpus to its signals' and tallies' schemas; `excerpt` fills in the text around evidence, where it can.
    """
    measured = Measured()
    for last in (False, True):  # audits that sum up what others found come last
        found = _measurements(plan, measured) if last else ()
        for corpus in plan.corpora:
            audits = [one for one in plan.audits if one.target == corpus.name and one.audit.sums_up is last]
            if audits:
                _measure_corpus(corpus, audits, run, journal, schemas[corpus.name], measured, excerpt, found)
        for kind, targets in (("tokenizer", plan.tokenizers), ("model", plan.models)):
            for target in targets:
                for planned in target.audits:
                    if planned.audit.sums_up is last:
                        _measure_rows(planned, kind, target.uri, run, journal, measured, found)
    _write(run, measured)
    return measured


def _measurements(plan: Plan, measured: Measured) -> tuple[Measurement, ...]:
    """Give what was measured so far to the audits that sum it up."""
    kinds = {
        **{corpus.name: "corpus" for corpus in plan.corpora},
        **{target.name: "tokenizer" for target in plan.tokenizers},
        **{target.name: "model" for target in plan.models},
    }
    return tuple(Measurement(audit=row.audit, target=row.target, kind=kinds[row.target], metric=row.metric) for row in measured.metrics)


def _measure_corpus(
    corpus: CorpusPlan,
    audits: Sequence[PlannedAudit],
    run: RunDirectory,
    journal: Journal,
    schemas: Mapping[str, pa.Schema],
    measured: Measured,
    excerpt: Excerpt | None,
    found: Sequence[Measurement],
) -> None:
    """Measure audits of a corpus over its documents and tallies."""
    session = Session(run.root, target_views(run, journal, corpus, schemas))
    settings = corpus.settings
    seen = TargetObservations(
        session, corpus.name, sampled=settings.sample, metadata=settings.metadata, signals=tuple(corpus.signals), measured=found
    )
    failed = _failed_signals(journal, corpus)
    for planned in audits:
        _measure_one(planned, seen, failed, measured, excerpt)
    session.close()


def _measure_rows(
    planned: PlannedAudit, kind: str, uri: str, run: RunDirectory, journal: Journal, measured: Measured, found: Sequence[Measurement]
) -> None:
    """Measure one audit of a tokenizer or a model over its own rows."""
    audit: Any = planned.audit
    files = parts(run.root, journal, planned.target, planned.name)
    if not files:
        schema = rows_schema(audit) if kind == "model" else audit.schema
        files = [run.observations(planned.name, planned.target) / "empty.parquet"]
        write_table(files[0], schema.empty_table())
    session = Session(run.root, {OBSERVATIONS: files})
    seen = TargetObservations(session, planned.target, kind=kind, uri=uri, measured=found)
    _measure_one(planned, seen, {}, measured, None, _unseen(planned, journal))
    session.close()


def _unseen(planned: PlannedAudit, journal: Journal) -> str:
    """Say why an audit has no rows at all, where that was noted."""
    noted = (entry for _, entry in journal.ledger(planned.target) if entry.file == planned.name and entry.reason in (UNABLE, AUDIT_FAILED))
    return next((entry.detail for entry in noted), "")


def target_views(run: RunDirectory, journal: Journal, corpus: CorpusPlan, schemas: Mapping[str, pa.Schema]) -> dict[str, list[Path]]:
    """List the parts of each view of a corpus in corpus order; a view without rows gets an empty part."""
    views: dict[str, list[Path]] = {name: [] for name in ("documents", *corpus.tallies)}
    for unit in journal.units(corpus.name):
        for name, part in unit.parts.items():
            if name in views:
                views[name].append(run.root / part)
    for name, files in views.items():
        if not files:
            files.append(_empty_part(run, corpus, name, schemas))
    return views


def _empty_part(run: RunDirectory, corpus: CorpusPlan, name: str, schemas: Mapping[str, pa.Schema]) -> Path:
    path = run.observations(name, corpus.name) / "empty.parquet"
    signals = {signal: schemas[signal] for signal in corpus.signals}
    schema = documents_schema(corpus.settings.metadata, signals) if name == "documents" else schemas[name]
    write_table(path, schema.empty_table())
    return path


def _failed_signals(journal: Journal, corpus: CorpusPlan) -> dict[str, str]:
    """Find signals that gave nothing on every document: their audits cannot be measured."""
    documents = sum(unit.documents for unit in journal.units(corpus.name))
    failures: dict[str, tuple[int, str]] = {}
    for _, entry in journal.ledger(corpus.name):
        if entry.reason == SIGNAL_FAILED:
            name = failed_signal(entry)
            count, first = failures.get(name, (0, entry.detail))
            failures[name] = (count + entry.count, first)
    return {name: detail for name, (count, detail) in failures.items() if count >= documents}


def _measure_one(
    planned: PlannedAudit,
    seen: TargetObservations,
    failed: Mapping[str, str],
    measured: Measured,
    excerpt: Excerpt | None,
    unseen: str = "",
) -> None:
    """Measure one audit; a cause that is known (`failed` signals, rows that are `unseen`) is told in place of what it leads to."""
    record = AuditRecord(
        audit=planned.name,
        target=planned.target,
        title=planned.audit.title,
        version=planned.audit.version,
        plugin=planned.plugin,
        plugin_version=planned.plugin_version,
        parameters=planned.parameters,
        headlines=tuple(planned.audit.headlines),
    )
    needs = getattr(planned.audit, "signals", ())
    causes = [unseen] if unseen else [failed[name] for name in needs if name in failed]
    try:
        if causes:
            raise RuntimeError(causes[0])
        one = Measured()
        _sort_results(planned, planned.audit.measure(seen), one, excerpt)
        one.findings += _without_a_figure(planned, one)
        metrics_table(one.metrics), findings_table(one.findings)  # what cannot be written is the audit's fault, and costs it alone
    except Exception as error:  # a plugin may raise anything
        frames = traceback.extract_tb(error.__traceback__)
        where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames and not causes else ""
        measured.audits.append(replace(record, error=f"{type(error).__name__}: {in_line(error)[:500]}{where}"))
        return
    measured.audits.append(record)
    measured.metrics += one.metrics
    measured.findings += one.findings
    measured.exhibits += one.exhibits


def _without_a_figure(planned: PlannedAudit, one: Measured) -> Iterator[FindingRow]:
    """Say that an audit gave no figure at all of its target: a run that is complete would otherwise seem to have found nothing amiss."""
    if one.exhibits or any(row.metric.status is MetricStatus.OK for row in one.metrics) or (one.findings and not one.metrics):
        return
    notes = list(dict.fromkeys(row.metric.note for row in one.metrics if row.metric.note))
    why = (
        f": {notes[0]}" + ("" if len(notes) == 1 else f" (and {len(notes) - 1} more {'reason' if len(notes) == 2 else 'reasons'})")
        if notes
        else ""
    )
    sentence = f"The audit {planned.name} measured nothing{why}."
    advice = (
        "Look at the notes of its metrics (fmaudit results RUN), at what was not examined, and at what fmaudit plan says of this target."
    )
    own = any(row.finding.severity is not Severity.NOTE for row in one.findings)  # the audit says more of it itself
    finding = Finding(code=NOTHING_MEASURED, severity=Severity.NOTE if own else Severity.WARNING, sentence=sentence, advice=advice)
    yield FindingRow(audit=planned.name, target=planned.target, finding=finding)


def _sort_results(planned: PlannedAudit, results: Iterable[Any], measured: Measured, excerpt: Excerpt | None) -> None:
    for result in results:
        if isinstance(result, Metric):
            measured.metrics.append(MetricRow(audit=planned.name, target=planned.target, metric=_plain_numbers(result)))
        elif isinstance(result, Finding):
            if excerpt is not None:
                result = replace(result, evidence=tuple(excerpt(planned.target, item) for item in result.evidence))
            measured.findings.append(FindingRow(audit=planned.name, target=planned.target, finding=result))
        elif isinstance(result, Exhibit):
            measured.exhibits.append((planned.name, planned.target, result))
        else:
            raise TypeError(f"{planned.name}: measure yields Metric, Finding or Exhibit, not {type(result).__name__}")


def _plain_numbers(metric: Metric) -> Metric:
    """Turn what SQL and numpy count with (Decimal, int64) into plain numbers."""
    clusters = None if metric.n_clusters is None else int(metric.n_clusters)
    value = None if metric.value is None else float(metric.value)
    ends = metric.interval
    interval = None if ends is None else replace(ends, low=float(ends.low), high=float(ends.high))
    return replace(metric, value=value, n=int(metric.n), n_clusters=clusters, interval=interval)


def _write(run: RunDirectory, measured: Measured) -> None:
    write_table(run.metrics, metrics_table(measured.metrics))
    write_table(run.findings, findings_table(measured.findings))
    write_bytes(run.audits, canonical_json([_plain(asdict(record)) for record in measured.audits]))
    _write_exhibits(run, measured.exhibits)


def _write_exhibits(run: RunDirectory, exhibits: Sequence[tuple[str, str, Exhibit]]) -> None:
    if run.exhibits.exists():
        shutil.rmtree(run.exhibits)
    index = []
    for number, (audit, target, exhibit) in enumerate(exhibits):
        name = f"{number:03d}-{_slug(audit)}-{_slug(target)}-{_slug(exhibit.name)}.parquet"
        write_table(run.exhibits / name, exhibit.data)
        entry = {key: getattr(exhibit, key) for key in ("name", "title", "kind", "caption", "unit", "log")}
        entry |= {"audit": audit, "target": target, "file": name, "encoding": dict(exhibit.encoding), "spec": exhibit.spec}
        index.append(_plain(entry))
    write_bytes(run.exhibits / "index.json", canonical_json(index))


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name)[:60]


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))
