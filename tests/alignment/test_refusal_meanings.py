"""Translations of a prompt are no prompts of their own: rates over several languages know how many meanings they rest on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from fmaudit import Metric, stats
from fmaudit.testing import row
from fmaudit_alignment.answers.slices import sliced_rates
from fmaudit_alignment.measures.refusal import measure_refusal
from fmaudit_alignment.suites.false_premise import FalsePremise

LANGUAGES = ("en", "de", "es", "hi", "sw", "zh")
OVER, UNDER = 0.3, 0.2


def _answer(intent: str, meaning: str, language: str, label: str, kind: str = "") -> dict[str, Any]:
    parallel = "" if language == "en" else meaning
    detail = json.dumps({"parallel": parallel, "by": "people", "classifier": label})
    item = meaning if language == "en" else f"{meaning}-{language}"
    return row(item, condition=intent, kind=kind, language=language, label=label, finish="stop", detail=detail)


def _translated(rng: np.random.Generator, meanings: int) -> Iterator[dict[str, Any]]:
    """Every meaning has a chance of its own to be refused (mean OVER, or 1 - UNDER), in all its languages."""
    for intent, mean in (("safe", OVER), ("unsafe", 1 - UNDER)):
        for i, chance in enumerate(rng.beta(mean, 1 - mean, meanings)):
            for language in LANGUAGES:
                yield _answer(intent, f"{intent}{i}", language, "refuse" if rng.random() < chance else "comply")


def _named(found: Any) -> dict[tuple[str, ...], Metric]:
    return {(each.name, *each.slice.values()): each for each in found if isinstance(each, Metric)}


def test_pooled_rates_cover_the_truth_where_every_meaning_has_its_own_chance() -> None:
    """As if every translation stood alone, these intervals cover it in about 70 of 100 draws."""
    truth = {"over_refusal": OVER, "under_refusal": UNDER, "youden_j": 1 - OVER - UNDER}
    covered, draws = dict.fromkeys(truth, 0), 150
    for seed in range(draws):
        found = _named(measure_refusal(list(_translated(np.random.default_rng(seed), 60)), 10))
        for name, value in truth.items():
            interval = found[name,].interval
            assert interval is not None
            covered[name] += interval.low <= value <= interval.high
        assert (found["over_refusal",].n, found["over_refusal",].n_clusters) == (360, 60)
    assert all(0.9 <= each / draws <= 0.995 for each in covered.values()), covered


def test_one_language_alone_counts_every_prompt() -> None:
    found = _named(measure_refusal(list(_translated(np.random.default_rng(1), 60)), 10))
    german = found["over_refusal", "de"]
    assert (german.n, german.n_clusters) == (60, 60)
    assert german.method == "wilson"


def test_a_language_has_no_unpaired_q_beside_the_paired_test_and_a_type_has_one_by_meaning() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        for i in range(60):
            for language in LANGUAGES:
                refused = i % 3 == 0 or (language == "hi" and i % 3 == 1)
                yield _answer("safe", f"m{i}", language, "refuse" if refused else "comply", "a" if i % 3 == 0 else "b")

    found = _named(measure_refusal(list(rows()), 10))
    assert "from the others" not in found["over_refusal", "hi"].note
    assert "refusal_by_language" in found["over_refusal", "hi"].note
    assert "points from the others, q " in found["over_refusal", "a"].note


def test_groups_of_clustered_answers_raise_few_alarms_and_are_told_apart_where_they_differ() -> None:
    """Five answers to a prompt that are nearly alike: tested answer by answer, half of such families would raise an alarm."""

    def family(rng: np.random.Generator, lift: float) -> Mapping[str, Mapping[str, tuple[int, int]]]:
        def items(mean: float) -> dict[str, tuple[int, int]]:
            return {str(i): (int(rng.binomial(5, chance)), 5) for i, chance in enumerate(rng.beta(mean, 1 - mean, 25))}

        return {"a": items(0.3 + lift), "b": items(0.3), "c": items(0.3)}

    alarms = found = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        alarms += any(one.q_value <= 0.05 for one in stats.items_against_rest(family(rng, 0.0)).values())
        found += stats.items_against_rest(family(rng, 0.5))["a"].q_value <= 0.05
    assert alarms <= 8
    assert found >= 55


@pytest.mark.parametrize("samples", [1, 4])
def test_types_have_a_q_with_any_number_of_samples(samples: int) -> None:
    rows = [row(f"{kind}{i}", kind=kind, sample=sample, label="yes" if kind == "a" else "no")
            for kind in "ab" for i in range(12) for sample in range(samples)]  # fmt: skip
    first, second = sliced_rates("x", rows, lambda one: one["label"] == "yes", "kind", "type", 5)
    assert "100.0 points from the others, q " in first.note
    assert "-100.0 points from the others, q " in second.note


def test_translations_of_a_false_premise_are_one_item_too() -> None:
    from fmaudit_alignment.params import AlignmentParams

    rows = [
        row(f"p{i}-{language}", condition="false", language=language, label="challenges" if i % 2 else "accepts", finish="stop",
            detail=json.dumps({"parallel": f"p{i}"}))
        for i in range(20) for language in ("de", "es", "hi")
    ]  # fmt: skip
    found = _named(FalsePremise(AlignmentParams()).measure(rows))
    assert (found["challenge_rate",].n, found["challenge_rate",].n_clusters) == (60, 20)
