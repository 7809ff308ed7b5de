"""Two runs side by side: what surely changed, what else changed, and what could not have been seen."""

from __future__ import annotations

from typing import Any

import streamlit as st

from fmaudit.report.comparison import comparison_as_json, comparison_view
from fmaudit.report.humane import count
from fmaudit.report.safe import clip
from fmaudit_dashboard import data
from fmaudit_dashboard.parts.asking import ask_one, ask_text, show_paging
from fmaudit_dashboard.parts.links import say_missed, set_link
from fmaudit_dashboard.parts.markup import fill, join, put
from fmaudit_dashboard.parts.pages import explained_errors
from fmaudit_dashboard.parts.tables import csv_text, download, html_table
from fmaudit_dashboard.parts.words import chip, empty

MOST = 60
ASKED = 1_000_000  # rows of both runs above which nothing is compared without being asked


def _rows(rows: list[dict[str, Any]]) -> None:
    cells = [
        (
            chip(row["tone"], row["mark"], row["outcome"]),
            fill('<div class="mono fm-name">{name}</div>', name=clip(row["metric"], 140)),
            clip(row["target"], 60),
            row["before"],
            row["after"],
            fill('<div class="fm-some"><b>{change}</b></div>', change=row["change"]),
            row["q"],
            row["could_see"],
            fill('<div class="fm-some">{how}</div>', how=clip(row["how"], 90)),
        )
        for row in rows
    ]
    html_table(("outcome", "metric", "target", "before", "after", "change", "q", "could see", "how"), cells)


def _settings(rows: list[dict[str, Any]]) -> None:
    if not rows:
        put(fill('<div class="fm"><span class="soft">{text}</span></div>', text="No setting, file or version differs."))
        return
    st.subheader("These also changed", anchor=False)
    cells = [
        (clip(str(row["name"]), 120), clip(str(row["before"]) or "–", 160), clip(str(row["after"]) or "–", 160)) for row in rows[:MOST]
    ]
    html_table(("what", "before", "after"), cells)


def _shifts(sentences: list[str]) -> None:
    if sentences:
        st.subheader("Shifts of shares", anchor=False)
        cards = join(fill('<div class="fm-card warning">{text}</div>', text=clip(text, 500)) for text in sentences[:30])
        put(fill('<div class="fm">{rows}</div>', rows=cards))


def _listed(title: str, names: list[str]) -> None:
    if names:
        with st.expander(title, key=f"compare-{title}"):
            listed = join(fill("<div>{name}</div>", name=clip(name, 200)) for name in names[:200])
            put(fill('<div class="fm mono">{names}</div>', names=listed))


def _json_csv(found: Any) -> str:
    rows = [{**row, "before": row["before"]["value"], "after": row["after"]["value"]} for row in comparison_as_json(found)["differences"]]
    columns = [
        "metric",
        "target",
        "unit",
        "outcome",
        "before",
        "after",
        "change",
        "low",
        "high",
        "p",
        "q",
        "detectable",
        "shared",
        "method",
    ]
    return csv_text(columns, rows)


def page() -> None:
    """Draw the page."""
    st.title("Compare", anchor=False)
    say_missed()
    runs = [state.id for state in data.states(data.run_ids()) if state.measured]
    if len(runs) < 2:
        empty(
            "There are not two measured runs to compare",
            "A second run of the same audit shows what changed.",
            "fmaudit run audit.toml --new",
        )
        return
    left, middle, right = st.columns([2, 2, 3], vertical_alignment="bottom")
    before = ask_one(left, "Before", runs, "before", first=runs[1])
    after = ask_one(middle, "After", runs, "after")
    set_link(before=before, after=after)  # the newest two will be others tomorrow
    words = ask_text(right, "Metric contains", "find", placeholder="corpus-language.share")
    say_missed()
    if before == after:
        empty("This is one run", "Choose two different ones.")
        return
    large = sum(data.state(run).examined for run in (before, after)) > ASKED
    if large and st.session_state.get("compare-asked") != (before, after):
        empty("These runs are large", "Pairing their rows reads all of them, which may take minutes; what was compared once is remembered.")
        st.button("Compare them", key="compare-go", on_click=lambda: st.session_state.update({"compare-asked": (before, after)}))
        return
    with explained_errors():
        with data.reading("Pairing the two runs …"):
            found = data.comparison(before, after)
        view = comparison_view(found)
        put(fill('<div class="fm"><b>{headline}</b></div>', headline=view["headline"]))
        _settings(view["settings"])
        keep = [row for row in (*view["sure"], *view["rest"]) if words.lower() in row["metric"].lower()]
        sure = [row for row in keep if row in view["sure"]]
        st.subheader("Surely changed", anchor=False)
        if sure:
            _rows(sure[:MOST])
        else:
            put(fill('<div class="fm"><span class="soft">{text}</span></div>', text="nothing"))
        _shifts([drift["sentence"] for drift in view["drifts"] if drift["sure"]])
        rest = keep[len(sure) :]
        st.subheader("Not sure, or no difference seen", anchor=False)
        pages = -(-len(rest) // MOST)
        number = show_paging(pages, "compare")
        _rows(rest[(number - 1) * MOST : number * MOST])
        download("Download all differences as CSV", lambda: _json_csv(found), f"{before}-{after}.csv", "compare")
        _listed(f"Only in the run before: {count(len(view['only_before']))}", view["only_before"])
        _listed(f"Only in the run after: {count(len(view['only_after']))}", view["only_after"])
        _listed(f"Notes: {count(len(view['notes']))}", view["notes"])


page()
