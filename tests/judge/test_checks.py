from __future__ import annotations

import pytest
from pydantic import ValidationError

from fmaudit.config import CheckSettings
from fmaudit.judge import judge_checks, unknown_metrics
from fmaudit.records import Interval, Metric, MetricStatus, VerdictStatus
from fmaudit.store.results import MetricRow


def row(value: float | None, low: float = 0, high: float = 0, **rest) -> MetricRow:
    interval = Interval(low, high) if value is not None else None
    metric = Metric(name="share", value=value, unit="fraction", n=100, interval=interval, slice={"language": "en"}, **rest)
    return MetricRow(audit="corpus-language", target="web", metric=metric)


NAME = "corpus-language.share{language=en}"


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"max": 0.6}, VerdictStatus.PASS),
        ({"max": 0.5}, VerdictStatus.INCONCLUSIVE),
        ({"max": 0.4}, VerdictStatus.FAIL),
        ({"min": 0.4}, VerdictStatus.PASS),
        ({"min": 0.5}, VerdictStatus.INCONCLUSIVE),
        ({"min": 0.6}, VerdictStatus.FAIL),
        ({"max": 0.5, "on": "value"}, VerdictStatus.PASS),
        ({"min": 0.1, "max": 0.4}, VerdictStatus.FAIL),
    ],
)
def test_the_whole_interval_decides(limits: dict, expected: VerdictStatus):
    verdicts = judge_checks([CheckSettings(metric=NAME, **limits)], [row(0.5, 0.45, 0.55)])
    assert [verdict.status for verdict in verdicts] == [expected]


def test_a_metric_nobody_measured_is_named_with_a_suggestion():
    (verdict,) = judge_checks([CheckSettings(metric="corpus-language.shar{language=en}", max=1)], [row(0.5, 0.4, 0.6)])
    assert verdict.status is VerdictStatus.NOT_MEASURED
    assert NAME in verdict.reason


def test_too_few_observations_are_no_pass():
    (verdict,) = judge_checks([CheckSettings(metric=NAME, max=1)], [row(None, status=MetricStatus.INSUFFICIENT, note="n < 30")])
    assert verdict.status is VerdictStatus.NOT_MEASURED
    assert "n < 30" in verdict.reason


def test_an_exact_number_has_no_bounds_to_speak_of():
    passed, failed = (judge_checks([CheckSettings(metric=NAME, max=limit)], [row(0.5, 0.5, 0.5)])[0] for limit in (0.6, 0.4))
    assert (passed.status, passed.reason) == (VerdictStatus.PASS, "0.5 lies within the limits")
    assert (failed.status, failed.reason) == (VerdictStatus.FAIL, "0.5 is above 0.4")


def test_blanks_in_a_metrics_name_do_not_matter():
    (verdict,) = judge_checks([CheckSettings(metric="corpus-language.share{ language = en }", max=1)], [row(0.5, 0.4, 0.6)])
    assert verdict.status is VerdictStatus.PASS


def test_a_check_holds_for_every_target_unless_it_names_one():
    rows = [row(0.5, 0.4, 0.6), MetricRow(audit="corpus-language", target="books", metric=row(0.9, 0.85, 0.95).metric)]
    assert [v.target for v in judge_checks([CheckSettings(metric=NAME, max=1)], rows)] == ["web", "books"]
    assert [v.target for v in judge_checks([CheckSettings(metric=NAME, max=1, target="books")], rows)] == ["books"]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({"max": 0.6}, VerdictStatus.NOT_MEASURED), ({"max": 0.5}, VerdictStatus.INCONCLUSIVE), ({"min": 0.6}, VerdictStatus.FAIL)],
)
def test_a_change_that_nobody_judged_never_passes(limits: dict, expected: VerdictStatus):
    (verdict,) = judge_checks([CheckSettings(metric=NAME, max_change=0.01, **limits)], [row(0.5, 0.45, 0.55)])
    assert verdict.status is expected
    assert "the change was not judged" in verdict.reason


@pytest.mark.parametrize("limits", [{"max": float("nan")}, {"min": float("-inf")}, {"max_change": float("inf")}, {"min": 2.0, "max": 1.0}])
def test_limits_that_nothing_can_meet_or_miss_are_refused(limits: dict):
    with pytest.raises(ValidationError):
        CheckSettings(metric=NAME, **limits)
    CheckSettings(metric=NAME, min=1.0, max=1.0)


def test_checks_of_what_no_audit_produced_are_told_apart_from_what_had_no_value():
    rows = [row(None, status=MetricStatus.INSUFFICIENT, note="n < 30")]
    names = (NAME, "corpus-language.shar{language=en}", "corpus-language.share{ language=en }")
    checks = [CheckSettings(metric=name, max=1) for name in names]
    verdicts = judge_checks([*checks, CheckSettings(metric=NAME, max=1, target="books")], rows)
    assert {verdict.status for verdict in verdicts} == {VerdictStatus.NOT_MEASURED}
    assert [verdict.check for verdict in unknown_metrics(verdicts, rows)] == [verdicts[1].check, verdicts[3].check]
    assert "on 'books'" in verdicts[3].reason
    assert "measured on web" in verdicts[3].reason
