"""Write numbers for people: no more digits than the interval supports, units that fit, and words where there is no number."""

from __future__ import annotations

import math
from typing import NamedTuple

from fmaudit.records import Metric, MetricStatus

__all__ = ["HUGE", "Shown", "compact", "count", "describe", "duration", "number", "plural", "share", "show", "size"]

_NBSP = "\u00a0"
HUGE = 1e15  # from here on a power of ten is easier to read than a unit
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_STEPS = {
    "bytes": ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (0.0, "B")),
    "seconds": ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (0.0, "µs")),
    "count": ((1e12, "T"), (1e9, "G"), (1e6, "M"), (0.0, "")),
    "characters": ((1e9, "G characters"), (1e6, "M characters"), (0.0, "characters")),
    "bits": ((0.0, "bits"),),
    "languages": ((0.0, "languages"),),
}


class Shown(NamedTuple):
    """A value in words and digits, its interval without the unit, and the reason where there is none."""

    value: str
    interval: str = ""
    reason: str = ""


def show(metric: Metric) -> Shown:
    """Write a metric's value and interval to the digits that the interval supports."""
    if metric.status is MetricStatus.INSUFFICIENT:
        return Shown("too few", "", metric.note or f"n = {count(metric.n)} is below the minimum")
    if metric.status is MetricStatus.UNDEFINED or metric.value is None or not math.isfinite(metric.value):
        return Shown("undefined", "", metric.note or "no such number exists for this target")
    low, high = (metric.interval.low, metric.interval.high) if metric.interval else (None, None)
    return number(metric.value, metric.unit, low, high)


def describe(metric: Metric) -> str:
    """Write a metric on one line: `43.4 % (43.1–43.8)`, or `too few (n = 3 is below the minimum)`."""
    shown = show(metric)
    extra = shown.interval or shown.reason
    return f"{shown.value} ({extra})" if extra else shown.value


def number(value: float | None, unit: str = "", low: float | None = None, high: float | None = None) -> Shown:
    """Write a value of a unit, rounded to what its interval supports, or to three digits where it has none.

    However wide the interval, two digits that count stay, and a percentage is never rounded to tens.
    """
    if value is None or not math.isfinite(value):
        return Shown("undefined")
    scale, word = _scale(value, unit)
    suffix = _NBSP + word if word else ""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)) or low >= high:
        return Shown(_plain(value * scale, whole=unit in {"count", "bytes", "characters"} and scale == 1.0) + suffix)
    top = 100.0 if unit == "fraction" else math.inf
    places = _places(value * scale, low * scale, high * scale, top)
    places = max(places, 0) if unit == "fraction" else places
    own = min(max(places, _digits(value * scale, 2)), 12)
    ends = [_fixed(end * scale, max(places, min(_digits(end * scale, 2), own))) for end in (low, high)]
    return Shown(_bounded(value * scale, own, top) + suffix, (" to " if low < 0 else "–").join(ends))


def count(value: int) -> str:
    """Write a whole number exactly, in groups of three."""
    return f"{value:,}".replace("-", "−")


def compact(value: float) -> str:
    """Write a count in full below a million, from there in three digits with its unit: `131,072`, `3.46 M`."""
    return number(value, "count").value


def size(value: int | None) -> str:
    """Write a number of bytes in decimal units: `3.4 MB`."""
    return "unknown" if value is None else number(float(value), "bytes").value


def share(value: float) -> str:
    """Write a fraction as a percentage."""
    return number(value, "fraction").value


def duration(seconds: float) -> str:
    """Write a time span in its two largest units: `4 min 10 s`."""
    if seconds < 60:
        return number(seconds, "seconds").value
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    first = next(index for index, (amount, _) in enumerate(parts) if amount)
    return " ".join(f"{amount}{_NBSP}{word}" for amount, word in parts[first : first + 2] if amount)


def plural(value: int, noun: str, nouns: str = "") -> str:
    """Write a count with its noun: `1 document`, `2 documents`."""
    return f"{count(value)}{_NBSP}{noun if value == 1 else nouns or noun + 's'}"


def _scale(value: float, unit: str) -> tuple[float, str]:
    if unit == "fraction":
        return 100.0, "%"
    if unit == "count" and abs(value) >= HUGE:
        return 1.0, ""
    for step, word in _STEPS.get(unit, ()):
        if abs(value) >= step:
            return (1.0 if step == 0.0 and unit != "seconds" else 1.0 / (step or 1e-6)), word
    return 1.0, ""


def _places(value: float, low: float, high: float, top: float) -> int:
    """Count the decimals (negative: tens) that show one digit of the interval's half width, and not 0 for what is not 0."""
    places = _digits((high - low) / 2, 1)
    edges = (value, low, high)
    if any((edge != 0 and round(edge, places) == 0) or (edge < top == round(edge, places)) for edge in edges):
        places += 1
    return min(places, 12)


def _digits(value: float, digits: int) -> int:
    if value == 0:
        return 0
    return digits - 1 - math.floor(math.log10(float(f"{abs(value):.3g}")))


def _bounded(value: float, places: int, top: float) -> str:
    """Write a value, saying `<` or `>` where rounding would make it 0 or everything."""
    step = 10.0**-places
    if value != 0 and round(value, places) == 0:
        return f"{'>−' if value < 0 else '<'}{_fixed(step, places)}"
    if value < top == round(value, places):
        return f">{_fixed(top - step, places)}"
    return _fixed(value, places)


def _fixed(value: float, places: int) -> str:
    rounded = round(value, places) + 0.0  # adding 0.0 turns -0.0 into 0.0
    if abs(rounded) < 1e-4 and places > 4:
        return _power(value, 1) if rounded else "0"
    return f"{rounded:,.{max(places, 0)}f}".replace("-", "−")


def _plain(value: float, *, whole: bool = False) -> str:
    if value == 0:
        return "0"
    if abs(value) >= HUGE:
        return _power(value, 2)
    if whole and value == int(value):
        return count(int(value))
    if abs(value) < 1e-4:
        return _power(value, 1)
    places = max(_digits(value, 3), 0)
    text = f"{value:,.{places}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def _power(value: float, places: int) -> str:
    mantissa, exponent = f"{value:.{places}e}".split("e")
    return f"{mantissa}{_NBSP}×{_NBSP}10{str(int(exponent)).translate(_SUPERSCRIPT)}".replace("-", "−", 1)
