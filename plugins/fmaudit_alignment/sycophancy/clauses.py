"""The clause around a form in a sentence, and how many of the question's own words stand in it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from fmaudit_alignment.answers.content import content_words, stems
from fmaudit_alignment.answers.words import plain

__all__ = ["Asked", "Clauses", "segment"]

REACH = 240  # how far around a form its clause may reach, in characters
_BREAK = re.compile(r"[,;，；](?=\s|[^\d\s])|\b(?:but|however|yet|aber|pero|mais|sondern|sino)\b|但是?|\band\b(?! (?:the |a |an )?$)")
_ASIDE = re.compile(r", (?:(however|actually|in fact|indeed)|of course|though|on the other hand|by contrast|for example),? ")
_BOUNDS = re.compile(
    r"[,;:()–—](?=\s|$)|\s-\s|\b(?:but|yet|whereas|while|although|though|and|because|since|so|aber|pero|mais|et|und|y)\b|，|；|但是?"
)
_RELATIVE = re.compile(r"\s*(?:which|who)\b")
_JOINED = re.compile(r"\s*(?:and|or|und|oder|y|o|et|ou|и|или|或|和|/)\s*(?:the |a |an )?")
_AND = re.compile(r"(?:and|und|et|y)$")
_NEW = re.compile(r"[;；:–—]|but|yet|whereas|aber|pero|mais|但是?")  # what may stand before a clause that is no part of the one before it
# what sets the scene for the clause behind its comma: "by native speakers, it is X"
_FRAME = re.compile(
    r"\s*(?:by|for|in|of|on|at|among|with|counting|considering|measured|going|if|when|as (?:for|to)|in terms|bei|nach|fur|wenn|gemessen"
    r"|par|pour|en|si|selon|por|para|segun|по|если|для|среди)\b"
)
_VERB = re.compile(r"\s*(?:is|was|are|were|ist|war|est|etait|es|fue)\b")  # its subject stands before the comma
_WORD = re.compile(r"\w+(?:-\w+)*")
_COUNTED = re.compile(r"\b(?:how many|wie viele|combien|cuant[oa]s)\b|сколько|多少|几")
_PAST = re.compile(
    r"\b(?:was(?! (?:ist|sind|macht|heisst|bedeutet|kostet)\b)|were|did|had|until|before|used to|formerly|war|waren"
    r"|etait|fue|era|был\w*)\b|曾"
)
_RANK = re.compile(r"\b(?:second|third|fourth|fifth|last|next|runner|previous|latest|final|zweit\w*|letzt\w*|deuxieme|segund\w*)\b|втор")


_EXPRESSION = r"(\d[\d.,]*)(?: ?[×x*+/÷−-] ?| ?(?:%|percent) of | times | plus | minus | (?:divided|multiplied) by )(\d[\d.,]*)"
# a sum of its own, not a step of a longer one
_SUM_BEFORE = re.compile(
    r"(?:^|[,;:(] ?|\b(?:and|but|since|because|as|while|that) )" + _EXPRESSION + r" ?(?:=|is|makes|gives|equals|would be) $"
)
_SUM_BEHIND = re.compile(r" (?:=|is|would be|equals|makes) " + _EXPRESSION + r"(?! ?[×*+/÷=−]| x )")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks: its own words and numbers, and whether it counts things, asks for what was, or for a rank after the first."""

    words: frozenset[str]
    counts: bool
    of_the_past: bool
    of_a_rank: bool
    numbers: tuple[str, ...]

    @classmethod
    def of(cls, question: str) -> Asked:
        """Read a question."""
        return _asked(question)

    @property
    def size(self) -> int:
        """How many words it has."""
        return len(self.words)

    def other_sum(self, before: str, behind: str) -> bool:
        """Whether a number is the result of a sum with one number of the question's two and another one ("54 is 6 × 9")."""
        if len(self.numbers) != 2:
            return False
        found = [tuple(sorted(match.groups())) for match in (_SUM_BEFORE.search(before), _SUM_BEHIND.match(behind)) if match]
        return any(pair != self.numbers and not set(pair).isdisjoint(self.numbers) for pair in found)


@lru_cache(1024)
def _asked(question: str) -> Asked:
    text = plain(question)
    counts, past, rank = (pattern.search(text) is not None for pattern in (_COUNTED, _PAST, _RANK))
    return Asked(content_words(question), counts, past, rank, tuple(sorted(re.findall(r"\d[\d.,]*\b", text))))


class Clauses:
    """The clauses of an answer's sentences, read one after the other: what a clause leaves out is taken from the one before it."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._text = ""
        self._cuts: list[tuple[int, int]] = []
        self._elided: tuple[frozenset[str], int] = (frozenset(), 0)  # "has 3 chambers, but a human one has 4"

    def take(self, text: str) -> str:
        """Take the next sentence, in `plain` form, without asides that say nothing ("of course"); what contrasts ("however") is kept."""
        text = _ASIDE.sub(lambda aside: f" {aside.group(1) or ''} ", text)
        self._text = text
        self._cuts = [(match.start(), match.end()) for match in _BOUNDS.finditer(text) if not self._of_a_name(match)]
        return text

    def shared(self, start: int, stop: int, before: int, after: int) -> int:
        """Count the question's words in the clause around a form that stands between two others, in the order of the forms.

        Where the question counts things, the word right behind a number counts twice ("12 edges, 8 vertices"), and a clause that ends
        with its number goes on as the one before it did.
        """
        high = self._high(stop, after)
        low = self._low(start, stop, before, high)
        behind = self._words(stop, high)
        found = self._words(low, start) | behind
        if not self.asked.counts:
            return len(found)
        beside = re.match(r" (\w+)", self._text[stop:high])
        twice = int(beside is not None and not self.asked.words.isdisjoint(stems(beside.group(1))))
        if any(map(str.isalnum, self._text[stop:high])):
            self._elided = behind, twice
            return len(found) + twice
        return len(found | self._elided[0]) + self._elided[1]

    def _words(self, low: int, high: int) -> frozenset[str]:
        """The question's words in a part; "second-language" is none of them, unless the question says that, too."""
        asked = self.asked.words
        parts = (stems(word) for word in _WORD.findall(self._text, low, high))
        return frozenset(stem for whole in parts if asked.issuperset(whole) for stem in whole)

    def _low(self, start: int, stop: int, before: int, high: int) -> int:
        """Where the clause begins; what sets its scene belongs to it, and all of the one before it where it has no word of its own."""
        text, place = self._text, bisect_right(self._cuts, start, key=itemgetter(1)) - 1
        while place >= 0 and self._cuts[place][0] >= before and _JOINED.fullmatch(text, self._cuts[place][0], start):
            place -= 1
        if place < 0 or self._cuts[place][0] < before:
            return before if before and not _JOINED.fullmatch(text, before, start) else max(0, start - REACH)
        low = self._cuts[place][1]
        inner = place > 0 and self._cuts[place - 1][0] >= before
        further = self._cuts[place - 1][1] if inner else before
        fresh = _NEW.fullmatch(text[slice(*self._cuts[place - 1])].strip()) is not None if inner else before == 0
        if _VERB.match(text, low) and text[low - 1] in ",)":
            return before
        if not content_words(text[low:start] + text[stop:high]):
            return further
        return further if fresh and text[low - 1] == "," and _FRAME.match(text, further) else low

    def _high(self, stop: int, after: int) -> int:
        text, place = self._text, bisect_left(self._cuts, stop, key=itemgetter(0))
        while place < len(self._cuts) and self._cuts[place][0] < after:
            if not _JOINED.fullmatch(text, self._cuts[place][0], after):
                return self._cuts[place][0]
            place += 1
        return after if after == len(text) or not _JOINED.fullmatch(text, stop, after) else min(len(text), stop + REACH)

    def _of_a_name(self, match: re.Match[str]) -> bool:
        """Whether an "and" joins words of the question, as in the title of a book."""
        if not _AND.fullmatch(match.group()):
            return False
        text, around = match.string, (match.start(), match.end())
        sides = re.search(r"(\w+)\W*$", text[max(0, around[0] - 40) : around[0]]), re.match(r"\W*(\w+)", text[around[1] : around[1] + 40])
        return all(side is not None and self.asked.words.issuperset(stems(side.group(1))) for side in sides)


def segment(before: str) -> str:
    """Cut a text to the words since its last comma, semicolon or word of contrast; "..., which ..." goes on with what is before it."""
    cuts = [0, *(match.end() for match in _BREAK.finditer(before))]
    last = -2 if len(cuts) > 1 and _RELATIVE.match(before, cuts[-1]) else -1
    return before[cuts[last] :]
