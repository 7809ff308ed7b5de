"""Operations of one pass, against what torch counts while transformers runs it."""

from __future__ import annotations

from typing import Any

import pytest
from architecture_support import FAMILIES, build

from fmaudit_engine_card import EngineProfile, profile

TOKENS = 20
FAMILIES_THAT_MULTIPLY = (
    "bart", "bloom", "deepseek_v2", "deepseek_v3", "falcon", "gemma2", "gpt2", "gpt_neox", "llama", "mistral", "mixtral", "olmo2", "opt",
    "phi", "phi3", "qwen2_moe", "qwen3", "rwkv", "t5",
)  # fmt: skip


def _counted(family: str, values: dict[str, Any], tokens: int) -> dict[str, int]:
    """Run a small model and let torch count: operations by kernel."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    # eager attention shows its products, eager experts are not fused into a kernel that torch cannot count
    model = build(family, {**values, "attn_implementation": "eager", "experts_implementation": "eager"}, device="cpu")
    ids = (torch.arange(tokens) % 50 + 3).reshape(1, -1)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(input_ids=ids, decoder_input_ids=ids) if model.config.is_encoder_decoder else model(ids)
    counts = counter.get_flop_counts()["Global"]
    return {str(name).rpartition(".")[2]: count for name, count in counts.items()}


def _profile(family: str, **values: Any) -> EngineProfile:
    return profile({"model_type": family, **FAMILIES[family], **values})


@pytest.mark.parametrize("family", FAMILIES_THAT_MULTIPLY)
def test_a_pass_costs_what_torch_counts(family: str) -> None:
    found = _profile(family)
    pairs = sum(attends.pair_flops for attends in found.plan.attends()) * TOKENS**2  # eager attention computes what a window hides
    recurrent = TOKENS * sum(recurs.flops for recurs in found.plan.recurs())  # one by one, which torch does not count
    assert sum(_counted(family, FAMILIES[family], TOKENS).values()) == found.linear_flops(TOKENS) - recurrent + pairs


def test_of_a_state_space_model_torch_counts_matrices_the_padded_convolution_and_the_reading_of_the_state() -> None:
    found, layers, channels, state, kernel = _profile("mamba"), 3, 64, 4, 4
    counted = _counted("mamba", FAMILIES["mamba"], TOKENS)
    convolved, recurrent = layers * 2 * channels * kernel, layers * 7 * channels * state
    assert counted["convolution"] == convolved * (TOKENS + kernel - 1)
    assert counted["bmm"] == layers * 2 * channels * state * TOKENS  # two of the seven operations a number of the state
    assert counted["mm"] + counted["addmm"] == found.linear_flops(TOKENS) - TOKENS * (convolved + recurrent)


def test_torch_counts_four_times_the_attention_for_twice_the_tokens() -> None:
    once, twice = (_counted("gpt2", FAMILIES["gpt2"], tokens) for tokens in (16, 32))
    assert twice["bmm"] == 4 * once["bmm"] == 4 * _profile("gpt2").attention_flops(16)
    assert twice["addmm"] + twice["mm"] == 2 * (once["addmm"] + once["mm"]) == 2 * _profile("gpt2").linear_flops(16)
