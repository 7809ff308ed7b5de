"""The number that an answer gives: behind its last "answer" or equals sign, or what its sentences come to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from fmaudit_sampling.asked import NOTHING, Asked, thing_hits
from fmaudit_sampling.besides import CONCLUDES, EQUALS, MONTH, apart, shared, trimmed
from fmaudit_sampling.digits import CURRENCY, NUMBER, numbers, readings, worded
from fmaudit_sampling.phrases import ANSWER, CHECK, CORRECTION

__all__ = ["Found", "final_number", "numbers", "worded"]

MARKED = re.compile(r"####|\\boxed")
# a number that follows one of these at once is the sum of the others
TOTALS = re.compile(
    r"(?:\b(?:in total|total(?:s|ing)?(?: of)?|altogether|in all|leaving|leaves|insgesamt|bleiben|au total|en total|quedan|no total"
    r"|restam|in totale|итого|всего)\b|总共|一共|共|还剩|合計|全部で|총|মোট|మొత్తం)(?:\s*[^\W\d]+){0,2}?\s*(?=[-$€£¥₹]?\d)",
    re.IGNORECASE,
)
# numbers that only stand beside the one that is told: in brackets, "out of 50", "of 9", "not 7", "after eating 3", the day of a date
BESIDE = re.compile(
    r"\([^()]*\)|\[[^\[\]]*\]|,\s*(?:which|who|where|qui|que)\b[^,]*(?:,|$)|,\s*(?:unlike|whereas|while|and not)\b.*"
    r"|(?<=\d)\s+(?:of|von|de|sur|из)(?:\s+(?:the|all|los|las|den))?\s+[$€£]?\d[^,.;:]*"
    rf"|\b(?:out of|instead of|rather than|not|than|from|minus|per|for each|each of|statt|parmi)\s+(?:\w+\s+){{0,2}}[$€£]?\d[^,.;:]*"
    r"|\b(?:because|since|as there|given that|after|before|following|when|lasted|nach|vor|après|avant|después de|antes de|depois de|dopo"
    rf"|prima di|после)\b[^,.;]*\d[^,.;]*|\b{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?!\s*\d)"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?{MONTH}(?!\w)|\b\d+\s+(?:more|less|fewer|other|extra)\b"
    r"|\b\d+\s+(?:\w+\s+)?(?:in|for|per|to|at|on)\s+(?:each|every)\b",
    re.IGNORECASE,
)
DENIED = re.compile(
    r"(?:\b(?:not|nicht|pas|non|não|не)|n't)\s+(?:the\s+|a\s+)?[-$€£]?\d[\d.,]*(?<![.,])(?!\s*(?:but|more|less|%))|(?:不是|并非)\s*\d+",
    re.IGNORECASE,
)
BEFORE = re.compile(
    r"^\s*(?:if|after|when|since|because|given|as|with|from|for|wenn|nachdem|si|après|después|если|после)\b[^,;:]*[,;:]", re.IGNORECASE
)
PER = re.compile(r"\b(?:per|each|every|pro|par|por|cada|chaque|a)\s+([^\W\d]+)", re.IGNORECASE)
CLAUSES = re.compile(r"([,;:—–]\s+|\s(?:and|und|et|y|e|и|en)\s|、|,(?=[^\s\d]))")
BARE = re.compile(
    rf"[^\w+{CURRENCY}-]*(?:[^\W\d]+\s+){{0,2}}?({NUMBER.pattern})\s*(?:[;:(—–]|[,.]\s|$)(?!\s*{NUMBER.pattern})"
)  # "88 - which is"
TERSE = 3  # words
TOTALLY = re.compile(r"in total|altogether|in all|overall|insgesamt|au total|en total|no total|in totale|всего|итого", re.IGNORECASE)
LONGEST = 400  # letters at either end of a sentence that are looked at
MOST = 40  # clauses or marks of one sentence that are looked at


@dataclass(frozen=True, slots=True)
class Found:
    """The number that an answer comes to, None where its sentences leave several; `among` are all of them, each in all its readings.

    `place` is the sentence that decides. `sure` says that something names this number as the answer: "answer", a conclusion, or that it is
    all that the answer begins with. `told` are all numbers of the answer.
    """

    value: float | None
    among: tuple[frozenset[float], ...]
    place: int
    sure: bool = True
    told: tuple[frozenset[float], ...] = ()


def final_number(sentences: Sequence[str], asked: Asked = NOTHING) -> Found | None:
    r"""Find the number that sentences come to; None where there is none.

    What stands behind the last "####" or "\boxed" decides, then behind the last "answer is" in any language; then an answer that begins
    with its number, then the last sentence that concludes ("so", "=", "in total"), then the number of the thing that is `asked` for, then
    the one sentence that shares most words with the question. Sentences that check the result, and what `trimmed` takes out, do not count.
    Where a year is asked, years alone count.
    """
    parts = _prepared(sentences, asked)
    told = tuple(dict.fromkeys(frozenset(each) for part in parts for each in numbers(part)))
    found = _marked(parts, asked) or _unmarked(parts, asked)
    return replace(found, told=told) if found else None


def _prepared(sentences: Sequence[str], asked: Asked) -> list[str]:
    """Take out what is denied ("not 9"), and write words as digits: all where there are no digits, else such as are the answer's own."""
    plain = [_bounded(unicodedata.normalize("NFKC", part).replace("−", "-")) for part in sentences]
    parts = [DENIED.sub(" ", part) for part in plain]
    if not any(map(numbers, parts)):
        return [DENIED.sub(" ", worded(part)) for part in parts]
    parts = [worded(part, lambda hit: _own(hit, asked)) for part in parts]
    return apart(parts) if asked.year else parts


def _bounded(part: str) -> str:
    """Keep the beginning and the end of a sentence without end."""
    if len(part) <= 2 * LONGEST:
        return part
    return f"{part[:LONGEST].rpartition(' ')[0]} ... {part[-LONGEST:].partition(' ')[2]}"


def _own(hit: re.Match[str], asked: Asked) -> bool:
    """Whether a number in words stands before the thing that is counted, or alone at the beginning of its sentence."""
    if thing_hits(f"2 {hit.string[hit.end() : hit.end() + 80]}", asked):
        return True
    return len(hit.string[: hit.start()].split()) <= 1 and re.match(r"\s*[,.;:()—–]", hit.string[hit.end() :]) is not None


def _marked(parts: Sequence[str], asked: Asked) -> Found | None:
    for mark in (MARKED, ANSWER):
        for place in reversed(range(len(parts))):
            found = list(mark.finditer(parts[place]))
            rest = parts[place][found[-1].end() :] if found else ""
            if found and not rest.strip(" :*.") and place + 1 < len(parts):
                rest, place = parts[place + 1], place + 1
            rest = trimmed(rest, asked) if rest else rest
            if values := numbers(_after(EQUALS, rest)) or numbers(rest):
                return Found(values[0][0], (frozenset(values[0]),), place)
    return None


def _unmarked(parts: Sequence[str], asked: Asked) -> Found | None:
    kept = {place: trimmed(part, asked) for place, part in enumerate(parts) if not CHECK.match(part) and numbers(part)}
    if not kept:
        return None
    concluding = [place for place, part in kept.items() if _concludes(part)]
    first = min(kept)
    corrected = any(CORRECTION.match(kept[place]) for place in kept if place != first)
    if _direct(kept[first]) and not concluding and not corrected and (len(kept) == 1 or numbers(BESIDE.sub(" ", kept[first]))):
        return _begun(_new(kept, asked), first, asked)
    if one := _of_one(kept, asked):
        return one
    if concluding:
        return _concluded(kept, concluding, asked)
    kept = _new(kept, asked)
    if one := _thing(kept, asked):
        return one
    return _likeliest(kept, asked)


def _begun(kept: dict[int, str], place: int, asked: Asked) -> Found:
    """Read an answer that begins with its number: sure where it is the only one, or a few words that answer a plain question."""
    part = kept[place]
    alone = len({frozenset(value) for each in kept.values() for value in numbers(each)}) == 1
    bare = BARE.match(part)
    hits = [] if bare else thing_hits(part, asked)
    values = numbers(bare.group(1)) if bare else hits if len(set(map(frozenset, hits))) == 1 else []
    sure = alone or (asked.short and len(part.split()) <= TERSE)
    return Found(values[0][0], (frozenset(values[0]),), place, sure) if values else replace(_told(part, place), sure=sure)


def _new(kept: dict[int, str], asked: Asked) -> dict[int, str]:
    """Leave out the numbers that a plain question gives, in sentences with others."""
    if not (asked.short and asked.given):
        return kept
    fresh = {
        place: NUMBER.sub(lambda hit: " " if asked.given & set(readings(hit.group())) else hit.group(), part)
        for place, part in kept.items()
    }
    return {place: fresh[place] if numbers(fresh[place]) else part for place, part in kept.items()}


def _of_one(kept: dict[int, str], asked: Asked) -> Found | None:
    """Find the number told "per team" where a plain question asks of one team."""
    if not (asked.each and asked.short) or asked.total:
        return None
    for place, part in kept.items():
        for hit in PER.finditer(part):
            if shared(hit.group(1), asked.words) and (values := thing_hits(part[: hit.end()], asked)):
                return Found(values[-1][0], (frozenset(values[-1]),), place, sure=False)
    return None


def _concluded(kept: dict[int, str], concluding: Sequence[int], asked: Asked) -> Found:
    """Read the last conclusion; of a plain question with numbers, that before the sum is done the other way round."""
    place = concluding[-1]
    if asked.short and asked.given and (left := _unproved(kept)) != kept:
        place = max([one for one in left if _concludes(left[one])] or [place])
        return replace(_told(left.get(place, kept[place]), place), sure=False)
    doubted = asked.short and not asked.total and TOTALS.search(kept[place]) is not None
    return replace(_told(kept[place], place), sure=not doubted)


def _unproved(kept: dict[int, str]) -> dict[int, str]:
    """Take out the clauses that do an earlier sum the other way round: they begin with its result, and come to what it began with."""
    left: dict[int, str] = {}
    before: list[tuple[frozenset[float], float]] = []
    for place, part in kept.items():
        parts = CLAUSES.split(part, maxsplit=MOST)
        for i in range(0, len(parts), 2):
            sums = list(_sums(parts[i]))
            if any(result in given and back in first for given, back in sums for first, result in before):
                parts[i] = ""
            before += sums[: MOST - len(before)]
        if numbers(text := "".join(parts)):
            left[place] = text
    return left


def _sums(clause: str) -> Iterator[tuple[frozenset[float], float]]:
    """Give the numbers before and behind each equals sign of a clause."""
    sides = [[value[0] for value in numbers(side)] for side in EQUALS.split(clause)]
    return ((frozenset(left), right[0]) for left, right in pairwise(sides) if left and right)


def _thing(kept: dict[int, str], asked: Asked) -> Found | None:
    """Read the one number of the thing that is counted; None where there is none, or several."""
    cleaned = [(value, place) for place, part in kept.items() for value in thing_hits(_cleaned(part), asked)]
    hits = cleaned or [(value, place) for place, part in kept.items() for value in thing_hits(part, asked)]
    if len({frozenset(value) for value, _ in hits}) != 1:
        return None
    value, place = hits[0]
    return Found(value[0], (frozenset(value),), place, sure=False)


def _likeliest(kept: dict[int, str], asked: Asked) -> Found:
    """Read the sentence, or where that leaves several numbers its clause, that shares most words with the question."""
    scores = {place: shared(part, asked.words) for place, part in kept.items()}
    top = [place for place in kept if scores[place] == max(scores.values())]
    told = [_told(kept[place], place) for place in top]
    if len(told) == 1 and told[0].value is None:
        told = [_clause(kept[top[0]], top[0], asked) or told[0]]
    among = tuple(dict.fromkeys(readings for each in told for readings in each.among))
    return Found(told[-1].value if len(among) == 1 else None, among, top[-1], sure=False)


def _clause(part: str, place: int, asked: Asked) -> Found | None:
    clauses = [clause for clause in CLAUSES.split(part, maxsplit=MOST)[::2] if numbers(clause)]
    scores = [shared(clause, asked.words) for clause in clauses]
    top = [clause for clause, score in zip(clauses, scores, strict=True) if score == max(scores)]
    return _told(top[0], place) if len(top) == 1 else None


def _told(part: str, place: int) -> Found:
    """Read the number of one sentence: behind the last mark that has one, or before it ("42 in total")."""
    equals = _after(EQUALS, part)
    sums = [frozenset(value) for value in numbers(equals)[:1]]
    for mark, is_sum in reversed(_marks(part)):
        if is_sum:
            if sums:
                break
            continue
        total = TOTALS.match(part, mark.start())
        if total and (values := numbers(part[total.end() :])):
            return Found(values[0][0], (frozenset(values[0]),), place)
        if values := _beside(part, mark):
            among = tuple(dict.fromkeys(map(frozenset, values)))
            if len(among) > 1 and sums and sums[0] in among:
                break
            return Found(values[-1][0] if len(among) == 1 else None, among, place)
    if sums:
        return Found(numbers(equals)[0][0], (sums[0],), place)
    values = _main(part)
    among = tuple(dict.fromkeys(map(frozenset, values)))
    return Found(values[-1][0] if len(among) == 1 else None, among, place)


def _marks(part: str) -> list[tuple[re.Match[str], bool]]:
    """Give the last places at which a sentence concludes, in order, and whether each is an equals sign."""
    marks = [(hit, True) for hit in EQUALS.finditer(part)] + [(hit, False) for hit in CONCLUDES.finditer(part)]
    return sorted(marks, key=lambda one: one[0].start())[-MOST:]


def _beside(part: str, mark: re.Match[str]) -> list[tuple[float, ...]]:
    """Give the numbers behind a conclusion's mark, else those of the clause before it; before it first where a comma follows."""
    behind, before = part[mark.end() :], CLAUSES.split(part[: mark.start()])[-1]
    sides = (before, behind) if TOTALLY.fullmatch(mark.group()) and re.match(r"\s*[,;(]", behind) else (behind, before)
    for side in sides:
        if values := numbers(_after(EQUALS, side))[:1] or (_main(side) if numbers(side) else []):
            return values
    return []


def _cleaned(text: str) -> str:
    return BESIDE.sub(" ", BEFORE.sub(" ", text))


def _main(text: str) -> list[tuple[float, ...]]:
    """Give the numbers of a text but for those beside another; all where that leaves none."""
    for cleaned in (_cleaned(text), BESIDE.sub(" ", text), text):
        if values := numbers(cleaned):
            return values
    return []


def _after(mark: re.Pattern[str], text: str) -> str:
    hits = list(mark.finditer(text))
    return text[hits[-1].end() :] if hits else ""


def _concludes(part: str) -> bool:
    return bool(CONCLUDES.search(part) or EQUALS.search(part))


def _direct(part: str) -> bool:
    """Whether a sentence begins with its number, but for a word or two such as "about" or "it is"."""
    hit = NUMBER.search(part)
    return hit is not None and len(re.findall(r"\w+", part[: hit.start()])) <= 2
