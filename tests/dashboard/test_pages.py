"""Every page over every kind of folder: what it says, and that it never fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dashboard_support import PAGES, make_run

from fmaudit.records import Verdict, VerdictStatus
from fmaudit.store.reader import read_parquet
from fmaudit.store.results import metrics_table, read_metrics, verdicts_table
from fmaudit.store.writer import write_table
from fmaudit_dashboard.parts import exhibits


def box(app: Any, label: str) -> Any:
    return next(box for box in app.selectbox if box.label == label)


def html(app) -> str:
    assert not app.exception, app.exception
    assert not app.error, [element.value for element in app.code]
    return "\n".join(element.proto.body for element in app.get("html"))


@pytest.mark.parametrize("page", PAGES)
def test_without_a_run_every_page_says_how_to_make_one_or_what_there_is(open_page, tmp_path: Path, page: str):
    app = open_page(tmp_path / "runs", page)
    text = html(app)
    assert app.title[0].value
    assert "fmaudit run audit.toml" in text or page in ("plugins", "schedule")
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_every_page_draws_measured_runs(open_page, plain_runs: Path, page: str):
    text = html(open_page(plain_runs, page))
    expected = {
        "overview": "run-0002-20261122",
        "audit": "Something was found",
        "documents": "of 60",
        "responses": "of 12",
        "compare": "metric compared",
        "trend": "in 2 runs",
        "schedule": "No schedule has looked",
        "plugins": "corpus-quality",
    }
    assert expected[page] in text.replace("\u00a0", " ")


@pytest.mark.parametrize("page", PAGES)
def test_hostile_text_is_escaped_on_every_page(open_page, hostile_runs: Path, page: str):
    app = open_page(hostile_runs, page)
    text = html(app)
    for raw in ("<script", "<img", "\x1b", "\x00", "\u202e", "\u2066", "\u200b"):
        assert raw not in text
    for kind in ("markdown", "caption", "subheader", "warning", "info", "error"):
        for element in app.get(kind):
            assert "fmHit" not in str(element.value), kind
            assert not getattr(element, "allow_html", False)


def test_one_run_cannot_be_compared_and_its_trend_says_that_a_line_needs_two(open_page, tmp_path: Path):
    make_run(tmp_path / "runs", 1)
    assert "not two measured runs" in html(open_page(tmp_path / "runs", "compare"))
    assert "a line needs a second" in html(open_page(tmp_path / "runs", "trend"))


def test_large_runs_are_compared_only_when_asked(open_page, plain_runs: Path):
    import sqlite3

    runs = plain_runs.parent / "large"
    shutil.copytree(plain_runs, runs)
    with sqlite3.connect(runs / "run-0002-20261122" / "journal.sqlite") as journal:
        journal.execute("update units set documents = 2000000 where documents = 35")
    app = open_page(runs, "compare")
    assert "These runs are large" in html(app)
    app.button(key="compare-go").click().run()
    assert "metric compared" in html(app).replace("\u00a0", " ")


def test_a_partial_run_says_what_was_not_examined(open_page, plain_runs: Path):
    text = html(open_page(plain_runs, "audit", run="run-0001-20261122"))
    assert "partial" in text
    assert "1 document not examined" in text.replace("\u00a0", " ")


def test_a_corrupt_run_is_listed_with_its_reason_and_the_others_stay_readable(open_page, plain_runs: Path, tmp_path: Path):
    runs = tmp_path / "runs"
    shutil.copytree(plain_runs / "run-0001-20261122", runs / "run-0001-20261122")
    for number, (name, content) in enumerate(
        (("plan.json", b"{"), ("journal.sqlite", b"no database" * 500), ("verdicts.parquet", b"PAR1")), 2
    ):
        shutil.copytree(plain_runs / "run-0001-20261122", runs / f"run-000{number}-20261122")
        (runs / f"run-000{number}-20261122" / name).write_bytes(content)
    text = html(open_page(runs))
    assert text.count("unreadable") == 3
    assert "1 of 1" in text  # the checks of the run that can be read
    for page in ("audit", "documents", "responses"):
        assert "This run cannot be read" in html(open_page(runs, page, run="run-0002-20261122"))


@pytest.mark.parametrize("content", [b"", b"{", b"[{}]", b'[{"name": "x"}]', b'{"a": 1}'])
def test_a_damaged_piece_of_a_run_is_told_where_it_is_needed_and_costs_no_other_page(open_page, plain_runs: Path, tmp_path: Path, content):
    runs = tmp_path / "runs"
    shutil.copytree(plain_runs, runs)
    (runs / "run-0002-20261122" / "exhibits" / "index.json").write_bytes(content)
    (runs / "run-0002-20261122" / "manifest.json").write_bytes(content)
    app = open_page(runs, "audit")
    assert not app.exception
    assert "could not be drawn" in app.error[0].value
    html(open_page(runs, "responses"))
    html(open_page(runs))


@pytest.mark.parametrize("page", ["audit", "documents"])
def test_a_damaged_file_is_named_with_what_looks_through_the_run(open_page, plain_runs: Path, tmp_path: Path, page: str):
    runs = tmp_path / "runs"
    shutil.copytree(plain_runs, runs)
    damaged = {"audit": "metrics.parquet", "documents": "observations/documents/made/part-0.parquet"}[page]
    (runs / "run-0002-20261122" / damaged).write_bytes(b"PAR1 and no more")
    app = open_page(runs, page)
    assert not app.exception
    text = html(app)
    assert "fm-card error" in text
    assert damaged.rpartition("/")[2] in text
    assert "fmaudit verify" in text


def checked(root: Path, checks: dict[tuple[str, str], VerdictStatus]) -> None:
    """Give a run the checks of (metric, target)."""
    made = [
        Verdict(check=f"{metric} <= 0.8", metric=metric, target=target, status=status, reason="so", value=0.5)
        for (metric, target), status in checks.items()
    ]
    write_table(root / "verdicts.parquet", verdicts_table(made))
    (root / "manifest.json").write_text(json.dumps({"made": str(checks)}))


def test_an_audit_opens_where_a_check_failed_and_the_others_are_listed_with_their_way(open_page, tmp_path: Path):
    root = make_run(tmp_path / "runs", 1)
    plain = open_page(tmp_path / "runs", "audit")
    assert (box(plain, "Audit").value, box(plain, "Target").value) == ("made", "web")
    checked(root, {("made.share", "web"): VerdictStatus.INCONCLUSIVE, ("asked.refused", "chat"): VerdictStatus.FAIL})
    app = open_page(tmp_path / "runs", "audit")
    assert (box(app, "Audit").value, box(app, "Target").value) == ("asked", "chat")
    text = html(app)
    assert text.index("✕ failed") < text.index("elsewhere in this run")
    assert 'href="audit?run=run-0001-20261122&amp;audit=made&amp;target=web"' in text
    linked = open_page(tmp_path / "runs", "audit", audit="made")
    assert box(linked, "Audit").value == "made"
    assert "✕ failed" in html(linked).partition("elsewhere in this run")[2]


def test_languages_are_offered_by_their_share_and_those_without_documents_are_not(open_page, tmp_path: Path):
    root = make_run(tmp_path / "runs", 1)
    rows = [row for row in read_metrics(read_parquet(root / "metrics.parquet")) if row.metric.name == "share"]
    shares = {"arz": 0.0, "en": 0.2, "te": 0.7, "as": 0.1}
    made = [replace(rows[0], metric=replace(rows[0].metric, interval=None, value=v, slice={"language": k})) for k, v in shares.items()]
    made += [replace(row, metric=replace(row.metric, name="violates", slice=row.metric.slice | {"rule": "x"})) for row in made[:1]]
    made += [replace(made[0], metric=replace(made[0].metric, name="ratio", slice={"language": "yo"}))]
    write_table(root / "metrics.parquet", metrics_table([rows[0], *made]))
    assert box(open_page(tmp_path / "runs", "documents"), "Language").options == ["te", "en", "as", "yo"]


@pytest.mark.parametrize("page", PAGES)
def test_every_column_of_every_table_has_a_name(open_page, plain_runs: Path, page: str):
    text = html(open_page(plain_runs, page))
    assert re.findall(r"<th[^>]*>\s*</th>", text) == []


def test_a_missing_value_is_a_dash(open_page, plain_runs: Path):
    for page in ("documents", "responses"):
        assert open_page(plain_runs, page).dataframe[0].proto.placeholder == "–"


def test_plugins_that_are_available_are_explained_only_where_there_are_any(open_page, plain_runs: Path, monkeypatch: pytest.MonkeyPatch):
    from fmaudit.hooks.manager import PluginInfo, load_plugins
    from fmaudit_dashboard import data

    manager = load_plugins()
    for name in [name for name, info in manager.plugins.items() if info.state == "available"]:
        del manager.plugins[name]
    monkeypatch.setattr(data, "plugins", lambda: manager)
    assert "not imported" not in html(open_page(plain_runs, "plugins"))
    manager.plugins["more"] = PluginInfo("more", "more", "more", "1")
    assert manager.plugins["more"].state == "available"
    assert "not imported" in html(open_page(plain_runs, "plugins"))


def running(folder: Path, pid: int, *, models: bool = True) -> Path:
    root = make_run(folder, 1, finished=False, models=models)
    (root / ".lock.json").write_text(f"process {pid} on {socket.gethostname()} since now")
    return root


def test_a_running_audit_shows_how_far_it_is_and_its_documents_can_be_read_already(open_page, tmp_path: Path):
    running(tmp_path / "runs", os.getpid())
    for page in ("overview", "audit"):
        text = html(open_page(tmp_path / "runs", page))
        assert "is running" in text
        assert "rows acknowledged" in text
    assert "of 60" in html(open_page(tmp_path / "runs", "documents"))


def test_models_come_after_the_reading_only_where_there_are_models(open_page, tmp_path: Path):
    running(tmp_path / "runs", os.getpid())
    assert "of reading; models come after" in html(open_page(tmp_path / "runs"))
    running(tmp_path / "others", os.getpid(), models=False)
    text = html(open_page(tmp_path / "others"))
    assert "of reading" in text
    assert "models come after" not in text


def test_a_run_whose_process_died_is_stopped_and_says_how_to_go_on(open_page, tmp_path: Path):
    running(tmp_path / "runs", 2**22 + 1)
    text = html(open_page(tmp_path / "runs", "audit"))
    assert "stopped" in text
    assert "goes on from where it stopped" in text


def test_links_that_name_nothing_there_are_told_and_not_followed(open_page, plain_runs: Path):
    for page, link in (
        ("audit", {"run": "../../etc/passwd"}),
        ("audit", {"audit": "<script>"}),
        ("audit", {"metric": "x" * 5000}),
        ("documents", {"doc": "0" * 16 + "-5"}),
        ("documents", {"doc": "' or 1=1"}),
        ("responses", {"response": "0" * 16 + "-0"}),
        ("trend", {"slice": "{language=xx}"}),
    ):
        app = open_page(plain_runs, page, **link)
        html(app)
        key, value = next(iter(link.items()))
        assert app.query_params.get(key) != [value]
        assert "passwd" not in "".join(element.value for element in app.warning)
    for page, link, word in (
        ("documents", {"doc": "0" * 16 + "-5"}, "document"),
        ("trend", {"metric": "made.nothing"}, "metric"),
        ("trend", {"slice": "{language=xx}"}, "slice"),
        ("audit", {"audit": "nothing"}, "audit"),
        ("audit", {"metric": "nothing"}, "metric"),
    ):
        article = "an" if word == "audit" else "a"
        assert open_page(plain_runs, page, **link).warning[0].value == f"The link names {article} {word} that is not here."


def test_a_link_opens_its_run_audit_and_metric(open_page, plain_runs: Path):
    app = open_page(plain_runs, "audit", run="run-0001-20261122", audit="made", metric="share", slice="{language=te}")
    assert "<b>share</b>" in html(app)  # the slice that was asked for is marked
    assert next(box.value for box in app.selectbox if box.label == "Run") == "run-0001-20261122"


def test_a_response_is_shown_with_its_prompt_and_its_probabilities_shaded(open_page, plain_runs: Path):
    from fmaudit_dashboard.parts.links import response_key

    text = html(open_page(plain_runs, "responses", response=response_key("case-2", 1)))
    assert "Answer 5 plain" in text
    assert "Say 5 plain" in text
    assert "var(--h7)" in text  # -9 nats
    assert "-2.500 nats" in text


def test_responses_are_filtered_by_suite_and_label(open_page, plain_runs: Path):
    app = open_page(plain_runs, "responses")
    next(box for box in app.selectbox if box.label == "Suite").select("refusal").run()
    next(box for box in app.selectbox if box.label == "Label").select("comply").run()
    expected = sum(index % 2 == 0 and index % 3 == 0 for index in range(12))
    assert f"of {expected}" in html(app)


def test_the_trend_begins_with_a_metric_that_has_a_value(open_page, tmp_path: Path):
    from fmaudit.records import MetricStatus

    path = make_run(tmp_path / "runs", 1) / "metrics.parquet"
    rows = read_metrics(read_parquet(path))
    missing = replace(rows[0].metric, name="accuracy", value=None, interval=None, status=MetricStatus.UNDEFINED)
    write_table(path, metrics_table([replace(rows[0], metric=missing), *rows]))
    app = open_page(tmp_path / "runs", "trend")
    box = next(box for box in app.selectbox if box.label == "Metric")
    assert (box.options[:2], box.value) == (["asked.accuracy", "asked.refused"], "made.share")  # only this one has an interval


def test_the_trend_marks_a_run_in_which_a_parameter_changed(open_page, plain_runs: Path):
    text = html(open_page(plain_runs, "trend", metric="made.share"))
    assert "limit: 1 → 2" in text


def test_a_page_of_a_plugin_is_offered_and_drawn(open_page, plain_runs: Path, site: Path, monkeypatch: pytest.MonkeyPatch):
    from fmaudit.hooks.manager import PluginInfo, load_plugins
    from fmaudit_dashboard import data

    page = site / "own_page.py"
    page.write_text("import streamlit as st\nst.title('My own page')\n")
    manager = load_plugins()
    module = type("Module", (), {})()
    from fmaudit import hookimpl

    module.fmaudit_pages = hookimpl(lambda: {"My own": page})
    manager.load(PluginInfo("mine", "mine", "mine", "1"), module)
    assert manager.plugins["mine"].state == "loaded", manager.plugins["mine"].cause
    monkeypatch.setattr(data, "plugin_pages", lambda: manager.pages)
    app = open_page(plain_runs)
    app.switch_page(str(page)).run()
    assert app.title[0].value == "My own page"


def test_the_manifest_decides_what_is_read_again(plain_runs: Path, tmp_path: Path):
    from fmaudit.store.layout import RunDirectory
    from fmaudit_dashboard.state import stamp

    root = tmp_path / "run-0001-20261122"
    shutil.copytree(plain_runs / "run-0001-20261122", root)
    before = stamp(RunDirectory(root))
    (root / "report.html").write_text("a report does not count")
    assert stamp(RunDirectory(root)) == before
    (root / "manifest.json").write_text(json.dumps({"files": {"x": 1}}))
    assert stamp(RunDirectory(root)) != before


def _chart(app: Any) -> dict[str, Any]:
    return json.loads(app.get("vega_lite_chart")[0].proto.spec)


def test_the_interval_of_a_run_that_stands_alone_is_drawn(open_page, tmp_path: Path):
    make_run(tmp_path / "runs", 1, share=0.4)
    layers = _chart(open_page(tmp_path / "runs", "trend", metric="made.share"))["layer"]
    (bar,) = [layer for layer in layers if layer["mark"]["type"] == "rule"]
    assert bar["data"]["values"] == [{"x": "0001", "low": pytest.approx(0.35), "high": pytest.approx(0.45)}]
    make_run(tmp_path / "runs", 2, share=0.6)
    layers = _chart(open_page(tmp_path / "runs", "trend", metric="made.share"))["layer"]
    assert not any("low" in row for layer in layers for row in layer.get("data", {}).get("values", ()) if layer["mark"]["type"] == "rule")


def test_marks_of_changes_have_room_beside_one_another(open_page, plain_runs: Path):
    app = open_page(plain_runs, "trend", metric="made.share")
    texts = [row["what"] for layer in _chart(app)["layer"] if layer["mark"]["type"] == "text" for row in layer["data"]["values"]]
    assert texts == ["▼"]
    assert "▼ something else changed" in html(app)


def test_a_height_for_each_bar_is_counted_out_so_that_the_browser_has_nothing_to_warn_of(open_page, plain_runs: Path):
    app = open_page(plain_runs, "audit", run="run-0001-20261122")
    charts = [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]
    assert charts
    assert all(isinstance(chart["height"], int | float) for chart in charts)
    rows = [{"y": name} for name in ("a", "b", "a", "c")]
    layers = [{"encoding": {"y": {"field": "y"}}}]
    assert exhibits._height({"height": {"step": 25}, "layer": layers, "data": {"values": rows}}) == 75
    assert exhibits._height({"height": 240, "layer": layers, "data": {"values": rows}}) == 0
    assert exhibits._height({"height": {"step": 25}, "layer": [], "data": {"values": "stranger"}}) == 0
