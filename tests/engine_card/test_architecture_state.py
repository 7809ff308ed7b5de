"""What a sequence holds, byte for byte against the cache that transformers fills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from architecture_support import FAMILIES, build

from fmaudit_engine_card import profile

TOKENS = 24
DECODERS = (
    "bamba", "bloom", "deepseek_v2", "deepseek_v3", "falcon", "falcon_h1", "gemma2", "gemma3_text", "gpt2", "gpt_bigcode", "gpt_oss",
    "jamba", "llama", "mamba", "mamba2", "mistral", "mixtral", "opt", "qwen3_moe",
)  # fmt: skip


def _held(cache: Any) -> Iterator[tuple[str, Any]]:
    """Yield the tensors of a cache with what they hold."""
    for layer in cache.layers:
        for name in ("keys", "values"):
            if getattr(layer, name, None) is not None:
                yield name, getattr(layer, name)
        for name in ("conv_states", "recurrent_states"):
            states = getattr(layer, name, {})
            yield from ((name, state) for state in (states.values() if isinstance(states, dict) else [states]) if state is not None)


def _numbers(cache: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, tensor in _held(cache):
        found[name] = found.get(name, 0) + tensor.numel()
    return found


def _run(family: str, **values: Any) -> Any:
    import torch

    model = build(family, {**FAMILIES[family], **values}, device="cpu")
    with torch.no_grad():
        return model(torch.arange(TOKENS).reshape(1, -1), use_cache=True)


@pytest.mark.parametrize("family", DECODERS)
def test_the_cache_holds_as_many_numbers_as_the_profile_says(family: str) -> None:
    out = _run(family)
    cache = out.past_key_values if "past_key_values" in out else out.cache_params
    found = profile({"model_type": family, **FAMILIES[family]})
    numbers = _numbers(cache)
    window = {attends.window for attends in found.plan.attends()} - {None}
    spare = sum(attends.kept for attends in found.plan.attends() if attends.window)  # a full window keeps one token less between passes
    assert sum(numbers.values()) == found.cache_bytes(TOKENS, 1) - (spare if window and min(window) <= TOKENS else 0)
    assert numbers.get("recurrent_states", 0) == sum(recurs.state for recurs in found.plan.recurs())


def test_in_float32_the_bytes_are_equal() -> None:
    out = _run("llama", num_key_value_heads=1)
    held = sum(tensor.numel() * tensor.element_size() for _, tensor in _held(out.past_key_values))
    found = profile({"model_type": "llama", **FAMILIES["llama"], "num_key_value_heads": 1})
    assert held == found.state_bytes(TOKENS, bytes_per_value=4) == TOKENS * found.state_bytes_per_token(4)
    assert found.state_bytes(TOKENS, 4, batch=3) == 3 * held


def test_rwkv_carries_five_numbers_a_channel() -> None:
    out = _run("rwkv")
    assert sum(state.numel() for state in out.state) == profile({"model_type": "rwkv", **FAMILIES["rwkv"]}).cache_bytes(TOKENS, 1)


def test_a_decoder_with_an_encoder_keeps_what_it_wrote_and_what_it_reads() -> None:
    import torch

    model = build("t5", FAMILIES["t5"], device="cpu")
    ids = torch.arange(TOKENS).reshape(1, -1)
    with torch.no_grad():
        cache = model(input_ids=ids, decoder_input_ids=ids, use_cache=True).past_key_values
    held = sum(sum(_numbers(half).values()) for half in (cache.self_attention_cache, cache.cross_attention_cache))
    assert held == profile({"model_type": "t5", **FAMILIES["t5"]}).state_bytes(TOKENS, 1)
