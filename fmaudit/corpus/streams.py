"""Byte streams over files that may be compressed and may be broken: they say where and why they ended early."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from io import IOBase
from typing import Any, BinaryIO, cast

from fmaudit.corpus.files import open_binary
from fmaudit.corpus.splits import Limits, SourceFile

__all__ = ["GZIP_MAGIC", "ZSTD_MAGIC", "ByteStream", "Fault", "PlainStream", "compression_of", "open_stream"]

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 16
_PLAIN_CHUNK = 1 << 18
_BOMB_FLOOR = 4  # times `document_bytes`: a file that stays below this much text is never called a bomb


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a stream at an offset of its uncompressed bytes; `lost` where bytes after it cannot be read."""

    offset: int
    reason: str
    detail: str
    lost: bool = True


class ByteStream(ABC):
    """Reads a file's uncompressed bytes in order; after the last, `faults` says what was wrong.

    Chunks are the same on every reading, so that what depends on them (where a bomb is noticed) is the same too.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.offset = 0  # uncompressed bytes handed out
        self.consumed = 0  # on disk
        self.faults: list[Fault] = []
        self._produced = 0  # uncompressed bytes made
        self._back = b""

    def read(self) -> bytes:
        """Read the next chunk; empty at the end and after a fault that loses the rest."""
        data, self._back = self._back or self._next(), b""
        self.offset += len(data)
        return data

    def skip_to(self, position: int) -> None:
        """Go forward to an offset, or to the end where the stream is shorter."""
        while self.offset < position and (data := self.read()):
            if self.offset > position:
                self._back = data[position - self.offset :]
                self.offset = position

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def __enter__(self) -> ByteStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next(self) -> bytes:
        if self.faults and self.faults[-1].lost:
            return b""
        try:
            data = self._read()
        except OSError as error:
            self._fail("unreadable", str(error))
            return b""
        self._produced += len(data)
        return data

    @abstractmethod
    def _read(self) -> bytes: ...

    def _fail(self, reason: str, detail: str, *, lost: bool = True) -> None:
        self.faults.append(Fault(self._produced, reason, detail, lost))

    def _raw(self, size: int = _CHUNK) -> bytes:
        data = self.file.read(size) or b""
        self.consumed += len(data)
        return data


class PlainStream(ByteStream):
    """A file as it is."""

    def _read(self) -> bytes:
        return self._raw(_PLAIN_CHUNK)

    def skip_to(self, position: int) -> None:
        """Seek."""
        self.file.seek(position)
        self.offset = self.consumed = self._produced = position


class _Guarded(ByteStream):
    """A compressed file that must not grow without bound."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        super().__init__(file)
        self._floor = _BOMB_FLOOR * limits.document_bytes
        self._expansion = limits.expansion

    def _is_bomb(self) -> bool:
        if self._produced <= self._floor or self._produced <= self._expansion * max(self.consumed, 1):
            return False
        self._fail("bomb", f"{self.consumed:,} bytes on disk grew to more than {self._produced:,}, over {self._expansion} times")
        return True


class GzipStream(_Guarded):
    """Gzip with any number of members; checksums are compared, and what follows the last member is named.

    With `pause`, reading ends at the end of every member until `go_on` is called.
    """

    def __init__(self, file: BinaryIO, limits: Limits, *, pause: bool = False) -> None:
        super().__init__(file, limits)
        self.members = 0  # finished
        self._pause, self._paused = pause, False
        self._pending = b""
        self._inflater: Any = None
        self._crc = self._length = 0
        self._ended = False

    @property
    def boundary(self) -> int:
        """Bytes of the file that were used: at a pause, where the next member begins."""
        return self.consumed - len(self._pending)

    def at_member(self) -> bool:
        """Tell whether another member begins at the boundary."""
        return self._need(3) and self._pending[:3] == GZIP_MAGIC + b"\x08"

    def go_on(self) -> None:
        """Leave a pause."""
        self._paused = False

    def _read(self) -> bytes:
        while not self._ended and not self._paused and not self._is_bomb():
            if self._inflater is None and not self._enter_member():
                break
            if not self._pending:
                self._pending = self._raw()
                if not self._pending:
                    return self._stop("truncated", "the gzip stream ends in the middle of a member")
            try:
                data: bytes = self._inflater.decompress(self._pending, _PLAIN_CHUNK)
            except zlib.error as error:
                return self._stop("corrupt", f"gzip: {error}")
            self._crc, self._length = zlib.crc32(data, self._crc), self._length + len(data)
            self._leave_member() if self._inflater.eof else self._keep(self._inflater.unconsumed_tail)
            if data:
                return data
        return b""

    def _keep(self, rest: bytes) -> None:
        self._pending = rest

    def _stop(self, reason: str, detail: str) -> bytes:
        self._ended = True
        self._fail(reason, detail)
        return b""

    def _need(self, count: int) -> bool:
        """Have at least `count` bytes pending, if the file has them."""
        while len(self._pending) < count:
            more = self._raw()
            if not more:
                return False
            self._pending += more
        return True

    def _enter_member(self) -> bool:
        """Read a member's header; False at the end of the members."""
        if not self._need(1):
            self._ended = True
            return False
        if not self._need(2) or self._pending[:2] != GZIP_MAGIC:
            self._trailing()
            return False
        size = self._header_size()
        if size is None:
            self._stop("truncated", "the gzip stream ends in a member's header")
            return False
        self._pending = self._pending[size:]
        self._inflater, self._crc, self._length = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
        return True

    def _header_size(self) -> int | None:
        if not self._need(10):
            return None
        flags, size = self._pending[3], 10
        if flags & 4:
            if not self._need(size + 2):
                return None
            size += 2 + int.from_bytes(self._pending[size : size + 2], "little")
        for flag in (8, 16):  # name, comment: up to a NUL
            if flags & flag:
                while (end := self._pending.find(b"\0", size)) < 0:
                    if not self._need(len(self._pending) + 1):
                        return None
                size = end + 1
        size += 2 if flags & 2 else 0
        return size if self._need(size) else None

    def _trailing(self) -> None:
        """Name what follows the last member; zeros are padding."""
        self._ended = True
        zeros, size = True, 0
        while self._pending:
            zeros, size = zeros and not self._pending.strip(b"\0"), size + len(self._pending)
            self._pending = self._raw()
        if not zeros:
            self._fail("trailing-garbage", f"{size:,} bytes after the last gzip member are not gzip", lost=False)

    def _leave_member(self) -> None:
        """Compare a finished member with its trailer; the member's bytes were read either way."""
        self._pending = self._inflater.unused_data
        self._inflater = None
        if not self._need(8):
            self._stop("truncated", "the gzip stream ends in a member's trailer")
            return
        crc, length = int.from_bytes(self._pending[:4], "little"), int.from_bytes(self._pending[4:8], "little")
        self._pending = self._pending[8:]
        self.members, self._paused = self.members + 1, self._pause
        if crc != self._crc or length != self._length & 0xFFFFFFFF:
            self._fail("checksum", "a gzip member does not have the checksum it was written with", lost=False)


class ZstdStream(_Guarded):
    """Zstandard frames, through Arrow's decompressor."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        super().__init__(file, limits)
        self._opened: list[Any] = []  # a stream closes the file when it goes, so all stay until the file is closed
        self._stream = self._open()

    def _open(self) -> Any:
        import pyarrow as pa

        self._opened.append(pa.CompressedInputStream(pa.PythonFile(cast(IOBase, self.file), "r"), "zstd"))
        return self._opened[-1]

    def _read(self) -> bytes:
        if self._is_bomb():
            return b""
        try:
            data: bytes = self._stream.read(_CHUNK)
        except OSError as error:
            if error.errno is not None:
                raise
            return self._salvage(str(error))
        self.consumed = self.file.tell()
        return data

    def _salvage(self, message: str) -> bytes:
        """Read again up to the fault in small steps, since the read that failed kept what it had to itself."""
        rest = b""
        for step in (1 << 12, 1):
            self._rewind_to(self._produced + len(rest))
            with suppress(OSError):
                while data := self._stream.read(step):
                    rest += data
        self.faults.append(_zstd_fault(self._produced + len(rest), message))
        return rest

    def _rewind_to(self, position: int) -> None:
        self.file.seek(0)
        self._stream = self._open()
        while position > 0:
            position -= len(self._stream.read(min(_CHUNK, position)))


def _zstd_fault(offset: int, message: str) -> Fault:
    if "Truncated" in message:
        return Fault(offset, "truncated", "the zstd stream ends in the middle of a frame")
    if "Unknown frame descriptor" in message and offset:
        return Fault(offset, "trailing-garbage", "what follows the last zstd frame is not zstd")
    if "Dictionary" in message:
        return Fault(offset, "unreadable", "zstd: the file needs a dictionary, which it does not hold; recompress it without one")
    if "too much memory" in message:
        return Fault(offset, "unreadable", "zstd: the file needs a window of more than 128 MiB; recompress it without --long")
    if "checksum" in message:
        return Fault(offset, "checksum", "a zstd frame does not have the checksum it was written with")
    return Fault(offset, "corrupt", message)


def compression_of(head: bytes) -> str:
    """Name the compression that a file's first bytes show: "gzip", "zstd" or "" (a skippable frame counts as zstd)."""
    if head[:2] == GZIP_MAGIC:
        return "gzip"
    skippable = len(head) >= 4 and head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5
    return "zstd" if head[:4] == ZSTD_MAGIC or skippable else ""


def open_stream(source: SourceFile, limits: Limits) -> ByteStream:
    """Open a file for its uncompressed bytes, going by its first bytes and not by its name; OSError where it cannot be opened."""
    file = open_binary(source)
    try:
        head = file.read(8) or b""
        file.seek(0)
    except BaseException:
        file.close()
        raise
    kind = compression_of(head)
    if kind == "gzip":
        return GzipStream(file, limits)
    if kind == "zstd":
        return ZstdStream(file, limits)
    stream = PlainStream(file)
    if not head and source.path.lower().endswith((".gz", ".zst")):  # the usual trace of an upload that failed
        stream.faults.append(Fault(0, "truncated", "the file has no bytes, so not even the header of a compressed stream"))
    return stream
