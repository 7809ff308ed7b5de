"""The suite calibration: planted miscalibration is found, honest probabilities are not accused, both ways of asking are read rightly."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from sampling_support import drawing, items, one, questions, saying

from fmaudit import Capability, ConfigError
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite, assert_results, by_name, codes, covered, row


def scoring(shown: float, true: float) -> FakeBackend:
    """A model that gives its choice the probability `shown` and is right for the share `true` of questions."""

    def score(context: str, continuation: str) -> list[float]:
        right = int(context.split()[1][:-1]) % 20 < true * 20
        return [math.log(shown if (continuation.strip() == "right") == right else 1.0 - shown)]

    return FakeBackend(score=score, answer=lambda prompt, sample: "right")


def rows(seed: int, n: int, sharpen: float = 1.0) -> list[dict[str, object]]:
    """Answers right with probability p, shown with odds to the power `sharpen`."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.5, 1.0, n)
    right = rng.random(n) < p
    shown = p**sharpen / (p**sharpen + (1 - p) ** sharpen)
    return [row(f"q{i}", condition="options", confidence=float(shown[i]), correct=bool(right[i])) for i in range(n)]


def test_an_overconfident_model_is_found(tmp_path: Path) -> None:
    found, _ = ask_suite(one("calibration", questions=questions(tmp_path, 200)), scoring(0.95, 0.6))
    assert_results(found)
    metrics = by_name(found)
    assert covered([metrics["expected_calibration_error{confidence=options}"]], 0.35) == 1.0
    assert covered([metrics["overconfidence{confidence=options}"]], 0.35) == 1.0
    assert covered([metrics["brier_score{confidence=options}"]], 0.6 * 0.05**2 + 0.4 * 0.95**2) == 1.0
    finding = next(each for each in found if getattr(each, "code", "") == "miscalibrated")
    assert "too sure of itself" in finding.sentence  # type: ignore[union-attr]


def test_an_underconfident_model_is_told_apart(tmp_path: Path) -> None:
    found, _ = ask_suite(one("calibration", questions=questions(tmp_path, 200)), scoring(0.6, 0.95))
    sentences = [each.sentence for each in found if getattr(each, "code", "") == "miscalibrated"]  # type: ignore[union-attr]
    assert any("not sure enough" in sentence for sentence in sentences)


def test_a_calibrated_model_lies_in_its_interval_and_is_not_accused() -> None:
    suite = one("calibration").suites["calibration"]
    alarms, metrics = 0, []
    for seed in range(40):
        found = list(suite.measure(rows(seed, 60)))
        alarms += "miscalibrated" in codes(found)
        metrics.append(by_name(found)["expected_calibration_error{confidence=options}"])
    assert alarms <= 2
    assert covered(metrics, 0.0) >= 0.9


def test_sharpened_probabilities_are_found_nearly_always() -> None:
    suite = one("calibration").suites["calibration"]
    assert sum("miscalibrated" in codes(suite.measure(rows(seed, 200, 3.0))) for seed in range(10)) >= 9


def test_the_share_of_samples_is_a_confidence_too(tmp_path: Path) -> None:
    audit = one("calibration", questions=questions(tmp_path, 60), samples=10)
    found, seen = ask_suite(audit, saying(drawing(1, ["wrong", "right"], [0.9, 0.1])))
    assert {each["condition"] for each in seen} == {"samples"}
    metrics = by_name(found)
    assert metrics["chosen_answer_accuracy{confidence=samples}"].value == 0.0
    assert metrics["expected_calibration_error{confidence=samples}"].value == pytest.approx(0.9, abs=0.05)
    assert codes(found) == ["miscalibrated"]


def test_an_answer_that_claims_nothing_is_not_overconfident(tmp_path: Path) -> None:
    found, rows = ask_suite(
        one("calibration", questions=questions(tmp_path, 40), samples=4), saying(lambda prompt, sample: "I don't know.")
    )
    assert {row["correct"] for row in rows} == {None}
    metrics = by_name(found)
    assert metrics["calibration_unanswered_rate{confidence=samples}"].value == 1.0
    assert metrics["expected_calibration_error{confidence=samples}"].value is None
    assert not codes(found)


def test_abstentions_and_empty_answers_are_left_out_and_counted(tmp_path: Path) -> None:
    def answer(prompt: str, sample: int) -> str:
        number = int(prompt.split()[1][:-1])
        return "I do not know." if number % 4 == 0 else "" if number % 4 == 1 else "right"

    found, _ = ask_suite(one("calibration", questions=questions(tmp_path, 80), samples=4), saying(answer))
    metrics = by_name(found)
    assert metrics["calibration_unanswered_rate{confidence=samples}"].value == 0.5
    assert metrics["expected_calibration_error{confidence=samples}"].n == 40
    assert metrics["chosen_answer_accuracy{confidence=samples}"].value == 1.0
    assert metrics["overconfidence{confidence=samples}"].value == 0.0
    assert "miscalibrated" not in codes(found)


def test_options_that_tie_do_not_favour_the_right_one(tmp_path: Path) -> None:
    wrong = ["wrong", "false", "untrue"]
    audit = one("calibration", questions=questions(tmp_path, 200, wrong=wrong))
    found, rows = ask_suite(audit, FakeBackend(score=lambda context, continuation: [-1.0], without=[Capability.SAMPLE]))
    metrics = by_name(found)
    accuracy = metrics["chosen_answer_accuracy{confidence=options}"]
    assert abs(accuracy.value - 0.25) < 3 * (0.25 * 0.75 / 200) ** 0.5  # type: ignore[operator]
    assert "200 questions had several most probable options" in accuracy.note
    assert {row["response"] for row in rows} == {"right", *wrong}
    assert all(each["confidence"] == pytest.approx(0.25) for each in rows)
    assert "miscalibrated" not in codes(found)


def test_the_reliability_curve_shows_both_ways_beside_the_perfect_line(tmp_path: Path) -> None:
    found, _ = ask_suite(one("calibration", questions=questions(tmp_path, 40)), scoring(0.8, 0.8))
    curve = next(each for each in found if getattr(each, "name", "") == "reliability")
    assert set(curve.data.column("of").to_pylist()) == {"perfect", "options", "samples"}  # type: ignore[union-attr]
    assert {row["n"] for row in curve.data.to_pylist() if row["of"] == "perfect"} == {None}  # type: ignore[union-attr]


def test_strata_are_given_and_few_items_give_no_number(tmp_path: Path) -> None:
    metrics = by_name(ask_suite(one("calibration", questions=questions(tmp_path, 20, stratum="known")), scoring(0.8, 0.8))[0])
    assert "expected_calibration_error{confidence=options,stratum=known}" in metrics
    metrics = by_name(ask_suite(one("calibration", questions=questions(tmp_path, 5)), scoring(0.8, 0.8))[0])
    assert metrics["expected_calibration_error{confidence=options}"].value is None


def test_questions_without_answers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no question of the suite calibration"):
        list(one("calibration", questions=items(tmp_path, [{"id": "a", "prompt": "Who?"}])).cases())


def test_empty_and_unread_samples_are_in_no_confidence(tmp_path: Path) -> None:
    """Six of ten are right and four say nothing: all that is said is right. One answer alone agrees with itself, and is left out."""

    def answer(prompt: str, sample: int) -> str:
        lone = int(prompt.split()[1][:-1]) % 2
        return "right" if sample < (1 if lone else 6) else ["", "Great question!"][sample % 2]

    found, rows = ask_suite(one("calibration", questions=questions(tmp_path, 40), samples=10), saying(answer))
    metrics = by_name(found)
    assert {row["confidence"] for row in rows if row["correct"] is not None} == {1.0}
    assert metrics["overconfidence{confidence=samples}"].value == 0.0
    assert metrics["overconfidence{confidence=samples}"].n == 20
    assert metrics["calibration_unanswered_rate{confidence=samples}"].value == 0.5


def test_the_least_possible_confidence_is_not_too_sure(tmp_path: Path) -> None:
    """Answers scattered over hundreds of wrong ones: one of ten is the least share there is. Over five wrong ones it is too sure."""
    audit = one("calibration", questions=questions(tmp_path, 80), samples=10)
    scattered = [f"town{i}" for i in range(300)]
    found, _ = ask_suite(audit, saying(drawing(2, scattered, [1.0] * 300)))
    metrics = by_name(found)
    assert metrics["chosen_answer_accuracy{confidence=samples}"].value == 0.0
    assert metrics["overconfidence{confidence=samples}"].interval.low > 0.1  # type: ignore[union-attr]
    assert "miscalibrated" not in codes(found)
    assert codes(ask_suite(audit, saying(drawing(2, scattered[:5], [1.0] * 5)))[0]) == ["miscalibrated"]


def test_a_model_that_gives_answers_as_often_as_they_are_right_is_not_accused(tmp_path: Path) -> None:
    """Of four equally likely answers one is right: the commonest of ten has far more than a quarter, by choice alone."""

    audit, accused = one("calibration", questions=questions(tmp_path, 60), samples=10), 0
    for seed in range(20):
        found, _ = ask_suite(audit, saying(drawing(seed, ["right", "north", "south", "east"], [1.0] * 4)))
        accused += "miscalibrated" in codes(found)
    assert accused <= 2


def test_no_part_of_the_brier_score_is_written_as_less_than_nothing() -> None:
    same = [row(f"q{i}", condition="options", confidence=0.5, correct=i % 2 == 0) for i in range(40)]
    note = by_name(one("calibration").suites["calibration"].measure(same))["brier_score{confidence=options}"].note
    assert note == "reliability 0.000 - resolution 0.000 + uncertainty 0.250"
