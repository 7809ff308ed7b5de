"""Finds what a sentence is about: models, devices, languages, tokenizers, precisions, makers."""

from __future__ import annotations

import re
from functools import cache

from fmaudit import facts as hardware
from fmaudit_engine_card.claims import facts
from fmaudit_engine_card.claims.names import Mention, find, finder, flexible
from fmaudit_engine_card.claims.versions import model_mentions, unknown_members

__all__ = [
    "Mention",
    "device_mentions",
    "is_topical",
    "language_mentions",
    "maker_mentions",
    "model_mentions",
    "origin_mentions",
    "people",
    "precision_mentions",
    "tokenizer_mentions",
    "unknown_members",
]


_WIDTHS = (
    ("bfloat16", 2.0, r"bf16|bfloat16"),
    ("float16", 2.0, r"fp16|float16|half[-\s]precision|16[-\s]bits?(?: floats?| precision)?|mixed[-\s]precision|two bytes"),
    ("float8", 1.0, r"fp8|float8"),
    ("int8", 1.0, r"int8|8[-\s]bits?|eight[-\s]bits?|q8(?:_0)?|one byte"),
    ("int4", 0.5, r"int4|4[-\s]bits?|four[-\s]bits?|nf4|q4(?:_\w+)?|fp4"),
    ("tf32", 4.0, r"tf32"),
    ("float32", 4.0, r"fp32|float32|full[-\s]precision|single[-\s]precision|32[-\s]bits?|four bytes"),
    ("float64", 8.0, r"fp64|float64|double[-\s]precision|64[-\s]bits?"),
)
_PRECISIONS = tuple((name, size, re.compile(rf"(?<![\w.])(?:{words})(?!\w)", re.I)) for name, size, words in _WIDTHS)


_TOPICS = """
parameter parameters param params weights token tokens attention context sequence prompt length flop flops gflops tflops
operations gpu gpus tpu tpus hour hours crawl electricity power energy text data cache kv model models transformer transformers
rnn rnns ssm ssms recurrent state experts train trained training crawled centres centers datacentres datacenters compute gpt llama
dollars usd memory quadratic languages tokenizer success successes solved
"""


@cache
def _topics() -> frozenset[str]:
    """Return the words of which a sentence with a claim has one: names, and what is counted."""
    names = {name for kind in ("model", "language", "tokenizer", "origin") for name in finder(kind)[2]}
    words = {max(re.findall(r"[a-z0-9]+", name.lower()), key=len) for name in [*names, *(device.name for device in hardware.devices())]}
    return frozenset(words | set(_TOPICS.split()))


def is_topical(text: str) -> bool:
    """Tell whether a sentence may hold a claim at all; most prose does not, and is passed over at once."""
    topics = _topics()
    return "=" in text or any(word in topics or word.rstrip("s") in topics for word in re.findall(r"[a-z0-9]+", text.lower()))


def language_mentions(text: str) -> list[Mention]:
    """Find languages, which English writes with a capital."""
    return [mention for mention in find("language", text) if text[mention.start].isupper()]


def tokenizer_mentions(text: str) -> list[Mention]:
    """Find tokenizers, by their own name or that of a model that uses them."""
    return list(find("tokenizer", text))


def origin_mentions(text: str) -> list[Mention]:
    """Find things whose maker or year is known."""
    return [
        mention
        for mention in find("origin", text)
        if len(text[mention.start : mention.end]) > 3
        or text[mention.start : mention.end].isupper()
        or not text[mention.start : mention.end].isalpha()
    ]


@cache
def _device_finder() -> re.Pattern[str]:
    names = sorted((device.name for device in hardware.devices()), key=len, reverse=True)
    bare = [re.sub(r"^(?:NVIDIA|Tesla)\s+", "", name) for name in names]
    return re.compile(
        r"(?<![\w])(?:" + "|".join(flexible(name) for name in [*names, *bare]) + r")(?:[-\s](?:SXM\d?|PCIe))?(?:[-\s]\d+\s?GB)?(?=s?(?!\w))"
    )


def device_mentions(text: str) -> list[Mention]:
    """Find accelerators of the table of devices."""
    found = []
    for match in _device_finder().finditer(text):
        found.append(Mention(hardware.find_device(match.group(0)), match.start(), match.end()))
    return found


def precision_mentions(text: str) -> list[Mention]:
    """Find precisions, as pairs of name and bytes a value."""
    found = [Mention((name, size), match.start(), match.end()) for name, size, words in _PRECISIONS for match in words.finditer(text)]
    return sorted(found, key=lambda mention: mention.start)


@cache
def people() -> frozenset[str]:
    """Return the authors by name, as far as their names are no words."""
    houses = set(facts.makers()["names"])
    return frozenset(name for origin in facts.origins() for name in origin.by if name not in houses and len(name) > 4 and " " not in name)


@cache
def _maker_finder() -> re.Pattern[str]:
    names = sorted({*facts.makers()["names"], *people()}, key=len, reverse=True)
    return re.compile(r"(?<![\w])(?:" + "|".join(re.escape(name) for name in names) + r")(?![\w])")


def maker_mentions(text: str) -> list[Mention]:
    """Find houses and universities that make models."""
    return [Mention(match.group(0), match.start(), match.end()) for match in _maker_finder().finditer(text)]
