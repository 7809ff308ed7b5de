"""The command line: one file per command, each importing what it needs when it is called."""

from __future__ import annotations

from fmaudit.cli.app import main

__all__ = ["main"]
