"""A comparison and a trend as blocks of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fmaudit.judge.comparing import Comparison
from fmaudit.records import Metric
from fmaudit.report.changes import drift_sentence, setting_words
from fmaudit.report.comparison import comparison_view
from fmaudit.report.document import Trend
from fmaudit.report.humane import show
from fmaudit.report.markup import bullets, cut, table, text
from fmaudit.report.safe import clip
from fmaudit.report.trends import marked_runs, shift_words

__all__ = ["comparison_blocks", "trend_blocks"]

POINTS = 12  # newest values of a metric
HEADER = ("", "metric", "on", "before", "after", "change, 95 % interval", "q", "how")
UNSURE = ("", "metric", "on", "before", "after", "change, 95 % interval", "q", "could see")


def comparison_blocks(comparison: Comparison, *, sure: int = 60, rest: int = 30, settings: int = 30) -> Iterator[str]:
    """Write what surely changed, shifts of shares, other settings, and what was not seen to change with what could have been."""
    view = comparison_view(comparison, rest)
    yield f"**{text(view['headline'])}**"
    if view["sure"]:
        yield table(HEADER, [_cells(row, "how") for row in view["sure"][:sure]])
        yield from cut(len(view["sure"]), sure, "that surely changed")
    moved = [drift for drift in view["drifts"] if drift["sure"]]
    yield from [bullets(text(drift_sentence(drift)) for drift in moved[:settings])] if moved else []
    yield "### These settings also changed" if view["settings"] else "No setting, file, model or version is another one."
    if view["settings"]:
        yield table(
            ("what", view["before"], view["after"]), [(c["name"], *map(_brief, setting_words(c))) for c in view["settings"][:settings]]
        )
        yield from cut(len(view["settings"]), settings, "settings")
    if view["rest"]:
        yield "### No sure difference"
        yield "The last column is the smallest change that the metric alone would have shown with 80 % power; among many it takes more."
        yield table(UNSURE, [_cells(row, "could_see") for row in view["rest"]])
        yield from cut(len(view["rest"]) + view["more"], len(view["rest"]), "metrics; fmaudit compare lists all")
    for side, names in (("before", view["only_before"]), ("after", view["only_after"])):
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            yield f"Only in {text(view[side])}: {', '.join(text(name) for name in names[:5])}{more}."
    yield from [bullets(text(note) for note in view["notes"][:settings])] if view["notes"] else []


def trend_blocks(trend: Trend) -> Iterator[str]:
    """Write a line for each metric with its newest values, and what else changed by run."""
    first = max(len(trend.runs) - POINTS, 0)
    marks = marked_runs(trend)
    runs = [f"{run.id}{f' ▼{marks[run.id]}' if run.id in marks else ''}" for run in trend.runs[first:]]
    yield f"{len(trend.runs)} runs of the same audit\\.toml; the newest are {', '.join(text(name) for name in runs)}."
    yield table(
        ("metric", "on", "values, oldest first", "newest interval"),
        [
            (one.name, one.target, ", ".join(_value(metric) for metric in one.metrics[first:]), _interval(one.metrics[-1]))
            for one in trend.series
        ],
    )
    shifts = [f"{text(one.name)} of {text(one.target)}: {text(shift_words(one.shift))}" for one in trend.series if one.shift is not None]
    yield from [bullets(shifts)] if shifts else []
    told = [
        f"▼{marks[run.id]} {text(run.id)}: "
        + "; ".join(text(f"{change.name}: {_arrow(change.before, change.after)}") for change in run.changes[:8])
        for run in trend.runs
        if run.id in marks
    ]
    yield from [bullets(told)] if told else []


def _cells(row: Mapping[str, Any], last: str) -> list[str]:
    return [f"{row['mark']} {row['outcome']}", *(row[name] for name in ("metric", "target", "before", "after", "change", "q", last))]


def _brief(words: str) -> str:
    return clip(words, 200)


def _arrow(before: str, after: str) -> str:
    return " → ".join(_brief(side) for side in setting_words({"before": before, "after": after}))


def _value(metric: Metric | None) -> str:
    return "–" if metric is None else show(metric).value


def _interval(metric: Metric | None) -> str:
    return "" if metric is None else show(metric).interval
