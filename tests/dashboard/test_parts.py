"""Small pieces: escaping, spans, CSV, who may look, what the code never calls."""

from __future__ import annotations

import ast
import csv
import html as html_
import io
import itertools
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from dashboard_support import ALL, HOSTILE, make_run
from hypothesis import given
from hypothesis import strategies as some

import fmaudit_dashboard
from fmaudit.errors import ConfigError, MissingDependency
from fmaudit_dashboard import launch
from fmaudit_dashboard.parts import markup, spans, tables

SOURCE = Path(fmaudit_dashboard.__file__).parent


@given(some.text(max_size=200))
def test_what_is_filled_in_is_text_and_nothing_hides(text: str):
    out = str(markup.fill('<i title="{a}">{a}</i>', a=text))
    inner = out.removeprefix('<i title="').removesuffix("</i>")
    assert "<" not in inner.replace('">', "", 1)
    assert not any(hidden in out for hidden in ("\x1b", "\x00", "\u202e", "\u200b", "\ufeff"))


def test_plain_text_is_never_taken_for_markup():
    with pytest.raises(TypeError):
        markup.put("<b>bold</b>")  # type: ignore[arg-type]


@given(some.text(max_size=80), some.lists(some.tuples(some.integers(0, 90), some.integers(0, 90)), max_size=6))
def test_marking_spans_changes_no_letter_of_the_text(text: str, places: list[tuple[int, int]]):
    shown, kept = spans.marked(text, [spans.Span(min(a, b), max(a, b), "why") for a, b in places])
    plain = re.sub(r"<sup>\d+</sup>|<[^>]*>", "", str(shown))
    assert html_.unescape(plain) == html_.unescape(str(re.sub(r"<[^>]*>", "", str(markup.lines(text)))))
    assert all(one.stop <= other.start for one, other in itertools.pairwise(kept))


def test_a_span_is_found_in_any_signal_that_stores_one():
    row = {"encoding": {"mojibake": 2, "mojibake_start": 3, "mojibake_stop": 9, "control_start": None, "control_stop": None}, "id": "x"}
    assert spans.signal_spans(row) == [spans.Span(3, 9, "encoding.mojibake")]


@pytest.mark.parametrize("text", [*HOSTILE, "=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_csv_holds_no_formula_and_reads_back(text: str):
    out = tables.csv_text(["a=", "n"], [{"a=": text, "n": -1.5}])
    header, row = list(csv.reader(io.StringIO(out)))
    assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row[1] == "-1.5"
    assert header == ["a=", "n"]


def test_only_one_file_writes_html_and_no_variable_reaches_markdown():
    markdown = {
        "markdown",
        "write",
        "caption",
        "title",
        "header",
        "subheader",
        "info",
        "success",
        "warning",
        "error",
        "badge",
        "toast",
        "metric",
        "latex",
    }
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword):
                assert node.arg not in ("unsafe_allow_html", "unsafe_allow_javascript"), path
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            name, owner = node.func.attr, ast.unparse(node.func.value)
            if owner != "st":
                continue
            assert name != "html" or path.name == "markup.py", path
            if name in markdown and node.args and path.name not in ("links.py", "filters.py"):
                assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}"


def test_templates_of_html_are_constants():
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("fill", "Markup")
                and path.name != "markup.py"
            ):
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Call) and path.name != "style.py":
                        raise AssertionError(f"{path}:{node.lineno}")
                    assert not isinstance(part, ast.FormattedValue) or path.name == "style.py", f"{path}:{node.lineno}"


def test_another_address_is_refused_where_nobody_signs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org"):
        with pytest.raises(ConfigError, match="signing in is not set up"):
            launch.check_host(host)
    for host in ("127.0.0.1", "localhost", "::1"):
        launch.check_host(host)
    secrets = tmp_path / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text('[auth]\nredirect_uri = "https://x/oauth2callback"\ncookie_secret = "s"\n')
    with pytest.raises(ConfigError, match="nobody is allowed"):
        launch.check_host("0.0.0.0")
    secrets.write_text(secrets.read_text() + '[fmaudit]\nallow = ["Ada@example.org", "@team.example"]\n')
    launch.check_host("0.0.0.0")
    access = launch.read_access()
    assert access is not None
    assert access.admits("ada@EXAMPLE.org")
    assert access.admits("bob@team.example")
    for email in ("", "ada", "eve@example.org", "ada@example.org.evil", "x@sub.team.example", "@team.example"):
        assert not access.admits(email), email
    assert not access.admits("ada@example.org", verified=False)


def test_the_command_refuses_before_anything_is_served(tmp_path: Path):
    command = [sys.executable, "-m", "fmaudit", "dashboard", "--host", "0.0.0.0"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env={"HOME": str(tmp_path), "PATH": ""})
    assert answer.returncode == 2
    assert "SSH tunnel" in answer.stderr


def test_what_is_no_folder_of_runs_is_refused(tmp_path: Path, plain_runs: Path):
    (tmp_path / "audit.toml").touch()
    with pytest.raises(ConfigError, match=r"audit\.toml is a file"):
        launch.serve(tmp_path / "audit.toml")
    with pytest.raises(ConfigError, match="is one run") as caught:
        launch.serve(plain_runs / "run-0001-20261122")
    assert str(plain_runs) in str(caught.value)
    launch.check_folder(tmp_path / "not made yet")


def test_without_streamlit_the_command_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(launch.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"pip install 'fmaudit\[dashboard\]'"):
        launch.serve(tmp_path)


def test_signing_in_without_its_library_is_refused_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(launch, "read_access", lambda: launch.Access(("ada@example.org",)))
    monkeypatch.setattr(launch.importlib.util, "find_spec", lambda name: None if name == "authlib" else name)
    with pytest.raises(MissingDependency, match="Authlib"):
        launch.serve(tmp_path, host="0.0.0.0")


def test_the_server_listens_here_only_tells_nobody_and_shows_no_tracebacks():
    flags = launch.command("127.0.0.1", 8501)
    for flag in (
        "--server.address=127.0.0.1",
        "--browser.gatherUsageStats=false",
        "--client.showErrorDetails=none",
        "--client.disableDataExport=true",
        "--server.allowedHosts=localhost",
    ):
        assert flag in flags


def test_a_page_that_others_can_reach_shows_nothing_without_signing_in(open_page, plain_runs: Path):
    from streamlit import config

    app = open_page(plain_runs)
    config.set_option("server.address", "0.0.0.0")
    app.run()
    assert "signing in is not set up" in app.text[0].value
    assert "run-000" not in "".join(element.proto.body for element in app.get("html"))


def test_a_hostile_run_has_a_state_of_its_own_and_never_raises(tmp_path: Path):
    from fmaudit.store.layout import RunDirectory
    from fmaudit_dashboard.state import read_state

    root = make_run(tmp_path / "runs", 1, hostile=True)
    assert read_state(RunDirectory(root)).title == f"Title {ALL}"
    for content in (b"[]", b"null", b'{"settings": 3}', b'{"corpora": []}', b"\xff\xfe", b"[" * 100_000):
        (root / "plan.json").write_bytes(content)
        assert read_state(RunDirectory(root)).state == "unreadable"


def test_a_port_that_is_taken_and_an_address_of_another_machine_are_refused_before_anything_is_served(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "fmaudit", "dashboard", "--port", str(port)]
        answer = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "HOME": str(tmp_path)}
        )
        assert answer.returncode == 2
        assert answer.stdout == ""
        assert f"port {port}: address already in use\n  choose another port: --port" in answer.stderr
    launch.check_port("127.0.0.1", port)
    with pytest.raises(ConfigError, match=r"cannot be served on 192\.0\.2\.1"):
        launch.check_port("192.0.2.1", port)


def test_any_address_of_this_machine_may_ask_for_its_pages():
    assert "--server.allowedHosts=127.0.0.9" in launch.command("127.0.0.9", 8501)


def test_who_stops_the_command_stops_the_server(tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "fmaudit", "dashboard", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, "HOME": str(tmp_path)}
    )
    assert process.stdout is not None
    assert f"http://127.0.0.1:{port}" in process.stdout.readline()
    wait_until(lambda: not is_free(port))
    process.terminate()
    assert process.wait(timeout=20) == 143
    wait_until(lambda: is_free(port))


def is_free(port: int) -> bool:
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) != 0


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(300):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come")


def test_nothing_is_imported_from_the_folder_it_is_started_in(tmp_path: Path):
    """A folder of runs that somebody sent may hold modules named as those that the server imports."""
    for name in ("html", "streamlit", "json"):
        (tmp_path / f"{name}.py").write_text("open('EXECUTED', 'w').close()\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "HOME": str(tmp_path / "home"), launch.FOLDER: str(tmp_path)}
    process = subprocess.Popen(launch.command("127.0.0.1", port), cwd=tmp_path, stdout=subprocess.DEVNULL, env=environment)
    try:
        wait_until(lambda: not is_free(port))
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert not (tmp_path / "EXECUTED").exists()
