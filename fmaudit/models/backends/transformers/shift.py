"""One call's work for the processes beside this one: who has which samples, what came back, and what is left to draw here."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final

from fmaudit.models.requests import Completion, Failure, GenerateRequest

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.crew import Crew, Helper
    from fmaudit.models.backends.transformers.legs import Pool
    from fmaudit.models.backends.transformers.rows import Row
    from fmaudit.models.base import Usage

__all__ = ["Given", "Shift"]

PATIENCE: Final = 1800.0  # seconds without a word of a process that is at work before it is given up
SHARED: Final = 4  # batches that nobody has begun, from which on it pays to hand some of them over

Given = tuple[int, Completion | Failure]  # position of the request, one of its samples


@dataclass(frozen=True, slots=True)
class _Task:
    """What a process was given to draw."""

    helper: Helper
    positions: list[int]  # in the call's list, of the requests that it was given
    rows: dict[tuple[int, int], Row]  # by request and sample: what it has not answered


class Shift:
    """The samples of `requests` that processes of `crew` draw; what that takes goes to `usage`. A crew of none gets nothing."""

    def __init__(self, crew: Crew, requests: Sequence[GenerateRequest], usage: Usage) -> None:
        self._crew, self._requests, self._usage = crew, requests, usage
        self._tasks: list[_Task] = []
        self._lost: list[Row] = []

    def share(self, pool: Pool) -> list[Row]:
        """Give samples that nobody has begun to those that wait for work; returns them."""
        given: list[Row] = []
        each = max(1, pool.fresh // (self._crew.count + 1))
        at_work = [task.helper for task in self._tasks]
        for helper in list(self._crew.helpers):
            if 0 < SHARED * pool.rows <= pool.fresh and helper not in at_work and self._crew.is_ready(helper, self._usage):
                rows = pool.give(each)
                self._hand(helper, rows)
                given += rows
        return given

    def heard(self) -> list[Given]:
        """Give the answers that have come, without waiting."""
        return self._listened(0.0)

    def rest(self) -> Iterator[Given]:
        """Give the answers that are still to come, as they come."""
        while self._tasks:
            begin = time.perf_counter()
            heard = self._listened(PATIENCE)
            self._usage.seconds += time.perf_counter() - begin
            yield from heard

    def lost(self) -> list[Row]:
        """Give, once, the samples that processes had when they ended."""
        lost, self._lost = self._lost, []
        return lost

    def dissolve(self) -> None:
        """End all processes of the crew; what they had is lost."""
        self._crew.close()
        self._drop_ended()

    def end(self) -> None:
        """End the processes that are still at work, since nobody waits for their answers."""
        for task in self._tasks:
            self._crew.dismiss(task.helper)

    def _hand(self, helper: Helper, rows: Sequence[Row]) -> None:
        """Send samples to a process; what one that has ended gets is lost with it."""
        samples: dict[int, list[int]] = {}
        for row in rows:
            samples.setdefault(row.request, []).append(row.sample)
        self._tasks.append(_Task(helper, list(samples), {(row.request, row.sample): row for row in rows}))
        with contextlib.suppress(OSError):  # of one that has ended, which is noticed when it is listened to
            helper.pipe.send([replace(self._requests[at], samples=tuple(some)) for at, some in samples.items()])

    def _listened(self, seconds: float) -> list[Given]:
        """Take a message of each that has one; give up those at work where none comes in `seconds` but 0."""
        self._drop_ended()
        at_work: dict[Any, _Task] = {task.helper.pipe: task for task in self._tasks}
        ready = wait(list(at_work), seconds) if at_work else []
        if seconds and not ready:
            for task in at_work.values():
                self._crew.bury(task.helper, f"nothing was heard of it for {seconds:g} seconds")
            self._drop_ended()
        return [given for pipe in ready for given in self._taken(at_work[pipe])]

    def _taken(self, task: _Task) -> list[Given]:
        """Take one message of a process at work: answers with what they cost, or the end of its work."""
        message = self._crew.hear(task.helper)
        if message is None:
            self._finish(task)
            return []
        answers, cost = message
        self._count(cost)
        return [_placed(task, at, answer) for at, answer in answers]

    def _count(self, cost: Mapping[str, float]) -> None:
        """Add what another process did; the seconds passed here as well, and requests, which may be divided, are counted here."""
        for name, value in cost.items():
            if name not in ("seconds", "requests", "prompt_tokens"):
                setattr(self._usage, name, getattr(self._usage, name) + value)

    def _drop_ended(self) -> None:
        for task in [task for task in self._tasks if task.helper not in self._crew.helpers]:
            self._finish(task)

    def _finish(self, task: _Task) -> None:
        self._tasks.remove(task)
        self._lost += task.rows.values()


def _placed(task: _Task, at: int, answer: Completion | Failure) -> Given:
    """Say which request of the call an answer belongs to; a failure without a sample is one of all its samples."""
    position = task.positions[at]
    for key in [(position, answer.sample)] if answer.sample is not None else [key for key in task.rows if key[0] == position]:
        task.rows.pop(key, None)
    return position, answer
