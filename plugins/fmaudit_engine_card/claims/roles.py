"""What part a quantity plays: a number of devices, a price, a use, a size that only describes; and the unit a column's header gives."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from fmaudit_engine_card.claims.figures import SCALES
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.sentences import Sentence
from fmaudit_engine_card.claims.units import read_unit

if TYPE_CHECKING:
    from fmaudit_engine_card.claims.reading import Reading

__all__ = ["of_column", "role_of"]

_GENERIC = re.compile(
    (
        r"\s*(?:parameter\s+|-parameter\s+|dense\s+|language\s+|transformer\s+|llama(?:-style)?\s+|open\s+|class\s+"
        r"|-class\s+|LLM\s*)*(?:models?|LLMs?|networks?|transformers?|one|llama|version|variant|system)\b|\s+(?:in"
        r"|at|with)\s+(?:fp|bf|int|\d|half|full|4|8|16)"
    ),
    re.I,
)
_DEVICES = re.compile(r"\s*(?:NVIDIA\s+|Nvidia\s+)?(?:\d+\s?GB\s+)?(?:GPUs?|accelerators?|TPUs?|cards?|chips?|devices?)\b", re.I)
_USE = re.compile(
    (
        r"utili[sz]ation|\bMFU\b|efficien|of (?:the |its |their |a )?(?:\w+\s+)?(?:\w+[-\s])?peak|busy|of the (?:theoretical"
        r"|hardware)|of (?:their|its) capacity|\buse\b"
    ),
    re.I,
)
_MONTH = (
    r"(?:Jan|Febr)(?:uary|\.)?|March|April|May|June|July|(?:August|(?:Sept|Octo|Novem|Decem)(?:em)?ber)|Aug\.?|Sept?\.?"
    r"|Oct\.?|Nov\.?|Dec\.?"
)
_IN_YEAR = re.compile(
    rf"(?:\b(?:in|since|by|from|until|till|during|before|after|late|early|mid|end|spring|summer|autumn|fall|winter)[\s-]+(?:the\s+)?(?:years?\s+)?(?:of\s+)?"
    rf"|\b(?:{_MONTH})(?:\s+\d{{1,2}}(?:st|nd|rd|th)?,?)?\s+"
    rf"|(?<!size )(?<!window )(?<!context )(?<!length )(?<!width )(?<!dimension )\bof\s+)$",
    re.I,
)
_YEAR_THING = re.compile(r"\s+(?:model|release|paper|version|report|original|update|predecessor|successor|edition)\b", re.I)
LAST_YEAR = 2040  # a window of 2048 is none
# "a 7B", "any 70B": a size for a name; not what something is said to be
_ANY_OF_SIZE = re.compile(
    r"(?<!\bis )(?<!\bwas )(?<!\bas )(?<!\bare )(?<!\bbe )(?<!\bbeing )\b(?:an?|any|another|every|each|some)\s+(?:(?!param"
    r"|count|total)[a-z]+\s+)?$",
    re.I,
)
_BATCH = re.compile(r"batch(?:es)?(?: size)?(?: of)?\W*$", re.I)
_AT_ONCE = re.compile(
    r"\s*(?:concurrent|parallel|simultaneous|such)?\s*(?:sequences|requests|users|conversations|streams|sessions|clients|prompts|chats)\b",
    re.I,
)


def of_column(sentence: Sentence, quantity: Quantity) -> Quantity:
    """Let a table's header name the unit of a bare figure in its column: "training tokens", "KV cache (GiB)", "parameters (B)"."""
    if not sentence.lead or quantity.start < sentence.lead or quantity.unit:
        return quantity
    header = sentence.text[: sentence.lead].rsplit(", ", 1)[-1]
    scale = re.search(
        r"\((k|m|b|t|thousands?|millions?|billions?|trillions?)\)|\b(?:in )?(thousands|millions|billions|trillions)\b", header, re.I
    )
    factor = SCALES[(scale.group(1) or scale.group(2)).lower().rstrip("s")] if scale and not quantity.scale else 1.0
    units = (read_unit(f" {header[at:].lstrip('(')}", 0) for at in [0, *(match.end() for match in re.finditer(r"[\s(/]+", header))])
    unit = next((found for found in units if (found.name and found.name != "time") or (found.name == "time" and "(" in header)), None)
    if unit is None:
        return quantity
    return replace(
        quantity,
        unit=unit.name,
        detail=unit.detail,
        value=quantity.value * factor * unit.low,
        low=quantity.low * factor * unit.low,
        high=quantity.high * factor * unit.high,
    )


def role_of(reading: Reading, quantity: Quantity) -> str:
    """Return the part a quantity plays as a condition; nothing where it may be a claim."""
    text, after, before = (
        reading.text,
        reading.text[quantity.end : quantity.end + 60],
        reading.text[max(0, quantity.start - 60) : quantity.start],
    )
    if _is_year(reading, quantity):
        return "year"
    if quantity.unit == "usd/hour":
        return "rate"
    if quantity.unit == "flop/s":
        return "peak"
    if quantity.unit == "watt":
        return "watts"
    if quantity.unit == "bits":
        return "bits"
    if quantity.unit == "percent" and (_USE.search(after[:40]) or re.search(r"utili[sz]ation|\bMFU\b|efficiency", before[-30:], re.I)):
        return "utilisation"
    if quantity.unit == "" and _is_device_count(reading, quantity, after):
        return "devices"
    if (_BATCH.search(before) and quantity.unit in {"", "tokens"}) or (quantity.unit == "" and _AT_ONCE.match(after)):
        return "batch"
    if quantity.unit == "bytes":
        return (
            "memory"
            if (
                re.match(
                    r"\s*(?:[-\s]?(?:NVIDIA\s+)?(?:\w+\s+)?(?:GPUs?|cards?|accelerators?)|\s*(?:of\s+)?(?:V?RAM|memory)\b)", after, re.I
                )
                and _is_of_device(text, quantity)
            )
            or any(0 <= d.start - quantity.end < 3 for d in reading.devices)
            else ""
        )
    if (
        quantity.unit in {"", "parameters"}
        and quantity.scale.lower() not in {"", "k", "thousand"}
        and _is_size(reading, quantity, after, before)
    ):
        return "size"
    return ""


def _is_year(reading: Reading, quantity: Quantity) -> bool:
    """Tell a year: four bare digits behind "in", "since" or a month, in brackets or right behind a name, or before "release"."""
    if (
        quantity.unit
        or not re.fullmatch(r"(?:19|20)\d\d(?:\D{1,9}(?:19|20)\d\d)?", quantity.text)
        or not 1950 <= quantity.value <= LAST_YEAR
    ):
        return False
    if quantity.ranged:
        return True
    before, after = reading.text[: quantity.start], reading.text[quantity.end :]
    bracket = re.search(r"\((?:[^()]*[,\s])?$", before) is not None and re.match(r"\s*[);,]", after) is not None
    behind = any(re.fullmatch(r",? ", reading.text[mention.end : quantity.start]) for mention in [*reading.models, *reading.strangers])
    return bracket or behind or _IN_YEAR.search(before) is not None or _YEAR_THING.match(after) is not None


def _is_device_count(reading: Reading, quantity: Quantity, after: str) -> bool:
    if quantity.scale.lower() in {"b", "t", "billion", "trillion"} or quantity.value < 1:
        return False
    named = any(
        0 <= mention.start - quantity.end <= 12
        and re.fullmatch(
            r"\s*(?:x\s*|×\s*|NVIDIA\s*|Nvidia\s*|of\s+(?:the|its|their)\s+|\d+\s?GB\s*)*", reading.text[quantity.end : mention.start]
        )
        for mention in reading.devices
    )
    them = re.match(r"\s*of\s+(?:them|these)\b", after, re.I) is not None and "device" in reading.memory
    return named or them or bool(_DEVICES.match(after))


def _is_of_device(text: str, quantity: Quantity) -> bool:
    """Tell a device's memory ("a 24 GB GPU") from memory that is used ("takes 24 GB of VRAM")."""
    return (
        re.search(r"(?:takes?|needs?|requires?|uses?|occup\w+|consum\w+|grows? to)\s+(?:\w+\s+){0,2}$", text[: quantity.start], re.I)
        is None
    )


def _is_size(reading: Reading, quantity: Quantity, after: str, before: str) -> bool:
    """Tell whether a count of parameters describes an unnamed model ("a 70B model") instead of being claimed of a named one."""
    if quantity.unit == "parameters" and not re.match(r"\s*(?:\w+\s+)?(?:models?|LLMs?|networks?|transformers?)\b", after, re.I):
        return not reading.models and bool(
            re.search(r"\b(?:model|network|LLM|transformer)s?\s+(?:with|of|that has|having)\s+(?:\w+\s+)?$", before, re.I)
        )
    if reading.models and re.search(r"\b(?:is|was|as)\s+(?:(?:\w+\s+)?an?\s+(?:\w+\s+)?)?$", before, re.I):  # "GPT-3 is a 175B model"
        return False
    if any(
        re.fullmatch(r",\s+(?:an?|the|its|\w+['’]s)\s+(?:\w+\s+)?", reading.text[mention.end : quantity.start], re.I)
        for mention in reading.models
        if not reading.compared_with(mention)
    ):
        return False  # "Gopher, DeepMind's 280B model"
    if quantity.unit == "" and re.fullmatch(r"[\d.]+[BM]", quantity.text) and _ANY_OF_SIZE.search(before):
        return not re.match(r"\s*(?:of\b|in\b|total)", after)
    named = any(quantity.start - mention.end in range(4) or 0 <= mention.start - quantity.end < 3 for mention in reading.models)
    return not named and bool(_GENERIC.match(after))
