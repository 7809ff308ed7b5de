"""Cuts a byte stream into windows of whole lines, passing over lines that are too long without holding them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fmaudit.corpus.streams import ByteStream

__all__ = ["Lines", "TooLong", "line_windows", "seek_line"]

SLACK = 64
_WINDOW = 1 << 20


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines `data[:stop]`, each with its newline; `base` is the stream's offset of `data[0]`.

    `data` is used again for the next window and has `SLACK` bytes to spare after `stop`.
    """

    data: npt.NDArray[np.uint8]
    stop: int
    base: int

    @property
    def end(self) -> int:
        """The stream's offset after the last line."""
        return self.base + self.stop


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line that was passed over: where it starts, where the next one does, and its bytes without the newline."""

    offset: int
    next: int
    size: int


def seek_line(stream: ByteStream, position: int, stop: int | None) -> bytes:
    """Go to the first line that starts at or after `position`, if one does before `stop`; returns what was read of it.

    `stream.offset` less the returned bytes is where that line starts.
    """
    if position <= 0:
        return b""
    stream.skip_to(position - 1)
    while (stop is None or stream.offset < stop) and (data := stream.read()):
        cut = data.find(b"\n")
        if cut >= 0:
            return data[cut + 1 :]
    return b""


def line_windows(stream: ByteStream, head: bytes, stop: int | None, longest: int) -> Iterator[Lines | TooLong]:
    """Yield the lines that start before `stop`, beginning with `head`, which was read already.

    A line of more than `longest` bytes is passed over. The last line may lack its newline, and is then given one; after a fault
    that loses the rest it is left out, as it is not whole.
    """
    window = _Window(stream, head, longest)
    while stop is None or window.base < stop:
        if not window.fill():
            break
        end = window.end_of_lines(stop)
        if end:
            yield Lines(window.data, end, window.base)
            window.drop(end)
        elif window.used > longest:
            yield window.pass_over()
    if window.used and (stop is None or window.base < stop) and not any(fault.lost for fault in stream.faults):
        yield from window.last()


class _Window:
    """A buffer whose first byte is the first byte of a line, at offset `base`."""

    def __init__(self, stream: ByteStream, head: bytes, longest: int) -> None:
        self.stream = stream
        self.longest = longest
        self.base = stream.offset - len(head)
        self.data: npt.NDArray[np.uint8] = np.empty(_WINDOW + SLACK, np.uint8)
        self.used = self.searched = 0
        self._append(head)

    def fill(self) -> bool:
        """Read until the window is full; False where there is nothing new to look at."""
        target = max(_WINDOW, self.used + 1)
        while self.used < target and (chunk := self.stream.read()):
            self._append(chunk)
        return self.used > self.searched

    def end_of_lines(self, stop: int | None) -> int:
        """Say how many bytes of the window are whole lines that start before `stop`."""
        view = self.data.data[: self.used]
        if stop is not None and stop - 1 - self.base < self.used:
            border = _find_newline(view, max(stop - 1 - self.base, 0))
            if border >= 0:
                return border + 1
        newline = _last_newline(view, self.searched)
        self.searched = self.used
        return newline + 1

    def drop(self, count: int) -> None:
        """Forget the first bytes."""
        rest = self.used - count
        self.data[:rest] = self.data[count : self.used].copy()
        self.base += count
        self.used = self.searched = rest

    def pass_over(self) -> TooLong:
        """Read to the end of a line that is too long, holding none of it."""
        start, size = self.base, self.used
        self.used = self.searched = 0
        while chunk := self.stream.read():
            cut = chunk.find(b"\n")
            if cut >= 0:
                self.base = self.stream.offset - len(chunk) + cut + 1
                self._append(chunk[cut + 1 :])
                return TooLong(start, self.base, size + cut)
            size += len(chunk)
        self.base = self.stream.offset
        return TooLong(start, self.base, size)

    def last(self) -> Iterator[Lines | TooLong]:
        """Give the last line, which has no newline of its own."""
        if self.used > self.longest:
            yield TooLong(self.base, self.base + self.used, self.used)
            return
        self._append(b"\n")
        yield Lines(self.data, self.used, self.base)

    def _append(self, chunk: bytes) -> None:
        end = self.used + len(chunk)
        if end + SLACK > len(self.data):
            grown = np.empty(max(2 * len(self.data), end + SLACK), np.uint8)
            grown[: self.used] = self.data[: self.used]
            self.data = grown
        self.data[self.used : end] = np.frombuffer(chunk, np.uint8)
        self.used = end


def _find_newline(view: memoryview, start: int) -> int:
    """Find the first newline from `start`, block by block so that nothing large is copied."""
    for at in range(start, len(view), 4096):
        found = bytes(view[at : at + 4096]).find(b"\n")
        if found >= 0:
            return at + found
    return -1


def _last_newline(view: memoryview, low: int) -> int:
    for end in range(len(view), low, -4096):
        start = max(end - 4096, low)
        found = bytes(view[start:end]).rfind(b"\n")
        if found >= 0:
            return start + found
    return -1
