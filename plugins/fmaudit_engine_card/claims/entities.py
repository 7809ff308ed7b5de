"""Finds what a sentence is about: models, devices, languages, tokenizers, precisions, makers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from fmaudit import facts as hardware
from fmaudit_engine_card.claims import facts

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


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing named in a text, and where."""

    thing: Any
    start: int
    end: int


# single words that mean something else in lower case, or before these words, or in one of these phrases
_NOT_THE_MODEL = re.compile(
    (
        r"(?:['’]s)?[-\s]*(?:scaling\s+)?(?:optimal|optimum|scaling|rule|law|paper|ratio|point|study|curve|prescription"
        r"|recipe|heuristic|budget|style|number|figure|trained|quality|rules?|filters?|repetition|heuristics|classifier)"
    ),
    re.I,
)
# behind a name without a number, that of a later model: "PaLM 2 was", "Falcon 2's"
_VERSIONED = re.compile(r"\s\d(?:\.\d)?(?:['’]s|(?=\s+(?:is|was|has|had|uses?|used|saw|needs?|takes?|took|comes?|came|and|or)\b))")
_AS_A_RULE = re.compile(r"(?:following|according to|per|by|under|as per|after|with|obeying|based on)\s+$", re.I)
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


def _flexible(name: str) -> str:
    """Let spaces and hyphens of a name stand for one another."""
    return r"[-\s_]*".join(re.escape(part) for part in re.split(r"[-\s_]+", name) if part)


@cache
def _finder(kind: str) -> tuple[re.Pattern[str], dict[str, Any], list[str]]:
    things: tuple[Any, ...] = {"model": facts.models, "language": facts.languages, "tokenizer": facts.premiums, "origin": facts.origins}[
        kind
    ]()
    found: dict[str, Any] = {}
    for thing in things:
        for name in thing.names:
            found.setdefault(_key(name), thing)
    names = sorted({name for thing in things for name in thing.names}, key=len, reverse=True)
    return (
        re.compile(
            r"(?<![\w.])(?:" + "|".join(_flexible(name) for name in names) + (r")s?" if kind == "origin" else ")") + r"(?![\w]|\.\d|-\d)",
            re.I,
        ),
        found,
        names,
    )


def _key(name: str) -> str:
    return re.sub(r"[-\s_]+", "", name).lower().replace("×", "x")


def _find(kind: str, text: str) -> Iterable[Mention]:
    pattern, things, _ = _finder(kind)
    for match in pattern.finditer(text):
        key = _key(match.group(0))
        thing = things.get(key) or things.get(key.removesuffix("s"))
        if thing is not None:
            yield Mention(thing, match.start(), match.end())


_TOPICS = """
parameter parameters param params weights token tokens attention context sequence prompt length flop flops gflops tflops
operations gpu gpus tpu tpus hour hours crawl electricity power energy text data cache kv model models transformer transformers
rnn rnns ssm ssms recurrent state experts train trained training crawled centres centers datacentres datacenters compute gpt llama
dollars usd memory quadratic languages tokenizer success successes solved
"""


@cache
def _topics() -> frozenset[str]:
    """Return the words of which a sentence with a claim has one: names, and what is counted."""
    names = {name for kind in ("model", "language", "tokenizer", "origin") for name in _finder(kind)[2]}
    words = {max(re.findall(r"[a-z0-9]+", name.lower()), key=len) for name in [*names, *(device.name for device in hardware.devices())]}
    return frozenset(words | set(_TOPICS.split()))


def is_topical(text: str) -> bool:
    """Tell whether a sentence may hold a claim at all; most prose does not, and is passed over at once."""
    topics = _topics()
    return "=" in text or any(word in topics or word.rstrip("s") in topics for word in re.findall(r"[a-z0-9]+", text.lower()))


def model_mentions(text: str) -> list[Mention]:
    """Find published models; a family with a size beside it ("the 70B Llama 2") is that member."""
    found = [mention for mention in _find("model", text) if _is_model(text, mention)]
    return [_sized(text, mention) for mention in found]


def _is_model(text: str, mention: Mention) -> bool:
    word = text[mention.start : mention.end]
    if word.isalpha() and not word[0].isupper():
        return False
    if _other_member(text, mention):
        return False
    if word == "Chinchilla" and _AS_A_RULE.search(text[: mention.start]):
        return False
    return not (word.lower() in {"chinchilla", "gopher", "transformer"} and _NOT_THE_MODEL.match(text, mention.end))


def unknown_members(text: str) -> list[Mention]:
    """Find names that begin like a known model's and are another's ("GPT-3 Small", "PaLM 62B", "PaLM 2"); they stand for no thing."""
    return [Mention(None, mention.start, mention.end) for mention in _find("model", text) if _other_member(text, mention)]


def _other_member(text: str, mention: Mention) -> bool:
    """Tell a member that the table does not know ("GPT-3 Small", "PaLM 62B") from the model whose name it begins with."""
    after = re.match(
        r"[-\s](?:(Small|Medium|Large|XL|Mini|Nano|Tiny|Micro|Lite|Code|Coder|Math|Vision|Guard)\b|(\d+(?:\.\d+)?)([BM])\b)",
        text[mention.end :],
    )
    if after is None:
        return _VERSIONED.match(text, mention.end) is not None and text[mention.end - 1].isalpha()
    model = mention.thing
    if after.group(1):
        return True
    if re.search(r"\d[BbM]\b", text[mention.start : mention.end]):  # the name has a size, this is a figure said of it
        return False
    size = float(after.group(2)) * (1e9 if after.group(3) == "B" else 1e6)
    sizes = [other.parameters for other in facts.models() if other is model or (model.family and other.family == model.family)]
    return not any(known and abs(size / known - 1.0) < 0.06 for known in sizes)


def _sized(text: str, mention: Mention) -> Mention:
    """Take the member of a family whose size stands right beside its name."""
    model = mention.thing
    members = {
        _key(other.name).removeprefix(_key(model.name)): other
        for other in facts.models()
        if other.family == model.family and other is not model
    }
    if not model.family or model.name != model.family or not members:
        return mention
    after = re.match(r"(?:['’]s)?[\s(-]{1,2}(?:\w+\s+)?(\d+(?:\.\d+)?[BbM])\)?(?!\w)", text[mention.end :])
    before = re.search(r"(\d+(?:\.\d+)?[BbM])[-\s](?:parameter\s+)?$", text[: mention.start])
    for match, start, end in (
        (after, mention.start, mention.end + (after.end() if after else 0)),
        (before, before.start() if before else 0, mention.end),
    ):
        if match and match.group(1).lower() in members:
            return Mention(members[match.group(1).lower()], start, end)
    return mention


def language_mentions(text: str) -> list[Mention]:
    """Find languages, which English writes with a capital."""
    return [mention for mention in _find("language", text) if text[mention.start].isupper()]


def tokenizer_mentions(text: str) -> list[Mention]:
    """Find tokenizers, by their own name or that of a model that uses them."""
    return list(_find("tokenizer", text))


def origin_mentions(text: str) -> list[Mention]:
    """Find things whose maker or year is known."""
    return [
        mention
        for mention in _find("origin", text)
        if len(text[mention.start : mention.end]) > 3
        or text[mention.start : mention.end].isupper()
        or not text[mention.start : mention.end].isalpha()
    ]


@cache
def _device_finder() -> re.Pattern[str]:
    names = sorted((device.name for device in hardware.devices()), key=len, reverse=True)
    bare = [re.sub(r"^(?:NVIDIA|Tesla)\s+", "", name) for name in names]
    return re.compile(
        r"(?<![\w])(?:"
        + "|".join(_flexible(name) for name in [*names, *bare])
        + r")(?:[-\s](?:SXM\d?|PCIe))?(?:[-\s]\d+\s?GB)?(?=s?(?!\w))"
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
