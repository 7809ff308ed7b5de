"""The audit finds what was planted, within its own intervals, and says what it cannot know."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from language_planted import drawn, planted
from pydantic import ValidationError

from fmaudit import Exhibit, Finding, Metric, MetricStatus
from fmaudit.judge.paired import ItemTable, paired_change
from fmaudit.testing import assert_audit_contract, measure
from fmaudit_corpus_language.audit import LanguageAudit
from fmaudit_corpus_language.params import LanguageParams

Results = tuple[dict[str, Metric], list[Finding], list[Exhibit]]
SHARES = {"en": 0.5, "ru": 0.2, "de": 0.15, "te": 0.1, "sw": 0.05}


def audit(rows: list[dict[str, Any]], *, hosts: Any = None, declared: Any = None, **params: Any) -> Results:
    return measure(LanguageAudit(LanguageParams(**params)), planted(rows, hosts=hosts, declared=declared))


def codes(findings: list[Finding], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


def labelled(*counts: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"label": label} for label, count in counts for _ in range(count)]


def test_contract() -> None:
    assert_audit_contract(LanguageAudit)
    with pytest.raises(ValidationError):
        LanguageParams(minimum_score=0.5)  # type: ignore[call-arg]


def test_known_shares_lie_in_their_intervals() -> None:
    """Hosts keep to a language, so only an interval over hosts covers as often as it says."""
    covered = total = 0
    for seed in range(12):
        labels, hosts = drawn(SHARES, 2000, 150, seed)
        metrics, _, _ = audit([{"label": label} for label in labels], hosts=hosts, calibration=False)
        for label, share in SHARES.items():
            metric = metrics[f"share{{language={label}}}"]
            assert metric.interval is not None
            covered += metric.interval.low <= share <= metric.interval.high
            total += 1
            assert metric.n == 2000
            assert metric.n_clusters == 150
    assert covered / total >= 0.85


def test_intervals_over_hosts_are_wider_than_over_documents() -> None:
    labels, hosts = drawn(SHARES, 2000, 50, 1)
    rows = [{"label": label} for label in labels]
    clustered, single = (audit(rows, hosts=names, calibration=False)[0]["share{language=en}"] for names in (hosts, None))
    assert clustered.interval is not None
    assert single.interval is not None
    assert clustered.interval.high - clustered.interval.low > 2 * (single.interval.high - single.interval.low)
    assert single.n_clusters is None
    assert "by document" in single.method
    assert single.note.startswith("one source")
    assert single.value == clustered.value


def test_vietnamese_removed_is_unseen() -> None:
    rows = labelled(("en", 300), ("ru", 100))
    metrics, findings, _ = audit(rows, languages=["vi", "en"])
    share = metrics["share{language=vi}"]
    assert (share.value, share.note) == (0.0, "unseen")
    assert share.interval is not None
    assert 0 < share.interval.high < 0.02
    unseen = codes(findings, "language-unseen")
    assert [finding.slice["language"] for finding in unseen] == ["vi"]
    assert "Vietnamese was never seen" in unseen[0].sentence
    assert "Vietnamese" in codes(findings, "languages-unseen")[0].sentence
    ratio = metrics["representation_ratio{language=vi}"]
    assert ratio.status is MetricStatus.UNDEFINED
    assert "never seen" in ratio.note


def test_representation_ratio_is_the_quotient() -> None:
    metrics, findings, _ = audit(labelled(("en", 4997), ("te", 3)), calibration=False)
    ratio = metrics["representation_ratio{language=te}"]
    assert ratio.value == pytest.approx(95e6 / 8e9 / (3 / 5000))
    assert ratio.interval is not None
    assert ratio.interval.low < 19.8 < ratio.interval.high
    assert metrics["representation_ratio{language=en}"].value == pytest.approx(1267445366 / 8e9 / 0.9994)
    assert not codes(findings, "under-represented")  # the interval still holds less than 10
    _, findings, _ = audit(labelled(("en", 49990), ("te", 10)), calibration=False)
    assert "Telugu (59 times)" in codes(findings, "under-represented")[0].sentence


def test_georgian_called_estonian_is_a_script_mismatch() -> None:
    wrong = [{"label": "et", "script": "Geor", "script_mismatch": True}] * 12
    metrics, findings, exhibits = audit([*labelled(("et", 60), ("en", 300)), *wrong])
    assert metrics["script_mismatch{language=et}"].value == pytest.approx(12 / 72)
    assert metrics["script_mismatch"].value == pytest.approx(12 / 372)
    found = codes(findings, "script-mismatch")[0]
    assert found.sentence == "12 documents labelled Estonian are written in Georgian letters; Estonian is written in Latin."
    assert len(found.evidence) == 5
    assert found.evidence[0].offset == 360
    assert any(exhibit.name == "script-mismatches" for exhibit in exhibits)


def test_declared_english_that_looks_german() -> None:
    rows = labelled(("en", 200), ("de", 47), ("nn", 40), ("zu", 0), ("en", 9))
    declared = ["eng_Latn"] * 247 + ["nob"] * 40 + ["zul"] * 9
    metrics, findings, _ = audit(rows, declared=declared)
    assert codes(findings, "declared-mismatch")[0].sentence == "47 documents declared English look German."
    assert len(codes(findings, "declared-mismatch")) == 1  # Nynorsk declared Bokmål is Norwegian all the same
    assert metrics["declared_mismatch{language=en}"].value == pytest.approx(47 / 247)
    assert metrics["accuracy{language=no}"].value == 1.0
    assert metrics["accuracy"].value == pytest.approx(240 / 287)
    assert metrics["unsupported"].value == pytest.approx(9 / 296)
    assert "Zulu (9)" in codes(findings, "declared-unsupported")[0].sentence


def test_declared_languages_are_bound_not_written_into_sql() -> None:
    hostile = "en'); drop view documents; --"
    metrics, findings, _ = audit(labelled(("en", 60)), declared=[hostile] * 30 + ["en"] * 30)
    assert metrics["accuracy{language=en}"].n == 30
    assert len(codes(findings, "declared-unsupported")) == 1


def test_nothing_declared_is_undefined() -> None:
    metrics, _, _ = audit(labelled(("en", 60)))
    assert {metrics[name].status for name in ("declared_mismatch", "accuracy", "unsupported")} == {MetricStatus.UNDEFINED}


def test_undetermined_documents() -> None:
    rows = [*labelled(("en", 90)), *[{"label": "und", "no_evidence": True, "score": 0.12}] * 6, *[{"label": "fr", "score": 0.2}] * 14]
    metrics, findings, _ = audit(rows)
    assert metrics["undetermined"].value == pytest.approx(20 / 110)
    assert metrics["no_evidence"].value == pytest.approx(6 / 110)
    assert metrics["share{language=und}"].value == pytest.approx(20 / 110)
    assert metrics["share{language=fr}"].value == 0.0  # its documents scored below min_score
    assert len(codes(findings, "undetermined")) == 1
    metrics, findings, _ = audit(rows, min_score=0.1)
    assert metrics["share{language=fr}"].value == pytest.approx(14 / 110)


def test_mixed_documents() -> None:
    mixed = {"label": "en", "mixed": True, "line_label": "en", "second_line_label": "fr", "line_share": 0.6, "second_line_share": 0.4}
    metrics, findings, _ = audit([*labelled(("en", 150)), *[mixed] * 50, *[{"label": "en", "lines": 1}] * 100])
    assert metrics["mixed_documents"].value == pytest.approx(0.25)
    assert metrics["mixed_documents"].n == 200
    assert "English with French (50)" in codes(findings, "mixed-documents")[0].sentence


def test_disagreement_is_weighted_back() -> None:
    """English is drawn at 1 %, Danish at 50 %; the documents drawn stand for the others."""
    english = [{"label": "en", "langdetect_label": "en", "langdetect_rate": 0.01}] * 40 + [{"label": "en"}] * 3960
    danish = [{"label": "da", "langdetect_label": "no" if i < 30 else "da", "langdetect_rate": 0.5} for i in range(60)] + [
        {"label": "da"}
    ] * 60
    burmese = [{"label": "my", "langdetect_label": "en", "langdetect_rate": 0.5}] * 50  # langdetect has no Burmese: not comparable
    metrics, findings, _ = audit([*english, *danish, *burmese], calibration=False)
    assert metrics["disagreement"].value == pytest.approx(60 / 4120)
    assert metrics["disagreement"].n == 100
    assert metrics["disagreement{language=da}"].value == pytest.approx(0.5)
    assert "disagreement{language=my}" not in metrics
    assert [finding.slice["language"] for finding in codes(findings, "detectors-disagree")] == ["da"]


def test_too_few_documents_give_no_number() -> None:
    metrics, _, _ = audit(labelled(("en", 10)), languages=["en"])
    for name in ("script_mismatch", "mixed_documents", "disagreement", "script_mismatch{language=en}"):
        assert metrics[name].status is MetricStatus.INSUFFICIENT, name
        assert metrics[name].value is None
    assert metrics["entropy"].status is MetricStatus.UNDEFINED
    share = metrics["share{language=en}"]
    assert share.value == 1.0
    assert share.interval is not None
    assert share.interval.low < 0.75


def test_concentration() -> None:
    metrics, _, _ = audit(labelled(("en", 500), ("ru", 500), ("de", 500), ("te", 500)), calibration=False)
    assert metrics["entropy"].value == pytest.approx(2.0)
    assert metrics["effective_languages"].value == pytest.approx(4.0)
    assert metrics["top_share"].value == pytest.approx(0.25)


def test_an_empty_corpus() -> None:
    metrics, findings, exhibits = audit([])
    assert metrics["documents"].value == 0.0
    assert metrics["share_corrected"].status is MetricStatus.UNDEFINED
    assert findings == []
    assert exhibits == []


def test_documents_the_signal_failed_on_are_left_out() -> None:
    rows = labelled(("en", 50))
    seen = planted([*rows, {"label": None, "score": None, "no_evidence": None, "mixed": None, "script_mismatch": None, "lines": None}])
    metrics, _, _ = measure(LanguageAudit(), seen)
    assert (metrics["documents"].value, metrics["documents"].n) == (50.0, 51)
    assert metrics["share{language=en}"].value == 1.0


def test_every_exhibit_has_the_columns_it_draws() -> None:
    labels, hosts = drawn(SHARES, 600, 60, 3)
    rows: list[dict[str, Any]] = [{"label": label, "langdetect_label": label, "langdetect_rate": 1.0} for label in labels]
    _, _, exhibits = audit(rows, hosts=hosts, declared=["en"] * 600)
    assert {exhibit.name for exhibit in exhibits} >= {"shares", "representation", "precision", "scripts", "disagreement", "declared"}
    for exhibit in exhibits:
        assert set(exhibit.encoding.values()) <= set(exhibit.data.column_names), exhibit.name
    shares = next(exhibit for exhibit in exhibits if exhibit.name == "shares")
    assert shares.encoding["reference"] == "CC-MAIN-2024-42"


@pytest.mark.parametrize("hosts", [2, 5, 9])
def test_few_hosts_of_one_language_do_not_pass_for_many_documents(hosts: int) -> None:
    """Hosts of one language are drawn by their shares; the intervals must hold these, not only what the few hosts have."""
    shares = {"en": 0.5, "de": 0.3, "fr": 0.2}
    inside: list[bool] = []
    for seed in range(12):
        labels, where = drawn(shares, 60 * hosts, hosts, seed, loyalty=1.0)
        metrics, _, _ = audit([{"label": label} for label in labels], hosts=where, calibration=False, languages=list(shares))
        for language, truth in shares.items():
            share = metrics[f"share{{language={language}}}"]
            assert share.interval is not None
            assert share.n_clusters is None or share.n_clusters <= hosts
            inside.append(share.interval.low <= truth <= share.interval.high)
    assert sum(inside) / len(inside) >= 0.9


@pytest.mark.parametrize("hosts", [6, 40])
def test_concentration_holds_the_truth_where_hosts_keep_to_a_language(hosts: int) -> None:
    """The entropy of what a few hosts show is too small, and the interval must reach up to the truth nevertheless."""
    weights = [1 / i for i in range(1, 11)]
    languages = ("en", "de", "fr", "es", "ru", "it", "pl", "nl", "pt", "tr")
    shares = {label: weight / sum(weights) for label, weight in zip(languages, weights, strict=True)}
    truth = -sum(p * math.log2(p) for p in shares.values())
    inside: list[bool] = []
    for seed in range(12):
        labels, where = drawn(shares, 20 * hosts, hosts, seed, loyalty=0.9)
        metrics, _, _ = audit([{"label": label} for label in labels], hosts=where, calibration=False)
        entropy, number, top = (metrics[name].interval for name in ("entropy", "effective_languages", "top_share"))
        assert entropy is not None
        assert number is not None
        assert top is not None
        assert number.low == pytest.approx(2**entropy.low)
        assert top.high <= 1.0
        inside += [entropy.low <= truth <= entropy.high, top.low <= shares["en"] <= top.high]
    assert sum(inside) / len(inside) >= 0.85


def test_a_language_that_is_declared_but_never_labelled_is_not_called_unseen() -> None:
    rows = labelled(("en", 200), ("fr", 20))
    _, findings, _ = audit(rows, declared=["en"] * 200 + ["yo"] * 20, languages=["yo", "mt", "vi"])
    told = {finding.slice["language"]: finding for finding in codes(findings, "language-unseen")}
    assert "20 of 220 are declared to be in it" in told["yo"].sentence
    assert "never seen" not in told["yo"].sentence
    assert "no exposure" not in told["yo"].advice
    assert {place.offset for place in told["yo"].evidence} <= set(range(200, 220))
    assert len(told["yo"].evidence) == 5
    assert "never seen" in told["vi"].sentence
    assert "no exposure" in told["vi"].advice


def test_what_the_model_cannot_find_is_no_proof_of_absence() -> None:
    _, findings, _ = audit(labelled(("en", 200)), languages=["yo"])
    (finding,) = codes(findings, "language-unseen")
    assert "no proof of absence" in finding.advice
    assert "no exposure" not in finding.advice


def test_the_ratio_says_which_way_it_goes() -> None:
    metrics, _, exhibits = audit(labelled(("en", 300), ("te", 30)))
    assert "more than 1 is too little text" in metrics["representation_ratio{language=te}"].method
    chart = next(exhibit for exhibit in exhibits if exhibit.name == "representation")
    assert chart.encoding["x"] == "times too little text"
    shares = next(exhibit for exhibit in exhibits if exhibit.name == "shares")
    assert "Telugu (te)" in shares.data.column("name").to_pylist()


@pytest.mark.parametrize("hosts", [1, 40])
def test_the_rows_behind_every_rate_add_up_to_what_is_published(hosts: int) -> None:
    """Two runs are compared source by source, of every rate and in every language."""
    labels, names = drawn(SHARES, 1500, 40, 3)
    rng = random.Random(4)
    rows = [
        {"label": label, "script_mismatch": rng.random() < 0.1, "mixed": rng.random() < 0.2, "langdetect_rate": rng.choice([0.3, 0.7]),
         "langdetect_label": label if rng.random() < 0.8 else "fr"}
        for label in labels
    ]  # fmt: skip
    declared = [label if rng.random() < 0.9 else "fr" for label in labels]
    seen = planted(rows, hosts=names if hosts > 1 else ["one.example"] * len(labels), declared=declared)
    plugin = LanguageAudit(LanguageParams(calibration=False))
    published, _, _ = measure(plugin, seen)
    tables = {name: ItemTable(table) for name, table in plugin.compared(seen).items() if "value" in table.column_names}
    assert tables.keys() == {"script_mismatch", "mixed_documents", "disagreement", "declared_mismatch", "accuracy"}
    for name, table in tables.items():
        metrics = [metric for metric in published.values() if metric.name == name and metric.value is not None]
        assert len(metrics) >= 4
        for metric in metrics:
            items = table.items(metric.slice)
            assert items is not None
            assert items.gives(metric)
            change = paired_change(items, items)
            assert change is not None
            assert (change.value, change.interval.low, change.interval.high) == (0.0, 0.0, 0.0)
