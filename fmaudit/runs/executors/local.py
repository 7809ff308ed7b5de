"""Runs tasks on this machine: in this process, or in worker processes that may die without taking the run along."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from fmaudit.errors import FmauditError, RunError
from fmaudit.runs.executors.base import Executor, Sink
from fmaudit.runs.journal import Unit
from fmaudit.runs.observe import Observer
from fmaudit.runs.work import Task, WorkOrder

__all__ = ["InlineExecutor", "ProcessExecutor", "make_observer"]

MAX_DEATHS = 3  # at one place: the third time the batch is passed over


def make_observer(order: WorkOrder) -> Observer:
    """Load the order's plugins and make an observer, in whatever process this is."""
    from fmaudit.hooks.manager import load_plugins
    from fmaudit.runs.readers import all_readers

    plugins = load_plugins(order.plugins)
    return Observer(order, plugins, all_readers(plugins.readers))


class InlineExecutor(Executor):
    """Runs everything in this process: no start-up cost, right for small corpora."""

    def run(self, tasks: Sequence[Task], sink: Sink) -> None:
        """Run tasks one after the other."""
        observers: dict[str, Observer] = {}
        for task in tasks:
            if task.order.target not in observers:
                observers[task.order.target] = make_observer(task.order)
            for news in observers[task.order.target].observe(task):
                sink(news)


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: Task | None = None


class ProcessExecutor(Executor):
    """Runs tasks in `count` processes; a batch that kills its worker again and again is passed over and entered in the ledger."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._context = multiprocessing.get_context("spawn")

    def run(self, tasks: Sequence[Task], sink: Sink) -> None:
        """Run tasks in any order; each unit is acknowledged here, in the parent."""
        waiting = deque(tasks)
        deaths: Counter[tuple[str, str, int, int]] = Counter()
        workers = [self._start() for _ in range(min(self._count, len(waiting)))]
        try:
            for worker in workers:
                self._give(worker, waiting)
            while any(worker.task for worker in workers):
                busy = {worker.pipe: worker for worker in workers if worker.task}
                for pipe in wait(list(busy)):
                    worker = busy[pipe]  # type: ignore[index]
                    if not self._hear(worker, sink):
                        waiting.appendleft(self._after_death(worker, deaths))
                        workers[workers.index(worker)] = worker = self._start()
                    if worker.task is None:
                        self._give(worker, waiting)
        finally:
            for worker in workers:
                self._stop(worker)

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs,), daemon=True, name="fmaudit-worker")
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _give(self, worker: _Worker, waiting: deque[Task]) -> None:
        if waiting:
            worker.task = waiting.popleft()
            worker.pipe.send(worker.task)

    def _hear(self, worker: _Worker, sink: Sink) -> bool:
        """Take one message; False when the worker is dead."""
        try:
            kind, news = worker.pipe.recv()
        except (EOFError, OSError):
            return False
        if kind == "failed":
            raise news
        if kind == "done":
            worker.task = None
        else:
            sink(news)
            if isinstance(news, Unit) and worker.task is not None and not worker.task.base:
                worker.task = replace(worker.task, position=news.stop, seen=worker.task.seen + news.documents)
        return True

    def _after_death(self, worker: _Worker, deaths: Counter[tuple[str, str, int, int]]) -> Task:
        """Say how to go on where a worker died: again, then batch by batch, then past the first batch."""
        worker.process.join(5)
        task = worker.task
        assert task is not None
        place = (task.order.target, task.split.file.path, task.split.start, task.position)
        deaths[place] += 1
        if deaths[place] > MAX_DEATHS:
            raise RunError(
                f"{task.split.file.path}: a worker process dies here again and again (exit code {worker.process.exitcode})",
                hint="run with --set run.workers=1 to see the cause, or leave the plugin out",
            )
        worker.pipe.close()
        return replace(task, care=deaths[place] - 1)

    def _stop(self, worker: _Worker) -> None:
        worker.pipe.close()
        if worker.process.is_alive():
            worker.process.terminate()
        worker.process.join(5)


def _work(pipe: Connection) -> None:
    """Serve tasks until the parent closes the pipe (or is gone)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    os.dup2(sys.stderr.fileno(), 1)  # a plugin that prints must not write into --json output
    observers: dict[str, Observer] = {}
    try:
        while True:
            task: Task = pipe.recv()
            try:
                if task.order.target not in observers:
                    observers[task.order.target] = make_observer(task.order)
                for news in observers[task.order.target].observe(task):
                    pipe.send(("news", news))
                pipe.send(("done", None))
            except (BrokenPipeError, EOFError):
                return
            except Exception as error:  # sent to the parent, which raises it
                pipe.send(("failed", _portable(error)))
    except (EOFError, OSError):
        return


def _portable(error: Exception) -> Exception:
    """Make an exception that survives the pipe."""
    if isinstance(error, FmauditError):
        return error
    import traceback

    return RunError(f"{type(error).__name__}: {error}", hint="".join(traceback.format_exception(error)[-3:]))
