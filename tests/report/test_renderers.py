"""Every format: safe against hostile text, the same for the same data, small whatever comes in."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from fmaudit import Evidence, Exhibit, Finding, Interval, LedgerEntry, Metric, Severity
from fmaudit.records import Verdict, VerdictStatus
from fmaudit.report.charts import specification
from fmaudit.report.digest import examined_sentences, unlisted_losses
from fmaudit.report.document import (
    Coverage,
    CoverageTotal,
    ExhibitRow,
    FindingRow,
    LedgerRow,
    MetricRow,
    ModelRow,
    ReportData,
    RunStatus,
    SettingRow,
    TargetRow,
)
from fmaudit.report.drawing import draw
from fmaudit.report.html import render_html
from fmaudit.report.json_report import json_schema, render_json
from fmaudit.report.junit import render_junit
from fmaudit.report.markdown import render_markdown
from fmaudit.report.sarif import render_sarif
from fmaudit.report.svg import render_svg
from fmaudit.report.tables import grid
from fmaudit.report.terminal import render_terminal

sys.path.insert(0, str(Path(__file__).parent))
from factories import web_report

HOSTILE = [
    "</script><script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "\" onmouseover=alert(1) x='",
    "javascript:alert(1)",
    "![x](http://tracker.example/a.png)",
    "[link=file:///etc/passwd]click[/link]",
    "\x1b[31mred\x1b]8;;http://evil.example\x07",
    "\u202egnp.exe",
    "```\n# heading\n```",
    "| a | b |\n|---|---|",
    "\x00\x08\x7f\x9b",
    "\ud800",
    "::error::fail",
    "=cmd|' /C calc'!A0",
    "{{ 7 * 7 }} {% raw %}",
]


def poisoned(text: str) -> ReportData:
    evidence = Evidence(file=text, offset=1, id=text, excerpt=text)
    finding = Finding(code=text, severity=Severity.ERROR, sentence=text, evidence=(evidence,), metric=text, slice={text: text}, advice=text)
    metric = Metric(
        name=text, value=0.5, unit="fraction", n=9, interval=Interval(0.4, 0.6), method=text, slice={"language": text}, note=text
    )
    verdict = Verdict(check=text, metric=text, target=text, status=VerdictStatus.FAIL, reason=text, value=0.5, low=0.4, high=0.6)
    return replace(
        web_report(),
        title=text,
        run_id=text,
        coverage=Coverage(rows=(LedgerRow(target=text, entry=LedgerEntry(text, 0, text, text)),)),
        findings=(FindingRow(audit=text, target=text, finding=finding),),
        metrics=(MetricRow(audit=text, target=text, name=text, metric=metric),),
        verdicts=(verdict,),
        settings=(SettingRow(key=text, value=text, origin=text),),
        reproduce=(text,),
    )


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def parse(html: str) -> Page:
    page = Page()
    page.feed(html)
    return page


def bars(names: list[str]) -> Exhibit:
    table = pa.Table.from_pylist([{"name": name, "value": 1.0 + place} for place, name in enumerate(names)])
    return Exhibit(name="x", title="X", data=table, kind="bars", encoding={"x": "value", "y": "name"}, unit="bits")


@pytest.mark.parametrize("names", [["everyday", "law"], ["a rather long name of a domain", "b"], ["日本語の医学", "中文"]])
def test_names_of_bars_have_room_also_in_a_wider_font(names: list[str]):
    spec = specification(bars(names))
    assert spec is not None
    svg = render_svg(spec, key="k", title="t", description="d")
    labels = [node for node in ElementTree.fromstring(svg).iter("text") if node.text in names]
    assert {node.get("font-size") for node in labels} == {"12.5px"}  # without a size they take that of the page
    left = float(re.search(r"translate\(([\d.]+),4\)", svg)[1])  # type: ignore[index]
    for node in labels:
        wide = sum(12.5 if ord(c) > 0x2E7F else 7.3 for c in node.text or "")  # DejaVu Sans: about 0.58 em
        assert left - 6 >= min(wide, 190), (node.text, left)


def many_metrics(audit: str, count: int) -> tuple[MetricRow, ...]:
    metrics = [Metric(name="m", value=float(i), unit="count", n=9, slice={"place": f"{audit}{i}"}) for i in range(count)]
    return tuple(MetricRow(audit=audit, target="web", name=f"{audit}.m{i}", metric=metric) for i, metric in enumerate(metrics))


def test_a_large_audit_leaves_room_for_the_metrics_of_the_others():
    data = replace(web_report(), metrics=(*many_metrics("aaa", 4000), *many_metrics("zzz", 30)), headlines=())
    html = render_html(data)
    assert html.count(">zzz") > 30
    assert "more metrics: <code>fmaudit results" in html
    assert "--metric 'aaa.*'" in html
    assert "--metric 'zzz.*'" not in html


def test_many_drawings_of_one_audit_leave_room_for_those_of_the_others():
    wide = bars([f"a name that is long {i}" for i in range(30)])
    few = tuple(ExhibitRow(audit="zzz", target="web", exhibit=replace(wide, title=f"Z{i}")) for i in range(2))
    many = tuple(ExhibitRow(audit="aaa", target="web", exhibit=replace(wide, title=f"A{i}")) for i in range(56))
    html = render_html(replace(web_report(), exhibits=(*many, *few)))
    assert "Not drawn, to keep this page small." in html
    assert ">Z0</title>" in html
    assert ">Z1</title>" in html


def test_metrics_of_more_names_than_are_shown_are_counted():
    rows = tuple(
        MetricRow(audit="a", target="web", name=f"a.m{i}", metric=Metric(name=f"m{i}", value=1.0, unit="count", n=9, slice={"x": "y"}))
        for i in range(50)
    )
    assert "10 more metrics: <code>fmaudit results" in render_html(replace(web_report(), metrics=rows, headlines=()))


def two_models() -> ReportData:
    rows = tuple(
        MetricRow(
            audit="benchmark", target=name, name="benchmark.accuracy", metric=Metric(name="accuracy", value=value, unit="fraction", n=99)
        )
        for name, value in (("big", 0.9), ("small", 0.4))
    )
    found = tuple(
        FindingRow(audit="benchmark", target=name, finding=Finding(code=f"c{i}", severity=Severity.WARNING, sentence=f"It fails {i}."))
        for name in ("big", "small")
        for i in range(4)
    )
    usage = {"asked": 9, "cached": 0, "padding_ratio": 1.5}
    return ReportData(
        created="",
        finished="",
        version="1",
        run_id="run-1",
        title="Two models",
        status=RunStatus.COMPLETE,
        targets=tuple(TargetRow(name=name, kind="model", documents=9) for name in ("big", "small")),
        models=(ModelRow(name="big", uri="fake:", builtin=False, numeric_mode="float32", profile={}, usage=usage, determinism={}),),
        metrics=rows,
        findings=found,
    )


def test_numbers_and_findings_of_several_models_are_told_apart():
    data = two_models()
    assert "big: accuracy 90 % | small: accuracy 40 %" in render_terminal(data)
    markdown = render_markdown(data)
    assert "- big: accuracy: 90 %" in markdown
    assert "- small: accuracy: 40 %" in markdown
    assert "<strong>small:</strong> It fails 1." in render_html(data)


def test_facts_of_a_model_are_explained():
    html = render_html(two_models())
    assert "1.50 tokens computed for one that counts" in html
    assert "texts of unequal length share a batch" in html
    assert "texts of unequal length share a batch" in render_markdown(two_models())


def test_what_was_lost_stands_before_what_was_not():
    totals = tuple(CoverageTotal(target=name, examined=9, lost=lost) for name, lost in (("a", 0), ("b", 0), ("c", 0), ("d", 0), ("e", 3)))
    data = replace(web_report(), coverage=Coverage(totals=totals), targets=(), status=RunStatus.PARTIAL)
    assert examined_sentences(data)[0].startswith("e: 3")
    assert "e: 3" in render_terminal(data)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_html(text: str):
    html = render_html(poisoned(text))
    for tag, attributes in parse(html).tags:
        assert tag not in ("script", "iframe", "object", "embed", "img", "base", "form", "link")
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "action", "xlink:href"):
                assert (value or "").startswith("#"), (tag, name, value)
    assert "\x1b" not in html
    assert "\u202e" not in html
    html.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_the_terminal(text: str):
    shown = render_terminal(poisoned(text))
    assert not [c for c in shown if ord(c) < 32 and c != "\n"]
    assert not set("\u202e\x9b\x7f") & set(shown)
    shown.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_markdown(text: str):
    from markdown_it import MarkdownIt

    markdown = render_markdown(poisoned(text))
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or []}
    assert not kinds & {"html_block", "html_inline", "image", "link_open"}
    headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    expected = [heading for heading in MarkdownIt("commonmark").parse(render_markdown(poisoned("plain"))) if heading.type == "heading_open"]
    assert len(headings) == len(expected)
    assert not [line for line in markdown.splitlines() if line.startswith("::")]
    markdown.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_json_loses_nothing_and_follows_its_schema(text: str):
    jsonschema = pytest.importorskip("jsonschema")
    report = json.loads(render_json(poisoned(text)))
    jsonschema.validate(report, json_schema())
    assert report["findings"][0]["sentence"] == text
    assert report["not_examined"]["rows"][0]["file"] == text


@pytest.mark.parametrize("text", HOSTILE)
def test_junit_and_sarif_can_be_read_back(text: str):
    import xml.etree.ElementTree as ET

    suite = ET.fromstring(render_junit(poisoned(text)))[0]
    assert suite.get("failures") == "2"  # the check, and the finding in error
    assert len(suite.findall("testcase/failure")) == 2
    sarif = json.loads(render_sarif(poisoned(text)))
    assert sarif["runs"][0]["results"][0]["level"] == "error"
    assert sarif["version"] == "2.1.0"


@pytest.mark.parametrize("render", [render_html, render_markdown, render_json, render_terminal, render_junit, render_sarif])
def test_equal_data_gives_equal_bytes(render):
    assert render(web_report()) == render(web_report())


def test_the_page_loads_nothing_and_says_so():
    html = render_html(web_report())
    policies = [a for tag, a in parse(html).tags if tag == "meta" and (a.get("http-equiv") or "").lower() == "content-security-policy"]
    assert "default-src 'none'" in (policies[0]["content"] or "")
    assert len(html.encode()) < 1_000_000


def test_every_chart_can_be_read_without_seeing_it():
    html = render_html(web_report())
    assert html.count('<svg class="chart"') == html.count('role="img" aria-labelledby') > 5


def test_what_was_not_examined_comes_before_any_finding():
    for text in (render_html(web_report()), render_markdown(web_report()), render_terminal(web_report())):
        assert 0 < text.lower().index("not examined") < text.lower().index("telugu is")


def test_a_huge_report_stays_small_and_says_what_was_cut():
    base = web_report()
    many = replace(base, findings=base.findings * 20_000, metrics=base.metrics * 2_000)
    html = render_html(many)
    assert len(html.encode()) < 1_000_000
    assert len(render_markdown(many).encode()) < 1_000_000
    assert "more" in html


def test_an_undefined_metric_is_no_number_in_json():
    metric = Metric(name="x", value=float("nan"), unit="fraction", n=0, note="0/0")
    data = replace(web_report(), metrics=(MetricRow(audit="a", target="t", name="a.x", metric=metric),))
    assert json.loads(render_json(data))["metrics"][0]["value"] is None


def test_the_terminal_shows_a_suggestion_in_full_and_no_empty_target():
    name = "corpus-quality.violates{language=my,rule=gopher_below_alpha_threshold,ruleset=datatrove-0.10.1/gopher-quality}"
    reason = f"no audit measured this metric; did you mean '{name}'?"
    verdict = Verdict(check=f"{name[:-1]} <= 0.1", metric=name[:-1], target="", status=VerdictStatus.NOT_MEASURED, reason=reason)
    shown = render_terminal(replace(web_report(), verdicts=(verdict,)))
    assert name in "".join(line.strip() for line in shown.splitlines())
    assert "()" not in shown
    assert len(shown.splitlines()) <= 35


def lossy(totals: tuple[CoverageTotal, ...] = ()) -> ReportData:
    """A report whose ledger has 300 entries that say the same of one file, and two of another reason."""
    same = [LedgerEntry("web.jsonl", i * 100, "missing-text", "the field 'txt' is missing", 100) for i in range(300)]
    other = [LedgerEntry("web.jsonl", 5, "oversize", "the line is too long", 900), LedgerEntry("more.jsonl", 7, "oversize", "too long")]
    rows = tuple(LedgerRow(target="web", entry=entry) for entry in (*same, *other))
    return replace(web_report(), targets=(), coverage=Coverage(rows=rows, totals=totals))


def test_equal_losses_are_one_line_with_their_sum():
    html, markdown, terminal = (render(lossy()) for render in (render_html, render_markdown, render_terminal))
    for text in (html, markdown, terminal):
        assert text.count("is missing") <= 2
    assert "300\u00a0documents" in html
    assert "30 kB" in html.replace("\u00a0", " ")
    assert "| missing\\-text | web | 300 |" in markdown
    assert "missing-text: 300 documents; web.jsonl: the field 'txt' is missing" in terminal
    assert "oversize: 2 documents" in terminal


def test_losses_that_the_report_does_not_list_are_counted_all_the_same():
    data = lossy((CoverageTotal(target="web", examined=10, lost=1302),))
    assert "1,000\u00a0documents not examined that no line above counts" in render_html(data)
    assert "| entries not listed here | web | 1,000 |" in render_markdown(data)
    assert "1,000 more documents not listed by reason" in render_terminal(data)
    assert unlisted_losses(lossy()) == {}


def test_a_corpus_without_a_document_is_not_said_to_be_examined():
    data = replace(
        web_report(), targets=(), coverage=Coverage(totals=(CoverageTotal(target="web", examined=0),)), status=RunStatus.COMPLETE
    )
    data = replace(data, audits=())
    for text in (render_html(data), render_markdown(data), render_terminal(data)):
        assert "no document was found" in text
        assert "Everything was examined" not in text


def test_short_cells_stay_on_one_line_and_long_ones_keep_room():
    html = render_html(web_report())
    assert ".s{white-space:nowrap}" in html
    assert '<th scope="row" class="s">' in html
    assert ".w{min-width:" in html


def test_the_terminal_names_the_largest_shares():
    shown = render_terminal(web_report())
    chart = next(row.exhibit for row in web_report().exhibits if row.exhibit.kind == "bars" and row.exhibit.unit == "fraction")
    values = dict(zip(chart.data.column(chart.encoding["y"]).to_pylist(), chart.data.column(chart.encoding["x"]).to_pylist(), strict=True))
    assert max(values, key=lambda name: values[name]) in shown.split(chart.title)[1]


def test_a_column_beside_the_drawn_ones_can_carry_their_unit():
    rows = {"rule": ["a"], "broken": [0.25], "first": [0.125], "score": [0.5]}
    encoding = {"x": "broken", "y": "rule", "also": "first"}
    exhibit = Exhibit(name="r", title="r", data=pa.table(rows), kind="bars", unit="fraction", encoding=encoding)
    assert grid(exhibit, 5).rows == (("a", "25\N{NO-BREAK SPACE}%", "12.5\N{NO-BREAK SPACE}%", "0.5"),)
    assert draw(exhibit).rows[0]["x"] == 0.25


def test_axes_write_parts_as_decimals():
    rows = {"language": ["a", "b", "c"], "times": [0.012, 1.5, 80.0]}
    exhibit = Exhibit(
        name="r", title="r", data=pa.table(rows), kind="bars", log=True, unit="ratio", encoding={"x": "times", "y": "language"}
    )
    assert "s" not in json.dumps(specification(exhibit)["layer"][0]["encoding"]["x"]["axis"]["format"])
