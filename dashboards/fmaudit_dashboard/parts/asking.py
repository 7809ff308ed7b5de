"""Filters whose value stands in the address, and nowhere else: a copied address shows the same rows, and the way back works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from fmaudit_dashboard.parts.links import LONGEST, miss, say_missed, set_links, wish, wishes

__all__ = ["ask_one", "ask_order", "ask_some", "ask_text", "asked_page", "seed", "show_paging", "turn_to"]

LARGEST, SMALLEST = "largest first", "smallest first"
_DIRECTIONS = {"": LARGEST, "up": SMALLEST}  # what the address says -> what is shown


def seed(widget: str, value: Any) -> None:
    """Give a widget the value that the address asks for, before it is drawn."""
    if widget not in st.session_state or st.session_state[widget] != value:
        st.session_state[widget] = value


def _wanted(key: str) -> str:
    """Read what the address asks for; what can be no value at all is told and taken out."""
    wanted = wish(key)
    if not wanted and key in st.query_params:
        miss(key)
    return wanted


def ask_text(place: Any, label: str, key: str, *, placeholder: str, most: int = 300) -> str:
    """Ask for a text of at most `most` characters that the address keeps under `key`."""
    wanted = _wanted(key)
    if len(wanted) > min(most, LONGEST):
        miss(key)
        wanted = ""
    seed(f"ask-{key}", wanted)
    place.text_input(label, placeholder=placeholder, key=f"ask-{key}", max_chars=most, on_change=_keep, args=(key,))
    return wanted


def ask_one(
    place: Any, label: str, options: Sequence[str], key: str, *, placeholder: str = "", first: str = "", free: bool = False, **rest: Any
) -> str:
    """Ask for one of some values, "" for none; a `free` choice takes what is typed, too. The address keeps it under `key`.

    Without a placeholder there is always a choice: `first`, or the first of all, where the address names none.
    """
    default = "" if placeholder or not options else first or options[0]
    wanted = _wanted(key)
    disabled = bool(rest.pop("disabled", False))
    if wanted and (disabled or (wanted not in options and not free)):
        miss(key)
        wanted = ""
    shown = wanted or default
    seed(f"ask-{key}", shown or None)
    place.selectbox(
        label, options, index=0 if default else None, placeholder=placeholder or None, key=f"ask-{key}", accept_new_options=free,
        disabled=disabled, on_change=_keep, args=(key, default, *rest.pop("clears", ())), **rest,
    )  # fmt: skip
    return shown


def ask_some(place: Any, label: str, options: Sequence[str], key: str) -> list[str]:
    """Ask for any of some values; the address names each."""
    wanted = list(dict.fromkeys(value for value in wishes(key) if value in options))
    if wanted != st.query_params.get_all(key):
        miss(key)
        set_links(key, wanted)
    seed(f"ask-{key}", wanted)
    place.multiselect(label, options, key=f"ask-{key}", on_change=_keep, args=(key,))
    return wanted


def ask_order(columns: Sequence[str], *, placeholder: str) -> tuple[str, bool]:
    """Ask for the column to sort by, "" for none, and whether the largest come first."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    column = ask_one(left, "Sort by", columns, "sort", placeholder=placeholder)
    way = _wanted("order")
    if way not in _DIRECTIONS:
        miss("order")
        way = ""
    seed("ask-order", _DIRECTIONS[way])
    right.segmented_control("Direction", [LARGEST, SMALLEST], key="ask-order", on_change=_turn_order)
    return column, way == ""


def asked_page(pages: int) -> int:
    """Read which page the address asks for, 1 where it names none of `pages`."""
    text = _wanted("page")
    if not text:
        return 1
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= number <= pages:
        miss("page")
        return 1
    return number


def show_paging(pages: int, key: str) -> int:
    """Offer the pages of a list; returns the one that the address asks for."""
    page = asked_page(max(pages, 1))
    say_missed()
    if pages > 1:
        widget = f"{key}-page"
        if page > 1 or widget in st.session_state:
            seed(widget, page)
        st.pagination(pages, key=widget, on_change=lambda: turn_to(st.session_state[widget]))
    return page


def turn_to(page: int) -> None:
    """Ask for another page."""
    set_links("page", [str(page)] if page > 1 else [])


def _keep(key: str, default: str = "", *clears: str) -> None:
    """Write what was chosen into the address; another filter begins with the first page."""
    value = st.session_state[f"ask-{key}"]
    values = value if isinstance(value, list) else [value] if value and value != default else []
    set_links(key, [text[:LONGEST] for text in values])
    for other in ("page", *clears):
        set_links(other, ())


def _turn_order() -> None:
    set_links("order", ["up"] if st.session_state["ask-order"] == SMALLEST else [])
    set_links("page", ())
