"""One metric over all runs, with its intervals, and with a mark where something else changed, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from fmaudit.errors import FmauditError
from fmaudit.judge.level import shift_of
from fmaudit.judge.settings import changed_settings
from fmaudit.records import Exhibit, Metric, MetricStatus
from fmaudit.report.charts import specification
from fmaudit.report.humane import show
from fmaudit.report.palette import CATEGORY, THEMES
from fmaudit.report.safe import clip
from fmaudit.report.trends import shift_words
from fmaudit.report.views import when
from fmaudit.store.results import read_metrics
from fmaudit_dashboard import data
from fmaudit_dashboard.parts.exhibits import show_spec
from fmaudit_dashboard.parts.links import choose, miss, say_missed, set_link, wish
from fmaudit_dashboard.parts.markup import Markup, fill, join, put
from fmaudit_dashboard.parts.tables import csv_text, download, html_table
from fmaudit_dashboard.parts.words import empty

RUNS = 60
CHANGED = "▼"  # as wide as there is room for over each of so many runs


@dataclass(frozen=True, slots=True)
class Point:
    """The metric in one run, and what else changed since the run before."""

    run: str
    created: str
    metric: Metric
    changes: tuple[str, ...] = ()


def _names(runs: list[str]) -> dict[str, dict[str, list[str]]]:
    """Map every metric's name without slice to its slices and their targets."""
    found: dict[str, dict[str, list[str]]] = {}
    for run in runs:
        try:
            table = data.metrics_table(run)
        except FmauditError:
            continue
        for full, target in zip(table.column("metric").to_pylist(), table.column("target").to_pylist(), strict=True):
            name, brace, rest = str(full).partition("{")
            targets = found.setdefault(name, {}).setdefault(brace + rest, [])
            if target not in targets:
                targets.append(str(target))
    return found


def _first(runs: list[str], names: list[str]) -> str:
    """Choose what is shown first: a metric that the newest run knows with an interval, or at least with a value."""
    for run in runs:
        try:
            table = data.metrics_table(run)
        except FmauditError:
            continue
        known = {column: set(table.filter(table[column].is_valid())["metric"].to_pylist()) for column in ("low", "value")}
        return next((name for column in known for name in names if name in known[column]), "")
    return ""


def _points(runs: list[str], metric: str, target: str) -> list[Point]:
    """Read the metric from every run that has it, oldest first."""
    import pyarrow.compute as pc

    mine = (pc.field("metric") == metric) & (pc.field("target") == target)
    points: list[Point] = []
    before: dict[str, Any] | None = None
    for run in reversed(runs):
        try:
            table, plan = data.metrics_table(run), data.plan(run)
        except (FmauditError, OSError, ValueError):
            continue
        rows = table.filter(mine)
        if not rows.num_rows:
            continue
        changes = _changes(before, plan, metric.partition(".")[0], target) if before is not None else ()
        points.append(Point(run, data.state(run).created, read_metrics(rows)[0].metric, changes))
        before = plan
    return points


def _changes(before: dict[str, Any], after: dict[str, Any], audit: str, target: str) -> tuple[str, ...]:
    """Say what changed between two plans that this metric may depend on."""
    mine = (f"audit.{audit} on {target}", f"corpus.{target}", f"model.{target}", f"tokenizer.{target}")
    changes = changed_settings(before, after)
    told = [
        change
        for change in changes
        if change.name.startswith(mine) or not change.name.startswith(("audit.", "corpus.", "model.", "tokenizer."))
    ]
    return tuple(clip(f"{change.name}: {change.before or '–'} → {change.after or '–'}", 160) for change in told)


def _spec(points: list[Point], title: str) -> dict[str, Any] | None:
    """Draw the line with its band as the report does, and lay the marks of changes over it."""
    import pyarrow as pa

    known = [p for p in points if p.metric.status is MetricStatus.OK and p.metric.value is not None]
    rows = [
        {
            "run": _short(p.run),
            "value": p.metric.value,
            "low": p.metric.interval.low if p.metric.interval else None,
            "high": p.metric.interval.high if p.metric.interval else None,
        }
        for p in known
    ]
    if not rows:
        return None
    columns = ["run", "value"] + (["low", "high"] if any(row["low"] is not None for row in rows) else [])
    table = pa.Table.from_pylist([{name: row[name] for name in columns} for row in rows])
    encoding = {"x": "run", "y": "value", **{name: name for name in columns[2:]}}
    spec = specification(Exhibit(name="trend", title=title, data=table, kind="line", encoding=encoding, unit=known[0].metric.unit))
    marks = [{"x": _short(p.run), "what": CHANGED} for p in known if p.changes]
    if spec is None:
        return None
    for layer in spec["layer"]:  # layers of other data must not put the runs into an order of their own
        layer["encoding"]["x"]["sort"] = [row["run"] for row in rows]
    x = {"field": "x", "type": "ordinal", "sort": [row["run"] for row in rows]}
    if alone := _alone(rows):
        ends = {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}}
        bar = {"type": "rule", "strokeWidth": 2, "opacity": 0.45, "color": CATEGORY[0]}
        spec["layer"].insert(0, {"data": {"values": alone}, "mark": bar, "encoding": {"x": x, **ends}})
    if not marks:
        return spec
    ink = THEMES["reference"][0]
    spec["layer"] += [
        {"data": {"values": marks}, "mark": {"type": "rule", "strokeDash": [4, 3], "color": ink}, "encoding": {"x": x}},
        {
            "data": {"values": marks},
            "mark": {"type": "text", "baseline": "bottom", "dy": -1, "align": "center", "color": ink, "fontSize": 11},
            "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "what", "type": "nominal"}},
        },
    ]
    return spec


def _alone(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take the intervals that make no band, since neither neighbour has one."""
    has = [False, *(row["low"] is not None and row["high"] is not None for row in rows), False]
    lone = (index for index in range(len(rows)) if has[index + 1] and not has[index] and not has[index + 2])
    return [{"x": rows[index]["run"], "low": rows[index]["low"], "high": rows[index]["high"]} for index in lone]


def _short(run: str) -> str:
    return run.removeprefix("run-")[:4]


def _table(points: list[Point]) -> None:
    rows = []
    for point in reversed(points):
        shown = show(point.metric)
        changes = join(fill("<div>▼ {text}</div>", text=text) for text in point.changes[:6]) if point.changes else Markup("")
        rows.append(
            (
                fill('<span class="mono">{run}</span>', run=point.run),
                when(point.created),
                shown.value,
                shown.interval or clip(shown.reason, 60),
                f"{point.metric.n:,}",
                changes,
            )
        )
    html_table(("run", "began", "value", "interval", "n", "changed since the run before"), rows, numeric=(False, False, True, False, True))


def _csv(points: list[Point]) -> str:
    rows = [
        {"run": p.run, "created": p.created, "value": p.metric.value, "low": p.metric.interval.low if p.metric.interval else None,
         "high": p.metric.interval.high if p.metric.interval else None, "n": p.metric.n, "changes": "; ".join(p.changes)}
        for p in points
    ]  # fmt: skip
    return csv_text(["run", "created", "value", "low", "high", "n", "changes"], rows)


def page() -> None:
    """Draw the page."""
    st.title("Trend", anchor=False)
    say_missed()
    runs = [state.id for state in data.states(data.run_ids()[:RUNS]) if state.measured]
    names = _names(runs)
    if not names:
        empty("There is no measured run yet", "A metric is drawn from the first run that has it.", "fmaudit run audit.toml")
        return
    left, middle, right = st.columns([3, 3, 2])
    common = sorted(names, key=lambda name: ("" not in names[name], name))
    metric = choose("Metric", common, "metric", first=_first(runs, common), place=left)
    slices = sorted(names[metric])
    asked = wish("slice")
    if asked and asked not in slices:
        miss("slice")
    place = slices.index(asked) if asked in slices else 0
    slice_ = middle.selectbox(
        "Slice", slices, index=place, key=f"trend-slice-{metric}-{asked}", format_func=lambda text: clip(text, 120) or "all of it"
    )
    set_link(slice=slice_)
    target = choose("Target", names[metric][slice_], "target", place=right)
    say_missed()
    with data.reading("Reading the runs …"):
        points = _points(runs, metric + slice_, target)
    full = clip(metric + slice_, 160)
    put(
        fill(
            '<div class="fm"><b class="mono">{metric}</b> <span class="soft">of {target}, in {runs}</span></div>',
            metric=full,
            target=target,
            runs="one run" if len(points) == 1 else f"{len(points)} runs",
        )
    )
    spec = _spec(points, full)
    if spec is not None:
        ends = f"from {show(points[0].metric).value} in {points[0].run} to {show(points[-1].metric).value} in {points[-1].run}"
        show_spec(spec, f"Line chart of {full} over {len(points)} runs, {ends}", "trend")
        if any(point.changes for point in points):
            put(
                fill(
                    '<div class="fm"><span class="soft">{text}</span></div>',
                    text=f"{CHANGED} something else changed, too: the table says what",
                )
            )
    shift = shift_words(shift_of([point.metric for point in points], [point.run for point in points]))
    if shift:
        put(fill('<div class="fm"><b>{text}</b></div>', text=shift))
    if len(points) < 2:
        put(fill('<div class="fm"><span class="soft">{text}</span></div>', text="One run has this metric; a line needs a second one."))
    _table(points)
    download("Download as CSV", lambda: _csv(points), "trend.csv", "trend")


page()
