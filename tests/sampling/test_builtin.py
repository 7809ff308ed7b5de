"""The suites on a built-in model: greedy decoding repeats, heat makes it unsteady, and every suite finishes with sound results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sampling_support import items, one

from fmaudit import Backend, load_backend, sample_data
from fmaudit.testing import ask_suite, assert_results, by_name, codes
from fmaudit_sampling.params import SamplingParams
from fmaudit_sampling.suites.round_trip import RoundTrip

OWN = {"items": sample_data() / "cases" / "questions.jsonl"}
SUMS = {"items": sample_data() / "cases" / "arithmetic.jsonl"}


@pytest.fixture(scope="module")
def chat() -> Any:
    with load_backend("demo:chat") as backend:
        yield backend


def test_greedy_decoding_on_a_cpu_gives_one_completion_of_fifty(chat: Backend) -> None:
    audit = one("determinism", determinism={"items": 2, "runs": 50, "tokens": 6}, minimum_items=2)
    found, _ = ask_suite(audit, chat)
    metrics = by_name(found)
    assert metrics["greedy_unique_share"].value == pytest.approx(1 / 50)
    assert metrics["greedy_changed_rate{way=alone}"].value == metrics["greedy_changed_rate{way=longer}"].value == 0.0
    assert not codes(found)


def test_answers_are_steadier_and_less_surprising_when_cold(chat: Backend) -> None:
    grid = [{"temperature": temperature} for temperature in (0.3, 0.9, 1.6)]
    audit = one("frontier", questions=SUMS, grid=grid, limit=10, frontier={"prompts": 2, "samples": 3, "tokens": 8})
    found, _ = ask_suite(audit, chat)
    assert_results(found)
    metrics = by_name(found)
    assert metrics["frontier_agreement{setting=T=0.3}"].value > metrics["frontier_agreement{setting=T=1.6}"].value  # type: ignore[operator]
    assert metrics["frontier_accuracy{setting=T=0.3}"].value > metrics["frontier_accuracy{setting=T=1.6}"].value  # type: ignore[operator]
    assert metrics["entropy_temperature_trend"].value == 1.0


@pytest.mark.parametrize("suite", ["agreement", "position", "calibration", "hallucination", "paraphrase", "distribution", "contradiction"])
def test_every_suite_measures_the_sample_questions(chat: Backend, suite: str) -> None:
    audit = one(suite, questions=OWN, choices=OWN, limit=4, samples=3, minimum_items=2, contradiction={"tokens": 24})
    found, rows = ask_suite(audit, chat)
    assert_results(found)
    assert rows
    assert any(metric.value is not None for metric in by_name(found).values())


def test_sentences_that_a_built_in_model_makes_too_long_come_back_all_the_same(tmp_path: Path, chat: Backend) -> None:
    """Of these the model writes English without end: on the way back its window had no room for another 256 tokens."""
    long_ = [case.data for case in RoundTrip(SamplingParams()).cases() if case.id in ("de-04", "es-09", "fr-16")]
    _, rows = ask_suite(one("round-trip", round_trip=items(tmp_path, long_)), chat)
    assert len(rows) == len(long_) == 3
