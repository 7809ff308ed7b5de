"""What a sentence is about: its words without endings, small ones left out."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from pathlib import Path

from fmaudit_alignment.answers.words import plain

__all__ = ["content_words", "stems"]

DATA = Path(__file__).parents[1] / "data" / "small_words.json"
_ENDING = re.compile(r"(?:ing|ed|es|s|en|e)$")
_TWICE = re.compile(r"([b-df-hj-np-tv-z])\1$")  # swimm(ing) is swim


@lru_cache(4096)
def content_words(text: str) -> frozenset[str]:
    """Gather what a text is about: the stems of its words of three letters or more, or with digits, without small words."""
    words = re.findall(r"\w+", plain(text))
    return frozenset(_stem(word) for word in words if word not in _small() and (len(word) > 2 or word.isdigit()))


def stems(text: str) -> list[str]:
    """Cut a `plain` text into the stems of all its words."""
    return [_stem(word) for word in re.findall(r"\w+", text)]


def _stem(word: str) -> str:
    return _TWICE.sub(r"\1", _ENDING.sub("", word)) if len(word) > 3 else word


@cache
def _small() -> frozenset[str]:
    return frozenset(json.loads(DATA.read_text(encoding="utf-8"))["words"])
