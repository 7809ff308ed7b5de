"""A report for the terminal: what was not examined, the verdicts and the chief findings, on one screen of plain text."""

from __future__ import annotations

import textwrap

from fmaudit.records import Evidence, Verdict, VerdictStatus
from fmaudit.report.digest import (
    examined_sentences,
    headlines,
    is_whole,
    label,
    loss_groups,
    owner,
    ranked_findings,
    ranked_verdicts,
    statuses,
    unlisted_losses,
    without_unit,
)
from fmaudit.report.document import FindingRow, ReportData
from fmaudit.report.humane import number, plural
from fmaudit.report.models import model_facts
from fmaudit.report.safe import clip, no_commands

__all__ = ["render_terminal"]

_WIDTH, _HEIGHT = 80, 35
_REASONS, _CHARTS, _MODELS = 3, 1, 4
_FINDINGS = 8  # lines that findings get at least, in the place of charts, and beyond the screen if need be
_LOSSES, _VERDICTS, _VERDICT_LINES = 4, 5, 14


def render_terminal(data: ReportData) -> str:
    """Write the report's first page, at most 35 lines of 80 columns, without any control character."""
    before = [block for block in (_head(data), _examined(data), _models(data), _verdicts(data)) if block]
    numbers, largest = _numbers(data), _largest(data)
    used = sum(len(block) + 1 for block in [*before, numbers]) + 1
    while largest and _HEIGHT - used - sum(map(len, largest)) < _FINDINGS:
        largest.pop()
    numbers = [*(line for lines in largest for line in lines), *numbers]
    room = max(_HEIGHT - used - len(numbers), _FINDINGS)
    blocks = [*before, _findings(data, room), *([numbers] if numbers else [])]
    return no_commands("\n\n".join("\n".join(block) for block in blocks)) + "\n"


def _head(data: ReportData) -> list[str]:
    status = data.status.value.upper()
    title = clip(data.title, _WIDTH - len(status) - 2)
    return [f"{title}{status.rjust(_WIDTH - len(title))}"]


def _examined(data: ReportData) -> list[str]:
    sentences = examined_sentences(data)
    lines = ["Everything was examined" if is_whole(data) else "Not examined"]
    if is_whole(data) and len(sentences) > _LOSSES:
        return lines + _wrapped("; ".join(sentence.rstrip(".") for sentence in sentences), "  ", "    ", 3)
    for sentence in sentences[:_LOSSES]:
        lines += _wrapped(sentence, "  ", "    ")
    return lines + _more(len(sentences) - _LOSSES, "more statement") + _reasons(data)


def _reasons(data: ReportData) -> list[str]:
    """Say how many documents were lost for which reason, and where most of them are."""
    lost = [group for group in loss_groups(data) if group.lost]
    lines: list[str] = []
    for group in lost[:_REASONS]:
        first = max(group.rows, key=lambda row: row.entry.count).entry
        text = f"{group.reason}: {plural(group.documents, group.noun)}; {clip(first.file, 30)}: {first.detail}"
        lines += _wrapped(text, "    ", "      ", 1 if lines else 3)  # what to do stands at the end
    lines += _more(len(lost) - _REASONS, "more reason")
    unlisted = [plural(amount, f"more {noun}") for amount, noun in unlisted_losses(data).values()]
    return [*lines, *(f"    {more} not listed by reason".replace("\u00a0", " ") for more in unlisted)]


def _models(data: ReportData) -> list[str]:
    lines = []
    for row in data.models[:_MODELS]:
        facts = dict(model_facts(row))
        shown = [facts[key] for key in ("speed", "padding", "utilisation") if key in facts]
        deltas = row.determinism.get("max_delta", {})
        shown += [f"asked again: |Δ| <= {max(deltas.values()):.1g} nats"] if deltas else []
        if shown:
            lines += _wrapped(f"{row.name}: {', '.join(shown)}", "  ", "    ")
    builtin = [row.name for row in data.models if row.builtin]
    if builtin:
        lines += _wrapped(f"{', '.join(builtin)}: made to show the audits at work; their numbers say nothing about real text", "  ", "    ")
    return ["Models", *lines] if lines else []


def _verdicts(data: ReportData) -> list[str]:
    if not data.verdicts:
        return []
    counted = ", ".join(f"{amount} {status.value}" for status, amount in statuses(data))
    ranked = ranked_verdicts(data)
    lines = [f"Checks: {counted}"]
    shown = 0
    for verdict in ranked[:_VERDICTS]:
        block = _verdict(verdict)
        if shown and len(lines) + len(block) > _VERDICT_LINES:
            break
        lines, shown = lines + block, shown + 1
    return lines + _more(len(ranked) - shown, "more check")


def _verdict(verdict: Verdict) -> list[str]:
    where = f" ({verdict.target})" if verdict.target else ""
    first = f"{verdict.status.value:<13}{verdict.check}{where}"
    if verdict.status is VerdictStatus.NOT_MEASURED:  # its name may be mistyped, and a suggestion is no use cut short
        return [*_wrapped(first, "  ", " " * 15, 3), *_wrapped(verdict.reason, " " * 15, " " * 15, 4)]
    return [_line(first, "  ")] if verdict.status is VerdictStatus.PASS else [_line(first, "  "), _line(verdict.reason, " " * 15)]


def _findings(data: ReportData, room: int) -> list[str]:
    said = {model.name for model in data.models if model.builtin}  # what is built in stands above, once for all audits
    ranked = [row for row in ranked_findings(data) if row.finding.code != "builtin-model" or row.target not in said]
    if not ranked:
        return ["No findings"]
    lines, shown = ["Findings"], 0
    for row in ranked:
        block = _finding(row, len(data.targets) > 1)
        if shown == 8 or len(lines) + len(block) + (shown + 1 < len(ranked)) > room:
            break
        lines, shown = lines + block, shown + 1
    return lines + _more(len(ranked) - shown, "more finding")


def _finding(row: FindingRow, named: bool) -> list[str]:
    finding = row.finding
    sentence = f"{row.target}: {finding.sentence}" if named else finding.sentence
    lines = _wrapped(sentence, f"  {finding.severity.value:<8} ", " " * 11)
    return [*lines, _line(_where(finding.evidence), " " * 11)] if finding.evidence else lines


def _where(evidence: tuple[Evidence, ...]) -> str:
    more = f" and {len(evidence) - 1:,} more" if len(evidence) > 1 else ""
    return f"{clip(evidence[0].file, 45)} @ {evidence[0].offset}{more}"


def _numbers(data: ReportData) -> list[str]:
    text = ""
    rows = headlines(data, 8)
    for row in rows:
        whose = f"{name}: " if (name := owner(data, row, rows)) else ""
        item = f"{whose}{label(row.metric)} {without_unit(row)}".replace("\u00a0", " ")
        joined = f"{text} | {item}" if text else item
        text = joined if len(joined) <= _WIDTH else text
    return [text] if text else []


def _largest(data: ReportData) -> list[list[str]]:
    """Name the five largest bars of the first charts of shares: the language shares, for example."""
    lines: list[list[str]] = []
    seen: set[tuple[str, str]] = set()
    for row in data.exhibits:
        exhibit = row.exhibit
        if exhibit.kind != "bars" or exhibit.unit != "fraction" or (row.audit, row.target) in seen or len(seen) == _CHARTS:
            continue
        seen.add((row.audit, row.target))
        values, names = (exhibit.data.column(exhibit.encoding[channel]).to_pylist() for channel in ("x", "y"))
        bars = sorted(((value, str(name)) for value, name in zip(values, names, strict=True) if value), key=lambda bar: -bar[0])[:5]
        text = ", ".join(f"{clip(name, 40)} {number(value, exhibit.unit).value}" for value, name in bars)
        lines += [_wrapped(f"{exhibit.title}: {text}", "", "  ")] if bars else []
    return lines


def _more(amount: int, noun: str) -> list[str]:
    return [f"  and {plural(amount, noun)} in the report".replace("\u00a0", " ")] if amount > 0 else []


def _wrapped(text: str, first: str, rest: str, most: int = 2) -> list[str]:
    plain = clip(text, 400).replace("\u00a0", " ")
    wrapper = textwrap.TextWrapper(_WIDTH, first, rest, max_lines=most, placeholder=" …", break_on_hyphens=False)
    lines = wrapper.wrap(plain)
    return lines or [first.rstrip()]


def _line(text: str, indent: str) -> str:
    return indent + clip(text.replace("\u00a0", " "), _WIDTH - len(indent))
