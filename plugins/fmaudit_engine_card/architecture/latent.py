"""DeepSeek's decoders: latent attention, and fine-grained experts with shared ones after a few dense layers."""

from __future__ import annotations

from fmaudit import ModelError
from fmaudit_engine_card.architecture.blocks import TOO_FEW, Latent, embedding, experts, feed_forward, head, norm
from fmaudit_engine_card.architecture.config import Config
from fmaudit_engine_card.architecture.parts import Layer, Plan, Weight

__all__ = ["LATENT", "deepseek"]

LATENT = ("deepseek_v2", "deepseek_v3")


def deepseek(family: str, config: Config) -> Plan:
    """Describe DeepSeek-V2 or V3 without the modules that predict further tokens. Raises ModelError."""
    hidden, layers, tied = config.hidden, config.layers, config.flag("tie_word_embeddings", False)
    attention = _attention(config)
    first = config.count("first_k_dense_replace", zero=True)
    step = config.count("moe_layer_freq", default=1)
    dense = feed_forward("mlp", hidden, config.count("intermediate_size"), gated=True, bias=config.flag("mlp_bias", False))
    sparse = _experts(config)
    shared = (*attention.weights(), *norm("rms", hidden, 2))
    attends = (attention.attends(),)
    kinds = {True: Layer((*shared, *sparse), attends), False: Layer((*shared, *dense), attends)}
    if config.get("num_nextn_predict_layers", "num_mtp_layers"):
        config.notes.append("modules that predict further tokens (MTP) are not counted: a pass does without them")
    return Plan(
        family=family, hidden=hidden, vocabulary=config.vocabulary, tied=tied,
        outside=(*embedding(config.vocabulary, hidden), *norm("rms", hidden), head(config.vocabulary, hidden, tied=tied)),
        layers=tuple(kinds[i >= first and i % step == 0] for i in range(layers)),
        heads=attention.queries, kv_heads=attention.queries, context=config.context, notes=tuple(config.notes),
    )  # fmt: skip


def _attention(config: Config) -> Latent:
    return Latent(
        hidden=config.hidden,
        queries=config.heads,
        rank=config.count("kv_lora_rank"),
        query_rank=config.count("q_lora_rank") if config.get("q_lora_rank") is not None else None,
        plain=config.count("qk_nope_head_dim"),
        rotary=config.count("qk_rope_head_dim"),
        value=config.count("v_head_dim"),
        bias=config.flag("attention_bias", False),
    )


def _experts(config: Config) -> tuple[Weight, ...]:
    if config.get("n_routed_experts") is None:
        config.notes.append("n_routed_experts is null: every layer is counted as dense")
        return feed_forward("mlp", config.hidden, config.count("intermediate_size"), gated=True)
    count, active, width = config.count("n_routed_experts"), config.count("num_experts_per_tok"), config.count("moe_intermediate_size")
    if active > count:
        raise ModelError(f"{config.where}: a token uses {active} of {count} experts", hint=TOO_FEW)
    return experts(config.hidden, width, count, active, shared=width * config.count("n_shared_experts", default=0, zero=True))
