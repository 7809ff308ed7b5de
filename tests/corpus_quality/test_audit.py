"""The audit finds what was planted, within its own intervals, and says what it cannot know."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from quality_planted import clean, good, languages, planted
from test_rules import random_counts

from fmaudit import Exhibit, Finding, Metric, MetricStatus
from fmaudit.judge.paired import ItemTable, paired_change
from fmaudit.stats import clustered_proportion
from fmaudit.testing import assert_audit_contract, measure
from fmaudit_corpus_quality.audit import QualityAudit
from fmaudit_corpus_quality.measures.by_source import rows_by_source
from fmaudit_corpus_quality.measures.cube import count_decisions
from fmaudit_corpus_quality.measures.scene import Scene
from fmaudit_corpus_quality.params import QualityParams
from fmaudit_corpus_quality.rulesets import build

QUALITY = "datatrove-0.10.1/gopher-quality"


def audit(**params: Any) -> QualityAudit:
    return QualityAudit(QualityParams(**params))


def spread_over(hosts: int, rows: int) -> list[str]:
    return [f"www{i % hosts}.example" for i in range(rows)]


def test_the_contract_holds() -> None:
    assert_audit_contract(QualityAudit)
    names = [item.name for item in QualityAudit().filters()]
    assert len(names) == len(set(names)) == 5


def test_what_rule_sets_remove_is_counted_by_unit_in_one_reading_of_the_documents() -> None:
    seen = planted(600, host=spread_over(7, 600), quality=random_counts(600, 3))
    rule_sets = [build(name) for name in (QUALITY, "datatrove-0.10.1/gopher-repetition", "datatrove-0.10.1/c4")]
    queries: list[str] = []
    ask = seen.sql
    seen.sql = lambda query, parameters=(): (queries.append(query), ask(query, parameters))[1]
    found = rows_by_source(Scene.look(seen, 30), rule_sets)["removed"].to_pylist()
    assert [query.count("FROM documents") for query in queries] == [1, 1, 1]  # the scene, declared languages, all rule sets together
    seen.sql = ask
    alone = {
        (row["item"], rule_set.name, row["rule"]): row["n"]
        for rule_set in rule_sets
        for row in ask(
            f"SELECT cluster AS item, coalesce({rule_set.first_reason()}, '(kept)') AS rule, count(*) AS n FROM documents GROUP BY ALL"
        ).to_pylist()
    }
    assert {(row["item"], row["ruleset"], row["rule"]): row["amount"] for row in found} == alone
    assert sum(row["amount"] for row in found) == 3 * 600


@pytest.mark.parametrize("hosts", [1, 7])
def test_what_rule_sets_keep_of_every_source_adds_up_to_what_is_published(hosts: int) -> None:
    """The rows give the number of every rule set, and of every language in it, so that two runs are compared source by source."""
    labels = np.random.default_rng(5).choice(["en", "sw", "te"], 600).tolist()
    seen = planted(600, host=spread_over(hosts, 600), quality=random_counts(600, 3), language=languages(labels))
    tables = audit().compared(seen)
    published, _, _ = measure(audit(), seen)
    metrics = [metric for metric in published.values() if metric.name == "kept" and "host" not in metric.slice and metric.value is not None]
    assert len(metrics) >= 5 * 4
    kept = ItemTable(tables["kept"])
    for metric in metrics:
        items = kept.items(metric.slice)
        assert items is not None
        assert items.gives(metric)
        assert len(set(items.clusters)) == (hosts if hosts > 1 else metric.n)


def test_a_source_that_keeps_to_its_rules_is_compared_with_itself() -> None:
    """Hosts differ much in what is kept of them, and hardly from one run to the next: it is the latter that counts."""
    rng = np.random.default_rng(1)
    host, bad = rng.integers(0, 60, 3000), rng.random(60)
    changes = []
    for fall in (0.0, 0.1):
        broken = rng.random(3000) < np.clip(bad[host] + fall, 0, 1)
        seen = planted(3000, host=[f"h{i}.example" for i in host], quality=good(3000, core_words=np.where(broken, 10, 160)))
        changes.append(ItemTable(audit(rule_sets=[QUALITY]).compared(seen)["kept"]).items({"ruleset": QUALITY}))
    change = paired_change(*changes)
    assert change is not None
    assert change.shared == 60
    assert change.interval.low < -0.08 < change.interval.high < -0.04
    alone = clustered_proportion(changes[0].values, changes[0].weights).interval
    assert change.interval.high - change.interval.low < (alone.high - alone.low) / 2


def test_importing_the_audit_loads_nothing_heavy() -> None:
    code = (
        "import sys, fmaudit_corpus_quality, fmaudit_corpus_quality.audit as a; a.QualityAudit().filters(); "
        "print([m for m in ('numba', 'duckdb', 'scipy', 'spacy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)})
    assert done.stdout.strip() == "[]"


def test_planted_removal_is_found_within_its_clustered_interval() -> None:
    """Whole hosts break the rule: an interval over documents would be far too sure."""
    covered = naive = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        bad_hosts = rng.random(200) < 0.2
        host = rng.integers(0, 200, 4000)
        seen = planted(4000, host=[f"h{i}" for i in host], quality=good(4000, core_words=np.where(bad_hosts[host], 10, 160)))
        rule_set = build(QUALITY)
        scene = Scene.look(seen, 30)
        cube = count_decisions(scene, rule_set)
        share = next(scene.shares("violates", cube.sums([cube.violates(0)]), cube.sums([cube.n >= 0]), [{}], observations=[4000]))
        assert share.value is not None
        assert share.interval is not None
        assert share.n_clusters == 200
        covered += share.interval.low <= 0.2 <= share.interval.high
        naive += abs(share.value - 0.2) <= 1.96 * np.sqrt(0.16 / 4000)
    assert covered >= 17
    assert naive < 12


def test_what_is_kept_removed_broken_and_removed_alone() -> None:
    """Of 1,000 documents 100 are too short, 50 of them also without stop words, and 30 have only no stop words."""
    core, stop = np.full(1000, 160), np.full(1000, 6)
    core[:100], stop[:50], stop[500:530] = 10, 0, 0
    seen = planted(1000, host=spread_over(50, 1000), quality=good(1000, core_words=core, core_characters=core * 5, stop_words=stop))
    metrics, _, exhibits = measure(audit(rule_sets=[QUALITY]), seen)  # type: ignore[arg-type]
    value = {name: metric.value for name, metric in metrics.items()}
    short, stops = (f"{{rule={rule},ruleset={QUALITY}}}" for rule in ("gopher_short_doc", "gopher_enough_stop_words"))
    assert value[f"kept{{ruleset={QUALITY}}}"] == pytest.approx(0.87)
    assert (value[f"removed{short}"], value[f"removed{stops}"]) == (pytest.approx(0.1), pytest.approx(0.03))
    assert (value[f"violates{short}"], value[f"violates{stops}"]) == (pytest.approx(0.1), pytest.approx(0.08))
    assert (value[f"removed_only{short}"], value[f"removed_only{stops}"]) == (pytest.approx(0.05), pytest.approx(0.03))
    assert value[f"kept_characters{{ruleset={QUALITY}}}"] == pytest.approx(0.87)
    overlap = next(e for e in exhibits if e.name.startswith("overlap"))
    both = [r for r in overlap.data.to_pylist() if r["of the documents that break"] == "gopher_short_doc" and "stop" in r["also break"]]
    assert both[0]["share"] == 0.5


def test_a_moved_threshold_is_what_a_changed_rule_set_would_do() -> None:
    counts = random_counts(3000, seed=5)
    seen = planted(3000, host=spread_over(60, 3000), characters=counts["characters"], quality=good(3000, **counts))
    for name, parameter, threshold in (("gopher-quality", "max_non_alpha_words_ratio", 0.8), ("fineweb", "new_line_ratio", 0.3)):
        published = f"datatrove-0.10.1/{name}"
        metrics, _, _ = measure(audit(rule_sets=[published]), seen)  # type: ignore[arg-type]
        rule = next(rule.reason for rule in build(published).rules if rule.parameter == parameter)
        for change in (-0.2, -0.1, 0.1, 0.2):
            moved = build(published, {parameter: threshold * (1 + change)})
            kept = seen.sql(f"SELECT avg(CAST({moved.keep()} AS INTEGER)) AS kept FROM documents").to_pylist()[0]["kept"]
            found = metrics[f"removed_if{{change={change:+.0%},rule={rule},ruleset={published}}}"]
            assert found.value == pytest.approx(1 - kept, abs=1e-12)


def test_counts_move_by_at_least_one() -> None:
    rules = {rule.reason: rule for rule in build(QUALITY).rules}
    assert [rules["gopher_enough_stop_words"].moved(c) for c in (-0.2, -0.1, 0.1, 0.2)] == [0, 1, 3, 4]
    assert [rules["gopher_short_doc"].moved(c) for c in (-0.2, -0.1, 0.1, 0.2)] == [40, 45, 55, 60]
    assert build("datatrove-0.10.1/c4").rules[0].moved(0.1) is None


def test_a_language_the_rules_were_not_made_for_is_named() -> None:
    labels = ["th" if i % 10 == 0 else "de" if i % 10 == 1 else "en" for i in range(4000)]
    stop = np.where(np.array(labels) == "th", 0, 6)
    stop[np.flatnonzero(np.array(labels) == "de")[:100]] = 0
    stop[np.flatnonzero(np.array(labels) == "en")[::3]] = 0
    host = [f"{label}{i % 37}.example" for i, label in enumerate(labels)]
    seen = planted(4000, host=host, language=languages(labels), quality=good(4000, stop_words=stop))
    metrics, findings, exhibits = measure(audit(rule_sets=[QUALITY]), seen)  # type: ignore[arg-type]
    named = [finding for finding in findings if finding.code == "rule-removes-language"]
    assert [finding.slice["language"] for finding in named] == ["th"]
    assert "100.0 % of the documents in 'th'" in named[0].sentence
    assert named[0].metric in metrics
    assert len(named[0].evidence) == 3
    assert "min_stop_words" in named[0].advice
    assert metrics[f"kept{{language=de,ruleset={QUALITY}}}"].value == pytest.approx(0.75)
    assert any(exhibit.name.startswith("languages-") for exhibit in exhibits)


def test_few_documents_of_a_language_are_not_a_number() -> None:
    labels = ["my"] * 10 + ["en"] * 990
    seen = planted(1000, host=spread_over(50, 1000), language=languages(labels))
    metrics, findings, _ = measure(audit(rule_sets=[QUALITY]), seen)  # type: ignore[arg-type]
    few = metrics[f"kept{{language=my,ruleset={QUALITY}}}"]
    assert few.status is MetricStatus.INSUFFICIENT
    assert few.value is None
    assert not findings


def test_without_any_language_the_rest_is_measured() -> None:
    metrics, _, _ = measure(audit(), planted(200, host=spread_over(20, 200)))  # type: ignore[arg-type]
    assert not any("language=" in name for name in metrics)
    assert metrics[f"kept{{ruleset={QUALITY}}}"].value == 1.0


def test_declared_languages_stand_in_for_a_missing_signal() -> None:
    seen = planted(200, host=spread_over(20, 200), declared_language=["cs"] * 100 + [None] * 100)
    metrics, _, _ = measure(audit(rule_sets=[QUALITY]), seen)  # type: ignore[arg-type]
    assert metrics[f"kept{{language=cs,ruleset={QUALITY}}}"].n == 100


def test_one_source_makes_documents_the_units_and_says_so() -> None:
    stop = np.where(np.arange(400) < 40, 0, 6)
    seen = planted(400, host=["one.example"] * 400, quality=good(400, stop_words=stop))
    metrics, _, _ = measure(audit(rule_sets=[QUALITY]), seen)  # type: ignore[arg-type]
    share = metrics[f"kept{{ruleset={QUALITY}}}"]
    assert share.interval is not None
    assert share.n_clusters is None
    assert 0.86 < share.interval.low < 0.9 < share.interval.high < 0.93
    assert share.note.startswith("one source")
    assert share.interval.method.startswith("clustered")
    assert "by document" in share.method


def test_no_documents_is_no_error() -> None:
    results = list(audit().measure(planted(0)))
    assert [(r.name, r.value) for r in results if isinstance(r, Metric)] == [("documents", 0.0)]


def test_documents_without_counts_are_left_out() -> None:
    table = planted(100, host=spread_over(20, 100))
    table.sql('UPDATE documents SET quality = NULL, encoding = NULL, duplicates = NULL WHERE "offset" < 10')
    metrics, _, _ = measure(audit(), table)  # type: ignore[arg-type]
    assert metrics["documents"].value == 90
    assert metrics[f"kept{{ruleset={QUALITY}}}"].n == 90
    assert metrics["duplicates{of=documents}"].n == 90


def test_c4_takes_text_from_what_it_keeps() -> None:
    seen = planted(300, host=spread_over(30, 300))
    metrics, _, _ = measure(audit(rule_sets=["datatrove-0.10.1/c4", "datatrove-0.10.1/c4-no-terminal"]), seen)  # type: ignore[arg-type]
    assert metrics["text_lost{ruleset=datatrove-0.10.1/c4}"].value == pytest.approx(0.1)
    assert metrics["text_lost{ruleset=datatrove-0.10.1/c4-no-terminal}"].value == pytest.approx(0.05)
    assert metrics["kept_characters{ruleset=datatrove-0.10.1/c4}"].value == pytest.approx(0.9)
    assert metrics["kept_by_all"].value == 1.0


def test_metadata_rules_are_measured_and_a_missing_field_is_said() -> None:
    karma = [str(i % 6) for i in range(600)]
    seen = planted(600, host=spread_over(30, 600), meta={"karma": karma}, language=languages(["fr", "en"] * 300))
    metrics, _, _ = measure(audit(rule_sets=[], metadata={"karma": ">= 3"}), seen)  # type: ignore[arg-type]
    assert metrics["kept{ruleset=metadata}"].value == pytest.approx(0.5)
    assert metrics["violates{language=fr,rule=karma,ruleset=metadata}"].value == pytest.approx(2 / 3)
    metrics, findings, _ = measure(audit(metadata={"score": ">= 3"}), seen)  # type: ignore[arg-type]
    assert metrics["kept{ruleset=metadata}"].status is MetricStatus.UNDEFINED
    assert [finding.code for finding in findings if finding.code.startswith("metadata")] == ["metadata-not-kept"]


def test_ones_own_rule_set_is_measured() -> None:
    rules = {
        "house/short": [
            {"reason": "few_words", "value": "words", "remove": "< 100"},
            {"reason": "hashy", "value": "hashes / words", "remove": "> 0.1"},
        ]
    }
    seen = planted(300, host=spread_over(30, 300), quality=good(300, words=np.where(np.arange(300) < 60, 50, 180)))
    metrics, _, _ = measure(audit(rule_sets=[], rules=rules), seen)  # type: ignore[arg-type]
    assert metrics["violates{rule=few_words,ruleset=house/short}"].value == pytest.approx(0.2)


def test_a_dominating_host_is_named() -> None:
    host = ["big.example"] * 600 + [f"small{i}.example" for i in range(400)]
    metrics, findings, _ = measure(audit(rule_sets=[]), planted(1000, host=host))  # type: ignore[arg-type]
    share = metrics["host_share{host=big.example,of=documents}"]
    assert share.interval is not None
    assert share.value == pytest.approx(0.6)
    assert share.interval.low < 0.6 < share.interval.high
    assert metrics["hosts"].value == 401
    assert [finding.slice["host"] for finding in findings if finding.code == "host-dominates"] == ["big.example"]


def test_planted_faults_of_encoding_are_measured_and_shown() -> None:
    broken = np.where(np.arange(2000) % 20 == 0, 7, 0)
    zawgyi = np.where(np.arange(2000) % 40 == 1, 9, 0)
    start = np.where(broken > 0, 3, 0).astype(np.int32)
    faults = clean(
        2000,
        mojibake=broken,
        mojibake_start=start,
        mojibake_stop=start + 2,
        burmese=np.where(np.arange(2000) % 20 == 1, 50, 0),
        zawgyi=zawgyi,
    )
    metrics, findings, _ = measure(audit(rule_sets=[]), planted(2000, host=spread_over(111, 2000), encoding=faults))  # type: ignore[arg-type]
    share = metrics["affected{kind=mojibake}"]
    assert share.interval is not None
    assert share.value == pytest.approx(0.05)
    assert share.interval.low < 0.05 < share.interval.high
    assert metrics["zawgyi"].value == pytest.approx(0.5)
    assert metrics["zawgyi"].n == 100
    by_code = {finding.code: finding for finding in findings}
    assert {"encoding-mojibake", "encoding-zawgyi"} <= set(by_code)
    assert (by_code["encoding-mojibake"].evidence[0].start, by_code["encoding-mojibake"].evidence[0].stop) == (3, 5)


def test_every_number_has_an_interval_or_says_why_not() -> None:
    labels = ["th" if i % 3 else "en" for i in range(900)]
    seen = planted(
        900, host=spread_over(45, 900), language=languages(labels), duplicates={"high": np.arange(900) // 2, "low": np.arange(900) // 2}
    )
    for result in audit().measure(seen):
        assert isinstance(result, Metric | Finding | Exhibit)
        if isinstance(result, Metric):
            assert result.interval is not None or result.note
        if isinstance(result, Metric) and result.value is not None and result.interval is not None:
            assert result.interval.low <= result.value <= result.interval.high
        if isinstance(result, Exhibit):
            assert set(result.encoding.values()) <= set(result.data.column_names)


def test_the_same_rows_in_another_order_give_the_same_numbers() -> None:
    counts = random_counts(2000, seed=3)
    columns = {"host": spread_over(70, 2000), "characters": counts["characters"], "quality": good(2000, **counts)}
    seen = planted(2000, **columns)
    first = {name: (m.value, m.interval) for name, m in measure(audit(), seen)[0].items()}  # type: ignore[arg-type]
    seen.sql("CREATE TABLE shuffled AS SELECT * FROM documents ORDER BY hash(id)")
    seen.sql("DROP TABLE documents")
    seen.sql("ALTER TABLE shuffled RENAME TO documents")
    assert {name: (m.value, m.interval) for name, m in measure(audit(), seen)[0].items()} == first  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"rule_sets": ["datatrove-0.10.1/gopher"]}, "did you mean"),
        ({"thresholds": {QUALITY: {"min_doc_word": 3}}}, "did you mean 'min_doc_words'"),
        ({"thresholds": {"gopher-quality": {}}}, "did you mean"),
        ({"rules": {"datatrove-0.10.1/mine": [{"reason": "r", "value": "words", "remove": "> 1"}]}}, "the name is taken"),
        ({"rules": {"mine": [{"reason": "r", "value": "wrds", "remove": "> 1"}]}}, "did you mean 'words'"),
        ({"rules": {"mine": []}}, "needs rules"),
        ({"rules": {"mi,ne": [{"reason": "r", "value": "words", "remove": "> 1"}]}}, "letters, digits"),
        ({"metadata": {"score": "at least 3"}}, "must be a comparison"),
        ({"treshold": {}}, "Extra inputs"),
        ({"line_share": 0}, "greater than 0"),
    ],
)
def test_a_wrong_setting_is_refused_with_a_way_out(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        QualityParams(**params)


def test_a_changed_threshold_renames_the_rule_set() -> None:
    changed = audit(thresholds={QUALITY: {"max_non_alpha_words_ratio": 0.7}})
    names = [item.name for item in changed.filters()]
    assert f"{QUALITY}+max_non_alpha_words_ratio:0.7" in names
    assert QUALITY not in names


def test_two_sources_that_differ_leave_nearly_everything_open() -> None:
    stop = np.repeat([0, 6], 200)  # all of one host is removed, nothing of the other
    seen = planted(400, host=["one.example"] * 200 + ["two.example"] * 200, quality=good(400, stop_words=stop))
    metrics, _, _ = measure(audit(rule_sets=[QUALITY]), seen)  # type: ignore[arg-type]
    share = metrics[f"kept{{ruleset={QUALITY}}}"]
    assert share.interval is not None
    assert share.n_clusters == 2
    assert share.interval.high - share.interval.low > 0.8
    assert "by source" in share.method
    assert not share.note
