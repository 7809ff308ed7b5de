"""Reads figures as people write them: 3.14e23, 3.14 x 10^23, 4,096, 1.4T, seven, a dozen, two thirds."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["FIGURE", "SCALED", "SCALES", "Figure", "read_figure"]

SCALES = {
    "thousand": 1e3,
    "million": 1e6,
    "millions": 1e6,
    "mn": 1e6,
    "billion": 1e9,
    "billions": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
    "trillions": 1e12,
    "tn": 1e12,
    "quadrillion": 1e15,
    "k": 1e3,
    "m": 1e6,
    "b": 1e9,
    "t": 1e12,
}
ROUND = 0.05  # a figure that ends in zeros says no more than this
LARGEST = 60  # power of ten: more operations or tokens than there will be
COARSE = 0.15  # and no figure says less

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: float(i) for i, word in enumerate(_SMALL)} | {word: 10.0 * i for i, word in enumerate(_TENS, 2)}
_ODD = {"a dozen": 12.0, "twice": 2.0, "thrice": 3.0, "half a": 0.5, "a hundred": 100.0, "a thousand": 1000.0}
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_POWER = r"(?:(?:\^|\*\*)\s*\{?\s*([-+−]?\d+)\s*\}?|([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))"
_WORD = r"(?:" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")"
_LEADS = ("in", "takes", "take", "took", "about", "for", "over", "within", "than", "under", "needs", "roughly", "just", "only", "around")
_SPAN = rf"(?:{'|'.join(f'(?<={word} )' for word in _LEADS)})an?(?=\s+(?:week|month|year|day|fortnight)\b)"
_SPELLED = (
    rf"(?:{'|'.join(_ODD)}|(?:{_WORD}|an?)[-\s]hundred(?:\s+and)?(?:[-\s]{_WORD}(?:-{_WORD})?)?|{_WORD}(?:-{_WORD})?"
    rf"|an?(?=\s+(?:million|billion|trillion)\b)|{_SPAN})"
)

# after a comma that stands for a decimal point ("7,24 billion"), as most of Europe writes it
SCALED = r"(?:(?:[mb]|tr)illions?\b|thousand\b|[mbt]n\b|%|per ?cent|[kKMGTP]i?B\b|[KMBT]\b|[kMGT]Wh\b|[x×]|times\b|T?FLOP)"
# groups: 1, 2 = exponent of a bare power of ten; 3 = mantissa, 4, 5 = its power of ten, 6 = e-notation; 7 = words; 8 = scale
FIGURE = re.compile(
    rf"(?<![\w.,/^])(?:10\s*{_POWER}"
    rf"|(\d{{1,3}}(?:[,\u202f]\d{{3}})+(?:\.\d+)?(?![\d,]\d)|\d{{1,3}}(?:\.\d{{3}}){{2,}}(?!\d)|\d+,\d{{1,2}}(?=\s?{SCALED})|\d+(?:\.\d+)?|\.\d+)"
    rf"(?:\s*[x×·*]\s*10\s*{_POWER}|[eE]([+-]?\d+))?"
    rf"|\b({_SPELLED})\b)"
    r"(?:[\s-]?(thousand|millions?|billions?|trillions?|quadrillion|bn|mn|tn)\b|\s?([KMBT])(?![\w%])|([kmb])(?![\w%]))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: its value, half of what its last digit stands for, the scale it was given with, and where it stands."""

    value: float
    half: float
    scale: str
    start: int
    end: int


def read_figure(match: re.Match[str]) -> Figure:
    """Turn a match of `FIGURE` into a value and what its digits leave open."""
    bare1, bare2, mantissa, power1, power2, exponent, words, scale1, scale2, scale3 = match.groups()
    scale = (scale1 or scale2 or scale3 or "").strip()
    if scale2 and not scale2.isupper() and match.group(0)[-2:-1] == " ":  # "7 b" is no billion
        scale = ""
    end = match.end() if scale or not (scale1 or scale2 or scale3) else match.end() - 2
    factor = SCALES.get(scale.lower(), 1.0)
    if bare1 or bare2:
        power = _power(bare1 or bare2)
        return Figure(power * factor, power * factor * COARSE, scale, match.start(), end)
    if words:
        value = _spelled(words.lower())
        half = _half(str(int(value))) if value >= 1 and value == int(value) else 0.05 * value
    else:
        digits = _plain(mantissa)
        value, half = float(digits), _half(digits)
        value, half = min(value, 10.0**LARGEST), min(half, 10.0**LARGEST)
        factor *= _power(power1 or power2 or exponent or "0")
    return Figure(value * factor, min(half, COARSE * value) * factor, scale, match.start(), end)


def _plain(mantissa: str) -> str:
    """Write a mantissa without signs between its thousands, and with a point before its decimals."""
    if re.fullmatch(r"\d+,\d{1,2}", mantissa):
        return mantissa.replace(",", ".")
    if mantissa.count(".") > 1:
        mantissa = mantissa.replace(".", "")
    return mantissa.replace(",", "").replace("\u202f", "")


def _power(text: str) -> float:
    """Return ten to a power as written; beyond what anything counts it stays at the border, so that sums stay finite."""
    digits = text.translate(_SUPER).replace("−", "-")
    return float(10.0 ** max(-LARGEST, min(LARGEST, int(digits[:8]))))


def _half(digits: str) -> float:
    """Half of the last digit's place; zeros at the end of a whole number say less, but never less than 5 %."""
    whole, _, decimals = digits.partition(".")
    if decimals:
        return float(0.5 * 10.0 ** -len(decimals))
    kept = whole.rstrip("0")
    zeros = len(whole) - len(kept)
    return max(0.5, min(0.5 * 10.0**zeros, ROUND * float(whole or 0))) if zeros else 0.5


def _spelled(words: str) -> float:
    if words in _ODD:
        return _ODD[words]
    if words in {"a", "an"}:
        return 1.0
    left, hundred, right = words.partition("hundred")
    if hundred:
        rest = right.replace(" and", " ").strip(" -")
        return 100.0 * _WORDS.get(left.strip(" -"), 1.0) + (_spelled(rest) if rest else 0.0)
    return sum(_WORDS.get(part, 0.0) for part in words.split("-"))
