"""What verifiers count in a text: words, sentences, paragraphs, and in which language it is."""

from __future__ import annotations

import re

__all__ = ["in_language", "occurs", "paragraphs", "sentences", "tokens", "words"]

_TITLES = ("mr", "mrs", "ms", "dr", "prof", "st", "rev", "gen", "capt", "sr", "jr", "inc", "ltd", "co")
_ABBREVIATIONS = frozenset((*_TITLES, "vs", "etc", "e.g", "i.e", "fig", "no", "approx", "dept", "est", "al"))
_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s|$)|[。！？।؟]+|\n{2,}")


def words(text: str) -> list[str]:
    """Cut a text into runs of letters, digits and underscores."""
    return re.findall(r"\w+", text)


def tokens(text: str) -> list[str]:
    """Cut a text into words with their hyphens and apostrophes, for counting capital words."""
    return re.findall(r"\w+(?:[-'’]\w+)*", text)


def sentences(text: str) -> list[str]:
    """Cut a text into sentences: at final marks, not behind usual abbreviations, initials and inside numbers."""
    found, start = [], 0
    for mark in _END.finditer(text):
        last = re.search(r"(\S+)$", text[start : mark.start()])
        word = last.group(1).lower().strip("\"'“”‘’([") if last else ""
        if mark.group().startswith(".") and mark.end() < len(text) and _abbreviated(word, text[mark.end() :]):
            continue
        found.append(text[start : mark.end()])
        start = mark.end()
    found.append(text[start:])
    return [part.strip() for part in found if re.search(r"\w", part)]


def _abbreviated(word: str, rest: str) -> bool:
    """Whether a full stop behind a word belongs to it: abbreviations and initials; "U.S." where a small letter follows."""
    if word in _ABBREVIATIONS or re.fullmatch(r"[^\W\d_]", word):
        return True
    return re.fullmatch(r"[^\W\d_]{1,2}(?:\.[^\W\d_]{1,2})+", word) is not None and rest.lstrip()[:1].islower()


def paragraphs(text: str, separator: str) -> list[str] | None:
    """Split a text; empty first and last parts do not count, an empty one between makes it None."""
    parts = [part.strip() for part in re.split(separator, text)]
    if parts and not parts[0]:
        parts = parts[1:]
    if parts and not parts[-1]:
        parts = parts[:-1]
    return None if any(not part for part in parts) else parts


def occurs(text: str, phrase: str) -> int:
    """Count a phrase in any case, also inside words."""
    return len(re.findall(re.escape(phrase), text, re.IGNORECASE))


def in_language(text: str, language: str) -> bool | None:
    """Whether langdetect takes a text to be in a language; None where it cannot tell."""
    from langdetect import DetectorFactory, LangDetectException, detect

    DetectorFactory.seed = 0
    try:
        found = str(detect(text))
    except LangDetectException:
        return None
    return found == language or found.partition("-")[0] == language
