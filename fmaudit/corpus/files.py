"""Opens what a source file names: local files without fsspec, everything else through it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from fmaudit.corpus.splits import SourceFile
from fmaudit.errors import CorpusError, MissingDependency

__all__ = ["describe", "filesystem", "foreign", "is_remote", "local_path", "open_binary", "problem_with", "sniff"]


def is_remote(url: str) -> bool:
    """Tell whether a path needs fsspec: it has a scheme other than `file`."""
    return "://" in url and not url.startswith("file://")


def local_path(url: str) -> str:
    """Give the path of a local URL; a plain path is returned as it is."""
    return unquote(urlsplit(url).path, errors="surrogateescape") if url.startswith("file://") else url


def describe(path: str, url: str) -> SourceFile:
    """Note a file's size and fingerprint as they are now; OSError where it cannot be looked at."""
    if is_remote(url):
        info = filesystem(url).info(url)
        return SourceFile(path, url, int(info.get("size") or 0), _remote_fingerprint(info))
    status = os.stat(local_path(url))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"{path} is not a regular file")
    return SourceFile(path, url, status.st_size, f"{status.st_size}-{status.st_mtime_ns}")


def open_binary(source: SourceFile) -> BinaryIO:
    """Open a file for reading and seeking, unbuffered where it is local; OSError as the system gives it."""
    if is_remote(source.url):
        return cast(BinaryIO, filesystem(source.url).open(source.url, "rb"))
    # A FIFO put in the file's place must not hang the run, so it is opened without waiting and looked at first.
    descriptor = os.open(local_path(source.url), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{source.path} is no longer a regular file")
        return cast(BinaryIO, os.fdopen(descriptor, "rb", buffering=0))
    except BaseException:
        os.close(descriptor)
        raise


def problem_with(source: SourceFile) -> tuple[str, str] | None:
    """Say what stops a planned file from being read: ("changed" or "unreadable", detail), or None."""
    try:
        now = describe(source.path, source.url)
    except FileNotFoundError:
        return "changed", "the file is gone since the run was planned"
    except OSError as error:
        return "unreadable", str(error)
    if source.fingerprint and now.fingerprint != source.fingerprint:
        return "changed", f"was {source.size:,} bytes when planned, is {now.size:,} bytes now ({now.fingerprint})"
    return None


def sniff(source: SourceFile, count: int = 8) -> bytes:
    """Read a file's first bytes; empty where that fails, since reading will say why."""
    try:
        with open_binary(source) as file:
            return file.read(count) or b""
    except OSError:
        return b""


def filesystem(url: str) -> Any:
    """Give the fsspec file system of a URL; MissingDependency where its package is not installed."""
    try:
        import fsspec
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingDependency(f"{url} needs fsspec", hint="pip install fsspec") from error
    try:
        return url_to_fs(url)[0]
    except ImportError as error:
        raise MissingDependency(f"{url} needs another package: {error}", hint=str(error)) from error
    except ValueError as error:
        known = ", ".join(sorted(fsspec.available_protocols()))
        raise CorpusError(f"{url}: {error}", hint=f"known protocols: {known}") from error


def _remote_fingerprint(info: Mapping[str, Any]) -> str:
    names = ("ETag", "etag", "md5", "md5Hash", "content_md5", "LastModified", "last_modified", "mtime", "modified", "created")
    found = next((str(info[name]) for name in names if info.get(name)), "")
    return f"{info.get('size')}-{found}"


_MAGICS = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"BZh": "compressed with bzip2; recompress it with gzip or zstd",
    b"\xfd7zXZ\0": "compressed with xz; recompress it with gzip or zstd",
    b"ARROW1": "an Arrow file; write it as Parquet",
    b"\x80\x04\x95": "a Python pickle, which is never opened",
    b"\xff\xfe": "UTF-16 (little-endian); write it as UTF-8",
    b"\xfe\xff": "UTF-16 (big-endian); write it as UTF-8",
}


def foreign(head: bytes) -> str:
    """Say what a file that should be UTF-8 lines really is, by its first bytes; empty where they tell nothing."""
    for magic, name in _MAGICS.items():
        if head.startswith(magic):
            return f"the file is {name}"
    if len(head) >= 4 and (head[1] == head[3] == 0 or head[0] == head[2] == 0) and any(head[:4]):
        return "the file is UTF-16 without a byte order mark; write it as UTF-8"
    return ""
