"""Imports every command, which registers it; the order is that of `fmaudit --help`."""

from fmaudit.cli.commands import run, plan, validate, measure, report, results, documents, responses, filter, verify  # noqa: I001
from fmaudit.cli.commands import plugins, init, demo, warmup

__all__ = [
    "demo",
    "documents",
    "filter",
    "init",
    "measure",
    "plan",
    "plugins",
    "report",
    "responses",
    "results",
    "run",
    "validate",
    "verify",
    "warmup",
]
