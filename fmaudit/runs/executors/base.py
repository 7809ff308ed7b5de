"""What an executor is: it runs tasks somewhere and hands back news and finished units."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from fmaudit.runs.journal import Unit
from fmaudit.runs.work import Progress, Task

__all__ = ["Executor", "Sink"]

Sink = Callable[[Progress | Unit], None]


class Executor(ABC):
    """Runs tasks; a unit handed to `sink` is durable on disk, and acknowledged once `sink` returns."""

    @abstractmethod
    def run(self, tasks: Sequence[Task], sink: Sink) -> None:
        """Run all tasks; raises what a worker raised, once every other worker has been stopped."""
