"""The units a figure may stand with, and what one of each is in base units."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["DAY", "MONTH", "Unit", "prefix_unit", "read_unit"]

DAY = 86_400.0
MONTH = 365.25 / 12.0 * DAY


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit after a figure: its name, what one of it may be in base units (from `low` to `high`), and where it ends."""

    name: str
    low: float
    high: float
    end: int
    detail: str = ""


_SI = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15, "e": 1e18, "z": 1e21, "y": 1e24}
_SI |= {"kilo": 1e3, "mega": 1e6, "giga": 1e9, "tera": 1e12, "peta": 1e15, "exa": 1e18, "zetta": 1e21, "yotta": 1e24}
_PREFIX = r"(kilo|mega|giga|tera|peta|exa|zetta|yotta|[kmgtpezy])?[-\s]?"
_TIME = {
    "second": 1.0,
    "sec": 1.0,
    "minute": 60.0,
    "min": 60.0,
    "hour": 3600.0,
    "hr": 3600.0,
    "h": 3600.0,
    "day": DAY,
    "week": 7 * DAY,
    "month": MONTH,
    "year": 365.25 * DAY,
}
_PER = r"(?:\s*/\s*|\s+(?:per|for (?:every|each)|to (?:every|each)|an?|each|every)\s+)"
_GPU = r"(?:GPU|TPU|device|accelerator|card|chip|[ABHVL]\d{2,3}0?S?|MI\d{3}X)"

# (pattern, name, how a match turns into a factor); the first that fits wins
_PATTERNS: list[tuple[re.Pattern[str], str]] = [
    (
        re.compile(
            (
                rf"[\s-]*(?:training\s+)?tokens?(?:\s+of\s+(?:text|data|training data))?{_PER}(?:model\s+"
                rf"|trainable\s+)?param(?:eter)?s?\b"
            ),
            re.I,
        ),
        "tokens/parameter",
    ),
    (
        re.compile(r"\s+(?:of them\s+)?(?:per|for (?:every|each))\s+(?:model\s+)?param(?:eter)?\b(?!\s+(?:and|per))", re.I),
        "tokens/parameter",
    ),
    (re.compile(rf"[\s-]*tokens?{_PER}(?:second|sec|s)\b", re.I), "tokens/second"),
    (
        re.compile(
            rf"[\s-]*(?:flops?|floating[-\s]point op(?:eration)?s|operations){_PER}(?:param(?:eter)?|weight)(?:{_PER}"
            rf"|\s+and\s+(?:per\s+)?)(?:\w+\s+)?token\b",
            re.I,
        ),
        "flop/parameter",
    ),
    (
        re.compile(
            rf"[\s-]*(?:flops?|floating[-\s]point op(?:eration)?s|operations){_PER}(?:\w+\s+)?token(?:{_PER}"
            rf"|\s+and\s+(?:per\s+)?)(?:param(?:eter)?|weight)\b",
            re.I,
        ),
        "flop/parameter",
    ),
    (re.compile(rf"[\s-]*{_PREFIX}flop(?:s|/s|s/s|ps)?(?:[-\s]?(?:/s|s))?[-\s]days?\b|\s*PF[-\s]days?\b", re.I), "flop-days"),
    (
        re.compile(
            rf"[\s-]*(?:(?:dense|sparse)\s+)?{_PREFIX}(?:flop(?:s)?{_PER}(?:second|sec|s)\b|flop/s\b|flops/s\b)|\s*(?:(?:dense|sparse)\s+)?([tpTP])FLOPS\b(?!{_PER}token)|\s*(tera|peta)flops\b(?!{_PER}token)",
            re.I,
        ),
        "flop/s",
    ),
    (re.compile(rf"[\s-]*{_PREFIX}(?:flops?\b|floating[-\s]point\s+op(?:eration)?s\b|operations\b)", re.I), "flop"),
    (re.compile(rf"[\s-]*({_GPU})s?(?:[-\s]+GPU)?[-\s]+(?:hours?|h|hrs?)\b", re.I), "device-hours"),
    (re.compile(rf"[\s-]*({_GPU})s?(?:[-\s]+GPU)?[-\s]+days?\b", re.I), "device-days"),
    (re.compile(rf"[\s-]*(?:[kMGTP]i?B|(?:kilo|mega|giga|tera|peta)?bytes?)(?:ps\b|{_PER}(?:second|sec|s)\b)", re.I), "bytes/second"),
    (re.compile(r"[\s-]*(kib|kibibytes?|mib|mebibytes?|gib|gibibytes?|tib|tebibytes?)\b", re.I), "binary-bytes"),
    (re.compile(r"\s?-?(kB|KB|MB|GB|TB|PB)s?\b|[\s-]*(kilobytes?|megabytes?|gigabytes?|terabytes?|petabytes?)\b"), "decimal-bytes"),
    (re.compile(r"[\s-]*bytes?\b", re.I), "bytes"),
    (re.compile(r"\s?-?([kKMGT]Wh)\b|[\s-]*(kilo|mega|giga|tera)?[-\s]?watt[-\s]?hours?\b"), "energy"),
    (re.compile(r"\s?(?:W|watts?)\b"), "watt"),
    (
        re.compile(
            (
                r"\s?(Mt|kt|tonnes?|tons?|metric\s+tons?|t|kg|kilograms?|kilos?)?\s*(?:of\s+)?(?:CO2"
                r"|CO₂|CO_2|carbon)(?:[-\s]?(?:e"
                r"|eq|equivalents?)\b)?(?:[-\s]?dioxide\b)?(?:[-\s]equivalents?\b)?"
            ),
            re.I,
        ),
        "mass",
    ),
    (re.compile(r"\s(tonnes|tons|metric tons|kilograms)\b", re.I), "mass"),
    (re.compile(r"\s?(?:%|percent\b|per cent\b|pct\b|p\.\s?c\.)"), "percent"),
    (
        re.compile(
            (r"[\s-]*(?:unique\s+|text\s+|(?:pre-?)?training\s+|distinct\s+|different\s+|effective\s+" r"|input\s+|context\s+)*tokens?\b"),
            re.I,
        ),
        "tokens",
    ),
    (
        re.compile(
            (r"[\s-]*(?:total\s+|trainable\s+|model\s+|active\s+|activated\s+|learned\s+)*(?:param(?:eter)?s?" r"|weights)\b"), re.I
        ),
        "parameters",
    ),
    (re.compile(r"[\s-]*(?:key[-/\s]*(?:and[-\s])?value|kv)[-\s]+heads?\b", re.I), "kv_heads"),
    (re.compile(r"[\s-]*(?:attention|query|transformer)?[-\s]*heads?\b", re.I), "heads"),
    (re.compile(r"[\s-]*(?:transformer|decoder|encoder|stacked|hidden|identical|attention)?[-\s]*(?:layers?|blocks?)\b", re.I), "layers"),
    (re.compile(r"[\s-]*(?:routed\s+|separate\s+|different\s+|of its\s+|of the\s+)?experts?\b", re.I), "experts"),
    (re.compile(r"[\s-]*(?:-?dimensional|dimensions?|dims?|units? wide)\b", re.I), "dimensions"),
    (re.compile(r"[\s-]*(?:vocabulary\s+|distinct\s+|token\s+)?(?:entries|types|ids|pieces|subwords)\b", re.I), "entries"),
    (re.compile(r"[\s-]*(?:new\s+|web\s*)*pages?\b", re.I), "pages"),
    (re.compile(r"[\s-]*words?\b", re.I), "words"),
    (re.compile(r"[\s-]*bits?\b", re.I), "bits"),
    (re.compile(r"[\s-]*(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)\b", re.I), "time"),
    (re.compile(r"(?<=\d)\s?(h)\b"), "time"),
    (re.compile(r"\s?(?:[x×](?![\w])|-?\s?fold\b)|[\s-]times\b", re.I), "times"),
    (re.compile(r"\s*(?:US\s+)?(?:dollars?|USD)\b", re.I), "usd"),
]
_BINARY = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_DECIMAL = {"k": (1e3, 2**10), "m": (1e6, 2**20), "g": (1e9, 2**30), "t": (1e12, 2**40), "p": (1e15, 2**50)}
_MASS = {"mt": 1e9, "kt": 1e6, "kg": 1.0, "kilogram": 1.0, "kilograms": 1.0, "kilo": 1.0, "kilos": 1.0}
_DOLLAR = re.compile(r"(?:US\s?)?\$\s*$|USD\s*$|€\s*$")
_HOURLY = re.compile(
    (
        rf"\s*(?:/|per|an|a|every|each|for (?:each|every|an?))\s*(?:single\s+)?(?:{_GPU}[-\s/]*)?(?:per\s+|and\s+)?(?:hour"
        rf"|hr|h)\b(?:\s+per\s+{_GPU})?|\s*(?:an|per|/)\s*{_GPU}\s+(?:and|per|an)?\s*hour"
    ),
    re.I,
)
_PER_MILLION = re.compile(r"\s*(?:/|per|for (?:a|every|each)|a)\s*(?:1\s?M|million|1 million|M|one million)\s+(?:\w+\s+)?tokens", re.I)


def read_unit(text: str, at: int, scale: str = "") -> Unit:
    """Read the unit that stands after a figure; one without a name where there is none. The `scale` is the figure's own."""
    for pattern, name in _PATTERNS:
        match = pattern.match(text, at)
        if match and match.end() > at:
            return _unit(name, match)
    return Unit("", 1.0, 1.0, at)


def prefix_unit(text: str, start: int, end: int, unit: Unit) -> Unit:
    """Make it money where a currency stands before the figure or after it, and a price where a "per hour" follows."""
    money = unit.name == "usd" or bool(_DOLLAR.search(text[max(0, start - 6) : start]))
    if not money:
        return unit
    at = unit.end if unit.name == "usd" else end
    if hourly := _HOURLY.match(text, at):
        return Unit("usd/hour", 1.0, 1.0, hourly.end())
    if per_million := _PER_MILLION.match(text, at):
        return Unit("usd/Mtoken", 1.0, 1.0, per_million.end())
    return Unit("usd", 1.0, 1.0, at)


def _unit(name: str, match: re.Match[str]) -> Unit:
    word = next((group for group in match.groups() if group), "").lower()
    end = match.end()
    if name in {"flop", "flop/s"}:
        return Unit(name, _SI[word], _SI[word], end)
    if name == "flop-days":
        factor = _SI[word or "p"] * DAY
        return Unit("flop", factor, factor, end)
    if name == "device-days":
        return Unit("device-hours", 24.0, 24.0, end, match.group(1))
    if name == "device-hours":
        return Unit(name, 1.0, 1.0, end, match.group(1))
    if name == "binary-bytes":
        return Unit("bytes", _BINARY[word[0]], _BINARY[word[0]], end, "binary")
    if name == "decimal-bytes":
        return Unit("bytes", *_DECIMAL[word[0]], end)
    if name == "energy":
        factor = {"k": 1.0, "m": 1e3, "g": 1e6, "t": 1e9}.get(word[:1], 1e-3)
        return Unit("kwh", factor, factor, end)
    if name == "mass":
        factor = _MASS.get(word, 1e3)
        return Unit("kg", factor, factor, end)
    if name == "time":
        factor = _TIME[word.rstrip("s") or word]
        return Unit("seconds", factor, factor, end)
    return Unit(name, 1.0, 1.0, end)
