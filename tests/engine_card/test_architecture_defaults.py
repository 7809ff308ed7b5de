"""What a configuration leaves out is counted as transformers would build it and said; what it says of its files is told."""

from __future__ import annotations

import random
import warnings
from typing import Any

import pytest
from architecture_support import EXPERTS, FAMILIES, GROUPED, LATENT, build

from fmaudit import ModelError, published_configs
from fmaudit_engine_card import profile
from fmaudit_engine_card.architecture.defaults import NEEDED, class_sizes, text_family
from fmaudit_engine_card.architecture.families import known_families
from fmaudit_engine_card.architecture.loading import read_config

IN_TORCH_ONLY = {"rnn", "lstm", "gru"}
GEMMA_3_4B: dict[str, Any] = {  # as it is published: five sizes are left to the class
    "model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"], "vision_config": {"hidden_size": 1152},
    "text_config": {
        "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10_240, "num_hidden_layers": 34, "sliding_window": 1024,
    },
}  # fmt: skip


def _class(family: str) -> Any:
    pytest.importorskip("transformers")
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    return CONFIG_MAPPING[family]


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_sizes_written_down_are_those_of_the_class_of_transformers(family: str) -> None:
    import dataclasses

    kind = _class(family)
    own = {field.name: field.default for field in dataclasses.fields(kind)}
    sizes = class_sizes(family, part=True)
    assert sizes == {name: own[name] for name in sizes}
    assert sizes["vocab_size"]


def test_text_parts_have_the_family_that_transformers_gives_them() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for whole in ("gemma3", "llava", "llava_onevision", "mistral3", "paligemma", "idefics3", "internvl", "kimi_k25"):
            assert _class(whole)(text_config={}).text_config.model_type == text_family(whole)
    assert text_family("vit") == ""


def test_every_family_that_transformers_knows_has_its_class() -> None:
    assert all(class_sizes(family, part=True) for family in set(known_families()) - IN_TORCH_ONLY)
    assert not any(class_sizes(family, part=True) for family in IN_TORCH_ONLY)


KEPT = ("num_key_value_heads", "head_dim", "num_experts", "num_local_experts", "n_routed_experts", "q_lora_rank", "kv_lora_rank")
ALIKE = {"num_experts": "num_local_experts", "num_local_experts": "num_experts"}
# transformers builds these with heads that have no whole width, or sends a token to more experts than there are
NO_MODEL = {("starcoder2", "num_attention_heads"), ("olmoe", "num_experts_per_tok"), ("qwen3_moe", "num_experts_per_tok")}


def _left_out(family: str) -> list[str]:
    """Choose what to leave out: whatever changes a model's kind, and two more at random."""
    keys = sorted(set(FAMILIES[family]) & set(class_sizes(family)))
    drawn = random.Random(family).sample(keys, min(2, len(keys)))
    return sorted({*drawn, *(key for key in keys if key in KEPT)})


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_each_size_left_out_is_counted_as_transformers_builds_it_and_told(family: str) -> None:
    refused = pytest.importorskip("huggingface_hub.errors").StrictDataclassError
    for key in _left_out(family):
        values = {name: value for name, value in FAMILIES[family].items() if name not in (key, ALIKE.get(key))}
        if key == "num_key_value_heads":  # as many query heads as share those of the class
            values |= {"num_attention_heads": 4 * class_sizes(family)[key], "hidden_size": 16 * class_sizes(family)[key]}
        if (family, key) in NO_MODEL:
            continue
        try:
            built = sum(weight.numel() for weight in build(family, values).parameters())
        except (ValueError, ZeroDivisionError, AssertionError, refused):
            continue  # transformers makes no model of it either
        whole = profile({"model_type": family, **values, key: FAMILIES[family][key]}).parameters
        found = profile({"model_type": family, **values})
        assert found.parameters == built, key
        assert built == whole or any(f"{key} {class_sizes(family)[key]:,}" in note for note in found.notes), key


def test_gemma_3_as_it_is_published_is_counted_and_says_what_its_class_added() -> None:
    found = profile(GEMMA_3_4B)
    assert found.parameters == 3_880_263_168
    assert found.context == 131_072
    told = next(note for note in found.notes if "Gemma3TextConfig" in note)
    for size in ("vocab_size 262,208", "num_attention_heads 8", "num_key_value_heads 4", "head_dim 256"):
        assert size in told


def test_a_text_part_is_counted_whatever_stands_around_it() -> None:
    part = {"model_type": "llama", "vocab_size": 32_064, "max_position_embeddings": 4096}
    llava = profile({"model_type": "llava", "vocab_size": 32_000, "text_config": part})  # LLaVA 1.5 7B, as it is published
    assert llava.parameters == 6_738_415_616 + 2 * 64 * 4096
    assert llava.vocabulary == 32_064
    unnamed = {name: value for name, value in part.items() if name != "model_type"}
    assert profile({"model_type": "llava", "text_config": unnamed}).parameters == llava.parameters
    assert profile({"model_type": "llava", "tie_word_embeddings": True, "text_config": part}).tied


def test_mistral_without_key_value_heads_has_those_of_its_class() -> None:
    values = {**read_config("mistral-7b-v0.1")[0], "num_hidden_layers": 4}
    left = {name: value for name, value in values.items() if name != "num_key_value_heads"}
    assert profile(left).parameters == profile(values).parameters == 1_134_596_096
    assert "num_key_value_heads 8" in profile(left).notes[0]
    assert profile({**left, "num_key_value_heads": None}).plan.kv_heads == 32  # given as none: one for each query head
    slides = {name: value for name, value in left.items() if name != "sliding_window"}
    assert profile(slides).state_bytes(9000) == profile(left).state_bytes(4096)


def test_deepseek_without_its_experts_has_those_of_its_class_and_none_where_it_says_so() -> None:
    values = {**read_config("deepseek-v3")[0], "num_hidden_layers": 4}
    left = {name: value for name, value in values.items() if name != "n_routed_experts"}
    assert profile(left).parameters == profile(values).parameters
    dense = profile({**left, "n_routed_experts": None})
    assert dense.active_parameters == dense.parameters
    assert "every layer is counted as dense" in dense.notes[0]
    with pytest.raises(ModelError, match="num_experts_per_tok is missing"):  # DeepSeek-V2's class has none
        profile({"model_type": "deepseek_v2", **{name: size for name, size in LATENT.items() if name != "num_experts_per_tok"}})


def test_a_whole_configuration_says_its_width_and_its_layers_itself() -> None:
    for family, values in FAMILIES.items():
        for key in sorted(NEEDED & values.keys()):
            with pytest.raises(ModelError, match="is missing"):
                profile({"model_type": family, **{name: value for name, value in values.items() if name != key}})


def test_a_complete_configuration_has_no_assumed_sizes() -> None:
    for name in published_configs():
        assert not profile(name).notes


STORED: list[tuple[dict[str, Any], str]] = [
    ({"quantization_config": {"quant_method": "fp8", "fmt": "e4m3"}}, "(fp8)"),
    ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, "(gptq, 4 bits)"),
    ({"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}}, "(bitsandbytes, 8 bits)"),
    ({"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": {"num_bits": 8}}}}},
     "(compressed-tensors, 8 bits)"),
    ({"compression_config": {"format": "pack-quantized"}}, "(pack-quantized)"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "told"), STORED)
def test_weights_that_are_stored_quantised_are_said_to_be(given: dict[str, Any], told: str) -> None:
    values = {"model_type": "llama", **GROUPED}
    (note,) = profile({**values, **given}).notes
    assert told in note
    assert told in profile({"model_type": "llava", "text_config": values, **given}).notes[-1]
    assert profile({**values, **given}).parameters == profile(values).parameters


@pytest.mark.parametrize("odd", [None, {}, [], "fp8", {"bits": "four"}, {"config_groups": 3}, {"config_groups": {"a": {"weights": 1}}}])
def test_whatever_is_said_of_quantisation_the_sizes_are_counted(odd: Any) -> None:
    values = {"model_type": "mixtral", **EXPERTS}
    assert profile({**values, "quantization_config": odd}).parameters == profile(values).parameters
