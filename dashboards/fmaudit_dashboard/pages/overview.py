"""All runs: how they ended, what the checks say, what was not examined."""

from __future__ import annotations

import streamlit as st

from fmaudit.records import Severity, VerdictStatus
from fmaudit.report.humane import count, plural
from fmaudit.report.safe import clip
from fmaudit.report.views import when
from fmaudit_dashboard import data
from fmaudit_dashboard.parts.asking import ask_some, ask_text, show_paging
from fmaudit_dashboard.parts.links import href, say_missed
from fmaudit_dashboard.parts.live import show_progress
from fmaudit_dashboard.parts.markup import Markup, fill, join, put
from fmaudit_dashboard.parts.metrics import tile
from fmaudit_dashboard.parts.words import chip, coverage, empty, findings_chips, state_chip, took, verdict_chips
from fmaudit_dashboard.state import STATES, RunState

PER_PAGE = 50


def _worst(state: RunState) -> str:
    counted = dict(state.findings)
    return ", ".join(plural(counted.get(severity, 0), str(severity)) for severity in (Severity.ERROR, Severity.WARNING))


def _tiles(latest: RunState, everything: int) -> None:
    failed = sum(n for status, n in latest.verdicts.items() if status is not VerdictStatus.PASS)
    checks = sum(latest.verdicts.values())
    tiles = [
        tile("runs", count(everything), "in this folder"),
        tile("latest run", latest.state, when(latest.created)),
        tile(
            "checks passed",
            f"{checks - failed} of {checks}" if checks else "–",
            "of the latest run" if checks else "the latest run has no checks",
        ),
        tile(
            "findings",
            count(sum(latest.findings.values())),
            _worst(latest),
        ),
        tile("not examined", coverage(latest), f"of {', '.join(clip(name, 24) for name in latest.targets[:3])}"),
    ]
    put(fill('<div class="fm fm-tiles">{tiles}</div>', tiles=join(tiles)))


def _row(state: RunState) -> Markup:
    what = clip(state.title or ", ".join(state.targets[:6]) or state.problem, 90)
    name = fill('<a href="{href}" target="_self" class="mono">{run}</a>', href=href("audit", run=state.id), run=state.id)
    began = when(state.created) if state.created else "–"
    marks = [state_chip(state), *([chip("note", "⚑", "pinned")] if data.is_pinned(state.id) else [])]
    cells = (
        ("w", name), ("", join(marks)), ("", verdict_chips(state)), ("w", findings_chips(state)), ("", coverage(state)), ("", what),
        ("w", began), ("n w", took(state)),
    )  # fmt: skip
    return fill("<tr>{cells}</tr>", cells=join(fill('<td class="{kind}">{cell}</td>', kind=kind, cell=cell) for kind, cell in cells))


def _table(states: list[RunState]) -> None:
    names = ("run", "state", "checks", "findings", "not examined", "targets", "began", "took")
    head = join(fill("<th>{name}</th>", name=name) for name in names)
    put(
        fill(
            '<div class="fm fm-wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>',
            head=head,
            rows=join(_row(state) for state in states),
        )
    )


def page() -> None:
    """Draw the page."""
    st.title("Runs", anchor=False)
    say_missed()
    runs = data.run_ids()
    if not runs:
        where = clip(str(data.runs_folder()), 200)
        empty(f"There is no run in {where} yet", "Runs appear here as soon as an audit has begun.", "fmaudit run audit.toml")
        return
    states = data.states(runs)
    for state in states:
        if state.state == "running":
            show_progress(state.id)
    measured = [state for state in states if state.measured]
    if measured:
        _tiles(measured[0], len(runs))
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    words = ask_text(left, "Find", "find", placeholder="run, title or target")
    kinds = ask_some(right, "State", [kind for kind in STATES if any(state.state == kind for state in states)], "state")
    say_missed()
    shown = [state for state in states if not kinds or state.state in kinds]
    if words:
        shown = [state for state in shown if words.lower() in " ".join((state.id, state.title, *state.targets)).lower()]
    if not shown:
        empty("No run is like that", "Take a filter away to see more.")
        return
    pages = -(-len(shown) // PER_PAGE)
    number = show_paging(pages, "overview")
    _table(shown[(number - 1) * PER_PAGE : number * PER_PAGE])


page()
