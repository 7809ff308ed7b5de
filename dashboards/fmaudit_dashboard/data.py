"""Everything the pages read, kept by the content of the run: a page that is shown again reads nothing again."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from fmaudit.api.exploring import Documents
from fmaudit.api.results import Run
from fmaudit.api.source import SourceText, read_source
from fmaudit.schedule.retention import is_pinned as is_kept
from fmaudit.store.layout import RunDirectory, list_runs
from fmaudit_dashboard.launch import FOLDER, PLUGINS
from fmaudit_dashboard.state import Progress, RunState, read_plan, read_progress, read_state, stamp

if TYPE_CHECKING:
    import pyarrow as pa

    from fmaudit.hooks.manager import PluginManager
    from fmaudit.judge.comparing import Comparison
    from fmaudit.report.document import ReportData
    from fmaudit.store.reader import Session

__all__ = [
    "Rows",
    "comparison",
    "content",
    "directory",
    "document_text",
    "documents",
    "is_pinned",
    "left_out",
    "metrics_table",
    "plan",
    "plugin_pages",
    "plugins",
    "progress",
    "report",
    "response_rows",
    "rule_sets",
    "run_ids",
    "runs_folder",
    "state",
    "states",
    "warm_up",
]


def runs_folder() -> Path:
    """Return the folder whose runs are shown."""
    return Path(os.environ.get(FOLDER) or "runs")


def directory(run: str) -> RunDirectory:
    """Return the directory of one of `run_ids`."""
    return RunDirectory(runs_folder() / run)


def run_ids() -> list[str]:
    """List the runs, newest first, also those that cannot be read."""
    return [run.id for run in reversed(list_runs(runs_folder()))]


def states(runs: Sequence[str]) -> list[RunState]:
    """Read the lines of several runs."""
    return [state(run) for run in runs]


def state(run: str) -> RunState:
    """Read a run's line; a running one is read again each time."""
    known = directory(run)
    return _state(str(known.root), stamp(known))


@st.cache_resource(max_entries=2000, show_spinner=False)
def _state(root: str, stamp: str) -> RunState:
    return read_state(RunDirectory(Path(root)))


def is_pinned(run: str) -> bool:
    """Say whether a run is kept for ever."""
    return is_kept(directory(run))


def progress(run: str) -> Progress:
    """Read what a running audit has done; never kept."""
    return read_progress(directory(run))


def plan(run: str) -> dict[str, Any]:
    """Read a run's plan.json; not to be changed."""
    known = directory(run)
    return _plan(str(known.root), stamp(known))


@st.cache_resource(max_entries=64, show_spinner=False)
def _plan(root: str, stamp: str) -> dict[str, Any]:
    return read_plan(RunDirectory(Path(root)))


def content(run: str) -> str:
    """Name what a run holds: another name means that something changed."""
    return stamp(directory(run))


@st.cache_resource(show_spinner=False)
def warm_up() -> None:
    """Import beside the first page what the others need, so that none of them waits for it."""

    def load() -> None:
        for name in (
            "altair",
            "fmaudit.store.reader",
            "fmaudit.report.charts",
            "fmaudit.report.collect",
            "fmaudit.api.comparing",
            "fmaudit.report.comparison",
        ):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        with contextlib.suppress(Exception):  # whatever is wrong with a plugin, its page will say
            from fmaudit.hooks.manager import load_plugins

            load_plugins(_named())  # imports what the rule sets of a corpus are replayed with

    threading.Thread(target=load, daemon=True).start()


def report(run: str) -> ReportData:
    """Collect all that the report of a measured run shows."""
    known = directory(run)
    return _report(str(known.root), stamp(known))


@st.cache_resource(max_entries=8, show_spinner=False)
def _report(root: str, stamp: str) -> ReportData:
    from fmaudit.report.collect import collect_report
    from fmaudit.runs.journal import Journal

    run = RunDirectory(Path(root))
    with contextlib.closing(Journal(run.journal, readonly=True)) as journal:
        return collect_report(run, journal)


def metrics_table(run: str) -> pa.Table:
    """Read a run's metrics as a table."""
    known = directory(run)
    return _metrics(str(known.root), stamp(known))


@st.cache_resource(max_entries=64, show_spinner=False)
def _metrics(root: str, stamp: str) -> pa.Table:
    return _run(root).metrics()


def comparison(before: str, after: str) -> Comparison:
    """Compare two measured runs."""
    one, two = directory(before), directory(after)
    return _comparison(str(one.root), stamp(one), str(two.root), stamp(two))


@st.cache_resource(max_entries=8, show_spinner=False)
def _comparison(before: str, stamp_before: str, after: str, stamp_after: str) -> Comparison:
    from fmaudit.api.comparing import compare_runs

    return compare_runs(_run(before), _run(after))


class Rows:
    """A view of a run that many queries are asked of, one at a time; answers to the same question are remembered."""

    def __init__(self, session: Session, view: str) -> None:
        """Take an open session and the name of its view."""
        self.view = view
        self._session = session
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], pa.Table] = {}

    def sql(self, query: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run a query with bound parameters; raises RunError."""
        key = (query, json.dumps(list(parameters), default=str))
        with self._lock:
            if key not in self._known:
                answer = self._session.sql(query, parameters)
                while len(self._known) >= 200:
                    self._known.pop(next(iter(self._known)))
                if answer.nbytes > 4 << 20:
                    return answer
                self._known[key] = answer
            return self._known[key]

    @property
    def schema(self) -> pa.Schema:
        """The view's columns."""
        return self.sql(f"select * from {self.view} limit 0").schema

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._session.close()


def documents(run: str, target: str) -> Documents:
    """Open the documents of a corpus."""
    known = directory(run)
    return _documents(str(known.root), stamp(known), target)


@st.cache_resource(max_entries=8, show_spinner=False, on_release=lambda documents: documents.close())
def _documents(root: str, stamp: str, target: str) -> Documents:
    return Documents(_run(root), target)


def response_rows(run: str, target: str, audit: str) -> Rows:
    """Open the rows of an audit of a model or tokenizer."""
    known = directory(run)
    return _response_rows(str(known.root), stamp(known), target, audit)


@st.cache_resource(max_entries=8, show_spinner=False, on_release=lambda rows: rows.close())
def _response_rows(root: str, stamp: str, target: str, audit: str) -> Rows:
    return Rows(_run(root).open_responses(target, audit), "observations")


def rule_sets(run: str, target: str) -> Mapping[str, Any]:
    """Map the names of the decisions that can be replayed over a corpus to their SQL."""
    known = directory(run)
    return _rule_sets(str(known.root), stamp(known), target)


@st.cache_resource(max_entries=64, show_spinner=False)
def _rule_sets(root: str, stamp: str, target: str) -> Mapping[str, Any]:
    return {item.name: item for item in _run(root).filters(target)}


def left_out(run: str, target: str) -> Sequence[str]:
    """Say of which audits of a corpus nothing is replayed, since their plugin is not loaded."""
    known = directory(run)
    return _left_out(str(known.root), stamp(known), target)


@st.cache_resource(max_entries=64, show_spinner=False)
def _left_out(root: str, stamp: str, target: str) -> Sequence[str]:
    return _run(root).left_out(target=target)


def document_text(run: str, target: str, file: str, offset: int) -> SourceText:
    """Read a document from its source file, where it is still there."""
    known = directory(run)
    return _text(str(known.root), stamp(known), target, file, offset)


@st.cache_resource(max_entries=200, show_spinner=False, ttl=60)
def _text(root: str, stamp: str, target: str, file: str, offset: int) -> SourceText:
    return read_source(_run(root), target, file, offset)


def _named() -> list[str]:
    return [name for name in os.environ.get(PLUGINS, "").split(",") if name]


def _run(root: str) -> Run:
    return Run(RunDirectory(Path(root)), plugins=_named())


@st.cache_resource(show_spinner=False)
def plugins() -> PluginManager:
    """Load the built-in plugins and those that the command line named: never those that a run names."""
    from fmaudit.hooks.manager import load_plugins

    return load_plugins(_named())


@st.cache_resource(show_spinner=False)
def plugin_pages() -> Mapping[str, Path]:
    """Map titles to the files of plugins' pages; built-in plugins are asked only where one brings any, since asking takes a while."""
    from fmaudit.hooks.manager import load_plugins

    registered = load_plugins(_named(), ask_builtin=False)
    return plugins().pages if any("pages" in info.provides for info in registered.plugins.values()) else {}


@contextlib.contextmanager
def reading(words: str) -> Iterator[None]:
    """Show what is being waited for."""
    with st.spinner(words):
        yield
