"""A report for the terminal: what was not examined, the verdicts and the chief findings, on one screen of plain text."""

from __future__ import annotations

import textwrap

from fmaudit.records import Evidence, Verdict, VerdictStatus
from fmaudit.report.digest import examined_sentences, headlines, is_whole, label, ranked_findings, ranked_verdicts, statuses, without_unit
from fmaudit.report.document import FindingRow, ReportData
from fmaudit.report.humane import plural
from fmaudit.report.models import model_facts
from fmaudit.report.safe import clip

__all__ = ["render_terminal"]

_WIDTH, _HEIGHT = 80, 35
_LOSSES, _VERDICTS = 4, 5


def render_terminal(data: ReportData) -> str:
    """Write the report's first page, at most 35 lines of 80 columns, without any control character."""
    before = [block for block in (_head(data), _examined(data), _models(data), _verdicts(data)) if block]
    numbers = _numbers(data)
    room = _HEIGHT - sum(len(block) + 1 for block in [*before, numbers]) - 1
    blocks = [*before, _findings(data, room), *([numbers] if numbers else [])]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _head(data: ReportData) -> list[str]:
    status = data.status.value.upper()
    title = clip(data.title, _WIDTH - len(status) - 2)
    return [f"{title}{status.rjust(_WIDTH - len(title))}"]


def _examined(data: ReportData) -> list[str]:
    sentences = examined_sentences(data)
    lines = ["Everything was examined" if is_whole(data) else "Not examined"]
    for sentence in sentences[:_LOSSES]:
        lines += _wrapped(sentence, "  ", "    ")
    return lines + _more(len(sentences) - _LOSSES, "more statement")


def _models(data: ReportData) -> list[str]:
    lines = []
    for row in data.models[:3]:
        facts = dict(model_facts(row))
        shown = [facts[key] for key in ("speed", "utilisation", "asked again", "note") if key in facts]
        if shown:
            lines += _wrapped(f"{row.name}: {'; '.join(shown)}", "  ", "    ")
    return ["Models", *lines] if lines else []


def _verdicts(data: ReportData) -> list[str]:
    if not data.verdicts:
        return []
    counted = ", ".join(f"{amount} {status.value}" for status, amount in statuses(data))
    ranked = ranked_verdicts(data)
    lines = [f"Checks: {counted}"]
    for verdict in ranked[:_VERDICTS]:
        lines += _verdict(verdict)
    return lines + _more(len(ranked) - _VERDICTS, "more check")


def _verdict(verdict: Verdict) -> list[str]:
    first = _line(f"{verdict.status.value:<13}{verdict.check} ({verdict.target})", "  ")
    return [first] if verdict.status is VerdictStatus.PASS else [first, _line(verdict.reason, " " * 15)]


def _findings(data: ReportData, room: int) -> list[str]:
    ranked = ranked_findings(data)
    if not ranked:
        return ["No findings"]
    lines, shown = ["Findings"], 0
    for row in ranked:
        block = _finding(row)
        if shown == 8 or len(lines) + len(block) + (shown + 1 < len(ranked)) > room:
            break
        lines, shown = lines + block, shown + 1
    return lines + _more(len(ranked) - shown, "more finding")


def _finding(row: FindingRow) -> list[str]:
    finding = row.finding
    lines = _wrapped(finding.sentence, f"  {finding.severity.value:<8} ", " " * 11)
    return [*lines, _line(_where(finding.evidence), " " * 11)] if finding.evidence else lines


def _where(evidence: tuple[Evidence, ...]) -> str:
    more = f" and {len(evidence) - 1:,} more" if len(evidence) > 1 else ""
    return f"{clip(evidence[0].file, 45)} @ {evidence[0].offset}{more}"


def _numbers(data: ReportData) -> list[str]:
    text = ""
    for row in headlines(data, 8):
        item = f"{label(row.metric)} {without_unit(row)}".replace("\u00a0", " ")
        joined = f"{text} | {item}" if text else item
        text = joined if len(joined) <= _WIDTH else text
    return [text] if text else []


def _more(amount: int, noun: str) -> list[str]:
    return [f"  and {plural(amount, noun)} in the report".replace("\u00a0", " ")] if amount > 0 else []


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    plain = clip(text, 400).replace("\u00a0", " ")
    lines = textwrap.wrap(plain, _WIDTH, initial_indent=first, subsequent_indent=rest, max_lines=2, placeholder=" …")
    return lines or [first.rstrip()]


def _line(text: str, indent: str) -> str:
    return indent + clip(text.replace("\u00a0", " "), _WIDTH - len(indent))
