"""Imports every command, which registers it; the order is that of `fmaudit --help`."""

from fmaudit.cli.commands import run, plan, prompts, validate, config, measure, report, results, documents, responses, filter, verify  # noqa: I001
from fmaudit.cli.commands import compare, check
from fmaudit.cli.commands import schedule, check_fresh  # noqa: F401 - its name on the command line is check-fresh
from fmaudit.cli.commands import dashboard, plugins, init, demo, warmup

__all__ = [
    "check",
    "compare",
    "config",
    "dashboard",
    "demo",
    "documents",
    "filter",
    "init",
    "measure",
    "plan",
    "plugins",
    "prompts",
    "report",
    "responses",
    "results",
    "run",
    "schedule",
    "validate",
    "verify",
    "warmup",
]
