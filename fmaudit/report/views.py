"""The report as the page's template reads it: records turned into short lists of words, numbers and small drawings."""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fmaudit.records import Metric, MetricStatus, Severity, Verdict, VerdictStatus
from fmaudit.report.digest import (
    LossGroup,
    command,
    counted,
    headlines,
    label,
    limits_of,
    loss_groups,
    ranked_findings,
    ranked_verdicts,
    unit_of,
    unlisted_losses,
    without_unit,
)
from fmaudit.report.document import AuditRow, FindingRow, MetricRow, ReportData
from fmaudit.report.humane import count, duration, number, plural, show, size
from fmaudit.report.safe import clip, pieces, visible
from fmaudit.report.scale import Scale

__all__ = ["Caps", "View", "audits", "elapsed", "findings", "losses", "metric_groups", "parameters", "targets", "tiles", "verdicts", "when"]

View = dict[str, Any]

_VERDICT_MARKS = {VerdictStatus.PASS: "✓", VerdictStatus.FAIL: "✕", VerdictStatus.INCONCLUSIVE: "≈", VerdictStatus.NOT_MEASURED: "–"}
_VERDICT_TONES = {
    VerdictStatus.PASS: "pass",
    VerdictStatus.FAIL: "error",
    VerdictStatus.INCONCLUSIVE: "warning",
    VerdictStatus.NOT_MEASURED: "note",
}
_SIGNS = {"<=": "≤", ">=": "≥"}
_SEVERITY_MARKS = {Severity.ERROR: "✕", Severity.WARNING: "▲", Severity.NOTE: "●"}


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of everything a page holds."""

    findings: int = 60
    evidence: int = 4
    excerpt: int = 400
    ledger: int = 200
    verdicts: int = 60
    metrics: int = 1500
    group: int = 120
    groups: int = 40
    figures: int = 60
    table: int = 40
    svg: int = 420_000
    settings: int = 200
    changes: int = 120
    trends: int = 24
    text: int = 1200

    def scaled(self, factor: float) -> Caps:
        """Make all of it smaller."""
        return Caps(**{name: max(int(getattr(self, name) * factor), 1) for name in self.__slots__})


def when(moment: str) -> str:
    """Write an ISO time as `22 November 2026, 05:47 UTC`; what is no such time stays as it is."""
    try:
        parsed = datetime.datetime.fromisoformat(moment)
    except ValueError:
        return clip(moment, 40)
    if parsed.tzinfo is not None:
        parsed = parsed.astimezone(datetime.UTC)
    return f"{parsed.day} {parsed:%B %Y, %H:%M} UTC"


def elapsed(data: ReportData) -> str:
    """Write how long the run took, or nothing."""
    try:
        seconds = (datetime.datetime.fromisoformat(data.finished) - datetime.datetime.fromisoformat(data.created)).total_seconds()
    except (ValueError, TypeError):
        return ""
    return duration(seconds) if seconds >= 0 else ""


def losses(data: ReportData, caps: Caps) -> tuple[list[View], str]:
    """List the ledger by reason, and say how many of its entries are left out."""
    left = caps.ledger
    out = []
    shown = 0
    for group in loss_groups(data)[:40]:
        rows = group.rows[: max(left, 1)]
        left -= len(rows)
        shown += sum(row.entries for row in rows)
        out.append(_loss_group(group, len(rows)))
    entries = data.coverage.entries if data.coverage.entries is not None else len(data.coverage.rows)
    unlisted = [f"{visible(target)}: {plural(amount, noun)}" for target, (amount, noun) in unlisted_losses(data).items()]
    among = f", with {', '.join(unlisted)} not examined that no line above counts" if unlisted else ""
    rest = f"{plural(entries - shown, 'more entry', 'more entries')} of the ledger{among}: see journal.sqlite of the run."
    return out, rest if entries > shown or unlisted else ""


def _loss_group(group: LossGroup, shown: int) -> View:
    rows = [
        {
            "file": clip(row.entry.file, 160),
            "offset": row.entry.offset,
            "documents": count(row.entry.count),
            "from": row.entries > 1,
            "size": size(row.entry.size) if row.entry.size is not None else "–",
            "detail": clip(row.entry.detail, 200),
        }
        for row in group.rows[:shown]
    ]
    known = f", {size(group.bytes)}" if group.bytes is not None else ""
    amount = f"{plural(group.documents, group.noun)}{known}"
    more = len(group.rows) - shown
    return {
        "reason": clip(group.reason, 60),
        "target": clip(group.target, 60),
        "lost": group.lost,
        "amount": amount,
        "rows": rows,
        "more": more,
    }


def verdicts(data: ReportData, caps: Caps) -> list[View]:
    """List the verdicts, what failed first."""
    return [_verdict(verdict, unit_of(data, verdict)) for verdict in ranked_verdicts(data)[: caps.verdicts]]


def _verdict(verdict: Verdict, unit: str) -> View:
    shown = number(verdict.value, unit, verdict.low, verdict.high) if verdict.value is not None else None
    return {
        "word": verdict.status.value,
        "mark": _VERDICT_MARKS[verdict.status],
        "tone": _VERDICT_TONES[verdict.status],
        "check": clip(verdict.check, 300),
        "target": clip(verdict.target, 60),
        "reason": clip(verdict.reason, 400),
        "value": shown.value if shown else "",
        "interval": shown.interval if shown else "",
        "gauge": _gauge(verdict, unit),
    }


def _gauge(verdict: Verdict, unit: str) -> View | None:
    """Place an interval and its limits on a line from 0 to 100."""
    limits = limits_of(verdict)
    numbers = [value for value in (verdict.value, verdict.low, verdict.high, *(limit for _, limit in limits)) if value is not None]
    if verdict.value is None or not limits or not all(abs(value) < 1e15 for value in numbers):
        return None
    bottom, top = min(0.0, *numbers), max(0.0, *numbers)
    top = 1.0 if unit == "fraction" and top > 0.6 else top + (top - bottom or 1.0) * 0.1
    low, high = (verdict.low, verdict.high) if verdict.low is not None and verdict.high is not None else (verdict.value, verdict.value)
    allowed = [bottom, top]
    for sign, limit in limits:
        allowed[0 if sign.startswith(">") else 1] = limit
    place = Scale(bottom, top)
    return {
        "low": place(low), "high": place(high), "value": place(verdict.value), "from": place(allowed[0]), "to": place(allowed[1]),
        "limits": [{"at": place(limit), "text": f"{_SIGNS.get(sign, sign)} {number(limit, unit).value}"} for sign, limit in limits],
    }  # fmt: skip


def targets(data: ReportData) -> list[View]:
    """List the targets with what was examined of them."""
    out = []
    for target in data.targets[:40]:
        facts = [plural(target.documents, counted(target))] if target.documents is not None else []
        facts += [size(target.bytes)] if target.bytes is not None else []
        facts += [plural(target.files, "file")] if target.files is not None else []
        facts += [f"sample of {number(target.sampled, 'fraction').value}"] if target.sampled < 1.0 else []
        out.append(
            {"name": clip(target.name, 60), "kind": clip(target.kind, 30), "description": clip(target.description, 300), "facts": facts}
        )
    return out


def tiles(data: ReportData) -> list[View]:
    """List the headline numbers."""
    out = []
    for row in headlines(data):
        shown = show(row.metric)
        out.append({
            "label": clip(label(row.metric), 60), "value": without_unit(row), "interval": shown.interval or shown.reason,
            "audit": clip(row.audit, 40), "target": clip(row.target, 40), "many": len(data.targets) > 1,
        })  # fmt: skip
    return out


def findings(data: ReportData, caps: Caps) -> list[View]:
    """List findings by severity, with the evidence and what to do."""
    return [_finding(data, row, index, caps) for index, row in enumerate(ranked_findings(data)[: caps.findings], 1)]


def _finding(data: ReportData, row: FindingRow, index: int, caps: Caps) -> View:
    finding = row.finding
    evidence = [
        {
            "file": clip(one.file, 160),
            "offset": one.offset,
            "id": clip(one.id, 120),
            "excerpt": pieces(_cut(one.excerpt, caps.excerpt)),
            "command": command(data, row.target, one),
        }
        for one in finding.evidence[: caps.evidence]
    ]
    return {
        "key": f"finding-{index}", "severity": finding.severity.value, "tone": finding.severity.value,
        "mark": _SEVERITY_MARKS[finding.severity],
        "sentence": clip(finding.sentence, caps.text), "advice": _sentence(clip(finding.advice, caps.text)), "code": clip(finding.code, 80),
        "audit": clip(row.audit, 60), "target": clip(row.target, 60),
        "metric": clip(f"{row.audit}.{finding.metric}" if finding.metric else "", 200),
        "evidence": evidence, "more": len(finding.evidence) - len(evidence), "whole": len(finding.evidence),
    }  # fmt: skip


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?…" else text + "."


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def metric_groups(rows: Sequence[MetricRow], caps: Caps) -> tuple[list[View], int]:
    """Group metrics by name: unsliced ones as one overall group, the sliced ones as a group each; and count what is left out."""
    overall = [row for row in rows if not row.metric.slice]
    sliced: dict[str, list[MetricRow]] = {}
    for row in rows:
        if row.metric.slice:
            sliced.setdefault(row.metric.name, []).append(row)
    out = [_overall(overall, caps)] if overall else []
    dropped = sum(len(members) for members in itertools.islice(sliced.values(), caps.groups, None))
    return out + [_group(name, members, caps) for name, members in itertools.islice(sliced.items(), caps.groups)], dropped


def _overall(rows: Sequence[MetricRow], caps: Caps) -> View:
    shown = [
        _metric(row.metric, _extent([row.metric])) | {"cells": [clip(row.metric.name.replace("_", " "), 80)]} for row in rows[: caps.group]
    ]
    return {
        "name": "Overall", "columns": ["metric"], "rows": shown, "missing": "", "more": len(rows) - len(shown),
        "range": plural(len(rows), "metric"), "method": "", "methods": True, "open": True, "level": _level(rows),
    }  # fmt: skip


def _group(name: str, rows: Sequence[MetricRow], caps: Caps) -> View:
    keys = sorted({key for row in rows for key in row.metric.slice})[:6]
    known = [row for row in rows if row.metric.status is MetricStatus.OK and row.metric.value is not None]
    missing = [row for row in rows if not (row.metric.status is MetricStatus.OK and row.metric.value is not None)]
    ranked = sorted(known, key=lambda row: -(row.metric.value or 0.0))
    extent = _extent([row.metric for row in known])
    shown = [
        _metric(row.metric, extent) | {"cells": [clip(row.metric.slice.get(key, "–"), 80) for key in keys]} for row in ranked[: caps.group]
    ]
    methods = list(dict.fromkeys(row.metric.method for row in known))
    same = methods[0] if len(methods) == 1 else ""
    return {
        "name": clip(name.replace("_", " "), 80), "columns": [clip(key.replace("_", " "), 60) for key in keys], "rows": shown,
        "missing": _missing(missing, keys), "more": len(known) - len(shown), "range": _range(known, len(rows)),
        "method": clip(same, 300), "methods": not same and any(methods), "open": False, "level": _level(known),
    }  # fmt: skip


def _metric(metric: Metric, extent: tuple[float, float] | None) -> View:
    shown = show(metric)
    bar: View | None = None
    if extent and metric.value is not None:
        place = Scale(*extent)
        bar = {"value": place(metric.value)}
        if metric.interval:
            bar |= {"low": place(metric.interval.low), "high": place(metric.interval.high)}
    return {
        "value": shown.value, "interval": shown.interval, "note": clip(shown.reason or metric.note, 200), "bar": bar, "n": count(metric.n),
        "clusters": count(metric.n_clusters) if metric.n_clusters is not None else "–", "method": clip(metric.method, 200),
    }  # fmt: skip


def _extent(metrics: Sequence[Metric]) -> tuple[float, float] | None:
    """Choose one scale for all bars of a group, from 0; a single number needs an interval to have one."""
    ends = [end for m in metrics if m.interval for end in (m.interval.low, m.interval.high)]
    values = [m.value for m in metrics if m.value is not None]
    everything = [value for value in (*values, *ends) if abs(value) < 1e15]
    if not everything or (len(metrics) == 1 and not ends):
        return None
    top = max(everything)
    if len(metrics) == 1 and metrics[0].unit == "fraction" and top <= 1.0:
        top = 1.0
    return min(0.0, *everything), top if top > 0 else 0.0


def _range(known: Sequence[MetricRow], total: int) -> str:
    counted = plural(total, "value")
    if not known:
        return f"{counted}, none of them measured"
    values = sorted(known, key=lambda row: row.metric.value or 0.0)
    low, high = (show(row.metric).value for row in (values[0], values[-1]))
    return f"{counted}, {low} to {high}" if low != high else f"{counted}, {low}"


def _missing(rows: Sequence[MetricRow], keys: Sequence[str]) -> str:
    """Say in one sentence which slices have no value; their reasons are alike but for the counts."""
    if not rows:
        return ""
    names = [f"{' · '.join(clip(row.metric.slice.get(key, '–'), 40) for key in keys)} (n = {count(row.metric.n)})" for row in rows[:30]]
    first = show(rows[0].metric)
    rest = f" and {count(len(rows) - 30)} more" if len(rows) > 30 else ""
    reasons = {row.metric.status for row in rows}
    why = f"for example: {clip(first.reason, 160)}"
    if reasons == {MetricStatus.INSUFFICIENT}:
        why = f"too few observations; {why}" if first.reason else "too few observations"
    return f"No value for {plural(len(rows), 'slice')} ({why}): {', '.join(names)}{rest}."


def _level(rows: Iterable[MetricRow]) -> str:
    levels = {row.metric.interval.level for row in rows if row.metric.interval}
    return f"{number(levels.pop(), 'fraction').value} interval" if len(levels) == 1 else "interval"


def audits(data: ReportData) -> list[AuditRow]:
    """List the audits of a report, also those that only its rows name."""
    known = {audit.name: audit for audit in data.audits}
    named = dict.fromkeys(row.audit for rows in (data.exhibits, data.metrics) for row in rows)
    return [*known.values(), *(AuditRow(name=name, title=name, version="") for name in named if name not in known)]


def parameters(audit: AuditRow) -> str:
    """Write an audit's parameters as one line of JSON."""
    return clip(json.dumps(dict(audit.parameters), ensure_ascii=False, sort_keys=True, default=str), 1500)
