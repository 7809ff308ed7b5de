"""Cuts a stream of WARC records into records, going on at the next one where a record is broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fmaudit.corpus.streams import ByteStream

__all__ = ["Frame", "FrameReader"]

_HEAD_LIMIT = 1 << 16
_MAGIC = b"WARC/"
_NEXT = b"\r\n\r\nWARC/1."


@dataclass(frozen=True, slots=True)
class Frame:
    """A record: where it starts and ends in the uncompressed stream, its headers (names in lower case), its bytes.

    `raw` begins with the header and is empty where the record is not whole; `reason` then says why.
    """

    start: int
    stop: int
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    body: int = 0  # where the content begins in `raw`
    reason: str = ""
    detail: str = ""
    lost: bool = True


class FrameReader:
    """Reads the records of a stream from where it stands; a record of more than `largest` bytes is passed over."""

    def __init__(self, stream: ByteStream, largest: int) -> None:
        self.stream = stream
        self.largest = largest
        self.held = bytearray()
        self.start = stream.offset  # of held[0]

    def frames(self) -> Iterator[Frame]:
        """Yield the records in order, broken ones with their reason."""
        while self._at_record():
            yield self._frame()

    def _at_record(self) -> bool:
        """Pass the blank lines between records; False at the end."""
        while self._have(1):
            if self.held[0] not in b"\r\n":
                return True
            start = bytes(self.held[:1024])
            self._drop(len(start) - len(start.lstrip(b"\r\n")))
        return False

    def _frame(self) -> Frame:
        start = self.start
        self._have(len(_MAGIC))
        if not self.held.startswith(_MAGIC):
            return self._broken(start, 0, "broken-record", "what stands here is no WARC record")
        head = self._head()
        if not head:
            short = not self._have(_HEAD_LIMIT)
            reason = "truncated" if short and self._find_next(1) < 0 else "broken-record"
            return self._broken(start, 1, reason, "the record's header has no end")
        inner = self.held.find(b"\nWARC/1.", 0, head)
        if inner >= 0:
            self._drop(inner + 1)
            return Frame(start, self.start, reason="broken-record", detail="the record's header has no end")
        headers = _parse_head(bytes(self.held[:head]))
        length = headers.get("content-length", "")
        if not length.isascii() or not length.isdigit():
            return self._broken(start, head, "broken-record", f"Content-Length is {length[:40]!r}")
        return self._content(start, head, int(length), headers)

    def _content(self, start: int, head: int, length: int, headers: dict[str, str]) -> Frame:
        if length > self.largest:
            return self._pass_over(start, head, length, headers)
        end = head + length
        if not self._have(end):
            if self._find_next(head) >= 0:
                return self._broken(start, head, "broken-record", "Content-Length is larger than the record", headers)
            self._drop(len(self.held))
            return Frame(start, self.start, headers, reason="truncated", detail="the stream ends in the middle of the record")
        self._have(end + 16)
        after = bytes(self.held[end : end + 16])
        if not (after.startswith(b"\r\n\r\n") or after.lstrip(b"\r\n").startswith(_MAGIC) or not after.strip(b"\r\n")):
            return self._broken(start, head, "broken-record", "what follows is no record, so Content-Length is wrong", headers)
        raw = bytes(self.held[:end])
        self._drop(end)
        return Frame(start, self.start, headers, raw, head)

    def _pass_over(self, start: int, head: int, length: int, headers: dict[str, str]) -> Frame:
        """Go past a record that is too large, holding none of it; another record inside says that its length is wrong."""
        left = head + length
        while left > 0:
            self._have(min(left, 1 << 16))
            found = self._find_next(0)
            if 0 <= found < left:
                self._drop(found)
                return Frame(start, self.start, headers, reason="broken-record", detail="Content-Length is larger than the record")
            if not self.held:
                return Frame(start, self.start, headers, reason="truncated", detail="the stream ends in the middle of the record")
            # a magic that is cut in two at the end of what is held must be seen whole
            step = min(left, max(len(self.held) - len(_NEXT), 1))
            self._drop(step)
            left -= step
        return Frame(start, self.start, headers, reason="oversize", detail=f"the record says it has {length:,} bytes")

    def _broken(self, start: int, search_from: int, reason: str, detail: str, headers: dict[str, str] | None = None) -> Frame:
        """Go on at the next record, or at the end."""
        while (found := self._find_next(search_from)) < 0:
            if not self._have(len(self.held) + 1):
                found = len(self.held)
                break
            if len(self.held) > _HEAD_LIMIT + len(_NEXT):
                self._drop(len(self.held) - len(_NEXT))
                search_from = 0
        self._drop(found)
        return Frame(start, self.start, headers or {}, reason=reason, detail=detail)

    def _find_next(self, start: int) -> int:
        """Find where the next record begins among the bytes held, -1 where none is seen."""
        found = self.held.find(_NEXT, max(start - 4, 0))
        return found + 4 if found >= 0 else -1

    def _head(self) -> int:
        """Give the header's length with its blank line, 0 where it has no end."""
        searched = 0
        while True:
            for blank in (b"\r\n\r\n", b"\n\n"):
                found = self.held.find(blank, searched, _HEAD_LIMIT)
                if found >= 0:
                    return found + len(blank)
            searched = max(len(self.held) - 3, 0)
            if searched >= _HEAD_LIMIT or not self._have(len(self.held) + 1):
                return 0

    def _have(self, count: int) -> bool:
        while len(self.held) < count:
            chunk = self.stream.read()
            if not chunk:
                return False
            self.held += chunk
        return True

    def _drop(self, count: int) -> None:
        del self.held[:count]
        self.start += count


def _parse_head(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers
