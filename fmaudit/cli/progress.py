"""Shows how a run goes: bytes, rate and time left, on stderr; plain lines where there is no terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from fmaudit.runs.resume import Remaining
from fmaudit.store.layout import RunDirectory

__all__ = ["ProgressDisplay"]

PLAIN_SECONDS = 10.0  # between two lines where there is no terminal


TELLING = 0.05  # the share of the work that must be done before the time left is told


class ProgressDisplay:
    """A Listener that draws a bar on a terminal, and writes a line now and then elsewhere."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._total = self._consumed = self._kept = self._documents = 0
        self._begin = self._told = self._stage_begin = time.monotonic()
        self._stage, self._answers, self._known = "", 0, 0

    def __enter__(self) -> ProgressDisplay:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._finish_bar()

    def started(self, run: RunDirectory, resumed: bool, remaining: Sequence[Remaining], total_bytes: int) -> None:
        """Say which run this is and what is left of it."""
        done = min(sum(item.done_bytes for item in remaining), total_bytes)
        kept = sum(item.kept for item in remaining)
        self._say(f"{'resuming' if resumed else 'starting'} {run.id}" + (f": {kept} finished units stay" if kept else ""))
        for item in remaining:
            for reason in item.reasons:
                self._say(f"  {reason}")
        self._total, self._consumed, self._kept = total_bytes, done, done
        self._begin = time.monotonic()
        if sys.stderr.isatty():
            self._start_bar()

    def progress(self, consumed: int, documents: int) -> None:
        """Count bytes on disk and documents."""
        self._consumed = min(self._consumed + consumed, self._total)
        self._documents += documents
        if self._bar is not None:
            self._bar.update(self._task, completed=self._consumed, documents=f"{self._documents:,} documents")
        elif time.monotonic() - self._told >= PLAIN_SECONDS:
            self._told = time.monotonic()
            self._say(self._line())

    def answered(self, target: str, answers: int) -> None:
        """Count a model's answers."""
        self._answers += answers
        if self._answers and time.monotonic() - self._told >= PLAIN_SECONDS:
            self._told = time.monotonic()
            self._say(
                f"  {target}: {self._answers:,} answers, {self._answers / max(time.monotonic() - self._stage_begin, 1e-9):,.0f} a second"
            )

    def known(self, target: str, answers: int) -> None:
        """Remember how many answers cost nothing."""
        self._known = answers

    def stage(self, name: str) -> None:
        """Name the stage that begins, and how long the one before took."""
        taken = time.monotonic() - self._stage_begin
        if self._stage == "observe":
            self._finish_bar()
        if self._stage == "observe" and self._documents:
            self._say(f"observed {self._documents:,} documents in {taken:.1f} s")
        elif self._stage.startswith("model "):
            self._say(f"{self._stage}: {self._told_answers(taken)}")
        elif self._stage.startswith("tokenizer "):
            self._say(f"{self._stage}: {taken:.1f} s")
        elif self._stage == "measure" and taken >= 1.0:
            self._say(f"measured in {taken:.1f} s")
        begun = {"model": f"asking {name}", "tokenizer": f"looking at {name}", "measure": "measuring"}.get(name.partition(" ")[0])
        if begun:
            self._say(begun)
        self._stage, self._stage_begin, self._answers, self._known = name, time.monotonic(), 0, 0

    def _told_answers(self, seconds: float) -> str:
        """Say how many answers there were: a rate means nothing for those that were known."""
        if not self._answers:
            return "no new answers"
        if self._known >= self._answers:
            return f"{self._answers:,} answers, all known"
        known = f", {self._known:,} of them known" if self._known else ""
        return f"{self._answers:,} answers in {seconds:.1f} s{known}"

    def _line(self) -> str:
        read = self._consumed - self._kept  # what an earlier start of this run has read took no time now
        rate = read / max(time.monotonic() - self._begin, 1e-9)
        told = f"  {self._consumed / 1e6:,.1f} of {self._total / 1e6:,.1f} MB, {rate / 1e6:.1f} MB/s"
        if read < TELLING * (self._total - self._kept):  # the first batch waits for libraries and compiled code
            return told
        return f"{told}, about {max(self._total - self._consumed, 0) / rate:.0f} s left"

    def _start_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[documents]}"))
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("observe", total=self._total, completed=self._consumed, documents="")
        self._bar.start()

    def _finish_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _say(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            print(text, file=sys.stderr, flush=True)
