"""Metrics, findings, verdicts and exhibits as tables, and back as records."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from fmaudit.records import Evidence, Finding, Interval, Metric, MetricStatus, Severity, Verdict, VerdictStatus, full_name

__all__ = [
    "AuditRecord",
    "FindingRow",
    "MetricRow",
    "findings_table",
    "metric_as_json",
    "metrics_table",
    "read_findings",
    "read_metrics",
    "read_verdicts",
    "verdicts_table",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One audit of one target: the stamp every metric carries, its chief metrics, and what went wrong if it did."""

    audit: str
    target: str
    title: str
    version: str
    plugin: str
    plugin_version: str
    parameters: Mapping[str, Any]
    headlines: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """A metric with the audit and target it belongs to."""

    audit: str
    target: str
    metric: Metric

    @property
    def name(self) -> str:
        """The full name, slice included."""
        return full_name(self.audit, self.metric.name, self.metric.slice)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding with the audit and target it belongs to."""

    audit: str
    target: str
    finding: Finding


_SLICE = pa.map_(pa.string(), pa.string())
METRICS: pa.Schema = pa.schema(
    [
        ("metric", pa.string()),
        ("audit", pa.string()),
        ("name", pa.string()),
        ("slice", _SLICE),
        ("target", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("level", pa.float64()),
        ("interval_method", pa.string()),
        ("n", pa.int64()),
        ("n_clusters", pa.int64()),
        ("unit", pa.string()),
        ("method", pa.string()),
        ("status", pa.string()),
        ("note", pa.string()),
    ]
)
_EVIDENCE_FIELDS: list[tuple[str, Any]] = [
    ("file", pa.string()),
    ("offset", pa.int64()),
    ("id", pa.string()),
    ("excerpt", pa.string()),
    ("start", pa.int64()),
    ("stop", pa.int64()),
]
_EVIDENCE: Any = pa.struct(_EVIDENCE_FIELDS)
_FINDING_FIELDS: list[tuple[str, Any]] = [
    ("audit", pa.string()),
    ("target", pa.string()),
    ("code", pa.string()),
    ("severity", pa.string()),
    ("sentence", pa.string()),
    ("metric", pa.string()),
    ("slice", _SLICE),
    ("advice", pa.string()),
    ("evidence", pa.list_(_EVIDENCE)),
]
FINDINGS = pa.schema(_FINDING_FIELDS)
_VERDICT_FIELDS: list[tuple[str, Any]] = [
    *((name, pa.string()) for name in ("check", "metric", "target", "status", "reason")),
    *((name, pa.float64()) for name in ("value", "low", "high")),
]
VERDICTS = pa.schema(_VERDICT_FIELDS)


def metrics_table(rows: Iterable[MetricRow]) -> pa.Table:
    """Lay metrics out as rows, in a stable order."""
    ordered = sorted(rows, key=lambda row: (row.audit, row.target, row.metric.name, sorted(row.metric.slice.items())))
    return pa.Table.from_pylist([_metric_row(row) for row in ordered], schema=METRICS)


def _metric_row(row: MetricRow) -> dict[str, Any]:
    metric = row.metric
    interval = metric.interval
    return {
        "metric": row.name,
        "audit": row.audit,
        "name": metric.name,
        "slice": sorted(metric.slice.items()),
        "target": row.target,
        "value": _finite(metric.value),
        "low": _finite(interval.low) if interval else None,
        "high": _finite(interval.high) if interval else None,
        "level": interval.level if interval else None,
        "interval_method": interval.method if interval else "",
        "n": metric.n,
        "n_clusters": metric.n_clusters,
        "unit": metric.unit,
        "method": metric.method,
        "status": str(MetricStatus.UNDEFINED if metric.status == "ok" and _finite(metric.value) is None else metric.status),
        "note": metric.note,
    }


def read_metrics(table: pa.Table) -> list[MetricRow]:
    """Turn rows back into metrics."""
    return [MetricRow(audit=row["audit"], target=row["target"], metric=_metric(row)) for row in table.to_pylist()]


def _metric(row: Mapping[str, Any]) -> Metric:
    interval = None
    if row["low"] is not None and row["high"] is not None:
        interval = Interval(row["low"], row["high"], row["level"], row["interval_method"])
    return Metric(
        name=row["name"],
        value=row["value"],
        unit=row["unit"],
        n=row["n"],
        interval=interval,
        n_clusters=row["n_clusters"],
        method=row["method"],
        slice=dict(row["slice"]),
        status=MetricStatus(row["status"]),
        note=row["note"],
    )


def metric_as_json(row: MetricRow) -> dict[str, Any]:
    """Lay a metric out as `fmaudit results --json` prints it."""
    metric = row.metric
    return {
        "metric": row.name,
        "slice": dict(sorted(metric.slice.items())),
        "target": row.target,
        "value": _finite(metric.value),
        "low": metric.interval.low if metric.interval else None,
        "high": metric.interval.high if metric.interval else None,
        "n": metric.n,
        "n_clusters": metric.n_clusters,
        "unit": metric.unit,
        "method": metric.method,
        "status": str(metric.status),
        **({"note": metric.note} if metric.note else {}),
    }


def findings_table(rows: Iterable[FindingRow]) -> pa.Table:
    """Lay findings out as rows: by severity, then audit, target and code."""
    rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    ordered = sorted(rows, key=lambda row: (rank[row.finding.severity], row.audit, row.target))
    return pa.Table.from_pylist([_finding_row(row) for row in ordered], schema=FINDINGS)


def _finding_row(row: FindingRow) -> dict[str, Any]:
    finding = row.finding
    return {
        "audit": row.audit,
        "target": row.target,
        "code": finding.code,
        "severity": str(finding.severity),
        "sentence": finding.sentence,
        "metric": finding.metric,
        "slice": sorted(finding.slice.items()),
        "advice": finding.advice,
        "evidence": [
            {name: getattr(item, name) for name in ("file", "offset", "id", "excerpt", "start", "stop")} for item in finding.evidence
        ],
    }


def read_findings(table: pa.Table) -> list[FindingRow]:
    """Turn rows back into findings."""
    return [FindingRow(audit=row["audit"], target=row["target"], finding=_finding(row)) for row in table.to_pylist()]


def _finding(row: Mapping[str, Any]) -> Finding:
    return Finding(
        code=row["code"],
        severity=Severity(row["severity"]),
        sentence=row["sentence"],
        evidence=tuple(Evidence(**item) for item in row["evidence"]),
        metric=row["metric"],
        slice=dict(row["slice"]),
        advice=row["advice"],
    )


def verdicts_table(verdicts: Sequence[Verdict]) -> pa.Table:
    """Lay verdicts out as rows, in the order of the checks."""
    names = VERDICTS.names
    rows = [{name: getattr(verdict, name) for name in names} | {"status": str(verdict.status)} for verdict in verdicts]
    return pa.Table.from_pylist(rows, schema=VERDICTS)


def read_verdicts(table: pa.Table) -> list[Verdict]:
    """Turn rows back into verdicts."""
    return [Verdict(**(row | {"status": VerdictStatus(row["status"])})) for row in table.to_pylist()]


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def canonical_json(value: Any) -> bytes:
    """Write JSON the same way every time: sorted keys, no NaN."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False).encode()
