"""The profile agrees with the model that transformers builds without memory, in all and module by module."""

from __future__ import annotations

import random
from typing import Any

import pytest
from architecture_support import EXPERTS, FAMILIES, GROUPED, LATENT, OLD, SIZES, build, sizes

from fmaudit_engine_card import profile
from fmaudit_engine_card.architecture.families import known_families
from fmaudit_engine_card.architecture.names import grouped

NOT_IN_TRANSFORMERS = {"rnn", "lstm", "gru"}


def test_every_family_is_held_against_transformers() -> None:
    assert set(FAMILIES) == set(known_families()) - NOT_IN_TRANSFORMERS
    assert len(FAMILIES) >= 40


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_parameters_and_modules_equal_those_of_the_model_that_transformers_builds(family: str) -> None:
    built = sizes(family)
    found = profile({"model_type": family, **FAMILIES[family]})
    assert found.parameters == sum(built.values())
    assert found.by_module == grouped(built, family)
    assert sum(found.by_module.values()) == found.parameters


@pytest.mark.parametrize("family", ["qwen3_moe", "gpt2", "jamba", "t5"])
def test_a_configuration_as_transformers_saves_it_gives_the_same(family: str) -> None:
    model = build(family, FAMILIES[family])
    saved = model.config.to_diff_dict()
    assert profile(saved).parameters == profile({"model_type": family, **FAMILIES[family]}).parameters


VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("llama", {**GROUPED, "tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True}),
    ("llama", {**GROUPED, "num_key_value_heads": 1, "head_dim": 20, "vocab_size": 77}),
    ("llama", {**GROUPED, "num_key_value_heads": 4, "hidden_size": 48, "num_hidden_layers": 1}),
    ("qwen2", {**GROUPED, "tie_word_embeddings": True}),
    ("qwen3", {**GROUPED, "attention_bias": True, "head_dim": 8}),
    ("gemma2", {**GROUPED, "tie_word_embeddings": False, "head_dim": 8}),
    ("mixtral", {**EXPERTS, "num_local_experts": 6, "num_experts": 6, "tie_word_embeddings": True}),
    ("deepseek_v2", {**LATENT, "q_lora_rank": None, "n_shared_experts": 1}),
    ("deepseek_v3", {**LATENT, "attention_bias": True, "first_k_dense_replace": 0}),
    ("gpt2", {**OLD, "tie_word_embeddings": False}),
    ("gpt_neox", {**SIZES, "intermediate_size": 40, "attention_bias": False, "tie_word_embeddings": True}),
    ("falcon", {**SIZES, "new_decoder_architecture": True, "num_kv_heads": 2, "bias": True}),
    ("falcon", {**SIZES, "parallel_attn": False, "multi_query": False, "alibi": True}),
    ("opt", {**SIZES, "ffn_dim": 48, "do_layer_norm_before": False, "enable_bias": False, "word_embed_proj_dim": 32}),
    ("mamba", {**SIZES, "state_size": 8, "time_step_rank": 5, "use_conv_bias": False, "expand": 3, "tie_word_embeddings": False}),
    ("mamba2", {**SIZES, "state_size": 4, "num_heads": 4, "head_dim": 16, "n_groups": 1, "use_bias": True}),
    ("rwkv", {**SIZES, "attention_hidden_size": 32, "tie_word_embeddings": True, "context_length": 16}),
    ("t5", {"vocab_size": 50, "d_model": 24, "d_kv": 8, "d_ff": 40, "num_layers": 1, "num_heads": 2, "feed_forward_proj": "gated-gelu"}),
]


@pytest.mark.parametrize(("family", "values"), VARIANTS)
def test_ties_biases_head_counts_and_odd_sizes_are_counted_as_built(family: str, values: dict[str, Any]) -> None:
    assert profile({"model_type": family, **values}).parameters == sum(weight.numel() for weight in build(family, values).parameters())


def _drawn(seed: int) -> tuple[str, dict[str, Any]]:
    """Draw a family and sizes that transformers accepts."""
    draw = random.Random(seed)
    family = draw.choice(["llama", "qwen2", "qwen3", "mixtral", "deepseek_v3", "gemma2", "olmo2", "phi", "gpt_neox", "mamba2"])
    keys, groups, width = draw.choice([1, 2, 3]), draw.choice([1, 2, 4]), draw.choice([4, 8, 12])
    values = {
        **FAMILIES[family], "vocab_size": draw.randint(10, 300), "hidden_size": keys * groups * width,
        "intermediate_size": draw.randint(4, 80),
        "num_attention_heads": keys * groups, "num_key_value_heads": keys, "num_hidden_layers": draw.randint(1, 5),
        "tie_word_embeddings": draw.random() < 0.5, "attention_bias": draw.random() < 0.5,
    }  # fmt: skip
    if family == "mamba2":
        values |= {"num_heads": 2 * keys * groups, "head_dim": width, "n_groups": draw.choice([1, 2]), "state_size": draw.randint(2, 9)}
    if family in ("gemma2", "qwen3"):
        values["head_dim"] = 2 * draw.randint(2, 9)
    if family == "deepseek_v3":
        values |= {"kv_lora_rank": draw.randint(2, 20), "v_head_dim": draw.randint(2, 20), "first_k_dense_replace": draw.randint(0, 2)}
    return family, values


@pytest.mark.parametrize("seed", range(10))
def test_models_drawn_at_random_are_counted_as_built(seed: int) -> None:
    family, values = _drawn(seed)
    built = {name: weight.numel() for name, weight in build(family, values).named_parameters()}
    found = profile({"model_type": family, **values})
    assert found.by_module == grouped(built, family)
    assert found.parameters == sum(built.values())


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("width", [12, 20])
def test_recurrent_networks_have_the_parameters_that_torch_gives_them(kind: str, width: int) -> None:
    torch = pytest.importorskip("torch")
    with torch.device("meta"):
        network = getattr(torch.nn, kind.upper())(width, 20, num_layers=3)
        outside = torch.nn.Embedding(31, width), torch.nn.Linear(20, 31)
    expected = sum(weight.numel() for module in (network, *outside) for weight in module.parameters())
    values = {"model_type": kind, "vocab_size": 31, "hidden_size": 20, "embedding_size": width, "num_layers": 3}
    assert profile(values).parameters == expected
