"""Encoder and decoder: T5 and its kin, BART and its kin. The decoder attends to itself and to what the encoder made."""

from __future__ import annotations

from fmaudit_engine_card.architecture.blocks import Heads, embedding, feed_forward, head, norm
from fmaudit_engine_card.architecture.config import Config
from fmaudit_engine_card.architecture.parts import Layer, Plan, Weight, table

__all__ = ["bart", "t5"]


def t5(family: str, config: Config) -> Plan:
    """Describe T5: no biases, gains only, positions as a bias of attention that the first block learns. Raises ModelError."""
    hidden, heads = config.hidden, config.heads
    activation = str(config.get("feed_forward_proj") or {"mt5": "gated-gelu"}.get(family, "relu"))
    attention = Heads(hidden, heads, heads, config.count("d_kv"))
    inside = feed_forward("mlp", hidden, config.count("d_ff"), gated=activation.startswith("gated"))
    encoder = Layer((*attention.weights(), *norm("rms", hidden, 2), *inside), (attention.attends(causal=False, kept=False),))
    tied = config.flag("tie_word_embeddings", True)
    if not tied:
        config.notes.append("the output matrix is counted by itself, as checkpoints hold it; transformers 5 builds it tied")
    positions = table("attention", config.count("relative_attention_num_buckets"), heads)
    return Plan(
        family, hidden, config.vocabulary, tied,
        (*embedding(config.vocabulary, hidden), positions, positions, *norm("rms", hidden, 2), head(config.vocabulary, hidden, tied=tied)),
        (_crossed(attention, (*norm("rms", hidden, 3), *inside)),) * config.blocks("num_decoder_layers", default=config.layers),
        (encoder,) * config.layers, heads=heads, kv_heads=heads, context=config.context, notes=tuple(config.notes),
    )  # fmt: skip


def bart(family: str, config: Config) -> Plan:
    """Describe BART, or mBART, which has a last norm in each half. Raises ModelError."""
    hidden = config.hidden
    extra = norm("layer", hidden, 2) if family == "mbart" else ()
    positions = config.count("max_position_embeddings") + 2  # two rows are for padding
    halves = {side: _bart_parts(config, side) for side in ("encoder", "decoder")}
    (encoding, inside), (decoding, after) = halves["encoder"], halves["decoder"]
    encoder = Layer((*encoding.weights(), *norm("layer", hidden, 2), *inside), (encoding.attends(causal=False, kept=False),))
    tied = config.flag("tie_word_embeddings", True)
    return Plan(
        family, hidden, config.vocabulary, tied,
        (
            *embedding(config.vocabulary, hidden, 2 * positions), *norm("layer", hidden, 2), *extra,
            head(config.vocabulary, hidden, tied=tied),
        ),
        (_crossed(decoding, (*norm("layer", hidden, 3), *after)),) * config.blocks("decoder_layers"),
        (encoder,) * config.blocks("encoder_layers"),
        heads=decoding.queries, kv_heads=decoding.queries, context=config.context, notes=tuple(config.notes),
    )  # fmt: skip


def _bart_parts(config: Config, side: str) -> tuple[Heads, tuple[Weight, ...]]:
    heads = config.count(f"{side}_attention_heads")
    attention = Heads(config.hidden, heads, heads, config.head_width(config.hidden, heads), qkv_bias=True, out_bias=True)
    return attention, feed_forward("mlp", config.hidden, config.count(f"{side}_ffn_dim"), gated=False, bias=True)


def _crossed(attention: Heads, rest: tuple[Weight, ...]) -> Layer:
    """Describe a decoder's block: it keeps keys and values of what it wrote, and of what the encoder made."""
    return Layer((*attention.weights(), *attention.weights(), *rest), (attention.attends(), attention.attends(causal=False)))
