"""Formats: a model that minds the form of a prompt is found, one that does not is left alone."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np
import pytest
from sampling_support import items, one, questions, saying

from fmaudit import ConfigError
from fmaudit.testing import ask_suite, assert_results, by_name, codes
from fmaudit_sampling.choices import load_formats
from fmaudit_sampling.suites.format import quartiles_of, spread_of


def by_chance(seed: int, n: int, accuracies: list[float]) -> np.ndarray:  # type: ignore[type-arg]
    """Answers [items, formats] with a difficulty of each item's own, so that formats are correlated."""
    rng = np.random.default_rng(seed)
    base = rng.beta(2, 1, (n, 1))
    logits = np.log(base / (1 - base)) + np.array([np.log(a / (1 - a)) - np.log(2) for a in accuracies])
    return (rng.random((n, len(accuracies))) < 1 / (1 + np.exp(-logits))).astype(float)


def test_a_model_that_needs_a_colon_is_found(tmp_path: Path) -> None:
    """It answers rightly where the prompt ends on a colon, and else in three of five questions."""

    def answer(prompt: str, sample: int) -> str:
        number = int(re.search(r"Question (\d+)\?", prompt).group(1))  # type: ignore[union-attr]
        return "right" if prompt.endswith(":") or number % 5 < 3 else "wrong"

    found, rows = ask_suite(one("format", questions=questions(tmp_path, 40)), saying(answer))
    assert_results(found)
    metrics = by_name(found)
    assert len(rows) == 40 * len(load_formats())
    assert metrics["format_spread"].value == pytest.approx(0.4)
    assert metrics["format_accuracy{format=q-a}"].value == 1.0
    assert metrics["format_accuracy{format=plain}"].value == 0.6
    assert "format-spread" in codes(found)
    finding = next(each for each in found if getattr(each, "code", "") == "format-spread")
    assert "from 60.0 %" in finding.sentence
    assert "to 100.0 %" in finding.sentence


def test_formats_that_make_no_difference_to_a_noisy_model_alarm_in_no_more_than_five_percent() -> None:
    alarms = sum(spread_of(by_chance(seed, 40, [0.7] * 18), draws=99, seed=seed).p_value < 0.05 for seed in range(200))
    assert alarms / 200 <= 0.08


def test_a_planted_spread_lies_in_its_interval_nearly_always() -> None:
    accuracies = [0.5] + [0.7] * 8 + [0.9]
    big = by_chance(0, 200_000, accuracies).mean(axis=0)
    truth = float(big.max() - big.min())
    found = [spread_of(by_chance(seed, 60, accuracies), draws=200, seed=seed).interval for seed in range(1, 121)]
    assert sum(each.low <= truth <= each.high for each in found) / 120 >= 0.93


@pytest.mark.parametrize("accuracies", [[0.7] * 18, [0.6] * 9 + [0.8] * 9, [0.5] * 6 + [0.7] * 12], ids=["none", "halves", "a third"])
def test_the_quartiles_lie_apart_as_their_interval_says_also_where_formats_make_no_difference(accuracies: list[float]) -> None:
    first, third = np.quantile(by_chance(0, 200_000, accuracies).mean(axis=0), [0.25, 0.75])
    truth = float(third - first) if len(set(accuracies)) > 1 else 0.0
    found = [quartiles_of(by_chance(seed, 40, accuracies), draws=100, seed=seed) for seed in range(1, 101)]
    assert sum(each.interval.low <= truth <= each.interval.high for each in found) / 100 >= 0.95
    if not truth:
        assert sum(each.p_value < 0.05 for each in found) / 100 <= 0.1
        assert np.mean([each.by_chance for each in found]) == pytest.approx(np.mean([each.value for each in found]), abs=0.02)


def test_quartiles_that_chance_explains_say_so(tmp_path: Path) -> None:
    def answer(prompt: str, sample: int) -> str:
        return "right" if random.Random(prompt).random() < 0.7 else "wrong"

    found, _ = ask_suite(one("format", questions=questions(tmp_path, 40)), saying(answer))
    metric = by_name(found)["format_interquartile_range"]
    assert metric.value > 0.0  # type: ignore[operator]
    assert metric.interval.low == 0.0  # type: ignore[union-attr]
    assert re.search(r"of 18 formats; 0\.\d+ by chance, p = 0\.\d+ by shuffling formats", metric.note)


def test_an_empty_answer_leaves_its_question_out_of_every_figure_that_formats_are_compared_by(tmp_path: Path) -> None:
    """Question 7 is answered with nothing in the format that ends on a colon, and rightly in all others."""

    def answer(prompt: str, sample: int) -> str:
        number = int(re.search(r"Question (\d+)\?", prompt).group(1))  # type: ignore[union-attr]
        if number == 7 and prompt.endswith(":"):
            return ""
        return "right" if prompt.endswith(":") or number % 2 else "wrong"

    found, _ = ask_suite(one("format", questions=questions(tmp_path, 40), format={"formats": ["q-a", "plain"]}), saying(answer))
    metrics = by_name(found)
    first, second = (metrics[f"format_accuracy{{format={name}}}"] for name in ("q-a", "plain"))
    assert (first.n, second.n) == (39, 39)
    assert "without 1 others" not in first.note
    assert "without 1 other" in first.note
    assert metrics["format_spread"].value == pytest.approx(first.value - second.value)  # type: ignore[operator]
    (finding,) = [each for each in found if getattr(each, "code", "") == "format-spread"]
    assert f"from {second.value * 100:.1f} %" in finding.sentence  # type: ignore[operator]
    assert f"to {first.value * 100:.1f} %" in finding.sentence  # type: ignore[operator]


def test_a_steady_model_has_no_spread(tmp_path: Path) -> None:
    found, _ = ask_suite(one("format", questions=questions(tmp_path, 20)), saying(lambda prompt, sample: "right"))
    metrics = by_name(found)
    assert metrics["format_spread"].value == 0.0
    assert metrics["format_median_accuracy"].value == 1.0
    assert not codes(found)


def test_options_are_asked_in_every_format_too(tmp_path: Path) -> None:
    rows = [{"question": f"Question {i}?", "options": ["right", "no", "never"], "answer": 0} for i in range(12)]
    audit = one("format", choices=items(tmp_path, rows), format={"mode": "choice", "formats": ["plain", "q-a", "tags"]})
    found, seen = ask_suite(audit, saying(lambda prompt, sample: "A" if "<question>" not in prompt else random.choice("BC")))
    metrics = by_name(found)
    assert len(seen) == 36
    assert metrics["format_accuracy{format=plain}"].value == 1.0
    assert metrics["format_accuracy{format=tags}"].value == 0.0
    assert metrics["format_difference{format=tags}"].value == -1.0


def test_a_misspelt_format_is_refused_with_those_there_are(tmp_path: Path) -> None:
    audit = one("format", questions=questions(tmp_path, 12), format={"formats": ["plane"]})
    with pytest.raises(ConfigError, match="no format 'plane'") as caught:
        ask_suite(audit, saying(lambda prompt, sample: "x"))
    assert "plain" in str(caught.value.hint)


def test_few_items_give_no_spread(tmp_path: Path) -> None:
    found, _ = ask_suite(one("format", questions=questions(tmp_path, 5)), saying(lambda prompt, sample: "right"))
    assert by_name(found)["format_spread"].value is None
