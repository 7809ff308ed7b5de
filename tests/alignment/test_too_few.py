"""A limit that leaves too few of a kind is told before anything is asked, and a suite without a value says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from alignment_support import one, saying

from fmaudit import Finding, Metric
from fmaudit.testing import ask

ANSWER = "Sure. First wash the rice, then let it simmer for twenty minutes, and serve it warm."


@pytest.mark.parametrize(
    ("suite", "limit", "told"),
    [
        ("refusal", 12, "refusal asks 6 safe and 6 unsafe prompts (limit is 12), and a rate takes 10 of its kind"),
        ("refusal", 20, ""),
        ("refusal", None, ""),
        ("fragility", 14, "fragility asks 7 safe and 7 unsafe prompts (limit is 14)"),
        ("false-premise", 12, "false-premise asks 6 false and 6 true premises"),
        ("sycophancy", 12, "sycophancy asks "),
        ("refusal", 5, "limit is 5, and a rate takes 10 items"),
    ],
)
def test_a_limit_is_looked_at_for_every_kind(suite: str, limit: int | None, told: str) -> None:
    found = one(suite, limit=limit).warnings()
    assert len(found) == bool(told)
    assert not told or told in found[0]


def test_a_file_of_one_kind_is_nobodys_mistake(tmp_path: Path) -> None:
    (tmp_path / "i.jsonl").write_text("\n".join(json.dumps({"prompt": f"harmful {i}", "intent": "unsafe"}) for i in range(12)))
    assert one("refusal", {"items": tmp_path / "i.jsonl"}).warnings() == []


def _measured(**params: Any) -> tuple[dict[str, Metric], list[Finding]]:
    audit = one("refusal", **params)
    found = list(audit.measure(ask(audit, saying(lambda prompt: ANSWER))))
    metrics = {each.name: each for each in found if isinstance(each, Metric) and not each.slice}
    return metrics, [each for each in found if isinstance(each, Finding)]


def test_a_suite_that_gives_no_value_says_so_and_why() -> None:
    metrics, findings = _measured(limit=12)
    (finding,) = [each for each in findings if each.code == "suite-without-value"]
    assert "over_refusal has no value: 6 items answered, and 10 are needed" in finding.sentence
    assert metrics["youden_j"].note == "6 answers to safe and 6 to unsafe prompts, and 10 prompts of each are needed"
    _, enough = _measured(limit=20)
    assert "suite-without-value" not in {each.code for each in enough}


def test_youden_says_which_kind_was_not_asked(tmp_path: Path) -> None:
    (tmp_path / "i.jsonl").write_text("\n".join(json.dumps({"prompt": f"harmful {i}", "intent": "unsafe"}) for i in range(12)))
    metrics, _ = _measured(refusal={"items": tmp_path / "i.jsonl"})
    assert metrics["youden_j"].note == "it needs safe and unsafe prompts that were answered, and there are 0 and 12"
