"""Empty answers and those that cannot be read are left out of every figure, counted, and told; no suite takes them for a judgement."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sampling_support import items, one, questions, saying

from fmaudit import MetricStatus
from fmaudit.testing import ask_suite, by_name, codes

Answer = Callable[[str, int], str]

# the figures that all answers alike would set to an end of their scale
JUDGED = {
    "agreement": ("repeat_agreement", "string_agreement", "semantic_entropy"),
    "hallucination": ("hallucination_rate", "wrong_answer_rate", "abstention_rate{answerable=yes}"),
    "paraphrase": ("paraphrase_consistency", "wording_accuracy", "consistent_accuracy", "wording_shift"),
    "format": ("format_spread", "format_accuracy"),
    "determinism": ("greedy_stable_rate", "greedy_changed_rate{way=alone}"),
    "frontier": ("frontier_accuracy{setting=greedy}", "frontier_agreement{setting=T=1}"),
    "calibration": ("expected_calibration_error{confidence=samples}",),
    "position": ("position_letter_bias", "position_recall_spread", "order_consistency"),
    "round-trip": ("round_trip_terms_kept",),
}


def asked(suite: str, folder: Path, answer: Answer) -> tuple[dict[str, Any], list[str]]:
    choices = [{"id": f"c{i}", "question": f"Choice {i}?", "options": ["right", "one", "two"], "answer": 0} for i in range(20)]
    (folder / "choices").mkdir(exist_ok=True)
    params = {"questions": questions(folder, 20, paraphrases=["Other {}?"]), "choices": items(folder / "choices", choices), "samples": 4}
    found, _ = ask_suite(one(suite, **params, frontier={"prompts": 10}), saying(answer))
    return by_name(found), codes(found)


@pytest.mark.parametrize("suite", JUDGED)
def test_a_model_that_says_nothing_has_no_figure_and_it_is_told(suite: str, tmp_path: Path) -> None:
    metrics, found = asked(suite, tmp_path, lambda prompt, sample: "")
    for name in JUDGED[suite]:
        assert name not in metrics or metrics[name].value is None, name
    told = {"calibration": "calibration_unanswered_rate{confidence=samples}", "position": "choice_unread_rate"}
    name = told.get(suite, "round_trip_untranslated_rate" if suite == "round-trip" else f"empty_answer_rate{{suite={suite}}}")
    assert metrics[name].value == 1.0
    if suite != "calibration":
        assert {"empty-answer-rate", "choices-unread", "not-translated"} & set(found)
    assert not {"position-bias", "format-spread", "confident-errors", "answers-the-unanswerable", "greedy-depends-on-batch"} & set(found)


@pytest.mark.parametrize("suite", ["agreement", "hallucination", "paraphrase", "format"])
def test_a_model_that_only_makes_small_talk_has_no_figure_and_it_is_told(suite: str, tmp_path: Path) -> None:
    metrics, found = asked(suite, tmp_path, lambda prompt, sample: "What a great question! Let me think about it.")
    for name in JUDGED[suite]:
        assert name not in metrics or metrics[name].value is None, name
    assert metrics[f"unread_answer_rate{{suite={suite}}}"].value == 1.0
    assert metrics[f"empty_answer_rate{{suite={suite}}}"].value == 0.0
    assert "unread-answer-rate" in found


@pytest.mark.parametrize("suite", ["agreement", "hallucination", "paraphrase", "format", "frontier"])
def test_answers_that_say_something_are_judged_by_themselves(suite: str, tmp_path: Path) -> None:
    """A quarter is empty, at random by question; the others are right, and nothing else counts."""

    def answer(prompt: str, sample: int) -> str:
        number = int(found.group(1)) if (found := re.search(r"(\d+)", prompt)) else 1
        return "" if number % 4 == 0 else "right"

    metrics, _ = asked(suite, tmp_path, answer)
    right = {
        "agreement": ("repeat_agreement", 1.0), "hallucination": ("wrong_answer_rate", 0.0), "paraphrase": ("wording_accuracy", 1.0),
        "format": ("format_accuracy", 1.0), "frontier": ("frontier_accuracy{setting=T=1}", 1.0),
    }  # fmt: skip
    name, value = right[suite]
    assert metrics[name].value == value
    assert 0.1 < (metrics[f"empty_answer_rate{{suite={suite}}}"].value or 0.0) < 0.4


def test_a_letter_bias_takes_answers_that_name_letters(tmp_path: Path) -> None:
    """Nine questions of twenty are answered with A under every order, the others never: too few for a figure of bias."""

    def answer(prompt: str, sample: int) -> str:
        return "A" if int(re.findall(r"Choice (\d+)", prompt)[0]) < 9 else "Hm."

    metrics, found = asked("position", tmp_path, answer)
    assert metrics["position_letter_bias"].status is metrics["position_recall_spread"].status is MetricStatus.INSUFFICIENT
    assert "9 items got an answer that names an option under every order" in metrics["position_letter_bias"].note
    assert metrics["choice_unread_rate"].value == pytest.approx(11 / 20)
    assert found == ["choices-unread"]


def test_choices_in_formats_of_which_nothing_can_be_read_show_no_spread(tmp_path: Path) -> None:
    choices = [{"question": f"Choice {i}?", "options": ["right", "one"], "answer": 0} for i in range(20)]
    found, _ = ask_suite(one("format", choices=items(tmp_path, choices), format={"mode": "choice"}), saying(lambda prompt, sample: "Hm."))
    metrics = by_name(found)
    assert metrics["format_spread"].value is None
    assert metrics["format_unread_rate"].value == 1.0
    assert codes(found) == ["format-unread-rate"]


def test_one_format_alone_says_why_it_has_no_spread(tmp_path: Path) -> None:
    audit = one("format", questions=questions(tmp_path, 12), format={"formats": ["question-answer"]})
    metric = by_name(ask_suite(audit, saying(lambda prompt, sample: "right"))[0])["format_spread"]
    assert metric.note == "a spread takes two formats or more, and one was asked"


def test_a_translation_back_that_is_empty_is_no_lost_term() -> None:
    def answer(prompt: str, sample: int) -> str:
        return "" if "from English into" in prompt else "some English words"

    metrics = by_name(ask_suite(one("round-trip"), saying(answer))[0])
    assert metrics["round_trip_terms_kept"].value is None
    assert metrics["empty_answer_rate{suite=round-trip}"].value == 1.0
