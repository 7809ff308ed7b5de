"""Processes that draw completions beside this one: a small model leaves all processors but one idle, however many threads it has.

Each opens the same model. One that has nothing to do gets a share of the samples that nobody has begun, and none of its bits depend on
that. One that ends early costs nothing but time: what it still had is drawn here.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Final

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers.rows import SMALL
from fmaudit.models.backends.transformers.shift import Given, Shift
from fmaudit.processes import Closed, Worker, at_service, start_worker

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.backend import TransformersBackend, TransformersOptions
    from fmaudit.models.backends.transformers.folder import ModelFolder
    from fmaudit.models.base import Backend, Usage
    from fmaudit.models.requests import GenerateRequest

__all__ = ["Crew", "Helper", "Ready", "Recipe", "mode_of", "processes_for"]

MOST: Final = 4  # processes, where their number is not set
WORTH: Final = 1024  # samples from which it pays to start processes: they take seconds to be ready
SMALL_BYTES: Final = 2 * SMALL  # a file of weights has at least two for each
AT_ONCE: Final = 32  # answers of one message

Answers = tuple[list[Given], dict[str, float]]  # some answers, and what was spent on them since the last
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


@dataclass(frozen=True, slots=True)
class Ready:
    """What a process says first: what `mode_of` says of it, and how many seconds of processors it took to be so far."""

    mode: str
    seconds: float


@dataclass(slots=True, eq=False)
class Helper:
    """A process that opens the same model, or has."""

    worker: Worker
    ready: bool = False  # it has opened the model

    @property
    def pipe(self) -> Connection:
        """This end of the pipe to it."""
        return self.worker.pipe


class Crew:
    """Up to `count` processes beside this one, started when there is enough to draw; they help with one call at a time.

    `mode` is what `mode_of` says of this process, to be set before it draws: one that computes otherwise is of no use.
    """

    def __init__(self, recipe: Recipe | None = None, count: int = 0) -> None:
        self._recipe, self.count = recipe, count
        self.mode = ""
        self.helpers: list[Helper] = []
        self._taken = False

    @contextlib.contextmanager
    def shift(self, requests: Sequence[GenerateRequest], samples: int, usage: Usage) -> Iterator[Shift]:
        """Help with so many samples of these requests; what that takes goes to `usage`. While another call has them nobody helps."""
        if self._taken:
            yield Shift(Crew(), requests, usage)
            return
        self._taken, shift = True, Shift(self, requests, usage)
        try:
            if samples >= WORTH:
                self.start()
            yield shift
        finally:
            shift.end()
            self._taken = False

    def start(self) -> None:
        """Start the processes that are missing, or do without where one cannot be started."""
        while self._recipe is not None and len(self.helpers) < self.count:
            try:
                self.helpers.append(Helper(start_worker(_serve, self._recipe)))
            except Exception as error:  # no room for it, this process may have none, or something of the model cannot travel
                self._do_without(f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """End all processes, and do without them from now on."""
        self.count = 0
        for helper in list(self.helpers):
            self.dismiss(helper)

    def is_ready(self, helper: Helper, usage: Usage) -> bool:
        """Say, without waiting, whether it has opened the same model; what that took goes to `usage`, once."""
        if not helper.ready and wait([helper.pipe], 0):
            heard = self.hear(helper)
            usage.helper_seconds += heard[1]["helper_seconds"] if heard else 0.0
        return helper.ready

    def hear(self, helper: Helper) -> Answers | None:
        """Take one message: answers with what they cost, which are none at first; None where it says that it is done, or ends."""
        message: Any
        try:
            message = helper.pipe.recv()
        except (EOFError, OSError):
            message = ModelError("it ended")
        if isinstance(message, ModelError):
            self.bury(helper, str(message))
        elif isinstance(message, Ready):
            self._compare(helper, message.mode)
            return [], {"helper_seconds": message.seconds}
        else:
            answers: Answers | None = message
            return answers
        return None

    def bury(self, helper: Helper, why: str) -> None:
        """Take leave of a process that has ended, and start no other."""
        self.dismiss(helper)
        self._do_without(why)

    def dismiss(self, helper: Helper) -> None:
        """End a process; another may be started in its place."""
        if helper in self.helpers:  # a caller may close the backend between two answers
            self.helpers.remove(helper)
        helper.worker.stop()

    def _compare(self, helper: Helper, mode: str) -> None:
        if mode == self.mode:
            helper.ready = True
        else:
            self.bury(helper, "what it loaded, or how it computes, is not what this process has")

    def _do_without(self, why: str) -> None:
        _log.warning("completions are drawn without the help of another process: %s", why)
        self.count = len(self.helpers)


def _serve(pipe: Connection, recipe: Recipe) -> None:
    """Draw what comes through the pipe; the first message is the mode, and an error is the last."""
    with at_service(pipe) as line:
        try:
            backend = recipe.opened()
            line.send(Ready(mode_of(backend), time.process_time()))
            while True:
                for message in _answers(backend, line.receive()):
                    line.send(message)
                line.send(None)
        except Closed:
            raise
        except Exception as error:
            line.send(ModelError(" ".join(f"{type(error).__name__}: {error}".split())[:500]))


def _answers(backend: Backend, requests: Sequence[GenerateRequest]) -> Iterator[Answers]:
    """Draw, some answers at a time. Raises MemoryError where batches had to shrink."""
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
