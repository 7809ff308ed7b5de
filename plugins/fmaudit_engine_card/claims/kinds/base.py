"""What every kind of claim does alike: make a claim of a quantity, find its subject."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from fmaudit_engine_card.claims.facts import Model
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["OTHER_WORK", "Check", "Read", "claim_of", "family_members", "generic_size", "model_of", "statement", "undisclosed"]

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

Read = Callable[[Reading], Iterator[Claim]]
Check = Callable[[Claim], Verdict]


def claim_of(reading: Reading, kind: str, quantity: Quantity, subject: str, assumed: tuple[str, ...] = (), **given: Any) -> Claim:
    """Make a claim of a quantity of the sentence, with what it is about and the conditions given."""
    start = reading.sentence.start
    span = (start + quantity.start, start + quantity.end)
    return Claim(
        kind, subject, quantity, given, reading.text, span, reading.negated(quantity), reading.asked, assumed, reading.rivals(quantity)
    )


def statement(reading: Reading, kind: str, subject: str, match: re.Match[str] | None = None, **given: Any) -> Claim:
    """Make a claim that has no figure; its span is the match, else the sentence."""
    start = reading.sentence.start
    first, last = match.span() if match else (0, len(reading.text))
    span = (start + max(first, reading.sentence.lead), start + max(last, reading.sentence.lead))
    return Claim(kind, subject, None, given, reading.text, span, reading.negated(None), reading.asked)


def model_of(reading: Reading, at: int, *, remember: bool = True) -> tuple[Model | None, tuple[str, ...]]:
    """Return the model a position speaks of, and what was assumed to find it."""
    mention = reading.model_for(at)
    if mention is not None:
        return mention.thing, ()
    if remember and "model" in reading.memory and not generic_size(reading) and _ANAPHOR.search(reading.text):
        model = reading.memory["model"]
        return model, (f"{model.name} is taken from the sentence before",)
    return None, ()


def generic_size(reading: Reading) -> Quantity | None:
    """Return the size of a model without a name ("a 70B model")."""
    return reading.role("size")


def undisclosed(model: Model, what: str) -> str:
    """Say that a developer never published a figure."""
    return f"{what} of {model.name} was never published; every figure is a rumour"


def family_members(model: Model) -> list[Model]:
    """Return the members of a family that have a size of their own; none for a model that has one itself."""
    from fmaudit_engine_card.claims.facts import models

    if model.parameters is not None and "sizes" not in model.facts:
        return []
    return [other for other in models() if other.family and other.family == model.family and other.parameters is not None]
