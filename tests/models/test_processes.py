"""A process beside this one: it starts without harm to the main module, tells what its work raises, and ends where nobody listens."""

from __future__ import annotations

import sys
import threading
import time
from multiprocessing import Pipe
from types import SimpleNamespace
from typing import Any

import pytest

from fmaudit import processes
from fmaudit.models.backends.transformers.crew import _serve
from fmaudit.processes import Closed, Line, start_worker


class _Slow:
    """Starts processes that are none, the second while the first is still starting."""

    def __init__(self) -> None:
        self.delays = iter((0.05, 0.2))

    Pipe = staticmethod(Pipe)

    def Process(self, **_: Any) -> Any:
        return SimpleNamespace(start=lambda: time.sleep(next(self.delays)))


def test_threads_that_start_processes_together_leave_the_main_module_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    main, slow = sys.modules["__main__"], _Slow()
    monkeypatch.setattr(processes.multiprocessing, "get_context", lambda kind: slow)
    threads = [threading.Thread(target=start_worker, args=(print,)) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
            time.sleep(0.02)
        for thread in threads:
            thread.join(10)
        assert sys.modules["__main__"] is main
    finally:
        sys.modules["__main__"] = main


@pytest.mark.parametrize("error", [OSError("weights cannot be read"), EOFError("the file ends"), ValueError("no")])
def test_whatever_the_work_raises_is_told(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = Pipe()

    def fails() -> Any:
        raise error

    monkeypatch.setattr(processes.signal, "signal", lambda *_: None)  # this process is no helper
    monkeypatch.setattr(processes.os, "dup2", lambda *_: None)
    _serve(theirs, SimpleNamespace(opened=fails))  # type: ignore[arg-type]
    assert ours.poll(1)
    assert str(ours.recv()) == f"{type(error).__name__}: {error}"


def test_a_process_ends_without_a_word_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = Pipe()
    ours.close()
    monkeypatch.setattr(processes.signal, "signal", lambda *_: None)
    monkeypatch.setattr(processes.os, "dup2", lambda *_: None)
    _serve(theirs, SimpleNamespace(opened=lambda: SimpleNamespace(identity="", numeric_mode="")))  # type: ignore[arg-type]
    for talk in (Line(theirs).receive, lambda: Line(theirs).send("word")):
        with pytest.raises(Closed):
            talk()
