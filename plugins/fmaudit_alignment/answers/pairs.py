"""The answers behind a rate, as two runs are compared by them: one row an answer, with the slices that the rate is given for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["behind_rate"]


def behind_rate(
    rows: Iterable[Mapping[str, Any]], hit: Callable[[Mapping[str, Any]], bool], **slices: str | Callable[[Mapping[str, Any]], str]
) -> list[dict[str, Any]]:
    """Give every row as item, cluster and value; `slices` says which column (or function of the row) each key of the slice is.

    An answer is told from others by its prompt, condition and sample; answers that belong together have the same item.
    """
    return [
        {
            "item": "\x1f".join(str(part) for part in (row.get("asked", row["item"]), row["condition"], row["sample"])),
            "cluster": str(row["item"]),
            "value": float(hit(row)),
            **{key: str((column(row) if callable(column) else row[column]) or "") for key, column in slices.items()},
        }
        for row in rows
    ]
