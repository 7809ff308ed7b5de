"""Hybrids: a few attention layers among state-space layers (Jamba, Bamba), or both in every layer (Falcon-H1)."""

from __future__ import annotations

from fmaudit import ModelError
from fmaudit_engine_card.architecture.blocks import TOO_FEW, Heads, embedding, experts, feed_forward, head, norm
from fmaudit_engine_card.architecture.config import Config
from fmaudit_engine_card.architecture.parts import Layer, Plan, Weight
from fmaudit_engine_card.architecture.recurrent import Selective, Structured, step_rank

__all__ = ["bamba", "falcon_h1", "jamba"]


def jamba(family: str, config: Config) -> Plan:
    """Describe Jamba: attention every `attn_layer_period`, experts every `expert_layer_period` layers. Raises ModelError."""
    hidden = config.hidden
    attention = _heads(config)
    mixer = Selective(
        hidden=hidden, inner=config.count("mamba_expand") * hidden, state=config.count("mamba_d_state"),
        kernel=config.count("mamba_d_conv"), rank=step_rank(config, "mamba_dt_rank"),
        bias=config.flag("mamba_proj_bias", False), kernel_bias=config.flag("mamba_conv_bias", True), normed=True,
    )  # fmt: skip
    dense, sparse, norms = (
        feed_forward("mlp", hidden, config.count("intermediate_size"), gated=True),
        _experts(config),
        tuple(norm("rms", hidden, 2)),
    )
    layers = []
    for i in range(config.layers):
        inside = sparse if sparse and _every(config, "expert_layer", i) else dense
        if _every(config, "attn_layer", i):
            layers.append(Layer((*attention.weights(), *norms, *inside), attends=(attention.attends(),)))
        else:
            layers.append(Layer((*mixer.weights(), *norms, *inside), recurs=(mixer.recurs(),)))
    return _plan(family, config, attention, tuple(layers))


def bamba(family: str, config: Config) -> Plan:
    """Describe Bamba: attention in the layers that `attn_layer_indices` names, Mamba-2 in the others. Raises ModelError."""
    attention, mixer = _heads(config), _structured(config, config.count("mamba_expand") * config.hidden)
    rest = _rest(config)
    at = set(config.counts("attn_layer_indices"))
    layers = (
        Layer((*attention.weights(), *rest), attends=(attention.attends(),))
        if i in at
        else Layer((*mixer.weights(), *rest), recurs=(mixer.recurs(),))
        for i in range(config.layers)
    )
    return _plan(family, config, attention, tuple(layers))


def falcon_h1(family: str, config: Config) -> Plan:
    """Describe Falcon-H1: attention and Mamba-2 side by side in every layer. Raises ModelError."""
    attention = _heads(config)
    given = config.get("mamba_d_ssm") is not None
    mixer = _structured(
        config, config.count("mamba_d_ssm") if given else config.count("mamba_expand") * config.hidden,
        normed=config.flag("mamba_rms_norm", False), out_bias=config.flag("projectors_bias", False),
    )  # fmt: skip
    layer = Layer((*attention.weights(), *mixer.weights(), *_rest(config)), (attention.attends(),), (mixer.recurs(),))
    return _plan(family, config, attention, (layer,) * config.layers)


def _heads(config: Config) -> Heads:
    heads, bias = config.heads, config.flag("attention_bias", False)
    return Heads(
        hidden=config.hidden, queries=heads, keys=config.key_heads(heads),
        width=config.head_width(config.hidden, heads), qkv_bias=bias, out_bias=bias,
    )  # fmt: skip


def _structured(config: Config, inner: int, *, normed: bool = True, out_bias: bool | None = None) -> Structured:
    heads, bias = config.count("mamba_n_heads"), config.flag("mamba_proj_bias", False)
    width = inner // heads if config.get("mamba_d_head") in (None, "auto") else config.count("mamba_d_head")
    if width * heads != inner:
        raise ModelError(
            f"{config.where}: {heads} state-space heads of {width} do not make {inner} channels",
            hint="mamba_n_heads x mamba_d_head is mamba_expand x hidden_size, or mamba_d_ssm where that is given",
        )
    return Structured(
        hidden=config.hidden, heads=heads, width=width, state=config.count("mamba_d_state"),
        groups=config.count("mamba_n_groups"), kernel=config.count("mamba_d_conv"), bias=bias,
        out_bias=bias if out_bias is None else out_bias, kernel_bias=config.flag("mamba_conv_bias", True), normed=normed,
    )  # fmt: skip


def _rest(config: Config) -> tuple[Weight, ...]:
    inner = feed_forward("mlp", config.hidden, config.count("intermediate_size"), gated=True, bias=config.flag("mlp_bias", False))
    return (*norm("rms", config.hidden, 2), *inner)


def _experts(config: Config) -> tuple[Weight, ...]:
    """Describe Jamba's experts; none where there is only one."""
    count = config.count("num_experts", "num_local_experts")
    active = config.count("num_experts_per_tok")
    if count == 1:
        return ()
    if active > count:
        raise ModelError(f"{config.where}: a token uses {active} of {count} experts", hint=TOO_FEW)
    return experts(config.hidden, config.count("intermediate_size"), count, active)


def _every(config: Config, name: str, layer: int) -> bool:
    return layer % config.count(f"{name}_period") == config.count(f"{name}_offset", zero=True)


def _plan(family: str, config: Config, attention: Heads, layers: tuple[Layer, ...]) -> Plan:
    tied, hidden = config.flag("tie_word_embeddings", False), config.hidden
    outside = (*embedding(config.vocabulary, hidden), *norm("rms", hidden), head(config.vocabulary, hidden, tied=tied))
    return Plan(
        family, hidden, config.vocabulary, tied, outside, layers, heads=attention.queries, kv_heads=attention.keys,
        context=config.context, notes=tuple(config.notes),
    )  # fmt: skip
