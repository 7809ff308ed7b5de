"""Processes of our own beside this one: started afresh, spoken to through a pipe, never in the way of the one that the user sees."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final

__all__ = ["Closed", "Line", "Worker", "at_service", "start_worker"]

_STARTING: Final = threading.Lock()  # what holds while a process starts belongs to this process as a whole, not to a thread


@dataclass(frozen=True, slots=True)
class Worker:
    """A process, and this end of the pipe to it."""

    process: BaseProcess
    pipe: Connection

    def stop(self) -> None:
        """Let it go, whatever it is doing."""
        self.pipe.close()
        if self.process.is_alive():
            self.process.terminate()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join(5)


def start_worker(serve: Callable[..., None], *arguments: Any) -> Worker:
    """Start a process that calls `serve(pipe, *arguments)`; it and what it gets must be importable and picklable.

    Raises OSError without room for it, AssertionError in a process that may have none of its own, and what pickling raises.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, *arguments), daemon=True, name="fmaudit-worker")
    with _STARTING, _hidden_main(), _held_interrupts():
        process.start()
    theirs.close()
    return Worker(process, ours)


@contextlib.contextmanager
def _hidden_main() -> Iterator[None]:
    """Keep a new process from importing the user's script: it needs nothing of it, and one without a guard would run once more."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _held_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back for a moment: a process that starts now holds it back until it is at service."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Closed(Exception):
    """The other end of the pipe is gone: nobody waits for what is done here."""


@dataclass(frozen=True, slots=True)
class Line:
    """The pipe as a process at service has it: where the other end is gone it says so, and so tells that from what the work raises."""

    pipe: Connection

    def receive(self) -> Any:
        """Wait for a message. Raises Closed."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            raise Closed from None

    def send(self, message: Any) -> None:
        """Send a message. Raises Closed, and what pickling raises."""
        try:
            self.pipe.send(message)
        except OSError:
            raise Closed from None


@contextlib.contextmanager
def at_service(pipe: Connection) -> Iterator[Line]:
    """Work in a process that was started so, until the other end closes the pipe (or is gone)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.dup2(sys.stderr.fileno(), 1)  # what prints must not write into --json output
    with contextlib.suppress(Closed):
        yield Line(pipe)
