"""The dashboard's frame: theme, pages, the run that is looked at. `fmaudit dashboard` starts it."""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st

from fmaudit.report.safe import clip
from fmaudit_dashboard import access, data
from fmaudit_dashboard.parts.links import choose
from fmaudit_dashboard.parts.pages import explained_errors, offer_verify
from fmaudit_dashboard.parts.style import apply_style

_logger = logging.getLogger(__name__)
HERE = Path(__file__).parent / "pages"
__all__ = ["main"]

PAGES = {
    "Results": [("overview", "Runs", ":material/list_alt:"), ("audit", "Audit", ":material/fact_check:")],
    "Evidence": [("documents", "Documents", ":material/description:"), ("responses", "Responses", ":material/chat:")],
    "Change": [("compare", "Compare", ":material/compare_arrows:"), ("trend", "Trend", ":material/show_chart:")],
    "System": [("schedule", "Schedule", ":material/schedule:"), ("plugins", "Plugins", ":material/extension:")],
}
NO_RUN = {"overview", "schedule", "plugins", "trend", "compare"}  # pages about no one run


def main() -> None:
    """Draw the frame and the page inside it."""
    st.set_page_config(page_title="fmaudit", page_icon=Path(__file__).with_name("icon.png"), layout="wide")
    st.logo(Path(__file__).with_name("icon.png"))
    apply_style()
    access.require()
    groups = {
        group: [
            st.Page(HERE / f"{name}.py", title=title, icon=icon, url_path=name, default=name == "overview") for name, title, icon in pages
        ]
        for group, pages in PAGES.items()
    }
    extra = access.plugin_pages()
    chosen = st.navigation({**groups, **({"Plugins' own": extra} if extra else {})})
    runs, run = data.run_ids(), ""
    if runs and chosen.url_path not in NO_RUN and chosen.title != "Runs":
        readable = [run for run in runs if data.state(run).measured]
        run = choose("Run", runs, "run", first=readable[0] if readable else runs[0], place=st.sidebar)
    st.set_page_config(page_title=" · ".join(word for word in (chosen.title, run, "fmaudit") if word))
    data.warm_up()
    try:
        with explained_errors(run):
            chosen.run()
    except Exception as error:  # a run's files may hold anything: a page that cannot be drawn says so, and costs no other
        _logger.exception("a page could not be drawn")
        st.error(
            "This page could not be drawn: the run's files are not as fmaudit writes them, or this is a bug. The server's log says more."
        )
        first = (str(error).splitlines() or [""])[0]
        st.code(f"{type(error).__name__}: {clip(first, 300)}", language=None, wrap_lines=True)
        offer_verify(run)
