"""Finds known names in a text, with spaces and hyphens as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from fmaudit_engine_card.claims import facts

__all__ = ["Mention", "find", "finder", "flexible", "key"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing named in a text, and where."""

    thing: Any
    start: int
    end: int


def flexible(name: str) -> str:
    """Let spaces and hyphens of a name stand for one another."""
    return r"[-\s_]*".join(re.escape(part) for part in re.split(r"[-\s_]+", name) if part)


@cache
def finder(kind: str) -> tuple[re.Pattern[str], dict[str, Any], list[str]]:
    """Return the pattern of all names of a kind ("model", "language", "tokenizer", "origin"), what each key stands for, and the names."""
    things: tuple[Any, ...] = {"model": facts.models, "language": facts.languages, "tokenizer": facts.premiums, "origin": facts.origins}[
        kind
    ]()
    found: dict[str, Any] = {}
    for thing in things:
        for name in thing.names:
            found.setdefault(key(name), thing)
    names = sorted({name for thing in things for name in thing.names}, key=len, reverse=True)
    return (
        re.compile(
            r"(?<![\w.])(?:" + "|".join(flexible(name) for name in names) + (r")s?" if kind == "origin" else ")") + r"(?![\w]|\.\d|-\d)",
            re.I,
        ),
        found,
        names,
    )


def key(name: str) -> str:
    """Write a name without spaces, hyphens and capitals."""
    return re.sub(r"[-\s_]+", "", name).lower().replace("×", "x")


def find(kind: str, text: str) -> Iterable[Mention]:
    """Find the names of a kind in a text."""
    pattern, things, _ = finder(kind)
    for match in pattern.finditer(text):
        name = key(match.group(0))
        thing = things.get(name) or things.get(name.removesuffix("s"))
        if thing is not None:
            yield Mention(thing, match.start(), match.end())
