"""Chance that repeats: streams of random numbers and splits that depend on names, never on the order of the code."""

from __future__ import annotations

import hashlib
import random

__all__ = ["fraction", "is_held_out", "stream"]


def fraction(name: str) -> float:
    """A number in [0, 1) that belongs to the name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64


def is_held_out(name: str, share: float) -> bool:
    """Whether the name is among the `share` of all names that training never sees."""
    return fraction(f"held out: {name}") < share


def stream(*names: str | int) -> random.Random:
    """A generator of random numbers for one purpose."""
    return random.Random("/".join(str(name) for name in names))
