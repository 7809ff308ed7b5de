"""How the weights of a model are stored, where its configuration says that they are quantised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["stored_as", "stored_note"]

KEYS = ("quantization_config", "compression_config")
BITS = ("bits", "w_bit", "num_bits", "nbits")


def stored_as(*configs: Mapping[str, Any]) -> str:
    """Name the method and, where it says them, the bits of the first of the configurations that is quantised: "gptq, 4 bits", or ""."""
    given = next((config[key] for config in configs for key in KEYS if isinstance(config.get(key), Mapping) and config[key]), None)
    if given is None:
        return ""
    method = next((str(given[key]) for key in ("quant_method", "quant_type", "format") if isinstance(given.get(key), str)), "quantised")
    bits = _bits(given)
    return f"{method}, {bits} bits" if bits else method


def stored_note(stored: str) -> str:
    """Say what the figures are of, where the weights are stored otherwise."""
    return f"its weights are stored quantised ({stored}): bytes here are those of the precisions asked about, not those of the files"


def _bits(given: Mapping[str, Any]) -> int | None:
    loaded = next((bits for bits in (4, 8) if given.get(f"load_in_{bits}bit") is True), None)
    said = next((given[key] for key in BITS if isinstance(given.get(key), int) and not isinstance(given[key], bool)), None)
    return loaded or said or _bits_of_groups(given.get("config_groups"))


def _bits_of_groups(groups: Any) -> int | None:
    """Read the bits that compressed-tensors gives for each group of weights; None where groups differ."""
    found = {
        group["weights"].get("num_bits")
        for group in (groups.values() if isinstance(groups, Mapping) else ())
        if isinstance(group, Mapping) and isinstance(group.get("weights"), Mapping)
    }
    (bits,) = found if len(found) == 1 else (None,)
    return bits if isinstance(bits, int) and not isinstance(bits, bool) else None
