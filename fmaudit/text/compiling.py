"""Compile kernels with numba and keep them on disk, in a folder that changes with their sources."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import numba
import numpy as np
from numba import config
from platformdirs import user_cache_path

__all__ = ["cache_root", "compiled", "inlined", "kernel_salt"]

_UNUSED_SECONDS = 30 * 24 * 3600


@cache
def cache_root() -> Path:
    """Give a folder for files that can be made again: the user's cache, or a private temporary folder."""
    preferred = user_cache_path("fmaudit", appauthor=False)
    fallback = Path(tempfile.gettempdir()) / f"fmaudit-cache-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    for folder in (preferred, fallback):
        if _is_private_and_writable(folder):
            return folder
    return Path(tempfile.mkdtemp(prefix="fmaudit-cache-"))


def _is_private_and_writable(folder: Path) -> bool:
    """Compiled code is executed, so nobody else may own or write the folder it is loaded from."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if hasattr(os, "getuid"):
            status = folder.stat()
            if status.st_uid != os.getuid() or status.st_mode & 0o022:
                return False
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _digest_of_sources(folder: Path) -> str:
    """Hash every Python source of a folder; empty when they cannot be read (a zipped package)."""
    digest = hashlib.sha256()
    sources = sorted(folder.glob("*.py"))
    for source in sources:
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest() if sources else ""


@cache
def kernel_salt(folder: Path) -> str:
    """Name the state of the sources that kernels in `folder` are built from.

    numba's own cache looks only at the file of the outer function. An inline helper of another file, or a frozen constant, would
    go stale there, so the helpers of this package, the kernel's own folder and the compilers' versions all enter the name.
    """
    parts = [_digest_of_sources(Path(__file__).parent), _digest_of_sources(folder)]
    if not all(parts):
        return ""
    parts += [numba.__version__, np.__version__, platform.python_version(), platform.machine()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


@cache
def _kernel_cache(folder: Path) -> Path | None:
    salt = kernel_salt(folder)
    if not salt:
        return None
    target = cache_root() / "kernels" / salt
    try:
        _drop_unused(target.parent)
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.utime(target)
    except OSError:
        return None
    return target


def _drop_unused(folder: Path) -> None:
    """Remove the kernels of sources that nobody has run for a month."""
    if not folder.is_dir():
        return
    oldest = time.time() - _UNUSED_SECONDS
    for entry in folder.iterdir():
        if entry.stat().st_mtime < oldest:
            shutil.rmtree(entry, ignore_errors=True)


# Without numba's run-time memory: counting references for every array that is passed on made the kernels up to seven times
# slower. So a kernel cannot allocate; its caller hands it all the room it needs.
_OPTIONS: Any = {"nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel on its first call: releases the GIL, raises nothing, allocates nothing, cached on disk.

    Every helper the kernel calls must live in the kernel's own folder or come from `fmaudit.kernels`.
    """
    source = Path(function.__code__.co_filename).resolve()
    folder = _kernel_cache(source.parent) if source.is_file() else None
    numba_config: Any = config
    previous = numba_config.CACHE_DIR
    # numba picks the folder while decorating; other users of numba in this process keep theirs
    numba_config.CACHE_DIR = str(folder or "")
    try:
        return cast("Callable[..., Any]", numba.njit(cache=folder is not None, **_OPTIONS)(function))
    finally:
        numba_config.CACHE_DIR = previous


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a helper that is compiled into the kernels that call it."""
    return cast("Callable[..., Any]", numba.njit(forceinline=True, **_OPTIONS)(function))
