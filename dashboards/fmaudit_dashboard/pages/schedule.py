"""When audits run, how the last due times ended, and whether the newest good run is young enough."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from fmaudit.report.safe import clip
from fmaudit_dashboard import data
from fmaudit_dashboard.parts.links import href, say_missed
from fmaudit_dashboard.parts.markup import fill, join, put
from fmaudit_dashboard.parts.metrics import tile
from fmaudit_dashboard.parts.tables import html_table
from fmaudit_dashboard.parts.words import chip, empty, soft
from fmaudit_dashboard.timetable import Schedule, in_zone, newest_good, read_schedules

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
    zone = schedule.timezone
    newest = schedule.newest
    tiles = [
        tile("due", schedule.cron or "–", f"cron, {zone}" if schedule.cron else "cron, time zone"),
        tile("next", in_zone(schedule.next[0], zone) if schedule.next else "–", "" if schedule.cron else "audit.toml is not where it was"),
        tile(
            "newest good run",
            "none" if newest is None else "fresh" if newest.fresh else "too old",
            f"{newest.run} ({newest.status}) {newest.words}" if newest else "",
        )
        if schedule.cron
        else tile("newest good run", "–"),
        tile(
            "last told",
            clip(schedule.health, 40) or "nothing yet",
            f"looked {in_zone(schedule.looked, zone)}" if schedule.looked else "never looked",
        ),
        tile(
            "messages waiting", str(len(schedule.waiting)), clip(schedule.waiting[0].problem, 100) if schedule.waiting else "all delivered"
        ),
        *([tile("runs that pruning leaves", schedule.kept)] if schedule.kept else []),
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
                in_zone(row.due, zone),
                chip(tone, sign, word),
                link,
                code,
                row.attempts,
                in_zone(row.finished, zone) if row.finished else "–",
                clip(row.detail, 200),
            )
        )
    if rows:
        html_table(("due", "outcome", "run", "exit code", "attempts", "ended", "detail"), rows)
    else:
        put(fill('<div class="fm"><span class="soft">{text}</span></div>', text="No due time has come yet."))
    if schedule.events:
        with st.expander("What happened", key=f"events-{abs(hash(schedule.name))}"):
            html_table(
                ("when", "what", "detail"), [(in_zone(at, zone), clip(kind, 40), clip(detail, 300)) for at, kind, detail in schedule.events]
            )


def _newest(folder: Path) -> None:
    """Say which good run is the newest, and which runs are pinned."""
    runs = data.run_ids()
    newest = newest_good(folder)
    if newest is not None:
        mark = chip(*(("pass", "✓") if newest.fresh else ("warning", "▲")), "newest good run")
        link = fill('<a class="mono" href="{link}" target="_self">{run}</a>', link=href("audit", run=newest.run), run=newest.run)
        put(fill('<div class="fm">{mark}{link} ({status}) {words}</div>', mark=mark, link=link, status=newest.status, words=newest.words))
    elif runs:
        words = f"None in {clip(str(folder), 200)} ended within its tolerance."
        put(fill('<div class="fm">{mark}{words}</div>', mark=chip("warning", "▲", "no good run"), words=words))
    elif not folder.is_dir():
        put(fill('<div class="fm">{mark}{folder}</div>', mark=chip("warning", "▲", "no such folder"), folder=clip(str(folder), 200)))
    if pinned := [run for run in runs if data.is_pinned(run)]:
        put(fill('<div class="fm">{mark}{runs}</div>', mark=chip("note", "⚑", "pinned"), runs=clip(", ".join(pinned), 400)))
        soft("Pruning passes over pinned runs; fmaudit schedule pin RUN --off lets one go.")


def page() -> None:
    """Draw the page."""
    st.title("Schedule", anchor=False)
    say_missed()
    folder = data.runs_folder()
    _newest(folder)
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
