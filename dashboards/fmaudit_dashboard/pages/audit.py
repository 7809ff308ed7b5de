"""One audit of one target: its checks, findings, exhibits and metrics, whatever plugin made it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from fmaudit.records import MetricStatus, Severity, Verdict, VerdictStatus, format_slice
from fmaudit.report.digest import examined_sentences, headlines, label, loss_groups, ranked_findings, ranked_verdicts, unit_of, without_unit
from fmaudit.report.document import AuditRow, FindingRow, MetricRow, ReportData
from fmaudit.report.humane import count, number, plural, show
from fmaudit.report.models import explained, model_facts
from fmaudit.report.safe import clip, excerpt
from fmaudit.report.views import audits, parameters
from fmaudit_dashboard import data
from fmaudit_dashboard.parts.exhibits import show_exhibit
from fmaudit_dashboard.parts.links import choose, document_key, href, miss, say_missed, set_link, wish
from fmaudit_dashboard.parts.markup import Markup, fill, join, put
from fmaudit_dashboard.parts.metrics import metric_csv, metric_table, tile
from fmaudit_dashboard.parts.pages import measured_run
from fmaudit_dashboard.parts.tables import csv_text, download, html_table
from fmaudit_dashboard.parts.words import SEVERITY, VERDICT, chip, empty, soft, soft_text

ALL = "all targets"
WHOLE = "all without a slice"
FINDINGS = 20
EXHIBITS = 6


def _everything(report: ReportData) -> None:
    """Show what concerns the whole run: coverage, targets, models."""
    put(
        fill(
            '<div class="fm">{lines}</div>',
            lines=join(fill("<div>{line}</div>", line=clip(line, 400)) for line in examined_sentences(report)),
        )
    )
    groups = loss_groups(report)
    if groups:
        with st.expander(f"What was not examined or was repaired: {plural(len(groups), 'reason')}", key="audit-ledger"):
            rows = [
                (
                    group.target,
                    group.reason,
                    "not examined" if group.lost else "repaired",
                    count(group.documents),
                    clip(row.entry.file, 120),
                    count(row.entry.offset),
                    clip(row.entry.detail, 160),
                )
                for group in groups
                for row in group.rows[:20]
            ]
            html_table(("target", "reason", "outcome", "rows", "file", "offset", "detail"), rows[:200])
    if report.models:
        with st.expander(f"How {plural(len(report.models), 'model')} ran", key="audit-models"):
            facts = [(model.name, name, value, explained(name)) for model in report.models for name, value in model_facts(model)]
            html_table(("model", "what", "value", "what that is"), facts)


def _pairs(report: ReportData) -> dict[str, list[str]]:
    """List the targets of every audit."""
    found: dict[str, list[str]] = {audit.name: [] for audit in audits(report)}
    for rows in (report.metrics, report.exhibits, report.findings):
        for row in rows:
            known = found.setdefault(row.audit, [])
            if row.target not in known:
                known.append(row.target)
    return found


def _head(audit: AuditRow) -> None:
    facts = [f"version {audit.version}", f"plugin {audit.plugin} {audit.plugin_version}".strip() if audit.plugin else ""]
    text = " · ".join(clip(fact, 80) for fact in facts if fact)
    put(fill('<div class="fm"><b>{title}</b> <span class="soft">{text}</span></div>', title=clip(audit.title, 120), text=text))
    if audit.error:
        put(fill('<div class="fm fm-card error"><b>✕ This audit failed.</b> {text}</div>', text=clip(audit.error, 600)))


def _checks(report: ReportData, audit: str, target: str) -> None:
    ranked = ranked_verdicts(report)
    mine = [v for v in ranked if _audit_of(v) == audit and target in (ALL, v.target)]
    others = [v for v in ranked if v not in mine and v.status is not VerdictStatus.PASS]
    if mine or others:
        st.subheader("Checks", anchor=False)
    if mine:
        _check_table(report, mine)
    if others:
        soft("elsewhere in this run:")
        put(fill('<div class="fm">{lines}</div>', lines=join(_elsewhere(report.run_id, verdict) for verdict in others[:20])))
        if len(others) > 20:
            soft(f"and {count(len(others) - 20)} more")


def _elsewhere(run: str, verdict: Verdict) -> Markup:
    """Write a check of another audit or target with the way to it."""
    link = href("audit", run=run, audit=_audit_of(verdict), target=verdict.target)
    check = fill('<a class="mono" href="{link}" target="_self">{check}</a>', link=link, check=clip(verdict.check, 200))
    return fill("<div>{chip}{check} {target}</div>", chip=chip(*VERDICT[verdict.status]), check=check, target=soft_text(verdict.target))


def _audit_of(verdict: Verdict) -> str:
    return verdict.metric.partition(".")[0]


def _first(report: ReportData, pairs: dict[str, list[str]], audit: str = "") -> tuple[str, str]:
    """Choose what is shown first, of one audit or of any: where a check failed or could not be decided, "" where all is well."""
    for verdict in ranked_verdicts(report):
        name = _audit_of(verdict)
        if verdict.status is not VerdictStatus.PASS and verdict.target in pairs.get(name, ()) and audit in ("", name):
            return name, verdict.target
    return "", ""


def _check_table(report: ReportData, mine: Sequence[Verdict]) -> None:
    rows = []
    for verdict in mine:
        shown = number(verdict.value, unit_of(report, verdict), verdict.low, verdict.high) if verdict.value is not None else None
        rows.append((
            chip(*VERDICT[verdict.status]), fill('<span class="mono">{check}</span>', check=clip(verdict.check, 200)), verdict.target,
            shown.value if shown else "–", shown.interval if shown else "", clip(verdict.reason, 200),
        ))  # fmt: skip
    html_table(("outcome", "check", "target", "value", "interval", "why"), rows)


def _findings(rows: list[FindingRow], report: ReportData) -> None:
    st.subheader("Findings", anchor=False)
    if not rows:
        put(fill('<div class="fm"><span class="soft">{text}</span></div>', text="none"))
        return
    kinds = [kind for kind in Severity if any(row.finding.severity is kind for row in rows)]
    names = {
        kind: f"{SEVERITY[kind][1]} {plural(sum(row.finding.severity is kind for row in rows), SEVERITY[kind][2])}"
        for kind in reversed(kinds)
    }
    wanted = st.pills(
        "Severity",
        list(names),
        format_func=lambda kind: names[kind],
        selection_mode="multi",
        key="audit-severity",
        label_visibility="collapsed",
    )
    rows = [row for row in rows if not wanted or row.finding.severity in wanted]
    pages = -(-len(rows) // FINDINGS)
    page = st.pagination(pages, key="audit-finding-page") if pages > 1 else 1
    corpora = {target.name for target in report.targets if target.kind == "corpus"}
    for row in rows[(page - 1) * FINDINGS : page * FINDINGS]:
        put(_card(row, report.run_id, row.target in corpora))


def _card(row: FindingRow, run: str, corpus: bool) -> Markup:
    finding = row.finding
    tone, sign, word = SEVERITY[finding.severity]
    quotes = []
    for evidence in finding.evidence[:4]:
        start = evidence.start if evidence.start is not None else 0
        shown = clip(str(excerpt(evidence.excerpt, start, start, 220)) if evidence.excerpt else "", 240)
        place = f"{clip(evidence.file, 90)} at {count(evidence.offset)}"
        link = href("documents", run=run, target=row.target, doc=document_key(evidence.file, evidence.offset))
        where = fill('<a href="{link}" target="_self">{place}</a>', link=link, place=place) if corpus else fill("{place}", place=place)
        quotes.append(fill('<div class="fm-quote" dir="auto">{text} <span class="soft">{where}</span></div>', text=shown, where=where))
    advice = fill('<div class="soft">{text}</div>', text=clip(finding.advice, 400)) if finding.advice else Markup("")
    return fill(
        '<div class="fm fm-card {tone}">{chip}<b>{sentence}</b> <span class="soft">{target}</span>{advice}{quotes}</div>',
        tone=tone, chip=chip(tone, sign, word), sentence=clip(finding.sentence, 500), target=row.target, advice=advice, quotes=join(quotes),
    )  # fmt: skip


def _exhibits(report: ReportData, audit: str, target: str) -> None:
    rows = [row for row in report.exhibits if row.audit == audit and target in (ALL, row.target)]
    if not rows:
        return
    st.subheader("Exhibits", anchor=False)
    pages = -(-len(rows) // EXHIBITS)
    page = st.pagination(pages, key=f"audit-exhibits-{audit}-{target}") if pages > 1 else 1
    content = data.content(report.run_id)
    for place, row in enumerate(rows[(page - 1) * EXHIBITS : page * EXHIBITS]):
        with st.container(border=True):
            if target == ALL:
                put(fill('<div class="fm"><span class="soft">{target}</span></div>', target=row.target))
            show_exhibit(row.exhibit, f"{audit}-{target}-{page}-{place}", "|".join((content, audit, row.target, row.exhibit.name)))


def _metrics(rows: list[MetricRow]) -> None:
    st.subheader("Metrics", anchor=False)
    if not rows:
        put(fill('<div class="fm"><span class="soft">{text}</span></div>', text="none"))
        return
    names = list(dict.fromkeys(row.metric.name for row in rows))
    left, middle, right = st.columns([2, 2, 1], vertical_alignment="bottom")
    with left:
        whole = [WHOLE] if any(not row.metric.slice for row in rows) else []
        name = choose("Metric", [*whole, *names], "metric")
    of_name = [row for row in rows if (not row.metric.slice if name == WHOLE else row.metric.name == name)]
    slices = {format_slice(row.metric.slice) for row in of_name}
    asked = wish("slice")
    if asked and asked not in slices:
        miss("slice")
    say_missed()
    words = middle.text_input("Slice contains", key="audit-slice", placeholder="language=te")
    known_only = right.toggle("With a value", key="audit-known")
    shown = [row for row in of_name if words.lower() in format_slice(row.metric.slice).lower()]
    shown = [row for row in shown if not known_only or row.metric.status is MetricStatus.OK]
    shown.sort(key=lambda row: (format_slice(row.metric.slice) != asked, row.metric.name, -(row.metric.value or 0.0)))
    marked = next((row.name for row in of_name if asked and format_slice(row.metric.slice) == asked), "")
    metric_table(shown[:100], marked=marked)
    if len(shown) > 100:
        put(
            fill(
                '<div class="fm"><span class="soft">{text}</span></div>', text=f"the first 100 of {count(len(shown))}; the download has all"
            )
        )
    download("Download metrics as CSV", lambda: csv_text(*metric_csv(shown)), "metrics.csv", "audit-metrics")


def page() -> None:
    """Draw the page."""
    st.title("Audit", anchor=False)
    say_missed()
    run = measured_run()
    report = data.report(run)
    _everything(report)
    pairs = _pairs(report)
    if not pairs:
        empty("No audit was measured", "The run names none, or all of them failed before they began.")
        return
    left, right = st.columns(2)
    audit = choose("Audit", list(pairs), "audit", first=_first(report, pairs)[0], place=left)
    targets = pairs[audit]
    worst = _first(report, pairs, audit)[1]
    target = choose("Target", [*targets, ALL] if len(targets) > 1 else targets or [ALL], "target", first=worst, place=right)
    say_missed()
    _head(next(row for row in audits(report) if row.name == audit))
    rows = [row for row in report.metrics if row.audit == audit and target in (ALL, row.target)]
    tops = headlines(report_of(report, rows), 8)
    if tops:
        tiles = [tile(clip(label(row.metric), 60), without_unit(row), show(row.metric).interval) for row in tops]
        put(fill('<div class="fm fm-tiles">{tiles}</div>', tiles=join(tiles)))
    _checks(report, audit, target)
    _findings([row for row in ranked_findings(report) if row.audit == audit and target in (ALL, row.target)], report)
    _exhibits(report, audit, target)
    _metrics(rows)
    with st.expander("How it was asked", key="audit-parameters"):
        st.code(parameters(next(row for row in audits(report) if row.name == audit)), language="json", wrap_lines=True)
    set_link(slice=wish("slice"))


def report_of(report: ReportData, rows: list[MetricRow]) -> ReportData:
    """Return the report with these metrics only."""
    from dataclasses import replace

    return replace(report, metrics=tuple(rows), headlines=())


page()
