"""Tells what is inserted behind the subject of a sentence, between commas, brackets or dashes, from what the sentence goes on to say."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["insertions"]

# before a subject: the beginning of the sentence or of a clause, and what may stand there with a name
_BEGINS = re.compile(r"(?:^\W*|[;:]\s*|\b(?:that|because|but|so|since)\s+)(?:(?:the|even|today|its|[A-Z]\w+['’]s|an?|such)\s+)*$", re.I)
_BORDERS = {",": r",(?!\d)", "(": r"\)", "–": "–", "—": "—", "-": r"\s-\s"}
_OPENS = re.compile(r"\s*(,|\(|–|—|\s-\s)(?!\s*(?:and|or|but|while|whereas|then)\b)\s*")
_LIST_GOES_ON = re.compile(r"\s*(?:and|or|&)\b|\s*(?:but|while|whereas|and)\b", re.I)

Span = tuple[int, int]


def insertions(text: str, heads: Iterable[Span]) -> list[Span]:
    """Return what is inserted right behind the heads that begin their clause, where it is closed again and no list goes on behind it."""
    return [span for head in heads if (span := _behind(text, head)) is not None]


def _behind(text: str, head: Span) -> Span | None:
    opens = _OPENS.match(text, head[1])
    if opens is None or not _BEGINS.search(text[: head[0]]):
        return None
    closes = re.compile(_BORDERS[opens.group(1).strip() or "-"]).search(text, opens.end())
    return None if closes is None or _LIST_GOES_ON.match(text, closes.end()) else (opens.end(), closes.end())
