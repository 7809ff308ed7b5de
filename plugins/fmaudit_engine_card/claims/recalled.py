"""What rests on a figure that was recalled: its source is named in the table, but was not opened again when the row was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fmaudit_engine_card.claims.facts import Model, Origin
from fmaudit_engine_card.claims.kinds.base import family_members
from fmaudit_engine_card.claims.records import RECALLED, Claim, Verdict

__all__ = ["marked", "resting_on"]

_FIELDS = {  # what a kind of claim is held against, where a row names its recalled fields
    "layers": {"layers"},
    "hidden": {"hidden"},
    "training-tokens": {"tokens"},
    "tokens-per-parameter": {"tokens"},
    "over-training": {"tokens"},
    "training-flops": {"flops", "tokens"},
    "training-time": {"flops", "tokens"},
    "training-cost": {"flops", "tokens"},
}


def resting_on(claim: Claim) -> tuple[Model | Origin, ...]:
    """Return the recalled rows that a claim is held against; none where the text itself gives the whole run."""
    given = claim.given
    if given.get("flops") is not None or (given.get("size") is not None and given.get("tokens") is not None):
        return ()
    things = [thing for thing in given.values() if isinstance(thing, Model | Origin)]
    if claim.kind == "parameters":  # of a family the members' sizes count
        things += [member for thing in things if isinstance(thing, Model) for member in family_members(thing)]
    return tuple({thing.name: thing for thing in things if _is_recalled(thing, claim.kind)}.values())


def marked(made: Verdict, rests: Sequence[Model | Origin]) -> Verdict:
    """Mark a verdict that rests on recalled rows, where it is shown, and name the sources that were not opened again."""
    if not rests:
        return made
    sources = "; ".join(dict.fromkeys(thing.source for thing in rests))
    told = f"{made.reason} {RECALLED}: as {sources} has it, which was not opened again".strip()
    return replace(made, arithmetic=f"{made.arithmetic} {RECALLED}" if made.arithmetic else "", reason=told)


def _is_recalled(thing: Model | Origin, kind: str) -> bool:
    if isinstance(thing.recalled, bool):
        return thing.recalled
    return bool(_FIELDS.get(kind, set()) & thing.recalled)
