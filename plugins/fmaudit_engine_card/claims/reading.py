"""What one sentence says, taken apart: names, quantities and the part each plays, and what earlier sentences left to be understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fmaudit_engine_card.claims import entities
from fmaudit_engine_card.claims.entities import Mention
from fmaudit_engine_card.claims.figures import SCALES
from fmaudit_engine_card.claims.quantities import Quantity, find_quantities
from fmaudit_engine_card.claims.sentences import Sentence
from fmaudit_engine_card.claims.units import read_unit

__all__ = ["CENTRES", "Reading", "is_flat_out", "read_sentences"]

CENTRES = r"data[-\s]?cent(?:re|er)s?|server farms?"
REMEMBERED = 3  # sentences back

QUESTION = re.compile(
    r"\?\s*[\"”’')]*$|^\s*(?:is it true|whether\b|does anyone know|did you know|ask (?:yourself )?whether|i wonder)", re.I
)
MYTH = re.compile(
    r"\b(?:myth|misconception|wrongly|incorrectly|falsely|mistakenly|erroneous"
    r"|it is not true|it's not true"
    r"|it is false|is false that|untrue"
    r"|no one (?:claims|says)|nobody (?:claims|says)|hoax|debunk\w*|disproved|refuted|doubt(?:s"
    r"|ed|ful)?\b"
    r"|(?:often|commonly|widely|sometimes|frequently) (?:quoted|cited|said|advertised|called"
    r"|given|misquoted"
    r"|believed|thought)|imagine|suppose\b|hypothetical\w*)",
    re.I,
)
# a condition, or what the sentence sets itself against: up to the end of the clause; a comma between digits does not end it
_SET_ASIDE = re.compile(
    r"\b(?:(?:even |only |as )?if|unless|contrary to|(?:were|had) (?:it|they|the \w+))\b(?:(?!\b(?:then|it (?:is|takes|costs|needs"
    r"|will|would))\b)[^,;:—]|,(?=\d))*",
    re.I,
)
_HELD_AGAINST = re.compile(
    r"\b(?:than|unlike|versus|vs\.?|against|compared (?:to|with)|instead of|beats?|beat(?:s|ing)|outperform\w*|surpass\w*|match(?:es|ing)?"
    r"|rival(?:s|ing)?|dwarf\w*|trail(?:s|ing)?|outscor\w*|overt\w+|exceed\w*|resembl\w+|like|times|twice|half|replac\w+)\s+(?:the\s+)?$",
    re.I,
)
# words after which a figure may speak of another thing than the one named last
_LOOSE = re.compile(
    r"[,;—–(]|\b(?:it|its|they|their|the (?:model|former|latter|other|first|second)|which|who|that|although|though|but|and|while"
    r"|whereas|than|because"
    r"|as|of|despite|if|versus|vs|both|neither|budget|one)\b",
    re.I,
)
NEGATION = re.compile(r"\b(?:not|never|cannot|no longer|neither|nor|hardly|without)\b|n['’]t\b", re.I)
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
_FLAT_OUT = re.compile(
    (
        r"flat[-\s]out|\b(?:at|with) (?:(?:their|its|the|dense|full|theoretical|nominal|hardware|bf16|fp16|fp8|bfloat16|float16"
        r"|16[-\s]bit)[-\s]){0,3}peak\b|full (?:speed|tilt|throttle|utili[sz]ation|capacity|use)|(?:perfect|maximum|max"
        r"|100 ?%) (?:utili[sz]ation"
        r"|capacity)|at (?:their|its) peak|without a pause|at maximum"
    ),
    re.I,
)
_BATCH = re.compile(r"batch(?:es)?(?: size)?(?: of)?\W*$", re.I)


@dataclass
class Reading:
    """A sentence taken apart.

    `roles` says what part a quantity plays as a condition: devices, rate, utilisation, peak, bits, size, batch, memory, watts; a quantity
    without a role may be a claim. `memory` holds what earlier sentences of the paragraph named.
    """

    sentence: Sentence
    quantities: list[Quantity]
    models: list[Mention]
    devices: list[Mention]
    languages: list[Mention]
    tokenizers: list[Mention]
    precisions: list[Mention]
    makers: list[Mention]
    origins: list[Mention]
    memory: dict[str, Any] = field(default_factory=dict)
    roles: dict[int, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence."""
        return self.sentence.text

    def has(self, pattern: str) -> bool:
        """Tell whether the sentence has a cue, whatever its case."""
        return re.search(pattern, self.text, re.I) is not None

    def near(self, quantity: Quantity, pattern: str, before: int = 60, after: int = 40) -> bool:
        """Tell whether a cue stands near a quantity."""
        start = max(0, quantity.start - before)
        return re.search(pattern, self.text[start : quantity.end + after], re.I) is not None

    def free(self, *units: str) -> Iterator[Quantity]:
        """Yield the quantities of these units that play no part as a condition."""
        return (quantity for i, quantity in enumerate(self.quantities) if quantity.unit in units and i not in self.roles)

    def role(self, name: str) -> Quantity | None:
        """Return the first quantity that plays a part."""
        return next((self.quantities[i] for i, role in sorted(self.roles.items()) if role == name), None)

    def model_for(self, at: int) -> Mention | None:
        """Return the model a figure speaks of: the one it is "for", else the last one named before it, else the first after it."""
        end = next((quantity.end for quantity in self.quantities if quantity.start == at), at)
        for mention in self.models:
            if mention.start > at and re.fullmatch(r"\s*(?:for|in|of)\s+(?:the\s+)?", self.text[end : mention.start], re.I):
                return mention
        before = [mention for mention in self.models if mention.start <= at]
        if before and re.fullmatch(r"(?:['’]s)?\s*", self.text[before[-1].end : at]):  # "Gopher's 280 billion"
            return before[-1]
        subject = next((mention for mention in reversed(before) if not self._compared_with(mention)), None)
        return subject or (before[-1] if before else self.models[0] if self.models else None)

    def _compared_with(self, mention: Mention) -> bool:
        """Tell a model that another is held against ("less than Mixtral", "an eighth of Mixtral's:") from one that is spoken of."""
        before, after = self.text[max(0, mention.start - 40) : mention.start], self.text[mention.end : mention.end + 4]
        object_of = _HELD_AGAINST.search(before)
        return object_of is not None or (
            re.search(r"\bof\s+$", before, re.I) is not None and re.match(r"['’]s\W*[:;,.(–—]", after) is not None
        )

    def rivals(self, quantity: Quantity) -> tuple[Any, ...]:
        """Return the other models a figure may speak of, where its place does not settle which: none where it stands right behind one."""
        mention = self.model_for(quantity.start)
        if mention is None:
            return ()
        gap = self.text[mention.end : quantity.start]
        if mention.end <= quantity.start and len(gap.split()) <= 4 and _LOOSE.search(gap) is None and not self._compared_with(mention):
            return ()
        return tuple({other.thing.name: other.thing for other in self.models if other.thing is not mention.thing}.values())

    def set_aside(self, quantity: Quantity) -> bool:
        """Tell whether a quantity stands in a condition ("if it had 13B parameters"), which claims nothing."""
        return any(match.start() <= quantity.start < match.end() for match in _SET_ASIDE.finditer(self.text))

    @property
    def asked(self) -> str:
        """Say why the sentence does not state what it says; nothing where it does."""
        if QUESTION.search(self.text):
            return "the text asks, it does not claim"
        return "the text calls this wrong, doubtful or imagined, it does not claim it" if MYTH.search(self.text) else ""

    def negated(self, quantity: Quantity | None) -> bool:
        """Tell whether a quantity, or the sentence's verb before it, is denied."""
        if quantity is None:
            return NEGATION.search(self.text) is not None
        if quantity.denied:
            return True
        clause = re.split(r"[,;:]| but | and |(?:although|though|while|because)\b", self.text[: quantity.start])[-1]
        return (
            re.search(
                r"\b(?:(?:do|does|did|is|are|was|were|has|have|had|can|could|would|will|wo|ca)(?:n['’]t|\s+not)|never|cannot"
                r"|neither|nor|none|nothing|nowhere)\b",
                clause,
                re.I,
            )
            is not None
        )


def read_sentences(cut: Sequence[Sentence]) -> Iterator[Reading]:
    """Take sentences apart one after the other; each knows what its paragraph named before."""
    recent: list[dict[str, Any]] = []
    paragraph = -1
    for sentence in cut:
        if sentence.paragraph != paragraph:
            recent, paragraph = [], sentence.paragraph
        if not entities.is_topical(sentence.text) and not any(recent):
            recent = [*recent, {}][-REMEMBERED:]
            continue
        reading = _read(sentence, {name: thing for named in recent for name, thing in named.items()})
        yield reading
        recent = [*recent, _remembered(reading)][-REMEMBERED:]


def _read(sentence: Sentence, memory: dict[str, Any]) -> Reading:
    text = sentence.text
    models, devices = entities.model_mentions(text), entities.device_mentions(text)
    tokenizers, precisions, origins = entities.tokenizer_mentions(text), entities.precision_mentions(text), entities.origin_mentions(text)
    names = [(mention.start, mention.end) for mention in [*models, *devices, *tokenizers, *precisions, *origins]]
    quantities = [_of_column(sentence, quantity) for quantity in find_quantities(text, names)]
    reading = Reading(
        sentence,
        quantities,
        models,
        devices,
        entities.language_mentions(text),
        tokenizers,
        precisions,
        entities.maker_mentions(text),
        origins,
        memory,
    )
    for i, quantity in enumerate(quantities):
        role = _role(reading, quantity)
        if role:
            reading.roles[i] = role
    return reading


def _of_column(sentence: Sentence, quantity: Quantity) -> Quantity:
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


def _role(reading: Reading, quantity: Quantity) -> str:
    text, after, before = (
        reading.text,
        reading.text[quantity.end : quantity.end + 60],
        reading.text[max(0, quantity.start - 60) : quantity.start],
    )
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
    if _BATCH.search(before) and quantity.unit in {"", "tokens"}:
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
    ):
        return False  # "Gopher, DeepMind's 280B model"
    named = any(quantity.start - mention.end in range(4) or 0 <= mention.start - quantity.end < 3 for mention in reading.models)
    return not named and bool(_GENERIC.match(after))


def _remembered(reading: Reading) -> dict[str, Any]:
    """Collect what the next sentences may leave out."""
    found: dict[str, Any] = {}
    if reading.models:
        found["model"] = reading.models[-1].thing
    if any(quantity.unit == "parameters" for quantity in reading.quantities):
        found["counted"] = "parameters"
    for role in ("devices", "rate", "utilisation", "peak", "size"):
        quantity = reading.role(role)
        if quantity is not None:
            found[role] = quantity
    if reading.devices:
        found["device"] = reading.devices[-1].thing
    if reading.precisions:
        found["precision"] = reading.precisions[-1].thing
    if reading.tokenizers:
        found["tokenizer"] = reading.tokenizers[-1].thing
    for unit, name in (("flop", "flops"), ("seconds", "time")):
        given = [quantity for quantity in reading.quantities if quantity.unit == unit]
        if len(given) == 1:
            found[name] = given[0]
    if _FLAT_OUT.search(reading.text):
        found["flat-out"] = True
    if reading.has(CENTRES):
        found["centres"] = True
    return found


def is_flat_out(text: str) -> bool:
    """Tell whether a text says that devices run at their peak all the time."""
    return _FLAT_OUT.search(text) is not None
