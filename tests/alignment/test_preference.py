"""Preference accuracy: perfect and random scorers, the length baseline, implicit rewards and pairs of public shape."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fmaudit import ConfigError, Finding, ItemSource, Metric
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.models.model import Model
from fmaudit.testing import ask_suite
from fmaudit_alignment.audit import Alignment
from fmaudit_alignment.params import AlignmentParams
from fmaudit_alignment.suites.preference import Preference, split_transcript


def audit(**params: Any) -> Alignment:
    return Alignment(AlignmentParams(suites=("preference",), **params))


def pairs(path: Path, n: int) -> ItemSource:
    """Write pairs in which the chosen answer is the longer one in a third."""
    with path.open("w") as file:
        for i in range(n):
            good, bad = f"good {i}", f"bad {i}" + " and so on" * (i % 3 != 0)
            file.write(json.dumps({"id": str(i), "prompt": f"q{i}", "chosen": good, "rejected": bad}) + "\n")
    return ItemSource(items=path)


def measured(backend: FakeBackend, **params: Any) -> tuple[dict[tuple[str, str], Metric], list[Finding]]:
    found, _ = ask_suite(audit(**params), backend)
    metrics = {(each.name, each.slice.get("reward", "")): each for each in found if isinstance(each, Metric) and "type" not in each.slice}
    return metrics, [each for each in found if isinstance(each, Finding)]


def coin(context: str, continuation: str) -> list[float]:
    return [-float(int(hashlib.sha256((context + continuation).encode()).hexdigest()[:8], 16))]


def test_a_perfect_scorer_wins_every_pair_and_the_baseline_is_what_length_alone_gives(tmp_path: Path) -> None:
    source = pairs(tmp_path / "p.jsonl", 90)
    metrics, _ = measured(FakeBackend(score=lambda c, y: [-1.0 if "good" in y else -2.0]), preference=source)
    assert metrics["preference_accuracy", "log-likelihood"].value == 1.0
    assert metrics["preference_margin", "log-likelihood"].value == 1.0
    assert metrics["preference_length_baseline", ""].value == pytest.approx(1 / 3)
    assert metrics["preference_beyond_length", "log-likelihood"].value == pytest.approx(2 / 3)


def test_a_random_scorer_wins_half() -> None:
    rng = np.random.default_rng(5)
    rows = [
        {
            "item": str(i),
            "kind": "",
            "stratum": "",
            "condition": "log-likelihood",
            "label": "chosen" if won else "rejected",
            "correct": bool(won),
        }
        | {"value": 2.0 * won - 1.0, "detail": json.dumps({"longer": float(i % 2)})}
        for i, won in enumerate(rng.random(10_000) < 0.5)
    ]
    found = [
        each for each in Preference(AlignmentParams()).measure(rows) if isinstance(each, Metric) and each.name == "preference_accuracy"
    ]
    assert found[0].value == pytest.approx(0.5, abs=0.02)


def test_a_scorer_that_knows_nothing_of_the_pairs_is_near_half(tmp_path: Path) -> None:
    metrics, _ = measured(FakeBackend(score=coin), preference=pairs(tmp_path / "p.jsonl", 400))
    accuracy = metrics["preference_accuracy", "log-likelihood"]
    assert accuracy.interval is not None
    assert accuracy.interval.low < 0.5 < accuracy.interval.high


def test_a_scorer_of_length_is_caught(tmp_path: Path) -> None:
    metrics, findings = measured(FakeBackend(score=lambda c, y: [float(len(y))]), preference=pairs(tmp_path / "p.jsonl", 90))
    assert metrics["preference_accuracy", "log-likelihood"].value == pytest.approx(1 / 3)
    assert "reward-follows-length" in [finding.code for finding in findings]


def test_a_model_beside_itself_has_margins_of_exactly_zero(tmp_path: Path) -> None:
    metrics, findings = measured(FakeBackend(), preference=pairs(tmp_path / "p.jsonl", 30), reference={"same": {"uri": "fake:"}})
    assert metrics["preference_margin", "implicit"].value == 0.0
    assert metrics["preference_accuracy", "implicit"].value == 0.5
    assert {finding.slice.get("reward") for finding in findings if finding.code == "all-margins-zero"} == {"implicit"}


def test_ties_count_half_in_what_a_reward_knows_beyond_length(tmp_path: Path) -> None:
    """A reward that ties on every pair is a coin: less the longer answer's third that is a sixth, and not minus a third."""
    source = pairs(tmp_path / "p.jsonl", 90)
    metrics, _ = measured(FakeBackend(), preference=source, reference={"same": {"uri": "fake:"}})
    beyond = metrics["preference_beyond_length", "implicit"]
    assert beyond.value == pytest.approx(1 / 2 - 1 / 3)
    assert beyond.interval is not None
    assert beyond.interval.low < 1 / 6 < beyond.interval.high
    assert "ties count half" in beyond.note


def test_a_margin_names_its_unit(tmp_path: Path) -> None:
    metrics, _ = measured(FakeBackend(), preference=pairs(tmp_path / "p.jsonl", 12))
    units = {reward: metrics["preference_margin", reward].unit for reward in ("log-likelihood", "per-byte")}
    assert units == {"log-likelihood": "nats", "per-byte": "nats per byte"}


def test_the_implicit_reward_is_the_difference_to_the_reference(tmp_path: Path) -> None:
    """The policy's own likelihood prefers the rejected answers, and less so than its reference does."""
    own = FakeBackend(score=lambda c, y: [-5.5 * len(y.encode()) / 2 if "good" in y else -5.5 * len(y.encode()) / 2 - 0.0])
    metrics, _ = measured(own, preference=pairs(tmp_path / "p.jsonl", 30), reference={"bytes": {"uri": "fake:"}})
    by_likelihood, implicit = metrics["preference_accuracy", "log-likelihood"], metrics["preference_accuracy", "implicit"]
    assert by_likelihood.value == pytest.approx(2 / 3)  # the shorter answer is likelier in every pair: 20 of 30
    assert implicit.value == pytest.approx(1 / 3)  # and gains least over uniform bytes


def test_a_pair_with_an_impossible_answer_is_won_or_lost_and_has_no_margin(tmp_path: Path) -> None:
    """Of 30 pairs one has a rejected answer of probability 0: it is won, and the mean margin is that of the 29 others."""

    def score(context: str, answer: str) -> list[float]:
        return [-math.inf if answer.strip() == "bad 0" else -1.0 if "good" in answer else -2.0]

    metrics, _ = measured(FakeBackend(score=score), preference=pairs(tmp_path / "p.jsonl", 30))
    assert metrics["preference_accuracy", "log-likelihood"].value == 1.0
    for reward in ("log-likelihood", "per-byte"):
        margin = metrics["preference_margin", reward]
        assert margin.n == 29
        assert "1 of 30 margins are not finite" in margin.note
    assert metrics["preference_margin", "log-likelihood"].value == 1.0


def test_a_pair_that_both_models_hold_impossible_has_no_implicit_reward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """-inf less -inf is no number, and was counted as a pair that the rejected answer wins."""

    def score(context: str, answer: str) -> list[float]:
        return [-math.inf if answer.strip() == "good 0" else -1.0]

    def own(context: str, answer: str) -> list[float]:
        return [*score(context, answer), 0.5 if "good" in answer else 0.0]

    monkeypatch.setattr(Model, "companion", lambda self, settings: Model(FakeBackend(score=score)))
    metrics, _ = measured(FakeBackend(score=own), preference=pairs(tmp_path / "p.jsonl", 30), reference={"r": {"uri": "fake:"}})
    accuracy, undefined = metrics["preference_accuracy", "implicit"], metrics["preference_undefined", "implicit"]
    assert (accuracy.value, accuracy.n) == (1.0, 29)
    assert undefined.value == pytest.approx(1 / 30)
    assert ("preference_undefined", "log-likelihood") not in metrics
    assert metrics["preference_accuracy", "log-likelihood"].n == 30


def test_own_pairs_are_balanced_in_length() -> None:
    metrics, _ = measured(FakeBackend())
    baseline = metrics["preference_length_baseline", ""]
    assert baseline.n >= 60
    assert baseline.value == pytest.approx(0.5, abs=0.1)


def test_transcripts_of_the_hh_kind_are_cut_at_the_last_answer(tmp_path: Path) -> None:
    chosen = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: How?\n\nAssistant: Like so."
    rejected = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: How?\n\nAssistant: No idea."
    assert split_transcript(chosen, rejected) == (chosen[: -len(" Like so.")], "Like so.", "No idea.")
    (tmp_path / "hh.jsonl").write_text(json.dumps({"chosen": chosen, "rejected": rejected}))
    (case,) = Preference(AlignmentParams(preference=ItemSource(items=tmp_path / "hh.jsonl"))).cases()
    assert case.data["prompt"].endswith("Human: How?\n\nAssistant:")


@pytest.mark.parametrize("line", ['{"chosen": "a", "rejected": "b"}', '{"prompt": "x", "chosen": "a", "rejected": "a"}'])
def test_pairs_that_are_none_are_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "p.jsonl").write_text(line)
    with pytest.raises(ConfigError, match="item 1"):
        list(audit(preference=ItemSource(items=tmp_path / "p.jsonl")).cases())
