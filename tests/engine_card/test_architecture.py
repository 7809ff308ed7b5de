"""Exact profiles of published models: parameters, state and operations to the last digit."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from architecture_support import FAMILIES

from fmaudit import ModelError, published_configs
from fmaudit_engine_card import EngineProfile, profile

GIB = 2**30
PARAMETERS = {
    "llama-2-7b": 6_738_415_616,
    "llama-2-13b": 13_015_864_320,
    "llama-2-70b": 68_976_648_192,
    "mistral-7b-v0.1": 7_241_732_096,
    "llama-3-8b": 8_030_261_248,
    "llama-3-70b": 70_553_706_496,
    "mixtral-8x7b": 46_702_792_704,
    "gpt2": 124_439_808,
    "mamba-2.8b": 2_768_345_600,
}


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS.items())
def test_published_models_have_their_published_parameters(name: str, parameters: int) -> None:
    assert profile(name).parameters == parameters


def test_mixtral_has_47_billion_parameters_of_which_a_token_meets_13() -> None:
    mixtral = profile("mixtral-8x7b")
    assert mixtral.active_parameters == 12_879_925_248
    expert = 3 * 4096 * 14336
    assert mixtral.by_module["experts"] == 32 * 8 * expert
    assert mixtral.parameters - mixtral.active_parameters == 32 * 6 * expert
    assert profile("llama-2-7b").active_parameters == profile("llama-2-7b").parameters


def test_the_modules_of_llama_2_7b_add_up() -> None:
    llama = profile("llama-2-7b")
    assert llama.by_module == {
        "embedding": 32_000 * 4096, "attention": 32 * 4 * 4096**2, "mlp": 32 * 3 * 4096 * 11_008, "norms": 65 * 4096, "head": 32_000 * 4096,
    }  # fmt: skip
    assert sum(llama.by_module.values()) == 6_738_415_616
    assert (llama.family, llama.layers, llama.hidden, llama.vocabulary, llama.tied) == ("llama", 32, 4096, 32_000, False)
    assert llama.weights_bytes(2) / GIB == pytest.approx(12.55, abs=0.005)


@pytest.mark.parametrize(
    ("name", "per_token"),
    [
        ("llama-2-7b", 524_288), ("llama-2-70b", 327_680), ("mixtral-8x7b", 131_072), ("mistral-7b-v0.1", 131_072), ("llama-3-8b", 131_072),
        ("jamba-v0.1", 16_384), ("deepseek-v2", 69_120), ("deepseek-v3", 70_272), ("mamba-2.8b", 0),
    ],
)  # fmt: skip
def test_a_token_adds_the_published_bytes_to_the_state(name: str, per_token: int) -> None:
    found = profile(name)
    assert found.state_bytes_per_token() == per_token
    assert found.state_bytes(1001) - found.state_bytes(1000) == per_token


@pytest.mark.parametrize(
    ("name", "tokens", "gib"),
    [
        ("llama-2-7b", 4096, 2.0), ("llama-2-7b", 262_144, 128.0), ("llama-2-70b", 262_144, 80.0), ("mixtral-8x7b", 262_144, 32.0),
        ("mistral-7b-v0.2", 262_144, 32.0), ("llama-3-8b", 262_144, 32.0), ("jamba-v0.1", 262_144, 4.0), ("llama-3-8b", 131_072, 16.0),
        ("llama-3-70b", 131_072, 40.0),
    ],
)  # fmt: skip
def test_the_state_of_a_long_text_is_as_published(name: str, tokens: int, gib: float) -> None:
    assert profile(name).state_bytes(tokens) == gib * GIB


def test_latent_attention_keeps_a_57th_of_what_full_heads_would() -> None:
    v3 = profile("deepseek-v3")
    assert v3.full_state_bytes_per_token() == 3_997_696
    assert v3.parameters == 671_026_404_352
    assert v3.by_module["mlp"] == 3 * 3 * 7168 * 18_432  # three dense layers first
    assert profile("deepseek-v2").parameters == 235_741_434_880


def test_a_sliding_window_caps_the_state_and_two_versions_of_mistral_differ_by_it() -> None:
    first, second = profile("mistral-7b-v0.1"), profile("mistral-7b-v0.2")
    assert first.parameters == second.parameters
    assert first.state_bytes(4096) == second.state_bytes(4096) == GIB // 2
    assert first.state_bytes(262_144) == GIB // 2


@pytest.mark.parametrize("name", ["mamba-2.8b", "rwkv", "lstm", "mamba2"])
def test_a_recurrent_state_is_constant_from_a_thousand_to_a_million_tokens(name: str) -> None:
    sizes = {"vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2, "num_heads": 16, "head_dim": 8}
    found = profile(name) if name in published_configs() else profile({"model_type": name, **sizes})
    assert found.state_bytes(1_000) == found.state_bytes(1_000_000) == found.state_bytes(0) > 0
    assert found.cache_bytes(1_000) == found.cache_bytes(1_000_000) >= found.state_bytes(1_000)
    assert found.attention_flops(1000) == 0


def test_mamba_holds_layers_times_channels_times_state() -> None:
    mamba = profile("mamba-2.8b")
    assert mamba.state_bytes(5) == 64 * 5120 * 16 * 2
    assert mamba.cache_bytes(5) == 64 * (5120 * 16 + 5120 * 4) * 2


def test_a_hybrid_publishes_its_attention_layers_and_holds_its_recurrent_states_besides() -> None:
    jamba = profile("jamba-v0.1")
    assert jamba.cache_bytes(262_144) - jamba.state_bytes(262_144) == 28 * (8192 * 16 + 8192 * 4) * 2
    assert jamba.cache_bytes(0) == jamba.cache_bytes(262_144) - jamba.state_bytes(262_144)


def test_twice_the_tokens_are_four_times_the_attention_and_twice_the_rest() -> None:
    llama = profile("llama-2-7b")
    assert llama.attention_flops(8192) == 4 * llama.attention_flops(4096) == 4 * 32 * 4 * 4096 * 4096**2
    assert llama.linear_flops(8192) == 2 * llama.linear_flops(4096)
    assert llama.linear_flops(1) == 2 * (6_738_415_616 - 32_000 * 4096 - 65 * 4096)
    assert llama.flops(8192) / llama.flops(4096) == pytest.approx(2.28, abs=0.005)


def test_the_mask_leaves_a_little_more_than_half_of_the_pairs() -> None:
    llama = profile("llama-2-7b")
    whole, left = llama.attention_flops(1000), llama.attention_flops(1000, causal=True)
    assert left == whole // 1000**2 * (1000 * 1001 // 2)
    windowed = profile("mistral-7b-v0.1")
    pairs = sum(min(i, 4096) for i in range(1, 10_001))
    assert windowed.attention_flops(10_000, causal=True) == 32 * 4 * 4096 * pairs
    assert windowed.attention_flops(10_000) == 32 * 4 * 4096 * 10_000 * 4096


def test_a_profile_comes_from_a_dict_a_file_a_folder_or_a_name(tmp_path: Path) -> None:
    values: dict[str, object] = {
        "vocab_size": 32_000, "hidden_size": 4096, "intermediate_size": 11_008, "num_hidden_layers": 32, "num_attention_heads": 32,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"], **values}))
    found = [profile("llama-2-7b"), profile(values), profile(tmp_path), profile(str(tmp_path / "config.json"))]
    assert {one.parameters for one in found} == {6_738_415_616}
    assert all(isinstance(one, EngineProfile) for one in found)
    assert found[1].notes == ("no model_type is given: read as llama",)
    assert not found[2].notes


def test_of_a_model_that_sees_images_the_text_part_is_counted_and_said_so() -> None:
    text = {"model_type": "gemma3_text", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 6}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8}
    found = profile({"model_type": "gemma3", "text_config": {**text, **heads}, "vision_config": {}})
    assert found.parameters == profile({**text, **heads}).parameters
    assert "text part" in found.notes[0]


SMALL: dict[str, Any] = {
    "model_type": "llama", "vocab_size": 9, "hidden_size": 32, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 4,
}  # fmt: skip
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"model_type": "lama"}, "did you mean llama"),
    ({"model_type": "llama", "vocab_size": 10}, "hidden_size"),
    ({**SMALL, "hidden_size": "big"}, "hidden_size is 'big'"),
    ({**SMALL, "hidden_size": -4}, "whole number"),
    ({**SMALL, "num_hidden_layers": 10**9}, "layers"),
    ({**SMALL, "hidden_size": 30}, "cannot be split"),
    ({**SMALL, "num_key_value_heads": 3}, "cannot share"),
    ({**SMALL, "tie_word_embeddings": "yes"}, "true or false"),
    ({**SMALL, "model_type": "mixtral", "num_key_value_heads": 2, "num_local_experts": 2, "num_experts_per_tok": 3}, "uses 3 of 2"),
    ({**SMALL, "model_type": "mixtral"}, "4 query heads cannot share 8 key-value heads"),
    ({}, "no model_type"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "said"), WRONG)
def test_what_is_no_model_is_refused_with_what_is_wrong(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        profile(values)


ODD: list[Any] = [
    None, 0, -1, 3.5, "x", "", [], [1], ["a"], {}, True, 2**70, float("nan"), float("inf"), [[["global"], 1]], [[1, 2]], 10**12,
]  # fmt: skip
KEYS = ("architectures", "text_config", "layer_types", "mlp_only_layers", "attention_types", "head_dim", "sliding_window", "model_type")


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_whatever_a_configuration_holds_it_is_profiled_or_refused(family: str) -> None:
    draw = random.Random(family)
    for _ in range(60):
        values = {"model_type": family, **FAMILIES[family]}
        values[draw.choice([*values, *KEYS])] = draw.choice(ODD)
        try:
            found = profile(values)
        except ModelError:
            continue
        assert sum(found.by_module.values()) == found.parameters > 0
        assert found.active_parameters <= found.parameters
        assert found.cache_bytes(9) >= found.state_bytes(9) >= 0


def test_files_that_are_no_configuration_are_refused(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "half.json").write_text('{"model_type": ')
    for name, said in (("list.json", "holds list"), ("half.json", "not JSON"), ("none.json", "cannot be read")):
        with pytest.raises(ModelError, match=said):
            profile(tmp_path / name)


def test_impossible_lengths_are_refused() -> None:
    llama = profile("llama-2-7b")
    for wrong in (-1, 1.5, True):
        with pytest.raises(ModelError, match="tokens is"):
            llama.flops(wrong)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="batch is"):
        llama.state_bytes(10, batch=-1)


def test_a_profile_needs_no_heavy_library() -> None:
    code = (
        "import sys; from fmaudit_engine_card import profile; profile('llama-2-7b').fits('H100'); "
        "print([name for name in ('torch', 'transformers', 'pyarrow', 'scipy', 'numpy', 'duckdb') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
