"""Batches go a few steps at a time, rows that go on are put together again, and nothing of what they say depends on that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from test_keyed_generation import able, asked
from tiny_models import save

from fmaudit.models.backends.transformers.backend import TransformersBackend
from fmaudit.models.backends.transformers.generation import Generator
from fmaudit.models.backends.transformers.legs import Batch, Leg, Pool, Underway
from fmaudit.models.backends.transformers.loaded import Loaded
from fmaudit.models.backends.transformers.memo import PromptMemo
from fmaudit.models.backends.transformers.rows import Row, Shape
from fmaudit.models.backends.transformers.stops import StopWatch, Tail
from fmaudit.models.base import Usage
from fmaudit.models.requests import Completion, Failure, GenerateRequest, Sampling
from fmaudit.models.sampling import canonical

LONG = Sampling(temperature=0.9, top_k=40, max_new_tokens=20)
PROMPTS = ["a", "the cat", "x" * 31, "y" * 75]
CACHED = ["llama", "gpt2", "mixtral", "mistral", "mamba", "jamba"]
MORE = ["opt", "bloom", "gemma2", "qwen3", "gpt_oss", "mamba2", "falcon_h1", "deepseek_v3", "qwen3_next", "rwkv", "t5", "bart"]
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
    patch.setattr(Batch, "steps", property(lambda batch: batch.longest))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("family", [*CACHED, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)])
def test_no_bit_of_a_sample_changes_where_its_batch_is_put_together_anew(family: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = able(family, getattr(torch, dtype))
    requests = asked(2, LONG, PROMPTS)
    monkeypatch.setattr(Batch, "steps", property(lambda batch: min(4 - batch.length % 4, batch.longest)))
    together, _ = drawn(loaded, requests)
    assert any(len(answer.token_ids) > 12 for answer in together.values())
    assert all(len(answer.token_ids) == len(answer.log_probs or ()) == len(answer.sampled_log_probs or ()) for answer in together.values())
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


def test_rows_of_one_length_share_a_batch_however_they_came_to_it_and_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short prompt with a long answer and a long prompt with a short one; four ways of drawing."""
    loaded = replace(able("llama"), end_ids=())
    ways = [Sampling(temperature=t, top_p=p, max_new_tokens=75) for t, p in ((0.0, 1.0), (1.0, 1.0), (0.7, 0.9), (1.3, 0.8))]
    requests = [GenerateRequest(prompt=prompt, sampling=way, samples=(0, 1)) for prompt in ("ab", "y" * 40, "z" * 45) for way in ways]
    mixed: list[set[int]] = []
    honest = Generator._decoded

    def seen(self: Generator, batches: list[Batch], memo: PromptMemo | None) -> tuple[Leg, Batch]:
        leg, after = honest(self, batches, memo)
        mixed.append({sample.drawn for sample in leg.batch.samples})
        return leg, after

    monkeypatch.setattr(Generator, "_decoded", seen)
    together = completions(loaded, requests)
    assert any(len(lengths) > 1 for lengths in mixed)
    in_one_leg(monkeypatch)
    assert completions(loaded, requests) == together


def completions(loaded: Loaded, requests: Sequence[GenerateRequest]) -> dict[tuple[int, int], Completion | Failure]:
    found = Generator(loaded, 5).generate_each(requests, Usage())
    return {(position, answer.sample): answer for position, answer in found if isinstance(answer, Completion)}


def underway(count: int, length: int = 32, first: int = 0, drawn: int = 0) -> list[Underway]:
    def one(i: int) -> Underway:
        row = Row(request=i, sample=0, ids=(5, 6), sampling=replace(LONG, max_new_tokens=500), cut=canonical(LONG), key=1)
        return Underway(row, Shape(length, 8, 1, True), StopWatch(Tail(lambda ids: "", (), [9] * drawn), 500, frozenset()))

    return [one(first + i) for i in range(count)]


@pytest.mark.parametrize(("first", "second"), [(1, 30), (3, 6), (2, 3)])
def test_a_row_that_is_done_is_not_fed_beyond_the_models_last_position(first: int, second: int) -> None:
    """A model with learned positions fails there, and takes the whole call with it."""
    loaded = replace(able("gpt2"), end_ids=())
    assert loaded.max_length == 256
    pair = [GenerateRequest(prompt="q" * (256 - n), sampling=Sampling(max_new_tokens=n)) for n in (first, second)]
    together = completions(loaded, pair)
    assert [len(together[i, 0].token_ids) for i in (0, 1)] == [first, second]
    assert together == {(i, 0): completions(loaded, pair[i : i + 1])[0, 0] for i in (0, 1)}


def test_rows_of_other_lengths_are_kept_apart_where_the_longest_decides_how_positions_are_read(tmp_path: Path) -> None:
    """Long RoPE takes other frequencies for the whole batch once its longest row is beyond the original length."""
    rotation = {"rope_type": "longrope", "factor": 4.0, "rope_theta": 1e4, "original_max_position_embeddings": 64}
    factors = {"short_factor": [1.0] * 8, "long_factor": [1 + i / 2 for i in range(8)]}
    folder = save(tmp_path, "llama", rope_parameters=rotation | factors, max_position_embeddings=256)
    backend = TransformersBackend.from_uri(f"hf:{folder}", {"device": "cpu"})
    backend.open()
    assert not backend.loaded.abilities.left_pad
    assert not backend.loaded.abilities.right_pad  # nor are they scored together
    prompts = ["q" * 33, "w" * 62, "z" * 62]
    requests = [GenerateRequest(prompt=prompt, sampling=Sampling(max_new_tokens=20), samples=(0, 1)) for prompt in prompts]
    together = {(i, answer.sample): answer for i, answer in backend.generate_each(requests) if isinstance(answer, Completion)}
    for i, request in enumerate(requests):
        alone = {(i, answer.sample): answer for _, answer in backend.generate_each([request]) if isinstance(answer, Completion)}
        assert {key: answer for key, answer in together.items() if key[0] == i} == alone


def test_memory_that_is_short_for_caches_that_wait_costs_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = able("llama")
    requests = [GenerateRequest(prompt=f"number {i}", sampling=LONG) for i in range(24)]
    expected = drawn(loaded, requests, rows=8)[0]
    honest = Batch.of

    def scarce(self: Batch, places: Sequence[int]) -> Batch:
        if pools[-1]._room and pools[-1].held:
            raise torch.OutOfMemoryError("no memory")
        return honest(self, places)

    pools: list[Pool] = []
    begin = Pool.__init__
    monkeypatch.setattr(Pool, "__init__", lambda self, fresh, room: (pools.append(self), begin(self, fresh, room))[1])
    monkeypatch.setattr(Batch, "of", scarce)
    generator, usage = Generator(loaded, 8), Usage()
    found = dict(generator.generate_each(requests, usage))
    assert generator.rows == 8
    assert len(pools) == 2
    assert {requests[i].prompt: answer for i, answer in found.items()} == {name: answer for (name, _), answer in expected.items()}
    assert usage.completion_tokens == sum(len(answer.token_ids) for answer in found.values() if isinstance(answer, Completion))


def test_legs_end_where_rows_of_other_prompts_can_join() -> None:
    ends = []
    length, drawn = 64, 0
    for _ in range(7):
        steps = Batch(tuple(underway(1, 64, drawn=drawn)), length).steps
        length, drawn = length + steps, drawn + steps
        ends.append(length)
    assert ends == [72, 80, 88, 96, 128, 160, 192]
    assert Batch(tuple(underway(1, 64, drawn=497)), 561).steps == 3


def waiting(samples: Sequence[Underway], length: int) -> Batch:
    return Batch(tuple(samples), length, SimpleNamespace(layers=[]))


def test_full_batches_go_first_the_longest_before_the_others_and_what_is_left_last() -> None:
    pool = Pool([*underway(8, 64), *underway(12, 32, first=8)])
    (first,) = pool.take()
    assert [sample.row.request for sample in first.samples] == list(range(8))
    pool.wait(waiting(first.samples[:5], 72))
    (second,) = pool.take()
    assert (second.length, len(second.samples)) == (32, 8)  # five do not fill a batch
    pool.wait(waiting(second.samples[:5], 72))
    joined = pool.take()
    assert [len(batch.samples) for batch in joined] == [5, 3]
    assert {batch.length for batch in joined} == {72}
    (third,) = pool.take()
    assert (third.length, len(third.samples)) == (32, 4)
    (rest,) = pool.take()
    assert [sample.row.request for sample in rest.samples] == [11, 12]
    assert pool.take() == []


@pytest.mark.parametrize(("room", "most_expected"), [(0, 13), (20 * 64, 36), (1 << 30, 400)])
def test_caches_wait_within_bounds(room: int, most_expected: int) -> None:
    pool, most, alive, legs = Pool(underway(400), room), 0, 0, 0
    while batches := pool.take():
        samples = [sample for batch in batches for sample in batch.samples]
        alive -= len(samples) if batches[0].cache is not None else 0
        length = batches[0].length
        if length < 1000:  # five of eight go on, each for its own while
            keys = torch.zeros(len(samples[:5]), 4, 4)
            pool.wait(Batch(tuple(samples[:5]), length + 8 * (1 + legs % 7), SimpleNamespace(layers=[SimpleNamespace(keys=keys)])))
            alive += len(samples[:5])
        most, legs = max(most, alive), legs + 1
    assert most <= most_expected
    assert legs > 50
