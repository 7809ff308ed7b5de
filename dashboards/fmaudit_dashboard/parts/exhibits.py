"""Exhibits drawn as the report draws them, each with its table."""

from __future__ import annotations

from typing import Any

import streamlit as st

from fmaudit.records import Exhibit
from fmaudit.report.charts import specification
from fmaudit.report.drawing import draw
from fmaudit.report.figures import describe_exhibit
from fmaudit.report.palette import to_dark
from fmaudit.report.safe import clip
from fmaudit_dashboard.parts.markup import fill, put
from fmaudit_dashboard.parts.style import is_dark
from fmaudit_dashboard.parts.tables import show_grid

__all__ = ["show_exhibit", "show_spec"]

_FONT = '"Source Sans", "Liberation Sans", sans-serif'


def show_exhibit(exhibit: Exhibit, key: str, content: str) -> None:
    """Show an exhibit: its title, its drawing, its caption, and its rows as a table; `content` names it, so that it is drawn once."""
    put(fill('<div class="fm"><b>{title}</b></div>', title=clip(exhibit.title or exhibit.name, 200)))
    spec, notes = _drawn(content, exhibit)
    if spec is None:
        _say([*notes, exhibit.caption])
        show_grid(exhibit, key)
        return
    drawing, table = st.tabs(["Chart", "Table"], key=f"tabs-{key}")
    with drawing:
        show_spec(spec, describe_exhibit(exhibit), key)
    with table:
        show_grid(exhibit, key)
    _say([exhibit.caption, *notes])


def show_spec(spec: dict[str, Any], alt: str, key: str) -> None:
    """Draw a Vega-Lite specification in the colours of the theme, as wide as the page."""
    spec = to_dark(spec) if is_dark() else spec
    spec = {
        **spec,
        "padding": dict.fromkeys(("left", "right", "top", "bottom"), 4),
        "config": {**spec["config"], "font": _FONT, "aria": True},
    }
    spec.pop("width", None)
    if height := _height(spec):
        spec["height"] = height
    st.vega_lite_chart(None, spec, width="stretch", theme=None, key=f"chart-{key}", alt=clip(alt, 600))


def _height(spec: dict[str, Any]) -> int:
    """Count out a height that is given for each name, 0 for any other: fitted to a width, it would be a warning in the browser's console.

    As high as Vega-Lite makes it: between bands is as much room as at both ends together.
    """
    height, layers = spec.get("height"), spec.get("layer")
    rows = spec.get("data", {}).get("values") if isinstance(spec.get("data"), dict) else None
    if not isinstance(height, dict) or not isinstance(height.get("step"), int | float) or not layers or not isinstance(rows, list):
        return 0
    field = layers[0].get("encoding", {}).get("y", {}).get("field")
    return round(height["step"] * len({row.get(field) for row in rows})) if field else 0


@st.cache_resource(max_entries=300, show_spinner=False)
def _drawn(content: str, _exhibit: Exhibit) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    if _exhibit.spec is None and _exhibit.kind == "table":
        return None, ()
    try:
        return specification(_exhibit), draw(_exhibit).notes if _exhibit.spec is None else ()
    except Exception as error:  # a plugin made it: its fault must not cost the page
        return None, (f"This chart could not be drawn, so its table stands here. {type(error).__name__}: {clip(str(error), 160)}",)


def _say(sentences: list[str]) -> None:
    text = " ".join(sentence for sentence in sentences if sentence)
    if text:
        put(fill('<div class="fm soft" style="font-size:.86rem;color:var(--soft)">{text}</div>', text=clip(text, 1200)))
