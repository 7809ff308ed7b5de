"""Folders of runs, and the dashboard as Streamlit's own test harness runs it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
if importlib.util.find_spec("streamlit") is None:
    collect_ignore_glob = ["test_*.py"]  # the dashboard needs the extra `dashboard`

from dashboard_support import make_run


@pytest.fixture(scope="session")
def plain_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("plain") / "runs"
    make_run(runs, 1)
    make_run(runs, 2, share=0.6)
    return runs


@pytest.fixture(scope="session")
def hostile_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("hostile") / "runs"
    make_run(runs, 1, hostile=True)
    make_run(runs, 2, share=0.6, hostile=True)
    return runs


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., object]]:
    """Open a page over a folder of runs, with what the address says."""
    from streamlit import config
    from streamlit.testing.v1 import AppTest

    from fmaudit_dashboard.launch import FOLDER, START

    # the harness would read the metadata of every installed package for every page
    monkeypatch.setattr(
        "streamlit.components.v2.component_manager.BidiComponentManager.discover_and_register_components", lambda *_, **__: None
    )
    before = config.get_option("server.address")
    config.set_option("server.address", "127.0.0.1")

    def open_(runs: Path, page: str = "overview", /, **link: str | list[str]) -> AppTest:
        monkeypatch.setenv(FOLDER, str(runs))
        app = AppTest.from_file(str(START), default_timeout=60)
        for key, value in link.items():
            app.query_params[key] = value
        if page == "overview":
            return app.run()
        return app.switch_page(str(START.parent.parent / "pages" / f"{page}.py")).run()

    yield open_
    config.set_option("server.address", before)
