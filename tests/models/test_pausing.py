"""Rows that go on when most have finished are put into batches of their own, and nothing of what they say depends on that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from test_keyed_generation import able, asked

from fmaudit.models.backends.transformers.generation import Generator
from fmaudit.models.backends.transformers.loaded import Loaded
from fmaudit.models.backends.transformers.rows import Limits, Row, batches
from fmaudit.models.base import Usage
from fmaudit.models.requests import Completion, GenerateRequest, Sampling
from fmaudit.models.sampling import canonical

LONG = Sampling(temperature=0.9, top_k=40, max_new_tokens=20)
PROMPTS = ["a", "the cat", "x" * 31, "y" * 75]
Answers = dict[tuple[str, int], Completion]


def drawn(loaded: Loaded, requests: Sequence[GenerateRequest], pause: int, rows: int = 4) -> tuple[Answers, Usage]:
    made, usage = Generator(loaded, rows), Usage()
    made._limits = replace(made._limits, pause=pause)
    answers = {}
    for position, answer in made.generate_each(requests, usage):
        assert isinstance(answer, Completion), answer
        assert (requests[position].prompt, answer.sample) not in answers
        answers[requests[position].prompt, answer.sample] = answer
    return answers, usage


@pytest.mark.parametrize(("family", "dtype"), [("llama", "bfloat16"), ("mixtral", "float32"), ("mamba", "float32"), ("jamba", "bfloat16")])
def test_a_sample_that_paused_does_not_depend_on_its_batch_mates(family: str, dtype: str) -> None:
    loaded = able(family, getattr(torch, dtype))
    requests = asked(2, LONG, PROMPTS)
    together, _ = drawn(loaded, requests, pause=3)
    assert any(len(answer.token_ids) > 12 for answer in together.values())  # paused after 3 and after 12
    assert all(len(answer.token_ids) == len(answer.log_probs) == len(answer.sampled_log_probs) for answer in together.values())
    backwards = [replace(request, samples=(1, 0)) for request in requests[::-1]]
    for some in (backwards, requests[::2], [replace(requests[1], samples=(1,))]):
        for name, answer in drawn(loaded, some, pause=3)[0].items():
            assert answer == together[name]  # the tokens, and every bit of the log-probabilities


@pytest.mark.parametrize("sampling", [replace(LONG, temperature=0.0), LONG, replace(LONG, stop=("e", "th"))])
def test_in_float32_a_pause_changes_nothing_but_roundings(sampling: Sampling) -> None:
    loaded = able("llama")
    requests = asked(3, sampling, PROMPTS)
    paused, whole = drawn(loaded, requests, pause=2)[0], drawn(loaded, requests, pause=0)[0]
    assert paused.keys() == whole.keys()
    for name, answer in whole.items():
        assert (paused[name].text, paused[name].token_ids, paused[name].finish) == (answer.text, answer.token_ids, answer.finish)
        assert paused[name].log_probs == pytest.approx(answer.log_probs, abs=1e-4)
        assert paused[name].sampled_log_probs == pytest.approx(answer.sampled_log_probs, abs=1e-4)


def test_a_few_long_rows_do_not_hold_up_the_others() -> None:
    """One of eight answers runs to its limit, the others end at their first letter."""
    loaded = replace(able("llama"), end_ids=())
    letters = tuple("abcdefghijklmnopqrstuvwxyz ")
    ways = [replace(LONG, max_new_tokens=120, stop=() if i % 8 == 0 else letters) for i in range(32)]
    requests = [GenerateRequest(prompt=f"number {i}", sampling=way) for i, way in enumerate(ways)]
    (answers, usage), (before, without) = (drawn(loaded, requests, pause=pause, rows=8) for pause in (8, 0))
    assert {name: answer.token_ids for name, answer in answers.items()} == {name: answer.token_ids for name, answer in before.items()}
    lengths = sorted(len(answer.token_ids) for answer in answers.values())
    assert lengths[-4:] == [120] * 4
    assert lengths[-5] < 8
    assert usage.computed_tokens < 0.8 * without.computed_tokens
    assert usage.completion_tokens == without.completion_tokens
    assert usage.prompt_tokens == without.prompt_tokens


def test_a_row_alone_in_its_batches_never_pauses() -> None:
    loaded = able("llama")
    row = Row(request=0, sample=0, ids=(5, 6), sampling=LONG, cut=canonical(LONG), key=1)
    (batch,) = batches([row], replace(loaded.abilities, batch_decode=False), Limits(8, pause=3))
    assert (batch.shape.rows, batch.limit) == (1, 20)
    (batch,) = batches([row], loaded.abilities, Limits(8, pause=3))
    assert batch.limit == 3
