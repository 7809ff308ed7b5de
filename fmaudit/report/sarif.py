"""Findings and checks as SARIF 2.1.0, within what GitHub accepts: what does not fit is counted in the log's notifications."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fmaudit.records import Evidence, Severity, Verdict, VerdictStatus, format_slice
from fmaudit.report.digest import examined_sentences, is_whole, ranked_findings, ranked_verdicts
from fmaudit.report.document import FindingRow, ReportData, RunStatus
from fmaudit.report.humane import count
from fmaudit.report.places import Place, audit_place, check_places, file_uri
from fmaudit.report.safe import clip

__all__ = ["render_sarif"]

# https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
_RESULTS, _SHOWN, _RULES, _BYTES = 25_000, 5_000, 25_000, 10_000_000  # of a run; bytes once compressed
_PLACES, _TAGS, _NOTES = 10, 20, 40  # of a result, of a rule, of the run
_MESSAGE, _WORDS = 1000, 255
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_VERDICTS = {VerdictStatus.FAIL: "error", VerdictStatus.NOT_MEASURED: "warning", VerdictStatus.INCONCLUSIVE: "note"}
_RANK = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """One result before it is written; `key` says what it is about, without any number that changes from run to run."""

    rule: str
    level: str
    text: str
    key: tuple[str, ...]
    place: Place
    evidence: tuple[Evidence, ...] = field(default=())


def render_sarif(data: ReportData) -> str:
    """Write failed and undecided checks and all findings as results, gravest first; their codes are the rules.

    The file has one run, relative URIs and fingerprints that stay the same while the numbers change.
    """
    results = _results(data)
    kept = _within(results)
    while True:
        text = json.dumps(_log(data, results, kept), ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n"
        text = text.replace("##[", "#\\u0023[")  # printed by a build system, that would be an order to it
        if len(text) <= _BYTES or len(gzip.compress(text.encode(), 6, mtime=0)) <= _BYTES or not kept:
            return text
        kept = kept // 2


def _within(results: Sequence[_Result]) -> int:
    """Count the results that stay within the limits of results and of rules."""
    rules: set[str] = set()
    for number, result in enumerate(results[:_RESULTS]):
        rules.add(result.rule)
        if len(rules) > _RULES:
            return number
    return min(len(results), _RESULTS)


def _log(data: ReportData, results: Sequence[_Result], kept: int) -> dict[str, Any]:
    shown = results[:kept]
    levels: dict[str, str] = {}
    for result in shown:  # the gravest come first
        levels.setdefault(result.rule, result.level)
    names = sorted(levels)
    rules = {name: place for place, name in enumerate(names)}
    repeated: Counter[tuple[str, ...]] = Counter()
    run = {
        "tool": {
            "driver": {
                "name": "fmaudit",
                "version": clip(data.version, _WORDS) or "0",
                "rules": [_rule(data, name, levels[name]) for name in names],
            }
        },
        "automationDetails": {"id": f"fmaudit/{clip(data.run_id, _WORDS)}"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(data, len(results), kept)],
        "results": [_result(data, result, rules, repeated) for result in shown],
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


# -- what there is to tell ---------------------------------------------------------------------------------------


def _results(data: ReportData) -> list[_Result]:
    places = {audit: audit_place(data, audit) for audit in dict.fromkeys(row.audit for row in data.findings)}
    found = [*_of_checks(data), *(_of_finding(row, places[row.audit]) for row in ranked_findings(data))]
    return sorted(found, key=lambda result: _RANK[result.level])


def _of_checks(data: ReportData) -> Iterator[_Result]:
    places = check_places(data)
    for verdict in ranked_verdicts(data):
        level = _VERDICTS.get(verdict.status)
        if level is not None:
            where = f" on {verdict.target}" if verdict.target else ""
            yield _Result(
                rule=_rule_of(verdict), level=level, place=places.get(verdict.check, audit_place(data, "")),
                text=f"Check {verdict.check}{where}: {verdict.status.value}. {verdict.reason}",
                key=("check", verdict.check, verdict.target),
            )  # fmt: skip


def _rule_of(verdict: Verdict) -> str:
    return f"check/{verdict.metric.partition('{')[0]}"


def _of_finding(row: FindingRow, place: Place) -> _Result:
    finding = row.finding
    return _Result(
        rule=f"{row.audit}/{finding.code}", level=_LEVELS[finding.severity], place=place,
        text=" ".join(part for part in (f"{row.target}: {finding.sentence}", finding.advice) if part), evidence=finding.evidence,
        key=("finding", row.audit, row.target, finding.code, finding.metric, format_slice(finding.slice)),
    )  # fmt: skip


# -- as SARIF ----------------------------------------------------------------------------------------------------


def _rule(data: ReportData, name: str, level: str) -> dict[str, Any]:
    audit, _, code = name.partition("/")
    title = next((row.title for row in data.audits if row.name == audit), "Checks" if audit == "check" else audit)
    what = f"{title}: {code.replace('-', ' ').replace('_', ' ')}"
    found = f"Found by the audit {audit} ({title})." if audit != "check" else f"A limit that audit.toml sets on {code}."
    return {
        "id": clip(name, _WORDS),
        "name": clip(code, _WORDS),
        "shortDescription": {"text": clip(what, _WORDS)},
        "fullDescription": {"text": clip(f"{what}. {found}", _MESSAGE)},
        "help": {"text": clip(f"{found} Every number behind it is in the report of the run.", _MESSAGE)},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": [clip(tag, _WORDS) for tag in dict.fromkeys(("fmaudit", audit))][:_TAGS]},
    }


def _result(data: ReportData, result: _Result, rules: dict[str, int], repeated: Counter[tuple[str, ...]]) -> dict[str, Any]:
    repeated[result.key] += 1
    digest = hashlib.sha256(json.dumps([*result.key, repeated[result.key]], ensure_ascii=True).encode()).hexdigest()[:32]
    return {
        "ruleId": clip(result.rule, _WORDS),
        "ruleIndex": rules[result.rule],
        "level": result.level,
        "message": {"text": clip(result.text, _MESSAGE)},
        "locations": [_location(data, one) for one in result.evidence[:_PLACES]] or [_line(result.place)],
        "partialFingerprints": {"fmaudit/v1": digest, "primaryLocationLineHash": f"{digest[:16]}:1"},
    }


def _location(data: ReportData, evidence: Evidence) -> dict[str, Any]:
    """Name a document: its file, and in words its offset, which is one of the text inside and not of a compressed file."""
    name = f" ({evidence.id})" if evidence.id else ""
    return {
        "physicalLocation": {"artifactLocation": {"uri": file_uri(data, evidence.file)}, "region": {"startLine": 1}},
        "message": {"text": clip(f"document at offset {evidence.offset}{name} of {evidence.file}", _WORDS)},
        "properties": {"offset": evidence.offset},
    }


def _line(place: Place) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": place.uri}, "region": {"startLine": place.line}}}


def _invocation(data: ReportData, results: int, kept: int) -> dict[str, Any]:
    notes = [] if is_whole(data) else [_note("warning", sentence) for sentence in examined_sentences(data)[:_NOTES]]
    notes += [_note("error", f"The audit {audit.name} did not finish: {audit.error}") for audit in data.audits if audit.error][:_NOTES]
    if kept < results:
        notes.insert(
            0, _note("warning", f"{count(results - kept)} of {count(results)} results are left out, the least grave ones: {_why()}")
        )
    if kept > _SHOWN:
        notes.insert(0, _note("note", f"GitHub keeps the first {count(_SHOWN)} of these {count(kept)} results; the gravest come first."))
    return {"executionSuccessful": data.status is not RunStatus.FAILED, "toolExecutionNotifications": notes}


def _why() -> str:
    return f"a file has at most {count(_RESULTS)} results and {_BYTES // 1_000_000} MB. All are in report.json of the run."


def _note(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": clip(text, _MESSAGE)}}
