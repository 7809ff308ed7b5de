"""Numbers of the card in words and digits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fmaudit import humane

if TYPE_CHECKING:
    from fmaudit_engine_card.cards.records import Entry

__all__ = ["interval", "value"]

_NBSP = "\u00a0"


def value(entry: Entry) -> str:
    """Write the value, or why there is none."""
    if entry.value is None:
        return {"insufficient": "too few to tell"}.get(entry.status, "undefined")
    return _write(entry.value, entry.unit)


def interval(entry: Entry) -> str:
    """Write the interval in the unit of the value; "exact" where nothing is estimated, nothing where there is none."""
    if entry.low is None or entry.high is None or entry.level is None:
        return "exact" if entry.note.startswith("exact") else ""
    level = "" if abs(entry.level - 0.95) < 0.001 or entry.level >= 1 else f" ({entry.level:.1%})".replace("%", f"{_NBSP}%")
    low, high = _write(entry.low, entry.unit), _write(entry.high, entry.unit)
    number, _, word = low.partition(_NBSP)
    return f"{number if word and high.endswith(_NBSP + word) else low} to {high}{level}"


def _write(number: float, unit: str) -> str:
    if not math.isfinite(number):
        return "no limit" if number > 0 else "-"
    if unit == "fraction":
        return _percent(100 * number)
    if unit in ("bytes", "seconds"):
        return humane.number(number, unit).value
    if unit == "count":
        return humane.count(round(number)) if abs(number) < humane.HUGE else humane.number(number).value
    word = f"{_NBSP}{unit}" if unit in ("bits", "nats", "languages", "money", "characters") else ""
    return humane.number(number).value + word


def _percent(number: float) -> str:
    """Write one digit, and as many as tell a share from nothing and from all."""
    digits = next((digits for digits in (1, 2, 3, 4) if abs(round(number, digits)) not in (0, 100)), 4)
    digits = 0 if number in (0.0, 100.0) else digits
    return f"{number:.{digits}f}{_NBSP}%"
