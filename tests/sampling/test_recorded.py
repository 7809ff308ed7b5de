"""Recorded answers: what compares settings says that it cannot, and what is left judges them as what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sampling_support import items

from fmaudit import Capability
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.models.loading import load_backend
from fmaudit.testing import ask, ask_suite, by_name, measure
from fmaudit_sampling.audit import SamplingConsistency
from fmaudit_sampling.params import SamplingParams
from fmaudit_sampling.sampled import RECORDED

CITIES = ["Paris", "Rome", "Madrid", "Tokyo", "Cairo", "Lima", "Oslo", "Vienna", "Athens", "Santiago", "Nairobi", "Havana"]


def told(folder: Path, suites: tuple[str, ...], answers: dict[str, list[str]], **params: Any) -> tuple[dict[str, Any], list[str]]:
    rows = [
        {
            "id": f"q{i:02}",
            "question": prompt,
            "answer": CITIES[i],
            "incorrect_answers": [CITIES[i - 1]],
            "paraphrases": [f"{prompt} Please."],
        }
        for i, prompt in enumerate(answers)
    ]
    path = folder / "recorded.jsonl"
    path.write_text("\n".join(json.dumps({"prompt": prompt, "completions": given}) for prompt, given in answers.items()), encoding="utf-8")
    prompts = folder / "open"
    prompts.mkdir(exist_ok=True)
    open_prompts = items(prompts, [{"prompt": prompt, "kind": "creative"} for prompt in answers])
    given = {"suites": suites, "questions": items(folder, rows), "open_prompts": open_prompts, **params}
    audit = SamplingConsistency(SamplingParams.model_validate(given))
    metrics, findings, _ = measure(audit, ask(audit, load_backend(f"replay:{path}")))
    return dict(metrics), [finding.code for finding in findings]


def varied(shift: int = 0) -> dict[str, list[str]]:
    """Ten answers to each of twelve questions: the first is right, every other one another city."""
    return {
        f"What is capital number {i}?": [f"Great question! Capital number {i} is {CITIES[(i + s + shift) % 12]}." for s in range(10)]
        for i in range(12)
    }


@pytest.mark.parametrize("suite", ["determinism", "frontier", "conformance"])
def test_what_compares_settings_is_not_measured_and_says_why(tmp_path: Path, suite: str) -> None:
    metrics, codes = told(tmp_path, (suite,), varied())
    assert metrics[f"answered{{suite={suite}}}"].note == f"the model cannot draw answers as it is asked: {RECORDED}"
    assert len(metrics) == 1
    assert codes == ["suite-not-asked"]


def test_samples_are_counted_and_greedy_repeats_are_not(tmp_path: Path) -> None:
    metrics, _ = told(tmp_path, ("agreement", "paraphrase"), varied())
    assert metrics["repeat_agreement"].value == 0.0
    assert metrics["semantic_entropy"].value == pytest.approx(2.302585, abs=1e-6)  # ln 10
    assert RECORDED in metrics["repeat_agreement"].note
    numerical = metrics["variance_of_correctness{part=numerical}"]
    assert numerical.value is None
    assert RECORDED in numerical.note
    assert metrics["answered{suite=paraphrase}"].value is None  # other wordings are not recorded, and cost the suite agreement nothing


def test_the_first_recorded_answer_is_judged_by_the_others(tmp_path: Path) -> None:
    metrics, codes = told(tmp_path, ("hallucination",), varied())
    assert metrics["wrong_answer_rate"].value == metrics["hallucination_rate"].value == 0.0
    assert "by the first recorded answer" in metrics["wrong_answer_rate"].note
    steady = {prompt: [given[1]] * 10 for prompt, given in varied().items()}
    metrics, codes = told(tmp_path, ("hallucination",), steady)
    assert metrics["wrong_answer_rate"].value == metrics["hallucination_rate"].value == 1.0
    assert "confident-errors" in codes
    lonely = {prompt: [given[1], *[given[0]] * 9] for prompt, given in varied().items()}
    metrics, _ = told(tmp_path, ("hallucination",), lonely)
    assert (metrics["wrong_answer_rate"].value, metrics["hallucination_rate"].value) == (1.0, 0.0)  # it does not confirm itself


def test_calibration_by_samples_reads_recorded_answers_whatever_temperature_is_asked(tmp_path: Path) -> None:
    right = {prompt: [given[0]] * 10 for prompt, given in varied().items()}
    for temperature in (0.0, 1.0):
        metrics, codes = told(tmp_path, ("calibration", "agreement"), right, temperature=temperature)
        assert metrics["expected_calibration_error{confidence=samples}"].value == 0.0
        assert metrics["chosen_answer_accuracy{confidence=samples}"].value == 1.0
        assert metrics["repeat_agreement"].value == 1.0
        assert "samples-all-alike" not in codes


def test_answers_that_tie_do_not_favour_the_first_that_is_recorded(tmp_path: Path) -> None:
    metrics, _ = told(tmp_path, ("calibration",), varied())
    assert 0.0 <= metrics["chosen_answer_accuracy{confidence=samples}"].value < 0.7  # each of ten answers once, the first right


def test_contradiction_holds_the_first_passage_against_the_others(tmp_path: Path) -> None:
    texts = {f"Tell of {i}.": ["The sea is deep and cold."] + ["Bread needs flour, water and yeast."] * 9 for i in range(12)}
    path = tmp_path / "recorded.jsonl"
    path.write_text("\n".join(json.dumps({"prompt": prompt, "completions": given}) for prompt, given in texts.items()), encoding="utf-8")
    params = {"suites": ("contradiction",), "passages": items(tmp_path, [{"prompt": prompt} for prompt in texts])}
    found, rows = ask_suite(SamplingConsistency(SamplingParams.model_validate(params)), load_backend(f"replay:{path}"))
    value = by_name(found)["self_contradiction"].value
    assert value is not None
    assert value > 0.85  # by itself it would be borne out: 0.8
    assert {row["response"] for row in rows} == {"The sea is deep and cold."}


def test_a_model_that_tells_no_probabilities_says_that_it_lacks_them() -> None:
    for suite, words in (("distribution", "cannot score given words"), ("calibration", "cannot score options or draw samples")):
        audit = SamplingConsistency(SamplingParams.model_validate({"suites": (suite,), "limit": 10}))
        lacking = [Capability.SCORE, Capability.LOG_PROBS, *([Capability.SAMPLE] if suite == "calibration" else [])]
        metrics, findings, _ = measure(audit, ask(audit, FakeBackend(answer=lambda prompt, sample: "x", without=lacking)))
        assert words in metrics[f"answered{{suite={suite}}}"].note
        assert [finding.code for finding in findings] == ["suite-not-asked"]
