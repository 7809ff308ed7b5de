"""Disagreement of people: camps are told from one spread-out middle, raters and groups from chance."""

from __future__ import annotations

import numpy as np
import pytest

from fmaudit import StatisticsError
from fmaudit.testing import by_name, codes
from fmaudit_alignment.disagreement import Rating, camps, measure_disagreement, rater_effects


def test_two_camps_are_flagged_and_one_middle_is_not() -> None:
    split = camps([20, 8, 2, 7, 23])
    assert split.p_value < 0.01
    assert split.polarisation > 0.5
    middle = camps([3, 12, 30, 12, 3])
    assert middle.p_value == 1.0
    assert middle.polarisation < 0.25
    assert camps([30, 0, 0, 0, 30]).polarisation == 1.0
    assert camps([30, 0, 0, 0, 30]).entropy == 1.0
    assert camps([0, 0, 60, 0, 0]).entropy == 0.0


def test_one_peak_is_called_two_in_at_most_one_case_of_twenty() -> None:
    rng = np.random.default_rng(2)
    for shares in ([0.2] * 5, [0.05, 0.15, 0.3, 0.3, 0.2], [0.6, 0.2, 0.1, 0.05, 0.05]):
        found = [camps(rng.multinomial(40, shares).tolist(), draws=99, seed=seed).p_value for seed in range(100)]
        assert np.mean(np.array(found) <= 0.05) <= 0.09


def ratings(rng: np.random.Generator, lift: float, items: int = 40, raters: int = 8) -> list[Rating]:
    """Raters in two groups on a scale of seven; the first group rates higher by `lift` steps."""
    made = []
    for i in range(items):
        middle = rng.uniform(2, 4)
        for r in range(raters):
            value = int(np.clip(round(middle + rng.normal() + (lift if r < raters // 2 else 0.0)), 0, 6))
            made.append(Rating(str(i), f"r{r}", value, "first" if r < raters // 2 else "second"))
    return made


def test_a_group_that_rates_higher_is_found_with_its_size() -> None:
    found = rater_effects(ratings(np.random.default_rng(5), 1.0), by_group=True)
    assert found.p_value < 0.01
    assert found.means["first"] - found.means["second"] == pytest.approx(1.0, abs=0.25)
    assert rater_effects(ratings(np.random.default_rng(5), 1.0)).p_value < 0.01


def test_raters_who_are_alike_are_called_different_in_at_most_one_case_of_twenty() -> None:
    rng = np.random.default_rng(6)
    found = [rater_effects(ratings(rng, 0.0, items=12), draws=99, seed=seed).p_value for seed in range(200)]
    assert np.mean(np.array(found) <= 0.05) <= 0.08


def test_a_split_item_and_a_group_effect_are_reported_in_words() -> None:
    rng = np.random.default_rng(7)
    made = [Rating("split", f"r{r}", 0 if r < 12 else 6, "first" if r < 12 else "second") for r in range(24)]
    made += [Rating(f"calm-{i}", f"r{r}", int(rng.integers(2, 5)), "first" if r < 12 else "second") for i in range(5) for r in range(24)]
    found = list(measure_disagreement(made, 7))
    assert by_name(found)["split_items_rate"].value == pytest.approx(1 / 6)
    assert "split-ratings" in codes(found)
    assert "'second'" in next(each.sentence for each in found if getattr(each, "code", "") == "group-effect")
    calm = list(measure_disagreement([rating for rating in made if rating.item != "split"], 7))
    assert "split-ratings" not in codes(calm)


def test_ratings_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(StatisticsError, match="not on a scale of 5"):
        list(measure_disagreement([Rating("x", "r", 5)], 5))
    with pytest.raises(StatisticsError, match="two raters"):
        rater_effects([Rating("x", "r", 1), Rating("y", "s", 1)])
    with pytest.raises(StatisticsError, match="three steps"):
        camps([1, 2])
