"""The report as Markdown that a repository host can show: text from corpora is fenced or escaped, never markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fmaudit.judge.comparing import Comparison
from fmaudit.records import Evidence, Metric
from fmaudit.report.changes_markdown import comparison_blocks, trend_blocks
from fmaudit.report.digest import (
    examined_sentences,
    headlines,
    is_whole,
    label,
    loss_groups,
    owner,
    ranked_findings,
    ranked_verdicts,
    unlisted_losses,
)
from fmaudit.report.document import FindingRow, MetricRow, ReportData
from fmaudit.report.humane import count, describe, show
from fmaudit.report.markup import bullets, code, cut, fence, table, text
from fmaudit.report.models import explained, model_facts
from fmaudit.report.safe import clip, no_commands
from fmaudit.report.tables import grid

__all__ = ["render_comparison_markdown", "render_markdown"]

_METRICS, _ROWS, _FINDINGS, _LEDGER = 40, 20, 60, 30


def render_markdown(data: ReportData) -> str:
    """Write the report: what was not examined, verdicts, findings with evidence, exhibits as tables, metrics, provenance."""
    blocks = [
        *_head(data),
        *_examined(data),
        *_verdicts(data),
        *_changed(data),
        *_summary(data),
        *_over_time(data),
        *_models(data),
        *_findings(data),
        *_audits(data),
        *_made(data),
    ]
    return no_commands("\n\n".join(blocks)) + "\n"


def render_comparison_markdown(comparison: Comparison) -> str:
    """Write a comparison of two runs alone, with everything that surely changed."""
    title = f"# {text(comparison.after)} compared with {text(comparison.before)}"
    return no_commands("\n\n".join([title, *comparison_blocks(comparison, sure=1000, rest=200)])) + "\n"


def _head(data: ReportData) -> Iterator[str]:
    yield f"# {text(data.title)}"
    yield f"{data.status.value.upper()} · run {code(data.run_id)} · {text(data.created)} · fmaudit {text(data.version)}"


def _examined(data: ReportData) -> Iterator[str]:
    yield "## Everything was examined" if is_whole(data) else "## Not examined"
    yield bullets(text(sentence) for sentence in examined_sentences(data))
    groups = loss_groups(data)
    if groups:
        what = [(group.reason, group.target, count(group.documents), "" if group.lost else "examined after a repair") for group in groups]
        unlisted = [("entries not listed here", target, count(amount), "") for target, (amount, _) in unlisted_losses(data).items()]
        yield table(("reason", "target", "how many", ""), [*what, *unlisted])
        rows = [row for group in groups for row in group.rows][:_LEDGER]
        entries = [row.entry for row in rows]
        cells = [(e.file, str(e.offset), e.reason, count(e.count), clip(e.detail, 120)) for e in entries]
        yield table(("file or audit", "offset or case of the first", "reason", "how many", "detail"), cells)
        yield from cut(max(data.coverage.entries or 0, len(data.coverage.rows)), sum(row.entries for row in rows), "ledger entries")


def _verdicts(data: ReportData) -> Iterator[str]:
    if data.verdicts:
        yield "## Checks"
        yield table(("", "check", "target", "why"), [(v.status.value, v.check, v.target, v.reason) for v in ranked_verdicts(data)])


def _changed(data: ReportData) -> Iterator[str]:
    if data.comparison is not None:
        yield f"## What changed since {text(data.comparison.before)}"
        yield from comparison_blocks(data.comparison)
    elif data.baseline:
        yield f"## What changed\n\n{text(data.baseline)}"


def _over_time(data: ReportData) -> Iterator[str]:
    if data.trend is not None:
        yield "## Trend"
        yield from trend_blocks(data.trend)


def _summary(data: ReportData) -> Iterator[str]:
    rows = headlines(data)
    if rows:
        yield "## Summary"
        named = [[name for name in (owner(data, row, rows), label(row.metric), describe(row.metric)) if name] for row in rows]
        yield bullets(": ".join(map(text, names)) for names in named)


def _models(data: ReportData) -> Iterator[str]:
    for row in data.models:
        yield f"## How the model {text(row.name)} ran"
        yield table(("", "", ""), [(name, clip(value, 300), explained(name)) for name, value in model_facts(row)])


def _findings(data: ReportData) -> Iterator[str]:
    if not data.findings:
        return
    yield "## Findings"
    ranked = ranked_findings(data)
    for row in ranked[:_FINDINGS]:
        yield from _finding(row)
    yield from cut(len(ranked), _FINDINGS, "findings")


def _finding(row: FindingRow) -> Iterator[str]:
    finding = row.finding
    where = f"{text(row.audit)} on {text(row.target)}"
    yield f"**{finding.severity.value}** · {where} · {code(finding.code)}\n\n{text(finding.sentence)}"
    if finding.advice:
        yield f"What to do: {text(finding.advice)}"
    for evidence in finding.evidence[:3]:
        yield _evidence(evidence)


def _evidence(evidence: Evidence) -> str:
    place = f"{code(evidence.file)} @ {evidence.offset}" + (f", id {code(clip(evidence.id, 80))}" if evidence.id else "")
    return f"{place}\n\n{fence(clip(evidence.excerpt, 300))}" if evidence.excerpt else place


def _audits(data: ReportData) -> Iterator[str]:
    for audit in data.audits:
        yield f"## {text(audit.title)}"
        if audit.error:
            yield f"**This audit failed.** {text(audit.error)}"
        for row in data.exhibits:
            if row.audit == audit.name:
                shown = grid(row.exhibit, _ROWS)
                yield f"### {text(row.exhibit.title)} ({text(row.target)})"
                yield from [text(row.exhibit.caption)] if row.exhibit.caption else []
                yield table([str(cell) for cell in shown.columns], [[str(cell) for cell in line] for line in shown.rows])
                yield from cut(row.exhibit.data.num_rows, _ROWS, "rows")
        yield from _metrics([row for row in data.metrics if row.audit == audit.name])


def _metrics(rows: Sequence[MetricRow]) -> Iterator[str]:
    if rows:
        yield "### Metrics"
        ranked = sorted(rows, key=lambda row: (row.metric.value is None, len(row.metric.slice)))  # the whole before its slices
        cells = [(_short(row), row.target, *_shown(row.metric), count(row.metric.n)) for row in ranked[:_METRICS]]
        yield table(("metric", "target", "value", "interval", "n"), cells)
        yield from cut(len(rows), _METRICS, "metrics; fmaudit results prints all")


def _short(row: MetricRow) -> str:
    return row.name.removeprefix(f"{row.audit}.")


def _shown(metric: Metric) -> tuple[str, str]:
    shown = show(metric)
    return shown.value, shown.interval or shown.reason


def _made(data: ReportData) -> Iterator[str]:
    yield "## How it was made"
    yield table(("setting", "value", "from"), [(row.key, row.value, row.origin) for row in data.settings])
    yield table(("what", "version or value"), [(row.name, row.value) for row in data.environment])
    if data.reproduce:
        yield fence("\n".join(clip(line, 400) for line in data.reproduce))
