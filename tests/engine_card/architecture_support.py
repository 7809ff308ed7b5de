"""Small configurations of every family, and the models that transformers builds of them."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import pytest

SIZES: dict[str, Any] = {"vocab_size": 101, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}
GROUPED: dict[str, Any] = {**SIZES, "intermediate_size": 48, "num_key_value_heads": 2}
EXPERTS: dict[str, Any] = {**GROUPED, "num_local_experts": 4, "num_experts": 4, "num_experts_per_tok": 2}
LATENT: dict[str, Any] = {
    **GROUPED, "num_key_value_heads": 4, "kv_lora_rank": 8, "q_lora_rank": 16, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8,
    "v_head_dim": 12, "n_routed_experts": 8, "n_shared_experts": 2, "moe_intermediate_size": 12,
    "first_k_dense_replace": 1, "num_experts_per_tok": 2,
    "n_group": 2, "topk_group": 1, "topk_method": "greedy",
}  # fmt: skip
OLD: dict[str, Any] = {"vocab_size": 101, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 64}
MIXER: dict[str, Any] = {"mamba_n_heads": 8, "mamba_d_head": 8, "mamba_n_groups": 2, "mamba_d_state": 4}
HALVES: dict[str, Any] = {
    "vocab_size": 101, "d_model": 32, "encoder_layers": 2, "decoder_layers": 3, "encoder_ffn_dim": 48, "decoder_ffn_dim": 40,
    "encoder_attention_heads": 4, "decoder_attention_heads": 2, "max_position_embeddings": 64,
}  # fmt: skip
T5: dict[str, Any] = {"vocab_size": 101, "d_model": 32, "d_kv": 6, "d_ff": 48, "num_layers": 2, "num_decoder_layers": 3, "num_heads": 4}

FAMILIES: dict[str, dict[str, Any]] = {
    "bamba": {**GROUPED, **MIXER, "attn_layer_indices": [1]},
    "bart": HALVES,
    "bloom": {"vocab_size": 101, "hidden_size": 32, "n_layer": 3, "n_head": 4},
    "cohere": {**GROUPED, "use_qk_norm": True},
    "cohere2": {**GROUPED, "num_hidden_layers": 5, "sliding_window": 8},
    "deepseek_v2": LATENT,
    "deepseek_v3": LATENT,
    "falcon": SIZES,
    "falcon_h1": {**GROUPED, **MIXER, "head_dim": 12, "mamba_d_ssm": 64, "mamba_rms_norm": True},
    "falcon_mamba": {**SIZES, "state_size": 4},
    "gemma": {**GROUPED, "head_dim": 12},
    "gemma2": {**GROUPED, "head_dim": 12, "sliding_window": 8},
    "gemma3_text": {**GROUPED, "num_hidden_layers": 7, "head_dim": 12, "sliding_window": 8},
    "gpt2": {**OLD, "n_inner": 52},
    "gpt_bigcode": OLD,
    "gpt_neo": {"vocab_size": 101, "hidden_size": 32, "num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]]},
    "gpt_neox": {**SIZES, "intermediate_size": 48},
    "gpt_oss": {**EXPERTS, "head_dim": 12, "sliding_window": 8},
    "gptj": {**OLD, "rotary_dim": 4},
    "granite": GROUPED,
    "granitemoe": EXPERTS,
    "jamba": {**EXPERTS, "num_hidden_layers": 4, "attn_layer_period": 2, "attn_layer_offset": 1, "use_mamba_kernels": False},
    "llama": GROUPED,
    "mamba": {**SIZES, "state_size": 4, "use_bias": True},
    "mamba2": {**SIZES, "state_size": 4, "num_heads": 8, "head_dim": 8, "n_groups": 2},
    "mbart": HALVES,
    "mistral": {**GROUPED, "sliding_window": 8},
    "mixtral": EXPERTS,
    "mpt": {"vocab_size": 101, "d_model": 32, "n_layers": 3, "n_heads": 4},
    "mt5": T5,
    "olmo": GROUPED,
    "olmo2": GROUPED,
    "olmoe": EXPERTS,
    "opt": {**SIZES, "ffn_dim": 48, "word_embed_proj_dim": 16, "max_position_embeddings": 64},
    "phi": {**GROUPED, "qk_layernorm": True},
    "phi3": {**GROUPED, "pad_token_id": 0},
    "qwen2": GROUPED,
    "qwen2_moe": {**EXPERTS, "moe_intermediate_size": 12, "shared_expert_intermediate_size": 20, "mlp_only_layers": [0]},
    "qwen3": {**GROUPED, "head_dim": 12},
    "qwen3_moe": {**EXPERTS, "head_dim": 12, "moe_intermediate_size": 12, "decoder_sparse_step": 2},
    "rwkv": {"vocab_size": 101, "hidden_size": 32, "num_hidden_layers": 3, "intermediate_size": 48, "context_length": 64},
    "smollm3": {**GROUPED, "pad_token_id": 0},
    "stablelm": {**GROUPED, "use_qkv_bias": True, "qk_layernorm": True},
    "starcoder2": GROUPED,
    "t5": T5,
}  # fmt: skip


def build(family: str, values: dict[str, Any], *, device: str = "meta") -> Any:
    """Build the model that transformers makes of a configuration; skips where it is not installed."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = transformers.AutoConfig.for_model(family, **values)
        kind = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
        with torch.device(device):
            return kind.from_config(config).eval()


@functools.cache
def sizes(family: str) -> dict[str, int]:
    """Give the parameters of a family's small model by name, tied ones once."""
    return {name: weight.numel() for name, weight in build(family, FAMILIES[family]).named_parameters()}
