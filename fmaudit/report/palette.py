"""Colours of the report and of its charts: light and dark, as CSS variables and as plain values for the dashboard."""

from __future__ import annotations

from typing import Any

__all__ = ["CATEGORY", "DIVERGING", "HEAT", "THEMES", "chart_config", "css_variables", "to_dark", "to_variable"]

# Every light value is used for one role only, so that a drawn chart can be turned into CSS variables by looking values up.
# The categories are told apart with the common colour vision deficiencies and have 3:1 contrast to the page; charts add
# letters, dashes or shapes, so that colour never stands alone.
THEMES: dict[str, tuple[str, str]] = {
    "page": ("#ffffff", "#14181d"),
    "panel": ("#f5f7f9", "#1b2127"),
    "ink": ("#1a2027", "#e6eaee"),
    "soft": ("#55606c", "#a5b0bb"),
    "line": ("#d9dfe5", "#333c45"),
    "grid": ("#e8ecf0", "#262d34"),
    "accent": ("#0b5a9c", "#7cbcf5"),
    "error": ("#a4161a", "#ff8f86"),
    "error-wash": ("#fdf0ef", "#33191a"),
    "warning": ("#7a4a00", "#f0b65c"),
    "warning-wash": ("#fdf5e6", "#2f2412"),
    "pass": ("#12633a", "#6fd39b"),
    "pass-wash": ("#eef8f2", "#14291d"),
    "note": ("#3d5168", "#a9c1da"),
    "note-wash": ("#f0f4f8", "#1b2530"),
    "whisker": ("#12263a", "#f4f7fa"),
    "reference": ("#b3541e", "#ffab73"),
    "c1": ("#2f73b5", "#6fb1ee"),
    "c2": ("#c9610f", "#f2975c"),
    "c3": ("#1a7f64", "#58c8a6"),
    "c4": ("#8450a8", "#c69fe6"),
    "c5": ("#94720a", "#dfbe55"),
    "c6": ("#b83b74", "#f48fbb"),
    "c7": ("#3c8fb0", "#8fdcf5"),
    "c8": ("#6b7480", "#9aa5b1"),
    "h1": ("#eef4fa", "#1c2731"),
    "h2": ("#d3e4f3", "#20364a"),
    "h3": ("#aecdea", "#254965"),
    "h4": ("#7fb0dc", "#2f6490"),
    "h5": ("#4a8cc7", "#4a8dc4"),
    "h6": ("#1f66a6", "#80b9e8"),
    "h7": ("#0a4274", "#bfe0ff"),
    "d1": ("#9c3f0a", "#ffb98a"),
    "d2": ("#d98a55", "#b5632d"),
    "d3": ("#f3d3bb", "#4d3222"),
    "d4": ("#f1f2f4", "#22282e"),
    "d5": ("#c3dbef", "#23405a"),
    "d6": ("#6da4d6", "#3f7db3"),
    "d7": ("#12548f", "#a9d5ff"),
    "cell-ink": ("#1a2028", "#e6eaef"),  # text on the pale steps of h and d
    "cell-paper": ("#fffffe", "#0f1317"),  # text on the strong steps
}
CATEGORY = tuple(THEMES[f"c{index}"][0] for index in range(1, 9))
HEAT = tuple(THEMES[f"h{index}"][0] for index in range(1, 8))
DIVERGING = tuple(THEMES[f"d{index}"][0] for index in range(1, 8))
_VARIABLES = {light: f"var(--{name})" for name, (light, _) in THEMES.items()}
_DARK = dict(THEMES.values())


def to_variable(colour: str) -> str | None:
    """Return the CSS variable of a light colour, or None if it is not one of the palette."""
    return _VARIABLES.get(colour)


def to_dark(value: Any) -> Any:
    """Replace every light colour inside a chart's specification by its dark one."""
    if isinstance(value, dict):
        return {key: to_dark(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [to_dark(inner) for inner in value]
    return _DARK.get(value, value) if isinstance(value, str) else value


def css_variables(*, dark: bool) -> str:
    """Write the palette as CSS declarations."""
    return "".join(f"--{name}:{colours[dark]};" for name, colours in THEMES.items())


def chart_config() -> dict[str, Any]:
    """Return the Vega-Lite configuration that all charts share."""
    ink, soft, line, grid = (THEMES[name][0] for name in ("ink", "soft", "line", "grid"))
    text = {"labelColor": ink, "titleColor": soft, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    return {
        "font": "Liberation Sans",  # comes with vl-convert, so that layouts are the same on every machine
        "background": None,
        "aria": False,  # the report writes one description for the whole chart
        "view": {"stroke": None},
        "axis": {
            **text,
            "domainColor": line,
            "tickColor": line,
            "gridColor": grid,
            "labelLimit": 190,
            "labelPadding": 6,
            "titlePadding": 8,
        },
        "legend": {
            **text,
            "symbolStrokeWidth": 2,
            "labelLimit": 190,
            "orient": "top",
            "direction": "horizontal",
            "columns": 4,
            "offset": 10,
        },
        "text": {"color": ink, "fontSize": 12},
        "bar": {"color": CATEGORY[0]},
        "point": {"color": CATEGORY[0], "filled": True, "size": 60},
        "line": {"color": CATEGORY[0], "strokeWidth": 2},
        "area": {"color": CATEGORY[0]},
        "rect": {"color": CATEGORY[0]},
        "rule": {"color": ink},
        "tick": {"color": ink},
        "range": {
            "category": list(CATEGORY),
            "heatmap": list(HEAT),
            "ramp": list(HEAT),
            "ordinal": list(HEAT),
            "diverging": list(DIVERGING),
        },
    }
