"""The report as one HTML page: no script, nothing loaded, light and dark, on screens of any width and on paper."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from fmaudit.judge.comparing import Comparison
from fmaudit.report import views
from fmaudit.report.changes import Sizes, changes_view
from fmaudit.report.digest import examined_sentences, is_whole, statuses
from fmaudit.report.document import AuditRow, ExhibitRow, ModelRow, ReportData, RunStatus
from fmaudit.report.figures import Figure, make_figures
from fmaudit.report.humane import plural
from fmaudit.report.models import explained, model_facts
from fmaudit.report.palette import css_variables
from fmaudit.report.safe import clip, visible
from fmaudit.report.trends import trend_view

__all__ = ["render_comparison_html", "render_html"]

_LIMIT = 960_000  # bytes of a page
_STATUS = {
    RunStatus.COMPLETE: ("✓", "pass", "Complete"),
    RunStatus.PARTIAL: ("◐", "warning", "Partial"),
    RunStatus.FAILED: ("✕", "error", "Failed"),
}
_COMMAND = re.compile(r"(?m)^(\s*):(?=:)")
_OPEN_FIGURES = 6  # of every audit and target; the others are folded under their titles


def render_html(data: ReportData) -> str:
    """Render the page; where it would grow past its limit, less of everything is shown, and the page says so."""
    figures = make_figures(_first_of_each(data.exhibits, views.Caps().figures))
    page = ""
    for factor in (1.0, 0.6, 0.35, 0.15, 0.05, 0.015):
        page = _finished(_template("report.html.jinja").render(_context(data, figures, views.Caps().scaled(factor))))
        if len(page.encode()) <= _LIMIT:
            break
    return page


def _first_of_each(exhibits: Sequence[ExhibitRow], most: int) -> list[ExhibitRow]:
    """Keep the first exhibits of every audit and target, as many of each as there is room for, so that none is left without."""
    seen: Counter[tuple[str, str]] = Counter()
    places = []
    for i, row in enumerate(exhibits):
        places.append((seen[row.audit, row.target], i))
        seen[row.audit, row.target] += 1
    return [exhibits[i] for i in sorted(i for _, i in sorted(places)[:most])]


def render_comparison_html(comparison: Comparison) -> str:
    """Render the page of a comparison alone, with everything that surely changed."""
    page = ""
    for size in (2000, 600, 200, 60):
        sizes = Sizes(sure=size, rest=size // 2, settings=size // 2, names=size // 2)
        page = _finished(_template("comparison.html.jinja").render({"css": _css(), "c": changes_view(comparison, sizes)}))
        if len(page.encode()) <= _LIMIT:
            break
    return page


def _context(data: ReportData, figures: Sequence[Figure], caps: views.Caps) -> dict[str, Any]:
    mark, tone, word = _STATUS[data.status]
    groups, rest = views.losses(data, caps)
    return {
        "css": _css(),
        "title": clip(data.title, 200) or "Report",
        "run_id": clip(data.run_id, 120),
        "version": clip(data.version, 40),
        "status": {"mark": mark, "tone": tone, "word": word},
        "created": views.when(data.created),
        "elapsed": views.elapsed(data),
        "whole": is_whole(data),
        "sentences": [clip(sentence, 500) for sentence in examined_sentences(data)[:40]],
        "losses": groups,
        "losses_rest": rest,
        "verdicts": views.verdicts(data, caps),
        "verdict_counts": [f"{amount} {status.value}" for status, amount in statuses(data)],
        "verdicts_more": max(len(data.verdicts) - caps.verdicts, 0),
        "targets": views.targets(data),
        "models": [_model(row) for row in data.models[:20]],
        "tiles": views.tiles(data),
        "findings": views.findings(data, caps),
        "findings_more": max(len(data.findings) - caps.findings, 0),
        "severities": _severities(data),
        "audits": _audits(data, figures, caps),
        "settings": data.settings[: caps.settings],
        "settings_more": max(len(data.settings) - caps.settings, 0),
        "environment": data.environment[:80],
        "reproduce": [clip(line, 400) for line in data.reproduce[:20]],
        "changes": changes_view(data.comparison, _sizes(caps)) if data.comparison is not None else None,
        "unlike": clip(data.baseline, 300),
        "over": trend_view(data.trend, caps.trends) if data.trend is not None else None,
    }


def _sizes(caps: views.Caps) -> Sizes:
    return Sizes(sure=caps.changes, rest=caps.changes // 2, settings=caps.changes // 3)


def _model(row: ModelRow) -> dict[str, Any]:
    return {"name": clip(row.name, 60), "facts": [(name, clip(value, 300), explained(name)) for name, value in model_facts(row)]}


def _severities(data: ReportData) -> str:
    counted = Counter(row.finding.severity.value for row in data.findings)
    return ", ".join(plural(counted[name], name) for name in ("error", "warning", "note") if counted[name])


def _audits(data: ReportData, figures: Sequence[Figure], caps: views.Caps) -> list[dict[str, Any]]:
    budget = _Budget(caps, Counter((row.audit, row.target) for row in data.metrics), figures)
    return [_audit(audit, index, data, figures, budget) for index, audit in enumerate(views.audits(data)[:60], 1)]


class _Budget:
    """What there is room for on the page: which drawings, and how many metrics of every audit and target."""

    def __init__(self, caps: views.Caps, metrics: Mapping[tuple[str, str], int], figures: Sequence[Figure]) -> None:
        self.caps = caps
        self.metrics = _shared_out(caps.metrics, metrics)
        self.drawn = _drawn(caps.svg, figures)


def _drawn(room: int, figures: Sequence[Figure]) -> set[int]:
    """Choose drawings by their `id`: the first of every audit and target, then the second of each, as long as there is room."""
    places: Counter[tuple[str, str]] = Counter()
    turns = []
    for figure in figures:
        turns.append(places[figure.audit, figure.target])
        places[figure.audit, figure.target] += 1
    chosen = set()
    for _, figure in sorted(zip(turns, figures, strict=True), key=lambda item: item[0]):
        if figure.svg and len(figure.svg) <= room:
            room -= len(figure.svg)
            chosen.add(id(figure))
    return chosen


def _shared_out(room: int, wanted: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Give everyone the same, and what the small ones leave to the large ones."""
    given: dict[tuple[str, str], int] = {}
    for place, (name, amount) in enumerate(sorted(wanted.items(), key=lambda item: item[1])):
        given[name] = min(amount, room // (len(wanted) - place))
        room -= given[name]
    return given


def _audit(audit: AuditRow, index: int, data: ReportData, figures: Sequence[Figure], budget: _Budget) -> dict[str, Any]:
    rows: dict[str, Sequence[Any]] = {"metrics": data.metrics, "figures": figures}
    names = dict.fromkeys(row.target for kind in rows.values() for row in kind if row.audit == audit.name)
    return {
        "key": f"audit-{index}",
        "name": clip(audit.name, 80),
        "title": clip(audit.title or audit.name, 120),
        "version": clip(audit.version, 40),
        "plugin": clip(f"{audit.plugin} {audit.plugin_version}".strip(), 80),
        "parameters": views.parameters(audit) if audit.parameters else "",
        "error": clip(audit.error, 600),
        "targets": [_target(audit.name, name, data, figures, budget) for name in list(names)[:30]],
    }


def _target(audit: str, target: str, data: ReportData, figures: Sequence[Figure], budget: _Budget) -> dict[str, Any]:
    caps = budget.caps
    rows = [row for row in data.metrics if (row.audit, row.target) == (audit, target)]
    kept = rows[: budget.metrics.get((audit, target), 0)]
    groups, dropped = views.metric_groups(kept, caps)
    mine = [figure for figure in figures if (figure.audit, figure.target) == (audit, target)]
    total = sum((row.audit, row.target) == (audit, target) for row in data.exhibits)
    shown = mine[: caps.figures]
    return {
        "name": clip(target, 80),
        "figures": [_figure(figure, place, budget) for place, figure in enumerate(shown)],
        "figures_more": total - len(shown),
        "groups": groups,
        "metrics": len(rows),
        "metrics_more": len(rows) - len(kept) + dropped,
    }


def _figure(figure: Figure, place: int, budget: _Budget) -> dict[str, Any]:
    from markupsafe import Markup

    drawn = id(figure) in budget.drawn
    notes = [clip(note, 300) for note in figure.notes]
    if figure.svg and not drawn:
        notes.append("Not drawn, to keep this page small.")
    return {
        "title": clip(figure.title, 160),
        "caption": clip(figure.caption, 600),
        "svg": Markup(figure.svg) if drawn else "",
        "notes": notes,
        "grid": figure.grid,
        "rows": figure.grid.rows[: budget.caps.table],
        "more": figure.grid.total - min(len(figure.grid.rows), budget.caps.table),
        "open": place < _OPEN_FIGURES,
    }


def _css() -> Any:
    from markupsafe import Markup

    sheet = (files("fmaudit.report") / "templates" / "report.css").read_text(encoding="utf-8")
    return Markup(sheet.replace("/*light*/", css_variables(dark=False)).replace("/*dark*/", css_variables(dark=True)))


def _finished(page: str) -> str:
    """Keep what a build system would take for an order out of the page's lines, should somebody print it."""
    return _COMMAND.sub(r"\1&#58;", page.replace("##[", "#&#35;["))


@cache
@functools.cache  # compiling a template takes longer than filling it
def _template(name: str) -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fmaudit.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clip"] = clip
    return environment.get_template(name)


def _finalize(value: Any) -> Any:
    """Make whatever reaches the page visible; the escaping of HTML comes after."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
