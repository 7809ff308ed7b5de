"""Finds and reads a tokenizer's file: relative to a folder, packed or not, and its sha256."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterable
from pathlib import Path

from fmaudit.errors import TokenizerError
from fmaudit.files import DAMAGED, open_packed, plain_name, why_unread

__all__ = ["VERSION", "digest", "existing", "made_by", "plain_name", "read_unpacked", "rest_of"]

VERSION = 1  # changes with the code that turns text into ids or ids into bytes: what was observed before is then observed again


def rest_of(uri: str) -> str:
    """Return what stands after the first colon of a URI."""
    return uri.partition(":")[2]


def existing(uri: str, path: str, folder: Path) -> Path:
    """Return the file a URI names; a relative path starts from `folder`. Raises TokenizerError where there is none."""
    if not path:
        raise TokenizerError(f"{uri!r} names no file", hint=f"write {uri.partition(':')[0]}:PATH")
    found = folder / Path(path).expanduser()
    if found.is_file():
        return found
    if found.is_dir():
        raise TokenizerError(f"{uri!r}: {found} is a folder, not a file", hint=f"a folder of a model is written hf:{path}")
    near = sorted(item.name for item in found.parent.glob(f"*{found.suffix}")) if found.parent.is_dir() else []
    hint = f"{found.parent} has {', '.join(near[:5])}" if near else "a relative path starts from the folder of audit.toml"
    raise TokenizerError(f"{uri!r}: there is no file {found}", hint=hint)


def read_unpacked(path: Path) -> bytes:
    """Read a file whole, unpacked where it is packed with gzip or xz. Raises TokenizerError."""
    try:
        with open_packed(path) as file:
            return file.read()
    except DAMAGED as error:
        raise TokenizerError(f"{path} cannot be read: {why_unread(error)}") from error


def made_by(kind: str, library: str = "") -> list[bytes]:
    """Name what encodes a text beside the file: the kind of tokenizer, the version of the code here and that of the library."""
    try:
        installed = importlib.metadata.version(library) if library else ""
    except importlib.metadata.PackageNotFoundError:  # loading says what to install
        installed = ""
    return [kind.encode(), str(VERSION).encode(), library.encode(), installed.encode()]


def digest(parts: Iterable[bytes]) -> str:
    """Return the sha256 over parts, each with its length, so that no two lists of parts look alike."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.hexdigest()
