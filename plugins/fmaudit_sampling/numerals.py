"""The number that an answer gives: behind its last "answer" or equals sign, or what its sentences come to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from fmaudit_sampling.measures.entropy import exact_text
from fmaudit_sampling.phrases import ANSWER, CHECK, CORRECTION

__all__ = ["Found", "final_number", "numbers", "worded"]

GROUPED = r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:[, '’]\d{3})+(?!\d)"
NUMBER = re.compile(
    rf"(?<![A-Za-z\d])(?<!\d\.)(?:(?<![\w)\]])[-+](?=[$€£¥₹]?\d))?[$€£¥₹]?(?:{GROUPED}"
    rf"|\d+(?:,\d{{1,2}}(?![\d,]))?)(?:\.\d+)?(?:\.\d{{3}})*(?:[eE][-+]?\d+)?"
)
MARKED = re.compile(r"####|\\boxed")
EQUALS = re.compile(
    r"(?<![<>!=])=(?!=)|\bequals\b|\bis equal to\b|\bgives us\b|≈|(?<=\d)\s+(?:is|are|makes?|ist|sind|macht|ergibt|font|fait"
    r"|son)\s+(?=[$€£]?\d)"
)
# what a sentence concludes with, and where its number then stands: behind the word, or else before it
CONCLUDES = re.compile(
    r"\b(?:so|thus|therefore|hence|consequently|leaving|leaves|giving|gives|makes|making|comes to|amounts to|results? in|which (?:is"
    r"|means|gives|makes)"
    r"|in total|total(?:s|ing)?|altogether|in all|overall|finally|that is|(?:to |we |you )?gets?|yields?|also|insgesamt|folglich"
    r"|somit|bleiben|donc|ainsi"
    r"|au total|reste"
    r"|por lo tanto|entonces|en total|quedan|portanto|então|no total|restam|quindi|dunque|in totale|dus|zatem|więc|итого|значит"
    r"|следовательно|всего"
    r"|остал\w+|поэтому)\b|所以|因此|总共|一共|共|还剩|よって|したがって|合計|全部で|따라서|그러므로|총|ดังนั้น|\bi\.e\.|তাই|মোট|కాబట్టి|మొత్తం",
    re.IGNORECASE,
)
# a number that follows one of these at once is the sum of the others
TOTALS = re.compile(
    r"(?:\b(?:in total|total(?:s|ing)?(?: of)?|altogether|in all|leaving|leaves|insgesamt|bleiben|au total|en total|quedan|no total"
    r"|restam|in totale"
    r"|итого|всего)\b|总共|一共|共|还剩|合計|全部で|총|মোট|మొత్తం)(?:\s*[^\W\d]+){0,2}?\s*(?=[-$€£¥₹]?\d)",
    re.IGNORECASE,
)
MONTH = r"(?:jan|ene|f[eé][bv]|m[aä]r|ma[iy]|a[pbv]r|ju[inl]|ao[uû]|aug|ago|sep|o[ck]t|nov|de[cz]|dic)\w*\.?"
# numbers that only stand beside the one that is told: in brackets, "out of 50", "of 9", "not 7", "after eating 3", the day of a date
BESIDE = re.compile(
    r"\([^()]*\)|\[[^\[\]]*\]|,\s*(?:which|who|where|qui|que)\b[^,]*(?:,|$)|,\s*(?:unlike|whereas|while|and not)\b.*"
    r"|(?<=\d)\s+(?:of|von|de|sur|из)(?:\s+(?:the|all|los|las|den))?\s+[$€£]?\d[^,.;:]*"
    r"|\b(?:out of|instead of|rather than|not|than|from|minus|per|for each|each of|statt|parmi)"
    r"\s+(?:\w+\s+){0,2}[$€£]?\d[^,.;:]*"
    r"|\b(?:because|since|as there|given that|after|before|following|when)\b[^,.;]*\d[^,.;]*"
    rf"|\b{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?!\s*\d)|\b\d{{1,2}}(?:st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?{MONTH}(?!\w)"
    r"|\b\d+\s+(?:more|less|fewer|other|extra)\b|\b\d+\s+(?:\w+\s+)?(?:in|for|per|to|at|on)\s+(?:each|every)\b",
    re.IGNORECASE,
)
DENIED = re.compile(
    r"(?:\b(?:not|nicht|pas|non|não|не)|n't)\s+(?:the\s+|a\s+)?[-$€£]?\d[\d.,]*(?<![.,])(?!\s*(?:but|more|less|%))|(?:不是"
    r"|并非)\s*\d+",
    re.IGNORECASE,
)
BEFORE = re.compile(
    r"^\s*(?:if|after|when|since|because|given|as|with|from|for|wenn|nachdem|si|après|después|если|после)\b[^,;:]*[,;:]", re.IGNORECASE
)
_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
WORDS = {word: value for value, word in enumerate(_UNITS.split())} | {word: 10 * value for value, word in enumerate(_TENS.split(), 2)}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
SPOKEN = re.compile(
    rf"\b(?:(?:{'|'.join([*WORDS, *SCALES])})(?:[\s-]+(?:and\s+)?(?=(?:{'|'.join([*WORDS, *SCALES])})\b)|\b))+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Found:
    """The number that an answer comes to, None where its sentences leave several; `among` are all of them, each in all its readings.

    `place` is the sentence that decides.
    """

    value: float | None
    among: tuple[frozenset[float], ...]
    place: int


def final_number(sentences: Sequence[str], about: frozenset[str] = frozenset()) -> Found | None:
    r"""Find the number that sentences come to; None where there is none.

    What stands behind the last "####" or "\boxed" decides, then behind the last "answer is" in any language; then an answer that begins
    with its number, then the last sentence that concludes ("so", "=", "in total"), then the one sentence that shares most words with the
    question. Sentences that check the result, and numbers that stand beside another ("42 out of 50"), do not count.
    """
    parts = _prepared(sentences)
    for mark in (MARKED, ANSWER):
        for place in reversed(range(len(parts))):
            found = list(mark.finditer(parts[place]))
            rest = parts[place][found[-1].end() :] if found else ""
            if found and not rest.strip(" :*.") and place + 1 < len(parts):
                rest, place = parts[place + 1], place + 1
            if values := numbers(_after(EQUALS, rest)) or numbers(rest):
                return Found(values[0][0], (frozenset(values[0]),), place)
    kept = [place for place, part in enumerate(parts) if not CHECK.match(part) and numbers(part)]
    if not kept:
        return None
    concluding = [place for place in kept if _concludes(parts[place])]
    if _direct(parts[kept[0]]) and not concluding and not any(CORRECTION.match(parts[place]) for place in kept[1:]):
        return _told(parts[kept[0]], kept[0])
    if concluding:
        return _told(parts[concluding[-1]], concluding[-1])
    shared = {place: _shared(parts[place], about) for place in kept}
    top = [place for place in kept if shared[place] == max(shared.values())]
    if len(top) == 1:
        return _told(parts[top[0]], top[0])
    told = [_told(parts[place], place) for place in top]
    among = tuple(dict.fromkeys(readings for each in told for readings in each.among))
    return Found(told[-1].value if len(among) == 1 else None, among, top[-1])


def numbers(text: str) -> list[tuple[float, ...]]:
    """Give the numbers of a text in order, each with its readings, the likeliest first: "1.024" is 1.024, or 1024 in German."""
    plain = unicodedata.normalize("NFKC", text).replace("−", "-")  # spaces that do not break become plain ones
    return [_readings(hit.group()) for hit in NUMBER.finditer(plain)]


def worded(text: str) -> str:
    """Write English number words as digits: "forty-two" becomes "42"; a lone "one" stays, which is more often no number."""
    whole = exact_text(text)

    def digits(hit: re.Match[str]) -> str:
        spoken = exact_text(hit.group())
        value = None if spoken in ("one", "hundred", "thousand", "million", "billion") and spoken != whole else _spoken(spoken)
        tail = hit.group()[len(hit.group().rstrip()) :]
        return hit.group() if value is None else f"{value}{tail}"

    return SPOKEN.sub(digits, text)


def _prepared(sentences: Sequence[str]) -> list[str]:
    """Take out what is denied ("not 9"), and write words as digits where there are no digits at all."""
    parts = [DENIED.sub(" ", part) for part in sentences]
    return parts if any(map(numbers, parts)) else [DENIED.sub(" ", worded(part)) for part in parts]


def _told(part: str, place: int) -> Found:
    """Read the number of one sentence."""
    rest = _after(EQUALS, part)
    if rest and (values := numbers(rest)):
        return Found(values[0][0], (frozenset(values[0]),), place)
    total = list(TOTALS.finditer(part))
    if total and (values := numbers(part[total[-1].end() :])):
        return Found(values[0][0], (frozenset(values[0]),), place)
    for text in (_after(CONCLUDES, part), _clause_before(CONCLUDES, part), part):
        if values := _main(text):
            among = tuple(dict.fromkeys(map(frozenset, values)))
            return Found(values[-1][0] if len(among) == 1 else None, among, place)
    return Found(None, (), place)


def _main(text: str) -> list[tuple[float, ...]]:
    """Give the numbers of a text but for those beside another; all where that leaves none."""
    for cleaned in (BESIDE.sub(" ", BEFORE.sub(" ", text)), BESIDE.sub(" ", text), text):
        if values := numbers(cleaned):
            return values
    return []


def _after(mark: re.Pattern[str], text: str) -> str:
    hits = list(mark.finditer(text))
    return text[hits[-1].end() :] if hits else ""


def _clause_before(mark: re.Pattern[str], text: str) -> str:
    """Give the clause that ends with the last mark: "30 in April, 42 in total"."""
    hits = list(mark.finditer(text))
    return re.split(r"[,;:]\s", text[: hits[-1].start()])[-1] if hits else ""


def _concludes(part: str) -> bool:
    return bool(CONCLUDES.search(part) or EQUALS.search(part))


def _direct(part: str) -> bool:
    """Whether a sentence begins with its number, but for a word or two such as "about" or "it is"."""
    hit = NUMBER.search(part)
    return hit is not None and len(re.findall(r"\w+", part[: hit.start()])) <= 2


def _shared(part: str, about: frozenset[str]) -> int:
    """How many words of the question a sentence has, endings aside."""
    words = set(re.findall(r"\w{3,}", part.casefold()))
    return sum(any(word.startswith(one) or (len(word) > 3 and one.startswith(word)) for word in words) for one in about)


def _readings(text: str) -> tuple[float, ...]:
    plain = re.sub(r"['’$€£¥₹\s+]", "", text)
    if re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+,\d+", plain):  # 1.024,00
        return (float(plain.replace(".", "").replace(",", ".")),)
    english = re.sub(r",(?=\d{3}(?!\d))", "", plain)
    found = [float(english.replace(",", "."))] if english.count(".") + english.count(",") < 2 else []
    if re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+", plain):  # 1.024 in German, Spanish, Portuguese ...
        found.append(float(plain.replace(".", "")))
    if re.fullmatch(r"-?\d{1,3},\d{3}", plain):
        found.append(float(plain.replace(",", ".")))
    return tuple(dict.fromkeys(found)) or (float(re.sub(r"[.,]", "", plain)),)


def _spoken(text: str) -> int | None:
    """Read English number words, years as well ("nineteen forty-five"); None where they are several numbers."""
    parts = [part for part in re.split(r"[\s-]+", text) if part != "and"]
    total = group = 0
    for word in parts:
        if word == "hundred":
            group = max(1, group) * 100
        elif word in SCALES:
            total, group = total + max(1, group) * SCALES[word], 0
        else:
            value, tail = WORDS[word], group % 100
            if value >= 10 and 10 <= group < 100 and not total:  # nineteen | forty-five
                group *= 100
            elif tail and (value >= 10 or tail < 20 or tail % 10):
                return None
            group += value
    return total + group
