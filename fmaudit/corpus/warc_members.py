"""Walks a file of gzip members with WARC records in them, going on at the next member where one is broken."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

from fmaudit.corpus.files import open_binary
from fmaudit.corpus.splits import Limits, SourceFile
from fmaudit.corpus.streams import GZIP_MAGIC, GzipStream
from fmaudit.corpus.warc_frames import Frame, FrameReader

__all__ = ["MemberWalk", "is_by_member"]

_MEMBER = GZIP_MAGIC + b"\x08"
_BLOCK = 1 << 18
_INNER = 1 << 16  # records of one member that positions can tell apart


def is_by_member(source: SourceFile, limits: Limits) -> bool:
    """Tell whether a file holds one WARC record in each gzip member, going by its first; OSError where it cannot be opened."""
    with open_binary(source) as file:
        if file.read(3) != _MEMBER:
            return False
        file.seek(0)
        stream = GzipStream(file, limits, pause=True)
        records = list(islice(FrameReader(stream, limits.document_bytes).frames(), 2))
        # a broken first member is no reason to give up those after it
        return len(records) < 2 and (stream.members == 1 or any(fault.lost for fault in stream.faults))


class MemberWalk:
    """Reads the records of the members that start in a range of a file.

    A record's position is its member's offset plus its number in the member, which is 0 in all but odd files.
    """

    def __init__(self, file: BinaryIO, size: int, limits: Limits, largest: int) -> None:
        self.file = file
        self.size = size
        self.limits = limits
        self.largest = largest

    def frames(self, start: int, stop: int | None, *, exact: bool) -> Iterator[tuple[Frame, int]]:
        """Yield records with their positions; `exact` says that `start` is a position, not just a place to search from."""
        at, skip = self._enter(start, exact)
        base, stream = at, self._open(at)
        while at < (self.size if stop is None else stop):
            broken = False
            for number, frame in enumerate(self._member(stream)):
                broken |= bool(frame.reason and frame.lost)
                if number >= skip:
                    yield frame, at + min(number, _INNER)
            skip = 0
            after = base + stream.boundary
            cut = any(fault.lost for fault in stream.faults)
            if not cut and stream.at_member():
                at = after
                stream.faults.clear()
                stream.go_on()
                continue
            at = self._search(at + 1 if cut else after)
            if not (broken or cut) and after < self.size:  # else it belongs to the member that is lost already
                yield Frame(after, at, reason="broken-record", detail="what stands here is no gzip member with a WARC record"), after
            base, stream = at, self._open(at)

    def _member(self, stream: GzipStream) -> Iterator[Frame]:
        """Yield a member's records; what is wrong with the member is the last record's reason, or a record of its own."""
        told = False
        for frame in FrameReader(stream, self.largest).frames():
            if frame.reason == "truncated" and stream.faults:
                frame = replace(frame, reason=stream.faults[-1].reason, detail=stream.faults[-1].detail)
            told = bool(frame.reason)
            yield frame
        for fault in stream.faults if not told else []:
            yield Frame(0, 0, reason=fault.reason, detail=fault.detail, lost=fault.lost)

    def _open(self, at: int) -> GzipStream:
        self.file.seek(at)
        return GzipStream(self.file, self.limits, pause=True)

    def _enter(self, start: int, exact: bool) -> tuple[int, int]:
        """Find the member to begin with, and how many of its records to pass over."""
        if not exact or self._is_member(start):
            return self._search(start), 0
        low = max(start - _INNER, 0)
        self.file.seek(low)
        before = self.file.read(start - low) or b""
        at = len(before)
        while (at := before.rfind(_MEMBER, 0, at)) >= 0:
            if self._is_member(low + at):
                return low + at, start - low - at
        return self._search(start), 0

    def _search(self, start: int) -> int:
        """Find the first member at or after an offset, or the file's end."""
        while start < self.size:
            self.file.seek(start)
            block = self.file.read(_BLOCK) or b""
            at = -1
            while (at := block.find(_MEMBER, at + 1)) >= 0:
                if self._is_member(start + at):
                    return start + at
            start += max(len(block) - len(_MEMBER) + 1, 1)
        return self.size

    def _is_member(self, offset: int) -> bool:
        """Tell whether a gzip member with a WARC record begins here."""
        self.file.seek(offset)
        head = self.file.read(1 << 12) or b""
        self.file.seek(offset)
        if not head.startswith(_MEMBER):
            return False
        try:
            return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, 64).lstrip(b"\r\n").startswith(b"WARC/")
        except zlib.error:
            return False
