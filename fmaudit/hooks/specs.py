"""Every hook a plugin may implement; all return values, none may depend on the order of plugins.

Hooks are called at start-up and at run boundaries only, never per document. Import what a hook returns inside the function, so that
listing plugins stays fast. HOOK_API counts breaking changes; within one number hooks only grow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fmaudit.hooks.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fmaudit.audit import Audit, Signal, Tally
    from fmaudit.corpus.splits import Reader
    from fmaudit.models.base import Backend
    from fmaudit.tokenizers.base import Tokenizer

__all__ = ["HOOKS", "HOOK_API", "AuditFinished", "CheckFailed", "RunEvent", "RunFinished", "RunStarted"]

HOOK_API = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """Base of what `fmaudit_run_event` is told; fields are only ever added."""

    run: str  # the run's id
    directory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(RunEvent):
    """A run began, or was resumed."""

    resumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinished(RunEvent):
    """One audit of one target has been measured."""

    audit: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFailed(RunEvent):
    """A check of the run failed."""

    check: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(RunEvent):
    """The run ended; `status` is "complete" or "partial"."""

    status: str
    exit_code: int


@hookspec
def fmaudit_audits() -> Sequence[type[Audit]]:  # type: ignore[empty-body]
    """Name the audits this plugin brings."""


@hookspec
def fmaudit_signals() -> Sequence[type[Signal]]:  # type: ignore[empty-body]
    """Name the per-document signals this plugin can compute."""


@hookspec
def fmaudit_tallies() -> Sequence[type[Tally]]:  # type: ignore[empty-body]
    """Name the tallies this plugin can count."""


@hookspec
def fmaudit_readers() -> Sequence[type[Reader]]:  # type: ignore[empty-body]
    """Name the readers of corpus formats this plugin brings."""


@hookspec
def fmaudit_tokenizers() -> Sequence[type[Tokenizer]]:  # type: ignore[empty-body]
    """Name the kinds of tokenizer this plugin brings; each has a `scheme` of its own."""


@hookspec
def fmaudit_backends() -> Sequence[type[Backend]]:  # type: ignore[empty-body]
    """Name the ways to reach a model this plugin brings; each has a `scheme` of its own."""


@hookspec
def fmaudit_reporters() -> Mapping[str, Callable[[Any], str]]:  # type: ignore[empty-body]
    """Map a report format's name to a function from `ReportData` to the report's text."""


@hookspec
def fmaudit_commands() -> Mapping[str, Callable[[Sequence[str]], int]]:  # type: ignore[empty-body]
    """Map the name of a command to a function: `fmaudit NAME ...` calls it with the rest of the line and ends with its exit code.

    It prints for itself. An FmauditError that it raises becomes a message and its exit code, as everywhere.
    """


@hookspec
def fmaudit_pages() -> Mapping[str, Path]:  # type: ignore[empty-body]
    """Map titles to files of pages for the dashboard: Streamlit runs such a file, below the dashboard's own pages.

    A page reads runs with `fmaudit.open_run`; the address has the run that is looked at as `?run=`, and `FMAUDIT_DASHBOARD_RUNS` is the
    folder of the runs. Text from corpora and models goes through `st.text` or `st.code`, never through Markdown.
    """


@hookspec
def fmaudit_run_event(event: RunEvent) -> None:
    """Hear of a run's beginning, of each finished audit, of failed checks and of the end."""


HOOKS: tuple[str, ...] = (
    "fmaudit_audits",
    "fmaudit_signals",
    "fmaudit_tallies",
    "fmaudit_readers",
    "fmaudit_tokenizers",
    "fmaudit_backends",
    "fmaudit_reporters",
    "fmaudit_commands",
    "fmaudit_pages",
    "fmaudit_run_event",
)
