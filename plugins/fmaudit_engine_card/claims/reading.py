"""What one sentence says, taken apart: names, quantities and the part each plays, and what earlier sentences left to be understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fmaudit_engine_card.claims import entities
from fmaudit_engine_card.claims.entities import Mention
from fmaudit_engine_card.claims.facts import related
from fmaudit_engine_card.claims.insertions import insertions
from fmaudit_engine_card.claims.order import Order, in_order, listed, with_units
from fmaudit_engine_card.claims.parts import is_difference, is_rest
from fmaudit_engine_card.claims.quantities import Quantity, find_quantities
from fmaudit_engine_card.claims.roles import of_column, role_of
from fmaudit_engine_card.claims.sentences import Sentence
from fmaudit_engine_card.claims.stances import NEGATION, stance
from fmaudit_engine_card.claims.subjects import goes_before, held_against, of_another, owns, says_it
from fmaudit_engine_card.claims.unnamed import KIN, member_mentions, owner_mentions, stranger_mentions

__all__ = ["CENTRES", "KIN_BEFORE", "PLURAL", "Reading", "is_flat_out", "read_sentences"]

CENTRES = r"data[-\s]?cent(?:re|er)s?|server farms?"
REMEMBERED = 3  # sentences back

# a condition, or what the sentence sets itself against: up to the end of the clause; a comma between digits does not end it
_SET_ASIDE = re.compile(
    r"(?:\b(?:(?:even |only |as )?if|unless|contrary to|(?:were|had) (?:it|they|the \w+)|far from|nowhere near|anything but)"
    r"|^\W*(?:had|were))\b(?:(?!\b(?:then|it (?:is|takes|costs|needs"
    r"|will|would))\b)[^,;:—]|,(?=\d))*",
    re.I,
)
_ATTACHED = re.compile(
    r"\s*(?:for|in|of)\s+(?:the\s+(?:[a-z]+\s+){0,3})?", re.I
)  # "96 layers of GPT-3", "512 KiB of the ten times smaller 7B"
_WITH_ITS = re.compile(r",?\s+with\s+its\s+(?:\w+\s+)?|\s*\(\s*(?:with\s+)?(?:its\s+)?", re.I)
# words after which a figure may speak of another thing than the one named last
_LOOSE = re.compile(
    r"[,;—–(]|\b(?:it|its|they|their|the (?:model|former|latter|other|first|second)|which|who|that|although|though|but|and|while"
    r"|whereas|than|because"
    r"|as|of|despite|if|versus|vs|both|neither|budget|one)\b",
    re.I,
)
_RELATIVE = re.compile(r"\s*,?\s*(?:which|that)\s+(?:\w+\s+){0,6}", re.I)  # "..., which is about"
_AGAINST_KIN = re.compile(
    r"\b(?:like|unlike|than|as|from|over|against|to|beats?|with)\s+(?:its|the|their|a|any|all)\s+(?:\w+\s+){0,2}$", re.I
)
_OF_KIN = re.compile(
    rf"\s*(?:\w+\s+)?of\s+(?:its|the|their|an?|this|that)\s+(?:\w+\s+){{0,2}}{KIN}", re.I
)  # "1.5 billion of its predecessor"
KIN_BEFORE = re.compile(rf"{KIN}(?!\s+(?:of|to)\b)", re.I)
PLURAL = re.compile(r"\b(?:they|their|both|them|these(?: two| models)?|the (?:two|three|four|models))\b", re.I)
_FLAT_OUT = re.compile(
    (
        r"flat[-\s]out|\b(?:at|with) (?:(?:their|its|the|dense|full|theoretical|nominal|hardware|bf16|fp16|fp8|bfloat16|float16"
        r"|16[-\s]bit)[-\s]){0,3}peak\b|full (?:speed|tilt|throttle|utili[sz]ation|capacity|use)|(?:perfect|maximum|max"
        r"|100 ?%) (?:utili[sz]ation"
        r"|capacity)|at (?:their|its) peak|without a pause|at maximum"
    ),
    re.I,
)


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
    strangers: list[Mention] = field(default_factory=list)
    order: Order = field(default_factory=Order)
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

    def dates(self) -> Iterator[Quantity]:
        """Yield the bare figures that may be years."""
        return (quantity for i, quantity in enumerate(self.quantities) if quantity.unit == "" and self.roles.get(i, "year") == "year")

    def role(self, name: str) -> Quantity | None:
        """Return the first quantity that plays a part."""
        return next((self.quantities[i] for i, role in sorted(self.roles.items()) if role == name), None)

    def model_for(self, at: int) -> Mention | None:
        """Return the model a figure speaks of: the one in its place of a list, the one it is "for", else the last before, else the first.

        None where another name, of which nothing is known, or another of its kin stands nearer.
        """
        if at in self.order.bound:
            return self.order.bound[at] if self.order.bound[at].thing is not None else None
        mention = self._nearest(at)
        return None if mention is None or self._is_of_another(mention, at) else mention

    def _nearest(self, at: int) -> Mention | None:
        end = next((quantity.end for quantity in self.quantities if quantity.start == at), at)
        for mention in self.models:
            between = self.text[end : mention.start] if mention.start >= end else "-"
            if _ATTACHED.fullmatch(between):
                return mention
            if re.fullmatch(r"\s*\(", between) and self.text[mention.end : mention.end + 1] == ")":  # "2048 tokens (GPT-3)"
                return mention
        before = [mention for mention in self.models if mention.start <= at and not self.inserted(mention, at)]
        if before and re.fullmatch(r"(?:['’]s)?\s*", self.text[before[-1].end : at]):  # "Gopher's 280 billion"
            return before[-1]
        if before and _RELATIVE.fullmatch(self.text[before[-1].end : at]):
            return before[-1]
        subject = next((m for m in reversed(before) if not self.compared_with(m) and not self._is_owner(m)), None)
        if subject is not None:
            return subject
        if before and _WITH_ITS.fullmatch(self.text[before[-1].end : at]):
            return before[-1]
        behind = next((m for m in self.models if m.start >= end), None)
        if end == at:  # of a verb ("can hold"), whose object stands behind it
            return behind
        return behind if behind is not None and goes_before(self.text, at, end, behind.start, back="model" in self.memory) else None

    def _is_owner(self, mention: Mention) -> bool:
        """Tell the family or paper that a size, or a member named by it, is of: "the 70B model in the Llama 2 paper"."""
        sizes = [q.end for i, q in enumerate(self.quantities) if self.roles.get(i) == "size"]
        ends = [*sizes, *(other.end for other in [*self.models, *self.strangers])]
        return any(end <= mention.start and owns(self.text[end : mention.start]) for end in ends)

    def refers_back(self, at: int) -> bool:
        """Tell whether a figure is of "it" or "they", and these of a model of an earlier sentence, whatever this one compares it with."""
        start = says_it(self.text, at)
        if start is None or not self.memory.get("models"):
            return False
        own = [m for m in [*self.models, *self.strangers] if m.end <= at and not self.compared_with(m)]
        sized = any(role == "size" and self.quantities[i].start < at for i, role in self.roles.items())
        kin = any(not _AGAINST_KIN.search(self.text[: word.start()]) for word in KIN_BEFORE.finditer(self.text, 0, at))
        return not own and not sized and not kin and at not in self.order.bound

    def _is_of_another(self, mention: Mention, at: int) -> bool:
        """Tell whether an unknown name, a size of its own ("the 7B model") or a "successor" stands between a model and a figure."""
        end = next((quantity.end for quantity in self.quantities if quantity.start == at), at)
        of_kin = re.search(rf"{KIN}\s+(?:of|to)\s+(?:the\s+)?$", self.text[: mention.start], re.I)
        if _OF_KIN.match(self.text, end) or (of_kin and mention.end <= at):
            return True
        first = mention.end if mention.end <= at and not self.compared_with(mention) else 0
        between = self.text[first:at]
        if of_another(between) or any(not _AGAINST_KIN.search(between[: kin.start()]) for kin in KIN_BEFORE.finditer(between)):
            return True
        sizes = [
            Mention(None, q.start, q.end) for i, q in enumerate(self.quantities) if self.roles.get(i) == "size" and not _fits(q, mention)
        ]
        return any(
            (first <= other.start < at and not self.compared_with(other) and not self.inserted(other, at))
            or (other.start > at and _ATTACHED.fullmatch(self.text[end : other.start]))
            or (other.end <= mention.start < at and owns(self.text[other.end : mention.start]))
            for other in [*self.strangers, *sizes]
        )

    def compared_with(self, mention: Mention) -> bool:
        """Tell a model that another is held against ("less than Mixtral", "an eighth of Mixtral's:") from one that is spoken of."""
        before, after = self.text[max(0, mention.start - 60) : mention.start], self.text[mention.end : mention.end + 4]
        return held_against(before) or (
            re.search(r"\bof\s+$", before, re.I) is not None and re.match(r"['’]s\W*[:;,.(–—]", after) is not None
        )

    def inserted(self, mention: Mention, at: int) -> bool:
        """Tell a name in what is inserted behind the subject and closed before `at`: B in "A, the open answer to B, has 96 layers"."""
        if (
            re.search(r",\s*as (?:in|with|by|for)\s+(?:the\s+)?$", self.text[: mention.start])
            and self.text[mention.end :][:1] == ","
            and at > mention.end
        ):
            return True  # "from 300 billion tokens, as in Gopher, they went to"
        return any(start < mention.start and mention.end <= end <= at for start, end in self._insertions)

    @cached_property
    def _insertions(self) -> list[tuple[int, int]]:
        sizes = [(q.start, q.end) for i, q in enumerate(self.quantities) if self.roles.get(i) == "size"]
        return insertions(self.text, [*((m.start, m.end) for m in [*self.models, *self.strangers]), *sizes])

    def rivals(self, quantity: Quantity) -> tuple[Any, ...]:
        """Return the other models a figure may speak of, where its place does not settle which: none where it stands right behind one."""
        mention = self.model_for(quantity.start)
        if mention is None:
            return ()
        if quantity.start in self.order.bound:
            return tuple(other.thing for other in self.order.others[quantity.start] if other.thing is not None)
        gap = self.text[mention.end : quantity.start]
        alone = not any(mention in row and not self.compared_with(row[0]) for row in listed(self.text, self.models))
        close = mention.end <= quantity.start and len(gap.split()) <= 4 and _LOOSE.search(gap) is None
        if alone and close and not self.compared_with(mention):
            return ()
        others = [m for m in self.models if m.thing is not mention.thing and not self.inserted(m, quantity.start) and not self._is_owner(m)]
        return tuple({other.thing.name: other.thing for other in others}.values())

    def set_aside(self, quantity: Quantity) -> bool:
        """Tell whether a quantity claims nothing of a thing as it is: it stands in a condition, is what is left, or a difference."""
        if is_difference(self.text, quantity) or is_rest(self.text, quantity):
            return True
        return any(match.start() <= quantity.start < match.end() for match in _SET_ASIDE.finditer(self.text))

    def unsettled(self, quantity: Quantity) -> str:
        """Say that several models and another number of figures stand in lists, so that no figure is surely one model's."""
        told = "the text lists several models and another number of figures, so whose each is stays open"
        return told if quantity.start in self.order.open else ""

    @property
    def asked(self) -> str:
        """Say why the sentence does not state what it says; nothing where it does."""
        return stance(self.text)

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
    members = member_mentions(text, models, memory.get("models", ()))
    models = sorted([*models, *(mention for mention in members if mention.thing is not None)], key=lambda mention: mention.start)
    tokenizers, precisions, origins = entities.tokenizer_mentions(text), entities.precision_mentions(text), entities.origin_mentions(text)
    names = [(mention.start, mention.end) for mention in [*models, *devices, *tokenizers, *precisions, *origins]]
    strangers = [*entities.unknown_members(text), *(mention for mention in members if mention.thing is None)]
    strangers += [*stranger_mentions(text, names), *owner_mentions(text, names, models, entities.maker_mentions(text))]
    names += [(mention.start, mention.end) for mention in strangers]
    quantities = [of_column(sentence, quantity) for quantity in find_quantities(text, names)]
    quantities, order = _ordered(text, sorted([*models, *strangers], key=lambda mention: mention.start), quantities, memory)
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
        strangers,
        order,
    )
    for i, quantity in enumerate(quantities):
        role = role_of(reading, quantity)
        if role:
            reading.roles[i] = role
    return reading


def _ordered(text: str, models: list[Mention], quantities: list[Quantity], memory: dict[str, Any]) -> tuple[list[Quantity], Order]:
    """Bind lists of figures to lists of models: those of the sentence, or those that "they" were before."""
    before = [Mention(model, 0, 0) for model in memory.get("models", ())]
    if len(models) > 1:
        quantities = with_units(text, quantities, models)
        return quantities, in_order(text, models, quantities)
    if not models and len(before) > 1 and PLURAL.search(text):
        quantities = with_units(text, quantities)
        return quantities, in_order(text, before, quantities, from_before=True)
    return quantities, Order()


def _fits(size: Quantity, mention: Mention) -> bool:
    """Tell whether a size that is said may be that of a model, or of a member of its family."""
    known = {member.parameters for member in (mention.thing, *related(mention.thing)) if member.parameters}
    known |= set(mention.thing.facts.get("sizes", ()))
    return not known or any(size.admits(count, 0.1) for count in known)


def _remembered(reading: Reading) -> dict[str, Any]:
    """Collect what the next sentences may leave out."""
    found: dict[str, Any] = {}
    if reading.models:
        found |= _named(reading)
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
    for unit, name in (("flop", "flops"), ("seconds", "time"), ("device-hours", "hours")):
        given = [quantity for quantity in reading.quantities if quantity.unit == unit]
        if len(given) == 1:
            found[name] = given[0]
    if _FLAT_OUT.search(reading.text):
        found["flat-out"] = True
    if reading.has(CENTRES):
        found["centres"] = True
    return found


def _named(reading: Reading) -> dict[str, Any]:
    """Return the models of a sentence, the one that a later "it" may be apart: "it has 96 layers, while B has 80" keeps its own."""
    models = list({mention.thing.name: mention.thing for mention in reading.models}.values())
    if not reading.refers_back(reading.models[0].start):
        return {"model": reading.models[-1].thing, "models": models}
    kept = reading.memory["model"]
    return {"model": kept, "models": [kept, *(model for model in models if model is not kept)]}


def is_flat_out(text: str) -> bool:
    """Tell whether a text says that devices run at their peak all the time."""
    return _FLAT_OUT.search(text) is not None
