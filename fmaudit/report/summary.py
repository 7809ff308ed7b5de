"""The summary of a GitHub step: Markdown that says first what failed, cut to the room that a step has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fmaudit.records import Severity, VerdictStatus
from fmaudit.report.changes_markdown import comparison_blocks, trend_blocks
from fmaudit.report.digest import examined_sentences, headlines, is_whole, label, owner, ranked_findings, ranked_verdicts, statuses
from fmaudit.report.document import FindingRow, ReportData
from fmaudit.report.humane import describe, number
from fmaudit.report.markup import bullets, code, cut, table, text
from fmaudit.report.safe import no_commands

__all__ = ["ROOM", "render_summary"]

ROOM = 1 << 20  # bytes that GitHub takes of a step's summary; a longer one is not shown at all
_MARKS = {VerdictStatus.PASS: "✓", VerdictStatus.FAIL: "✕", VerdictStatus.INCONCLUSIVE: "≈", VerdictStatus.NOT_MEASURED: "–"}
_CUTS = (1.0, 0.3, 0.1, 0.03)


@dataclass(frozen=True, slots=True)
class _Caps:
    """How many lines of everything there are."""

    sentences: int
    verdicts: int
    findings: int
    changes: int
    numbers: int


def render_summary(data: ReportData, room: int = ROOM) -> str:
    """Write verdicts, what was not examined, what changed, findings, numbers and the trend, in at most `room` bytes of UTF-8.

    Where that is more than there is room for, lists become shorter, then the parts that matter least are left out; the summary says so.
    """
    for factor in _CUTS:
        caps = _Caps(*(max(int(size * factor), 3) for size in (20, 200, 100, 60, 24)))
        parts = [(name, "\n\n".join(part(data, caps))) for name, part in _PARTS]
        whole = _joined(parts, [])
        if len(whole.encode()) <= room:
            return whole
    for kept in range(len(parts) - 1, 0, -1):
        whole = _joined(parts[:kept], [name for name, body in parts[kept:] if body])
        if len(whole.encode()) <= room:
            return whole
    return _fallback(data, room)


def _joined(parts: list[tuple[str, str]], left_out: list[str]) -> str:
    note = [f"Left out for want of room in a step's summary: {', '.join(left_out)}."] if left_out else []
    return no_commands("\n\n".join([*(body for _, body in parts if body), *note])) + "\n"


def _fallback(data: ReportData, room: int) -> str:
    """Write the one line that matters most, or nothing."""
    line = f"fmaudit {data.status.value}: {_counts(data)}. Left out for want of room in a step's summary: everything else.\n"
    return line if len(line.encode()) <= room else ""


def _counts(data: ReportData) -> str:
    return ", ".join(f"{amount} {status.value}" for status, amount in statuses(data)) or "no checks"


def _head(data: ReportData, _: _Caps) -> Iterator[str]:
    yield f"## {text(data.title)}"
    yield f"**{data.status.value.upper()}** · checks: {_counts(data)} · run {code(data.run_id)}"


def _examined(data: ReportData, caps: _Caps) -> Iterator[str]:
    if not is_whole(data):
        yield "### Not examined"
        sentences = examined_sentences(data)
        yield bullets(text(sentence) for sentence in sentences[: caps.sentences])
        yield from cut(len(sentences), caps.sentences, "statements in the report")


def _checks(data: ReportData, caps: _Caps) -> Iterator[str]:
    if data.verdicts:
        units = {(row.name, row.target): row.metric.unit for row in data.metrics}
        cells = []
        for verdict in ranked_verdicts(data)[: caps.verdicts]:
            shown = number(verdict.value, units.get((verdict.metric, verdict.target), ""), verdict.low, verdict.high)
            value = f"{shown.value} ({shown.interval})" if shown.interval else shown.value if verdict.value is not None else ""
            cells.append((f"{_MARKS[verdict.status]} {verdict.status.value}", verdict.check, verdict.target, value, verdict.reason))
        yield "### Checks"
        yield table(("", "check", "on", "value", "why"), cells)
        yield from cut(len(data.verdicts), caps.verdicts, "checks in the report")


def _changed(data: ReportData, caps: _Caps) -> Iterator[str]:
    if data.comparison is not None:
        yield f"### What changed since {text(data.comparison.before)}"
        blocks = comparison_blocks(data.comparison, sure=caps.changes, rest=caps.changes // 4, settings=caps.changes // 3)
        yield from (f"#{block}" if block.startswith("### ") else block for block in blocks)


def _findings(data: ReportData, caps: _Caps) -> Iterator[str]:
    ranked = [row for row in ranked_findings(data) if row.finding.severity is not Severity.NOTE]
    notes = len(data.findings) - len(ranked)
    if ranked:
        yield "### Findings"
        yield bullets(_finding(row, len(data.targets) > 1) for row in ranked[: caps.findings])
        yield from cut(len(ranked), caps.findings, "findings in the report")
    if notes:
        yield f"{notes:,} note{'s' if notes != 1 else ''} in the report."


def _finding(row: FindingRow, named: bool) -> str:
    finding = row.finding
    whose = f"{text(row.target)}: " if named else ""
    evidence = finding.evidence
    where = (
        f" ({code(evidence[0].file)} @ {evidence[0].offset}{f' and {len(evidence) - 1} more' if len(evidence) > 1 else ''})"
        if evidence
        else ""
    )
    return f"**{finding.severity.value}** {whose}{text(finding.sentence)}{where}"


def _numbers(data: ReportData, caps: _Caps) -> Iterator[str]:
    rows = headlines(data, caps.numbers)
    if rows:
        yield "### Numbers"
        yield table(("", "metric", "value"), [(owner(data, row, rows), label(row.metric), describe(row.metric)) for row in rows])


def _trend(data: ReportData, _: _Caps) -> Iterator[str]:
    if data.trend is not None:
        yield "### Trend"
        yield from trend_blocks(data.trend)


_Part = Callable[[ReportData, _Caps], Iterator[str]]
_PARTS: tuple[tuple[str, _Part], ...] = (
    ("the title", _head), ("what was not examined", _examined), ("checks", _checks), ("findings", _findings), ("what changed", _changed),
    ("numbers", _numbers), ("the trend", _trend),
)  # fmt: skip
