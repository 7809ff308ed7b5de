"""Every hostile string through every text field of every sink: nothing executes, and nothing is lost."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from exchange_rules import check_junit, check_sarif
from hostile import HOSTILE, Maker, report_of

from fmaudit.records import Verdict
from fmaudit.report.annotations import render_annotations
from fmaudit.report.document import ReportData
from fmaudit.report.formats import render, render_comparison
from fmaudit.report.json_report import comparison_schema, json_schema
from fmaudit.report.safe import visible
from fmaudit.report.terminal import render_terminal
from fmaudit.schedule.notify.message import Change, make_body

PLAIN = "plain"
_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\uffff\U000e0000-\U000e007f]"
)
_MARK = re.compile(r"Q\d+X")
_SPACE = re.compile(r"[\s_\-␊␉␍]+")  # names are written with blanks for _ and -, texts on one line: where a line ended may be lost


def _comparison(name: str) -> Callable[[ReportData], str]:
    def sink(data: ReportData) -> str:
        assert data.comparison is not None
        return render_comparison(name, data.comparison)

    return sink


def _report(name: str) -> Callable[[ReportData], str]:
    return lambda data: render(name, data, {})


SINKS: dict[str, Callable[[ReportData], str]] = {
    **{name: _report(name) for name in ("html", "markdown", "json", "junit", "sarif", "github")},
    **{f"comparison {name}": _comparison(name) for name in ("html", "markdown", "json")},
    "annotations": render_annotations,
    "terminal": render_terminal,
}


class Page(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and all its text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[tuple[str, tuple[str, ...]]] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, tuple(sorted(name for name, _ in attrs))))
        self.attributes += [(name, value or "") for name, value in attrs]
        self.inside = tag

    def handle_data(self, data: str) -> None:
        self.text += "" if self.inside == "style" else data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


@cache
def page_of(text: str) -> Page:
    return Page(text)


@cache
def markdown_tokens(text: str) -> list[Any]:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [each for token in tokens for each in (token, *(token.children or []))]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def words(sink: str, written: str) -> str:
    """Return what a reader of a sink gets to read."""
    kind = sink.split()[-1]
    if kind == "html":
        page = page_of(written)
        return page.text + " ".join(value for _, value in page.attributes)
    if kind in ("markdown", "github"):
        return " ".join(token.content for token in markdown_tokens(written) if token.type in ("text", "code_inline", "fence", "inline"))
    if kind == "json":
        return "\n".join(strings(json.loads(written)))
    if kind == "sarif":
        return "\n".join([*strings(json.loads(written)), *(unquote(text) for text in strings(json.loads(written)))])
    if kind == "junit":
        return "\n".join(text for node in ET.fromstring(written).iter() for text in (*node.attrib.values(), node.text or ""))
    if kind == "annotations":
        return unquote(written)
    return written


@cache
def plainly(sink: str) -> tuple[str, frozenset[str]]:
    """Return what a sink writes of harmless text, and the marks of the fields that it shows."""
    data, marks = report_of(PLAIN)
    written = SINKS[sink](data)
    read = words(sink, written)
    return written, frozenset(marks.keys() & set(_MARK.findall(read)))


def normal(text: str) -> str:
    return _SPACE.sub("", text)


@cache
def hostilely(name: str, sink: str) -> str:
    return SINKS[sink](report_of(HOSTILE[name])[0])


@pytest.mark.parametrize("sink", [sink for sink in SINKS if not sink.endswith("json")])
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_is_lost(name: str, sink: str):
    """Wherever a field with harmless text is shown, the hostile text is there, with what cannot be seen written out."""
    read = normal(words(sink, hostilely(name, sink)))
    forms = _forms(HOSTILE[name])
    room = 2 * max(map(len, forms)) + 20
    there = {found[0] for found in _MARK.finditer(read) if _is_beginning(read[found.end() : found.end() + room], forms)}
    shown = plainly(sink)[1]
    fields = report_of(HOSTILE[name])[1]
    lost = {fields[mark] for mark in shown if mark not in there}
    assert len(shown) > 5
    if sink == "terminal":  # lines of 80 columns: what is cut is cut, but somewhere all of it stands
        assert len(lost) < len({fields[mark] for mark in shown})
        return
    if sink == "annotations":  # six hundred characters each: a field that stood far behind may be cut off whole
        lost = {fields[mark] for mark in shown if mark not in there and mark in read}
    assert lost <= _LOST.get((sink, name), set())


_LOST = {
    ("html", "surrogate"): {".exhibits[].exhibit.column", ".exhibits[].exhibit.cell"},  # Arrow never held it
    ("sarif", "template"): {".verdicts[].metric"},  # a rule is a metric's name without its slice, and so without what follows "{"
}


def _forms(text: str) -> list[str]:
    """Write a text as sinks may: visible, inside JSON, as Python writes it between quotes, in a URI."""
    forms = (visible(text), visible(json.dumps(text, ensure_ascii=False)[1:-1]), *(repr(side + text)[2:-1] for side in "'\""), text)
    written = [normal(form.encode("utf-8", "backslashreplace").decode()) for form in forms]
    return [*written, *(re.sub("/+", "/", form) for form in written)]  # as paths are


def _is_beginning(rest: str, forms: list[str]) -> bool:
    """Say whether the whole follows, or, where it was cut, as much of it as there was room for."""
    rest = rest.replace("\\u003a", ":").replace("\\u0023", "#")
    if any(rest.startswith(form) for form in forms):
        return True
    kept = rest.partition("…")
    return bool(kept[1] and kept[0]) and any(form.startswith(kept[0]) for form in forms)


@pytest.mark.parametrize("sink", SINKS)
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_can_be_mistaken_for_something_else(name: str, sink: str):
    """No control, no half character, no override, and no line that a build system takes for an order."""
    written = hostilely(name, sink)
    written.encode("utf-8")
    assert not _HIDDEN.search(written)
    assert "##[" not in written
    orders = [line for line in written.splitlines() if line.lstrip().startswith("::")]
    if sink == "annotations":
        assert all(re.fullmatch(r"::(error|warning) file=[^,:]*,line=\d+,title=[^,:]*::.*", line) for line in orders)
        assert len(orders) == len(written.splitlines()) == len(plainly(sink)[0].splitlines())
    else:
        assert orders == []


@pytest.mark.parametrize("sink", [sink for sink in SINKS if sink.endswith("html")])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_page_gets_no_element_and_no_attribute(name: str, sink: str):
    page, harmless = page_of(hostilely(name, sink)), page_of(plainly(sink)[0])
    assert page.elements <= harmless.elements | {("span", ("class",))}
    assert not {tag for tag, _ in page.elements} & {"script", "img", "iframe", "object", "embed", "base", "form", "link", "input", "b", "i"}
    for attribute, value in page.attributes:
        assert not attribute.startswith("on")
        assert attribute not in ("href", "src", "action", "xlink:href") or value.startswith("#")


@pytest.mark.parametrize("sink", ["markdown", "github", "comparison markdown"])
@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_gets_no_markup(name: str, sink: str):
    tokens, harmless = markdown_tokens(hostilely(name, sink)), markdown_tokens(plainly(sink)[0])
    kinds = [token.type for token in tokens]
    assert set(kinds) <= {token.type for token in harmless}
    assert not set(kinds) & {"html_block", "html_inline", "image", "link_open"}
    for kind in ("heading_open", "th_open", "table_open", "bullet_list_open", "list_item_open", "fence"):
        assert kinds.count(kind) == [token.type for token in harmless].count(kind), kind


@cache
def validator(schema: Callable[[], dict[str, Any]]) -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def follows(document: Any, schema: Callable[[], dict[str, Any]]) -> None:
    validator(schema).validate(document)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_programs_read_follows_its_schema(name: str):
    follows(json.loads(hostilely(name, "json")), json_schema)
    follows(json.loads(hostilely(name, "comparison json")), comparison_schema)
    check_sarif(json.loads(hostilely(name, "sarif")))
    check_junit(hostilely(name, "junit"))
    harmless = ET.fromstring(plainly("junit")[0])
    assert [node.tag for node in ET.fromstring(hostilely(name, "junit")).iter()] == [node.tag for node in harmless.iter()]
    assert len(json.loads(hostilely(name, "sarif"))["runs"][0]["results"]) == len(json.loads(plainly("sarif")[0])["runs"][0]["results"])


def test_every_text_is_as_it_was_in_json():
    for name, text in HOSTILE.items():
        if name != "surrogate":
            there = set(strings(json.loads(hostilely(name, "json"))))
            assert [mark for mark in plainly("json")[1] if not any(mark + text in one for one in there)] == [], name


@pytest.mark.parametrize("name", HOSTILE)
def test_rows_on_a_terminal(name: str):
    """The tables and lines that every command prints."""
    from fmaudit.cli.output import print_fitting, print_json, print_rows

    text = HOSTILE[name]
    stream = io.StringIO()
    with redirect_stdout(stream):
        print_rows([(text, "b"), ("", text)], (text, "second"))
        print_fitting([(text, text)], ("a", "b"))
        print_json({"text": text, text: [text]})
    written = stream.getvalue()
    assert not _HIDDEN.search(written)
    assert "##[" not in written
    assert not [line for line in written.splitlines() if line.lstrip().startswith("::")]
    line = json.loads(written.splitlines()[-1])
    if name != "surrogate":
        assert line == {"text": text, text: [text]}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_notification_is_text(name: str):
    verdicts = Maker(HOSTILE[name]).value(tuple[Verdict, ...], "verdicts", 0)
    written = make_body(dataclasses.replace(Maker(HOSTILE[name]).record(Change), verdicts=verdicts, health="failing"))
    assert written.isascii()
    body = json.loads(written)
    told = [body[key] for key in ("audit", "sentence", "text", "run")] + [text for one in body["failed"] for text in one.values()]
    assert not [text for text in told if _HIDDEN.search(text.replace("@\u200b", "@"))]
    assert not re.search("[<>]", body["text"])  # of Slack's own markup
    assert normal(visible(HOSTILE[name])) in normal(body["failed"][0]["reason"])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_spreadsheet_runs_nothing(name: str):
    import csv

    tables = pytest.importorskip("fmaudit_dashboard.parts.tables")
    text = HOSTILE[name]
    header, row = list(csv.reader(io.StringIO(tables.csv_text([text], [{text: text}]), newline="")))
    for cell in (*header, *row):
        assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r")
        assert visible(text).replace("␀", "\\u0000") in visible(cell)


def test_charts_hold_hostile_names():
    import pyarrow as pa

    from fmaudit.records import Exhibit
    from fmaudit.report.document import ExhibitRow, RunStatus
    from fmaudit.report.html import render_html

    names = [text.encode("utf-8", "replace").decode() for text in HOSTILE.values()][:24]
    column = names[0]
    table = pa.table({column: names, "v": [1.0 + i for i in range(len(names))], "x": [str(i % 3) for i in range(len(names))]})
    encodings = {
        "bars": {"x": "v", "y": column}, "stacked": {"x": "v", "y": column, "color": column}, "line": {"x": "x", "y": "v", "color": column},
        "heatmap": {"x": "x", "y": column, "color": "v"}, "histogram": {"x": column, "y": "v"},
    }  # fmt: skip
    exhibits = [
        ExhibitRow(
            audit="a", target="t", exhibit=Exhibit(name=kind, title=column, caption=column, data=table, kind=kind, encoding=encoding)
        )
        for kind, encoding in encodings.items()
    ]
    data = ReportData(run_id="r", title="t", status=RunStatus.COMPLETE, created="", finished="", version="1", exhibits=tuple(exhibits))
    html = render_html(data)
    page = Page(html)
    assert html.count('<svg class="chart"') == len(encodings)
    assert not {tag for tag, _ in page.elements} & {
        "script",
        "img",
        "iframe",
        "image",
        "foreignobject",
        "a" if '<a href="http' in html else "script",
    }
    assert not [name for name, value in page.attributes if name.startswith("on") or (name in ("href", "src") and not value.startswith("#"))]
    assert not _HIDDEN.search(html)
    assert "alert(1)" in page.text


@pytest.mark.parametrize("sink", [sink for sink in SINKS if not sink.endswith("json")])
def test_very_long_texts_are_cut(sink: str):
    """A hundred thousand characters in every field make no sink too large to be shown, except JSON, which keeps all."""
    limits = {"html": 1_000_000, "github": 1 << 20, "markdown": 2_000_000, "terminal": 20_000, "annotations": 30_000}
    data, _ = report_of("A" * 30_000 + "<b>")
    assert len(SINKS[sink](data).encode()) < limits.get(sink.split()[-1], 50_000_000)
