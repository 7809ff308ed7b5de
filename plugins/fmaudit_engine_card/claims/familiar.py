"""Words that the checker has met in labelled sentences: one with several others may mean what its rules do not see."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources

__all__ = ["MOST", "strange_words", "words_of"]

MOST = 1  # strange words in a sentence that leave a verdict "wrong" standing: of right ones it costs three in a hundred
_WORD = re.compile(r"[a-z]{2,}(?:['’][a-z]+)?")


@lru_cache(maxsize=64)
def strange_words(text: str) -> tuple[str, ...]:
    """Return the words of a text, in order and each once, that no labelled sentence holds."""
    known = _known()
    return tuple(dict.fromkeys(word for word in words_of(text) if word not in known))


def words_of(text: str) -> Iterable[str]:
    """Cut a text into words of two letters or more, in small letters and with straight apostrophes."""
    return (match.group().replace("’", "'") for match in _WORD.finditer(text.lower()))


@cache
def _known() -> frozenset[str]:
    return frozenset(resources.files("fmaudit_engine_card").joinpath("data/claim_words.txt").read_text("utf-8").split())
