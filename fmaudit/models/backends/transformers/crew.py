"""Processes that draw completions beside this one: a small model leaves all processors but one idle, however many threads it has.

Each opens the same model. One that has nothing to do gets a share of the samples that nobody has begun, and none of its bits depend on
that. One that ends early costs nothing but time: what it still had is drawn here.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Final

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers.rows import SMALL, Row
from fmaudit.models.base import Usage
from fmaudit.models.requests import Completion, Failure, GenerateRequest
from fmaudit.processes import Worker, at_service, start_worker

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.backend import TransformersBackend, TransformersOptions
    from fmaudit.models.backends.transformers.folder import ModelFolder
    from fmaudit.models.backends.transformers.legs import Pool
    from fmaudit.models.base import Backend

__all__ = ["Crew", "Given", "Recipe", "mode_of", "processes_for"]

MOST: Final = 4  # processes, where their number is not set
WORTH: Final = 1024  # samples from which it pays to start processes: they take seconds to be ready
PATIENCE: Final = 1800.0  # seconds without a word of a process that is at work before it is given up
SHARED: Final = 4  # batches that nobody has begun, from which on it pays to hand some of them over
SMALL_BYTES: Final = 2 * SMALL  # a file of weights has at least two for each
AT_ONCE: Final = 32  # answers of one message

Given = tuple[int, Completion | Failure]  # position of the request, one of its samples
_log = logging.getLogger(__name__)


def processes_for(wanted: int | None, weights: int, device: str, threads: int) -> int:
    """Say how many processes draw from a model of so many bytes: as wanted, else one for each thread where it is small and on a CPU."""
    if device != "cpu":
        return 1
    return wanted or (min(MOST, threads) if weights <= SMALL_BYTES else 1)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What another process needs to open the same model."""

    kind: type[TransformersBackend]
    uri: str
    options: TransformersOptions
    folder: ModelFolder
    threads: int  # that torch has in all

    def opened(self) -> TransformersBackend:
        """Open a backend that has no others to help it."""
        import torch

        torch.set_num_threads(self.threads)
        backend = self.kind(self.uri, self.options, self.folder)
        backend.helped = False
        backend.open()
        return backend


def mode_of(backend: Backend) -> str:
    """Name what two processes must share for the bits of their answers to be the same."""
    return f"{backend.identity}|{backend.numeric_mode}"


@dataclass(slots=True)
class _Helper:
    """A process, and what it was given."""

    worker: Worker
    ready: bool = False  # it has opened the model
    busy: bool = False
    positions: list[int] = field(default_factory=list)  # in our list, of the requests that it was given
    rows: dict[tuple[int, int], Row] = field(default_factory=dict)  # by request and sample: what it has not answered


class Crew:
    """Up to `count` processes beside this one, started when there is enough to draw; they help with one call at a time.

    `mode` is what `mode_of` says of this process, to be set before it draws: one that computes otherwise is of no use.
    """

    def __init__(self, recipe: Recipe | None = None, count: int = 0) -> None:
        self._recipe, self._count = recipe, count
        self.mode = ""
        self._taken = False
        self._helpers: list[_Helper] = []
        self._requests: Sequence[GenerateRequest] = ()
        self._usage = Usage()
        self._lost: list[Row] = []

    def begin(self, requests: Sequence[GenerateRequest], samples: int, usage: Usage) -> bool:
        """Get ready to help with so many samples of these requests; what that takes goes to `usage`. False where another call has them."""
        if self._taken:
            return False
        self._taken, self._requests, self._usage, self._lost = True, requests, usage, []
        if samples >= WORTH:
            self._start()
        return True

    def end(self) -> None:
        """End the processes that are still at work, since nobody waits for their answers, and be there for the next call."""
        for helper in [helper for helper in self._helpers if helper.busy]:
            self._dismiss(helper)
        self._taken = False

    def share(self, pool: Pool) -> list[Row]:
        """Give samples that nobody has begun to those that wait for work; returns them."""
        given: list[Row] = []
        each = pool.fresh // (self._count + 1)
        for helper in list(self._helpers):
            if 0 < SHARED * pool.rows <= pool.fresh and self._is_idle(helper):
                rows = pool.give(each)
                self._hand(helper, rows)
                given += rows
        return given

    def heard(self) -> Iterator[Given]:
        """Give the answers that have come, without waiting."""
        yield from self._listened(0.0)

    def rest(self) -> Iterator[Given]:
        """Give the answers that are still to come, as they come."""
        while any(helper.busy for helper in self._helpers):
            begin = time.perf_counter()
            heard = self._listened(PATIENCE)
            self._usage.seconds += time.perf_counter() - begin
            yield from heard

    def lost(self) -> list[Row]:
        """Give, once, the samples that processes had when they ended."""
        lost, self._lost = self._lost, []
        return lost

    def close(self) -> None:
        """End all processes, and do without them from now on."""
        self._count = 0
        for helper in list(self._helpers):
            self._dismiss(helper)

    def _start(self) -> None:
        while self._recipe is not None and len(self._helpers) < self._count:
            try:
                self._helpers.append(_Helper(start_worker(_serve, self._recipe)))
            except Exception as error:  # no room for it, this process may have none, or something of the model cannot travel
                self._give_up(f"{type(error).__name__}: {error}")

    def _is_idle(self, helper: _Helper) -> bool:
        if not helper.ready and wait([helper.worker.pipe], 0):
            self._hear(helper)
        return helper.ready and not helper.busy

    def _hand(self, helper: _Helper, rows: Sequence[Row]) -> None:
        """Send samples to a process; what one that has ended gets is lost with it."""
        samples: dict[int, list[int]] = {}
        for row in rows:
            samples.setdefault(row.request, []).append(row.sample)
        helper.busy, helper.positions = True, list(samples)
        helper.rows = {(row.request, row.sample): row for row in rows}
        with contextlib.suppress(OSError):  # of one that has ended, which is noticed when it is listened to
            helper.worker.pipe.send([replace(self._requests[at], samples=tuple(some)) for at, some in samples.items()])

    def _listened(self, seconds: float) -> list[Given]:
        """Take a message of each that has one; give up those at work where none comes in `seconds` but 0."""
        busy: dict[Any, _Helper] = {helper.worker.pipe: helper for helper in self._helpers if helper.busy}
        ready = wait(list(busy), seconds) if busy else []
        if seconds and not ready:
            for helper in busy.values():
                self._bury(helper, f"nothing was heard of it for {seconds:g} seconds")
        return [given for pipe in ready for given in self._hear(busy[pipe])]

    def _hear(self, helper: _Helper) -> list[Given]:
        """Take one message: the mode of one that is ready, answers with what they cost, the end of its work, or why it ends."""
        try:
            message = helper.worker.pipe.recv()
        except (EOFError, OSError):
            message = ModelError("it ended")
        if isinstance(message, ModelError):
            self._bury(helper, str(message))
        elif isinstance(message, str):
            self._compare(helper, message)
        elif message is None:
            helper.busy = False
            self._take_back(helper)
        else:
            answers, cost = message
            self._count_in(cost)
            return [self._placed(helper, at, answer) for at, answer in answers]
        return []

    def _placed(self, helper: _Helper, at: int, answer: Completion | Failure) -> Given:
        position = helper.positions[at]
        for key in [(position, answer.sample)] if answer.sample is not None else [key for key in helper.rows if key[0] == position]:
            helper.rows.pop(key, None)
        return position, answer

    def _count_in(self, cost: Mapping[str, float]) -> None:
        """Add what another process did; the seconds passed here as well."""
        for name, value in cost.items():
            if name != "seconds":
                setattr(self._usage, name, getattr(self._usage, name) + value)

    def _compare(self, helper: _Helper, mode: str) -> None:
        if mode == self.mode:
            helper.ready = True
        else:
            self._bury(helper, "what it loaded, or how it computes, is not what this process has")

    def _bury(self, helper: _Helper, why: str) -> None:
        """Take leave of a process that has ended, and start no other."""
        self._dismiss(helper)
        self._give_up(why)

    def _dismiss(self, helper: _Helper) -> None:
        self._take_back(helper)
        if helper in self._helpers:  # a caller may close the backend between two answers
            self._helpers.remove(helper)
        helper.busy = False
        helper.worker.stop()

    def _take_back(self, helper: _Helper) -> None:
        self._lost += helper.rows.values()
        helper.rows = {}

    def _give_up(self, why: str) -> None:
        _log.warning("completions are drawn without the help of another process: %s", why)
        self._count = len(self._helpers)


def _serve(pipe: Connection, recipe: Recipe) -> None:
    """Draw what comes through the pipe; the first message is the mode, and an error is the last."""
    with at_service():
        try:
            backend = recipe.opened()
            pipe.send(mode_of(backend))
            while True:
                for message in _answers(backend, pipe.recv()):
                    pipe.send(message)
                pipe.send(None)
        except (EOFError, OSError):
            raise
        except Exception as error:
            pipe.send(ModelError(" ".join(f"{type(error).__name__}: {error}".split())[:500]))


def _answers(backend: Backend, requests: Sequence[GenerateRequest]) -> Iterator[tuple[list[Given], dict[str, float]]]:
    """Draw, some answers at a time, each time with what was spent since the last. Raises MemoryError where batches had to shrink."""
    given: list[Given] = []
    before = _spent(backend)
    for answer in backend.generate_each(requests):
        if backend.shrunk:  # the answer belongs to another numeric mode
            raise MemoryError("memory is short")
        given.append(answer)
        if len(given) == AT_ONCE:
            now = _spent(backend)
            yield given, {name: now[name] - before[name] for name in now}
            given, before = [], now
    now = _spent(backend)
    yield given, {name: now[name] - before[name] for name in now}


def _spent(backend: Backend) -> dict[str, float]:
    return {**backend.usage.plain(), "helper_seconds": time.process_time()}
