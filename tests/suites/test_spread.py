"""A limit keeps what a suite compares: items are shared out by its strata, the first one first."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from fmaudit import spread

# eight kinds of safe prompts, two of unsafe ones, as sets of refusals have them
PROMPTS = [{"intent": "safe", "type": f"s{i % 8}"} for i in range(160)] + [{"intent": "unsafe", "type": f"u{i % 2}"} for i in range(40)]
ITEMS = st.lists(st.fixed_dictionaries({"a": st.sampled_from("xyz"), "b": st.sampled_from("pqr")}), max_size=40)


def test_the_first_stratum_is_shared_out_before_the_second() -> None:
    kept = spread(PROMPTS, 40, "intent", "type")
    assert Counter(item["intent"] for item in kept) == {"safe": 20, "unsafe": 20}
    assert Counter(item["type"] for item in kept if item["intent"] == "unsafe") == {"u0": 10, "u1": 10}
    by_type = Counter(item["type"] for item in kept if item["intent"] == "safe")
    assert set(by_type.values()) == {2, 3}


def test_what_one_side_lacks_the_other_gives() -> None:
    kept = spread(PROMPTS, 120, "intent", "type")
    assert Counter(item["intent"] for item in kept) == {"safe": 80, "unsafe": 40}


@given(ITEMS, st.integers(1, 45))
def test_as_many_as_wanted_are_kept_in_order_and_shared_out_evenly(items: list[dict[str, str]], limit: int) -> None:
    numbered = [{**item, "id": place} for place, item in enumerate(items)]
    kept = spread(numbered, limit, "a", "b")
    places = [item["id"] for item in kept]
    assert places == sorted(places)
    assert len(kept) == min(limit, len(items))
    there, taken = Counter(item["a"] for item in items), Counter(item["a"] for item in kept)
    most = max(taken.values(), default=0)
    assert all(taken[value] >= min(there[value], most - 1) for value in there)


@given(ITEMS, st.integers(1, 45))
def test_a_larger_limit_keeps_all_that_a_smaller_one_keeps(items: list[dict[str, str]], limit: int) -> None:
    numbered = [{**item, "id": place} for place, item in enumerate(items)]
    small, large = ({item["id"] for item in spread(numbered, n, "a", "b")} for n in (limit, limit + 1))
    assert small <= large
