"""Over every plugin: what it measures is documented, and its results can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

import fmaudit
from fmaudit.hooks.manager import load_plugins
from fmaudit.testing import assert_audit_contract

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = load_plugins()
AUDITS = PLUGINS.audits


@pytest.mark.parametrize("name", sorted(AUDITS))
def test_an_audit_keeps_its_contract(name: str):
    assert_audit_contract(AUDITS[name])


@pytest.mark.parametrize("name", sorted(AUDITS))
def test_every_parameter_is_described(name: str):
    missing = [key for key, field in AUDITS[name].Params.model_fields.items() if not field.description]
    assert not missing


@pytest.mark.parametrize("name", sorted(AUDITS))
def test_every_metric_of_the_demo_has_a_card(name: str, demo: fmaudit.Run):
    cards = (ROOT / "plugins" / PLUGINS.owner("audits", name).module / "README.md").read_text("utf-8")
    measured = {row.metric.name for row in demo.metric_rows() if row.audit == name}
    assert measured
    assert not sorted(metric for metric in measured if f"`{metric}" not in cards)


def test_every_metric_says_how_it_was_made(demo: fmaudit.Run):
    for row in demo.metric_rows():
        metric = row.metric
        assert metric.method or metric.note, row.name
        assert metric.interval is not None or metric.unit == "count" or metric.status != "ok" or metric.note, row.name


def test_every_finding_has_a_sentence_and_a_severity(demo: fmaudit.Run):
    for row in demo.finding_rows():
        assert row.finding.sentence.endswith("."), row.finding.sentence
        assert row.finding.code == row.finding.code.lower()
