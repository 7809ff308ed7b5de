"""A comparison and a trend in the formats: the same facts in each, from the same rows."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "judge"))
from compared_runs import asked, crawled
from factories import web_report

from fmaudit.judge.comparing import Comparison, compare_metrics
from fmaudit.judge.level import shift_of
from fmaudit.judge.settings import SettingChange
from fmaudit.records import Interval, Metric, MetricStatus
from fmaudit.report.changes import Sizes, changes_view, setting_words
from fmaudit.report.document import ReportData, Trend, TrendRun, TrendSeries
from fmaudit.report.formats import render, render_comparison
from fmaudit.report.json_report import comparison_schema, json_schema
from fmaudit.report.trends import touching, trend_view


@pytest.fixture(scope="module")
def dropped() -> Comparison:
    """A model that lost 40 of 200 answers, and settings that changed, too."""
    before, after = (
        asked({"en": [True] * 160 + [False] * 40, "te": [True] * 9}),
        asked({"en": [True] * 120 + [False] * 80, "te": [True] * 9}),
    )
    found = compare_metrics(before, after)
    settings = (
        SettingChange(name="model.chat: identity", before="a" * 64, after="b" * 64),
        SettingChange(name="audit.x on y", before="there", after=""),
    )
    return replace(found, before="run-0001", after="run-0002", settings=settings)


@pytest.fixture(scope="module")
def shifted() -> Comparison:
    import numpy as np

    rng = np.random.default_rng(1)
    counts = [np.array([rng.multinomial(40, shares) for _ in range(60)], dtype=float) for shares in ((0.6, 0.3, 0.1), (0.4, 0.3, 0.3))]
    return replace(compare_metrics(crawled(counts[0]), crawled(counts[1])), before="run-0001", after="run-0002")


def compared(comparison: Comparison) -> ReportData:
    return replace(web_report(), comparison=comparison, baseline="named: run-0001")


def test_every_format_names_the_drop_its_interval_its_chance_and_what_else_changed(dropped: Comparison):
    (one,) = [each for each in dropped.differences if each.sure]
    assert one.change is not None
    low = f"{one.change.interval.low * 100:.1f}".replace("-", "−")
    for text in (
        render_comparison("html", dropped),
        render_comparison("markdown", dropped),
        *(render(name, compared(dropped), {}) for name in ("html", "markdown")),
    ):
        plain = text.replace("\\", "").replace("-", "−")
        assert "benchmark.accuracy" in plain
        assert "−20.0" in plain
        assert low in plain
        assert "surely worse" in plain
        assert "aaaaaaaaaaaa…" in plain
        assert "could see" in plain  # of what was not seen to change
    document = json.loads(render_comparison("json", dropped))
    assert document["differences"][0]["low"] == one.change.interval.low
    assert document["settings"][0]["before"] == "a" * 64


def test_both_documents_follow_the_schema(dropped: Comparison, shifted: Comparison):
    for comparison in (dropped, shifted):
        jsonschema.validate(json.loads(render_comparison("json", comparison)), comparison_schema())
        report = json.loads(render("json", replace(compared(comparison), trend=a_trend()), {}))
        jsonschema.validate(report, json_schema())
        assert report["comparison"] == json.loads(render_comparison("json", comparison))
    jsonschema.validate(json.loads(render("json", web_report(), {})), json_schema())


def test_the_schema_refuses_what_is_no_comparison(dropped: Comparison):
    broken = json.loads(render_comparison("json", dropped))
    broken["differences"][0]["outcome"] = "perhaps"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, comparison_schema())


def test_a_shift_is_drawn_with_the_part_that_moved_most_first(shifted: Comparison):
    view = changes_view(shifted)
    assert {row["part"] for row in view["drifts"][0]["rows"][:2]} == {"l0", "l2"}
    html = render_comparison("html", shifted)
    assert html.index(">l2</th>") < html.index(">l1</th>")
    assert "shifted" in html


def test_equal_runs_give_equal_bytes(dropped: Comparison):
    for name in ("html", "markdown", "json"):
        assert render_comparison(name, dropped) == render_comparison(name, dropped)
    data = replace(compared(dropped), trend=a_trend())
    for name in ("html", "markdown", "json", "junit", "sarif", "github"):
        assert render(name, data, {}) == render(name, data, {})


def test_what_is_left_out_is_counted(dropped: Comparison):
    many = replace(dropped, differences=dropped.differences * 300)
    view = changes_view(many, Sizes(sure=5, rest=7))
    assert (len(view["sure"]), view["sure_more"]) == (5, 295)
    assert len(view["rest"]) + view["rest_more"] == len(many.differences) - 300
    page = render("html", compared(many), {})
    assert "more that surely changed" in page
    assert len(page.encode()) < 1_000_000


def test_a_side_without_a_setting_says_so():
    assert setting_words({"before": "", "after": "there"}) == ("–", "only here")
    assert setting_words({"before": "3", "after": ""}) == ("3", "–")
    same = {"before": "a" * 64 + " x", "after": "a" * 64 + " y"}
    assert setting_words(same) == ("aaaaaaaaaaaa… x", "aaaaaaaaaaaa… y")
    far = {"before": "ab" * 32, "after": "ab" * 31 + "ba"}
    assert setting_words(far) == (far["before"], far["after"])


# -- trend -------------------------------------------------------------------------------------------------------


def a_trend(values: tuple[float | None, ...] = (0.4, 0.42, None, 0.55)) -> Trend:
    changes = {
        1: (SettingChange(name="corpus.web: limit", before="none", after="9"),),
        3: (SettingChange(name="model.chat: identity", before="x", after="y"),),
    }
    runs = tuple(
        TrendRun(id=f"run-{i + 1:04d}-20261122", created=f"2026-11-{i + 1:02d}T05:00:00+00:00", changes=changes.get(i, ()))
        for i in range(len(values))
    )
    metrics = tuple(_measured(value) for value in values)
    shift = shift_of(metrics, [run.id for run in runs])
    one = TrendSeries(audit="corpus-language", target="web", name="corpus-language.share{language=en}", metrics=metrics, shift=shift)
    return Trend(runs=runs, series=(one,))


def _measured(value: float | None) -> Metric:
    if value is None:
        return Metric(name="share", value=None, unit="fraction", n=0, slice={"language": "en"}, status=MetricStatus.UNDEFINED)
    return Metric(name="share", value=value, unit="fraction", n=50, slice={"language": "en"}, interval=Interval(value - 0.05, value + 0.05))


def heights(path: str) -> list[float]:
    return [float(pair.split()[1]) for pair in re.findall(r"[\d.]+ [\d.]+", path)]


def test_a_line_rises_with_its_values_within_its_band_and_breaks_where_there_is_none():
    (series,) = trend_view(a_trend())["series"]
    drawing = series["drawing"]
    assert len(drawing["lines"]) == 2  # two runs, a gap, one run
    first, second = heights(drawing["lines"][0])
    (last,) = heights(drawing["lines"][1])
    assert first > second > last  # higher values stand higher
    band = heights(drawing["bands"][0])
    assert min(band) < second < first < max(band)
    assert len(drawing["whiskers"]) == 1
    assert len(drawing["gaps"]) == 1
    assert min(band) >= 18
    assert max(band) <= 84


def test_a_run_in_which_something_else_changed_is_marked_only_where_the_metric_can_depend_on_it():
    (series,) = trend_view(a_trend())["series"]
    assert [mark["number"] for mark in series["drawing"]["marks"]] == [1]  # another model changes nothing about a corpus
    assert [change["mark"] for change in trend_view(a_trend())["changes"]] == [1, 2]
    versions = [
        SettingChange(name="environment: fmaudit", before="1", after="2"),
        SettingChange(name="corpus.web2: limit", before="1", after="2"),
    ]
    assert [one.name for one in touching(versions, "corpus-language", "web")] == ["environment: fmaudit"]


def test_a_level_that_shifted_is_told_in_every_format():
    data = replace(web_report(), trend=a_trend((0.4, 0.41, 0.39, None, 0.4, 0.7, 0.71)))
    told = "Its level rose with run-0006-20261122."
    assert told in render("html", data, {})
    assert "rose with run-0006-20261122" in render("markdown", data, {}).replace("\\", "")
    (series,) = json.loads(render("json", data, {}))["trend"]["series"]
    assert series["shift"] == {"direction": 1, "since": "run-0006-20261122", "sure": "run-0006-20261122"}
    jsonschema.validate(json.loads(render("json", data, {})), json_schema())


def test_the_trend_is_in_every_format():
    data = replace(web_report(), trend=a_trend())
    html = render("html", data, {})
    assert html.count('<svg class="trend"') == 1
    assert "▼1" in html
    assert "corpus.web: limit: none → 9" in html
    assert "40 %, 42 %, undefined, 55 %" in render("markdown", data, {})
    points = json.loads(render("json", data, {}))["trend"]["series"][0]["points"]
    assert [point["value"] for point in points] == [0.4, 0.42, None, 0.55]


def test_a_metric_that_never_changes_is_a_line_in_the_middle():
    (series,) = trend_view(a_trend((0.5, 0.5, 0.5)))["series"]
    assert len(set(heights(series["drawing"]["lines"][0]))) == 1


def test_a_metric_that_no_run_measured_is_said_to_be_so():
    (series,) = trend_view(a_trend((None, None, None)))["series"]
    assert series["drawing"] is None
    assert "not measured in any of 3 runs" in series["described"]
