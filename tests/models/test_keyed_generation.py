"""A completion is a function of its model, prompt, parameters and index: not of what else is asked, nor of the model's own settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tiny_models import BOS, EOS, PAD, SEQ2SEQ, VOCABULARY, tiny, tiny_tokenizer

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers.decode_probe import decode_abilities
from fmaudit.models.backends.transformers.generation import Generator
from fmaudit.models.backends.transformers.loaded import Abilities, Loaded
from fmaudit.models.backends.transformers.rows import Limits, shape_of
from fmaudit.models.backends.transformers.steady_attention import steady_attention
from fmaudit.models.base import Usage
from fmaudit.models.requests import Completion, Failure, GenerateRequest, Sampling
from fmaudit.models.sampling import Cut, distribution
from fmaudit.records import Message

torch = pytest.importorskip("torch")

Answers = dict[tuple[str, int], Completion]
NUCLEUS = Sampling(temperature=0.8, top_p=0.9, max_new_tokens=6)
PROMPTS = ["a", "the cat", "one two three four five six", "x" * 31, "x" * 32, "y" * 75, "some words " * 7]
FEW = ["a", "x" * 31, "x" * 32, "y" * 75]
# one number type each here, and both of the most common family; the whole grid at full size is benchmarks/sampling_identity.py
QUICK = [
    ("llama", "float32"),
    ("llama", "bfloat16"),
    ("mixtral", "float32"),
    ("mamba", "float32"),
    ("mamba2", "bfloat16"),
    ("rwkv", "float32"),
    ("t5", "bfloat16"),
]
MORE = ("gpt2", "opt", "bloom", "gemma2", "qwen3", "mistral", "gpt_oss", "jamba", "falcon_h1", "bart", "xlstm", "recurrent_gemma")


@cache
def found_abilities(family: str) -> Abilities:
    return Abilities(**decode_abilities(made(family)))


def made(family: str, dtype: Any = None, *, end_ids: tuple[int, ...] = (EOS,), **changes: Any) -> Loaded:
    config, model = tiny(family)
    dtype = dtype or torch.float32
    return Loaded(
        model=model.to(dtype),
        tokenizer=changes.pop("tokenizer", None) or tiny_tokenizer(),
        device=torch.device("cpu"),
        dtype=dtype,
        seq2seq=family in SEQ2SEQ,
        max_length=256,
        prefix_id=BOS,
        end_ids=end_ids,
        pad_id=PAD,
        start_id=getattr(config, "decoder_start_token_id", None),
        identity=family,
        **changes,
    )


def able(family: str, dtype: Any = None, **changes: Any) -> Loaded:
    return replace(made(family, dtype, **changes), abilities=found_abilities(family))


def asked(samples: int, sampling: Sampling = NUCLEUS, prompts: Sequence[str] = PROMPTS) -> list[GenerateRequest]:
    return [GenerateRequest(prompt=prompt, sampling=sampling, samples=tuple(range(samples))) for prompt in prompts]


def drawn(loaded: Loaded, requests: Sequence[GenerateRequest], rows: int = 8) -> Answers:
    answers: Answers = {}
    for position, answer in Generator(loaded, rows).generate_each(requests, Usage()):
        assert isinstance(answer, Completion), answer
        answers[requests[position].prompt, answer.sample] = answer
    return answers


def one(loaded: Loaded, request: GenerateRequest) -> Completion | Failure:
    return next(iter(Generator(loaded, 4).generate_each([request], Usage())))[1]


# -- identity --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("family", "dtype"), [*QUICK, *(pytest.param(name, "float32", marks=pytest.mark.slow) for name in MORE)])
def test_a_sample_does_not_depend_on_its_batch_mates(family: str, dtype: str) -> None:
    torch.set_num_threads(2)  # more than one: each has its own rows and its own work space
    loaded = able(family, getattr(torch, dtype))
    requests = asked(2, replace(NUCLEUS, max_new_tokens=3), FEW)
    together = drawn(loaded, requests, rows=4)
    assert len({answer.token_ids for answer in together.values()}) == 2 * len(FEW)
    backwards = [replace(request, samples=(1, 0)) for request in requests[::-1]]
    alone = [[replace(requests[i], samples=(1,))] for i in (0, 3)]
    for some in [backwards, requests[::2], *alone]:
        for name, answer in drawn(loaded, some, rows=4).items():
            assert answer == together[name]  # the tokens, and every bit of the log-probabilities


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("queries", [1, 2, 3])
def test_attention_does_not_depend_on_the_thread_that_computes_a_row(queries: int, threads: int) -> None:
    torch.set_num_threads(threads)
    noise = torch.Generator().manual_seed(queries)
    attend = torch.nn.functional.scaled_dot_product_attention
    for length in (33, 35, 40, 64, 201):
        query, key, value = (torch.randn(4, 3, rows, 20, generator=noise) for rows in (queries, length, length))
        mask = torch.arange(length) > torch.tensor([0, 3, 6, 9])[:, None, None, None]
        mask = mask.expand(4, 1, queries, length)
        with steady_attention(SimpleNamespace(device=torch.device("cpu"))):
            found = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
            for order in ([3, 2, 1, 0], [1, 0, 3, 2]):
                moved = [part[order].contiguous() for part in (query, key, value, mask)]
                again = torch.nn.functional.scaled_dot_product_attention(*moved)
                assert torch.equal(again, found[order])
        assert found.shape == (4, 3, queries, 20)
        assert torch.allclose(found, attend(query, key, value, attn_mask=mask), atol=1e-5)
    assert torch.nn.functional.scaled_dot_product_attention is attend


def test_attention_is_torchs_own_again_when_the_last_has_left() -> None:
    torch.set_num_threads(2)
    attend, model = torch.nn.functional.scaled_dot_product_attention, SimpleNamespace(device=torch.device("cpu"))
    first, second = steady_attention(model), steady_attention(model)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    query = torch.randn(1, 2, 1, 8)
    attended = torch.nn.functional.scaled_dot_product_attention
    assert attended is not attend
    assert torch.allclose(attended(query, query, query, None, 0.0, False), query)  # arguments by place, as torch takes them
    assert attended(query[:, :, :0], query, query).shape == (1, 2, 0, 8)
    second.__exit__(None, None, None)
    assert torch.nn.functional.scaled_dot_product_attention is attend


def test_samples_differ_and_seeds_differ_and_greedy_does_not() -> None:
    loaded = able("llama")
    several = drawn(loaded, asked(6, prompts=["the cat"]))
    assert len({answer.token_ids for answer in several.values()}) == 6
    reseeded = drawn(loaded, asked(1, replace(NUCLEUS, seed=1), prompts=["the cat"]))
    assert reseeded["the cat", 0].token_ids != several["the cat", 0].token_ids
    greedy = drawn(loaded, asked(4, Sampling(temperature=0, max_new_tokens=6), prompts=["the cat"]))
    assert len({answer.token_ids for answer in greedy.values()}) == 1


@pytest.mark.parametrize("family", ["llama", "mamba"])
def test_a_shorter_completion_is_the_beginning_of_a_longer_one(family: str) -> None:
    loaded = able(family, end_ids=())
    short = drawn(loaded, asked(2, replace(NUCLEUS, max_new_tokens=3), FEW), rows=4)
    longer = drawn(loaded, asked(2, replace(NUCLEUS, max_new_tokens=9), FEW), rows=4)
    for name, answer in short.items():
        assert answer.token_ids == longer[name].token_ids[:3]
        assert answer.log_probs == (longer[name].log_probs or ())[:3]


# -- what is drawn ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["llama", "bloom", "mixtral", "falcon_h1", "rwkv", "t5"])
def test_greedy_is_what_plain_forward_passes_give(family: str) -> None:
    loaded = able(family, end_ids=())
    answers = drawn(loaded, asked(1, Sampling(temperature=0, max_new_tokens=5), FEW), rows=4)
    for prompt in FEW:
        ids, answer = loaded.tokenizer(prompt)["input_ids"], answers[prompt, 0]
        for step in range(5):
            logits = next_logits(loaded, ids, list(answer.token_ids[:step]))
            assert int(logits.argmax()) == answer.token_ids[step]
        assert answer.sampled_log_probs == (0.0,) * 5


def next_logits(loaded: Loaded, prompt: list[int], completion: list[int]) -> Any:
    with torch.no_grad():
        if loaded.seq2seq:
            decoder = torch.tensor([[loaded.start_id, *completion]])
            return loaded.model(input_ids=torch.tensor([prompt]), decoder_input_ids=decoder, use_cache=False).logits[0, -1].float()
        return loaded.model(torch.tensor([prompt + completion]), use_cache=False).logits[0, -1].float()


@pytest.mark.parametrize("sampling", [NUCLEUS, Sampling(top_k=20, max_new_tokens=6), Sampling(temperature=1.4, max_new_tokens=6)], ids=str)
def test_log_probabilities_are_those_of_the_model_and_of_the_stated_distribution(sampling: Sampling) -> None:
    loaded = able("llama", end_ids=())
    cut = Cut(sampling.temperature, sampling.top_k, sampling.top_p)
    for (prompt, _), answer in drawn(loaded, asked(2, sampling)).items():
        ids = loaded.tokenizer(prompt)["input_ids"]
        for step, token in enumerate(answer.token_ids):
            logits = next_logits(loaded, ids, list(answer.token_ids[:step])).numpy()
            assert answer.log_probs is not None
            assert answer.sampled_log_probs is not None
            assert answer.log_probs[step] == pytest.approx(np.log(distribution(logits, Cut()))[token], abs=1e-4)
            assert answer.sampled_log_probs[step] == pytest.approx(np.log(distribution(logits, cut)[token]), abs=1e-4)


def test_the_models_own_generation_settings_change_nothing() -> None:
    from transformers import GenerationConfig

    loaded = able("llama")
    expected = drawn(loaded, asked(2))
    bold = GenerationConfig(
        do_sample=True,
        temperature=0.1,
        top_k=2,
        top_p=0.2,
        repetition_penalty=5.0,
        no_repeat_ngram_size=1,
        suppress_tokens=list(range(100, 400)),
        bad_words_ids=[[7]],
        forced_eos_token_id=EOS,
        min_new_tokens=5,
        num_beams=2,
        max_length=12,
        eos_token_id=list(range(3, 200)),
        use_cache=False,
    )
    loaded.model.generation_config = bold
    assert drawn(loaded, asked(2)) == expected
    assert loaded.model.generation_config is bold


def test_end_tokens_and_stop_strings_end_rows_of_one_batch_apart() -> None:
    loaded = able("llama", end_ids=tuple(range(100, 160)))
    free = drawn(able("llama", end_ids=()), asked(8, replace(NUCLEUS, max_new_tokens=16)))
    ended = drawn(loaded, asked(8, replace(NUCLEUS, max_new_tokens=16)))
    assert {answer.finish for answer in ended.values()} == {"stop", "length"}
    for name, answer in ended.items():
        assert answer.token_ids == free[name].token_ids[: len(answer.token_ids)]
        assert (answer.finish == "stop") == (answer.token_ids[-1] in loaded.end_ids)
    stopped = drawn(able("llama", end_ids=()), asked(8, replace(NUCLEUS, max_new_tokens=16, stop=("e", "t"))))
    for name, answer in stopped.items():
        whole = free[name].text
        ends = [at for at in (whole.find("e"), whole.find("t")) if at >= 0]
        assert answer.text == (whole[: min(ends)] if ends else whole)
        assert len(answer.log_probs or ()) == len(answer.token_ids)
    assert any(answer.finish == "stop" for answer in stopped.values())


# -- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["llama", "t5"])
def test_lack_of_memory_halves_the_rows_and_loses_nothing(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, requests = able(family), asked(5, replace(NUCLEUS, max_new_tokens=12))
    expected = drawn(loaded, requests, rows=16)
    honest = Generator._decoded

    def scarce(self: Generator, batches: Any, memo: Any) -> Any:
        rows, begun = batches[0].shape.rows, batches[0].cache is not None
        if rows > 8 or (rows > 4 and (begun or family == "t5")):  # some when they had a few tokens
            raise torch.OutOfMemoryError("no memory")
        return honest(self, batches, memo)

    monkeypatch.setattr(Generator, "_decoded", scarce)
    generator, usage = Generator(loaded, 16), Usage()
    found = list(generator.generate_each(requests, usage))
    assert generator.rows == 4
    assert len(found) == len(expected)
    for position, answer in found:
        assert isinstance(answer, Completion)
        assert answer.token_ids == expected[requests[position].prompt, answer.sample].token_ids
    assert usage.requests == len(requests)

    def never(*_: Any) -> Any:
        raise torch.OutOfMemoryError("no memory")

    monkeypatch.setattr(Generator, "_decoded", never)
    with pytest.raises(ModelError, match="no memory for 2 completions"):
        list(generator.generate_each(requests, Usage()))


def test_a_prompt_that_does_not_fit_fails_and_the_others_go_on() -> None:
    requests = asked(1, prompts=["x" * 300, "fits"])
    found = dict(Generator(able("llama"), 4).generate_each(requests, Usage()))
    assert isinstance(found[0], Failure)
    assert found[0].reason == "too-long"
    assert isinstance(found[1], Completion)


def test_logits_that_are_no_numbers_are_a_failure() -> None:
    loaded = able("llama")
    with torch.no_grad():
        loaded.model.lm_head.weight.fill_(float("nan"))
    answer = one(loaded, GenerateRequest(prompt="a", sampling=NUCLEUS))
    assert isinstance(answer, Failure)
    assert answer.reason == "bad-answer"


def test_messages_go_through_the_chat_template_with_one_bos() -> None:
    tokenizer = tiny_tokenizer(bos=True)
    loaded = able("llama", tokenizer=tokenizer)
    request = GenerateRequest(messages=(Message("user", "hi"),), sampling=NUCLEUS)
    with pytest.raises(ModelError, match="chat template"):
        one(loaded, request)
    tokenizer.chat_template = (
        "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}>{% endif %}"
    )
    by_chat, by_text = one(loaded, request), one(loaded, GenerateRequest(prompt="<s>[user]hi>", sampling=NUCLEUS))
    assert isinstance(by_chat, Completion)
    assert by_chat == by_text
    assert by_chat.prompt_tokens == len(tokenizer("[user]hi>")["input_ids"])


def test_an_empty_prompt_is_the_prefix_token() -> None:
    answer = one(able("llama"), GenerateRequest(sampling=NUCLEUS))
    assert isinstance(answer, Completion)
    assert answer.prompt_tokens == 1


@pytest.mark.parametrize("family", ["llama", "rwkv", "t5"])
def test_usage_counts_what_went_through_the_model(family: str) -> None:
    loaded, usage = able(family, end_ids=()), Usage()
    requests = asked(3)
    answers = [answer for _, answer in Generator(loaded, 8).generate_each(requests, usage) if isinstance(answer, Completion)]
    assert usage.requests == len(PROMPTS)
    assert usage.prompt_tokens == sum(len(loaded.tokenizer(prompt)["input_ids"]) for prompt in PROMPTS)
    assert usage.completion_tokens == sum(len(answer.token_ids) for answer in answers) == 3 * len(PROMPTS) * 6
    assert usage.seconds > 0
    if family == "rwkv":  # row by row, nothing is padded
        assert usage.padding_tokens == 0
        assert usage.computed_tokens == 3 * usage.prompt_tokens + 3 * len(PROMPTS) * 5
    else:
        assert 0 < usage.padding_tokens < usage.computed_tokens


# -- shapes and abilities --------------------------------------------------------------------------------------------


def test_the_shape_of_a_row_follows_from_its_prompt_alone() -> None:
    best = Abilities(left_pad=True, batch_decode=True, expand_cache=True)
    limits = Limits(16)
    for length in range(1, 300):
        shape = shape_of(length, best, limits)
        assert shape.length % 32 == 0
        assert 0 < shape.length - length <= 32  # always some padding, so that a mask is never left out
        assert shape.rows == 16
        assert shape.slots  # on a processor every padded prompt is computed once for its samples
        assert bool(shape_of(length, best, replace(limits, prefill_from=64)).slots) == (shape.length >= 64)
    assert shape_of(50, replace(best, left_pad=False), limits).length == 50
    assert shape_of(50, Abilities(), limits).rows == 1
    assert shape_of(20_000, best, limits).rows == 2


@pytest.mark.parametrize(
    ("family", "wrong"),
    [
        ("llama", set()),
        ("bloom", set()),
        ("jamba", {"reuse_cache"}),
        ("mamba", {"reuse_cache"}),
        ("mamba2", set()),
        ("rwkv", {"batch_decode", "left_pad", "expand_cache", "reuse_cache"}),
        ("recurrent_gemma", {"decode_cache", "left_pad", "expand_cache", "reuse_cache"}),
        ("t5", {"reuse_cache"}),
    ],
)
def test_the_probe_finds_what_a_family_does_wrong(family: str, wrong: set[str]) -> None:
    found = decode_abilities(made(family))
    assert {name for name, right in found.items() if not right} == wrong


def test_the_vocabulary_is_reached() -> None:
    hot = Sampling(temperature=50.0, max_new_tokens=40)
    answers = drawn(able("llama", end_ids=()), asked(16, hot, FEW), rows=32)
    seen = {token for answer in answers.values() for token in answer.token_ids}
    assert max(seen) < VOCABULARY
    assert len(seen) > 0.95 * VOCABULARY
