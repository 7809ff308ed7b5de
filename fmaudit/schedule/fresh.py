"""How a run ended, as its directory tells, and how old the newest good run is."""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fmaudit.errors import RunError
from fmaudit.records import Verdict
from fmaudit.runs.journal import Journal
from fmaudit.store.layout import RunDirectory, config_place, list_runs, place_of

__all__ = ["INCOMPLETE", "Ended", "Freshness", "belongs_to", "freshness", "newest_good", "read_ended", "read_verdicts_of", "span"]

_AHEAD = datetime.timedelta(hours=1)  # a run that ended later than this from now shows a clock that is wrong
INCOMPLETE = 3  # the exit code of a run that lost more than is tolerated


@dataclass(frozen=True, slots=True)
class Ended:
    """A finished run."""

    run: RunDirectory
    status: str  # "complete" or "partial"
    exit_code: int
    finished: datetime.datetime

    @property
    def good(self) -> bool:
        """Everything was seen and measured but for what `run.tolerance` allows; whether the checks pass is another question."""
        return self.exit_code != INCOMPLETE


@dataclass(frozen=True, slots=True)
class Freshness:
    """Whether the newest good run is young enough, and the sentence that says so."""

    fresh: bool
    sentence: str
    newest: Ended | None = None


def read_ended(run: RunDirectory) -> Ended | None:
    """Read how a run ended; None where it has not, or where its journal cannot be read."""
    if not run.manifest.is_file() or not run.journal.is_file():
        return None
    try:
        journal = Journal(run.journal, readonly=True)
    except RunError:
        return None
    try:
        finished = datetime.datetime.fromisoformat(journal.get("finished", ""))
        code = journal.get("exit_code", 0)
        return Ended(run, str(journal.get("status", "")), code if isinstance(code, int) else INCOMPLETE, finished.astimezone(datetime.UTC))
    except (ValueError, TypeError, sqlite3.Error):
        return None
    finally:
        journal.close()


def read_verdicts_of(run: RunDirectory) -> list[Verdict]:
    """Read what the checks of a run say; empty where that cannot be read."""
    from fmaudit.store.reader import read_parquet
    from fmaudit.store.results import read_verdicts

    try:
        return read_verdicts(read_parquet(run.verdicts)) if run.verdicts.is_file() else []
    except (RunError, OSError, ValueError):
        return []


def belongs_to(run: RunDirectory, config: Path | None) -> bool:
    """Tell whether a run was made from an audit.toml; any run is, where none is named."""
    if config is None:
        return True
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        plan = json.loads(run.plan.read_bytes())
        return plan["config"]["path"] == str(config) or config_place(plan) == place_of(config, run.root.parent)
    return False


def newest_good(runs: Path, config: Path | None = None) -> Ended | None:
    """Find the newest good run, of one audit.toml or of any."""
    return next((ended for ended in _newest_first(runs) if ended.good and belongs_to(ended.run, config)), None)


def freshness(runs: Path, max_age: datetime.timedelta | None, now: datetime.datetime, config: Path | None = None) -> Freshness:
    """Judge the age of the newest good run; without a limit any age is young enough."""
    newest = newest_good(runs, config)
    if newest is None:
        return Freshness(False, f"there is no complete run in {runs}{_instead(runs, config)}")
    age = now - newest.finished
    if age < -_AHEAD:
        return Freshness(False, f"the newest good run, {newest.run.id}, ended {span(-age)} from now: a clock is wrong", newest)
    age = max(age, datetime.timedelta())
    words = f"the newest good run, {newest.run.id}, ended {span(age)} ago"
    if max_age is None:
        return Freshness(True, words, newest)
    if age > max_age:
        return Freshness(False, f"{words}, more than {span(max_age)}", newest)
    return Freshness(True, f"{words}, within {span(max_age)}", newest)


def span(value: datetime.timedelta) -> str:
    """Write a span in its largest units: "8 d", "1 d 2 h", "26 min"."""
    seconds = round(value.total_seconds())
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _instead(runs: Path, config: Path | None) -> str:
    """Say what there is in the place of a complete run."""
    if not runs.is_dir():
        return ": there is no such folder"
    newest = next((ended for ended in _newest_first(runs) if belongs_to(ended.run, config)), None)
    return f"; the newest, {newest.run.id}, ended {newest.status} with exit code {newest.exit_code}" if newest else ""


def _newest_first(runs: Path) -> Iterator[Ended]:
    for run in reversed(list_runs(runs)):
        ended = read_ended(run)
        if ended is not None:
            yield ended
