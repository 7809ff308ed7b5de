"""Draw exhibits as Vega-Lite specifications: the only drawings there are, for the report as SVG and for the dashboard as they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from fmaudit.report.drawing import Drawing, draw
from fmaudit.report.palette import CATEGORY, DIVERGING, HEAT, THEMES, chart_config
from fmaudit.report.safe import clip

if TYPE_CHECKING:
    from fmaudit.records import Exhibit

__all__ = ["CHART_KINDS", "specification"]

CHART_KINDS = ("bars", "stacked", "line", "heatmap", "histogram")
WIDTH = 720
_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left"]
_DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [10, 4], [4, 2], [1, 3], [12, 2, 2, 2]]
_FORBIDDEN = {"url", "href", "data", "datasets", "usermeta", "params", "config", "$schema", "image"}


def specification(exhibit: Exhibit) -> dict[str, Any] | None:
    """Return the exhibit's Vega-Lite specification in light colours, or None where it is a table."""
    import altair as alt
    from altair.utils.schemapi import debug_mode

    if exhibit.spec is None and (exhibit.kind == "table" or exhibit.data.num_rows == 0):
        return None
    # what a plugin specified is validated; for what is built here that takes three quarters of the time, and tests do it
    with debug_mode(exhibit.spec is not None):
        return _specified(alt, exhibit)


def _specified(alt: Any, exhibit: Exhibit) -> dict[str, Any] | None:
    if exhibit.spec is not None:
        body = _passed_through(alt, exhibit)
    else:
        drawing = draw(exhibit)
        if not drawing.rows:
            return None
        body = _DRAWERS[exhibit.kind](alt, drawing)
    body = body.properties(width=WIDTH, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"), padding=4)
    spec: dict[str, Any] = body.to_dict(validate=exhibit.spec is not None)
    spec.pop("$schema", None)
    spec["config"] = chart_config()
    return spec


def _names(alt: Any, drawing: Drawing, **axis: Any) -> Any:
    """Make the axis of names on the left, with room for a font of the page that is wider than the one the drawing is laid out with."""
    wide = max(sum(12.5 if east_asian_width(c) in "WF" else 7.0 for c in str(row["y"])) for row in drawing.rows)
    return alt.Axis(ticks=False, domain=False, minExtent=math.ceil(min(wide, 190) * 1.1) + 8, **axis)


def _bars(alt: Any, drawing: Drawing) -> Any:
    ends = [row["end"] for row in drawing.rows]
    lows = [row[key] for row in drawing.rows for key in ("x", "low") if row.get(key) is not None]
    base = alt.Chart(_data(alt, drawing))
    y = alt.Y("y:N", sort=None, title=None, axis=_names(alt, drawing, labelFontSize=12.5))
    x = alt.X("x:Q", title=_value_title(drawing, "x"), **_extent(alt, drawing, min(lows), max(ends), room=1.13))
    if drawing.log:
        layers = [base.mark_point(filled=True, size=80, color=CATEGORY[0]).encode(x=x, y=y)]
    else:
        layers = [base.mark_bar(size=14, color=CATEGORY[0]).encode(x=x, y=y)]
    if drawing.has("low") and drawing.has("high"):
        layers += _whiskers(alt, base, y)
    if drawing.has("reference"):
        mark = {
            "shape": "diamond",
            "filled": True,
            "size": 85,
            "color": THEMES["reference"][0],
            "stroke": THEMES["page"][0],
            "strokeWidth": 1,
        }
        layers.append(base.mark_point(**mark, opacity=1).encode(x="reference:Q", y=y))
    layers.append(base.mark_text(align="left", dx=7, baseline="middle").encode(x="end:Q", y=y, text="label:N"))
    return alt.layer(*layers).properties(height=alt.Step(25))


def _whiskers(alt: Any, base: Any, y: Any) -> list[Any]:
    known = base.transform_filter("isValid(datum.low) && isValid(datum.high)")
    ink = THEMES["whisker"][0]
    rule = known.mark_rule(color=ink, strokeWidth=1.5).encode(x="low:Q", x2="high:Q", y=y)
    caps = [known.mark_tick(color=ink, thickness=1.5, size=8).encode(x=f"{end}:Q", y=y) for end in ("low", "high")]
    return [rule, *caps]


def _stacked(alt: Any, drawing: Drawing) -> Any:
    base = alt.Chart(_data(alt, drawing))
    y = alt.Y("y:N", sort=None, title=None, axis=_names(alt, drawing, labelFontSize=12.5))
    x = alt.X("x:Q", title=_value_title(drawing, "x"), **_extent(alt, drawing, 0.0, max(row["x2"] for row in drawing.rows)))
    names = {group: f"{chr(ord('A') + index)}  {group}" for index, group in enumerate(drawing.groups)}
    for row in drawing.rows:
        row["name"] = names[row["color"]]
        row["middle"] = (row["x"] + row["x2"]) / 2
    colour = alt.Color("name:N", title=None, sort=None, scale=alt.Scale(domain=list(names.values()), range=list(CATEGORY[: len(names)])))
    bars = base.mark_bar(size=20, stroke=THEMES["page"][0], strokeWidth=1.5).encode(x=x, x2="x2:Q", y=y, color=colour)
    tags = base.transform_filter("datum.tag != ''").mark_text(color=THEMES["cell-paper"][0], fontSize=11, fontWeight="bold")
    return alt.layer(bars, tags.encode(x="middle:Q", y=y, text="tag:N")).properties(height=alt.Step(30))


def _line(alt: Any, drawing: Drawing) -> Any:
    base = alt.Chart(_data(alt, drawing))
    values = [row[key] for row in drawing.rows for key in ("y", "low", "high") if row.get(key) is not None]
    y = alt.Y("y:Q", title=_value_title(drawing, "y"), **_extent(alt, drawing, min(values), max(values), room=1.04))
    x = _line_axis(alt, drawing)
    many = len(drawing.groups) > 1
    scale = {"domain": list(drawing.groups)}
    colour = alt.Color("color:N", title=None, scale=alt.Scale(**scale, range=list(CATEGORY[: len(drawing.groups)])))
    dash = alt.StrokeDash("color:N", title=None, scale=alt.Scale(**scale, range=_DASHES[: len(drawing.groups)]))
    shape = alt.Shape("color:N", title=None, scale=alt.Scale(**scale, range=_SHAPES[: len(drawing.groups)]))
    layers = []
    if drawing.has("low") and drawing.has("high"):
        band = base.mark_area(opacity=0.18, color=CATEGORY[0]).encode(x=x, y="low:Q", y2="high:Q")
        layers.append(band.encode(color=colour) if many else band)
    line = base.mark_line(strokeWidth=2).encode(x=x, y=y)
    layers.append(line.encode(color=colour, strokeDash=dash) if many else line)
    if len(drawing.rows) <= 60 * len(drawing.groups):
        points = base.mark_point(filled=True, size=46, opacity=1).encode(x=x, y=y)
        layers.append(points.encode(color=colour, shape=shape) if many else points)
    return alt.layer(*layers).properties(height=240)


def _line_axis(alt: Any, drawing: Drawing) -> Any:
    title = drawing.titles["x"]
    first = drawing.rows[0]["x"]
    if isinstance(first, str):
        return alt.X("x:O", sort=None, title=title, axis=alt.Axis(labelAngle=0, labelOverlap="greedy", grid=False))
    if abs(first) > 1e11:  # milliseconds since 1970, as drawing.draw writes dates
        return alt.X("x:T", title=title, scale=alt.Scale(type="utc"), axis=alt.Axis(grid=False, tickCount=8))
    axis = alt.Axis(grid=False, tickCount=8, format=_format(*(row["x"] for row in drawing.rows)))
    return alt.X("x:Q", title=title, scale=alt.Scale(zero=False, nice=False, padding=6), axis=axis)


def _heatmap(alt: Any, drawing: Drawing) -> Any:
    base = alt.Chart(_data(alt, drawing))
    columns = len({row["x"] for row in drawing.rows})
    axis = {"ticks": False, "domain": False, "grid": False}
    angle = 0 if columns <= 8 else -45
    title = f"{drawing.titles['x']}  (cells: {_value_title(drawing, 'color', percent=True)})"
    x = alt.X("x:N", sort=None, title=title, axis=alt.Axis(**axis, labelAngle=angle, orient="bottom"))
    y = alt.Y("y:N", sort=None, title=drawing.titles["y"], axis=_names(alt, drawing, grid=False))
    steps = DIVERGING if drawing.rows[0]["diverging"] else HEAT
    fill = alt.Color("step:O", legend=None, scale=alt.Scale(domain=list(range(7)), range=list(steps)))
    cells = base.mark_rect(stroke=THEMES["page"][0], strokeWidth=1).encode(x=x, y=y, color=fill)
    ink, paper = THEMES["cell-ink"][0], THEMES["cell-paper"][0]
    size = 11 if columns <= 12 else 9
    text = base.mark_text(fontSize=size).encode(
        x=x, y=y, text="label:N", color=alt.condition("datum.strong", alt.value(paper), alt.value(ink))
    )
    return alt.layer(cells, text).properties(height=alt.Step(26))


def _histogram(alt: Any, drawing: Drawing) -> Any:
    base = alt.Chart(_data(alt, drawing))
    top = max(row["y"] for row in drawing.rows)
    low = min(row["y"] for row in drawing.rows)
    y = alt.Y("y:Q", title=_value_title(drawing, "y"), **_extent(alt, drawing, low if drawing.log else 0.0, top, room=1.06))
    if isinstance(drawing.rows[0]["x"], str):
        bars = base.mark_bar(color=CATEGORY[0]).encode(x=alt.X("x:N", sort=None, title=drawing.titles["x"]), y=y)
        return bars.properties(height=220)
    ends = [drawing.rows[0]["x"], max(row["x2"] for row in drawing.rows)]
    axis = alt.Axis(grid=False, tickCount=10, format=_format(*ends))
    x = alt.X("x:Q", title=drawing.titles["x"], axis=axis, scale=alt.Scale(domain=ends, nice=False))
    if drawing.log:
        floor = 10 ** math.floor(math.log10(low)) / 2
        for row in drawing.rows:
            row["floor"] = floor
        bars = base.mark_rect(color=CATEGORY[0], stroke=THEMES["page"][0], strokeWidth=1).encode(x=x, x2="x2:Q", y=y, y2="floor:Q")
    else:
        bars = base.mark_bar(color=CATEGORY[0], stroke=THEMES["page"][0], strokeWidth=1).encode(x=x, x2="x2:Q", y=y)
    return bars.properties(height=220)


def _passed_through(alt: Any, exhibit: Exhibit) -> Any:
    """Draw a plugin's own mark and encoding over the exhibit's data; it can load nothing and link to nothing."""
    spec = _harmless(exhibit.spec)
    rows = [{name: _harmless_value(value) for name, value in row.items()} for row in exhibit.data.slice(0, 2000).to_pylist()]
    spec["data"] = {"values": rows}
    return alt.Chart.from_dict(spec)


def _harmless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _harmless(inner) for key, inner in value.items() if key not in _FORBIDDEN}
    if isinstance(value, list | tuple):
        return [_harmless(inner) for inner in value]
    return _harmless_value(value)


def _harmless_value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float) else clip(str(value), 60)


def _data(alt: Any, drawing: Drawing) -> Any:
    return alt.Data(values=drawing.rows)  # by reference: a drawer may still add columns


def _extent(alt: Any, drawing: Drawing, low: float, high: float, room: float = 1.0) -> dict[str, Any]:
    """Choose a value axis: from 0, with round ticks, and `room` at its end for labels."""
    format_ = "~%" if drawing.unit == "fraction" else _format(low, high)
    if drawing.log:
        axis = alt.Axis(format="~e" if low < 1e-3 else format_, tickCount=6)
        return {"scale": alt.Scale(type="log", domain=[10 ** math.floor(math.log10(low)), high * room**4], nice=False), "axis": axis}
    bottom, top = min(low, 0.0), max(high, 0.0)
    if bottom == top:
        top = 1.0
    ticks = _ticks(bottom, top)
    end = max(top + (room - 1) * (top - bottom), ticks[-1] if room == 1.0 else 0.0)
    start = bottom - (0.02 * (top - bottom) if bottom < 0 else 0.0)
    return {"scale": alt.Scale(domain=[start, end], nice=False), "axis": alt.Axis(values=ticks, format=format_)}


def _format(*ends: float) -> str:
    """Choose how numbers are written on an axis: with prefixes for thousands where they are large, never for parts ("10m")."""
    return "~s" if max(abs(end) for end in ends) >= 10_000 else ",~r"


def _ticks(low: float, high: float) -> list[float]:
    """List four to eight round numbers between low and high."""
    raw = (high - low) / 5
    magnitude = 10 ** math.floor(math.log10(raw))
    step = magnitude * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def _value_title(drawing: Drawing, channel: str, *, percent: bool = False) -> str:
    parts = [drawing.titles[channel]]
    if drawing.unit == "fraction" and percent:
        parts.append("in %")
    elif drawing.unit not in {"", "fraction", "ratio"} and drawing.unit not in drawing.titles[channel]:
        parts.append(f"({drawing.unit})")
    if drawing.log:
        parts.append("(logarithmic)")
    if drawing.kind == "bars" and drawing.has("reference"):
        parts.append(f"   ◆ {drawing.titles['reference']}")
    return " ".join(parts)


_DRAWERS = {"bars": _bars, "stacked": _stacked, "line": _line, "heatmap": _heatmap, "histogram": _histogram}
