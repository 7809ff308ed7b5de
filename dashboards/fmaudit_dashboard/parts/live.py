"""What a running audit is doing, kept up to date while the page is open."""

from __future__ import annotations

import sqlite3

import streamlit as st

from fmaudit.report.humane import count, duration, share, size
from fmaudit_dashboard import data
from fmaudit_dashboard.parts.markup import Markup, fill, join, put
from fmaudit_dashboard.parts.metrics import tile

__all__ = ["show_progress"]


@st.fragment(run_every=2.0)
def show_progress(run: str) -> None:
    """Show a running audit; the whole page is drawn again once it has ended."""
    if data.state(run).state != "running":
        st.rerun()
    try:
        now = data.progress(run)
    except (OSError, ValueError, KeyError, TypeError, sqlite3.Error):
        put(fill('<div class="fm soft">{text}</div>', text="The run has just begun; nothing is acknowledged yet."))
        return
    rate = size(round(now.done / now.seconds)) + "/s" if now.seconds and now.done else "–"
    left = duration(now.left) if now.left is not None and now.left >= 1 else "–"
    tiles = [
        tile(
            "read of the corpora",
            share(now.share) if now.share is not None else "–",
            f"{size(now.done)} of {size(now.total)}" if now.total else "no corpus",
        ),
        tile("rows acknowledged", count(now.documents), f"in {count(now.units)} units"),
        tile("rate", rate, f"running for {duration(now.seconds)}"),
        tile("left, at this rate", left, "of reading; models come after" if data.plan(run).get("models") else "of reading"),
        tile("not examined so far", count(now.lost), "see the ledger"),
    ]
    put(
        fill(
            '<div class="fm"><span class="fm-live"></span><b>{run}</b> <span class="soft">{text}</span></div>',
            run=run,
            text="is running; this updates by itself",
        )
    )
    put(fill('<div class="fm fm-tiles">{tiles}</div>', tiles=join(tiles)))
    if now.share is not None:
        st.progress(now.share)
    names = join((fill('{name} <b class="mono">{rows}</b>', name=name, rows=count(rows)) for name, rows in now.by_target.items()), " · ")
    put(fill('<div class="fm"><span class="soft">{text}</span> {names}</div>', text="rows by target:", names=names or Markup("–")))
