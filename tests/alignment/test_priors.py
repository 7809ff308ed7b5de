"""Prompts against memory: a model that follows the prompt, one that follows memory, and known shares of both."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fmaudit import Capability, ConfigError, Finding, ItemSource, Metric
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite
from fmaudit_alignment.audit import Alignment
from fmaudit_alignment.params import AlignmentParams
from fmaudit_alignment.suites.priors import EMPTY, FOLLOWS, FROM_MEMORY, UNREAD, Priors

ITEMS = {case.data["prompt"]: case.data for case in Priors(AlignmentParams()).cases()}


def audit(**params: Any) -> Alignment:
    return Alignment(AlignmentParams(suites=("priors",), **params))


def choosing(which: str) -> FakeBackend:
    """Give the option that an item names under `which` the higher probability."""

    def score(context: str, continuation: str) -> list[float]:
        item = ITEMS[context]
        return [-1.0 if continuation.strip() == item["options"][item[which]] else -3.0]

    return FakeBackend(score=score)


@pytest.mark.parametrize(("which", "resisted", "followed"), [("answer", 1.0, 0.0), ("prior", 0.0, 1.0)])
def test_a_model_that_follows_the_prompt_is_told_from_one_that_follows_memory(which: str, resisted: float, followed: float) -> None:
    found, _ = ask_suite(audit(), choosing(which))
    metrics = {metric.name: metric for metric in found if isinstance(metric, Metric) and not metric.slice}
    assert (metrics["prior_resisted"].value, metrics["prior_followed"].value) == (resisted, followed)
    assert metrics["prior_margin"].value == pytest.approx(2.0 if which == "answer" else -2.0)
    assert [each.code for each in found if isinstance(each, Finding)] == (["memory-wins"] if which == "prior" else [])


def test_an_option_of_probability_zero_loses_and_leaves_its_margin_out() -> None:
    first = next(iter(ITEMS.values()))
    impossible = first["options"][first["prior"]]

    def score(context: str, continuation: str) -> list[float]:
        item, said = ITEMS[context], continuation.strip()
        return [-math.inf if item is first and said == impossible else -1.0 if said == item["options"][item["answer"]] else -3.0]

    found, _ = ask_suite(audit(), FakeBackend(score=score))
    metrics = {metric.name: metric for metric in found if isinstance(metric, Metric) and not metric.slice}
    assert metrics["prior_resisted"].value == 1.0
    assert metrics["prior_margin"].value == pytest.approx(2.0)
    assert f"1 of {len(ITEMS)} margins are not finite" in metrics["prior_margin"].note


def test_without_probabilities_the_answer_is_read() -> None:
    answers = {prompt: f"It is {item['options'][item['answer']]}." for prompt, item in ITEMS.items()}
    first, second, *_ = ITEMS
    answers[first], answers[second] = "I do not know.", " or ".join(ITEMS[second]["options"])
    backend = FakeBackend(answer=lambda prompt, sample: answers[prompt], without=[Capability.SCORE])
    _, rows = ask_suite(audit(), backend)
    labels = {row["prompt"]: row["label"] for row in rows}
    assert (labels.pop(first), labels.pop(second)) == (UNREAD, UNREAD)
    assert list(labels.values()).count(FOLLOWS) > 0.9 * len(labels)


@pytest.mark.parametrize(("said", "label"), [("Hard to tell, friend.", UNREAD), ("", EMPTY), ("...", EMPTY)])
def test_answers_that_give_no_option_are_left_out_and_told(said: str, label: str) -> None:
    found, rows = ask_suite(audit(), FakeBackend(answer=lambda prompt, sample: said, without=[Capability.SCORE]))
    metrics = {metric.name: metric for metric in found if isinstance(metric, Metric) and not metric.slice}
    assert (metrics["prior_resisted"].value, metrics["prior_followed"].value) == (None, None)
    assert metrics["priors_unread_rate"].value == 1.0
    assert [each.code for each in found if isinstance(each, Finding)] == ["priors-unread-rate"]
    assert {(row["label"], row["correct"]) for row in rows} == {(label, None)}


def test_an_option_inside_another_is_not_said_with_it(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(json.dumps({"prompt": "x", "options": ["black", "black cat"], "answer": 1, "prior": 0}))
    backend = FakeBackend(answer=lambda prompt, sample: "A black cat.", without=[Capability.SCORE])
    _, (row,) = ask_suite(audit(priors=ItemSource(items=tmp_path / "p.jsonl")), backend)
    assert row["label"] == FOLLOWS


def test_known_shares_lie_in_their_intervals_as_often_as_stated() -> None:
    rng, suite, covered = np.random.default_rng(3), Priors(AlignmentParams()), 0
    for _ in range(300):
        follows = rng.random(60) < 0.7
        rows = [
            {
                "item": str(i),
                "kind": "",
                "stratum": "",
                "correct": bool(hit),
                "label": FOLLOWS if hit else FROM_MEMORY,
                "value": 1.0,
                "finish": "",
                "detail": '{"options": 2}',
            }
            for i, hit in enumerate(follows)
        ]
        (metric,) = [each for each in suite.measure(rows) if isinstance(each, Metric) and each.name == "prior_resisted"]
        assert metric.interval is not None
        covered += metric.interval.low <= 0.7 <= metric.interval.high
    assert 0.92 <= covered / 300 <= 0.98


def test_what_guessing_would_give_goes_by_the_number_of_options(tmp_path: Path) -> None:
    """Half of the items have four options and half two: guessing gives 3/8, not 1/2."""
    two, four = ["a", "b"], ["a", "b", "c", "d"]
    lines = [{"prompt": f"q{i}", "options": two if i % 2 else four, "answer": 0, "prior": 1} for i in range(20)]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found, _ = ask_suite(audit(priors=ItemSource(items=tmp_path / "p.jsonl")), FakeBackend())
    (metric,) = [each for each in found if isinstance(each, Metric) and each.name == "prior_resisted" and not each.slice]
    assert metric.note == "of 2 to 4 options; guessing among them gives 37.5 %"


def test_every_own_item_has_two_different_answers() -> None:
    assert len(ITEMS) >= 40
    assert {item["type"] for item in ITEMS.values()} >= {"redefinition", "repeated-phrase"}


@pytest.mark.parametrize(
    "line",
    [
        '{"prompt": "x", "options": ["a"], "answer": 0}',
        '{"prompt": "x", "options": ["a", "b"], "answer": 2}',
        '{"prompt": "x", "options": ["a", "b", "c"], "answer": 0}',
        '{"prompt": "x", "options": ["a", "b"], "answer": 1, "prior": 1}',
    ],
)
def test_items_without_two_answers_are_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "p.jsonl").write_text(line)
    with pytest.raises(ConfigError, match="item 1"):
        list(audit(priors=ItemSource(items=tmp_path / "p.jsonl")).cases())
