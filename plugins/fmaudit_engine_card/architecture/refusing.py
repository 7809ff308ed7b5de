"""Refuses numbers that count nothing, before they turn into a figure."""

from __future__ import annotations

import math

from fmaudit import ModelError

__all__ = ["positive", "whole"]


def whole(value: int, what: str, least: int = 0) -> int:
    """Return a whole number from `least`. Raises ModelError, which names what it was to be, for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ModelError(f"{what} is {value!r}", hint=f"a whole number from {least} is needed")
    return value


def positive(value: float, what: str) -> float:
    """Return a finite number above 0, such as the bytes of a value. Raises ModelError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ModelError(f"{what} is {value!r}", hint="a number above 0 is needed: 2 for 16 bits, 1 for 8, 0.5 for 4")
    return value
