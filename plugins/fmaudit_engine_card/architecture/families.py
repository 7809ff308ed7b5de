"""Which families are known, and how each is described."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fmaudit import ModelError
from fmaudit_engine_card.architecture.config import Config
from fmaudit_engine_card.architecture.decoders import STYLES, decoder
from fmaudit_engine_card.architecture.defaults import assumed_note, class_sizes, text_family
from fmaudit_engine_card.architecture.hybrids import bamba, falcon_h1, jamba
from fmaudit_engine_card.architecture.latent import LATENT, deepseek
from fmaudit_engine_card.architecture.parts import Plan
from fmaudit_engine_card.architecture.recurrent import GATES, gated_network, mamba, mamba2, rwkv
from fmaudit_engine_card.architecture.seq2seq import bart, t5
from fmaudit_engine_card.architecture.stored import stored_as, stored_note

__all__ = ["known_families", "plan_of"]

Describe = Callable[[str, Config], Plan]

FAMILIES: dict[str, Describe] = {
    **dict.fromkeys(STYLES, decoder),
    **dict.fromkeys(LATENT, deepseek),
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


def known_families() -> tuple[str, ...]:
    """Name the families that can be described, sorted."""
    return tuple(sorted(FAMILIES))


def plan_of(values: Mapping[str, Any], where: str = "the configuration") -> Plan:
    """Describe the model of a configuration, of one that has a text part that part. Raises ModelError.

    For an unknown family, and for a number that is missing, impossible, or known to no class. Sizes that a configuration leaves to its
    class are those of transformers, and `notes` says which.
    """
    notes: list[str] = []
    text = _text_part(values)
    if text:
        notes.append("the text part alone: towers for images or sound are not counted")
    family = _family(text or values, where, notes)
    config = Config(text or values, where, notes, class_sizes(family, part=bool(text)), part=bool(text))
    plan = FAMILIES[family](family, config)
    stored = stored_as(values, text)
    told = [assumed_note(family, config.assumed)] if config.assumed else []
    told += [stored_note(stored)] if stored else []
    return replace(plan, notes=(*plan.notes, *told), stored=stored)


def _text_part(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values of the text part, none where there is none; whether its tables are tied the whole model may say."""
    inner = whole.get("text_config")
    if not isinstance(inner, Mapping) or not inner:
        return {}
    kind = str(whole.get("model_type") or "")
    above = {"tie_word_embeddings": whole["tie_word_embeddings"]} if "tie_word_embeddings" in whole else {}
    return {**above, **inner, "model_type": inner.get("model_type") or text_family(kind) or kind}


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
    name = str(named)
    name = name if name in FAMILIES else text_family(name) or name
    if name not in FAMILIES:
        close = difflib.get_close_matches(name, FAMILIES, 1)
        hint = (f"did you mean {close[0]}? " if close else "") + f"known: {', '.join(known_families())}"
        raise ModelError(f"{where}: {'no model_type' if not named else f'the family {name!r}'} is not known", hint=hint)
    return name
