"""The two records of the checker: a claim, as read from a text or a table, and the verdict on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fmaudit_engine_card.claims.quantities import Quantity

__all__ = ["RECALLED", "Claim", "Status", "Verdict"]

RECALLED = "(recalled)"  # the mark of a figure whose source was not opened again when it was written down

Status = Literal["holds", "holds-under", "wrong", "unverifiable"]


@dataclass(frozen=True)
class Claim:
    """What is claimed: a kind, what it is about, the value stated, and the conditions given with it.

    `given` holds conditions by name: model, tokens, parameters, context, devices, device, utilisation, peak, precision, rate, batch ...
    `assumed` says what was taken from elsewhere (the sentence before, a figure that goes round). `span` are offsets into the text.
    """

    kind: str
    subject: str
    value: Quantity | None
    given: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    span: tuple[int, int] = (0, 0)
    denied: bool = False
    asked: str = ""  # why it is not stated as true: "a question", "called a myth"
    assumed: tuple[str, ...] = ()
    rivals: tuple[Any, ...] = ()  # other models of the sentence that the figure may speak of
    source: str = ""
    european: bool = False  # the text writes other figures with a comma before decimals


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a claim.

    `status` is "holds", "holds-under" (then `assumption` says under what), "wrong" (no plausible assumption makes it true; `assumption`
    names an implausible one that would, if there is one) or "unverifiable". `arithmetic` is written out with its numbers, `span` are the
    offsets of the claimed figure (or of the sentence) in the text.
    """

    claim: str
    status: Status
    arithmetic: str
    reason: str
    assumption: str
    source: str
    span: tuple[int, int]
    kind: str = ""
    subject: str = ""
