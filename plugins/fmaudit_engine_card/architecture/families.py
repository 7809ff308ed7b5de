"""Which families are known, and how each is described."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from fmaudit import ModelError
from fmaudit_engine_card.architecture.config import Config
from fmaudit_engine_card.architecture.decoders import STYLES, decoder
from fmaudit_engine_card.architecture.hybrids import bamba, falcon_h1, jamba
from fmaudit_engine_card.architecture.latent import FIRST_DENSE, deepseek
from fmaudit_engine_card.architecture.parts import Plan
from fmaudit_engine_card.architecture.recurrent import GATES, gated_network, mamba, mamba2, rwkv
from fmaudit_engine_card.architecture.seq2seq import bart, t5

__all__ = ["known_families", "plan_of"]

Describe = Callable[[str, Config], Plan]

FAMILIES: dict[str, Describe] = {
    **dict.fromkeys(STYLES, decoder),
    **dict.fromkeys(FIRST_DENSE, deepseek),
    **dict.fromkeys(GATES, gated_network),
    "bamba": bamba,
    "bart": bart,
    "falcon_h1": falcon_h1,
    "falcon_mamba": mamba,
    "jamba": jamba,
    "mamba": mamba,
    "mamba2": mamba2,
    "mbart": bart,
    "mt5": t5,
    "rwkv": rwkv,
    "t5": t5,
}
_ALIASES = {"gemma3": "gemma3_text"}


def known_families() -> tuple[str, ...]:
    """Name the families that can be described, sorted."""
    return tuple(sorted(FAMILIES))


def plan_of(values: Mapping[str, Any], where: str = "the configuration") -> Plan:
    """Describe the model of a configuration. Raises ModelError for an unknown family, a missing or impossible number."""
    notes: list[str] = []
    inner = values.get("text_config")
    if isinstance(inner, Mapping) and "vocab_size" not in values:
        notes.append("the text part alone: towers for images or sound are not counted")
        values = {**inner, "model_type": inner.get("model_type") or values.get("model_type")}
    family = _family(values, where, notes)
    return FAMILIES[family](family, Config(values, where, notes))


def _family(values: Mapping[str, Any], where: str, notes: list[str]) -> str:
    """Find the family by `model_type`, else by the class that `architectures` names, else by the keys that Llama has."""
    named = values.get("model_type")
    if not named:
        classes = values.get("architectures")
        class_name = str(classes[0] if isinstance(classes, list) and classes else "").partition("For")[0].removesuffix("LMHeadModel")
        named = next((family for family in FAMILIES if family.replace("_", "") == class_name.lower()), class_name)
        if not named and {"hidden_size", "intermediate_size", "num_attention_heads"} <= values.keys():
            notes.append("no model_type is given: read as llama")
            named = "llama"
    name = _ALIASES.get(str(named), str(named))
    if name not in FAMILIES:
        close = difflib.get_close_matches(name, FAMILIES, 1)
        hint = (f"did you mean {close[0]}? " if close else "") + f"known: {', '.join(known_families())}"
        raise ModelError(f"{where}: {'no model_type' if not named else f'the family {name!r}'} is not known", hint=hint)
    return name
