"""Numbers in a text: as they are written in many countries, and in English words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from fmaudit_sampling.measures.entropy import exact_text

__all__ = ["CURRENCY", "NUMBER", "SPOKEN", "numbers", "readings", "worded"]

CURRENCY = "$€£¥₹"
GROUPED = r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:[, '’]\d{3})+(?!\d)"
NUMBER = re.compile(
    rf"(?<![A-Za-z\d])(?<!\d\.)(?:(?<![\w)\]])[-+](?=[{CURRENCY}]?\d))?[{CURRENCY}]?(?:{GROUPED}"
    rf"|\d+(?:,\d{{1,2}}(?![\d,]))?)(?:\.\d+)?(?:\.\d{{3}})*(?:[eE][-+]?\d+)?"
)
_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
WORDS = {word: value for value, word in enumerate(_UNITS.split())} | {word: 10 * value for value, word in enumerate(_TENS.split(), 2)}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
SPOKEN = re.compile(
    rf"\b(?:(?:{'|'.join([*WORDS, *SCALES])})(?:[\s-]+(?:and\s+)?(?=(?:{'|'.join([*WORDS, *SCALES])})\b)|\b))+", re.IGNORECASE
)


def numbers(text: str) -> list[tuple[float, ...]]:
    """Give the numbers of a text in order, each with its readings, the likeliest first: "1.024" is 1.024, or 1024 in German."""
    plain = unicodedata.normalize("NFKC", text).replace("−", "-")  # spaces that do not break become plain ones
    return [readings(hit.group()) for hit in NUMBER.finditer(plain)]


def worded(text: str, which: Callable[[re.Match[str]], bool] = lambda hit: True) -> str:
    """Write English number words as digits: "forty-two" becomes "42"; a lone "one" stays, which is more often no number.

    `which` says of a match whether it is to be written so.
    """
    whole = exact_text(text)

    def digits(hit: re.Match[str]) -> str:
        spoken = exact_text(hit.group())
        value = None if spoken in ("one", "hundred", "thousand", "million", "billion") and spoken != whole else _spoken(spoken)
        tail = hit.group()[len(hit.group().rstrip()) :]
        return hit.group() if value is None or not which(hit) else f"{value}{tail}"

    return SPOKEN.sub(digits, text)


def readings(text: str) -> tuple[float, ...]:
    """Read one written number, the likeliest reading first."""
    plain = re.sub(rf"['’{CURRENCY}\s+]", "", text)
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
