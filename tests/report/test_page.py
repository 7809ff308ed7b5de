"""The pages in a real browser: nothing is loaded, nothing runs, nothing is cut off on paper."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from factories import web_report
from hostile import HOSTILE, report_of
from test_changes import a_trend

from fmaudit.report.formats import render, render_comparison

pytestmark = pytest.mark.browser
PAPER = 680  # CSS pixels of an A4 page between its margins


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    path = next((found for name in ("chromium", "chromium-browser", "google-chrome", "chrome") if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no chromium or chrome on the path")
    with playwright.sync_playwright() as started:
        chrome = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chrome
        chrome.close()


def pages() -> dict[str, str]:
    hostile, _ = report_of("".join(HOSTILE[name] for name in ("script", "image", "attribute", "title", "comment")))
    made = replace(web_report(), trend=a_trend(), comparison=report_of("plain")[0].comparison)
    assert hostile.comparison is not None
    return {
        "report": render("html", made, {}),
        "hostile report": render("html", hostile, {}),
        "hostile comparison": render_comparison("html", hostile.comparison),
    }


def test_pages_load_and_run_nothing_and_fit_on_paper(browser: Any, tmp_path: Path):
    for name, html in pages().items():
        file = tmp_path / f"{name}.html"
        file.write_text(html)
        page = browser.new_page(viewport={"width": PAPER, "height": 900})
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request, to=asked: to.append(request.url))
        page.on("console", lambda message, to=said: to.append(message.text))
        page.on("dialog", lambda dialog, to=said: (to.append(dialog.message), dialog.dismiss()))
        page.goto(file.as_uri())
        assert asked == [file.as_uri()], name
        assert said == [], name
        page.emulate_media(media="print")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = one.classList.contains('show') || one.open)")
        wide = page.evaluate(
            "[...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > innerWidth + 1"
            " && getComputedStyle(one).position !== 'absolute' && !one.closest('svg')).map(one => one.outerHTML.slice(0, 120))"
        )
        assert wide == [] or name.startswith("hostile"), name
        printed = page.pdf(prefer_css_page_size=True)
        assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) < 40
        page.close()
