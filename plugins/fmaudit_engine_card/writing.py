"""Writes numbers as reports of fmaudit do, so that a figure reads the same in a tile, a table and a sentence."""

from __future__ import annotations

import math

__all__ = ["HUGE", "amount", "compact", "percent", "power", "seconds", "sensible"]

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
HUGE = 1e15  # from here on a power of ten is easier to read than a unit


def compact(value: float) -> str:
    """Write a count: in full below a million, then in three digits with the unit of the report's tiles ("6.74 G")."""
    if abs(value) >= HUGE:
        return power(value)
    for step, word in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if abs(value) >= step:
            return f"{sensible(value / step)} {word}"
    return f"{value:,.0f}"


def amount(size: float) -> str:
    """Write bytes in decimal units, 10^9 to a gigabyte, as data sheets give a device's memory: "13.5 GB"."""
    for step, word in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if abs(size) >= step:
            return f"{sensible(size / step)} {word}"
    return f"{size:,.0f} B"


def seconds(value: float) -> str:
    """Write a time in the unit that leaves it above 1: "4.2 ms"."""
    for step, word in ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms")):
        if abs(value) >= step:
            return f"{sensible(value / step)} {word}"
    return f"{sensible(value / 1e-6)} µs"


def percent(share: float, digits: int = 0) -> str:
    """Write a share as a percentage: "27.6 %"."""
    return f"{100 * share:.{digits}f}\u00a0%"


def power(value: float) -> str:
    """Write a huge or tiny number as a power of ten: "8.09 × 10²²"."""
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def sensible(value: float) -> str:
    """Write three digits that count, without zeros behind them; whole numbers of more digits in full."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if abs(value) < 1e-4:
        return power(value)
    places = max(0, 2 - math.floor(math.log10(float(f"{abs(value):.3g}"))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
