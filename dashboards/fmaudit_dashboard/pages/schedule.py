"""When audits run, how the last due times ended, and whether the newest good run is young enough."""

from __future__ import annotations

import streamlit as st

from fmaudit.report.safe import clip
from fmaudit.report.views import when
from fmaudit_dashboard import data
from fmaudit_dashboard.parts.links import href, say_missed
from fmaudit_dashboard.parts.markup import fill, join, put
from fmaudit_dashboard.parts.metrics import tile
from fmaudit_dashboard.parts.tables import html_table
from fmaudit_dashboard.parts.words import chip, empty
from fmaudit_dashboard.timetable import Schedule, freshness_sentence, read_schedules

_STATUS = {"done": ("pass", "✓"), "failed": ("error", "✕"), "missed": ("warning", "–"), "running": ("note", "▶"), "waiting": ("note", "…")}

_ENDED = {1: "a check failed", 3: "incomplete", 4: "report not written"}  # exit codes of a run


def _outcome(status: str, code: int | None) -> tuple[str, str, str]:
    """Say how a due time ended, never better than its exit code."""
    if status == "done" and code:
        return ("error", "✕", _ENDED.get(code, f"exit code {code}"))
    return (*_STATUS.get(status, ("note", "·")), status)


def _one(schedule: Schedule, runs: set[str]) -> None:
    name = clip(schedule.name.replace("\\", "/").rsplit("/", 1)[-1], 80)
    put(
        fill('<div class="fm fm-title"><b>{name}</b> <span class="mono soft">{path}</span></div>', name=name, path=clip(schedule.name, 200))
    )
    if schedule.problem:
        put(fill('<div class="fm fm-card error">{text}</div>', text=clip(schedule.problem, 400)))
        return
    fresh = "–" if schedule.fresh is None else "fresh" if schedule.fresh else "too old" if schedule.newest else "none"
    tiles = [
        tile("due", schedule.cron or "–", "cron, time zone"),
        tile(
            "next",
            when(schedule.next[0].isoformat()) if schedule.next else "–",
            "audit.toml is not where it was" if not schedule.cron else "",
        ),
        tile("newest good run", fresh, clip(schedule.sentence, 140)),
        tile(
            "last told",
            clip(schedule.health, 40) or "nothing yet",
            f"looked {when(schedule.looked)}" if schedule.looked else "never looked",
        ),
        tile(
            "messages waiting", str(len(schedule.waiting)), clip(schedule.waiting[0].problem, 100) if schedule.waiting else "all delivered"
        ),
    ]
    put(fill('<div class="fm fm-tiles">{tiles}</div>', tiles=join(tiles)))
    rows = []
    for row in schedule.history:
        tone, sign, word = _outcome(row.status, row.exit_code)
        link = (
            fill('<a class="mono" href="{link}" target="_self">{run}</a>', link=href("audit", run=row.run), run=row.run)
            if row.run in runs
            else fill("{run}", run=clip(row.run, 60))
        )
        code = "–" if row.exit_code is None else str(row.exit_code)
        rows.append(
            (
                when(row.due.isoformat()),
                chip(tone, sign, word),
                link,
                code,
                row.attempts,
                when(row.finished) if row.finished else "–",
                clip(row.detail, 200),
            )
        )
    if rows:
        html_table(("due", "", "run", "exit code", "attempts", "ended", ""), rows)
    else:
        put(fill('<div class="fm"><span class="soft">{text}</span></div>', text="No due time has come yet."))
    if schedule.events:
        with st.expander("What happened", key=f"events-{abs(hash(schedule.name))}"):
            html_table(("when", "what", ""), [(when(at), clip(kind, 40), clip(detail, 300)) for at, kind, detail in schedule.events])


def page() -> None:
    """Draw the page."""
    st.title("Schedule", anchor=False)
    say_missed()
    folder = data.runs_folder()
    fresh, sentence = freshness_sentence(folder)
    if sentence:
        mark = chip("pass", "✓", "there is one") if fresh else chip("warning", "▲", "look here")
        text = sentence.replace(f" in {folder}", "")
        put(fill('<div class="fm">{mark} {text}.</div>', mark=mark, text=clip(text[:1].upper() + text[1:], 300)))
    schedules = read_schedules(folder)
    if not schedules:
        empty(
            "No schedule has looked at these runs yet",
            "A [schedule] in audit.toml, and something that wakes it, run an audit when it is due.",
            "fmaudit schedule install --systemd",
        )
        return
    runs = set(data.run_ids())
    for schedule in schedules:
        _one(schedule, runs)


page()
