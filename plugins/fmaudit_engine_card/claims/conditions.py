"""What a structured claim may say: the unit of each kind's value, of each condition, and which conditions a kind uses."""

from __future__ import annotations

import re
from typing import Any

from fmaudit import ConfigError
from fmaudit_engine_card.claims.quantities import Quantity, find_quantities

__all__ = ["CONDITION_UNITS", "UNITS", "USES", "read_value"]

# what a number of a kind counts
UNITS = {
    "parameters": "parameters",
    "active-parameters": "parameters",
    "layers": "layers",
    "attention-layers": "layers",
    "intermediate": "",
    "hidden": "",
    "heads": "heads",
    "head-size": "",
    "kv-heads": "kv_heads",
    "vocabulary": "entries",
    "experts": "experts",
    "experts-used": "experts",
    "context-window": "tokens",
    "kv-memory": "bytes",
    "kv-per-token": "bytes",
    "weights-memory": "bytes",
    "training-memory": "bytes",
    "training-flops": "flop",
    "training-time": "seconds",
    "device-hours": "device-hours",
    "rental-cost": "usd",
    "training-cost": "usd",
    "token-flops": "flop",
    "token-bill": "usd",
    "tokens-per-parameter": "tokens/parameter",
    "training-tokens": "tokens",
    "optimal-ratio": "tokens/parameter",
    "optimal-tokens": "tokens",
    "optimal-parameters": "parameters",
    "over-training": "times",
    "premium": "times",
    "crawl-share": "percent",
    "representation": "times",
    "crawl-pages": "pages",
    "data-stock": "tokens",
    "used-up": "",
    "electricity-share": "percent",
    "electricity": "kwh",
    "training-energy": "kwh",
    "training-emissions": "kg",
    "device-energy": "kwh",
    "device-peak": "flop/s",
    "device-memory": "bytes",
    "year": "",
}
CONDITION_UNITS = {
    "context": "tokens",
    "tokens": "tokens",
    "devices": "",
    "time": "seconds",
    "rate": "usd/hour",
    "utilisation": "percent",
    "peak": "flop/s",
    "hours": "device-hours",
    "flops": "flop",
    "size": "parameters",
    "memory": "bytes",
    "batch": "",
}
_RUN = {"size", "tokens", "flops"}
# the conditions that a kind's arithmetic uses; any other is refused, so that none is passed over in silence
USES: dict[str, set[str]] = {
    "kv-memory": {"context", "precision", "batch"},
    "kv-per-token": {"precision"},
    "weights-memory": {"size", "precision"},
    "training-memory": {"size"},
    "fits": {"size", "memory", "device", "devices", "precision"},
    "training-flops": {"size", "tokens"},
    "training-time": _RUN | {"devices", "device", "precision", "utilisation", "peak", "flat_out"},
    "device-hours": _RUN | {"device", "precision", "peak"},
    "rental-cost": {"rate", "hours", "devices", "time", "utilisation"},
    "training-cost": _RUN | {"rate", "devices", "device", "precision", "utilisation", "peak", "flat_out"},
    "token-flops": {"size"},
    "token-bill": {"tokens", "price"},
    "tokens-per-parameter": {"size", "tokens"},
    "optimal-tokens": {"parameters"},
    "optimal-parameters": {"tokens", "flops"},
    "training-balance": {"over"},
    "premium": {"tokenizer", "reference"},
    "electricity-share": {"year"},
    "electricity": {"year"},
    "device-energy": {"hours", "watts"},
    "device-peak": {"precision"},
    "maker": {"maker"},
    "growth-power": {"power"},
    "growth-factor": {"into", "out"},
}
_INFINITE = float("inf")
# a bare number below this is surely not in base units: it is refused, with what to write instead
_LEAST_BARE = {
    "seconds": (_INFINITE, "34 days"),
    "kg": (_INFINITE, "552 tonnes"),
    "kwh": (_INFINITE, "1,287 MWh"),
    "bytes": (1024.0, "14 GB"),
    "flop/s": (1e9, "989 TFLOP/s"),
    "flop": (1e6, "3.14e23"),
    "parameters": (1e3, "7B"),
}
_MASS = re.compile(r"(?<=[\d.])\s*(kt|Mt|t|kg|tonnes?|tons?)\s*(?:(?:of\s+)?CO(?:2|₂)e?)?\s*$")
_COUNTED = re.compile(r"\s*(?:GPUs?|TPUs?|devices?|accelerators?|cards?|chips?|sequences?|prompts?)?\W*$", re.I)


def read_value(value: Any, unit: str, where: str) -> Quantity:
    """Read a number or a text like "7-8 months" in a unit.

    A bare number is taken in base units where it can be meant so; a use of at most 1 is a share. Raises ConfigError for what holds no
    number, for another unit or one that is not known, and for a bare number that leaves the unit open.
    """
    text = _MASS.sub(r" \1 of CO2", str(value).strip()) if unit == "kg" else str(value)
    found = find_quantities(text)
    if not found:
        raise ConfigError(
            f"{where}: {value!r} holds no number", hint='write it as in prose: "7-8 months", "16 GiB", "3.14e23", or a number'
        )
    first = found[0]
    if first.unit and unit and first.unit != unit:
        raise ConfigError(f"{where}: {value!r} is in {first.unit}, needed is {unit}")
    if not _COUNTED.match(text[first.end :]):
        raise ConfigError(
            f"{where}: {text[first.end :].strip()!r} in {value!r} is not understood",
            hint=f"write the figure and its unit alone ({unit or 'a number'}); conditions have their own lines",
        )
    return first if first.unit or not unit else _bare(first, unit, where, value)


def _bare(first: Quantity, unit: str, where: str, value: Any) -> Quantity:
    """Give a bare number its unit, or refuse it."""
    factor = 1.0
    if unit == "percent" and first.value <= 1.0:
        if not where.endswith("utilisation"):
            raise ConfigError(f"{where}: {value!r} may be a share or per cent", hint=f'write "{value} %" or "{first.value * 100:g} %"')
        factor = 100.0
    least, example = _LEAST_BARE.get(unit, (0.0, ""))
    if first.value < least:
        raise ConfigError(f"{where}: {value!r} has no unit", hint=f'write it with its unit, such as "{example}"')
    return Quantity(
        first.text,
        0,
        0,
        first.value * factor,
        first.low * factor,
        first.high * factor,
        unit,
        scale=first.scale,
        bound=first.bound,
        ranged=first.ranged,
    )
