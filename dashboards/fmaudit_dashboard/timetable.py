"""What the scheduler left beside the runs, read without a lock; where there is no scheduler there is nothing."""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fmaudit.errors import FmauditError

if TYPE_CHECKING:
    from fmaudit.schedule.fresh import Freshness
    from fmaudit.schedule.notify.queue import Waiting
    from fmaudit.schedule.state import DueRow

__all__ = ["Schedule", "freshness_sentence", "read_schedules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One audit.toml with a schedule; `next` is empty where the file cannot be read from here."""

    name: str
    looked: str = ""
    health: str = ""
    cron: str = ""
    next: tuple[datetime.datetime, ...] = ()
    fresh: bool | None = None
    newest: bool = False  # there is a complete run, however old
    sentence: str = ""
    history: tuple[DueRow, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    events: tuple[tuple[str, str, str], ...] = ()
    problem: str = ""


def read_schedules(runs: Path) -> list[Schedule]:
    """Read every schedule that ever looked at this folder; a damaged one says so and raises nothing."""
    try:
        from fmaudit.schedule.state import FILE
    except ImportError:
        return []
    path = runs / FILE
    if not path.is_file():
        return []
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=2)) as database:
            query = "select distinct schedule from meta where schedule <> '' union select distinct schedule from due order by 1"
            names = [str(row[0]) for row in database.execute(query)]
    except sqlite3.Error as error:
        return [Schedule(name=FILE, problem=f"{FILE} cannot be read: {error}")]
    return [_read(runs, name) for name in names[:20]]


def _read(runs: Path, name: str) -> Schedule:
    from fmaudit.schedule.state import State

    cron, upcoming, fresh = _settings(runs, name)
    try:
        with contextlib.closing(State(runs, name, readonly=True)) as state:
            return Schedule(
                name=name, looked=state.get("looked"), health=state.get("health"), cron=cron, next=upcoming,
                fresh=fresh.fresh if fresh else None, newest=bool(fresh and fresh.newest), sentence=fresh.sentence if fresh else "",
                history=tuple(state.history(30)), waiting=tuple(state.queue.waiting()), events=tuple(state.events()),
            )  # fmt: skip
    except (FmauditError, sqlite3.Error, ValueError, OverflowError, OSError) as error:
        return Schedule(name=name, problem=str(error).splitlines()[0])


def _settings(runs: Path, name: str) -> tuple[str, tuple[datetime.datetime, ...], Freshness | None]:
    """Read the schedule itself from its audit.toml, where that lies where it lay."""
    try:
        from fmaudit.config import load_config
        from fmaudit.config.duration import parse_duration
        from fmaudit.schedule.due import Timetable
        from fmaudit.schedule.fresh import freshness

        path = (runs / name).resolve()
        schedule = load_config(path, ()).settings.schedule
        if schedule is None:
            return "", (), None
        now = datetime.datetime.now(datetime.UTC)
        found = freshness(runs, parse_duration(schedule.max_age) if schedule.max_age else None, now, path)
        upcoming = tuple(Timetable(schedule.cron, schedule.timezone).upcoming(now, 3)) if schedule.cron else ()
        return f"{schedule.cron} {schedule.timezone}", upcoming, found
    except (FmauditError, ImportError, OSError, ValueError, AttributeError, KeyError):
        return "", (), None


def freshness_sentence(runs: Path) -> tuple[bool, str]:
    """Say how old the newest complete run is."""
    try:
        from fmaudit.schedule.fresh import freshness

        found = freshness(runs, None, datetime.datetime.now(datetime.UTC))
    except (ImportError, FmauditError, OSError, ValueError):
        return False, ""
    return found.fresh, found.sentence
