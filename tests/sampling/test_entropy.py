"""Semantic entropy and the equivalences that make its clusters; AUROC of such a score."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fmaudit import StatisticsError
from fmaudit_sampling.measures.discrimination import auroc
from fmaudit_sampling.measures.entropy import cluster, exact_text, number_in, rao_entropy, semantic_entropy


def test_one_meaning_has_none_and_k_equal_ones_have_ln_k() -> None:
    assert semantic_entropy([4, 4, 4]) == 0.0
    for k in (2, 3, 7):
        assert semantic_entropy(list(range(k)) * 5) == pytest.approx(math.log(k), abs=1e-12)
    assert semantic_entropy([0, 0, 0, 1]) == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))


def test_rao_entropy_weighs_clusters_by_length_normalised_probability() -> None:
    weights = np.exp([-1.0, -0.5, -2.0])
    p = np.array([weights[0] + weights[2], weights[1]]) / weights.sum()
    found = rao_entropy([0, 1, 0], [-4.0, -3.0, -2.0], [4, 6, 1])
    assert found == pytest.approx(-(p * np.log(p)).sum())
    assert rao_entropy([0, 1, 2], [-3000.0, -2000.0, -1000.0], [3, 2, 1]) == pytest.approx(math.log(3))
    assert rao_entropy([5, 5], [-1.0, -9.0], [1, 1]) == 0.0
    with pytest.raises(StatisticsError):
        rao_entropy([0], [0.0], [0])


def test_clusters_need_both_directions_and_are_transitive() -> None:
    assert cluster([1, 2, 6, 3], lambda a, b: b % a == 0) == (0, 1, 2, 3)  # divides one way only
    assert cluster([1.0, 3.0, 2.0, 9.0], lambda a, b: abs(a - b) <= 1) == (0, 0, 0, 1)  # 1 ~ 2 ~ 3


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_answers_never_shows(seed: int) -> None:
    answers = [0.0, 0.9, 1.7, 5.0, 5.5, 9.0]
    order = np.random.default_rng(seed).permutation(6)
    found = cluster([answers[i] for i in order], lambda a, b: abs(a - b) < 1)
    groups = {frozenset(answers[order[i]] for i in range(6) if found[i] == label) for label in set(found)}
    assert groups == {frozenset({0.0, 0.9, 1.7}), frozenset({5.0, 5.5}), frozenset({9.0})}
    assert found[0] == 0


def test_texts_are_equal_after_normalisation() -> None:
    assert exact_text("  The  Cat.") == exact_text("the cat")
    assert exact_text("Ｐａｒｉｓ!") == exact_text("paris")
    assert exact_text("¿Straße?") == exact_text("STRASSE")
    assert exact_text("-5") != exact_text("5 cats")
    assert exact_text("...") == "..."


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("so 1,234.50 in all", 1234.5),
        ("The answer is 18.", 18),
        ("−3", -3),
        ("१२ है", 12),
        ("none", None),
        ("1e3 or 2", 2),
        ("1,23", 23),
        ("v2: 7", 7),
    ],
)
def test_the_last_number_is_found(answer: str, expected: float | None) -> None:
    assert number_in(answer) == expected


def test_auroc_counts_pairs_with_ties_half() -> None:
    assert auroc([1, 2, 2, 3], [False, True, False, True]).value == pytest.approx(3.5 / 4)
    assert auroc([3, 2, 1, 0], [False, False, True, True]).value == 0.0
    rng = np.random.default_rng(0)
    x, y = np.round(rng.normal(0, 1, 60), 1), rng.random(60) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in x[y] for b in x[~y]]
    assert auroc(x, y).value == pytest.approx(np.mean(pairs))


def test_perfect_order_of_few_is_no_certainty() -> None:
    found = auroc([0, 1, 2, 3], [False, False, True, True])
    assert (found.value, found.interval.high) == (1.0, 1.0)
    assert found.interval.low < 0.5
    with pytest.raises(StatisticsError):
        auroc([0, 1, 2], [False, True, True])


@pytest.mark.parametrize("clustered", [False, True])
def test_auroc_interval_covers(clustered: bool) -> None:
    from scipy.special import ndtr

    rng, inside = np.random.default_rng(1), []
    for _ in range(200):
        y = np.repeat(rng.random(40) < 0.5, 3) if clustered else rng.random(120) < 0.5
        x = y + (np.repeat(rng.normal(0, 1, 40), 3) if clustered else rng.normal(0, 1, 120))
        found = auroc(x, y, np.repeat(np.arange(40), 3).tolist() if clustered else None)
        inside.append(found.interval.low <= ndtr(1 / math.sqrt(2)) <= found.interval.high)
    assert 0.90 <= np.mean(inside) <= 0.99


def test_clusters_of_one_change_little() -> None:
    rng = np.random.default_rng(2)
    y = rng.random(100) < 0.5
    x = y + rng.normal(0, 1, 100)
    assert auroc(x, y, list(range(100))).standard_error == pytest.approx(auroc(x, y).standard_error, rel=0.03)
