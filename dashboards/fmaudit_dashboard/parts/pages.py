"""What pages about one run begin with: the run, or why there is nothing to see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from fmaudit.errors import FmauditError
from fmaudit.report.safe import clip
from fmaudit_dashboard import data
from fmaudit_dashboard.parts.links import wish
from fmaudit_dashboard.parts.live import show_progress
from fmaudit_dashboard.parts.markup import fill, put
from fmaudit_dashboard.parts.words import empty, heading, soft

__all__ = ["chosen_run", "explained_errors", "measured_run", "offer_verify"]


def chosen_run() -> str:
    """Return the run that the frame offers; where there is none the page ends here."""
    runs = data.run_ids()
    run = wish("run")
    if not runs or run not in runs:
        empty("There is no run yet", "Runs appear here as soon as an audit has begun.", "fmaudit run audit.toml")
        st.stop()
    state = data.state(run)
    if state.state == "unreadable":
        empty("This run cannot be read", clip(state.problem, 400), f"fmaudit verify {run}")
        st.stop()
    heading(state)
    return run


def measured_run() -> str:  # noqa: RET503 - st.stop() does not return
    """Return a run that has numbers; a running or stopped one says how far it is, and ends the page."""
    run = chosen_run()
    state = data.state(run)
    if state.state == "running":
        show_progress(run)
    if state.measured or (state.state == "running" and data.directory(run).manifest.is_file()):
        return run
    if state.state == "stopped":
        empty("This run was stopped before it was measured", "The same command goes on from where it stopped.", "fmaudit run audit.toml")
    st.stop()


@contextmanager
def explained_errors(run: str = "") -> Iterator[None]:
    """Show what a user can mend as a sentence, in the place of a traceback, and what looks through all of `run`."""
    try:
        yield
    except FmauditError as error:
        first, _, hint = str(error).partition("\n")
        put(
            fill(
                '<div class="fm fm-card error"><b>{first}</b> <span class="soft">{hint}</span></div>',
                first=clip(first, 500),
                hint=clip(hint.strip(), 500),
            )
        )
        if "fmaudit verify" not in hint:
            offer_verify(run)


def offer_verify(run: str) -> None:
    """Show the command that names every damaged file of a run; nothing where no run is looked at."""
    if run:
        soft("names every damaged file of the run:")
        st.code(f"fmaudit verify {run}", language=None)
