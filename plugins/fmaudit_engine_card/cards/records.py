"""The card as records: the same content whatever it is written as."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

__all__ = ["Card", "Entry", "Section", "Source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One measured number: what it says in words, its full name, its interval, and where it comes from."""

    words: str
    metric: str
    target: str
    kind: str
    value: float | None
    low: float | None
    high: float | None
    level: float | None
    unit: str
    n: int
    status: str
    note: str
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One of the four: what is known, and in plain words what is not."""

    name: str
    title: str
    asks: str
    entries: tuple[Entry, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A run that the card takes from: its id, which fmaudit made it, which audits it measured."""

    run: str
    version: str
    audits: tuple[str, ...]
    builtin: bool = False  # the model was trained for the demonstration


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The card of one model."""

    model: str
    uri: str
    sections: tuple[Section, ...]
    sources: tuple[Source, ...]

    @property
    def entries(self) -> Sequence[Entry]:
        """All numbers of all sections."""
        return [entry for section in self.sections for entry in section.entries]

    def document(self) -> Mapping[str, object]:
        """Lay it out as plain values."""
        return {"card": "fmaudit-engine-card", "version": 1, **asdict(self)}

    def json(self) -> str:
        """Write it as JSON: the same bytes for the same results."""
        return json.dumps(self.document(), ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"

    def html(self) -> str:
        """Write it as one page of HTML without scripts."""
        from fmaudit_engine_card.cards.page import html

        return html(self)

    def markdown(self) -> str:
        """Write it as Markdown."""
        from fmaudit_engine_card.cards.page import markdown

        return markdown(self)
