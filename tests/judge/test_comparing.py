from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from compared_runs import CORPUS, MODEL, asked, crawled, metric, row, world

from fmaudit.errors import StatisticsError
from fmaudit.judge.change import change_of_intervals
from fmaudit.judge.comparing import Outcome, RunRows, compare_metrics
from fmaudit.judge.paired import ItemTable, paired_change
from fmaudit.judge.settings import changed_settings
from fmaudit.records import Interval, MetricStatus
from fmaudit.stats import clustered_mean, compare_paired, independent_difference


def outcomes(rng: np.random.Generator, n: int, discordance: float, drop: float) -> tuple[np.ndarray, np.ndarray]:
    """Seven in ten right; a share of the items changes sides, and `drop` more of them to wrong."""
    before, draws = rng.random(n) < 0.7, rng.random(n)
    return before, np.where(before, draws >= (discordance + drop) / 1.4, draws < (discordance - drop) / 0.6)


# -- the same items ----------------------------------------------------------------------------------------------


def test_the_same_items_are_compared_by_the_exact_test_on_pairs():
    before, after = outcomes(np.random.default_rng(1), 400, 0.1, 0.04)
    (one,) = compare_metrics(asked({"en": before}), asked({"en": after})).differences
    known = compare_paired(after, before)
    assert one.change is not None
    assert (one.change.value, one.change.p_value, one.change.interval) == (known.difference, known.p_value, known.interval)
    assert one.change.value == pytest.approx(one.after.value - one.before.value)
    assert one.change.shared == 400
    apart = compare_metrics(asked({"en": before}, paired=False), asked({"en": after}, paired=False)).differences[0].change
    assert apart is not None
    assert apart.interval.high - apart.interval.low > 1.5 * (known.interval.high - known.interval.low)


def test_the_order_of_the_rows_says_nothing():
    before, after = outcomes(np.random.default_rng(2), 300, 0.2, 0.05)
    names = [f"q{i}" for i in range(300)]
    mixed = np.random.default_rng(3).permutation(300)
    plain = compare_metrics(asked({"en": before}, names), asked({"en": after}, names))
    turned = compare_metrics(asked({"en": before}, names), asked({"en": after[mixed]}, [names[i] for i in mixed]))
    assert plain.differences == turned.differences


def test_a_drop_of_five_points_over_1319_items_is_found_eight_times_in_ten():
    found = 0
    for seed in range(60):
        before, after = outcomes(np.random.default_rng([5, seed]), 1319, 0.3, 0.05)
        (one,) = compare_metrics(asked({"en": before}), asked({"en": after})).differences
        found += one.outcome is Outcome.WORSE
    assert found >= 0.8 * 60


def test_runs_of_the_same_thing_raise_an_alarm_at_most_once_in_twenty():
    alarms = 0
    for seed in range(200):
        rng = np.random.default_rng([6, seed])
        chance = np.clip(rng.beta(2, 1, (100, 1)) + rng.normal(0, 0.05, (100, 3)), 0, 1)
        runs = [asked(dict(zip("abc", (rng.random((100, 3)) < chance).T, strict=True))) for _ in range(2)]
        alarms += any(one.sure for one in compare_metrics(*runs).differences)
    assert alarms <= 10


def test_items_that_only_one_run_has_still_count_in_the_change_of_the_metric():
    rng = np.random.default_rng(7)
    before, after = outcomes(rng, 500, 0.1, 0.05)
    names = [f"q{i}" for i in range(500)]
    old, new = asked({"en": before[:450]}, names[:450]), asked({"en": after[50:]}, names[50:])
    (one,) = compare_metrics(old, new).differences
    assert one.change is not None
    assert one.change.value == pytest.approx(one.after.value - one.before.value)
    assert one.change.shared == 400
    unpaired = change_of_intervals(one.before, one.after)
    assert unpaired is not None
    assert one.change.interval.high - one.change.interval.low < unpaired.interval.high - unpaired.interval.low


def test_values_of_the_same_items_in_clusters_give_the_clustered_mean_of_their_differences():
    rng = np.random.default_rng(8)
    clusters = np.repeat([f"c{i}" for i in range(20)], 5)
    first = rng.normal(0, 1, 100) + np.repeat(rng.normal(0, 1, 20), 5)
    second = first + 0.3 + rng.normal(0, 0.2, 100)
    tables = [
        ItemTable(pa.table({"item": [f"i{i}" for i in range(100)], "cluster": clusters, "value": values})) for values in (first, second)
    ]
    change = paired_change(tables[0].items({}), tables[1].items({}))
    known = clustered_mean(second - first, list(clusters))
    assert change is not None
    assert change.value == pytest.approx(known.value)
    width, known_width = (x.high - x.low for x in (change.interval, known.interval))
    assert width == pytest.approx(known_width, rel=0.25)


def test_over_all_languages_an_item_is_one_cluster():
    rng = np.random.default_rng(9)
    right = rng.random(300) < 0.7
    wrong = right & (rng.random(300) > 0.06)
    before, after = (asked(dict.fromkeys("abcdef", x)) for x in (right, wrong))
    overall = metric("accuracy", float(right.mean()), n=1800), metric("accuracy", float(wrong.mean()), n=1800)
    for run, one in zip((before, after), overall, strict=True):
        run.metrics.append(row(one))
    found = {tuple(one.after.slice.items()): one.change for one in compare_metrics(before, after).differences}
    together, alone = found[()], found[("language", "a"),]
    assert together is not None
    assert alone is not None
    width, one_width = (x.interval.high - x.interval.low for x in (together, alone))
    assert width == pytest.approx(one_width, rel=0.15)  # six copies of an item are no six items


def test_rows_that_do_not_add_up_to_the_metric_are_not_what_it_was_made_of():
    before, after = outcomes(np.random.default_rng(10), 300, 0.1, 0.05)
    old, new = asked({"en": before}), asked({"en": after})
    other = RunRows([row(metric("accuracy", 0.123, 0.1, 0.15, slice={"language": "en"}))], new.rows)
    (one,) = compare_metrics(old, other).differences
    assert one.change is not None
    assert one.change.method.startswith("square and add")


def test_rows_without_a_metric_of_their_name_become_one():
    before, after = outcomes(np.random.default_rng(11), 1000, 0.1, 0.06)
    old, new = (RunRows([], run.rows, {MODEL: {"accuracy": "higher"}}) for run in (asked({"en": before}), asked({"en": after})))
    (one,) = compare_metrics(old, new).differences
    assert one.name == "benchmark.accuracy{language=en}"
    assert one.outcome is Outcome.WORSE
    assert one.before.interval is not None


def test_items_that_did_not_change_still_leave_room_for_what_was_not_asked():
    right = np.arange(60) % 3 > 0
    clusters = [f"c{i // 3}" for i in range(60)]
    table = pa.table({"item": [f"i{i}" for i in range(60)], "cluster": clusters, "value": right})
    change = paired_change(ItemTable(table).items({}), ItemTable(table).items({}))
    assert change is not None
    assert (change.value, change.p_value) == (0.0, 1.0)
    assert change.interval.low < 0 < change.interval.high


def test_a_table_without_items_is_refused():
    with pytest.raises(StatisticsError, match="no column item"):
        ItemTable(pa.table({"value": [1.0]}))


# -- from intervals ----------------------------------------------------------------------------------------------


def test_without_rows_the_intervals_are_squared_and_added():
    old, new = metric(value=0.5, low=0.42, high=0.6), metric(value=0.7, low=0.61, high=0.78)
    (one,) = compare_metrics(RunRows([row(old)]), RunRows([row(new)])).differences
    known = independent_difference(0.7, Interval(0.61, 0.78), 0.5, Interval(0.42, 0.6))
    assert one.change is not None
    assert (one.change.interval.low, one.change.interval.high) == (known.low, known.high)
    assert (one.change.p_value < 0.05) == (known.low > 0)


def test_a_p_value_is_below_five_percent_just_where_the_interval_leaves_zero_out():
    for value in np.linspace(0.5, 0.9, 41):
        change = change_of_intervals(metric(value=0.5, low=0.38, high=0.66), metric(value=value, low=value - 0.1, high=value + 0.07))
        assert change is not None
        assert (change.p_value < 0.05) == (change.interval.low > 0), value


def test_sources_in_both_runs_narrow_the_interval_of_a_share():
    rng = np.random.default_rng(12)
    first = world(rng, 200, [0.6, 0.3, 0.1])
    second = np.maximum(first + rng.integers(-1, 2, first.shape), 0.0) * (first > 0)
    shared = compare_metrics(crawled(first), crawled(second)).differences
    apart = compare_metrics(crawled(first), crawled(second, [f"g{i}" for i in range(200)])).differences
    for one, other in zip(sorted(shared, key=lambda d: d.name), sorted(apart, key=lambda d: d.name), strict=True):
        assert one.change is not None
        assert other.change is not None
        assert one.change.interval.high - one.change.interval.low < 0.5 * (other.change.interval.high - other.change.interval.low)
        assert other.change.interval == change_of_intervals(other.before, other.after).interval


def test_what_surely_changed_comes_first_and_the_rest_says_what_could_have_been_seen():
    better = {MODEL: {"up": "higher", "down": "lower"}}
    shifted = {"up": 0.2, "down": 0.2, "side": 0.2, "still": 0.0}
    old = RunRows([row(metric(name, 0.5, 0.47, 0.53)) for name in shifted])
    new = RunRows([row(metric(name, 0.5 + by, 0.47 + by, 0.53 + by)) for name, by in shifted.items()], better=better)
    found = compare_metrics(old, new).differences
    assert [(one.after.name, one.outcome) for one in found] == [
        ("down", Outcome.WORSE), ("side", Outcome.CHANGED), ("up", Outcome.BETTER), ("still", Outcome.UNSEEN),
    ]  # fmt: skip
    assert found[-1].change is not None
    assert found[-1].change.detectable == pytest.approx(2.80 * np.hypot(0.03, 0.03) / 1.96, rel=0.01)


def test_one_small_p_value_among_hundreds_of_metrics_is_no_alarm():
    rng = np.random.default_rng(13)
    values = {f"m{i}": 0.5 + rng.normal(0, 0.01) for i in range(300)}
    old = RunRows([row(metric(name, 0.5, 0.48, 0.52)) for name in values])
    new = RunRows([row(metric(name, value, value - 0.02, value + 0.02)) for name, value in values.items()])
    found = compare_metrics(old, new).differences
    assert not any(one.sure for one in found)
    assert any(one.outcome is Outcome.LIKELY for one in found)


def test_metrics_of_one_run_only_and_without_a_value_or_in_another_unit_are_listed():
    old = RunRows([row(metric("gone")), row(metric("few")), row(metric("unit")), row(metric("bare", interval=None))])
    few = metric("few", None, status=MetricStatus.INSUFFICIENT, note="n < 30")
    new = RunRows([row(metric("come")), row(few), row(metric("unit", unit="ratio")), row(metric("bare", 0.75, interval=None))])
    found = compare_metrics(old, new)
    assert found.only_before == (("benchmark.gone", "chat"),)
    assert found.only_after == (("benchmark.come", "chat"),)
    by_name = {one.after.name: one for one in found.differences}
    assert by_name["few"].outcome is Outcome.ABSENT
    assert "n < 30" in by_name["few"].note
    assert by_name["unit"].outcome is Outcome.ABSENT
    assert "ratio after" in by_name["unit"].note
    assert by_name["bare"].outcome is Outcome.UNJUDGED
    assert by_name["bare"].value == 0.25


def test_shifts_of_shares_are_found_beside_the_metrics():
    rng = np.random.default_rng(14)
    counts = world(rng, 300, [0.6, 0.25, 0.1, 0.05], 0.1)
    grown = counts.copy()
    grown[:, 3] *= 3
    found = compare_metrics(crawled(counts), crawled(grown))
    (drift,) = found.drifts
    assert drift.sure
    assert (drift.audit, drift.target) == CORPUS
    assert drift.contributions[0].part == "l3"


# -- settings ----------------------------------------------------------------------------------------------------

PLAN = {
    "settings": {"corpus": {"web": {"sample": 1.0}}, "model": {"chat": {"uri": "hf:a"}}, "check": [{"max": 1}]},
    "corpora": {"web": {"files": [{"path": "a.jsonl", "size": 3, "fingerprint": "1"}], "fingerprints": {"language": "x"}}},
    "audits": [{"audit": "benchmark", "target": "chat", "version": "1", "plugin_version": "2", "parameters": {"chat": True}}],
    "plugins": [{"name": "domain-gap", "version": "2", "state": "loaded"}],
    "environment": {"numpy": "2.4.6"},
    "seed": 0,
}


def test_the_same_plan_has_no_changed_settings():
    assert changed_settings(PLAN, {**PLAN, "created": "later", "settings": {**PLAN["settings"], "check": []}}) == ()


def test_every_setting_that_can_change_a_number_is_named():
    other = {
        **PLAN,
        "settings": {**PLAN["settings"], "corpus": {"web": {"sample": 0.5}}, "model": {"chat": {"uri": "hf:b"}}},
        "corpora": {"web": {"files": [{"path": "a.jsonl", "size": 4, "fingerprint": "2"},
                                      {"path": "b.jsonl", "size": 1, "fingerprint": "3"}],
                            "fingerprints": {"language": "y"}}},
        "audits": [{**PLAN["audits"][0], "version": "2", "parameters": {"chat": False}},
                   {**PLAN["audits"][0], "audit": "alignment", "parameters": {"samples": 3}}],
        "environment": {"numpy": "2.5.0"},
        "seed": 1,
    }  # fmt: skip
    modes = (
        {"chat": {"identity": "1", "numeric_mode": "float32;threads=1"}},
        {"chat": {"identity": "1", "numeric_mode": "float32;threads=2"}},
    )
    found = {change.name: (change.before, change.after) for change in changed_settings(PLAN, other, modes)}
    assert found == {
        "audit.alignment on chat": ("", "there"),
        "audit.benchmark on chat: chat": ("True", "False"),
        "audit.benchmark on chat: version": ("1 (plugin 2)", "2 (plugin 2)"),
        "corpus.web: code and settings of language": ("x", "y"),
        "corpus.web: files": ("1 file", "2 files (1 new: b.jsonl; 1 changed: a.jsonl)"),
        "corpus.web: sample": ("1.0", "0.5"),
        "environment: numpy": ("2.4.6", "2.5.0"),
        "model.chat: numeric mode": ("threads=1", "threads=2"),
        "model.chat: uri": ("hf:a", "hf:b"),
        "run.seed": ("0", "1"),
    }


def test_slices_that_nothing_is_in_hide_no_difference():
    """Shares of sixty languages of which four are there: one that moved is not drowned by those that cannot."""
    there = [(0.5, 0.4), (0.3, 0.42), (0.1, 0.09), (0.1, 0.09)]
    sides = ([], [])
    for number in range(60):
        for side, value in zip(sides, there[number] if number < len(there) else (0.0, 0.0), strict=True):
            low, high = (value - 0.03, value + 0.03) if value else (0.0, 0.06)
            side.append(row(metric("share", value, low, high, slice={"language": f"l{number:02d}"}), *CORPUS))
    found = compare_metrics(RunRows(sides[0]), RunRows(sides[1])).differences
    empty = [one for one in found if one.before.value == 0.0]
    assert {one.q_value for one in empty} == {1.0}
    assert {one.outcome for one in empty} == {Outcome.UNSEEN}
    judged = {one.after.slice["language"]: one for one in found}
    smallest = judged["l01"]
    assert smallest.change is not None
    assert smallest.q_value == pytest.approx(4 * smallest.change.p_value)
    assert smallest.sure


def test_one_shift_among_many_wholes_is_found():
    """Forty corpora of which one shifted: a thousand draws alone could not tell it from chance."""
    rng = np.random.default_rng(40)
    before, after = {}, {}
    for number in range(40):
        old = rng.poisson(20.0, (30, 4)).astype(float)
        new = rng.poisson(20.0, (30, 4)).astype(float)
        if number == 17:
            new[:, 0] *= 3
        for side, counts in ((before, old), (after, new)):
            side[("corpus-language", f"c{number}")] = {"share": crawled(counts).rows[CORPUS]["share"]}
    found = compare_metrics(RunRows([], before), RunRows([], after)).drifts
    assert [drift.target for drift in found if drift.q_value <= 0.025] == ["c17"]
