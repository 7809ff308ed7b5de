"""What every kind of claim does alike: make a claim of a quantity, find its subject."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from fmaudit_engine_card.claims.facts import Model, related
from fmaudit_engine_card.claims.order import listed
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import KIN_BEFORE, PLURAL, Reading
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.claims.subjects import says_it

__all__ = [
    "CARRIED",
    "OTHER_WORK",
    "Check",
    "Read",
    "claim_of",
    "family_members",
    "generic_size",
    "model_of",
    "size_of",
    "statement",
    "undisclosed",
]

# words by which a sentence goes on about what the one before named
_ANAPHOR = re.compile(
    (
        r"\b(?:it|its|they|their|the (?:model|network|run|whole (?:run|thing))|this (?:model|run|one)|that (?:model"
        r"|run)|training(?: it)?|such a run|the training|the (?:true |real |actual |correct |full )?total)\b"
    ),
    re.I,
)

# work on a model that is not the training which was published, or a report of one's own
OTHER_WORK = (
    r"fine-?tun\w*|\bLoRA\b|adapters?\b|distill\w*|prun(?:e[sd]?|ing)\b|post-?train\w*|\bRLHF\b|\bSFT\b|\bDPO\b"
    r"|continued (?:pre-?)?training|evaluat\w+"
    r"|benchmark\w*|\b(?:our|my)\b|\b(?:we|I) (?:\w+ed|ran|took|spent|got|had|saw|did)\b|checkpoint|ablation|reproduc\w+"
    r"|replicat\w+|from scratch on"
)

_OF_SIZE = re.compile(r"\s*(?:for|of|in|by)\s+(?:an?|the|one)?\s*(?:\w+\s+)?", re.I)  # "35 GB for a 70B model"
CARRIED = "taken from the sentences before"  # of a condition that the claim's own sentence does not give

Read = Callable[[Reading], Iterator[Claim]]
Check = Callable[[Claim], Verdict]


def claim_of(reading: Reading, kind: str, quantity: Quantity, subject: str, assumed: tuple[str, ...] = (), **given: Any) -> Claim:
    """Make a claim of a quantity of the sentence, with what it is about and the conditions given."""
    start = reading.sentence.start
    span = (start + quantity.start, start + quantity.end)
    asked = reading.asked or reading.unsettled(quantity)
    rivals = reading.rivals(quantity)
    if (not reading.models or reading.refers_back(quantity.start)) and quantity.start not in reading.order.bound:
        rivals = _rivals_before(reading, given.get("model"))
    elif (named := reading.model_for(quantity.start)) and says_it(reading.text[named.end : quantity.start], quantity.start) is not None:
        earlier = [model for model in reading.memory.get("models", ()) if model is not named.thing]
        rivals = (*rivals, *earlier)  # "A is small. B is larger, but it has ..."
    return Claim(kind, subject, quantity, given, reading.text, span, reading.negated(quantity), asked, assumed, rivals)


def _rivals_before(reading: Reading, model: Any) -> tuple[Any, ...]:
    """Return the other models of an earlier sentence that "it" may be, where the one meant stands there too."""
    before = () if reading.has(r"\bthe (?:former|latter)\b") else reading.memory.get("models", ())
    return tuple(other for other in before if other is not model) if any(other is model for other in before) else ()


def statement(reading: Reading, kind: str, subject: str, match: re.Match[str] | None = None, **given: Any) -> Claim:
    """Make a claim that has no figure; its span is the match, else the sentence."""
    start = reading.sentence.start
    first, last = match.span() if match else (0, len(reading.text))
    span = (start + max(first, reading.sentence.lead), start + max(last, reading.sentence.lead))
    return Claim(kind, subject, None, given, reading.text, span, reading.negated(None), reading.asked)


def model_of(reading: Reading, at: int, *, remember: bool = True) -> tuple[Model | None, tuple[str, ...]]:
    """Return the model a position speaks of, and what was assumed to find it."""
    if (told := _former_or_latter(reading, at)) is not None:
        return told
    mention = reading.model_for(at)
    if _is_of_it(reading, at) or (mention is None and remember and reading.refers_back(at)):
        model = reading.memory.get("model")
        return model, (f"{model.name} is taken from the sentence before",) if model is not None else ()
    if mention is not None:
        return mention.thing, ("the model is the one in its place of those named before",) if mention.end == 0 else ()
    if reading.models or reading.strangers or not remember or generic_size(reading):
        return None, ()
    before = reading.memory.get("models", ())
    several = len(before) > 1 and PLURAL.search(reading.text)
    if before and not several and _ANAPHOR.search(reading.text) and not KIN_BEFORE.search(reading.text[:at]):
        model = reading.memory["model"]
        return model, (f"{model.name} is taken from the sentence before",)
    return None, ()


def _is_of_it(reading: Reading, at: int) -> bool:
    """Tell whether a figure before the first model of a sentence is that of "it": "at 176B parameters it edges out GPT-3"."""
    model = reading.models[0].start if reading.models else 0
    return model > at and re.search(r"\b(?:it|they)\s+\w+(?:\s+\w+)*\s*$", reading.text[at:model], re.I) is not None


def _former_or_latter(reading: Reading, at: int) -> tuple[Model | None, tuple[str, ...]] | None:
    """Return which of two models "the former" or "the latter" before a figure is; no model where there are not two."""
    words = list(re.finditer(r"\bthe (former|latter)\b", reading.text[:at], re.I))
    if not words or any(mention.start > words[-1].end() and mention.end <= at for mention in reading.models):
        return None
    here = list({m.thing.name: m.thing for m in reading.models if m.end <= words[-1].start()}.values())
    models = here or reading.memory.get("models", ())
    if len(models) != 2:
        return None, ()
    return models[0 if words[-1].group(1).lower() == "former" else 1], (f"{words[-1].group(0)} of the two named before is meant",)


def generic_size(reading: Reading) -> Quantity | None:
    """Return the size of a model without a name ("a 70B model")."""
    return reading.role("size")


def size_of(reading: Reading, at: int) -> Quantity | None:
    """Return the size of the model without a name that a figure at `at` speaks of: in its place of a list, behind it, or last before it."""
    sizes = [q for i, q in enumerate(reading.quantities) if reading.roles.get(i) == "size"]
    end = next((q.end for q in reading.quantities if q.start == at), at)
    for size in sizes:
        if size.start >= end and _OF_SIZE.fullmatch(reading.text[end : size.start]):
            return size
    before = [size for size in sizes if size.start < at]
    mention = reading.model_for(at)
    if not before:
        return sizes[0] if len(sizes) == 1 and mention is None else None
    if mention is not None and before[-1].start < mention.start:
        return None
    members, figures = _sizes_in_row(reading, before, at)
    if len(members) == 1:
        return before[-1]
    return members[[q.start for q in figures].index(at)] if len(figures) == len(members) else None


def _sizes_in_row(reading: Reading, before: list[Quantity], at: int) -> tuple[list[Quantity], list[Quantity]]:
    """Return the sizes that are named one after the other before a figure, "a 7B and a 13B model", and the list the figure stands in."""
    rows = listed(reading.text, reading.quantities)
    quantity = next((q for q in reading.quantities if q.start == at), before[-1])
    figures = next((row for row in rows if quantity in row), [quantity])
    last = max((q.end for q in reading.quantities if q.unit == quantity.unit and q.start < figures[0].start and q not in before), default=0)
    bare = next((row for row in rows if before[-1] in row), [])
    return (bare if len(bare) > 1 else [size for size in before if size.start >= last]), figures


def undisclosed(model: Model, what: str) -> str:
    """Say that a developer never published a figure."""
    return f"{what} of {model.name} was never published; every figure is a rumour"


def family_members(model: Model) -> list[Model]:
    """Return the members of a family that have a size of their own; none for a model that has one itself."""
    if model.parameters is not None and "sizes" not in model.facts:
        return []
    return list(related(model))
