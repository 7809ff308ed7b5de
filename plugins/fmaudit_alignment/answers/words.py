"""Accepted forms found in an answer as whole words, whatever the case, the apostrophes and the accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["denied", "mentions", "plain", "sentences", "stated", "units", "unmarked"]

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00b4": "'", "\u2010": "-", "\u2011": "-", "\u00a0": " "})
# Scripts written without spaces: a form may begin and end anywhere.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_UNITS = re.compile(rf"{_UNSPACED.pattern}|(?:(?!{_UNSPACED.pattern})\S)+")
# Vowel signs of the scripts of India belong to the word, though Python counts them as no letters.
_LETTER = "[\\w\u0900-\u0963\u0966-\u0dff]"
_ENDS = re.compile(r"(?<=[.!?])[\"')\]]*\s+|(?<=[\u3002\uff01\uff1f\u0964])|\n+")
# What denies the form that follows it, with the small words between: that form is taken back, not given as the answer.
_DENIED = re.compile(
    r"(?:\bnot|n't|\bnever|\bno longer|\binstead of|\brather than|\bnor|\bnicht|\bkeine?|\bне|\bpas|\bno es|\bhakuna|\bsi|不是|ليست|नहीं)"
    r"(?:\s+(?:in|on|at|a|an|the|of|by|really|actually|to|be|called|named|der|die|das|le|la|les|el|de))*\s*[\"']?$"
)
# emphasis of Markdown, not the sign of a product or a power
_EMPHASIS = re.compile(r"(?<!\d)(?:\*\*+|__)|(?:\*\*+|__)(?!\d)|(?<![\d\s*])\*(?!\*)|(?<!\*)\*(?![\d\s*])")
REACH = 80  # how far from a form its denial may stand, in characters
_DENIED_AFTER = re.compile(
    r"^[\"']?\s+(?:(?:is|was|are|were|would be)\s+(?:\w+\s+){0,2}(?:not|wrong|incorrect|false|mistaken)\b|(?:isn't|wasn't|aren't)\b)"
)


def plain(text: str) -> str:
    """Lower the case, unify apostrophes and white space, and take off the accents of Latin, Greek and Cyrillic letters."""
    unfolded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).lower())
    bare = "".join(letter for letter in unfolded if not "\u0300" <= letter <= "\u036f")
    return " ".join(unicodedata.normalize("NFC", bare).split())


def unmarked(text: str) -> str:
    """Take off the asterisks of emphasis, and write an ellipsis as the full stops that end a sentence."""
    return _EMPHASIS.sub("", text.replace("\u2026", "... "))


def units(text: str) -> list[str]:
    """Cut a text at its white space, and into single characters where its script sets no words apart."""
    return _UNITS.findall(text.lower())


def sentences(text: str) -> list[str]:
    """Split at full stops and line ends; what is asked keeps its question mark."""
    return [part.strip() for part in _ENDS.split(text) if part and part.strip()]


def mentions(text: str, forms: Iterable[str]) -> list[tuple[int, int]]:
    """Find the places (start, stop) of the forms in `plain` text, as whole words, in order; a longer form hides those inside it."""
    found: list[tuple[int, int]] = []
    covered = bytearray(len(text))
    for form in sorted({plain(form) for form in forms} - {""}, key=len, reverse=True):
        if form not in text:  # most are not, and a pattern costs more to make than to use
            continue
        for match in _pattern(form).finditer(text):
            if not any(covered[match.start() : match.end()]):
                covered[match.start() : match.end()] = b"\1" * len(match.group())
                found.append(match.span())
    return sorted(found)


def stated(text: str, forms: Iterable[str]) -> bool:
    """Say whether `plain` text gives one of the forms as its own word, and does not only deny it ("not Paris", "instead of Paris")."""
    return any(not denied(text, start, stop) for start, stop in mentions(text, forms))


def denied(text: str, start: int, stop: int) -> bool:
    """Say whether the words right before or behind a place of `plain` text deny what stands there."""
    before, after = text[max(0, start - REACH) : start], text[stop : stop + REACH]
    return _DENIED.search(before) is not None or _DENIED_AFTER.search(after) is not None


@lru_cache(8192)
def _pattern(form: str) -> re.Pattern[str]:
    if _UNSPACED.search(form):
        return re.compile(re.escape(form))
    # letters of scripts without spaces may touch a word of another script
    before = f"(?<!(?!{_UNSPACED.pattern}){_LETTER})" if re.match(_LETTER, form) else ""
    after = f"(?!(?!{_UNSPACED.pattern}){_LETTER})" if re.match(_LETTER, form[-1]) else ""
    return re.compile(before + re.escape(form) + after)
