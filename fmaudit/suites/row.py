"""A row: one observed answer of a suite, and the columns that all suites share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields

import pyarrow as pa

__all__ = ["SCHEMA", "UNAVAILABLE", "Row", "sha256", "with_hash"]

UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One observed answer of a suite: who was asked what under which condition, what came, and how it was judged.

    `item` is what conditions have in common (pairs are made by it), `kind` its category, `condition` the arm ("control", "typo",
    "user-says-wrong"), `stratum` a part of the items that must not be mixed with others. `label` is a judgement in words, `correct` one
    of yes and no, `value` one in figures; `confidence` is 0 to 1. `response` is None where a text is withheld; its sha256 stays.
    `detail` is JSON for what no other column holds.
    """

    item: str
    kind: str = ""
    condition: str = ""
    language: str = ""
    stratum: str = ""
    sample: int = 0
    prompt: str = ""
    response: str | None = None
    response_sha256: str = ""
    label: str = ""
    correct: bool | None = None
    value: float | None = None
    confidence: float | None = None
    evidence: str = ""
    detail: str = ""
    finish: str = ""
    tokens: int | None = None
    log_prob: float | None = None

    def withheld(self) -> Row:
        """The same without the response's text: its sha256, its length in tokens and the judgement remain."""
        kept = {each.name: getattr(self, each.name) for each in fields(self)}
        return Row(**kept | {"response": None, "evidence": "", "response_sha256": self.response_sha256 or sha256(self.response or "")})


SCHEMA: pa.Schema = pa.schema(
    [  # type: ignore[arg-type]
        ("suite", pa.string()),
        ("item", pa.string()),
        ("kind", pa.string()),
        ("condition", pa.string()),
        ("language", pa.string()),
        ("stratum", pa.string()),
        ("sample", pa.int32()),
        ("prompt", pa.string()),
        ("response", pa.string()),
        ("response_sha256", pa.string()),
        ("label", pa.string()),
        ("correct", pa.bool_()),
        ("value", pa.float64()),
        ("confidence", pa.float64()),
        ("evidence", pa.string()),
        ("detail", pa.string()),
        ("finish", pa.string()),
        ("tokens", pa.int32()),
        ("log_prob", pa.float64()),
        ("builtin", pa.bool_()),
        ("chat", pa.bool_()),
    ]
)


def sha256(text: str) -> str:
    """Name a text by its sha256."""
    return hashlib.sha256(text.encode()).hexdigest()


def with_hash(row: Row) -> Row:
    """Name the response by its sha256 where that is not done yet."""
    if row.response is None or row.response_sha256:
        return row
    kept = {each.name: getattr(row, each.name) for each in fields(row)}
    return Row(**kept | {"response_sha256": sha256(row.response)})
