"""The dashboard in a real browser, over runs of a stranger: nothing runs, nothing is fetched from elsewhere, everything has a name."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard_support import ALL, PAGES

NAMED = "e.type === 'hidden' || e.labels?.length || e.ariaLabel || e.getAttribute('aria-labelledby')"
pytestmark = pytest.mark.browser
sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install 'fmaudit[dev]'")


def find_browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    return ""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    path = find_browser()
    if not path:
        pytest.skip("no chromium or chrome on the path")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1300, "height": 900}, accept_downloads=True)
        yield context.new_page()
        browser.close()


@pytest.fixture(scope="module")
def address(hostile_runs: Path) -> Iterator[str]:
    from fmaudit_dashboard.launch import FOLDER, command

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(command("127.0.0.1", port), env={**os.environ, FOLDER: str(hostile_runs)}, stdout=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait(url: str) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(url, timeout=1)
        except OSError:
            time.sleep(0.25)
        else:
            return
    raise AssertionError("the server did not start")


class Ears:
    """Everything that a page must not do."""

    def __init__(self, page: Any, address: str) -> None:
        self.heard: list[str] = []
        page.on("console", lambda m: self.heard.append(m.text) if m.type == "error" and "_stcore" not in str(m.location) else None)
        page.on("pageerror", lambda error: self.heard.append(str(error)))
        page.on("dialog", lambda dialog: (self.heard.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on(
            "request",
            lambda r: (
                self.heard.append(r.url) if not r.url.startswith((address, "data:", "blob:", address.replace("http", "ws"))) else None
            ),
        )


def _settle(page: Any) -> None:
    page.wait_for_selector("[data-testid=stMainBlockContainer] h1", timeout=30_000)
    page.wait_for_selector("[data-testid=stStatusWidget]", state="detached", timeout=30_000)
    page.wait_for_function("document.querySelector('[data-testid=stSkeleton]') === null", timeout=30_000)


def test_hostile_runs_do_nothing_on_any_page_and_every_control_has_a_name(page: Any, address: str):
    from fmaudit_dashboard.parts.links import document_key, response_key

    ears = Ears(page, address)
    links = {"documents": f"?doc={document_key(_corpus_name(), 0)}", "responses": f"?response={response_key('case-1', 1)}"}
    for name in PAGES:
        if name == "overview" or name in links:
            page.goto(f"{address}/{'' if name == 'overview' else name}{links.get(name, '')}")
        else:
            page.locator(f"[data-testid=stSidebarNavLink][href$='/{name}']").click()
            page.wait_for_url(f"**/{name}**")
        _settle(page)
        assert page.evaluate("window.fmHit === undefined"), name
        assert page.locator("[data-testid=stMainBlockContainer] script, [data-testid=stMainBlockContainer] img").count() == 0, name
        unnamed = page.locator("input, textarea, select").evaluate_all(f"all => all.filter(e => !({NAMED})).length")
        assert unnamed == 0, name
        assert page.locator("[data-testid=stAlertContentError]").count() == 0, name
        if name == "documents":
            assert "␛" in _text_of(page, "Document 0 sa")
        if name == "responses":
            assert "Answer 3" in _text_of(page, "Answer 3")
    assert ears.heard == []


def _text_of(page: Any, words: str) -> str:
    """Wait for the text with these words: a page goes on drawing after its title stands."""
    text = page.locator(".fm-text", has_text=words).first
    text.wait_for(timeout=30_000)
    return text.inner_text()


def _corpus_name() -> str:
    return f"corpus-{len(ALL)}.jsonl"


def test_a_run_is_opened_from_the_list_and_its_evidence_leads_to_the_document(page: Any, address: str):
    page.goto(address)
    _settle(page)
    page.get_by_role("link", name="run-0001-20261122").click()
    page.wait_for_url("**/audit?run=run-0001-20261122**")
    _settle(page)
    page.locator(".fm-quote a").first.click()
    page.wait_for_url("**/documents?run=run-0001-20261122**")
    page.wait_for_selector(".fm-text mark")
    assert page.locator(".fm-text mark").first.get_attribute("title") == "made"


def test_the_dark_theme_is_dark(page: Any, address: str):
    page.emulate_media(color_scheme="dark")
    page.goto(f"{address}/audit")
    _settle(page)
    page.wait_for_selector("canvas.marks, svg.marks", timeout=20_000)
    background = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    ink = page.evaluate("getComputedStyle(document.querySelector('.fm')).color")
    page.emulate_media(color_scheme="light")
    assert sum(int(part) for part in background[4:-1].split(",")) < 150
    assert sum(int(part) for part in ink[4:-1].split(",")) > 550


def test_no_grid_and_no_chart_offers_a_csv_of_its_own(page: Any, address: str):
    page.goto(f"{address}/documents")
    _settle(page)
    grid = page.locator("[data-testid=stDataFrame]").first
    grid.hover()
    page.get_by_role("button", name="Fullscreen").first.wait_for()
    assert page.locator("[aria-label^='Download as CSV']").count() == 0
    page.goto(f"{address}/audit")
    _settle(page)
    page.wait_for_selector("canvas.marks, svg.marks", timeout=20_000)
    page.locator("[data-testid=stVegaLiteChart]").first.hover()
    page.get_by_role("button", name="Show data").first.dispatch_event("click")
    page.locator("[data-testid=stDataFrame]").first.hover()
    page.get_by_role("button", name="Search").first.wait_for()
    assert page.locator("[aria-label^='Download as CSV']").count() == 0


def _pick_a_row_by_keyboard(page: Any) -> None:
    """Tab to the grid and pick a row; where a slow machine drew the grid anew in between, the focus is lost: then once more."""
    for _ in range(6):
        for _ in range(60):
            if page.evaluate("document.activeElement.tagName") == "CANVAS":
                break
            page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Shift+Space")
        for _ in range(20):
            if "doc=" in page.url:
                return
            page.wait_for_timeout(250)
    raise AssertionError("no row was picked")


def test_a_row_is_picked_with_the_keyboard_and_the_way_back_takes_it_back(page: Any, address: str):
    page.goto(f"{address}/documents?language=te")
    _settle(page)
    page.wait_for_function("document.title.startsWith('Documents · run-0002')")
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    host = page.get_by_label("Host", exact=True)
    host.fill("h1.example")
    host.press("Enter")
    page.wait_for_url("**host=h1.example**")
    page.get_by_text("that match").first.wait_for()
    _settle(page)
    _pick_a_row_by_keyboard(page)
    page.wait_for_selector(".fm-text mark")
    page.go_back()
    page.wait_for_selector(".fm-text", state="detached")
    page.go_back()
    page.wait_for_function("document.querySelector('input[aria-label=Host]').value === ''")
    assert "language=te" in page.url


def test_names_of_metrics_have_room_on_a_narrow_screen_and_the_table_scrolls(page: Any, address: str):
    page.set_viewport_size({"width": 700, "height": 900})
    page.goto(f"{address}/compare")
    _settle(page)
    name = page.locator(".fm-name").first
    name.wait_for()
    wide = name.bounding_box()["width"]
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.set_viewport_size({"width": 1300, "height": 900})
    assert wide >= 200
    assert beyond <= 0


def test_other_machines_cannot_reach_it(address: str):
    port = int(address.rsplit(":", 1)[1])
    others = {entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1", "127.0.1.1"}
    for host in others:
        with socket.socket() as door:
            door.settimeout(2)
            assert door.connect_ex((host, port)) != 0
    assert "101" in _handshake(port, "127.0.0.1", address)
    assert "101" not in _handshake(port, "evil.example", "http://evil.example")  # a name that was made to point here
    assert "101" not in _handshake(port, "127.0.0.1", "http://evil.example")  # another page in the same browser


def _handshake(port: int, host: str, origin: str) -> str:
    """Ask for the page's live connection; returns the first line of the answer."""
    head = f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(f"{head}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        return line.recv(200).decode("latin-1").splitlines()[0]
