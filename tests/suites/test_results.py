"""What suites share when they show results: rows parted, shares that are surely too large, answers cut off, bars."""

from __future__ import annotations

import random
import re
from math import inf
from typing import Any

import numpy as np
import pytest

from fmaudit import Exhibit, Finding, Interval, Metric, MetricStatus, results, stats


def row(item: str, finish: str = "stop", **columns: Any) -> dict[str, Any]:
    return {"item": item, "finish": finish, **columns}


def test_rows_are_parted_by_the_values_of_a_column_in_order_and_those_without_one_left_out() -> None:
    rows = [row("1", kind="b"), row("2", kind="a"), row("3", kind=""), row("4", kind="b")]
    parts = results.groups(rows, "kind")
    assert list(parts) == ["a", "b"]
    assert [each["item"] for each in parts["b"]] == ["1", "4"]


def test_rows_are_gathered_by_item_in_the_order_of_first_occurrence() -> None:
    rows = [row("x", sample=0), row("a", sample=0), row("x", sample=1)]
    assert {item: len(part) for item, part in results.by_item(rows).items()} == {"x": 2, "a": 1}
    assert list(results.by_item(rows)) == ["x", "a"]


@pytest.mark.parametrize(("cut", "n", "warned"), [(2, 10, False), (15, 100, False), (20, 100, True), (10, 10, True), (0, 50, False)])
def test_answers_cut_off_are_warned_of_by_the_bound_of_the_interval(cut: int, n: int, warned: bool) -> None:
    """2 of 10 may well be 5 %; 15 of 100 may be 9 %."""
    rows = [row(str(i), "length" if i < cut else "stop") for i in range(n)] + [row("scored", "")]
    metric, *findings = results.truncated("cut_rate", rows, 5, "read as they were")
    assert isinstance(metric, Metric)
    assert (metric.value, metric.n) == (cut / n, n)
    assert bool(findings) == warned == results.often(metric)
    assert all(isinstance(each, Finding) and each.code == "cut-rate" and "interval" in each.sentence for each in findings)


def test_what_counts_as_cut_off_may_be_said() -> None:
    rows = [row(str(i), "stop", cut=i % 2 == 0) for i in range(20)]
    metric, finding = results.truncated("cut_rate", rows, 5, "left out", cut=lambda each: bool(each["cut"]))
    assert metric.value == 0.5  # type: ignore[union-attr]
    assert isinstance(finding, Finding)


def test_a_share_without_an_interval_is_not_often() -> None:
    assert not results.often(results.insufficient("x", "fraction", {}, 3, "too few"))


def test_bars_show_metrics_with_values_and_need_two() -> None:
    two = [("a", results.rate("x", [True, False] * 10)), ("b", results.rate("x", [True] * 20))]
    none = ("c", results.insufficient("x", "fraction", {}, 0, ""))
    (chart,) = results.bars("name", "Title", [*two, none], "caption")
    assert isinstance(chart, Exhibit)
    assert chart.kind == "bars"
    assert chart.data.column("group").to_pylist() == ["a", "b"]
    assert all(each["low"] <= each["value"] <= each["high"] for each in chart.data.to_pylist())
    assert list(results.bars("name", "Title", [two[0], none], "caption")) == []


def test_a_table_is_an_exhibit_of_its_rows() -> None:
    made = results.table("t", "Title", [{"a": 1}, {"a": 2}], "caption", unit="count")
    assert made.data.to_pylist() == [{"a": 1}, {"a": 2}]
    assert made.caption == "caption"


def test_several_samples_an_item_are_compared_by_item() -> None:
    """40 items of 5 samples: the arms differ by a fifth on every item, or on none, and n counts answers, clusters items."""
    first = {str(i): [1, 1, 0, 0, i % 2] for i in range(40)}
    second = {str(i): [1, 0, 0, 0, i % 2] for i in range(40)}
    metric, test = results.paired_shares("x", first, second)
    assert metric.value == pytest.approx(0.2)
    assert (metric.n, metric.n_clusters) == (400, 40)
    assert metric.interval is not None
    assert 0.0 < metric.interval.low < 0.2 < metric.interval.high  # wider than nothing, though all items moved alike
    assert test.p_value < 0.001
    same, test = results.paired_shares("x", first, first)
    assert same.value == 0.0
    assert test.p_value == 1.0


def test_one_yes_or_no_an_item_is_the_plain_paired_comparison() -> None:
    first, second = {str(i): i % 3 == 0 for i in range(30)}, {str(i): i % 2 == 0 for i in range(30)}
    plain, _ = results.paired_difference("x", first, second)
    shares, _ = results.paired_shares("x", {k: [float(v)] for k, v in first.items()}, {k: [float(v)] for k, v in second.items()})
    assert shares == plain


def test_intervals_of_shares_cover_and_equal_arms_alarm_seldom() -> None:
    rng, inside, alarms = np.random.default_rng(2), 0, 0
    for _ in range(120):
        own = rng.uniform(0.1, 0.7, 25)
        first, second, again = (rng.random((25, 3)) < (own + lift)[:, None] for lift in (0.2, 0.0, 0.0))
        arms = [{str(i): list(map(float, line)) for i, line in enumerate(arm)} for arm in (first, second, again)]
        metric, _ = results.paired_shares("x", arms[0], arms[1])
        assert metric.interval is not None
        inside += metric.interval.low <= 0.2 <= metric.interval.high
        alarms += results.paired_shares("x", arms[1], arms[2])[1].p_value <= 0.05
    assert 0.9 <= inside / 120 <= 0.99
    assert alarms <= 0.1 * 120


def test_one_item_is_an_item() -> None:
    assert results.rate("x", [True], minimum=5).note == "1 item answered, and 5 are needed"
    assert results.rate("x", [True] * 3, minimum=5).note == "3 items answered, and 5 are needed"
    assert results.rate("x", []).note == "0 items answered, and 1 is needed"
    assert results.average("x", [1.0]).note == "1 item answered, and 2 are needed"


@pytest.mark.parametrize(("n", "told"), [(5, "no difference would be found"), (100, "a difference of 7.9 points would be found")])
@pytest.mark.parametrize("samples", [1, 3])
def test_no_difference_at_all_says_what_would_have_been_found(n: int, told: str, samples: int) -> None:
    arm = {str(i): [float(i % 2)] * samples for i in range(n)}
    metric, test = results.paired_shares("x", arm, arm)
    assert (metric.value, test.p_value) == (0.0, 1.0)
    assert metric.note == f"p = 1, 0 of {n} items differ; {told} with 80 % power"


def test_the_difference_that_a_note_promises_to_find_is_found() -> None:
    """Power is about 80 %: of yes and no where few change sides by chance, and of shares of samples."""
    rng = np.random.default_rng(3)
    promised = stats.mde_mcnemar(60, 0)
    assert promised is not None
    found = sum(
        stats.mcnemar(int(rng.binomial(60, promised)), 0, 60).p_value <= 0.05  # all that change do so one way
        for _ in range(400)
    )
    assert 0.75 <= found / 400 <= 0.92  # a binomial varies less than the Poisson it is promised from

    own = rng.uniform(0.2, 0.6, 40)

    def pair(lift: float) -> tuple[Metric, Any]:
        arms = [{str(i): list(map(float, line)) for i, line in enumerate(rng.random((40, 4)) < (own + by)[:, None])} for by in (lift, 0.0)]
        return results.paired_shares("x", *arms)

    told = [float(pair(0.0)[0].note.split("a difference of ")[1].split(" points")[0]) for _ in range(30)]
    lift = sum(told) / len(told) / 100
    assert 0.65 <= sum(pair(lift)[1].p_value <= 0.05 for _ in range(150)) / 150 <= 0.93


def test_too_few_shared_items_are_said() -> None:
    metric, test = results.paired_shares("x", {"a": [0.5], "b": [1.0]}, {"a": [0.5]}, minimum=2)
    assert (metric.value, test) == (None, None)
    assert "1 item was answered in both arms, 2 are needed" in metric.note


def test_a_bounded_mean_keeps_its_interval_inside_and_is_not_certain_where_all_values_are_alike() -> None:
    alike = results.average("x", [1.0] * 12, within=(-1.0, 1.0))
    third = results.average("x", [1 / 3] * 12, within=(0.0, 1.0))
    mixed = results.average("x", [1.0] * 11 + [-1.0], within=(-1.0, 1.0))
    free = results.average("x", [1.0] * 12)
    assert free.interval is not None
    assert free.interval.low == free.interval.high
    for metric, least in ((alike, -1.0), (third, 0.0), (mixed, -1.0)):
        assert metric.interval is not None
        assert metric.value is not None
        assert least <= metric.interval.low < metric.value <= metric.interval.high <= 1.0
    assert alike.interval is not None
    assert alike.interval.low == pytest.approx(1.0 - 2 * 0.2646, abs=2e-3)  # 0 of 12 exclude no share below it, and it may be at -1
    assert third.interval is not None
    assert third.interval.high == pytest.approx(1 / 3 + 0.2646 * 2 / 3, abs=2e-3)
    nats = results.average("x", [0.0] * 12, within=(0.0, 2.0))
    assert nats.interval is not None
    assert (nats.interval.low, nats.interval.high) == pytest.approx((0.0, 2 * 0.2646), abs=2e-3)


def test_where_all_values_are_alike_the_interval_holds_the_mean_of_values_at_the_other_end_too() -> None:
    """Of values that are 1, and -1 with a chance of 13 %, 12 alike are drawn in one of five samples: their interval has to reach 0.74."""
    draw = random.Random(3)
    missed = 0
    for _ in range(500):
        metric = results.average("x", [-1.0 if draw.random() < 0.13 else 1.0 for _ in range(12)], within=(-1.0, 1.0))
        assert metric.interval is not None
        alike = metric.interval.method.startswith("all items alike")
        missed += alike and not metric.interval.low <= 1.0 - 2 * 0.13 <= metric.interval.high
    assert missed == 0


def test_a_mean_with_one_end_keeps_to_it() -> None:
    metric = results.average("x", [0.0, 0.0, 0.0, 0.9], within=(0.0, inf))
    assert metric.interval is not None
    assert metric.interval.low == 0.0 < metric.interval.high < inf


def test_recorded_answers_without_an_ending_are_no_answers_that_were_not_cut() -> None:
    (metric,) = results.truncated("cut_rate", [row(str(i), "") for i in range(20)], 5, "read as they were")
    assert isinstance(metric, Metric)
    assert (metric.value, metric.status, metric.note) == (None, MetricStatus.UNDEFINED, "no answer says how it ended")


def test_the_size_of_a_difference_has_the_interval_of_the_size() -> None:
    below = Interval(-0.441, -0.154)
    assert results.size_span(below, -0.311) == "95% interval 15.4 points to 44.1 points"
    assert results.size_span(Interval(-0.02, 0.3), 0.1) == "95% interval -2.0 points to 30.0 points"


def test_a_factor_scales_all_figures_of_a_paired_difference() -> None:
    """What opposite arms say twice is half of their difference: value, interval, and the difference that would have been found."""
    first, second = {str(i): i < 30 for i in range(60)}, {str(i): i < 15 for i in range(60)}
    whole, half = (results.paired_difference("d", first, second, factor=factor)[0] for factor in (1.0, 0.5))
    assert whole.value == 2 * (half.value or 0.0) == 0.25
    assert whole.interval is not None
    assert half.interval is not None
    assert (whole.interval.low, whole.interval.high) == (2 * half.interval.low, 2 * half.interval.high)
    told = [float(re.findall(r"a difference of ([\d.]+) points", metric.note)[0]) for metric in (whole, half)]
    assert told[1] == pytest.approx(told[0] / 2, abs=0.06)
    assert [metric.note.partition(";")[0] for metric in (whole, half)] == ["p < 0.001, 15 of 60 items differ"] * 2


@pytest.mark.parametrize("n", [2, 3, 5])
def test_of_pairs_so_few_that_no_test_is_significant_no_difference_is_promised(n: int) -> None:
    yes, no = {str(i): True for i in range(n)}, {str(i): False for i in range(n)}
    metric, _ = results.paired_difference("change", yes, no, minimum=2)
    assert "no difference would be found" in metric.note
    shares = {str(i): [0.2 + 0.1 * i, 0.5] for i in range(n)}
    metric, _ = results.paired_shares("change", shares, {item: [0.5, 0.5] for item in shares}, minimum=2)
    assert "no difference would be found" in metric.note
