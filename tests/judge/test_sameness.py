"""What is known to be the same did not change at all; what only looks alike may have."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from compared_runs import CORPUS, asked, crawled, metric, row, world

from fmaudit.config import CheckSettings
from fmaudit.judge import Baseline, judge_checks
from fmaudit.judge.comparing import RunRows, compare_metrics, compare_rows
from fmaudit.judge.paired import ItemTable, paired_change
from fmaudit.judge.sameness import made_from
from fmaudit.records import Interval, VerdictStatus

PLAN: dict[str, Any] = {
    "seed": 0,
    "environment": {"fmaudit": "1.0", "duckdb": "2.0", "cores": "4"},
    "settings": {"corpus": {"web": {"sample": 1.0}}},
    "corpora": {
        "web": {
            "files": [{"path": "a.jsonl", "size": 9, "fingerprint": "9-1"}], "fields": {"text": "text"}, "limits": {}, "splits": 3,
            "signals": {"language": {}}, "fingerprints": {"language": "abc"},
        }
    },
    "tokenizers": {"demo": {"uri": "demo:base", "fingerprint": "f00", "fingerprints": {}}},
    "models": {"chat": {"uri": "demo:chat", "options": {}}},
    "audits": [
        {
            "audit": audit, "target": target, "title": audit, "version": "1", "plugin": audit, "plugin_version": "1.0",
            "parameters": {"min_n": 30},
        }
        for audit, target in (CORPUS, ("token-cost", "demo"), ("benchmark", "chat"))
    ],
}  # fmt: skip
HALF = metric("kept", 0.5, 0.3, 0.7)


def changed(path: str, value: Any) -> dict[str, Any]:
    plan = copy.deepcopy(PLAN)
    *way, last = path.split("/")
    place: Any = plan
    for key in way:
        place = place[int(key) if key.isdigit() else key]
    place[last] = value
    return plan


def run(plan: Mapping[str, Any], one=HALF) -> RunRows:
    return RunRows([row(one, *CORPUS)], made_from=made_from(plan))


def change(before: RunRows, after: RunRows):
    return compare_rows(before.metrics[0], after.metrics[0], before, after)


def test_the_same_files_settings_and_versions_give_exactly_no_change():
    found = change(run(PLAN), run(changed("corpora/web/splits", 9)))
    assert found is not None
    assert (found.value, found.interval.low, found.interval.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)
    assert "the same files, settings and versions" in found.method


@pytest.mark.parametrize("limit", ["max_fall", "max_rise", "max_change"])
@pytest.mark.parametrize("most", [0.0, 0.02])
def test_a_limit_on_the_change_is_held_by_what_did_not_change(limit: str, most: float):
    before, after = run(PLAN), run(PLAN)
    baseline = Baseline("run-0001", "named", lambda one: compare_rows(before.metrics[0], one, before, after) or "")
    (verdict,) = judge_checks([CheckSettings(metric="corpus-language.kept", **{limit: most})], after.metrics, baseline)
    assert verdict.status is VerdictStatus.PASS
    assert "it changed within the limits: by +0 (+0 to +0) since run-0001" in verdict.reason


def test_a_number_without_an_interval_did_not_change_either():
    gini = metric("host_gini", 0.4, interval=None)
    assert change(run({**PLAN, "seed": 1}, gini), run(PLAN, gini)) is None
    found = change(run(PLAN, gini), run(PLAN, gini))
    assert found is not None
    assert found.interval == Interval(0.0, 0.0, 0.95, "the same data")


@pytest.mark.parametrize(
    ("path", "value"),
    [("seed", 1), ("environment/duckdb", "2.1"), ("corpora/web/files/0/fingerprint", "9-2"), ("corpora/web/fields/text", "body"),
     ("corpora/web/fingerprints/language", "abd"), ("settings/corpus/web/sample", 0.5), ("audits/0/parameters/min_n", 40),
     ("audits/0/version", "2"), ("audits/0/plugin_version", "1.1"), ("corpora/web/signals/language", {"model": "x"})],
)  # fmt: skip
def test_whatever_may_change_a_number_leaves_the_change_open(path: str, value: Any):
    found = change(run(PLAN), run(changed(path, value)))
    assert found is not None
    assert found.interval.low < 0 < found.interval.high
    assert made_from(changed(path, value))[CORPUS] != made_from(PLAN)[CORPUS]


def test_the_same_plan_with_another_number_is_judged_as_ever():
    """Documents may be lost on the way, which no plan says."""
    found = change(run(PLAN), run(PLAN, replace(HALF, value=0.4)))
    assert found is not None
    assert found.value == pytest.approx(-0.1)
    assert found.interval.low < -0.1 < found.interval.high


def test_corpora_and_tokenizers_are_the_same_by_their_plan_and_models_never_are():
    assert made_from(PLAN).keys() == {CORPUS, ("token-cost", "demo")}
    assert made_from({}) == {}
    nothing = changed("corpora/web/files", [])
    assert CORPUS not in made_from(nothing)


def test_one_plan_measured_twice_shows_nothing_anywhere():
    counts = world(np.random.default_rng(3), 40, [0.5, 0.3, 0.2])
    runs = [replace(crawled(counts), made_from=made_from(PLAN)) for _ in range(2)]
    found = compare_metrics(*runs)
    assert all(one.change is not None and one.change.interval.low == one.change.interval.high == 0.0 for one in found.differences)
    assert not any(one.sure for one in found.differences)
    assert not any(drift.sure for drift in found.drifts)


# -- without a plan: by the rows ---------------------------------------------------------------------------------


def counted(values: list[float], weights: list[float], names: list[str] | None = None):
    names = names or [f"h{i}" for i in range(len(values))]
    return ItemTable(pa.table({"item": names, "cluster": names, "value": values, "weight": weights})).items({})


def test_sources_with_the_same_counts_did_not_change():
    weights = [float(10 + i) for i in range(30)]
    values = [float(i % 9) for i in range(30)]
    found = paired_change(counted(values, weights), counted(values[::-1], weights[::-1], [f"h{i}" for i in reversed(range(30))]))
    assert found is not None
    assert (found.value, found.interval.low, found.interval.high, found.detectable) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_or_all_of_other_sources_leaves_open_what_was_not_seen(share: float):
    before = counted([share * 10.0] * 30, [10.0] * 30)
    after = counted([share * 20.0] * 30, [20.0] * 30, [f"h{i}" for i in range(10, 40)])
    found = paired_change(before, after)
    assert found is not None
    assert (found.value, found.p_value) == (0.0, 1.0)
    assert found.interval.low < 0 < found.interval.high


def test_all_before_and_nothing_after_is_not_called_no_difference():
    """No source differs from its run's share, so the sources say nothing of the error; the two intervals do."""
    weights = [10.0] * 30
    assert paired_change(counted(weights, weights), counted([0.0] * 30, weights)) is None
    all_, nothing = metric("kept", 1.0, 0.88, 1.0), metric("kept", 0.0, 0.0, 0.12)
    table = [ItemTable(pa.table({"item": [f"h{i}" for i in range(30)], "value": v, "weight": weights})) for v in (weights, [0.0] * 30)]
    runs = [RunRows([row(one, *CORPUS)], {CORPUS: {"kept": each}}) for one, each in zip((all_, nothing), table, strict=True)]
    found = change(*runs)
    assert found is not None
    assert found.value == -1.0
    assert found.interval.high < -0.7


def test_right_and_wrong_answers_are_not_the_same_for_good():
    """A model may be asked again: what its answers did not show is left open."""
    found = compare_metrics(asked({"en": [True] * 50}), asked({"en": [True] * 50})).differences[0].change
    assert found is not None
    assert found.interval.low < 0 < found.interval.high


def test_sources_that_are_crawled_twice_raise_an_alarm_at_most_once_in_twenty():
    """What a filter keeps of hosts that differ much, few and many, common and rare: intervals of the change leave 0 out 5 % of the time."""
    missed = total = 0
    for seed in range(400):
        rng = np.random.default_rng([4, seed])
        hosts = (8, 30, 200)[seed % 3]
        chance = rng.beta(0.3, 0.3 if seed % 2 else 3.0, hosts)
        runs = []
        for _ in range(2):
            documents = 1 + rng.poisson(np.ceil(rng.lognormal(2.3, 1.0, hosts)))
            runs.append(counted(rng.binomial(documents, chance).astype(float).tolist(), documents.astype(float).tolist()))
        found = paired_change(*runs)
        if found is not None:
            total += 1
            missed += found.interval.low > 0 or found.interval.high < 0
    assert total >= 390
    assert missed <= 0.075 * total  # 5 % and three standard errors, about
