"""Words of a text in any script: runs of letters, marks and digits; single characters where the script writes no spaces."""

from __future__ import annotations

import re

__all__ = ["words"]

# Chinese characters and kana, Thai, Lao, Burmese, Khmer, Tibetan: a run of these is no word
_SPACELESS = "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_SPACELESS}]|(?:(?![{_SPACELESS}])[^\W_]|[\u0300-\u036f\u0900-\u0dff\u200c\u200d'’])+")


def words(text: str) -> list[str]:
    """Split a text into words in lower case; apostrophes and marks stay inside, punctuation is left out."""
    return [word for found in _WORD.findall(text.lower()) if (word := found.strip("'’\u200c\u200d"))]
