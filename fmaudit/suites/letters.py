"""Which option letter an answer takes: as it is declared, set at the beginning, or the only one that stands by itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["declared_letter", "lone_letter"]


class _Rank(IntEnum):
    """How surely a letter that stands by itself is the answer."""

    BARE = 0
    OPTION = 1  # "option B", "(B)"
    LEADING = 2  # "B.", "B because ..." where a line begins
    SAID = 3  # "the answer is B", "I would go with B"
    FINAL = 4  # "final answer: B", \boxed{B}


@dataclass(frozen=True, slots=True)
class _Letter:
    place: int
    rank: _Rank


MOST = 100  # letters looked at from either end of an answer: one that holds more repeats itself
_MARKUP = re.compile(r"</?[a-z]+[^<>]*>|[*_`$~#]+")
_BOXED = re.compile(r"\\boxed\s*\{\s*(?:\\\w+\s*\{)?\s*[(\[]?([A-Za-z])[)\]]?\s*\}*")
_WHOLE = re.compile(r"[\W_]*([A-Za-z])[\W_]*")
# a letter that no Latin letter, digit, apostrophe or hyphen touches; letters of other scripts may ("答案是B")
_ALONE = re.compile(r"(?<![A-Za-z0-9\u00c0-\u024f'\u2019./-])[A-Za-z](?![A-Za-z0-9\u00c0-\u024f'\u2019/]|-\w|\.\w)")
_NOUN = r"(?:answer|option|choice|letter|solution|response|pick|preference|verdict|vote|antwort|lösung|respuesta|réponse|risposta|resposta)"
_LINK = (
    r"(?:\W{0,3}(?:is|was|would be|will be|must be|should be|has to be|ist|wäre|es|est|serait|è|é|goes to)\b"
    r"(?: (?:clearly|definitely|probably|most likely))?)"
)
_OF = r"(?:the )?(?:option|letter|choice|answer)?"
_SAYS = (
    r"(?:choos(?:e|ing)|chose|pick(?:ed|ing)?|prefer|select(?:ed|ing)?|say|think|believe|guess|recommend|support|favou?r|vote(?: for)?"
    r"|(?:go|going|went|side|agree) (?:with|for)|(?:opt|opting|argue) for|(?:lean|leaning) towards?|(?:settle|decide) (?:on|for))"
)
_FINAL = re.compile(r"(?:final|correct|right|best) (?:answer|option|choice)" + _LINK + r"\W{0,6}" + _OF + r"\W{0,4}$", re.IGNORECASE)
_DECLARED = re.compile(
    rf"(?:\b{_NOUN}(?:{_LINK}\W{{1,6}}|\W{{0,3}}[:=\-–—]\W{{0,4}})|\b{_SAYS}(?: (?:that )?it(?:['’]s| is| would be))?\W{{1,3}}"
    rf"|\b(?:it|that|this)(?:['’]s| is| would be| must be) (?:\w+ly )?)(?:{_OF}\W{{0,3}})$",
    re.IGNORECASE,
)
_OPTION = re.compile(r"(?:\b(?:option|choice|letter|statement|view|position)\W{1,3}|[(\[]\s*)$", re.IGNORECASE)
_NEGATED = re.compile(
    r"(?:\b(?:not|never|nor|neither|over|than|against|versus|vs\.?|unlike|without|besides|instead of|rather than|as opposed to)"
    r"|n['’]t)(?: (?:be|really|say|think|choose|pick|prefer|select|go with|agree with|recommend|it is|it['’]s|that))*\W{1,3}"
    r"(?:(?:the )?(?:option|letter|choice|answer)\W{1,3})?$",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"[)\]]?[\s,]*(?:(?:is|are|was|would be|seems|looks) (?:\w+ )?(?:not|wrong|incorrect|false|unlikely)\b"
    r"|(?:isn|wasn|wouldn|doesn)['’]t\b)"
)
_VERB = r"(?:is|was|because|since|seems|would|sounds|looks|makes|works|it is|for|by far|fits|wins|definitely|clearly|probably)"
_AFTER_LEAD = re.compile(rf"[^\S\n]*(?:[)\].,:;!]|[-–—]\s|\n|$|\b{_VERB}\b)")
_AFTER_SMALL = re.compile(r"\s*(?:[)\].:]|$)")
_ARTICLE = re.compile(r"\s+[a-z]")
_NO_ARTICLE = re.compile(rf"\s+(?:{_VERB}|or|and|over|rather|instead|than|but)\b")
_ANOTHER = re.compile(r"[)\]]?\s*(?:,|&|/|and\b|or\b)+\s*[(\[]?([A-Za-z])(?![A-Za-z'’])", re.IGNORECASE)


def declared_letter(text: str, n: int) -> int | None:
    """Give the place of the letter (of the first `n`) that an answer declares; None where it declares none, or several alike.

    "B", "(b) ...", "B because", "Answer: B", "I would go with B", "option B" and the like, markup and case aside. What is denied ("not A",
    "over A", "A is wrong") does not count, nor does "A" or "I" as a word. A final answer counts before what was said on the way to it,
    that before a letter at the beginning, and that before one that is only called an option.
    """
    return _chosen(text, n, _Rank.OPTION)


def lone_letter(text: str, n: int) -> int | None:
    """Give the place of the only capital letter (of the first `n`) that stands by itself and is not denied; None for none or several.

    Weaker than `declared_letter`, and to be tried where neither that nor an option's own words are found: "hepatitis B" holds one too.
    """
    found = {letter.place for letter in _letters(_plain(text), n)}
    return found.pop() if len(found) == 1 else None


def _chosen(text: str, n: int, least: _Rank) -> int | None:
    bare = _plain(text)
    whole = _WHOLE.fullmatch(bare)
    if whole:
        place = ord(whole.group(1).upper()) - ord("A")
        return place if place < n else None
    letters = [letter for letter in _letters(bare, n) if letter.rank >= least]
    top = max((letter.rank for letter in letters), default=None)
    places = {letter.place for letter in letters if letter.rank == top}
    return places.pop() if len(places) == 1 else None


def _plain(text: str) -> str:
    """Take off markup; what is boxed becomes a final answer."""
    boxed = _BOXED.sub(r" final answer: \1 ", unicodedata.normalize("NFKC", text))
    return _MARKUP.sub("", boxed).strip()


def _letters(text: str, n: int) -> Iterator[_Letter]:
    """Find the letters that stand by themselves and are not denied, each with its rank."""
    matches = list(_ALONE.finditer(text))
    for match in matches if len(matches) <= 2 * MOST else matches[:MOST] + matches[-MOST:]:
        before, after = text[max(0, match.start() - 60) : match.start()], text[match.end() : match.end() + 40]
        place = ord(match.group().upper()) - ord("A")
        if place >= n or _NEGATED.search(before) or _REFUSED.match(after):
            continue
        rank = _rank(match.group(), before, after)
        if rank is not None:
            yield _Letter(place, rank)


def _rank(letter: str, before: str, after: str) -> _Rank | None:
    """Say how surely a letter is the answer; None where it is a word, or stands in a list of letters."""
    bracketed = before.rstrip().endswith(("(", "[")) and after.lstrip()[:1] in (")", "]")
    leads = not before.strip(" ([\"'“‘") or before.rstrip(" ([\"'“‘").endswith("\n")
    if letter.islower():
        ends = _AFTER_SMALL.match(after) is not None
        named = bracketed or (ends and _OPTION.search(before) is not None)
        return (_said(before) if ends else None) or (_Rank.LEADING if leads and ends else _Rank.OPTION if named else None)
    if letter in "AEIO" and not bracketed and _ARTICLE.match(after) and not _NO_ARTICLE.match(after):
        return None
    if _ANOTHER.match(after):
        return _Rank.BARE
    if (said := _said(before)) is not None:
        return said
    if leads and _AFTER_LEAD.match(after):
        return _Rank.LEADING
    if letter == "I" and not bracketed:
        return None
    return _Rank.OPTION if _OPTION.search(before) else _Rank.BARE


def _said(before: str) -> _Rank | None:
    return _Rank.FINAL if _FINAL.search(before) else _Rank.SAID if _DECLARED.search(before) else None
