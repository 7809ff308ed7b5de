"""Writes JSON values as text without losing anything: numbers as they were written, nested values as compact JSON."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["Literal", "as_text", "compact", "exact_loads", "is_exact"]

_INT64 = 1 << 63


class Literal(str):
    """A JSON number as it was written."""

    __slots__ = ()


def exact_loads(text: str) -> Any:
    """Parse JSON with every number kept as its `Literal`; ValueError or RecursionError where it is not JSON.

    NaN and the infinities, which Python's writer makes, are taken as literals too.
    """
    return json.loads(text, parse_int=Literal, parse_float=Literal, parse_constant=Literal)


def is_exact(value: Any) -> bool:
    """Tell whether a value from a parser that turns numbers into int and float still shows how it was written."""
    if value is None or isinstance(value, str | bool):
        return True
    return isinstance(value, int) and value != 0 and -_INT64 <= value < _INT64


def as_text(value: Any) -> str | None:
    """Write one value as text; null stays null."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    return compact(value)


def compact(value: Any) -> str:
    """Write a value as JSON without spaces, `Literal` numbers as they stand."""
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{compact(str(key))}:{compact(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(compact(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False, default=str)
