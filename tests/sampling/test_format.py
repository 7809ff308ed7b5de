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
from fmaudit_sampling.suites.format import spread_of


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
