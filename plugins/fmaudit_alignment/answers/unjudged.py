"""Answers that the judge gave no verdict on: counted, and told where they are many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fmaudit import results
from fmaudit_alignment.answers.details import details
from fmaudit_alignment.judging import NO_VERDICT

__all__ = ["labelled_without_verdict", "unjudged"]


def unjudged(name: str, silent: Sequence[bool], items: Sequence[str], minimum: int, then: str, what: str = "answers") -> results.Results:
    """Yield the share of what was put to the judge that it gave no verdict on, and a warning where it is surely above a tenth.

    `then` says in a sentence what became of these.
    """
    metric = results.rate(
        name, silent, items, minimum=minimum, note=f"{what} on which no verdict of the judge could be read, or came; {then}"
    )
    advice = "See whether the judge fails or is filtered; read what it says, and name one that keeps to the form of answer it is asked for."
    yield from results.warned(metric, f"{what} got no verdict of the judge that could be read", advice, then=then)


def labelled_without_verdict(name: str, rows: Sequence[Mapping[str, Any]], minimum: int) -> results.Results:
    """Do so for answers labelled comply, partial or refuse, where a judge was asked; the classifier speaks for it."""
    said = [(row["item"], details(row)) for row in rows]
    asked = [(item, how.get("judge") == NO_VERDICT) for item, how in said if how.get("by") == "judge" or how.get("judge") == NO_VERDICT]
    if asked:
        then = "they have the classifier's label"
        yield from unjudged(name, [silent for _, silent in asked], [item for item, _ in asked], minimum, then)
