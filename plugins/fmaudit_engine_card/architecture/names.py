"""Which module a tensor belongs to, by the name that checkpoints give it."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["grouped", "is_buffer", "module_of"]

# the first that fits; a tensor that fits none is "other"
_RULES = tuple(
    (re.compile(pattern), module)
    for pattern, module in (
        (r"relative_attention_bias", "attention"),
        (r"norm|\bln_|\.ln\d\.|pre_ln|\.ln_", "norms"),
        (r"lm_head|^head\.|embed_out|project_out", "head"),
        (r"embed|\bwte\.|\bwpe\.|^shared\.|\.shared\.weight|project_in", "embedding"),
        (r"shared_expert_gate|router|\.gate\.(weight|bias)$", "router"),
        (r"shared_expert", "shared-experts"),
        (r"experts", "experts"),
        (r"mixer|mamba", "ssm"),
        (r"rnn|lstm|gru", "recurrent"),
        (r"attn|[aA]ttention", "attention"),
        (r"mlp|feed_forward|ffn|\bfc\d\b|DenseReluDense|\bfc_", "mlp"),
    )
)
_BUFFERS = re.compile(
    r"inv_freq$|masked_bias$|attn\.bias$|attention\.bias$|e_score_correction_bias$|final_logits_bias$|_scale(_inv)?$|position_ids$"
)


def module_of(name: str, family: str = "") -> str:
    """Name the module of a tensor; in RWKV what is called attention is a recurrence."""
    found = next((module for pattern, module in _RULES if pattern.search(name)), "other")
    return "recurrent" if family == "rwkv" and found == "attention" else found


def is_buffer(name: str, shape: tuple[int, ...]) -> bool:
    """Tell whether a tensor is no parameter: a mask, a table of angles, a scale of quantised weights, a bias that balances experts."""
    found = _BUFFERS.search(name)
    if found is None:
        return False
    return len(shape) != 1 if found[0] in ("attn.bias", "attention.bias") else True


def grouped(sizes: Mapping[str, int], family: str = "") -> dict[str, int]:
    """Add up sizes by module."""
    found: dict[str, int] = {}
    for name, size in sizes.items():
        module = module_of(name, family)
        found[module] = found.get(module, 0) + size
    return found
