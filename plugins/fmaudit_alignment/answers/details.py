"""What a row's column `detail` holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

__all__ = ["by_meaning", "details"]


def details(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read the column `detail`, which is JSON; nothing where it is empty. Measures look at it again and again: do not change it."""
    return _parsed(row["detail"] or "{}")


def by_meaning(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give a row whose item is the meaning of its prompt: translations of one prompt are no prompts of their own, as samples are not.

    What the item was called stays in `asked`.
    """
    return {**row, "item": str(details(row).get("parallel") or row["item"]), "asked": row["item"]}


@lru_cache(1 << 14)
def _parsed(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(text)
    return found
