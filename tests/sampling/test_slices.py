"""Slices against the rest: false discoveries stay as rare as said, items stay whole, and a slice that differs is found in every suite."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sampling_support import items, one, saying
from scipy.stats import fisher_exact

from fmaudit import Metric, stats
from fmaudit.testing import ask_suite, by_name, row
from fmaudit_sampling.showing import beside_rest


def pairs(values: Any, size: float = 1.0) -> dict[str, tuple[float, float]]:
    return {str(i): (float(value), size) for i, value in enumerate(values)}


def test_of_yes_and_no_the_p_value_is_fishers() -> None:
    found = stats.items_against_rest({"a": pairs([1.0] * 9 + [0.0] * 3), "b": pairs([1.0] * 10 + [0.0] * 20)}, draws=40_000)
    exact = float(fisher_exact(np.array([[9, 3], [10, 20]]))[1])
    assert found["a"].p_value == pytest.approx(exact, rel=0.15)
    assert found["a"].difference == pytest.approx(0.75 - 1 / 3)
    assert found["a"].q_value == pytest.approx(found["b"].q_value, rel=0.2)


def test_where_nothing_differs_a_family_is_rarely_called_and_answers_to_one_item_are_no_more_evidence() -> None:
    """Eight answers to an item are all alike: as single answers they would call a third of the families."""
    rng, called, runs = np.random.default_rng(4), 0, 300
    for _ in range(runs):
        slices = {name: pairs(8.0 * (rng.random(15) < 0.3), 8.0) for name in "abcdef"}
        called += min(each.q_value for each in stats.items_against_rest(slices, draws=400).values()) <= 0.05
    assert called <= 0.05 * runs + 3 * (0.05 * runs) ** 0.5


def test_a_slice_alone_has_no_rest_and_all_alike_is_no_difference() -> None:
    assert not stats.items_against_rest({"all": pairs([1, 0])})
    assert not stats.items_against_rest({"all": pairs([1, 0]), "none": {}})
    assert not stats.items_against_rest({})
    found = stats.items_against_rest({"a": pairs([1] * 12), "b": pairs([1] * 12)})
    assert found["a"].q_value == 1.0


def test_the_q_values_are_of_the_slices_of_one_column() -> None:
    """A second column does not change those of the first."""

    def metric(name: str) -> Metric:
        return Metric(name="m", value=0.5, unit="fraction", n=24, slice={"type": name})

    kinds = {"a": pairs([1.0] * 10 + [0.0] * 2), "b": pairs([1.0] * 4 + [0.0] * 8)}
    strata = {name: pairs([0.0, 1.0] * 6) for name in "cdefg"}
    found = [("type", name, metric(name)) for name in kinds]
    alone, beside = list(beside_rest(found, {"type": kinds})), list(beside_rest(found, {"type": kinds, "stratum": strata}))
    assert "50.0 points from the others, q = " in alone[0].note
    assert alone == beside


def test_many_items_in_many_slices_take_a_few_seconds() -> None:
    rng = np.random.default_rng(1)
    slices = {str(name): pairs(rng.random(2000) < 0.5) for name in range(10)}
    begun = time.process_time()
    assert len(stats.items_against_rest(slices)) == 10
    assert time.process_time() - begun < 8.0


def sliced(tmp_path: Path, suite: str, name: str) -> dict[str, Metric]:
    """Three types of which one is answered at random, the others rightly."""
    rows = [
        {"id": f"q{i}", "prompt": f"{kind} {i}?", "answers": ["right"], "wrong": ["wrong"], "paraphrases": [f"{kind}, {i}?"], "type": kind}
        for i, kind in enumerate(["odd", "even", "plain"] * 20)
    ]

    def answer(prompt: str, sample: int) -> str:
        steady = "odd" not in prompt or (suite == "hallucination" and prompt.endswith("1?"))
        return "right" if steady else "wrong" if suite == "hallucination" or (sample + ("," in prompt)) % 2 else "right"

    found, _ = ask_suite(one(suite, questions=items(tmp_path, rows)), saying(answer))
    return {key: metric for key, metric in by_name(found).items() if key.startswith(f"{name}{{type=")}


@pytest.mark.parametrize(
    ("suite", "name"),
    [
        ("agreement", "repeat_agreement"),
        ("paraphrase", "paraphrase_consistency"),
        ("hallucination", "hallucination_rate"),
        ("hallucination", "wrong_answer_rate"),
    ],
)
def test_every_slice_stands_beside_the_others_with_its_q_value(tmp_path: Path, suite: str, name: str) -> None:
    metrics = sliced(tmp_path, suite, name)
    assert set(metrics) == {f"{name}{{type={kind}}}" for kind in ("odd", "even", "plain")}
    for key, metric in metrics.items():
        told = re.search(r"(-?[\d.]+) points from the others, q (?:=|<) ([\d.e-]+)", metric.note)
        assert told is not None, metric.note
        assert float(told.group(2)) < 0.05 or "odd" not in key


def test_sentences_of_one_passage_stay_together() -> None:
    rows = [row(f"q{i}", sample=j, kind="ab"[i % 2], value=float(i % 2), response="x y.", detail="") for i in range(40) for j in range(3)]
    metrics = by_name(one("contradiction").suites["contradiction"].measure(rows))
    assert "100.0 points from the others, q < 0.001" in metrics["self_contradiction{type=b}"].note
    assert "-100.0 points from the others" in metrics["self_contradiction{type=a}"].note
