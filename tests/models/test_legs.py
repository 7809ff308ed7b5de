"""Batches go a few steps at a time, rows that go on are put together again, and nothing of what they say depends on that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from test_keyed_generation import able, asked

from fmaudit.models.backends.transformers import generation
from fmaudit.models.backends.transformers.generation import Generator
from fmaudit.models.backends.transformers.legs import Pool, Underway, Waiting, leg_end
from fmaudit.models.backends.transformers.loaded import Loaded
from fmaudit.models.backends.transformers.rows import Row
from fmaudit.models.backends.transformers.stops import StopWatch, Tail
from fmaudit.models.base import Usage
from fmaudit.models.requests import Completion, GenerateRequest, Sampling
from fmaudit.models.sampling import canonical

LONG = Sampling(temperature=0.9, top_k=40, max_new_tokens=20)
PROMPTS = ["a", "the cat", "x" * 31, "y" * 75]
CACHED = ["llama", "gpt2", "mixtral", "mistral", "mamba", "jamba"]
MORE = ["opt", "bloom", "gemma2", "qwen3", "gpt_oss", "mamba2", "falcon_h1", "deepseek_v3", "qwen3_next", "rwkv", "t5", "bart"]
EMPTY = SimpleNamespace(layers=[])
Answers = dict[tuple[str, int], Completion]


def drawn(loaded: Loaded, requests: Sequence[GenerateRequest], rows: int = 4) -> tuple[Answers, Usage]:
    usage = Usage()
    answers = {}
    for position, answer in Generator(loaded, rows).generate_each(requests, usage):
        assert isinstance(answer, Completion), answer
        assert (requests[position].prompt, answer.sample) not in answers
        answers[requests[position].prompt, answer.sample] = answer
    return answers, usage


def in_one_leg(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(generation, "leg_end", lambda _: 1 << 30)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("family", [*CACHED, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)])
def test_no_bit_of_a_sample_changes_where_its_batch_is_put_together_anew(family: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = able(family, getattr(torch, dtype))
    requests = asked(2, LONG, PROMPTS)
    monkeypatch.setattr(generation, "leg_end", lambda offset: offset + 3)
    together, _ = drawn(loaded, requests)
    assert any(len(answer.token_ids) > 12 for answer in together.values())
    assert all(len(answer.token_ids) == len(answer.log_probs) == len(answer.sampled_log_probs) for answer in together.values())
    backwards = [replace(request, samples=(1, 0)) for request in requests[::-1]]
    for some in (backwards, requests[::2], [replace(requests[1], samples=(1,))]):
        for name, answer in drawn(loaded, some)[0].items():
            assert answer == together[name]  # the tokens, and every bit of the log-probabilities
    in_one_leg(monkeypatch)
    assert drawn(loaded, requests)[0] == together


@pytest.mark.parametrize("sampling", [replace(LONG, temperature=0.0), LONG, replace(LONG, stop=("e", "th"))])
def test_ends_and_stop_strings_are_found_across_legs(sampling: Sampling, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = able("llama")
    requests = asked(3, sampling, PROMPTS)
    several, _ = drawn(loaded, requests)
    in_one_leg(monkeypatch)
    assert drawn(loaded, requests)[0] == several


def test_a_few_long_rows_do_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of eight answers runs to its limit, the others end at their first letter."""
    loaded = replace(able("llama"), end_ids=())
    letters = tuple("abcdefghijklmnopqrstuvwxyz ")
    ways = [replace(LONG, max_new_tokens=120, stop=() if i % 8 == 0 else letters) for i in range(32)]
    requests = [GenerateRequest(prompt=f"number {i}", sampling=way) for i, way in enumerate(ways)]
    answers, usage = drawn(loaded, requests, rows=8)
    in_one_leg(monkeypatch)
    before, without = drawn(loaded, requests, rows=8)
    assert answers == before
    lengths = sorted(len(answer.token_ids) for answer in answers.values())
    assert lengths[-4:] == [120] * 4
    assert lengths[-5] < 8
    assert usage.computed_tokens < 0.6 * without.computed_tokens
    assert usage.completion_tokens == without.completion_tokens
    assert usage.prompt_tokens == without.prompt_tokens
    assert usage.computed_tokens - usage.padding_tokens == without.computed_tokens - without.padding_tokens


def test_legs_double() -> None:
    assert [leg_end(offset) for offset in (0, 8, 16, 32, 64)] == [8, 16, 32, 64, 128]


def samples(count: int) -> list[Underway]:
    def one(i: int) -> Underway:
        row = Row(request=i, sample=0, ids=(5, 6), sampling=LONG, cut=canonical(LONG), key=1)
        return Underway(row, StopWatch(Tail(lambda ids: "", ()), 20, frozenset()))

    return [one(i) for i in range(count)]


def test_a_full_batch_that_is_further_goes_before_fresh_rows_and_the_rest_last() -> None:
    pool = Pool(samples(20), 8)
    taken = pool.take()
    assert taken is not None
    assert [sample.row.request for sample in taken[1]] == list(range(8))
    pool.wait(8, Waiting(tuple(taken[1][:5]), "first"))
    second = pool.take()
    assert second is not None
    assert second[0] == 0  # five do not fill a batch
    pool.wait(8, Waiting((), None))
    pool.wait(8, Waiting(tuple(second[1][:3]), "second"))
    full = pool.take()
    assert full is not None
    assert (full[0], len(full[1]), full[2]) == (8, 8, ["first", "second"])
    pool.wait(16, Waiting(tuple(full[1][:1]), "third"))
    last = pool.take()
    assert last is not None
    assert (last[0], len(last[1])) == (0, 4)
    assert pool.take() == (16, full[1][:1], ["third"])
    assert pool.take() is None


def test_few_rows_wait_at_a_time() -> None:
    pool, most, steps = Pool(samples(400), 8), 0, 0
    waiting: dict[int, int] = {}
    while (taken := pool.take()) is not None:
        offset, some, _ = taken
        waiting[offset] = waiting.get(offset, 0) - len(some) if offset else 0
        if offset < 200:  # every sample goes on
            pool.wait(leg_end(offset), Waiting(tuple(some[:5]), EMPTY))
            waiting[leg_end(offset)] = waiting.get(leg_end(offset), 0) + len(some[:5])
        most, steps = max(most, sum(waiting.values())), steps + 1
    assert most <= 3 * 8
    assert steps > 50
