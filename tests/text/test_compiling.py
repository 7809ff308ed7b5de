"""Kernels are kept in a folder that changes with their sources, and only in one that nobody else can write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fmaudit.text import compiling


def test_the_name_changes_with_any_source_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "kernel.py").write_text("a = 1")
    (tmp_path / "helper.py").write_text("b = 1")
    first = compiling.kernel_salt.__wrapped__(tmp_path)
    assert first == compiling.kernel_salt.__wrapped__(tmp_path)
    (tmp_path / "helper.py").write_text("b = 2")
    assert compiling.kernel_salt.__wrapped__(tmp_path) != first


def test_a_folder_without_sources_has_no_name(tmp_path: Path) -> None:
    assert compiling.kernel_salt.__wrapped__(tmp_path) == ""


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX permissions")
def test_a_folder_others_can_write_is_not_used(tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    assert not compiling._is_private_and_writable(open_folder)
    assert compiling._is_private_and_writable(tmp_path / "own")


def test_importing_the_package_loads_neither_numba_nor_spacy() -> None:
    code = "import sys, fmaudit, fmaudit.text; print([m for m in ('numba', 'spacy', 'llvmlite') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
