"""What the scheduler left beside the runs, read without a lock; where there is no scheduler there is nothing."""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fmaudit.errors import FmauditError
from fmaudit.report.views import when

if TYPE_CHECKING:
    from fmaudit.schedule.fresh import Freshness
    from fmaudit.schedule.notify.queue import Waiting
    from fmaudit.schedule.state import DueRow

__all__ = ["Newest", "Schedule", "in_zone", "newest_good", "read_schedules"]


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest good run: `status` is complete or partial, `words` say how old it is."""

    run: str
    status: str
    words: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class _Settings:
    """What audit.toml says about the schedule."""

    cron: str = ""
    timezone: str = "UTC"
    next: tuple[datetime.datetime, ...] = ()
    newest: Newest | None = None
    kept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One audit.toml with a schedule; `next` is empty where the file cannot be read from here."""

    name: str
    looked: str = ""
    health: str = ""
    cron: str = ""
    next: tuple[datetime.datetime, ...] = ()
    timezone: str = "UTC"  # in which its times are shown
    newest: Newest | None = None  # the newest good run, however old
    kept: str = ""  # what pruning leaves
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

    found = _settings(runs, name)
    try:
        with contextlib.closing(State(runs, name, readonly=True)) as state:
            return Schedule(
                name=name, looked=state.get("looked"), health=state.get("health"), cron=found.cron, timezone=found.timezone,
                next=found.next, newest=found.newest, kept=found.kept, history=tuple(state.history(30)),
                waiting=tuple(state.queue.waiting()), events=tuple(state.events()),
            )  # fmt: skip
    except (FmauditError, sqlite3.Error, ValueError, OverflowError, OSError) as error:
        return Schedule(name=name, problem=str(error).splitlines()[0])


def _settings(runs: Path, name: str) -> _Settings:
    """Read the schedule itself from its audit.toml, where that lies where it lay."""
    try:
        from fmaudit.config import load_config
        from fmaudit.config.duration import parse_duration
        from fmaudit.schedule.due import Timetable
        from fmaudit.schedule.fresh import freshness

        path = (runs / name).resolve()
        schedule = load_config(path, ()).settings.schedule
        if schedule is None:
            return _Settings()
        now = datetime.datetime.now(datetime.UTC)
        limit = parse_duration(schedule.max_age) if schedule.max_age else None
        upcoming = tuple(Timetable(schedule.cron, schedule.timezone).upcoming(now, 3)) if schedule.cron else ()
        newest = _newest(freshness(runs, limit, now, path), limit, now)
        return _Settings(schedule.cron, schedule.timezone, upcoming, newest, _kept(schedule.keep, schedule.keep_days))
    except (FmauditError, ImportError, OSError, ValueError, AttributeError, KeyError):
        return _Settings()


def _kept(keep: int | None, days: int | None) -> str:
    rules = ([f"the newest {keep}"] if keep is not None else []) + ([f"of the last {days} days"] if days is not None else [])
    return " and those ".join(rules) or "all"


def newest_good(runs: Path) -> Newest | None:
    """Find the newest run that lost no more than is tolerated, whatever made it."""
    try:
        from fmaudit.schedule.fresh import freshness

        now = datetime.datetime.now(datetime.UTC)
        return _newest(freshness(runs, None, now), None, now)
    except (ImportError, FmauditError, OSError, ValueError):
        return None


def _newest(found: Freshness, max_age: datetime.timedelta | None, now: datetime.datetime) -> Newest | None:
    """Say it in the words of the page of runs, which calls partial what lost something, however little."""
    from fmaudit.schedule.fresh import span

    if found.newest is None:
        return None
    age = now - found.newest.finished
    words = f"ended {span(age)} ago" if age >= datetime.timedelta() else f"ended {span(-age)} from now: a clock is wrong"
    limit = "" if max_age is None else f", within {span(max_age)}" if found.fresh else f", more than {span(max_age)}"
    return Newest(found.newest.run.id, found.newest.status, words + limit, found.fresh)


def in_zone(moment: str | datetime.datetime, timezone: str) -> str:
    """Write a time as a clock in a time zone shows it: `22 November 2026, 06:00 CET`; what is no time stays as it is."""
    import zoneinfo

    try:
        parsed = moment if isinstance(moment, datetime.datetime) else datetime.datetime.fromisoformat(moment)
        shown = parsed.astimezone(zoneinfo.ZoneInfo(timezone))
    except (ValueError, OverflowError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return when(str(moment))
    return f"{shown.day} {shown:%B %Y, %H:%M %Z}"
