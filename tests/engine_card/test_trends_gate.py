"""Before and after: identical weights pass without a flip, planted damage fails, and small samples decide nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fmaudit import ConfigError, StatisticsError
from fmaudit_engine_card.trends.gate import Answers, divergence, gate, gate_tables, score_drift


def logits(seed: int, cases: int = 20, positions: int = 8, words: int = 50) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(0, 2, (positions, words)) for _ in range(cases)]


def test_identical_weights_have_no_flip_no_divergence_and_pass() -> None:
    answers, outputs = Answers([True, False] * 50, ["a", "b"] * 50), logits(0)
    found = gate(answers, answers, drift=divergence(outputs, outputs))
    assert found.decision == "pass"
    assert [m.value for m in found.measures] == [0.0, 0.0, 0.0]
    assert (found.p_value, found.only_before, found.only_after) == (1.0, 0, 0)


def test_flips_are_seen_where_accuracy_stays_the_same() -> None:
    before = Answers([True] * 100 + [False] * 100)
    after = Answers([True] * 80 + [False] * 20 + [True] * 20 + [False] * 80)
    found = gate(before, after, max_drop=0.1, max_flips=0.05)
    accuracy, flips = found.measures
    assert (accuracy.value, flips.value) == (0.0, 0.2)
    assert (accuracy.decision, flips.decision, found.decision) == ("pass", "fail", "fail")
    assert (found.only_before, found.only_after, found.p_value) == (20, 20, 1.0)


def test_changed_answers_count_as_flips_though_both_are_wrong() -> None:
    found = gate(Answers([False] * 10, list("abcdefghij")), Answers([False] * 10, list("abcdefghiX")))
    assert found.measures[1].value == 0.1
    assert found.decision == "inconclusive"


def test_a_real_drop_fails_and_few_cases_are_inconclusive() -> None:
    before, after = [True] * 900 + [False] * 100, [True] * 820 + [False] * 180
    assert gate(Answers(before), Answers(after), max_drop=0.02).decision == "fail"
    slight = gate(Answers(before), Answers([True] * 885 + [False] * 115), max_drop=0.02)
    assert slight.decision == "inconclusive"
    assert slight.detectable is not None
    assert 0.005 < slight.detectable < 0.015
    assert gate(Answers(before[::25]), Answers(after[::25]), max_drop=0.02).decision == "inconclusive"


def test_divergence_is_that_of_the_formula_in_nats() -> None:
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.5, 0.25])
    expected = 0.5 * math.log(2) - 0.25 * math.log(2)
    rows = np.log(np.tile(p, (4, 1))), np.log(np.tile(q, (4, 1))) + 3.0
    found = divergence([rows[0]] * 5, [rows[1]] * 5, limit=0.2)
    assert found.value == pytest.approx(expected)
    assert (found.name, found.decision) == ("kl", "pass")
    assert divergence([rows[0]] * 5, [rows[1]] * 5, limit=0.1).decision == "fail"


def test_rounding_weights_diverges_more_the_fewer_bits_there_are() -> None:
    before = logits(1)
    coarse = [divergence(before, [np.round(x / step) * step for x in before]).value for step in (0.01, 0.1, 1.0)]
    assert 0 < coarse[0] < coarse[1] < coarse[2]


def test_a_token_that_became_impossible_is_an_infinite_divergence() -> None:
    after = [x.copy() for x in logits(2)]
    after[3][0, 0] = -np.inf
    found = divergence(logits(2), after, limit=1.0)
    assert (found.value, found.decision) == (math.inf, "fail")
    assert "impossible" in found.note
    assert divergence(after, logits(2), limit=1.0).decision == "pass"


def test_scores_of_own_samples_estimate_the_divergence() -> None:
    rng = np.random.default_rng(3)
    p, q = rng.dirichlet(np.ones(20)), rng.dirichlet(np.ones(20))
    drawn = [rng.choice(20, 200, p=p) for _ in range(60)]
    found = score_drift([np.log(p[t]) for t in drawn], [np.log(q[t]) for t in drawn], drawn_from_before=True)
    assert found.interval.low <= float((p * np.log(p / q)).sum()) <= found.interval.high
    other = score_drift([np.log(p[t]) for t in drawn], [np.log(q[t]) for t in drawn], drawn_from_before=False)
    assert (found.name, other.name, other.value) == ("kl", "cross_entropy", found.value)
    with pytest.raises(StatisticsError, match="case 1 has scores"):
        score_drift([[0.1, 0.2]], [[0.1]], drawn_from_before=True)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_two_tables_of_responses_are_matched_by_id(tmp_path: Path) -> None:
    before = [{"id": i, "answer": str(i % 4), "correct": i % 4 == 0, "logprobs": [-1.0, -2.0]} for i in range(40)]
    after = [{**row, "logprobs": [-1.1, -2.3]} for row in reversed(before)]
    found = gate_tables(write(tmp_path / "a.jsonl", before), write(tmp_path / "b.jsonl", after), max_flips=0.1, max_drift=0.25)
    assert {m.name: m.value for m in found.measures} == pytest.approx({"accuracy": 0.0, "flips": 0.0, "cross_entropy": 0.2})
    assert found.decision == "pass"
    assert gate_tables(before, after, max_drift=0.1).decision == "fail"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ([{"id": 1, "answer": "a"}], [{"id": 2, "answer": "a"}], "one table only"),
        ([{"id": 1, "answer": "a"}] * 2, [{"id": 1, "answer": "a"}], "repeats an id"),
        ([{"answer": "a"}], [{"id": 1, "answer": "a"}], "no column id"),
        ([{"id": 1, "correct": "maybe"}], [{"id": 1, "correct": 1}], "neither right nor wrong"),
    ],
)
def test_tables_that_do_not_match_say_why(before: list[dict[str, Any]], after: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        gate_tables(before, after)


def test_outcomes_against_answers_cannot_be_compared() -> None:
    with pytest.raises(StatisticsError, match="both need answers"):
        gate(Answers([True]), Answers(None, ["a"]))


def test_a_limit_on_what_was_not_measured_is_refused_and_never_passes() -> None:
    answers = Answers(answer=["a"] * 500)
    assert gate(answers, answers, max_flips=0.05).decision == "pass"
    with pytest.raises(StatisticsError, match="not marked"):
        gate(answers, answers, max_flips=0.05, max_drop=0.01)
    rows = [{"id": i, "correct": 1} for i in range(500)]
    with pytest.raises(ConfigError, match="max_drift takes a column logprobs"):
        gate_tables(rows, rows, max_flips=0.05, max_drift=0.01)
    with pytest.raises(StatisticsError, match="max_drop is -1"):
        gate(Answers([True] * 5), Answers([True] * 5), max_drop=-1)


@pytest.mark.parametrize("broken", [math.nan, -math.inf])
def test_scores_that_are_no_numbers_are_an_error_and_no_infinite_divergence(broken: float) -> None:
    with pytest.raises(StatisticsError, match="case 2 has scores"):
        score_drift([[-1.0], [broken]], [[-1.0], [-2.0]], drawn_from_before=True)
    if math.isnan(broken):
        with pytest.raises(StatisticsError, match="case 1 has scores"):
            divergence([[[1.0, broken]], [[1.0, 2.0]]], [[[1.0, 2.0]], [[1.0, 2.0]]])


def test_a_limit_inside_the_interval_is_inconclusive_and_outweighs_a_pass() -> None:
    before = Answers([True] * 500 + [False] * 500, ["a"] * 1000)
    after = Answers([True] * 500 + [False] * 500, ["a"] * 990 + ["b"] * 10)
    found = gate(before, after, max_drop=0.05, max_flips=0.012)  # 1 % of flips, 0.5 to 1.8 %
    assert [m.decision for m in found.measures] == ["pass", "inconclusive"]
    assert found.decision == "inconclusive"
    assert gate(before, after, max_drop=0.05, max_flips=0.02).decision == "pass"
    assert gate(before, after, max_drop=0.05, max_flips=0.005).decision == "fail"
