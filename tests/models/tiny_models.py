"""Tiny random models of every family (V=512, two to three layers), and tiny tokenizers: known seeds, no network.

`tiny("llama")` gives (config, model); `FAMILIES` are the names, `CAUSAL` and `SEQ2SEQ` its two halves. `save(folder, "llama")` writes a
folder that a backend can open.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

VOCABULARY = 512
PAD, BOS, EOS = 0, 1, 2

_BASE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "max_position_embeddings": 256,
}
_GROUPED = {**_BASE, "num_key_value_heads": 2}
_HEADS = {**_GROUPED, "head_dim": 16}
_MOE = {"num_experts_per_tok": 2, "moe_intermediate_size": 32}

_FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", _GROUPED),
    "qwen2": ("Qwen2Config", _GROUPED),
    "qwen3": ("Qwen3Config", _HEADS),
    "mistral": ("MistralConfig", {**_GROUPED, "sliding_window": 16}),
    "gemma2": ("Gemma2Config", {**_HEADS, "sliding_window": 16, "query_pre_attn_scalar": 16, "final_logit_softcapping": 3.0}),
    "gemma3": ("Gemma3TextConfig", {**_HEADS, "sliding_window": 16, "query_pre_attn_scalar": 16}),
    "cohere": ("CohereConfig", {**_GROUPED, "logit_scale": 0.25}),
    "granite": ("GraniteConfig", {**_GROUPED, "logits_scaling": 4.0}),
    "phi": ("PhiConfig", _BASE),
    "falcon": ("FalconConfig", {**_BASE, "alibi": False, "new_decoder_architecture": False}),
    "stablelm": ("StableLmConfig", _GROUPED),
    "gpt2": ("GPT2Config", {"vocab_size": VOCABULARY, "n_positions": 256, "n_embd": 64, "n_layer": 2, "n_head": 4}),
    "gpt_neox": ("GPTNeoXConfig", _BASE),
    "opt": (
        "OPTConfig",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "ffn_dim": 128,
            "max_position_embeddings": 256,
            "word_embed_proj_dim": 64,
        },
    ),
    "bloom": ("BloomConfig", {"vocab_size": VOCABULARY, "hidden_size": 64, "n_layer": 2, "n_head": 4}),
    "mixtral": ("MixtralConfig", {**_GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2}),
    "qwen3_moe": ("Qwen3MoeConfig", {**_HEADS, **_MOE, "num_experts": 4}),
    "gpt_oss": ("GptOssConfig", {**_HEADS, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 16}),
    "deepseek_v3": (
        "DeepseekV3Config",
        {
            **_BASE,
            **_MOE,
            "num_key_value_heads": 4,
            "n_routed_experts": 4,
            "n_group": 1,
            "topk_group": 1,
            "q_lora_rank": 32,
            "kv_lora_rank": 16,
            "qk_rope_head_dim": 8,
            "qk_nope_head_dim": 8,
            "v_head_dim": 16,
            "first_k_dense_replace": 1,
            "num_mtp_layers": 0,
        },
    ),
    "lfm2": ("Lfm2Config", {**_GROUPED, "num_hidden_layers": 3, "layer_types": ["conv", "conv", "full_attention"]}),
    "mamba": ("MambaConfig", {"vocab_size": VOCABULARY, "hidden_size": 64, "num_hidden_layers": 2, "state_size": 8}),
    "falcon_mamba": ("FalconMambaConfig", {"vocab_size": VOCABULARY, "hidden_size": 64, "num_hidden_layers": 2, "state_size": 8}),
    "mamba2": (
        "Mamba2Config",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_heads": 8,
            "head_dim": 16,
            "state_size": 16,
            "n_groups": 2,
            "chunk_size": 16,
        },
    ),
    "jamba": (
        "JambaConfig",
        {
            **_GROUPED,
            "num_hidden_layers": 4,
            "num_experts": 4,
            "num_experts_per_tok": 2,
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "mamba_d_state": 8,
        },
    ),
    "falcon_h1": (
        "FalconH1Config",
        {
            **_GROUPED,
            "mamba_d_ssm": 64,
            "mamba_n_heads": 4,
            "mamba_d_head": 16,
            "mamba_d_state": 16,
            "mamba_chunk_size": 16,
            "lm_head_multiplier": 0.25,
        },
    ),
    "qwen3_next": (
        "Qwen3NextConfig",
        {
            **_HEADS,
            **_MOE,
            "num_experts": 4,
            "shared_expert_intermediate_size": 32,
            "linear_key_head_dim": 16,
            "linear_value_head_dim": 16,
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 4,
            "layer_types": ["linear_attention", "full_attention"],
        },
    ),
    "rwkv": ("RwkvConfig", {"vocab_size": VOCABULARY, "hidden_size": 64, "num_hidden_layers": 2, "context_length": 256}),
    "recurrent_gemma": (
        "RecurrentGemmaConfig",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 64,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "intermediate_size": 128,
            "attention_window_size": 16,
        },
    ),
    "xlstm": (
        "xLSTMConfig",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_heads": 4,
            "chunk_size": 16,
            "autocast_kernel_dtype": "float32",
        },
    ),
    "t5": (
        "T5Config",
        {"vocab_size": VOCABULARY, "d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": PAD},
    ),
    "bart": (
        "BartConfig",
        {
            "vocab_size": VOCABULARY,
            "d_model": 64,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
            "encoder_ffn_dim": 128,
            "decoder_ffn_dim": 128,
            "max_position_embeddings": 256,
            "decoder_start_token_id": EOS,
        },
    ),
}

SEQ2SEQ = ("t5", "bart")
CAUSAL = tuple(name for name in _FAMILIES if name not in SEQ2SEQ)
FAMILIES = tuple(_FAMILIES)


def tiny(family: str, *, seed: int = 0, **overrides: Any) -> tuple[Any, Any]:
    """Make (config, model in float32, eval mode) of a family; `overrides` are keys of its configuration."""
    import torch
    import transformers

    name, values = _FAMILIES[family]
    ends = {"bos_token_id": BOS, "eos_token_id": EOS, "pad_token_id": PAD}
    config = getattr(transformers, name)(**{**ends, **values, **overrides})
    auto = transformers.AutoModelForSeq2SeqLM if family in SEQ2SEQ else transformers.AutoModelForCausalLM
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = auto.from_config(config, dtype=torch.float32)
        _sharpen(model)
    return config, model.eval()


def _sharpen(model: Any) -> None:
    # The usual initial weights are so small that logits hardly depend on the context: an error in a mask would not show.
    import torch

    with torch.no_grad():
        for name, weight in model.named_parameters():
            is_matrix = weight.ndim >= 2 and min(weight.shape[-2:]) > 4
            if weight.ndim == 3 and "conv" in name:
                weight.normal_(0.0, 1.0 / (weight.shape[1] * weight.shape[2]) ** 0.5)
            elif is_matrix and not any(part in name for part in ("A_log", "conv", "lru", "rg_lru")):
                weight.normal_(0.0, 1.5 / weight.shape[-1] ** 0.5)


def tiny_tokenizer(*, bos: bool = False, words: bool = False, max_length: int = 256) -> Any:
    """Make a byte-level BPE tokenizer of fewer than 512 ids (or, with `words`, a word-level one that splits at white space).

    `bos`: it adds a BOS to every text it encodes with special tokens, as Llama's does. Every string has an encoding.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from tokenizers import decoders as ways_back
    from transformers import PreTrainedTokenizerFast

    if words:
        vocabulary = {"<pad>": PAD, "<s>": BOS, "</s>": EOS, "<unk>": 3, **{f"{c}{n}": 4 + i for i, (c, n) in enumerate(_words())}}
        inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
        inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    else:
        inner = _byte_pairs(Tokenizer, models)
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        inner.decoder = ways_back.ByteLevel()
    if bos:
        inner.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", BOS)])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>", model_max_length=max_length, padding_side="left"
    )


def _words() -> list[tuple[str, str]]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [(letter, number) for number in ("", *map(str, range(18))) for letter in letters][: VOCABULARY - 4]


def _byte_pairs(tokenizer: Any, models: Any) -> Any:
    from tokenizers import pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(["<pad>", "<s>", "</s>", "<unk>", *alphabet])}
    merges: list[tuple[str, str]] = []
    letters = "etaoinshrdlu"
    for first, second in [("Ġ", c) for c in letters] + [(a, b) for a in letters for b in letters] + [("Ġt", "h"), ("th", "e"), ("i", "ng")]:
        if len(vocabulary) < VOCABULARY and first in vocabulary and second in vocabulary and first + second not in vocabulary:
            vocabulary[first + second] = len(vocabulary)
            merges.append((first, second))
    return tokenizer(models.BPE(vocab=vocabulary, merges=merges))


def save(folder: Path, family: str, *, bos: bool = False, words: bool = False, seed: int = 0, **overrides: Any) -> Path:
    """Write a tiny model with its tokenizer as safetensors; give the folder."""
    config, model = tiny(family, seed=seed, **overrides)
    model.save_pretrained(folder)
    tiny_tokenizer(bos=bos, words=words, max_length=getattr(config, "max_position_embeddings", 256) or 256).save_pretrained(folder)
    return folder
