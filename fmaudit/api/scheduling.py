"""Ties the schedule to the run: what is due goes through the same steps as `fmaudit run`."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fmaudit.config import Config, load_config
from fmaudit.errors import ConfigError
from fmaudit.schedule.notify import make_senders
from fmaudit.schedule.once import Clock, Job
from fmaudit.schedule.state import schedule_name

if TYPE_CHECKING:
    from fmaudit.api.observing import Listener
    from fmaudit.runs.resume import Remaining
    from fmaudit.store.layout import RunDirectory

__all__ = ["HINT", "load_job", "now", "secret_names"]

HINT = 'add one: [schedule] with cron = "0 6 * * 1" and timezone = "Europe/Berlin"'

_Started = Callable[[str], None]


def now() -> datetime.datetime:
    """Read the clock."""
    return datetime.datetime.now(datetime.UTC)


def load_job(
    path: str | Path, overrides: Sequence[str] = (), *, plugins: Sequence[str] = (), listener: Listener | None = None, clock: Clock = now
) -> Job:
    """Read an audit.toml as a scheduled audit; raises ConfigError where it has no [schedule]."""
    config = load_config(path, overrides)
    if config.settings.schedule is None or config.path is None:
        raise ConfigError(f"{path}: there is no [schedule]", hint=HINT)
    runs = Path(os.path.abspath(config.folder / config.settings.run.directory))
    file = config.path

    def run(started: _Started) -> str:
        from fmaudit.api.auditing import prepare, run_prepared
        from fmaudit.api.observing import Silent

        prepared = prepare(file, overrides, plugins=plugins)
        return run_prepared(prepared, listener=_Noting(listener or Silent(), started)).run.id

    def explain(ended: RunDirectory) -> list[str]:
        from fmaudit.api.baseline import incomplete
        from fmaudit.api.results import Run

        return incomplete(Run(ended))

    return Job(
        name=schedule_name(file, runs),
        config=file,
        runs=runs,
        schedule=config.settings.schedule,
        notify=config.settings.notify,
        run=run,
        senders=make_senders(config.settings.notify),
        clock=clock,
        baseline=config.settings.baseline.run,
        explain=explain,
    )


def secret_names(config: Config) -> tuple[str, ...]:
    """List the environment variables that the channels of an audit.toml read."""
    notify = config.settings.notify
    names = [name for hook in notify.webhook for name in (hook.url_env, hook.secret_env)]
    names += [name for mail in notify.mail for name in (mail.user_env, mail.password_env)]
    return tuple(dict.fromkeys(name for name in names if name))


class _Noting:
    """Passes on what a listener hears, and the run's id to the schedule."""

    def __init__(self, listener: Listener, note: _Started) -> None:
        self._note = note
        self.progress = listener.progress
        self.answered = listener.answered
        self.known = listener.known
        self.stage = listener.stage
        self._started = listener.started

    def started(self, run: RunDirectory, resumed: bool, remaining: Sequence[Remaining], total_bytes: int) -> None:
        """Work begins, or goes on."""
        self._note(run.id)
        self._started(run, resumed, remaining, total_bytes)
