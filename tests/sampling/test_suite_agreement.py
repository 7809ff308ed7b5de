"""The suite agreement: the planted distribution is found, its interval covers, steady and unsteady models are told apart."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest
from sampling_support import drawing, items, one, questions, saying

from fmaudit import Capability
from fmaudit.testing import ask, ask_suite, assert_results, by_name, codes, covered, measure, row
from fmaudit_sampling.suites.agreement import SAMPLED

WORDS = ["mat", "rug", "sofa", "roof", "chair"]
SHARES = [0.6, 0.15, 0.05, 0.01, 0.19]
TRUTH = sum(p * p for p in SHARES)
PART = "variance_of_correctness{part=%s}"


def test_a_categorical_model_agrees_with_itself_as_often_as_the_sum_of_squares(tmp_path: Path) -> None:
    audit = one("agreement", questions=questions(tmp_path, 60), samples=10)
    found, rows = ask_suite(audit, saying(drawing(7, WORDS, SHARES)))
    assert_results(found)
    metric = by_name(found)["repeat_agreement"]
    assert pytest.approx(0.4212) == TRUTH
    assert covered([metric], TRUTH) == 1.0
    assert (metric.n, metric.n_clusters, len([r for r in rows if r["condition"] == SAMPLED])) == (60, 60, 600)
    assert "answers-unsteady" in codes(found)


def test_the_interval_of_the_agreement_covers_the_truth() -> None:
    suite = one("agreement").suites["agreement"]
    rng = np.random.default_rng(2)
    metrics = []
    for _ in range(300):
        drawn = rng.choice(5, size=(30, 10), p=SHARES)
        rows = [row(f"q{i}", condition=SAMPLED, value=float(drawn[i, j]), response="") for i in range(30) for j in range(10)]
        metrics.append(suite._agreement(rows, {}))  # type: ignore[attr-defined]
    assert 0.92 <= covered(metrics, TRUTH) <= 0.98


def test_a_model_that_always_says_the_same_is_steady_and_has_no_entropy(tmp_path: Path) -> None:
    found, _ = ask_suite(one("agreement", questions=questions(tmp_path, 20)), saying(lambda prompt, sample: "It is right."))
    metrics = by_name(found)
    assert metrics["repeat_agreement"].value == metrics["string_agreement"].value == metrics["majority_share"].value == 1.0
    assert metrics["repeat_agreement"].interval is not None
    assert metrics["repeat_agreement"].interval.low < 0.9
    assert metrics["semantic_entropy"].value == metrics["divided_rate"].value == 0.0
    assert metrics["pass_power{k=5}"].value == 1.0
    assert metrics[PART % "numerical"].value == 0.0
    assert not codes(found)


def test_equal_meanings_in_other_words_agree_though_their_texts_do_not(tmp_path: Path) -> None:
    found, _ = ask_suite(
        one("agreement", questions=questions(tmp_path, 12), samples=4),
        saying(lambda prompt, sample: ["Right.", "It is right.", "right", "The answer is right"][sample]),
    )
    metrics = by_name(found)
    assert (metrics["repeat_agreement"].value, metrics["string_agreement"].value) == (1.0, 0.0)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_k_equal_meanings_have_entropy_ln_k(tmp_path: Path, k: int) -> None:
    audit = one("agreement", questions=questions(tmp_path, 12), samples=10)
    found, _ = ask_suite(audit, saying(lambda prompt, sample: WORDS[sample % k]))
    assert by_name(found)["semantic_entropy"].value == pytest.approx(math.log(k), abs=1e-12)


def test_two_camps_are_told_from_scattered_answers(tmp_path: Path) -> None:
    """Both models agree with themselves seldom; only the first is of two minds."""
    audit = one("agreement", questions=questions(tmp_path, 12), samples=10)
    two = by_name(ask_suite(audit, saying(lambda prompt, sample: ["right", "wrong"][sample % 2]))[0])
    many = by_name(ask_suite(audit, saying(lambda prompt, sample: f"answer {sample}"))[0])
    assert (two["divided_rate"].value, many["divided_rate"].value) == (1.0, 0.0)


def test_one_stray_answer_is_no_camp_and_three_samples_tell_nothing(tmp_path: Path) -> None:
    stray = saying(lambda prompt, sample: "wrong" if sample == 0 else "right")
    of = {n: by_name(ask_suite(one("agreement", questions=questions(tmp_path, 12), samples=n), stray)[0])["divided_rate"] for n in (3, 5)}
    assert of[5].value == 0.0
    assert of[3].status == "insufficient"
    assert "5 samples" in of[3].note


def test_pass_k_is_the_chance_of_k_right_samples(tmp_path: Path) -> None:
    audit = one("agreement", questions=questions(tmp_path, 150), samples=8)
    metrics = by_name(ask_suite(audit, saying(drawing(3, ["right", "wrong"], [0.7, 0.3])))[0])
    for k in (1, 3, 5):
        assert covered([metrics[f"pass_power{{k={k}}}"]], 0.7**k) == 1.0


def test_variance_between_questions_and_between_samples_are_told_apart(tmp_path: Path) -> None:
    """Half the questions are known, half are not: all variance is of the items. A coin for each sample: all is of sampling."""
    audit = one("agreement", questions=questions(tmp_path, 60))
    known = by_name(ask_suite(audit, saying(lambda prompt, sample: "right" if int(prompt.split()[1][:-1]) % 2 else "wrong"))[0])
    coin = by_name(ask_suite(audit, saying(drawing(4, ["right", "wrong"], [0.5, 0.5])))[0])
    assert (known[PART % "item"].value, known[PART % "sampling"].value) == (pytest.approx(0.25, rel=0.05), 0.0)
    assert coin[PART % "sampling"].value == pytest.approx(0.25, rel=0.05)
    assert coin[PART % "item"].value < 0.02  # type: ignore[operator]


def test_wordings_get_a_part_of_the_variance_where_the_suite_paraphrase_is_on(tmp_path: Path) -> None:
    rows = [
        {"id": f"q{i}", "prompt": f"Plain {i}?", "answers": ["right"], "wrong": ["wrong"], "paraphrases": [f"Odd {i}?", f"Even {i}?"]}
        for i in range(30)
    ]
    params = {"questions": items(tmp_path, rows), "agreement": {"split_items": 30}, "samples": 6}

    def by_wording(prompt: str, sample: int) -> str:
        return random.Random(prompt).choice(["right", "wrong"])

    audit = one("agreement", **params)
    alone = audit.suites["agreement"]
    assert not next(iter(alone.cases())).data["wordings"]
    beside = type(alone)(one("agreement", **params | {"suites": ("agreement", "paraphrase")}).params)
    assert next(iter(beside.cases())).data["wordings"] == ["Odd 0?", "Even 0?"]
    audit.__dict__["suites"] = {"agreement": beside}  # asked alone, as if the other were on too
    metrics = by_name(ask_suite(audit, saying(by_wording))[0])
    assert metrics[PART % "wording"].value > 0.15  # type: ignore[operator]
    assert metrics[PART % "sampling"].value == 0.0


def test_a_greedy_model_that_answers_otherwise_the_second_time_has_numerical_variance(tmp_path: Path) -> None:
    calls: dict[str, int] = {}

    def wavering(prompt: str, sample: int) -> str:
        calls[prompt] = calls.get(prompt, 0) + 1
        return "right" if calls[prompt] % 2 else "wrong"

    found, _ = ask_suite(one("agreement", questions=questions(tmp_path, 20), samples=2), saying(wavering))
    assert by_name(found)[PART % "numerical"].value == 0.5


def test_too_few_questions_give_no_number(tmp_path: Path) -> None:
    found, _ = ask_suite(one("agreement", questions=questions(tmp_path, 4)), saying(lambda prompt, sample: "right"))
    assert by_name(found)["repeat_agreement"].value is None


def test_a_model_that_cannot_sample_is_told_so(tmp_path: Path) -> None:
    audit = one("agreement", questions=questions(tmp_path, 4))
    metrics, findings, _ = measure(audit, ask(audit, saying(lambda prompt, sample: "x", without=[Capability.SAMPLE])))
    assert "cannot draw answers at random" in metrics["answered{suite=agreement}"].note
    assert [finding.code for finding in findings] == ["suite-not-asked"]


def test_cut_answers_are_counted_and_strata_are_given() -> None:
    rows = [
        row(f"q{i}", condition=SAMPLED, sample=j, value=0.0, response="x", finish="cut" if j else "stop", stratum="known")
        for i in range(12)
        for j in (0, 1)
    ]
    found = list(one("agreement").suites["agreement"].measure(rows))
    metrics = by_name(found)
    assert metrics["answer_truncated_rate"].value == 0.5
    assert "repeat_agreement{stratum=known}" in metrics
    assert "answer-truncated-rate" in codes(found)


def test_a_question_with_one_readable_answer_costs_the_others_nothing(tmp_path: Path) -> None:
    """The one answer neither agrees nor disagrees: it is in no figure, no finding and no table."""
    rows = [{"id": f"q{i}", "prompt": f"What is {i}+1?", "answers": [str(i + 1)]} for i in range(15)]

    def answer(prompt: str, sample: int) -> str:
        number = int(prompt.split()[2].split("+")[0])
        return ["1", "", "...", ""][sample] if number == 0 else str(number + 1 + sample)

    found, _ = ask_suite(one("agreement", questions=items(tmp_path, rows), samples=4), saying(answer))
    metric = by_name(found)["repeat_agreement"]
    assert (metric.value, metric.n) == (0.0, 14)
    assert "answers-unsteady" in codes(found)
    table = next(each for each in found if getattr(each, "name", "") == "least-steady")
    assert "What is 0+1?" not in table.data.column("question").to_pylist()  # type: ignore[union-attr]


def test_too_few_questions_leave_parts_of_the_variance_insufficient_and_greedy_repeats_are_their_own(tmp_path: Path) -> None:
    few = by_name(ask_suite(one("agreement", questions=questions(tmp_path, 4)), saying(lambda prompt, sample: "right"))[0])
    for part in ("item", "sampling", "numerical"):
        assert (few[PART % part].value, few[PART % part].status) == (None, "insufficient")
        assert "4 questions" in few[PART % part].note
    once = saying(lambda prompt, sample: "" if sample else "right")  # nothing is asked twice that can be read, but greedily
    lone = by_name(ask_suite(one("agreement", questions=questions(tmp_path, 20), samples=2), once)[0])
    assert lone[PART % "item"].status == "insufficient"
    assert "no group holds two; " in lone[PART % "item"].note
    assert lone[PART % "numerical"].value == 0.0


def test_no_spread_in_a_dozen_questions_is_no_certainty(tmp_path: Path) -> None:
    """One question in five may yet be answered wrongly, or by chance: such a model shows no spread in 12 questions in 7 % of runs."""
    metrics = by_name(ask_suite(one("agreement", questions=questions(tmp_path, 12)), saying(lambda prompt, sample: "right"))[0])
    for part, truth in (("item", 0.2 * 0.8), ("sampling", 0.2 * 0.25)):
        metric = metrics[PART % part]
        assert metric.value == 0.0
        assert covered([metric], truth) == 1.0
        assert metric.interval is not None
        assert metric.interval.high < 0.25
