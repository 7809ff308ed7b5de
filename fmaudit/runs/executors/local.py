"""Runs tasks on this machine: in this process, or in worker processes that may die without taking the run along."""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler

from fmaudit.errors import FmauditError, RunError
from fmaudit.processes import Worker, at_service, start_worker
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
    own: Worker
    task: Task | None = None
    begun: bool = False  # whether it got as far as the work itself

    @property
    def pipe(self) -> Connection:
        return self.own.pipe

    @property
    def process(self) -> BaseProcess:
        return self.own.process


class ProcessExecutor(Executor):
    """Runs tasks in `count` processes; a batch that kills its worker again and again is passed over and entered in the ledger."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._stillborn = 0  # workers in a row that ended before they began

    def run(self, tasks: Sequence[Task], sink: Sink) -> None:
        """Run tasks in any order; each unit is acknowledged here, in the parent."""
        waiting = deque(tasks)
        deaths: Counter[tuple[str, str, int, int]] = Counter()
        workers = [_start() for _ in range(min(self._count, len(waiting)))]
        try:
            for worker in workers:
                self._give(worker, waiting)
            while any(worker.task for worker in workers):
                busy = {worker.pipe: worker for worker in workers if worker.task}
                for pipe in wait(list(busy)):
                    worker = busy[pipe]  # type: ignore[index]
                    if not self._hear(worker, sink):
                        waiting.appendleft(self._after_death(worker, deaths))
                        workers[workers.index(worker)] = worker = _start()
                    if worker.task is None:
                        self._give(worker, waiting)
        finally:
            for worker in workers:
                worker.own.stop()

    def _give(self, worker: _Worker, waiting: deque[Task]) -> None:
        if waiting:
            worker.task, worker.begun = waiting.popleft(), False
            with contextlib.suppress(OSError):  # a worker that is dead already is noticed when it is listened to
                worker.pipe.send(worker.task)

    def _hear(self, worker: _Worker, sink: Sink) -> bool:
        """Take one message; False when the worker is dead."""
        try:
            kind, news = worker.pipe.recv()
        except (EOFError, OSError):
            return False
        if kind == "failed":
            raise news
        if kind == "begun":
            worker.begun, self._stillborn = True, 0
        elif kind == "done":
            worker.task = None
        else:
            sink(news)
            if isinstance(news, Unit) and worker.task is not None and not worker.task.base:
                worker.task = _after(worker.task, news)
        return True

    def _after_death(self, worker: _Worker, deaths: Counter[tuple[str, str, int, int]]) -> Task:
        """Say how to go on where a worker died: again, then batch by batch, then past the first batch."""
        worker.process.join(5)
        worker.pipe.close()
        task = worker.task
        assert task is not None
        if not worker.begun:
            return self._after_stillbirth(worker, task)
        place = (task.order.target, task.split.file.path, task.split.start, task.position)
        deaths[place] += 1
        if deaths[place] > MAX_DEATHS:
            raise RunError(
                f"{task.split.file.path}: a worker process dies here again and again (exit code {worker.process.exitcode})",
                hint="run with --set run.workers=1 to see the cause, or leave the plugin out",
            )
        # a unit that was only to be refreshed is made anew, since only then can the batch that kills be told from the others
        return replace(task, care=deaths[place] - 1, base="", stale=(), ledger=())

    def _after_stillbirth(self, worker: _Worker, task: Task) -> Task:
        """Give the task to another worker, unless they all end so."""
        self._stillborn += 1
        if self._stillborn > MAX_DEATHS:
            raise RunError(
                f"worker processes end before they read anything (exit code {worker.process.exitcode})",
                hint="run with --set run.workers=1 to see the cause, or to do without them",
            )
        return task


def _after(task: Task, unit: Unit) -> Task:
    """Say what is left of a task once a unit is acknowledged."""
    return replace(task, position=unit.stop, seen=task.seen + unit.documents, consumed=task.consumed + unit.consumed)


def _start() -> _Worker:
    return _Worker(start_worker(_work))


def _work(pipe: Connection) -> None:
    """Serve tasks until the parent closes the pipe (or is gone)."""
    observers: dict[str, Observer] = {}
    with at_service(pipe) as line:
        while True:
            for message in _answers(line.receive(), observers):
                line.send(message)


def _answers(task: Task, observers: dict[str, Observer]) -> Iterator[tuple[str, object]]:
    """Do a task; whatever it raises is sent to the parent, which raises it."""
    try:
        if task.order.target not in observers:
            observers[task.order.target] = make_observer(task.order)
        yield "begun", None
        for news in observers[task.order.target].observe(task):
            yield "news", news
        yield "done", None
    except Exception as error:
        yield "failed", _portable(error)


def _portable(error: Exception) -> Exception:
    """Make an exception that survives the pipe."""
    if isinstance(error, FmauditError):
        with contextlib.suppress(Exception):  # a plugin's own class may not
            ForkingPickler.loads(ForkingPickler.dumps(error))
            return error
    import traceback

    return RunError(f"{type(error).__name__}: {error}", hint="".join(traceback.format_exception(error)[-3:]))
