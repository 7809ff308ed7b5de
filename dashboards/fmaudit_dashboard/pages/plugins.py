"""The plugins of this environment: loaded, available or broken, and what they bring."""

from __future__ import annotations

import streamlit as st

from fmaudit.report.safe import clip
from fmaudit_dashboard import data
from fmaudit_dashboard.parts.links import say_missed
from fmaudit_dashboard.parts.markup import fill, join
from fmaudit_dashboard.parts.tables import html_table
from fmaudit_dashboard.parts.words import chip, soft

_STATE = {"loaded": ("pass", "✓"), "available": ("note", "○"), "broken": ("error", "✕")}


def page() -> None:
    """Draw the page."""
    st.title("Plugins", anchor=False)
    say_missed()
    infos = sorted(data.plugins().plugins.values(), key=lambda info: (not info.builtin, info.name))
    rows = []
    for info in infos:
        tone, sign = _STATE.get(info.state, ("note", "·"))
        brings = join(
            fill('<div><span class="soft">{kind}</span> {names}</div>', kind=kind, names=clip(", ".join(names), 400) or "yes")
            for kind, names in info.provides.items()
        )
        origin = "built in" if info.builtin else clip(f"{info.distribution} {info.version}", 80)
        rows.append(
            (
                fill("<b>{name}</b>", name=clip(info.name, 60)),
                chip(tone, sign, info.state),
                origin,
                clip(info.cause, 400) if info.cause else brings,
            )
        )
    html_table(("plugin", "state", "from", "brings"), rows)
    if not any(info.state == "available" for info in infos):
        return
    text = (
        'An available plugin is not imported: name it in plugins = ["..."] of the audit.toml where you start the dashboard, '
        "or with fmaudit dashboard --plugin NAME."
    )
    soft(text)


page()
