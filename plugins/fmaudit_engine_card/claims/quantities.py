"""Finds quantities in a sentence: a figure or a range with its unit, its hedges, and whether it is denied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from fmaudit_engine_card.claims.figures import FIGURE, Figure, read_figure
from fmaudit_engine_card.claims.units import Unit, prefix_unit, read_unit

__all__ = ["Quantity", "find_quantities"]

ABOUT = 0.10  # what "about" allows
NEARLY = 0.10  # "almost 2" is between 1.8 and 2
MAGNITUDE = 3.0  # "on the order of"

_APPROXIMATE = re.compile(
    (
        r"(?:about|around|roughly|approximately|approx\.?|some|circa|ca\.|c\.|~|≈|∼|an? estimated|estimated at"
        r"|in the region of|or so)\s*(?:US)?[$€£]?\s*$"
    ),
    re.I,
)
_ORDER = re.compile(r"(?:on|of|in) the order of\s*(?:US)?[$€£]?\s*$", re.I)
_UNDER = re.compile(
    (
        r"(?:almost|nearly|just under|close to|just below|a little (?:under|less than)|not quite|slightly (?:under"
        r"|below|less than))\s*(?:US)?[$€£]?\s*$"
    ),
    re.I,
)
_ABOVE = re.compile(r"(?:just over|slightly (?:more than|over|above)|just above|a little (?:over|more than))\s*(?:US)?[$€£]?\s*$", re.I)
_LEAST = re.compile(
    (
        r"(?:(?<!no )(?<!not )more than|(?<!spread )(?<!distributed )(?<!trained )(?<!run )(?<!running )over|above|at least|exceed(?:s"
        r"|ed|ing)?|upwards? of|no less than|(?<![-=–—])[>≥]=?|greater than|well over|beyond)\s*(?:US)?[$€£]?\s*$"
    ),
    re.I,
)
_MOST = re.compile(r"(?:less than|under|below|at most|fewer than|no more than|[<≤]=?(?!-)|within|not more than)\s*(?:US)?[$€£]?\s*$", re.I)
_BETWEEN = re.compile(r"(?:between|from|anywhere from)\s*(?:US)?[$€£]?\s*$", re.I)
_JOIN = re.compile(r"\s*(?:[-–—−~]|to|and|or|up to)\s*(?:US)?[$€£]?\s*", re.I)
_AFTER_APPROXIMATE = re.compile(r"\s*(?:or so|-ish|or thereabouts|, roughly|, approximately|, give or take)", re.I)
_DENIED = re.compile(
    (
        r"(?:\bnot|\brather than|\binstead of|\bnor|\bnever|n't|n’t|\bno)\s+(?:the\s+|just\s+|merely\s+|as\s+(?:often"
        r"|sometimes)\s+\w+,?\s+)?(?:about\s+|roughly\s+)?(?:US)?[$€£]?\s*$"
    ),
    re.I,
)


_SHARES = {"third": 1 / 3, "quarter": 0.25, "fifth": 0.2, "tenth": 0.1, "half": 0.5}
_ONE_IN = re.compile(r"\b(?:one|1)\s+(?:in|out of)\s+(?:every\s+)?(three|four|five|six|seven|eight|nine|ten|twenty|\d{1,4})\b", re.I)
_FRACTION = re.compile(
    (
        r"\b((?:two|three|four)[-\s](?:thirds|quarters|fifths|tenths)|(?:a|one)[-\s](?:third|quarter|fifth|tenth"
        r"|half)|half)(?=\s+(?:of|the|all)\b)"
    ),
    re.I,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a text states: every value between `low` and `high` would have been written like this.

    `unit` is a name of units.py ("" for a bare figure), in base units: bytes, seconds, tokens, USD, FLOP, kWh, kilograms, per cent.
    `bound` is "at-least" or "at-most" where the text says so. `scale` is the word or letter the figure was given with.
    """

    text: str
    start: int
    end: int
    value: float
    low: float
    high: float
    unit: str = ""
    detail: str = ""  # what the unit names besides, such as the device of device hours
    bound: str = ""
    scale: str = ""
    approximate: bool = False
    denied: bool = False
    ranged: bool = False

    def admits(self, value: float, slack: float = 0.0) -> bool:
        """Tell whether the text may stand for a value; `slack` is what the value itself leaves open, as a share of it."""
        room = abs(value) * slack
        if self.bound == "at-least":
            return value + room >= self.low
        if self.bound == "at-most":
            return value - room <= self.high
        return self.low - room <= value <= self.high + room


def find_quantities(text: str, hidden: Sequence[tuple[int, int]] = ()) -> list[Quantity]:
    """Find the quantities of a sentence in their order; nothing that begins inside `hidden` spans (names) is one."""
    found = list(_fractions(text))
    at = 0
    while (match := FIGURE.search(text, at)) is not None:
        at = match.end()
        if any(start <= match.start() < end for start, end in hidden):
            at = max(match.start() + 1, max(end for start, end in hidden if start <= match.start() < end))
            continue
        if re.match(r"(?:19|20)\d0s\b", text[match.start() : match.start() + 5]):  # a decade
            continue
        if any(other.start <= match.start() < other.end for other in found if other.unit == "percent"):
            continue
        quantity = _quantity(text, read_figure(match), hidden)
        at = max(quantity.end, match.start() + 1)
        found.append(_with_currency(text, quantity))
    return sorted(found, key=lambda quantity: quantity.start)


def _with_currency(text: str, quantity: Quantity) -> Quantity:
    """Let a price begin with its currency."""
    sign = re.search(r"(?:US\s?)?[$€£]\s?$", text[: quantity.start]) if quantity.unit.startswith("usd") else None
    return replace(quantity, start=sign.start(), text=text[sign.start() : quantity.end]) if sign else quantity


def _fractions(text: str) -> Iterator[Quantity]:
    """Read "two thirds of" as a share in per cent."""
    for match in _FRACTION.finditer(text):
        many = {"two": 2, "three": 3, "four": 4}.get(match.group(1).split("-")[0].split()[0].lower(), 1)
        value = 100.0 * many * next(share for word, share in _SHARES.items() if word in match.group(1).lower())
        made = Quantity(match.group(1), match.start(), match.end(1), value, 0.93 * value, 1.07 * value, "percent")
        yield _hedged(text, made, text[max(0, match.start() - 40) : match.start()])
    for match in _ONE_IN.finditer(text):
        of = FIGURE.match(match.group(1))
        value = 100.0 / read_figure(of).value if of and read_figure(of).value else 100.0
        made = Quantity(match.group(0), match.start(), match.end(), value, 0.93 * value, 1.07 * value, "percent")
        yield _hedged(text, made, text[max(0, match.start() - 40) : match.start()])


def _quantity(text: str, first: Figure, hidden: Sequence[tuple[int, int]]) -> Quantity:
    unit = read_unit(text, first.end, first.scale)
    join = _JOIN.match(text, unit.end if unit.name in {"usd", "percent", ""} or not unit.name else first.end)
    second = FIGURE.match(text, join.end()) if join and not any(a <= join.end() < b for a, b in hidden) else None
    before = text[max(0, first.start - 40) : first.start]
    if second and join and _is_range(text, first, join, before):
        return _ranged(text, first, read_figure(second), before)
    unit = _with_prefix(text, first, unit)
    low, high = first.value - first.half, max(first.value + first.half, _binary(first))
    made = Quantity(
        text[first.start : unit.end],
        first.start,
        unit.end,
        first.value * unit.low,
        low * unit.low,
        high * unit.high,
        unit.name,
        unit.detail,
        scale=first.scale,
    )
    return _hedged(text, made, before)


def _binary(figure: Figure) -> float:
    """Return what a figure is if its K counts 1,024: 128K tokens are 131,072; other figures are themselves."""
    count = figure.value / 1000.0
    power_of_two = count >= 1 and count == int(count) and not int(count) & (int(count) - 1)
    return count * 1024.0 if figure.scale == "K" and power_of_two else figure.value


def _is_range(text: str, first: Figure, join: re.Match[str], before: str) -> bool:
    word = join.group(0).strip().lower()
    if word.startswith("and"):
        return bool(_BETWEEN.search(before))
    if word.startswith("or"):
        return text[first.end : first.end + 1] == " " and first.value < 100
    return True


def _ranged(text: str, first: Figure, second: Figure, before: str) -> Quantity:
    unit = _with_prefix(text, first, read_unit(text, second.end, second.scale))
    if not first.scale and second.scale and first.value < second.value / 1e2:
        factor = second.value / max(_mantissa(second), 1e-300)
        first = replace(first, value=first.value * factor, half=first.half * factor)
    if second.value <= first.value:  # "7-2" is no range
        return _hedged(
            text,
            Quantity(
                text[first.start : first.end],
                first.start,
                first.end,
                first.value,
                first.value - first.half,
                first.value + first.half,
                "",
                scale=first.scale,
            ),
            before,
        )
    low, high = (first.value - first.half) * unit.low, (second.value + second.half) * unit.high
    middle = 0.5 * (first.value + second.value) * unit.low
    made = Quantity(
        text[first.start : unit.end], first.start, unit.end, middle, low, high, unit.name, unit.detail, scale=second.scale, ranged=True
    )
    return replace(made, denied=bool(_DENIED.search(before)), approximate=bool(_APPROXIMATE.search(before)))


def _mantissa(figure: Figure) -> float:
    from fmaudit_engine_card.claims.figures import SCALES

    return figure.value / SCALES.get(figure.scale.lower(), 1.0)


def _with_prefix(text: str, figure: Figure, unit: Unit) -> Unit:
    """Let a currency before the figure name the unit."""
    return prefix_unit(text, figure.start, figure.end, unit)


def _hedged(text: str, made: Quantity, before: str) -> Quantity:
    """Widen a quantity by the words around it."""
    made = replace(made, denied=bool(_DENIED.search(before)))
    room = abs(made.value)
    if _ORDER.search(before):
        return replace(made, low=made.low / MAGNITUDE, high=made.high * MAGNITUDE, approximate=True)
    if _UNDER.search(before):
        return replace(made, low=min(made.low, made.value - NEARLY * room), approximate=True)
    if _ABOVE.search(before):
        return replace(made, high=max(made.high, made.value + NEARLY * room), approximate=True)
    if _LEAST.search(before):
        return replace(made, low=made.value, bound="at-least")
    if _MOST.search(before):
        return replace(made, high=max(made.high, made.value), bound="at-most")
    if _APPROXIMATE.search(before) or _AFTER_APPROXIMATE.match(text, made.end):
        return replace(made, low=min(made.low, made.value - ABOUT * room), high=max(made.high, made.value + ABOUT * room), approximate=True)
    return made
