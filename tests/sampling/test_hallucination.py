"""Confident errors, abstention and their detection: planted confabulations are found, and honest models are not accused."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sampling_support import items, one, questions, saying

from fmaudit import ItemSource
from fmaudit.testing import ask_suite, assert_results, by_name, codes, covered, row
from fmaudit_sampling.questions import load_questions
from fmaudit_sampling.suites.hallucination import _asked

OWN = {item["prompt"]: item for item in load_questions(ItemSource(), None)}
NAMES = ["Arlen", "Bresk", "Corvin", "Dalmo", "Estey", "Fornix", "Gorlam", "Hettle", "Istrin", "Jolven"]


def place(prompt: str) -> int:
    return int(prompt.split()[1][:-1])


def confabulating(prompt: str, sample: int) -> str:
    """Knows the even questions; invents something new for the odd ones every time."""
    return "right" if place(prompt) % 2 == 0 else random.Random(f"{prompt} {sample}").choice(NAMES)


def test_planted_confabulations_differ_between_samples_and_are_found_by_entropy(tmp_path: Path) -> None:
    found, _ = ask_suite(one("hallucination", questions=questions(tmp_path, 60)), saying(confabulating))
    assert_results(found)
    metrics = by_name(found)
    assert metrics["wrong_answer_rate"].value == 0.5
    assert metrics["hallucination_rate"].value == 0.0  # no invented answer is repeated
    auroc = metrics["error_auroc{sign=semantic-entropy}"]
    assert auroc.value is not None
    assert auroc.value >= 0.75
    assert auroc.interval is not None
    assert auroc.interval.low > 0.75
    area = metrics["abstention_area"]
    assert area.value == pytest.approx(1.0 - sum(k / (30 + k) for k in range(1, 31)) / 60)
    assert "withholding at random gives 0.500" in area.note
    assert codes(found) == ["entropy-finds-errors"]


def test_partly_known_answers_are_told_from_confabulated_ones(tmp_path: Path) -> None:
    """Right in 80 % of samples where known, an invention in all others."""

    def answer(prompt: str, sample: int) -> str:
        rng = random.Random(f"{prompt} {sample}")
        return "right" if place(prompt) % 2 == 0 and rng.random() < 0.8 else rng.choice(NAMES)

    metrics = by_name(ask_suite(one("hallucination", questions=questions(tmp_path, 120)), saying(answer))[0])
    assert metrics["error_auroc{sign=semantic-entropy}"].value >= 0.75  # type: ignore[operator]
    assert metrics["error_auroc{sign=semantic-entropy}"].value > metrics["error_auroc{sign=length}"].value  # type: ignore[operator]


def test_a_wrong_answer_that_is_always_repeated_is_a_confident_error_and_entropy_is_blind_to_it(tmp_path: Path) -> None:
    found, _ = ask_suite(
        one("hallucination", questions=questions(tmp_path, 40)), saying(lambda prompt, sample: "right" if place(prompt) % 2 else "wrong")
    )
    metrics = by_name(found)
    assert metrics["hallucination_rate"].value == 0.5
    assert metrics["error_auroc{sign=semantic-entropy}"].value == 0.5
    assert codes(found) == ["confident-errors"]


def test_abstention_is_told_apart_where_there_is_an_answer_and_where_there_is_none() -> None:
    def honest(prompt: str, sample: int) -> str:
        return OWN[prompt]["answers"][0] if OWN[prompt]["answerable"] else "I don't know; I have no record of it."

    found, _ = ask_suite(one("hallucination"), saying(honest))
    metrics = by_name(found)
    assert metrics["abstention_rate{answerable=no}"].value == 1.0
    assert metrics["abstention_rate{answerable=yes}"].value == 0.0
    assert metrics["hallucination_rate"].value == 0.0
    assert metrics["hallucination_rate"].n == sum(item["answerable"] for item in OWN.values())
    assert not codes(found)


def test_a_model_that_makes_up_what_nobody_knows_is_named() -> None:
    def inventive(prompt: str, sample: int) -> str:
        return OWN[prompt]["answers"][0] if OWN[prompt]["answerable"] else "Karthul"

    found, _ = ask_suite(one("hallucination"), saying(inventive))
    metrics = by_name(found)
    assert metrics["abstention_rate{answerable=no}"].value == 0.0
    assert metrics["hallucination_rate{answerable=no}"].value == 1.0
    assert metrics["hallucination_rate{answerable=yes}"].value == 0.0
    assert "answers-the-unanswerable" in codes(found)


def test_a_silent_model_has_no_rate_of_errors(tmp_path: Path) -> None:
    found, _ = ask_suite(one("hallucination", questions=questions(tmp_path, 20)), saying(lambda prompt, sample: "I don't know."))
    metrics = by_name(found)
    assert metrics["hallucination_rate"].value is None
    assert metrics["abstention_rate{answerable=yes}"].value == 1.0


def test_without_right_and_wrong_answers_there_is_nothing_to_detect(tmp_path: Path) -> None:
    metrics = by_name(ask_suite(one("hallucination", questions=questions(tmp_path, 20)), saying(lambda prompt, sample: "right"))[0])
    assert metrics["error_auroc{sign=semantic-entropy}"].value is None


def test_the_interval_of_the_rate_covers_a_planted_one() -> None:
    suite = one("hallucination").suites["hallucination"]
    rng, metrics = np.random.default_rng(5), []
    detail = '{"answerable": true}'
    shared = {"value": 0.0, "detail": detail, "response": "x", "evidence": "x"}

    def question(bad: bool) -> Any:
        told = {**shared, "correct": not bad, "label": "wrong" if bad else "correct"}
        return _asked([row("q", condition=condition, **told) for condition in ("greedy", "sampled", "sampled")])

    right, wrong = question(bad=False), question(bad=True)
    for _ in range(200):
        metrics.append(suite._confident([wrong if bad else right for bad in rng.random(60) < 0.3], {}))
    assert 0.92 <= covered(metrics, 0.3) <= 0.98


def test_questions_without_a_known_answer_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "prompt": "Question 0?", "answers": ["right"]},
        {"id": "b", "prompt": "Question 1?", "answers": [], "answerable": False},
    ]
    cases = list(one("hallucination", questions=items(tmp_path, rows)).suites["hallucination"].cases())
    assert [case.id for case in cases] == ["a", "b"]
