"""Sentences of a completion in any script, with their place, and the stretches that are drafted text rather than the model's own voice."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Span", "Spans", "answer_start", "bare", "drafted_spans", "fold", "split_sentences", "words_of"]

# Full stops of the scripts: Latin, CJK, Arabic, Urdu, Devanagari, Burmese, Ethiopic, Khmer, Tibetan.
FINAL = ".!?\u2026\u3002\uff01\uff1f\uff0e\u061f\u06d4\u0964\u0965\u104b\u1362\u17d4\u0f0d"
CLOSING = "\"'\u201d\u2019\u00bb\u300d\u300f\uff09)]*_"
ABBREVIATIONS = frozenset(
    ["mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "inc", "jr", "sr", "z.b", "d.h", "bzw", "sra", "dra", "u.s"]
)
NEAR = 32  # code points around a full stop: enough to tell an abbreviation, and the number after it
THINKING = ("<think>", "</think>")
# The end of reasoning, but not "`</think>`", "the tag </think>." or "with </think> and".
THOUGHT = re.compile(r"(?<![`'\"(\[\u2018\u201c])</think>(?![`'\")\].,;:!?\u2019\u201d])(?:(?<![ \t]</think>)|(?![ \t]+[a-z]))")
LIST_ITEM = re.compile(r"\s*(?:[-*\u2022\u2013]\s|\(?\d{1,3}[.):\uff0e\u3001]|#{1,6}\s|[a-z]\)\s|step\s+\d)", re.IGNORECASE)
# Vowel signs and other marks of Indic, Arabic and Hebrew script are part of the word, though not alphanumeric.
LETTER = "[\\w\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u200c\u200d]"
WORD = re.compile(f"{LETTER}+(?:['-]{LETTER}+)*")
# Letters of scripts whose words are not set apart by spaces, and Hangul, where endings join the word: matched as characters.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
# No opening mark within: one that is never closed would be read to the end of the line from every place it stands at.
QUOTED = re.compile(
    '"[^"\n]{12,}"|\u201c[^\u201c\u201d\n]{12,}\u201d|\u00ab[^\u00ab\u00bb\n]{12,}\u00bb'
    "|\u201e[^\u201e\u201c\u201d\n]{12,}[\u201c\u201d]|\u300c[^\u300c\u300d\n]{6,}\u300d"
    "|(?<![\\w'])'(?=\\w)(?:[^'\n]|(?<=\\w)'(?=\\w)){12,}'(?!\\w)"
)
FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
# The line that a letter begins with: a salutation with a name, or its subject.
_SALUTATIONS = (
    "dear|hi|hello|"
    "sehr geehrte[rs]?|liebe[rs]?|hallo|guten tag|estimad[oa]s?|querid[oa]s?|hola|cher|ch\u00e8re|chers|bonjour|madame|monsieur"
    "|car[oaie]|gentile|egregi[oa]|buongiorno|ciao|prezad[oa]s?|car[oa]s|ol\u00e1|beste|geachte|dag|lieve|szanown[yaei]|drog[iae]|cze\u015b\u0107"
    "|say\u0131n|sevgili|merhaba|\u0443\u0432\u0430\u0436\u0430\u0435\u043c\\w*|\u0434\u043e\u0440\u043e\u0433\\w*|\u0448\u0430\u043d\u043e\u0432\u043d\\w*"
    "|\u0639\u0632\u064a\u0632\\w*|\u0627\u0644\u0633\u064a\u062f\\w*|\u092a\u094d\u0930\u093f\u092f|\u0906\u0926\u0930\u0923\u0940\u092f|\u5c0a\u656c\u7684|\u4eb2\u7231\u7684"
    "|k\u00ednh g\u1eedi|th\u00e2n g\u1eedi|mpendwa|ndugu|mheshimiwa|yth|kepada"
)
LETTER_HEAD = re.compile(
    rf"^[ \t*]*(?:(?:{_SALUTATIONS})\b[^,:\n\uff0c\uff1a\u060c!]{{2,60}}[,:\uff0c\uff1a\u060c!][ \t*]*$"
    r"|[^\n]{1,20}(?:\u69d8|\u3055\u307e)[\u3001\n]|subject:)",
    re.IGNORECASE | re.MULTILINE,
)

# Spellings that a reader takes for the same: apostrophes, hyphens, alef with and without hamza, yo for ye.
_SAME = {"\u2019": "'", "\u02bc": "'", "\u2018": "'", "\u00b4": "'", "\u00a0": " ", "\u202f": " ", "\u2011": "-", "\u2010": "-"}
_SAME |= {
    "\u0623": "\u0627",
    "\u0625": "\u0627",
    "\u0622": "\u0627",
    "\u0649": "\u064a",
    "\u0629": "\u0647",
    "\u0451": "\u0435",
    "\u0401": "\u0435",
}
_FOLDED = str.maketrans(_SAME)
_MARKS = dict.fromkeys((*range(0x064B, 0x0653), 0x0640))  # Arabic vowel signs and the stretching line: seldom written


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence: code points [start, stop) of the text, and whether it begins as an item of a list."""

    start: int
    stop: int
    item: bool = False


def answer_start(text: str) -> int:
    """Say where the answer begins behind a model's thinking aloud; reasoning that never ends leaves none, as in the audit's asking.

    Of reasoning that was begun for the model only the end is in the text: it counts where an answer follows, and where the mark is not
    merely spoken of.
    """
    if text.lstrip().startswith(THINKING[0]):
        end = text.find(THINKING[1])
        return end + len(THINKING[1]) if end >= 0 else len(text)
    if THINKING[0] in text:
        return 0
    end = next((mark.end() for mark in THOUGHT.finditer(text)), 0)
    return end if any(map(str.isalnum, text[end:])) else 0


class Spans:
    """Stretches [start, stop) of a text, those that overlap taken as one, to be looked up in the time that a binary search takes."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self.starts: list[int] = []
        self.stops: list[int] = []
        for start, stop in sorted(spans):
            if self.stops and start < self.stops[-1]:
                self.stops[-1] = max(self.stops[-1], stop)
            else:
                self.starts.append(start)
                self.stops.append(stop)

    def hold(self, start: int, stop: int) -> bool:
        """Say whether one of them holds all of [start, stop)."""
        place = bisect_right(self.starts, start) - 1
        return place >= 0 and stop <= self.stops[place]

    def meet(self, start: int, stop: int) -> bool:
        """Say whether one of them shares a code point with [start, stop)."""
        place = bisect_left(self.starts, stop) - 1
        return place >= 0 and start < self.stops[place]


def fold(text: str) -> str:
    """Lower the case and unify spellings without moving any code point: the result is as long as the text."""
    low = text.translate(_FOLDED).lower()
    if len(low) == len(text):
        return low
    return "".join(letter.lower()[:1] or letter for letter in text.translate(_FOLDED))


def words_of(folded: str, start: int = 0, stop: int | None = None) -> list[tuple[str, int, int]]:
    """List the words of folded text with their places; a letter of an unspaced script is a word of its own."""
    found: list[tuple[str, int, int]] = []
    for match in WORD.finditer(folded, start, len(folded) if stop is None else stop):
        if not match.group().isascii() and UNSPACED.search(match.group()):
            found.extend((letter, match.start() + i, match.start() + i + 1) for i, letter in enumerate(match.group()))
        else:
            found.append((bare(match.group()), match.start(), match.end()))
    return found


def bare(word: str) -> str:
    """Leave out the marks that the same word is written with and without."""
    return word if word.isascii() else word.translate(_MARKS)


def split_sentences(text: str) -> list[Span]:
    """Split at full stops of any script and at line ends; abbreviations, decimals and list numbers do not end a sentence."""
    spans = []
    begin = 0
    for line in text.splitlines(keepends=True):
        spans.extend(_of_line(text, begin, begin + len(line)))
        begin += len(line)
    return spans


def _of_line(text: str, start: int, stop: int) -> list[Span]:
    marker = LIST_ITEM.match(text, start, stop)
    item = marker is not None
    spans, begin, place = [], start, marker.end() if marker else start
    while place < stop:
        if text[place] in FINAL and _ends(text, begin, place, stop):
            place = _past_closing(text, place, stop)
            spans.append(_trimmed(text, begin, place, item))
            begin = place
        else:
            place += 1
    spans.append(_trimmed(text, begin, stop, item))
    return [span for span in spans if any(map(str.isalnum, text[span.start : span.stop]))]


def _ends(text: str, begin: int, place: int, stop: int) -> bool:
    if text[place] != ".":
        return True
    after = text[place + 1] if place + 1 < stop else " "
    if not (after.isspace() or after in CLOSING or after == "."):
        return False
    words = text[max(begin, place - NEAR) : place].rsplit(None, 1)
    before = words[-1].lower().lstrip("(\"'") if words else ""
    if before == "no":  # of a number, or the word
        return not text[place + 1 : min(stop, place + NEAR)].lstrip()[:1].isdigit()
    return before not in ABBREVIATIONS and not (len(before) == 1 and before.isalpha() and before != "i")


def _past_closing(text: str, place: int, stop: int) -> int:
    while place < stop and (text[place] in FINAL or text[place] in CLOSING):
        place += 1
    return place


def _trimmed(text: str, start: int, stop: int, item: bool) -> Span:
    while start < stop and text[start].isspace():
        start += 1
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    return Span(start, stop, item)


def drafted_spans(text: str) -> list[tuple[int, int]]:
    """Find what is quoted, fenced as code, or stands in a letter from its salutation on: words written for the user to use."""
    found = [match.span() for match in FENCED.finditer(text)] + [match.span() for match in QUOTED.finditer(text)]
    letter = LETTER_HEAD.search(text)
    return [*found, (letter.start(), len(text))] if letter else found
