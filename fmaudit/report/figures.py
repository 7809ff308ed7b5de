"""Exhibits made ready for a page: the drawing as SVG, what it leaves out, and words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from fmaudit.records import Exhibit
from fmaudit.report.charts import CHART_KINDS, specification
from fmaudit.report.document import ExhibitRow
from fmaudit.report.drawing import Drawing, draw
from fmaudit.report.humane import number, plural
from fmaudit.report.safe import clip, visible
from fmaudit.report.svg import render_svg
from fmaudit.report.tables import Grid, grid

__all__ = ["Figure", "describe_exhibit", "make_figures"]

_NOUNS = {"bars": "Bar chart", "stacked": "Stacked bar chart", "line": "Line chart", "heatmap": "Heat map", "histogram": "Histogram"}
_DRAWN = 80  # charts that are drawn at most; the others are shown as tables
_THREADS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An exhibit of a page; `svg` is empty where it is a table, or could not be drawn for the reason in `notes`."""

    audit: str
    target: str
    title: str
    caption: str
    svg: str
    notes: tuple[str, ...]
    grid: Grid


def make_figures(rows: Sequence[ExhibitRow], *, table_rows: int = 40) -> list[Figure]:
    """Draw exhibits, several at a time; one that cannot be drawn is shown as its table and says why."""
    prepared = [_prepare(row.exhibit, index < _DRAWN) for index, row in enumerate(rows)]
    with ThreadPoolExecutor(_THREADS) as pool:
        drawn = list(pool.map(_drawn, prepared, rows, range(len(rows))))
    return [
        Figure(
            audit=row.audit,
            target=row.target,
            title=row.exhibit.title or row.exhibit.name,
            caption=row.exhibit.caption,
            svg=svg,
            notes=(*notes, *((problem,) if problem else ())),
            grid=grid(row.exhibit, table_rows, width=100),
        )
        for row, (_, notes, _), (svg, problem) in zip(rows, prepared, drawn, strict=True)
    ]


def describe_exhibit(exhibit: Exhibit) -> str:
    """Say in a sentence or two what a chart shows."""
    rows = plural(exhibit.data.num_rows, "row")
    kind = _NOUNS.get(exhibit.kind, "Chart")
    if exhibit.spec is not None or exhibit.kind not in CHART_KINDS:
        return clip(f"Chart of {rows}. {exhibit.caption}".strip(), 600)
    drawing = draw(exhibit)
    titles = [drawing.titles[channel] for channel in ("x", "y", "color") if channel in drawing.titles]
    return clip(f"{kind} of {rows}: {', '.join(titles)}. {_ends(drawing)}{exhibit.caption}".strip(), 600)


def _ends(drawing: Drawing) -> str:
    """Name the largest and the smallest value of a bar chart or a heat map."""
    channel = {"bars": "x", "heatmap": "color"}.get(drawing.kind)
    if channel is None or not drawing.rows:
        return ""
    rows = sorted(drawing.rows, key=lambda row: -row[channel])
    words = []
    for word, row in (("Largest", rows[0]), ("smallest", rows[-1])):
        name = f"{row['y']}, {row['x']}" if drawing.kind == "heatmap" else row["y"]
        words.append(f"{word}: {name} {number(row[channel], drawing.unit).value}")
    return "; ".join(words if len(rows) > 1 else words[:1]) + ". "


_Prepared = tuple[dict[str, Any] | None, tuple[str, ...], str]


def _prepare(exhibit: Exhibit, wanted: bool) -> _Prepared:
    """Make the specification, the notes and the description of an exhibit; whatever is wrong with it becomes a note."""
    if exhibit.spec is None and exhibit.kind == "table":
        return None, (), ""
    if not wanted:
        return None, ("Not drawn, to keep this page small.",), ""
    try:
        spec = specification(exhibit)
        notes = draw(exhibit).notes if exhibit.spec is None else ()
        return spec, notes, describe_exhibit(exhibit)
    except Exception as error:  # a plugin made it: its fault must not cost the report
        return None, (_apology(error),), ""


def _drawn(prepared: _Prepared, row: ExhibitRow, index: int) -> tuple[str, str]:
    spec, _, description = prepared
    if spec is None:
        return "", ""
    title = visible(row.exhibit.title or row.exhibit.name)
    try:
        return render_svg(spec, key=f"x{index}", title=title, description=description), ""
    except Exception as error:
        return "", _apology(error)


def _apology(error: Exception) -> str:
    first = (str(error).splitlines() or [""])[0]
    return f"This chart could not be drawn, so its table stands here. {type(error).__name__}: {clip(first, 160)}"
