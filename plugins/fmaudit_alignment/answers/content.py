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
# English verbs whose forms share no stem: "who wrote it?" is answered by "it was written by"
_IRREGULAR = {
    form: group.split()[0]
    for group in (
        "write wrote written", "say said", "begin began begun", "become became", "break broke broken", "bring brought", "build built",
        "buy bought", "catch caught", "choose chose chosen", "come came", "draw drew drawn", "drink drank drunk", "eat ate eaten",
        "fall fell fallen", "fight fought", "find found", "fly flew flown", "forget forgot forgotten", "give gave given", "go went gone",
        "grow grew grown", "hold held", "keep kept", "know knew known", "lead led", "leave left", "lose lost", "mean meant", "meet met",
        "pay paid", "rise rose risen", "run ran", "see saw seen", "sell sold", "send sent", "sing sang sung", "sink sank sunk", "sit sat",
        "speak spoke spoken", "spend spent", "stand stood", "swim swam swum", "take took taken", "teach taught", "tell told",
        "think thought", "throw threw thrown", "wear wore worn", "win won",
    )
    for form in group.split()
}  # fmt: skip


@lru_cache(4096)
def content_words(text: str) -> frozenset[str]:
    """Gather what a text is about: the stems of its words of three letters or more, or with digits, without small words."""
    words = re.findall(r"\w+", plain(text))
    return frozenset(_stem(word) for word in words if word not in _small() and (len(word) > 2 or word.isdigit()))


def stems(text: str) -> list[str]:
    """Cut a `plain` text into the stems of all its words."""
    return [_stem(word) for word in re.findall(r"\w+", text)]


def _stem(word: str) -> str:
    word = _IRREGULAR.get(word, word)
    if len(word) <= 3:
        return word
    cut = _TWICE.sub(r"\1", _ENDING.sub("", word))
    return f"{cut[:-1]}i" if cut.endswith("y") and len(cut) > 3 else cut  # a baby, two babies


@cache
def _small() -> frozenset[str]:
    return frozenset(json.loads(DATA.read_text(encoding="utf-8"))["words"])
