"""Decoders made of attention and a feed-forward block: one table says how the families differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fmaudit import ModelError
from fmaudit_engine_card.architecture.blocks import TOO_FEW, Heads, embedding, experts, feed_forward, head, norm
from fmaudit_engine_card.architecture.config import Config
from fmaudit_engine_card.architecture.parts import Layer, Plan, Weight, matrix, vector

__all__ = ["STYLES", "Sparse", "Style", "decoder"]

Switch = bool | tuple[str, bool]  # always so, or as a key says, with what holds where the key is missing
Windows = Callable[[Config, int], tuple[int | None, ...]]


# -- sliding windows, by layer -------------------------------------------------------------------------------------


def _everywhere(config: Config, layers: int) -> tuple[int | None, ...]:
    return (config.window(),) * layers


def _where_listed(config: Config, layers: int, every: int = 0) -> tuple[int | None, ...]:
    """Follow `layer_types`; without it all layers but every `every`th slide."""
    kinds = config.layer_types(layers)
    window = config.window()
    if not kinds:
        return tuple(window if every and (i + 1) % every else None for i in range(layers))
    return tuple(window if kind in ("sliding_attention", "chunked_attention") else None for kind in kinds)


def _alternating(config: Config, layers: int) -> tuple[int | None, ...]:
    return _where_listed(config, layers, 2)


def _patterned(config: Config, layers: int) -> tuple[int | None, ...]:
    return _where_listed(config, layers, config.count("sliding_window_pattern", "_sliding_window_pattern", default=6))


def _four_apart(config: Config, layers: int) -> tuple[int | None, ...]:
    return _where_listed(config, layers, config.count("sliding_window_pattern", "_sliding_window_pattern", default=4))


def _qwen(config: Config, layers: int) -> tuple[int | None, ...]:
    """Slide above `max_window_layers`, and only where `use_sliding_window` says so."""
    if not config.flag("use_sliding_window", False):
        return (None,) * layers
    if config.layer_types(layers):
        return _where_listed(config, layers)
    first = config.count("max_window_layers", zero=True)
    return tuple(config.window() if i >= first else None for i in range(layers))


def _gpt_neo(config: Config, layers: int) -> tuple[int | None, ...]:
    """Follow `attention_types`: [[["global", "local"], 12]] is a pattern and how often it comes."""
    given = config.get("attention_types") or [[["global", "local"], layers // 2]]
    try:
        kinds = [kind for pattern, times in given for kind in pattern * min(times, layers)]
    except (TypeError, ValueError):
        raise ModelError(f"{config.where}: attention_types is {given!r}", hint='[[["global", "local"], 12]], say') from None
    if len(kinds) != layers:
        raise ModelError(
            f"{config.where}: attention_types names {len(kinds)} layers, not {layers}",
            hint="the patterns, each as often as it comes, give one kind for every layer",
        )
    return tuple(config.count("window_size") if kind == "local" else None for kind in kinds)


# -- experts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sparse:
    """Experts in the place of the feed-forward block: under which keys a family says how many, how wide and where."""

    count: tuple[str, ...] = ("num_local_experts", "num_experts")
    width: tuple[str, ...] = ("intermediate_size",)
    shared: tuple[str, ...] = ()
    shared_gate: bool = False
    bias: bool = False
    router_bias: bool = False

    def at(self, config: Config, layer: int) -> bool:
        """Tell whether a layer has experts: every `decoder_sparse_step`th that `mlp_only_layers` does not name."""
        if self.count_of(config) == 0 or layer in config.counts("mlp_only_layers"):
            return False
        return (layer + 1) % config.count("decoder_sparse_step", default=1) == 0

    def count_of(self, config: Config) -> int:
        """Return the number of experts."""
        return config.count(*self.count, zero=True)

    def weights(self, config: Config) -> tuple[Weight, ...]:
        """Describe one layer's router and experts. Raises ModelError where more are used than there are."""
        count, active = self.count_of(config), config.count("num_experts_per_tok", "experts_per_token")
        if active > count:
            raise ModelError(f"{config.where}: a token uses {active} of {count} experts", hint=TOO_FEW)
        shared = config.count(*self.shared, default=0, zero=True) if self.shared else 0
        return experts(
            config.hidden, config.count(*self.width), count, active, shared=shared, shared_gate=self.shared_gate, bias=self.bias,
            router_bias=self.router_bias,
        )  # fmt: skip


# -- families ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Style:
    """How a family of decoders is built; what is not said is as in Llama."""

    norm: Literal["rms", "layer", "none"] = "rms"
    norms: int | Callable[[Config], int] = 2
    final_norm: Switch = True
    embedding_norm: bool = False
    qk_norm: Literal["", "head", "all"] = ""  # one gain for all heads, or one for each
    qk_norm_if: str = ""
    qkv_bias: Switch = False
    out_bias: Switch = False
    mlp_bias: Switch = False
    head_bias: bool = False
    tied: bool = False
    gated: bool = True
    inner: tuple[str, ...] = ("intermediate_size",)
    inner_times: int | None = None  # of the hidden size, where no key says it
    keys: Callable[[Config, int], int] | None = None
    positions: int | None = None  # learned ones; so many more rows than the context is long
    narrow: str = ""  # the key of an embedding narrower than the model
    sinks: bool = False
    windows: Windows | None = None
    sparse: Sparse | None = None


def _each(config: Config, heads: int) -> int:
    return heads


def _one_or_all(config: Config, heads: int) -> int:
    return 1 if config.flag("multi_query", True) else heads


def _falcon_keys(config: Config, heads: int) -> int:
    if config.flag("new_decoder_architecture", False):
        return config.count("num_kv_heads", default=heads)
    return _one_or_all(config, heads)


def _falcon_norms(config: Config) -> int:
    if config.flag("new_decoder_architecture", False):
        return config.count("num_ln_in_parallel_attn", default=2)
    return 1 if config.flag("parallel_attn", True) else 2


SAID, UNLESS_SAID = ("attention_bias", False), ("attention_bias", True)
LLAMA = Style(qkv_bias=SAID, out_bias=SAID, mlp_bias=("mlp_bias", False))
STYLES: dict[str, Style] = {
    "llama": LLAMA,
    "smollm3": Style(qkv_bias=SAID, out_bias=SAID, mlp_bias=("mlp_bias", False), tied=True),
    "granite": LLAMA,
    "mistral": Style(windows=_everywhere),
    "qwen2": Style(qkv_bias=True, windows=_qwen),
    "qwen3": Style(qkv_bias=SAID, out_bias=SAID, qk_norm="head", windows=_qwen),
    "qwen2_moe": Style(
        qkv_bias=("qkv_bias", True), windows=_qwen,
        sparse=Sparse(("num_experts",), ("moe_intermediate_size",), shared=("shared_expert_intermediate_size",), shared_gate=True),
    ),
    "qwen3_moe": Style(qkv_bias=SAID, out_bias=SAID, qk_norm="head", windows=_qwen, sparse=Sparse(width=("moe_intermediate_size",))),
    "gemma": Style(qkv_bias=SAID, out_bias=SAID, tied=True),
    "gemma2": Style(qkv_bias=SAID, out_bias=SAID, tied=True, norms=4, windows=_alternating),
    "gemma3_text": Style(qkv_bias=SAID, out_bias=SAID, tied=True, norms=4, qk_norm="head", windows=_patterned),
    "phi3": Style(windows=_everywhere),
    "mixtral": Style(windows=_everywhere, sparse=Sparse()),
    "olmo": Style(norm="none", qkv_bias=SAID, out_bias=SAID),
    "olmo2": Style(qkv_bias=SAID, out_bias=SAID, qk_norm="all"),
    "olmoe": Style(qkv_bias=SAID, out_bias=SAID, qk_norm="all", sparse=Sparse()),
    "granitemoe": Style(qkv_bias=SAID, out_bias=SAID, sparse=Sparse(("num_local_experts",))),
    "gpt_oss": Style(
        qkv_bias=UNLESS_SAID, out_bias=UNLESS_SAID, sinks=True, windows=_alternating,
        sparse=Sparse(bias=True, router_bias=True),
    ),
    "stablelm": Style(norm="layer", qkv_bias=("use_qkv_bias", False), qk_norm="all", qk_norm_if="qk_layernorm"),
    "starcoder2": Style(
        norm="layer", qkv_bias=("use_bias", True), out_bias=("use_bias", True), mlp_bias=("use_bias", True), tied=True, gated=False,
        windows=_everywhere,
    ),
    "cohere": Style(norms=1, qkv_bias=SAID, out_bias=SAID, qk_norm="all", qk_norm_if="use_qk_norm", tied=True),
    "cohere2": Style(norms=1, qkv_bias=SAID, out_bias=SAID, tied=True, windows=_four_apart),
    "phi": Style(
        norm="layer", norms=1, qkv_bias=True, out_bias=True, mlp_bias=True, head_bias=True, gated=False, qk_norm="head",
        qk_norm_if="qk_layernorm",
    ),
    "gpt2": Style(
        norm="layer", qkv_bias=True, out_bias=True, mlp_bias=True, gated=False, tied=True, inner=("n_inner",), inner_times=4, positions=0,
        keys=_each,
    ),
    "gpt_bigcode": Style(
        norm="layer", qkv_bias=True, out_bias=True, mlp_bias=True, gated=False, tied=True, inner=("n_inner",), inner_times=4, positions=0,
        keys=_one_or_all,
    ),
    "gpt_neo": Style(
        norm="layer", out_bias=True, mlp_bias=True, gated=False, tied=True, inner_times=4, positions=0, windows=_gpt_neo,
        keys=_each,
    ),
    "gptj": Style(norm="layer", norms=1, mlp_bias=True, head_bias=True, gated=False, inner=("n_inner",), inner_times=4, keys=_each),
    "gpt_neox": Style(norm="layer", qkv_bias=UNLESS_SAID, out_bias=UNLESS_SAID, mlp_bias=True, gated=False, keys=_each),
    "opt": Style(
        norm="layer", qkv_bias=("enable_bias", True), out_bias=("enable_bias", True), mlp_bias=("enable_bias", True), gated=False,
        tied=True, inner=("ffn_dim",), positions=2, narrow="word_embed_proj_dim", final_norm=("do_layer_norm_before", True),
        keys=_each,
    ),
    "bloom": Style(
        norm="layer", qkv_bias=True, out_bias=True, mlp_bias=True, gated=False, tied=True, inner=(), inner_times=4, embedding_norm=True,
        keys=_each,
    ),
    "falcon": Style(
        norm="layer", norms=_falcon_norms, qkv_bias=("bias", False), out_bias=("bias", False), mlp_bias=("bias", False), gated=False,
        tied=True, inner=("ffn_hidden_size",), inner_times=4, keys=_falcon_keys,
    ),
    "mpt": Style(gated=False, tied=True, inner=(), inner_times=4, keys=_each),
}  # fmt: skip


def decoder(family: str, config: Config) -> Plan:
    """Describe a decoder of one of `STYLES`. Raises ModelError for a configuration that is no model."""
    style = STYLES[family]
    hidden, layers, vocabulary = config.hidden, config.layers, config.vocabulary
    heads = _heads(style, config)
    windows = style.windows(config, layers) if style.windows else (None,) * layers
    tied = config.flag("tie_word_embeddings", style.tied)
    made: dict[tuple[bool, int | None], Layer] = {}
    blocks = []
    for i, window in enumerate(windows):
        kind = (style.sparse is not None and style.sparse.at(config, i), window)
        if kind not in made:
            made[kind] = _layer(style, config, heads, *kind)
        blocks.append(made[kind])
    return Plan(
        family=family, hidden=hidden, vocabulary=vocabulary, tied=tied, outside=_outside(style, config, tied), layers=tuple(blocks),
        heads=heads.queries, kv_heads=heads.keys, context=config.context, notes=tuple(config.notes),
    )  # fmt: skip


def _heads(style: Style, config: Config) -> Heads:
    heads = config.heads
    return Heads(
        hidden=config.hidden,
        queries=heads,
        keys=style.keys(config, heads) if style.keys else config.key_heads(heads),
        width=config.head_width(config.hidden, heads),
        qkv_bias=_is(style.qkv_bias, config),
        out_bias=_is(style.out_bias, config),
    )


def _layer(style: Style, config: Config, heads: Heads, sparse: bool, window: int | None) -> Layer:
    norms = style.norms if isinstance(style.norms, int) else style.norms(config)
    weights = [*heads.weights(), *_qk_norm(style, config, heads), *norm(style.norm, config.hidden, norms)]
    if style.sinks:
        weights.append(vector("attention", heads.queries))
    if sparse and style.sparse:
        weights += style.sparse.weights(config)
    else:
        weights += feed_forward("mlp", config.hidden, _inner(style, config), gated=style.gated, bias=_is(style.mlp_bias, config))
    return Layer(tuple(weights), (heads.attends(window),))


def _qk_norm(style: Style, config: Config, heads: Heads) -> tuple[Weight, ...]:
    if not style.qk_norm or (style.qk_norm_if and not config.flag(style.qk_norm_if, False)):
        return ()
    if style.qk_norm == "all":
        return (vector("norms", (heads.queries + heads.keys) * heads.width),)
    return tuple(norm(style.norm, heads.width, 2))


def _inner(style: Style, config: Config) -> int:
    return (
        config.count(*style.inner, default=None if style.inner_times is None else style.inner_times * config.hidden)
        if style.inner
        else 4 * config.hidden
    )


def _outside(style: Style, config: Config, tied: bool) -> tuple[Weight, ...]:
    hidden = config.hidden
    width = config.count(style.narrow, default=hidden) if style.narrow else hidden
    positions = 0
    if style.positions is not None:
        positions = config.count("max_position_embeddings", "n_positions", "n_ctx") + style.positions
    weights = list(embedding(config.vocabulary, width))
    if positions:
        weights += embedding(positions, hidden)
    if width != hidden:
        weights += [matrix("embedding", width, hidden), matrix("head", hidden, width)]
    if style.embedding_norm:
        weights += norm(style.norm, hidden)
    if _is(style.final_norm, config):
        weights += norm(style.norm, hidden)
    return (*weights, head(config.vocabulary, width, tied=tied, bias=style.head_bias))


def _is(switch: Switch, config: Config) -> bool:
    return switch if isinstance(switch, bool) else config.flag(*switch)
