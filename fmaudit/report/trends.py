"""A trend as small drawings: one metric each over the runs, its interval as a band, and a mark where something else changed, too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fmaudit.judge.level import Shift
from fmaudit.judge.settings import SettingChange
from fmaudit.records import Metric, MetricStatus
from fmaudit.report.changes import setting_words
from fmaudit.report.digest import label
from fmaudit.report.document import Trend, TrendRun, TrendSeries
from fmaudit.report.humane import number, show
from fmaudit.report.safe import clip
from fmaudit.report.views import when

__all__ = ["marked_runs", "shift_words", "touching", "trend_as_json", "trend_view"]

View = dict[str, Any]

LEFT, RIGHT, TOP, BOTTOM = 6.0, 252.0, 18.0, 84.0  # of a drawing of 300 by 104
SERIES, CHANGES = 24, 30
_OWNED = ("audit.", "corpus.", "model.", "tokenizer.")


def trend_view(trend: Trend, series: int = SERIES) -> View:
    """Lay a trend out for HTML: a drawing and a table for each metric, and one list of what else changed, run by run."""
    marks = marked_runs(trend)
    return {
        "runs": len(trend.runs),
        "series": [_series(one, trend, marks) for one in trend.series[:series]],
        "more": max(len(trend.series) - series, 0),
        "changes": [_changes(run, marks[run.id]) for run in trend.runs if run.id in marks],
    }


def marked_runs(trend: Trend) -> dict[str, int]:
    """Number the runs in which something else changed."""
    return {run.id: number for number, run in enumerate((run for run in trend.runs if run.changes), 1)}


def touching(changes: Sequence[SettingChange], audit: str, target: str) -> list[SettingChange]:
    """Return the changes that a metric of an audit and target may depend on; those of other audits and targets are not among them."""
    mine = (f"audit.{audit} on {target}", f"corpus.{target}", f"model.{target}", f"tokenizer.{target}")
    return [change for change in changes if change.name.partition(":")[0] in mine or not change.name.startswith(_OWNED)]


def _changes(run: TrendRun, mark: int) -> View:
    sides = [(clip(change.name, 120), *setting_words({"before": change.before, "after": change.after})) for change in run.changes[:CHANGES]]
    words = [f"{name}: {clip(before, 120)} → {clip(after, 200)}" for name, before, after in sides]
    return {"mark": mark, "run": clip(run.id, 80), "created": when(run.created), "words": words, "more": max(len(run.changes) - CHANGES, 0)}


def _series(one: TrendSeries, trend: Trend, marks: dict[str, int]) -> View:
    known = [metric for metric in one.metrics if metric is not None and _value(metric) is not None]
    newest = next((metric for metric in reversed(one.metrics) if metric is not None), None)
    shown = show(newest) if newest is not None else None
    marked = [index for index, run in enumerate(trend.runs) if touching(run.changes, one.audit, one.target)]
    return {
        "title": clip(label(newest), 90) if newest is not None else clip(one.name, 90),
        "owner": clip(f"{one.target}, {one.audit}", 90),
        "value": shown.value if shown else "",
        "interval": (shown.interval or shown.reason) if shown else "",
        "drawing": _drawing(one, trend, [(index, marks[trend.runs[index].id]) for index in marked]) if len(known) > 1 else None,
        "described": clip(_described(one, trend, known), 400),
        "shift": clip(shift_words(one.shift), 200),
        "rows": [_point(run, metric, marks) for run, metric in zip(reversed(trend.runs), reversed(one.metrics), strict=True)],
    }


def _described(one: TrendSeries, trend: Trend, known: Sequence[Metric]) -> str:
    if not known:
        return f"{one.name} of {one.target} was not measured in any of {len(trend.runs)} runs."
    ends = f"{show(known[0]).value} at first, {show(known[-1]).value} at last"
    return f"{one.name} of {one.target} over {len(trend.runs)} runs: {ends}. {shift_words(one.shift)}".strip()


def shift_words(shift: Shift | None) -> str:
    """Say that a level shifted, with which run, and when that was sure; "" where it did not."""
    if shift is None:
        return ""
    rose = "rose" if shift.direction > 0 else "fell"
    return f"Its level {rose} with {shift.since}" + (f", sure since {shift.sure}." if shift.sure != shift.since else ".")


def _point(run: TrendRun, metric: Metric | None, marks: dict[str, int]) -> View:
    shown = show(metric) if metric is not None else None
    return {
        "run": clip(run.id, 80), "created": when(run.created), "mark": marks.get(run.id, 0),
        "value": shown.value if shown else "–", "interval": (shown.interval or clip(shown.reason, 80)) if shown else "not measured",
        "n": f"{metric.n:,}" if metric is not None else "–",
    }  # fmt: skip


# -- the drawing -------------------------------------------------------------------------------------------------


def _drawing(one: TrendSeries, trend: Trend, marks: Sequence[tuple[int, int]]) -> View:
    """Place points, band and marks; where a run has no value, line and band are broken."""
    unit = next(metric.unit for metric in one.metrics if metric is not None)
    bottom, top = _extent(one.metrics, unit)
    points = [(_x(index, len(trend.runs)), metric) for index, metric in enumerate(one.metrics)]
    stretches = _stretches(points)

    def y(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (min(max(value, bottom), top) - bottom) / (top - bottom), 1)

    return {
        "lines": ["M" + " ".join(f"{x:g} {y(_value(metric) or 0.0):g}" for x, metric in stretch) for stretch in stretches],
        "bands": [band for stretch in stretches if (band := _band(stretch, y))],
        "whiskers": [_whisker(x, metric, y) for stretch in stretches if len(stretch) == 1 for x, metric in stretch if _interval(metric)],
        "points": [{"x": f"{x:g}", "y": f"{y(_value(metric) or 0.0):g}"} for stretch in stretches for x, metric in stretch],
        "gaps": [{"x": f"{x:g}"} for x, metric in points if _value(metric) is None],
        "marks": [{"x": f"{_x(index, len(trend.runs)):g}", "number": mark} for index, mark in marks],
        "top": _tick(top, unit), "bottom": _tick(bottom, unit),
        "first": clip(_short(trend.runs[0].id), 16), "last": clip(_short(trend.runs[-1].id), 16),
    }  # fmt: skip


def _tick(value: float, unit: str) -> str:
    """Write an end of the axis; the unit stands with the newest value."""
    words = number(value, unit).value
    return words if unit == "fraction" or len(words) < 8 else words.partition("\u00a0")[0]


def _extent(metrics: Sequence[Metric | None], unit: str) -> tuple[float, float]:
    ends = [end for metric in metrics if metric is not None and (value := _value(metric)) is not None
            for end in (value, *(_interval(metric) or ())) if abs(end) < 1e15]  # fmt: skip
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    low, high = low - room if low < 0.0 else max(low - room, 0.0), high + room
    return (max(low, 0.0), min(high, 1.0)) if unit == "fraction" and low >= 0.0 and high - room <= 1.0 else (low, high)


def _stretches(points: Sequence[tuple[float, Metric | None]]) -> list[list[tuple[float, Metric]]]:
    found: list[list[tuple[float, Metric]]] = [[]]
    for x, metric in points:
        if metric is None or _value(metric) is None:
            found.append([])
        else:
            found[-1].append((x, metric))
    return [stretch for stretch in found if stretch]


def _band(stretch: Sequence[tuple[float, Metric]], y: Any) -> str:
    ends = [(x, *found) for x, metric in stretch if (found := _interval(metric)) is not None]
    if len(ends) < 2 or len(ends) < len(stretch):
        return ""
    return "M" + " ".join([*(f"{x:g} {y(high):g}" for x, _, high in ends), *(f"{x:g} {y(low):g}" for x, low, _ in reversed(ends))]) + "Z"


def _whisker(x: float, metric: Metric, y: Any) -> str:
    low, high = _interval(metric) or (0.0, 0.0)
    return f"M{x:g} {y(low):g}V{y(high):g}"


def _x(index: int, runs: int) -> float:
    return round(LEFT + (RIGHT - LEFT) * (index / (runs - 1) if runs > 1 else 0.5), 1)


def _value(metric: Metric | None) -> float | None:
    known = metric is not None and metric.status is MetricStatus.OK and metric.value is not None and math.isfinite(metric.value)
    return metric.value if known and metric is not None else None


def _interval(metric: Metric) -> tuple[float, float] | None:
    ends = (metric.interval.low, metric.interval.high) if metric.interval is not None else (math.nan, math.nan)
    return ends if all(map(math.isfinite, ends)) else None


def _short(run: str) -> str:
    """Write `run-0007-20261122` as `0007`."""
    parts = run.split("-")
    return parts[1] if len(parts) == 3 and parts[0] == "run" else run


# -- JSON --------------------------------------------------------------------------------------------------------


def trend_as_json(trend: Trend) -> View:
    """Lay a trend out as the report's JSON has it: a point for each run, null where it was not measured."""
    return {
        "runs": [
            {
                "run": run.id,
                "created": run.created,
                "changes": [{"name": c.name, "before": c.before, "after": c.after} for c in run.changes],
            }
            for run in trend.runs
        ],
        "series": [
            {
                "metric": one.name,
                "audit": one.audit,
                "target": one.target,
                "points": [_point_json(metric) for metric in one.metrics],
                "shift": asdict(one.shift) if one.shift is not None else None,
            }
            for one in trend.series
        ],
    }


def _point_json(metric: Metric | None) -> View | None:
    if metric is None:
        return None
    ends = _interval(metric) or (None, None)
    return {"value": _value(metric), "low": ends[0], "high": ends[1], "n": metric.n, "unit": metric.unit, "status": str(metric.status)}
