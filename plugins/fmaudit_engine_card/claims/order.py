"""Binds several models and several figures that stand in the same order: "A and B have 7B and 13B parameters"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from fmaudit_engine_card.claims.entities import Mention
from fmaudit_engine_card.claims.figures import SCALES
from fmaudit_engine_card.claims.quantities import Quantity

__all__ = ["Order", "in_order", "is_list", "listed", "with_units"]


class _Placed(Protocol):
    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


T = TypeVar("T", bound=_Placed)

# between two members of a list: "A (280B), B and C", "32, 40 and 80", "from A to B"
_COMMA = (
    r"\s*(?:\([^()]{0,40}\)\s*)?(?:,\s*(?:and|or|then|&)?|and|or|to|&|/|versus|vs\.?)\s*"
    r"(?:(?:then|the|their|a|about|around|roughly|some|only|just|finally|~|≈)\s*){0,2}"
)
_LISTED = re.compile(_COMMA, re.I)
_RESPECTIVELY = re.compile(r"\b(?:respectively|in (?:this|that) order|resp\.)", re.I)


@dataclass(frozen=True, slots=True)
class Order:
    """Which model each figure speaks of where both stand in lists.

    `bound` goes by the start of a figure; `others` are the rest of that list, where nothing says "respectively"; `open` are figures of
    a list that is longer or shorter than that of the models.
    """

    bound: dict[int, Mention] = field(default_factory=dict)
    others: dict[int, tuple[Mention, ...]] = field(default_factory=dict)
    open: frozenset[int] = frozenset()


def is_list(text: str, members: Sequence[_Placed]) -> bool:
    """Tell whether things stand in a list, with nothing but commas and "and" between them."""
    return all(_LISTED.fullmatch(text[one.end : two.start]) for one, two in itertools.pairwise(members))


def listed(text: str, members: Sequence[T]) -> list[list[T]]:
    """Return the lists that things of a text make, each of two or more."""
    found: list[list[T]] = []
    for member in members:
        if found and _LISTED.fullmatch(text[found[-1][-1].end : member.start]):
            found[-1].append(member)
        else:
            found.append([member])
    return [row for row in found if len(row) > 1]


def with_units(text: str, quantities: Sequence[Quantity], models: Sequence[Mention] = ()) -> list[Quantity]:
    """Let the bare figures of a list have the unit of its last: in "32, 40 and 80 layers" all three are layers.

    Of a list as long as one of `models` the scale is passed on as well: "280, 70 and 540 billion parameters".
    """
    many = {len(row) for row in listed(text, models)}
    given: dict[int, Quantity] = {}
    for row in listed(text, quantities):
        last = row[-1]
        for quantity in reversed(row[:-1]):
            if quantity.unit == last.unit:
                continue
            if len(row) in many and _takes_scale(quantity, last):
                factor = SCALES[last.scale.lower()]
                value, low, high = quantity.value * factor, quantity.low * factor, quantity.high * factor
                given[quantity.start] = replace(quantity, unit=last.unit, scale=last.scale, value=value, low=low, high=high)
                continue
            if quantity.unit or not last.unit or last.unit in _SCALED_UNITS or bool(quantity.scale) != bool(last.scale):
                break
            given[quantity.start] = replace(quantity, unit=last.unit, detail=last.detail)
    return [given.get(quantity.start, quantity) for quantity in quantities]


# of one of these the value is not that of the figure, so a bare figure cannot take it over
_SCALED_UNITS = {"bytes", "seconds", "flop", "flop/s", "kwh", "kg", "usd", "usd/hour", "usd/Mtoken", "device-hours", "percent", "times"}


def _takes_scale(quantity: Quantity, last: Quantity) -> bool:
    """Tell whether a bare figure of a list is counted in the thousands, millions or billions of its last."""
    spelled = last.scale.lower() in {"thousand", "million", "billion", "trillion"}
    return spelled and last.unit in {"parameters", "tokens"} and not quantity.unit and not quantity.scale and quantity.value < 1e3


def in_order(text: str, models: Sequence[Mention], quantities: Sequence[Quantity], *, from_before: bool = False) -> Order:
    """Bind lists of figures to the list of models nearest before them, else behind them, with no other model between.

    `from_before`: the models are those of an earlier sentence, in its order, so their places do not count.
    """
    bound: dict[int, Mention] = {}
    others: dict[int, tuple[Mention, ...]] = {}
    unsettled: set[int] = set()
    for figures in _alike(text, quantities):
        names = list(models) if from_before else _models_of(text, models, figures)
        if len(names) < 2:
            continue
        if len(names) != len(figures):
            unsettled |= {quantity.start for quantity in figures}
            continue
        for quantity, mention in zip(figures, names, strict=True):
            bound[quantity.start] = mention
            others[quantity.start] = () if _RESPECTIVELY.search(text) else tuple(name for name in names if name is not mention)
    return Order(bound, others, frozenset(unsettled))


def _alike(text: str, quantities: Sequence[Quantity]) -> list[list[Quantity]]:
    """Return the lists of figures of one unit."""
    return [row for row in listed(text, quantities) if row[-1].unit and len({quantity.unit for quantity in row}) == 1]


def _models_of(text: str, models: Sequence[Mention], figures: Sequence[Quantity]) -> list[Mention]:
    """Return the list of models a list of figures may belong to: the one before it with no other model between, else the one behind."""
    before = [mention for mention in models if mention.end <= figures[0].start]
    behind = [mention for mention in models if mention.start >= figures[-1].end]
    rows = listed(text, models)
    if before:
        return next((row for row in rows if row[-1] is before[-1]), [])
    return next((row for row in rows if behind and row[0] is behind[0]), [])
