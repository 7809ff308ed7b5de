"""Imports every command, which registers it; the order is that of `fmaudit --help`."""

from fmaudit.cli.commands import run, plan, validate, measure, report, results, documents, filter, verify, plugins, init, demo, warmup  # noqa: I001

__all__ = ["demo", "documents", "filter", "init", "measure", "plan", "plugins", "report", "results", "run", "validate", "verify", "warmup"]
