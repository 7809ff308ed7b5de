"""Paraphrases: equal answers to other wordings, planted and measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sampling_support import items, one, saying

from fmaudit import ItemSource, Metric
from fmaudit.testing import ask_suite, assert_results, by_name, codes, covered, row
from fmaudit_sampling.questions import load_questions

OWN = {wording: item for item in load_questions(ItemSource(), None) for wording in (item["prompt"], *item["paraphrases"])}


def made(folder: Path, count: int) -> dict[str, Path]:
    wordings = ["One {}?", "Two {}?", "Three {}?", "Four {}?"]
    rows = [
        {"id": f"q{i:03}", "prompt": f"Zero {i}?", "answers": ["right"], "wrong": ["wrong"], "paraphrases": [w.format(i) for w in wordings]}
        for i in range(count)
    ]
    return items(folder, rows)


def test_a_model_that_knows_is_consistent_on_the_own_questions() -> None:
    found, _ = ask_suite(one("paraphrase", limit=30), saying(lambda prompt, sample: (OWN[prompt]["answers"] or ["I don't know."])[0]))
    assert_results(found)
    metrics = by_name(found)
    assert metrics["paraphrase_consistency"].value == metrics["consistent_accuracy"].value == 1.0
    assert not codes(found)


def test_a_model_that_minds_one_wording_of_five_is_consistent_in_three_pairs_of_five(tmp_path: Path) -> None:
    found, rows = ask_suite(
        one("paraphrase", questions=made(tmp_path, 20)), saying(lambda prompt, sample: "wrong" if "Two" in prompt else "right")
    )
    metrics = by_name(found)
    assert len(rows) == 100
    assert metrics["paraphrase_consistency"].value == pytest.approx(0.6)
    assert metrics["consistent_accuracy"].value == 0.0
    assert metrics["wording_accuracy"].value == pytest.approx(0.8)
    assert metrics["wording_shift"].value == pytest.approx(0.25)  # one of the four others is minded
    assert "wording-decides" in codes(found)


def test_a_model_that_only_knows_the_own_wording_shifts(tmp_path: Path) -> None:
    metrics = by_name(
        ask_suite(one("paraphrase", questions=made(tmp_path, 20)), saying(lambda prompt, sample: "right" if "Zero" in prompt else "no"))[0]
    )
    assert metrics["wording_shift"].value == 1.0


def test_the_interval_covers_random_answers() -> None:
    """Two answers of probability .7 and .3 agree in .58 of pairs."""
    suite = one("paraphrase").suites["paraphrase"]
    metrics = []
    for seed in range(200):
        draws = (np.random.default_rng(seed).random((25, 5)) < 0.7).astype(float)
        rows = [
            row(f"q{i}", condition=f"wording {j}", value=draws[i, j], correct=bool(draws[i, j]), response="x")
            for i in range(25)
            for j in range(5)
        ]
        metrics.append(next(each for each in suite.measure(rows) if isinstance(each, Metric)))
    assert {metric.name for metric in metrics} == {"paraphrase_consistency"}
    assert 0.91 <= covered(metrics, 0.58) <= 0.99


def test_questions_without_other_wordings_are_not_asked(tmp_path: Path) -> None:
    rows = [{"id": "a", "prompt": "A?", "answers": ["x"]}, {"id": "b", "prompt": "B?", "answers": ["x"], "paraphrases": ["Bee?"]}]
    assert [case.id for case in one("paraphrase", questions=items(tmp_path, rows)).cases()] == ["paraphrase/b"]


def test_questions_that_have_no_other_wordings_get_polite_frames_and_it_is_said(tmp_path: Path) -> None:
    rows = [{"id": f"q{i}", "prompt": f"Question {i}?", "answers": ["right"]} for i in range(12)]
    rows.append({"id": "fremd", "prompt": "Frage?", "answers": ["richtig"], "language": "de"})
    found, seen = ask_suite(
        one("paraphrase", questions=items(tmp_path, rows)), saying(lambda prompt, sample: "wrong" if "Thank" in prompt else "right")
    )
    metric = by_name(found)["paraphrase_consistency"]
    assert metric.value == pytest.approx(0.6)
    assert "no other wordings" in metric.note
    assert "fremd" not in {row["item"] for row in seen}


def test_luck_alone_does_not_set_the_own_wording_apart() -> None:
    """Answers right by luck in half of all wordings: the share of the others is no less, as a majority of four would be."""
    suite = one("paraphrase").suites["paraphrase"]
    shifts = []
    for seed in range(100):
        hits = np.random.default_rng(seed).random((40, 5)) < 0.5
        rows = [
            row(f"q{i}", condition=f"wording {j}", value=float(hits[i, j]), correct=bool(hits[i, j]), response="x")
            for i in range(40)
            for j in range(5)
        ]
        shifts.append(by_name(suite.measure(rows))["wording_shift"])
    assert abs(float(np.mean([shift.value for shift in shifts]))) < 0.03
    assert 0.9 <= covered(shifts, 0.0) <= 0.99


def test_questions_that_have_no_other_wordings_and_get_no_frames_are_told_before_anything_is_asked(tmp_path: Path) -> None:
    def asked(language: str) -> tuple[int, list[str]]:
        rows = [{"id": f"q{i}", "prompt": f"Q {i}?", "answers": ["x"], "language": language} for i in range(12)]
        audit = one("paraphrase", questions=items(tmp_path, rows))
        return len(list(audit.cases())), audit.warnings()

    assert asked("en") == (12, [])
    count, (told,) = asked("te")
    assert count == 0
    assert "the suite 'paraphrase' asks nothing" in told


def test_a_question_with_one_readable_answer_costs_the_others_nothing(tmp_path: Path) -> None:
    wordings = ["Zero", "One", "Two", "Three", "Four"]

    def answer(prompt: str, sample: int) -> str:
        word, number = prompt.removesuffix("?").split()
        return "" if number == "3" and word != "Zero" else word

    found, _ = ask_suite(one("paraphrase", questions=made(tmp_path, 15)), saying(answer))
    assert (by_name(found)["paraphrase_consistency"].value, by_name(found)["paraphrase_consistency"].n) == (0.0, 14)
    assert "wording-decides" in codes(found)
    table = next(each for each in found if getattr(each, "name", "") == "torn-questions")
    assert set(table.data.column("wordings").to_pylist()) == {len(wordings)}  # type: ignore[union-attr]
