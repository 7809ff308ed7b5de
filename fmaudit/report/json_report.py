"""The report as strict JSON, in a stable order, after the schema in `schema/report-1.json`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from fmaudit.judge.comparing import Comparison
from fmaudit.records import Exhibit, Finding, Metric, Verdict
from fmaudit.report.comparison import comparison_as_json
from fmaudit.report.digest import coverage_totals, ranked_findings
from fmaudit.report.document import ReportData
from fmaudit.report.trends import trend_as_json

__all__ = ["SCHEMA_VERSION", "comparison_schema", "json_schema", "render_comparison_json", "render_json"]

SCHEMA_VERSION = 1
_EXHIBIT_ROWS = 500


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema that every report follows."""
    return json.loads((files("fmaudit.report") / "schema" / "report-1.json").read_bytes())  # type: ignore[no-any-return]


def comparison_schema() -> dict[str, Any]:
    """Return the JSON Schema that every comparison follows: the part of the report's that it is."""
    schema = json_schema()
    return {key: schema[key] for key in ("$schema", "$defs")} | {"title": "fmaudit comparison", "$ref": "#/$defs/comparison"}


def render_json(data: ReportData) -> str:
    """Write the whole report; undefined numbers are null, and equal data gives equal bytes."""
    return _written(_report(data))


def render_comparison_json(comparison: Comparison) -> str:
    """Write a comparison of two runs; it follows `comparison_schema`."""
    return _written(_value(comparison_as_json(comparison)))


def _written(document: dict[str, Any]) -> str:
    text = json.dumps(document, ensure_ascii=True, allow_nan=False, indent=1)
    return text.replace("##[", "#\\u0023[") + "\n"  # printed by a build system, that would be an order to it


def _report(data: ReportData) -> dict[str, Any]:
    return {
        "schema": SCHEMA_VERSION,
        "run": data.run_id,
        "title": data.title,
        "status": str(data.status),
        "created": data.created,
        "finished": data.finished,
        "fmaudit": data.version,
        "targets": [_plain(t, "name", "kind", "description", "documents", "bytes", "sampled", "files") for t in data.targets],
        "not_examined": _coverage(data),
        "verdicts": [_verdict(verdict) for verdict in data.verdicts],
        "findings": [{"audit": r.audit, "target": r.target, **_finding(r.finding)} for r in ranked_findings(data)],
        "metrics": [{"metric": r.name, "audit": r.audit, "target": r.target, **_metric(r.metric)} for r in data.metrics],
        "exhibits": [{"audit": r.audit, "target": r.target, **_exhibit(r.exhibit)} for r in data.exhibits],
        "models": [_plain(m, "name", "uri", "builtin", "numeric_mode", "profile", "usage", "determinism") for m in data.models],
        "audits": [_plain(a, "name", "title", "version", "plugin", "plugin_version", "parameters", "error") for a in data.audits],
        "settings": [_plain(row, "key", "value", "origin") for row in data.settings],
        "environment": {row.name: row.value for row in data.environment},
        "reproduce": list(data.reproduce),
        "baseline": data.baseline,
        "comparison": _value(comparison_as_json(data.comparison)) if data.comparison is not None else None,
        "trend": trend_as_json(data.trend) if data.trend is not None else None,
    }


def _coverage(data: ReportData) -> dict[str, Any]:
    entries = data.coverage.entries
    return {
        "entries": len(data.coverage.rows) if entries is None else entries,
        "totals": [_plain(t, "target", "examined", "lost", "repaired", "bytes_lost", "files_lost") for t in coverage_totals(data)],
        "rows": [
            {"target": row.target, **_plain(row.entry, "file", "offset", "reason", "detail", "size", "count", "lost")}
            for row in data.coverage.rows
        ],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return _plain(verdict, "check", "metric", "target", "status", "reason", "value", "low", "high")


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        **_plain(finding, "code", "severity", "sentence", "metric", "advice"),
        "slice": dict(sorted(finding.slice.items())),
        "evidence": [_plain(item, "file", "offset", "id", "excerpt", "start", "stop") for item in finding.evidence],
    }


def _metric(metric: Metric) -> dict[str, Any]:
    interval = metric.interval
    return {
        "slice": dict(sorted(metric.slice.items())),
        "value": _value(metric.value),
        "low": _value(interval.low) if interval else None,
        "high": _value(interval.high) if interval else None,
        "level": interval.level if interval else None,
        "interval_method": interval.method if interval else "",
        **_plain(metric, "n", "n_clusters", "unit", "method", "status", "note"),
    }


def _exhibit(exhibit: Exhibit) -> dict[str, Any]:
    rows = exhibit.data.slice(0, _EXHIBIT_ROWS).to_pylist()
    return {
        **_plain(exhibit, "name", "title", "kind", "caption", "unit"),
        "encoding": dict(sorted(exhibit.encoding.items())),
        "rows": [{str(key): _value(value) for key, value in row.items()} for row in rows],
        "rows_in_all": exhibit.data.num_rows,
    }


def _plain(record: Any, *names: str) -> dict[str, Any]:
    return {name: _value(getattr(record, name)) for name in names}


def _value(value: Any) -> Any:
    """Turn a value into what strict JSON can hold."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): _value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    return str(value)
