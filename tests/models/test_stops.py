"""Stop strings are found in the tail as they are found in the whole text, and cut the text and the tokens where they begin."""

from __future__ import annotations

import random

import pytest
from tiny_models import tiny_tokenizer

from fmaudit.models.backends.transformers.stops import RowsDone, StopWatch, Tail, cut_at_stop, decoder

TOKENIZER = tiny_tokenizer()
DECODE = decoder(TOKENIZER)


def ids_of(text: str) -> list[int]:
    return list(TOKENIZER(text, add_special_tokens=False)["input_ids"])


def watch_for(stops: tuple[str, ...], limit: int = 100, ends: tuple[int, ...] = (2,)) -> StopWatch:
    return StopWatch(Tail(DECODE, stops), limit, frozenset(ends))


def run(watch: StopWatch, ids: list[int]) -> int:
    for count, token in enumerate(ids, 1):
        watch.push(token)
        if watch.finish:
            return count
    return len(ids)


def test_the_text_ends_before_the_stop_string() -> None:
    watch = watch_for(("\n\n", "END"))
    run(watch, ids_of("one two END three"))
    text, count = watch.ending()
    assert watch.finish == "stop"
    assert text == "one two "
    assert DECODE(watch.tail.ids[:count]).startswith(text)


def test_the_earliest_stop_string_counts_whatever_the_order() -> None:
    ids = ids_of("alpha beta gamma")
    for stops in (("gamma", "bet"), ("bet", "gamma")):
        assert cut_at_stop(ids, DECODE, stops) == ("alpha ", len(ids_of("alpha ")))


def test_a_token_across_the_cut_belongs_to_the_text() -> None:
    ids = ids_of("the")
    assert len(ids) == 1
    assert cut_at_stop(ids, DECODE, ("he",)) == ("t", 1)


def test_a_stop_string_at_the_beginning_leaves_nothing() -> None:
    watch = watch_for(("###",))
    run(watch, ids_of("### more"))
    assert watch.ending() == ("", 0)


def test_an_end_token_counts_and_has_no_text() -> None:
    watch = watch_for(())
    assert run(watch, [*ids_of("done"), 2, *ids_of("never")]) == len(ids_of("done")) + 1
    assert watch.finish == "stop"
    assert watch.ending() == ("done", len(ids_of("done")) + 1)


def test_the_length_that_was_asked_for_ends_a_row() -> None:
    watch = watch_for(("zzz",), limit=3)
    run(watch, ids_of("a b c d e f"))
    assert watch.finish == "length"
    assert len(watch.tail.ids) == 3


def test_a_character_split_over_tokens_stops_only_when_it_is_whole() -> None:
    ids = ids_of("ab😀cd")
    assert len(ids) >= 6  # the emoji is four bytes, no merge joins them
    watch = watch_for(("😀",))
    stopped = run(watch, ids)
    assert DECODE(ids[:stopped]) == "ab😀"
    assert watch.ending() == ("ab", len(ids_of("ab")))


def test_half_a_character_is_no_stop_string() -> None:
    watch = watch_for(("\N{REPLACEMENT CHARACTER}",))
    run(watch, ids_of("x😀y"))
    assert watch.finish == ""


@pytest.mark.parametrize("seed", range(6))
def test_the_tail_finds_what_the_whole_text_holds_at_the_same_token(seed: int) -> None:
    rng = random.Random(seed)
    pieces = ["the", "ing", " ", "\n", "é", "😀", "日本", "a", "th", "er", "\n\n", "END"]
    stops = tuple(rng.sample(["\n\n", "END", "日本a", "ing the", "😀😀", "e" * 3], 3))
    for _ in range(15):
        ids = ids_of("".join(rng.choices(pieces, k=90)))
        naive = next((n for n in range(1, len(ids) + 1) if any(stop in DECODE(ids[:n]).rstrip("\ufffd") for stop in stops)), len(ids))
        watch = watch_for(stops, limit=10_000)
        assert run(watch, ids) == naive


def test_only_the_tail_is_decoded_again() -> None:
    longest = 0

    def decode(ids: list[int]) -> str:
        nonlocal longest
        longest = max(longest, len(ids))
        return DECODE(ids)

    tail = Tail(decode, ("never comes",))
    for token in ids_of("ordinary words go on and on " * 60):
        assert not tail.push(token)
    assert len(tail.ids) > 600
    assert longest < 80


def test_rows_are_done_one_by_one_and_rows_that_fill_the_batch_at_once() -> None:
    import torch

    watches = [watch_for((), limit=2), watch_for((), limit=3)]
    done = RowsDone(watches)
    steps = [done(torch.full((4, 5), 50), None).tolist() for _ in range(3)]
    assert steps == [[False, False, True, True], [True, False, True, True], [True, True, True, True]]
    assert [len(watch.tail.ids) for watch in watches] == [2, 3]
