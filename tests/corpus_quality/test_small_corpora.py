"""A corpus too small for any rate is measured all the same: every metric says that it has too few documents."""

from __future__ import annotations

import pytest

import fmaudit_corpus_quality as plugin
from fmaudit import MetricStatus
from fmaudit.testing import measure, observe
from fmaudit_corpus_quality.audit import QualityAudit


@pytest.mark.parametrize("texts", [[], [""], ["One sentence of seven words, no more."], ["same"] * 3])
def test_a_handful_of_documents_is_insufficient_and_no_crash(texts: list[str]):
    signals = [kind() for kind in plugin.fmaudit_signals() if kind.name != "language"]
    seen = observe(texts, signals, tallies=[kind() for kind in plugin.fmaudit_tallies()])
    metrics, _, _ = measure(QualityAudit(), seen)
    assert metrics["documents"].value == len(texts)
    rates = [metric for name, metric in metrics.items() if name.startswith("removed{")]
    assert all(metric.status is MetricStatus.INSUFFICIENT and metric.note for metric in rates)
