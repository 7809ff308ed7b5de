"""Corrected shares: what the shipped counts say, and whether the truth lies in the interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from language_planted import planted

from fmaudit import Metric, MetricStatus, stats
from fmaudit.testing import measure
from fmaudit_corpus_language.audit import LanguageAudit
from fmaudit_corpus_language.calibration import BUCKETS, bucket_of, calibration
from fmaudit_corpus_language.facts import languages
from fmaudit_corpus_language.model import KNOWN_MODELS
from fmaudit_corpus_language.params import LanguageParams

MACRO = {label: entry.macro for label, entry in languages().items()}


def corrected(rows: list[dict[str, Any]], **params: Any) -> dict[str, Metric]:
    return measure(LanguageAudit(LanguageParams(**params)), planted(rows))[0]


def test_counts_belong_to_the_shipped_model() -> None:
    stored = calibration()
    assert stored.model_sha256 in KNOWN_MODELS
    assert set(stored.counts) == set(stored.provenance)
    assert all(set(buckets) <= {str(i) for i in range(len(BUCKETS) + 1)} for buckets in stored.counts.values())
    known = {language for buckets in stored.counts.values() for rows in buckets.values() for language in rows if language in languages()}
    twice = [language for language in known if sum(any(language in rows for rows in b.values()) for b in stored.counts.values()) > 1]
    assert len(known) > 120
    assert len(twice) > 80


def test_buckets() -> None:
    assert [bucket_of(n) for n in (0, 49, 50, 199, 200, 999, 1000, 10**9)] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_recall_grows_with_length() -> None:
    for source, buckets in calibration().counts.items():
        rates = []
        for bucket in sorted(buckets):
            rows = {true: labels for true, labels in buckets[bucket].items() if true in MACRO}
            rates.append(sum(labels.get(true, 0) for true, labels in rows.items()) / sum(sum(labels.values()) for labels in rows.values()))
        assert rates[0] < rates[1] < rates[2] <= rates[3] + 0.01, source


def mixture(source: str, shares: dict[str, float], documents: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Draw what the model would say of a corpus with these shares, from one source's counts of texts of 50 to 199 code points."""
    counts = calibration().counts[source]["1"]
    rows: list[dict[str, Any]] = []
    for language, n in zip(shares, rng.multinomial(documents, list(shares.values())), strict=True):
        labels = counts[language]
        total = sum(labels.values())
        for label, k in zip(labels, rng.multinomial(n, [count / total for count in labels.values()]), strict=True):
            rows += [{"label": label, "no_evidence": label == "und", "score": 0.1 if label == "und" else 0.9}] * int(k)
    return rows


def test_the_truth_lies_in_the_corrected_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """The corpus is like one source, the calibration knows only the others."""
    shares = {"en": 0.5, "ru": 0.1, "de": 0.1, "es": 0.08, "pt": 0.06, "gl": 0.05, "cs": 0.04, "hi": 0.03, "mr": 0.02, "ca": 0.02}
    stored, rng, covered, total = calibration(), np.random.default_rng(0), 0, 0
    for source in ("help", "catalogues"):
        others = {name: counts for name, counts in stored.counts.items() if name != source}
        monkeypatch.setattr(
            "fmaudit_corpus_language.corrected.calibration", lambda o=others: type(stored)(stored.model_sha256, 0.25, {}, o)
        )
        monkeypatch.setattr("fmaudit_corpus_language.corrected.BUCKETS", (0,))  # planted texts are all of one length
        for _ in range(2):
            metrics = corrected(mixture(source, shares, 3000, rng), draws=100)
            for language, share in shares.items():
                interval = metrics[f"share_corrected{{language={language}}}"].interval
                assert interval is not None
                covered += interval.low <= share <= interval.high
                total += 1
    assert covered / total >= 0.8


def test_macrolanguages_are_corrected_together() -> None:
    metrics = corrected([{"label": label} for label, n in (("hr", 40), ("sr", 30), ("bs", 10), ("en", 200)) for _ in range(n)], draws=50)
    assert "share_corrected{language=sh}" in metrics
    assert not {f"share_corrected{{language={label}}}" for label in ("hr", "sr", "bs")} & set(metrics)
    assert metrics["share{language=hr}"].value == pytest.approx(40 / 280)


def test_a_rare_label_in_an_english_corpus_is_not_believed() -> None:
    """With one text in a few hundred mistaken, three documents in a thousand can all be mistakes."""
    metrics = corrected([{"label": "en"}] * 20_000 + [{"label": "nds"}] * 35, draws=60)
    precision = metrics["predicted_precision{language=nds}"]
    assert precision.interval is not None
    assert precision.interval.low < 0.5
    english = metrics["predicted_precision{language=en}"]
    assert english.value is not None
    assert english.value > 0.99


def test_refusals() -> None:
    rows = [{"label": "en"}] * 50
    for params, reason in (({"calibration": False}, "switched off"), ({"model": "own.bin", "model_sha256": "0" * 64}, "model of your own")):
        metric = corrected(rows, **params)["share_corrected"]
        assert metric.status is MetricStatus.UNDEFINED
        assert reason in metric.note
    metric = corrected([{"label": label} for label in ("en", "gl", "pt", "no", "da", "sv") for _ in range(20)], max_condition=1.01)[
        "share_corrected"
    ]
    assert metric.status is MetricStatus.UNDEFINED
    assert "condition number" in metric.note


def test_unseen_label_has_no_precision_of_its_own() -> None:
    metrics = corrected([{"label": "en"}] * 90 + [{"label": "vls"}] * 40, draws=50)
    assert "calibration does not know" in metrics["share_corrected{language=vls}"].note
    assert "predicted_precision{language=vls}" not in metrics


def test_confusions_are_counts_over_known_sources() -> None:
    tables = calibration().confusions({"en": "en", "de": "de"})
    assert {table.source for table in tables} == {"catalogues", "flores", "help", "udhr"}
    observed = stats.observed_from_labels(["en", "de"], [70, 30], strata=["1", "1"])
    result = stats.acc(tables, observed, draws=50)
    assert sum(share.share for share in result.shares) == pytest.approx(1.0)
