"""What a person can get wrong when asking for a profile is told as an error of fmaudit, with what to do next."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from architecture_support import FAMILIES

from fmaudit import ModelError
from fmaudit_engine_card import EngineProfile, profile
from fmaudit_engine_card.architecture.fits import precision

LLAMA = {
    "model_type": "llama", "vocab_size": 32, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: profile(None), "None is no configuration"),  # type: ignore[arg-type]
        (lambda: profile(7), "7 is no configuration"),  # type: ignore[arg-type]
        (lambda: profile("llama2-7b"), "did you mean llama-2-7b?"),
        (lambda: profile("config:lama-2-7b"), "did you mean llama-2-7b?"),
        (lambda: profile(LLAMA).state_bytes(100, -2), "bytes_per_value is -2"),
        (lambda: profile(LLAMA).state_bytes_per_token(0), "bytes_per_value is 0"),
        (lambda: profile(LLAMA).cache_bytes(100, "fp16"), "bytes_per_value is 'fp16'"),  # type: ignore[arg-type]
        (lambda: profile(LLAMA).weights_bytes(float("nan")), "bytes_per_value is nan"),
        (lambda: profile(LLAMA).full_state_bytes_per_token(True), "bytes_per_value is True"),
        (lambda: profile(LLAMA).fits(None), "None is no device"),  # type: ignore[arg-type]
        (lambda: profile(LLAMA).fits("H100", None), "None is no precision"),  # type: ignore[arg-type]
        (lambda: profile(LLAMA).fits("H100", "flaot16"), "did you mean float16?"),
    ],
)  # fmt: skip
def test_what_cannot_be_profiled_is_an_error_with_a_hint(wrong: Callable[[], Any], told: str) -> None:
    with pytest.raises(ModelError) as caught:
        wrong()
    assert told in str(caught.value)
    assert caught.value.hint


def test_a_published_model_may_be_named_as_its_uri_is() -> None:
    assert isinstance(profile("config:llama-2-7b"), EngineProfile)
    assert profile("config:llama-2-7b").parameters == profile("llama-2-7b").parameters


@pytest.mark.parametrize(
    ("short", "name"),
    [
        ("fp16", "float16"),
        ("BF16", "bfloat16"),
        ("fp32", "float32"),
        ("fp8", "float8"),
        ("int8", "int8"),
        ("int4", "int4"),
        ("half", "float16"),
    ],
)
def test_the_usual_short_names_of_precisions_are_known(short: str, name: str) -> None:
    assert precision(short).name == name


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("llama", {"num_attention_heads": 4, "num_key_value_heads": 3}),
        ("gpt_neo", {"attention_types": [[["global"], 1]]}),
        ("mixtral", {"num_local_experts": 4, "num_experts_per_tok": 9}),
        ("jamba", {"num_experts": 4, "num_experts_per_tok": 9}),
        ("bamba", {"mamba_d_head": 7}),
        ("deepseek_v3", {"n_routed_experts": 4, "num_experts_per_tok": 9}),
        ("gemma3_text", {"layer_types": ["full_attention"]}),
        ("bamba", {"attn_layer_indices": "all"}),
    ],
)
def test_a_configuration_that_is_no_model_is_an_error_with_a_hint(family: str, change: dict[str, Any]) -> None:
    with pytest.raises(ModelError) as caught:
        profile({"model_type": family, **FAMILIES[family], **change})
    assert caught.value.hint


def test_a_configuration_may_be_named_by_its_uri_or_given_as_transformers_holds_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    known = profile(LLAMA).parameters
    assert profile(f"config:{tmp_path}").parameters == profile(f"config:{tmp_path / 'config.json'}").parameters == known
    with pytest.raises(ModelError, match="nowhere: cannot be read"):
        profile(f"config:{tmp_path / 'nowhere'}")
    transformers = pytest.importorskip("transformers")
    assert profile(transformers.LlamaConfig(**{key: size for key, size in LLAMA.items() if key != "model_type"})).parameters == known


def test_an_object_that_is_no_configuration_is_named_by_its_type_and_not_printed() -> None:
    class Pages:
        def __repr__(self) -> str:
            return "a line\n" * 100

    for wrong in (Pages(), list(range(1000)), dict):
        with pytest.raises(ModelError, match="is no configuration") as caught:
            profile(wrong)  # type: ignore[arg-type]
        assert len(str(caught.value).partition("\n")[0]) < 100
