"""What a configuration leaves to its class: sizes that transformers' own classes have, and the text part of a larger model."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from fmaudit_engine_card.architecture.config import HIDDEN, LAYERS

__all__ = ["assumed_note", "class_sizes", "text_family"]

# without a width and a number of layers a configuration is none, whatever its class has
NEEDED = frozenset({*HIDDEN, *LAYERS, "encoder_layers", "decoder_layers"})


def class_sizes(family: str, *, part: bool = False) -> Mapping[str, int]:
    """Return the sizes that a family's class has where a configuration is silent; none for a family that transformers does not know.

    A whole configuration has to give its width and its layers itself. A `part` of a larger one may leave out all: it is saved as what
    differs from its class.
    """
    sizes = _table()["family"].get(family, {})
    return {name: size for name, size in sizes.items() if name != "class" and (part or name not in NEEDED)}


def text_family(whole: str) -> str:
    """Return the family of the text part of a model that also sees or hears, where its part does not say; nothing if it is not known."""
    return str(_table()["text_part"].get(whole, ""))


def assumed_note(family: str, assumed: Mapping[str, int]) -> str:
    """Say which sizes were taken from the class, and from which one."""
    sizes = ", ".join(f"{name} {size:,}" for name, size in assumed.items())
    return f"not in the configuration, and taken as transformers' {_table()['family'][family]['class']} has them: {sizes}"


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("fmaudit_engine_card").joinpath("data/config_defaults.toml").read_text("utf-8"))
