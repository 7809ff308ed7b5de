"""Right-sizing: planted dominated and equal models, and how seldom a model that is too weak gets chosen."""

from __future__ import annotations

import numpy as np
import pytest

from fmaudit import StatisticsError
from fmaudit_engine_card.trends.choice import Candidate, right_size


def model(name: str, cost: float, right: int, n: int = 1000, shift: int = 0) -> Candidate:
    """A model that is right on items `shift` to `shift + right`."""
    return Candidate(name, cost, [int(shift <= i < shift + right) for i in range(n)])


def test_a_dear_model_that_is_worse_is_dominated_and_the_cheap_equal_one_is_chosen() -> None:
    found = right_size([model("175b", 175, 700), model("13b tuned", 13, 805), model("70b", 70, 806), model("1b", 1, 400)], margin=0.02)
    assert (found.chosen, found.shown, found.best) == ("13b tuned", True, "70b")
    standing = {s.name: s for s in found.standings}
    assert set(standing["175b"].dominated_by) == {"13b tuned", "70b"}
    assert found.front == ("1b", "13b tuned", "70b")
    assert not standing["13b tuned"].dominated_by
    assert standing["1b"].difference == pytest.approx(-0.406)
    assert not standing["1b"].not_worse
    assert [s.cost for s in found.standings] == sorted(s.cost for s in found.standings)


def test_identical_models_at_two_prices_leave_the_dear_one_off_the_front() -> None:
    found = right_size([model("a", 1, 500), model("b", 2, 500)], margin=0.02)
    assert (found.chosen, found.best, found.front) == ("a", "a", ("a",))


def test_a_cheap_model_that_may_be_good_enough_is_named_as_undecided() -> None:
    found = right_size([model("small", 1, 30, 60, shift=2), model("big", 2, 31, 60)], margin=0.02)
    assert not found.shown
    assert found.chosen == "big"
    assert "with more items it may be small" in found.note


def test_scores_between_zero_and_one_are_compared_by_bootstrap() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(300)
    small, big = np.clip(base - 0.01 + rng.normal(0, 0.02, 300), 0, 1), np.clip(base + rng.normal(0, 0.02, 300), 0, 1)
    found = right_size([Candidate("small", 1, small.tolist()), Candidate("big", 5, big.tolist())], margin=0.03)
    assert (found.chosen, found.best) == ("small", "big")
    assert found.standings[0].difference_interval.method.startswith("bootstrap")
    assert right_size([Candidate("small", 1, small.tolist()), Candidate("big", 5, big.tolist())], margin=0.005).chosen == "big"


def test_a_model_beyond_the_margin_is_seldom_chosen_even_where_luck_makes_it_look_best() -> None:
    rng, wrong, shown = np.random.default_rng(1), 0, 0
    for _ in range(100):
        easy = rng.random(400)
        scores = [((easy + rng.normal(0, 0.1, 400)) < 0.8 - gap).astype(int).tolist() for gap in (0.05, 0.05, 0.05, 0.0)]
        found = right_size([Candidate(str(i), i + 1, s) for i, s in enumerate(scores)], margin=0.02)
        wrong += found.shown and found.chosen != "3"
        shown += found.shown
    assert wrong / 100 <= 0.05
    assert shown > 0


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        ([model("a", 1, 5)], "same two or more items"),
        ([model("a", 1, 5), model("b", 1, 5, 900)], "same two or more items"),
        ([model("a", 1, 5), model("a", 2, 5)], "same name"),
    ],
)
def test_what_cannot_be_compared_is_refused(candidates: list[Candidate], message: str) -> None:
    with pytest.raises(StatisticsError, match=message):
        right_size(candidates, margin=0.02)
    with pytest.raises(StatisticsError, match="margin"):
        right_size([model("a", 1, 5), model("b", 2, 5)], margin=-0.1)


def test_a_cost_that_is_not_known_is_refused() -> None:
    with pytest.raises(StatisticsError, match="cost of a is no finite number"):
        right_size([Candidate("a", float("nan"), [1, 0, 1]), Candidate("b", 2, [1, 1, 1])], margin=0.1)


def test_dominating_takes_a_price_as_low_and_a_difference_that_is_no_luck() -> None:
    found = {s.name: s for s in right_size([model("cheap", 1, 600), model("dear", 2, 800)], margin=0.02).standings}
    assert found["cheap"].dominated_by == ()  # worse, but cheaper
    luck = right_size([model("cheap", 1, 31, 60), model("dear", 2, 30, 60, shift=2)], margin=0.02)
    assert luck.front == ("cheap",)
    assert [s.dominated_by for s in luck.standings] == [(), ()]


def test_the_more_models_are_judged_the_surer_each_must_be() -> None:
    pair = [model("small", 1, 700, shift=5), model("big", 9, 700)]
    alone = right_size(pair, margin=0.02).standings[0].difference_interval
    among = right_size([*pair, model("x", 20, 300), model("y", 30, 300), model("z", 40, 300)], margin=0.02)
    wider = {s.name: s for s in among.standings}["big" if among.best == "small" else "small"].difference_interval
    assert (alone.level, wider.level) == pytest.approx((0.95, 0.9875))
    assert wider.high - wider.low > alone.high - alone.low
