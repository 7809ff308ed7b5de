"""One look at the schedule: finish what was interrupted, run what is due, tell what changed, deliver what waits, prune.

The run itself is given as a function, so that this layer knows when and how often, and nothing of how. Everything that must not
happen twice is committed before the step that depends on it: which due times are to be run, that one began, which run it is.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import socket
import sqlite3
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from fmaudit.config.duration import parse_duration
from fmaudit.config.settings import NotifySettings, ScheduleSettings
from fmaudit.errors import FmauditError, RunError, RunInterrupted, RunLocked
from fmaudit.records import Verdict, VerdictStatus
from fmaudit.schedule.due import Timetable, choose
from fmaudit.schedule.fresh import INCOMPLETE, Ended, Freshness, freshness, read_ended, read_verdicts_of
from fmaudit.schedule.health import Health, event_of, judge_health
from fmaudit.schedule.notify import Change, Sender, Waiting, deliver, make_body
from fmaudit.schedule.retention import Pruned, prune
from fmaudit.schedule.state import FILE, DueRow, State
from fmaudit.store.layout import RunDirectory, find_run

__all__ = ["Clock", "Explainer", "Job", "Look", "Runner", "gravest", "look_once", "scheduler_lock"]

Clock = Callable[[], datetime.datetime]
Runner = Callable[[Callable[[str], None]], str]  # is given what to call with the run's id as soon as it has one; returns the id
Explainer = Callable[[RunDirectory], list[str]]  # says why a run counts as incomplete

MOST_DUE = 100  # due times that one look considers; older ones are let go
MOST_ATTEMPTS = 3  # at one due time, where the process dies each time
_GRAVITY = (6, 3, 2, 1, 4, 0)  # of exit codes, gravest first


@dataclass(frozen=True, slots=True)
class Job:
    """A scheduled audit, and what reaches outside: the clock, the run, the channels."""

    name: str  # of the schedule, as the state knows it
    config: Path
    runs: Path
    schedule: ScheduleSettings
    notify: NotifySettings
    run: Runner
    senders: Mapping[str, Sender]
    clock: Clock
    baseline: str = ""  # the run that changes are judged against, where one is named
    explain: Explainer = field(default=lambda _: [])

    @property
    def timetable(self) -> Timetable:
        """When it is due."""
        return Timetable(self.schedule.cron, self.schedule.timezone)

    @property
    def audit(self) -> str:
        """The audit's name in messages: its file and folder."""
        return f"{self.config.parent.name}/{self.config.name}"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the schedule did."""

    ended: tuple[DueRow, ...]
    missed: tuple[datetime.datetime, ...]
    next: datetime.datetime | None
    delivered: tuple[str, ...] = ()
    undelivered: tuple[str, ...] = ()
    pruned: tuple[Pruned, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """The gravest of the runs', or 4 where a message is not delivered."""
        return gravest([row.exit_code or 0 for row in self.ended] + ([4] if self.undelivered else []))


def gravest(codes: list[int]) -> int:
    """Pick the gravest exit code."""
    return min(codes, key=lambda code: _GRAVITY.index(code) if code in _GRAVITY else 0, default=0)


def look_once(job: Job, *, at_once: bool = False, since: datetime.timedelta | None = None) -> Look:
    """Look at the schedule once; `at_once` makes this moment a due time, `since` is how far a schedule never seen before looks back.

    Raises RunLocked where another scheduler, or another process in the run, is at work; RunInterrupted when stopped; RunError where
    the state cannot be written, as on a full disk.
    """
    with scheduler_lock(job.runs):
        state = State(job.runs, job.name)
        try:
            return _look(job, state, at_once, since)
        except sqlite3.Error as error:
            hint = "what was committed stays; the next look goes on from there"
            raise RunError(f"{job.runs / FILE}: cannot be written: {error}", hint=hint) from error
        finally:
            state.close()


@contextlib.contextmanager
def scheduler_lock(runs: Path) -> Iterator[None]:
    """Hold the lock of schedulers over a folder of runs; raises RunLocked naming who holds it."""
    from filelock import FileLock, Timeout

    note = runs / ".schedule.lock.json"
    lock = FileLock(runs / ".schedule.lock", timeout=0)
    try:
        runs.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        holder = "another process"
        with contextlib.suppress(OSError):
            holder = note.read_text()
        raise RunLocked(f"the schedule in {runs} is being worked on by {holder}", hint="it will run what is due; nothing is lost") from None
    except OSError as error:
        raise RunError(f"{runs}: cannot be written to: {error}", hint="set run.directory to a writable folder") from error
    try:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        with contextlib.suppress(OSError):  # the note only helps whoever is turned away
            note.write_text(f"process {os.getpid()} on {socket.gethostname()} since {now}")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


# -- the steps ---------------------------------------------------------------------------------------------------


def _look(job: Job, state: State, at_once: bool, since: datetime.timedelta | None) -> Look:
    missed, notes = _decide(job, state, at_once, since)
    ended = [_carry_out(job, state, row) for row in state.pending()]
    _watch_age(job, state)
    delivered, undelivered = deliver(state.queue, job.senders, job.notify.attempts, job.clock())
    pruned: list[Pruned] = []
    try:
        pruned = prune_job(job)
    except OSError as error:  # a run that cannot be removed costs no result
        notes.append(f"old runs could not be removed: {error}")
    upcoming = job.timetable.upcoming(job.clock(), 1)
    return Look(tuple(ended), missed, upcoming[0] if upcoming else None, tuple(delivered), tuple(undelivered), tuple(pruned), tuple(notes))


def _decide(job: Job, state: State, at_once: bool, since: datetime.timedelta | None) -> tuple[tuple[datetime.datetime, ...], list[str]]:
    """Commit which due times since the last look are run and which are let go."""
    now, table = job.clock(), f"{job.schedule.cron} {job.schedule.timezone}"
    grace = parse_duration(job.schedule.grace)
    looked, notes = _last_look(state, table), []
    if looked is not None and looked > now:
        notes.append(f"the clock went back by {looked - now}: what was run is not run again")
        state.event(now, "clock", notes[-1])
    after = looked if looked is not None else now - (since or grace)
    due = job.timetable.between(after, now, MOST_DUE)
    choice = choose(due.times, now, job.schedule.missed, grace)
    # nobody missed what came before the schedule was first seen
    missed = choice.missed if looked is not None else ()
    run = choice.run or ((now.replace(microsecond=0),) if at_once else ())
    state.decide(now, run, missed, table)
    if missed:
        earlier = " and earlier ones" if due.more else ""
        state.event(now, "missed", f"{len(missed)} due times from {missed[0].isoformat()}{earlier} ({job.schedule.missed})")
    return missed, notes


def _last_look(state: State, table: str) -> datetime.datetime | None:
    """Tell up to when due times were decided; None where the schedule, or this form of it, was never seen."""
    looked = state.get("looked")
    return datetime.datetime.fromisoformat(looked) if looked and state.get("table") == table else None


def _carry_out(job: Job, state: State, row: DueRow) -> DueRow:
    """Run a due time, or adopt the run of an interrupted one that had ended; commit how it ended and what is to be told."""
    ended = read_ended(RunDirectory(job.runs / row.run)) if row.run else None
    if ended is None and row.attempts >= MOST_ATTEMPTS:
        problem = f"given up: the process died {row.attempts} times while it ran"
        done = replace(row, status="failed", exit_code=6, detail=problem)
    elif ended is None:
        done = _run(job, state, row)
    else:
        done = _from_run(row, ended)
    done = replace(done, finished=job.clock().astimezone(datetime.UTC).isoformat(timespec="seconds"))
    _conclude(job, state, done)
    return done


def _run(job: Job, state: State, row: DueRow) -> DueRow:
    state.start(row.due, job.clock())
    try:
        run = job.run(lambda name: state.note_run(row.due, name))
    except (RunLocked, RunInterrupted, KeyboardInterrupt, SystemExit):
        state.excuse(row.due)
        raise
    except FmauditError as error:
        return replace(row, status="failed", exit_code=error.exit_code, detail=str(error))
    except Exception as error:  # a bug is told like any other failure: nobody may be looking at this terminal
        traceback.print_exception(error)
        return replace(row, status="failed", exit_code=6, detail=f"{type(error).__name__}: {error}")
    ended = read_ended(RunDirectory(job.runs / run))
    if ended is None:
        return replace(row, status="failed", run=run, exit_code=6, detail=f"{run} ended, but its journal cannot be read")
    return _from_run(row, ended)


def _from_run(row: DueRow, ended: Ended) -> DueRow:
    return replace(row, status="done", run=ended.run.id, exit_code=ended.exit_code, detail="")


# -- what is told ------------------------------------------------------------------------------------------------


def _conclude(job: Job, state: State, done: DueRow) -> None:
    """Commit the end of a due time, with the messages that its change of health calls for."""
    ended = read_ended(RunDirectory(job.runs / done.run)) if done.run else None
    verdicts = read_verdicts_of(ended.run) if ended else []
    before, fresh = state.get("health"), _age(job)
    health = judge_health(done.exit_code, fresh.fresh)
    sentence = fresh.sentence if health is Health.STALE else _sentence(job, done, ended, verdicts)
    change = _change(job, before, health, sentence)
    if change is not None and ended is not None:
        change = replace(change, status=ended.status, finished=_iso(ended.finished))
    if change is not None:
        change = replace(change, due=_iso(done.due), run=done.run, exit_code=done.exit_code, verdicts=verdicts)
    state.finish(done, str(health or before), _messages(job, change))


def _watch_age(job: Job, state: State) -> None:
    """Tell where the newest good run has become too old since the last message."""
    last, before, fresh = state.last_outcome(), state.get("health"), _age(job)
    if last is None and not fresh.fresh and not _waited(job, state):
        return
    health = judge_health(last.exit_code if last else None, fresh.fresh)
    change = _change(job, before, health, fresh.sentence)
    if change is not None and health is not None:
        state.tell(str(health), _messages(job, change))


def _waited(job: Job, state: State) -> bool:
    """Tell whether a schedule without any result has been watched for longer than a run may be old."""
    first = state.get("first")
    if not first:
        state.set("first", _iso(job.clock()))
        return False
    return job.clock() - datetime.datetime.fromisoformat(first) > parse_duration(job.schedule.max_age)


def _age(job: Job) -> Freshness:
    if not job.schedule.max_age:
        return Freshness(True, "the age of runs is not watched")
    return freshness(job.runs, parse_duration(job.schedule.max_age), job.clock(), job.config)


def _change(job: Job, before: str, health: Health | None, sentence: str) -> Change | None:
    event = event_of(before, health)
    if event is None or health is None:
        return None
    return Change(
        id=str(uuid.uuid4()), event=event, audit=job.audit, health=str(health), before=before, at=_iso(job.clock()), sentence=sentence
    )


def _messages(job: Job, change: Change | None) -> list[Waiting]:
    if change is None:
        return []
    body = make_body(change)
    return [Waiting(change.id, channel, body, change.at) for channel in job.senders]


def _sentence(job: Job, done: DueRow, ended: Ended | None, verdicts: list[Verdict]) -> str:
    if ended is None:
        return f"the audit could not be carried out: {done.detail}"
    failed = [verdict for verdict in verdicts if verdict.status is VerdictStatus.FAIL]
    words = {
        0: "every check passes or cannot be decided",
        1: f"{len(failed)} of {len(verdicts)} checks failed" + (f", first {failed[0].check}" if failed else ""),
        3: _incomplete(job, ended) if ended.exit_code == INCOMPLETE else "",
        4: "a report could not be written",
    }
    return f"{ended.run.id} is {ended.status}: {words.get(ended.exit_code, f'exit code {ended.exit_code}')}"


def _incomplete(job: Job, ended: Ended) -> str:
    with contextlib.suppress(FmauditError, OSError, ValueError, KeyError):  # a message goes out also about a run that is damaged
        if problems := job.explain(ended.run):
            more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
            return f"{problems[0]}{more}"
    return "it is incomplete beyond what is tolerated, or a finding is an error"


def prune_job(job: Job, *, dry_run: bool = False) -> list[Pruned]:
    """Remove what `[schedule]` does not keep; nothing where it says neither keep nor keep_days."""
    settings = job.schedule
    baselines = {_run_id(job, name) for name in (*settings.keep_runs, job.baseline) if name}
    return prune(job.runs, job.config, settings.keep, settings.keep_days, baselines, job.clock(), dry_run=dry_run)


def _run_id(job: Job, name: str) -> str:
    """Return the id of a run as audit.toml names it: whatever the name finds there, else the last part of a path."""
    with contextlib.suppress(RunError):
        return find_run(name, job.runs).id
    return Path(name).name


def _iso(at: datetime.datetime) -> str:
    return at.astimezone(datetime.UTC).isoformat(timespec="seconds")
