"""Files that users name: read through gzip or xz, as their first bytes show, and what is wrong with them in words."""

from __future__ import annotations

import errno
import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

__all__ = ["DAMAGED", "open_packed", "plain_name", "why_not_json", "why_unread"]

DAMAGED: Final = (OSError, EOFError, lzma.LZMAError, zlib.error)  # what reading a packed file raises
_SUFFIXES: Final = (".gz", ".xz")
_READ: Final[Mapping[bytes, Callable[..., Any]]] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\0": lzma.open}
_UNREAD: Final = {b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"PK\x03\x04": "zip"}


def open_packed(path: Path) -> BinaryIO:
    """Open a file for reading what it holds, unpacked. Raises OSError, also where it is packed in a way that is not read."""
    with path.open("rb") as file:
        head = file.read(6)
    for magic, name in _UNREAD.items():
        if head.startswith(magic):
            raise OSError(errno.EINVAL, f"it is compressed with {name}; recompress it with gzip or xz, or unpack it", str(path))
    opened = next((opener for magic, opener in _READ.items() if head.startswith(magic)), None)
    return cast("BinaryIO", opened(path, "rb")) if opened is not None else path.open("rb")


def plain_name(path: Path) -> str:
    """Return a file's name without what says how it is packed."""
    return path.stem if path.suffix in _SUFFIXES else path.name


def why_unread(error: BaseException) -> str:
    """Say in words what one of `DAMAGED` is about."""
    return (error.strerror if isinstance(error, OSError) else "") or f"{error or 'its end is missing'} (is the file complete?)"


def why_not_json(error: ValueError) -> str:
    """Say in words what is wrong with a line of JSON: "Expecting value at character 8"."""
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    what = error.msg.rstrip(": ").removesuffix(" at").removesuffix(" starting")
    cut = "; the text ends there" if error.pos >= len(error.doc.rstrip()) or what == "Unterminated string" else ""
    return f"{what} at character {error.pos + 1}{cut}"
