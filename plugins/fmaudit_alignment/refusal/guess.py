"""Guess the language of a completion from its script and its commonest words: only as well as choosing a lexicon needs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache

from fmaudit_alignment.refusal.cues import DATA, Word, find_cues, languages
from fmaudit_alignment.refusal.sentences import fold, words_of

__all__ = ["FEW", "guess_language"]

# Scripts that one of our languages has to itself, and those that several share.
SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7af\u1100-\u11ff]"),
    "zh": re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "bn": re.compile("[\u0980-\u09ff]"),
    "ta": re.compile("[\u0b80-\u0bff]"),
    "cyrillic": re.compile("[\u0400-\u04ff]"),
    "latin": re.compile("[a-z\u00c0-\u024f\u1e00-\u1eff]"),
}
SHARED = {
    "cyrillic": ("ru", "uk", "bg", "sr"),
    "ar": ("ar", "fa", "ur"),
    "hi": ("hi", "mr", "ne"),
}
LOOKED_AT = 600  # code points
SHORT = 12  # words: too few for the commonest words alone
FEW = 4  # words: fewer say hardly anything of their language, so that the prompt's is taken for theirs


def guess_language(text: str, hint: str = "") -> str:
    """Guess the ISO 639-1 code of the language that most of the text is in; "en" where nothing tells.

    In a short text the words of a hint (the prompt it answers) count half, in one of fewer than four words twice as much as its own.
    """
    begun = fold(text[:LOOKED_AT])
    counts = {name: len(pattern.findall(begun)) for name, pattern in SCRIPTS.items()}
    if counts["ja"] * 10 > counts["zh"]:
        counts["ja"] += counts["zh"]
    # A letter of an unspaced script says as much as several of an alphabet.
    for name in ("ja", "zh", "ko"):
        counts[name] *= 3
    script = max(counts, key=lambda name: counts[name])
    if counts[script] == 0:
        return "en"
    if script == "latin":
        taken = {name for group in SHARED.values() for name in group} | set(SCRIPTS)
        return _by_words(begun, tuple(name for name in _commonest()[1] if name not in taken), "en", hint)
    return _by_words(begun, SHARED[script], SHARED[script][0], hint) if script in SHARED else script


@cache
def _commonest() -> tuple[dict[str, list[str]], dict[str, str]]:
    """The languages of each of the commonest words, and the letters that tell a language from others of its script."""
    content = json.loads((DATA / "words.json").read_text(encoding="utf-8"))
    speakers: dict[str, list[str]] = {}
    for language, entry in content.items():
        for word in fold(entry["words"]).split():
            speakers.setdefault(word, []).append(language)
    return speakers, {language: fold(entry["letters"]) for language, entry in content.items()}


def _by_words(folded: str, candidates: tuple[str, ...], fallback: str, hint: str) -> str:
    """Choose the language that most of the text's words, letters, and in a short text cues and the hint, speak for."""
    words = words_of(folded)
    short = len(words) < SHORT
    points = dict.fromkeys(candidates, 0.0)
    _add(points, folded, words, 1.0)
    if short:
        asked = fold(hint[:LOOKED_AT])
        _add(points, asked, words_of(asked), 0.5 if len(words) >= FEW else 2.0)
        for language in set(candidates) & set(languages()):
            points[language] += 2 * len(find_cues(language, words))
    best = max(candidates, key=lambda language: (points[language], language == fallback))
    return best if points[best] else fallback


def _add(points: dict[str, float], folded: str, words: Sequence[Word], weight: float) -> None:
    speakers, letters = _commonest()
    for word, _, _ in words:
        for language in speakers.get(word, ()):
            if language in points:
                points[language] += weight
    for language in points:
        points[language] += 2 * weight * sum(letter in folded for letter in letters.get(language, ""))
