"""The outline of the card: sections, what each takes from which audit, in which words (`data/card.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["Outline", "Part", "Wanted", "outline"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A metric that is shown: with just these keys in its slice, some of them fixed; of many slices the `most` largest."""

    name: str
    words: str
    by: frozenset[str]
    where: Mapping[str, str]
    most: int

    def fits(self, name: str, slice_: Mapping[str, str]) -> bool:
        """Tell whether a metric is one of these."""
        return name == self.name and slice_.keys() == self.by and all(slice_[key] == value for key, value in self.where.items())


@dataclass(frozen=True, slots=True)
class Part:
    """What one audit tells, and how to say that it was not asked."""

    audit: str
    unknown: str
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """One section."""

    name: str
    title: str
    asks: str
    always: str
    beside: str  # what `always` is followed by where a corpus was audited
    parts: tuple[Part, ...]


@cache
def outline() -> tuple[Outline, ...]:
    """Return the sections in their order."""
    table = tomllib.loads(resources.files("fmaudit_engine_card").joinpath("data/card.toml").read_text("utf-8"))
    return tuple(
        Outline(
            row["name"], row["title"], row["asks"], row.get("always", ""), row.get("beside", ""), tuple(_part(part) for part in row["part"])
        )
        for row in table["section"]
    )


def _part(row: Mapping[str, Any]) -> Part:
    wanted = tuple(
        Wanted(one["name"], one["words"], frozenset(one.get("by", ())), dict(one.get("where", {})), one.get("most", 1))
        for one in row["metrics"]
    )
    return Part(row["audit"], row["unknown"], wanted)
