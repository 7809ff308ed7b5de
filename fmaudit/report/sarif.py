"""The findings as SARIF 2.1.0, within the limits of the hosts that read it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from fmaudit.records import Evidence, Severity
from fmaudit.report.digest import ranked_findings
from fmaudit.report.document import FindingRow, ReportData
from fmaudit.report.safe import clip

__all__ = ["render_sarif"]

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_RESULTS = 5000  # what a host shows of a run
_PLACES = 10


def render_sarif(data: ReportData) -> str:
    """Write findings as results and their codes as rules; a place is a file and the offset that its reader counts."""
    rows = ranked_findings(data)[:_RESULTS]
    codes = sorted({(row.audit, row.finding.code) for row in rows})
    driver = {
        "name": "fmaudit",
        "version": data.version or "0",
        "rules": [{"id": f"{audit}/{code}", "shortDescription": {"text": clip(code.replace("-", " "), 200)}} for audit, code in codes],
    }
    run = {"tool": {"driver": driver}, "automationDetails": {"id": data.run_id}, "results": [_result(row) for row in rows]}
    report = {"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [run]}
    return json.dumps(report, ensure_ascii=True, allow_nan=False, indent=1) + "\n"


def _result(row: FindingRow) -> dict[str, Any]:
    finding = row.finding
    text = " ".join(part for part in (finding.sentence, finding.advice) if part)
    return {
        "ruleId": f"{row.audit}/{finding.code}",
        "level": _LEVELS[finding.severity],
        "message": {"text": clip(text, 1000)},
        "locations": [_location(evidence) for evidence in finding.evidence[:_PLACES]],
    }


def _location(evidence: Evidence) -> dict[str, Any]:
    place = {"uri": quote(evidence.file.encode("utf-8", "replace"), safe="/")}
    return {
        "physicalLocation": {"artifactLocation": place, "region": {"byteOffset": max(evidence.offset, 0), "byteLength": 0}},
        "message": {"text": clip(evidence.id or f"document at {evidence.offset}", 200)},
    }
