"""Tells a figure of the whole from one of a part of it: what is left, by how much two differ, a share."""

from __future__ import annotations

import re

from fmaudit_engine_card.claims.quantities import Quantity

__all__ = ["is_difference", "is_rest", "share_before"]

_HEDGE = r"(?:(?:about|around|roughly|some|nearly|almost|only|just|exactly|over|another|the|a|an|its|more than|less than|up to|~|≈)\s*)*"
_BY = re.compile(
    rf"(?<!powered )(?<!driven )(?<!backed )(?<!formed )(?<!up )(?<!held )(?<!followed )\bby\s+{_HEDGE}$|\bfalls? short by\s+{_HEDGE}$",
    re.I,
)
_GAP = re.compile(
    rf"\b(?:gap|difference|distance|margin|lead|advantage|excess|surplus)\b(?:\s+\S+){{0,8}}?\s+(?:is|was|of|are|comes to"
    rf"|amounts to)\s+{_HEDGE}$",
    re.I,
)
# "by 5 billion parameters and 3.2 trillion tokens"
_ALSO_BY = re.compile(rf"\bby\s+{_HEDGE}\d[\w.,]*(?:\s+[a-z]+){{0,3}}\s+and\s+{_HEDGE}$", re.I)
_MORE = re.compile(
    r"\s*(?:more|less|fewer|larger|smaller|bigger|heavier|lighter|shorter|longer|ahead|behind|short of|away)\b(?!\s+or\b|\s*[.;]?\s*$)",
    re.I,
)
_COUNTED = {"parameters", "layers", "heads", "kv_heads", "experts", "dimensions", "tokens"}
_LEAVES = re.compile(rf"\b(?:leav(?:es?|ing)|left|remaining|remains?|spar(?:es?|ing)|frees?(?: up)?|freeing)\s+(?:\w+\s+)?{_HEDGE}$", re.I)
_LEFT = re.compile(
    r"\s*(?:of (?:memory|room|space|it|them)\s+)?(?:is |are |remains? |stays? )?"
    r"(?:left\b|free\b|to spare\b|remain\w*|unused\b|spare\b|available\b)",
    re.I,
)
_PARTS = r"(?:hal(?:f(?![-\s]precision|[-\s]float)|ves)|(?:third|quarter|fifth|sixth|eighth|tenth)s?|fraction|portion|per ?cent)"
_SHARE = re.compile(
    rf"\b{_PARTS}\b|\d\s?%|\beach of (?:the|its|these|those)\b"
    r"|\b(?:part|subset|share|section|bulk|rest|majority|minority|remainder)s? of\b",
    re.I,
)
_PIECE = re.compile(r"\b(?:stages?|shards?|chunks?|slices?|groups?|pieces?|parts?)\s+(?:of|with)\s+$", re.I)
_EACH = re.compile(
    r"\s*(?:(?:on|for|in|to|at)\s+)?(?:each\b(?!\s+(?:\w+\s+)?token)|apiece\b)|\s*per\s+(?:stage|node|shard|machine|host|part)\b", re.I
)
_SHARE_BEHIND = re.compile(rf"\s*[,(–—]\s*(?:or |about |roughly |nearly |exactly )?(?:an? |one |two |three )?{_PARTS}\b", re.I)
_OF_WHOLE = re.compile(
    r"\d[\d.,]*\s*(?:[BT]\b|billion|trillion)?\s*(?:tokens\s+)?(?:out\s+)?of\s+(?:(?:the|its|their|\S+['’]s|about|some)\s+)*$", re.I
)


_ON_TOP = re.compile(r"\s*(?:on top of|in addition to|over and above)\b", re.I)
_PLUS = re.compile(rf"\bplus\s+{_HEDGE}$", re.I)
_OF_A_WHOLE = re.compile(r"^\W*of\b[^;:]*,", re.I)  # "Of its 80 layers, 60 are"
_PLACED = re.compile(
    r"\s*(?:(?:are|is|sit|run|live|stay|go|were|kept)\s+)?(?:on|in|onto|into)\s+(?:(?:the|an?|one|each|every|its|first|second|last|other)\s+){0,2}"
    r"(?:GPU|CPU|card|node|device|V?RAM|host|machine|server|rank|disk)s?\b",
    re.I,
)


def is_difference(text: str, quantity: Quantity) -> bool:
    """Tell a figure by which two things differ ("exceeds it by 105 billion", "16 layers more than") from one that a thing has."""
    if quantity.unit not in _COUNTED and not (quantity.unit == "" and quantity.scale):
        return False
    before = text[: quantity.start]
    led = any(pattern.search(before) is not None for pattern in (_BY, _ALSO_BY, _GAP, _PLUS))
    return led or any(pattern.match(text, quantity.end) is not None for pattern in (_MORE, _ON_TOP))


def is_rest(text: str, quantity: Quantity) -> bool:
    """Tell what is left of a whole ("leaves 8 GB", "10 GB free")."""
    if quantity.unit not in {"bytes", "tokens", "parameters", "layers"}:
        return False
    return _LEAVES.search(text[: quantity.start]) is not None or _LEFT.match(text, quantity.end) is not None


def share_before(text: str, quantity: Quantity, kind: str) -> str:
    """Return the word by which a figure may be that of a share ("half of its layers, 48"); nothing where there is none."""
    if kind == "training-tokens" and (whole := _OF_WHOLE.search(text[: quantity.start])):
        return whole.group(0).strip()  # "300 of the 499 billion tokens": those of the data, not those trained on
    if kind == "head-size":
        return ""
    before = re.split(r"[;:]|,\s+(?:but|yet|while|whereas|although|though)\b", text[: quantity.start])[-1]
    found = (
        _SHARE.search(before)
        or _PIECE.search(before)
        or _OF_A_WHOLE.search(before)
        or (_PLACED.match(text, quantity.end) if quantity.unit != "bytes" else None)
        or _SHARE_BEHIND.match(text, quantity.end)
        or _EACH.match(text, quantity.end)
    )
    return found.group(0).strip(" ,(–—") if found else ""
