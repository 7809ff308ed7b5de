"""Repeat agreement, majority share and pass^k: unbiased, exact, and clustered by prompt."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from fmaudit import StatisticsError
from fmaudit.testing import covered
from fmaudit_sampling.measures.agreement import agreement, answer_counts, majority_share, pass_power
from fmaudit_sampling.showing import item_mean

P = (0.6, 0.15, 0.05, 0.01, 0.19)


def test_agreement_is_unbiased_over_every_possible_sample() -> None:
    for n in (2, 3, 5):
        mean = math.fsum(
            math.prod(P[i] for i in answers) * agreement(answer_counts(answers)) for answers in itertools.product(range(5), repeat=n)
        )
        assert mean == pytest.approx(0.4212, abs=1e-12)


@pytest.mark.parametrize(("answers", "expected"), [("aaaa", 1.0), ("abcd", 0.0), ("aab", 1 / 3), ("aabb", 1 / 3)])
def test_agreement_counts_pairs(answers: str, expected: float) -> None:
    assert agreement(answer_counts(answers)) == pytest.approx(expected)


def test_majority_share() -> None:
    assert majority_share(answer_counts("abaac")) == pytest.approx(0.6)


def test_pass_power_is_unbiased_and_falls_with_k() -> None:
    n, p = 6, 0.7
    for k in (1, 2, 4):
        mean = math.fsum(math.comb(n, c) * p**c * (1 - p) ** (n - c) * pass_power(c, n, k) for c in range(n + 1))
        assert mean == pytest.approx(p**k)
    assert pass_power(6, 6, 6) == 1.0
    assert pass_power(5, 6, 6) == 0.0


def test_the_mean_over_prompts_covers_the_truth() -> None:
    """What the suites show: 95 % intervals over prompts hold the sum of squares in 92 to 98 % of 400 seeds."""
    rng = np.random.default_rng(0)
    found = [
        item_mean(
            "repeat_agreement", [agreement(answer_counts(answers)) for answers in rng.choice(5, (60, 8), p=P).tolist()], "fraction", 10
        )
        for _ in range(400)
    ]
    assert 0.92 <= covered(found, 0.4212) <= 0.98


def test_perfect_agreement_is_no_certainty() -> None:
    found = item_mean("repeat_agreement", [1.0] * 20, "fraction", 10)
    assert found.value == 1.0
    assert found.interval is not None
    assert found.interval.low < 0.9
    assert item_mean("repeat_agreement", [1.0], "fraction", 1).interval is None


@pytest.mark.parametrize("call", [lambda: agreement((1,)), lambda: majority_share(()), lambda: pass_power(1, 2, 3)])
def test_what_has_no_answer_is_refused(call: object) -> None:
    with pytest.raises(StatisticsError):
        call()
