"""A corpus of counts with a known answer: hosts, languages, and documents that break chosen rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from quality_support import FakeObservations, documents, struct

from fmaudit_corpus_quality.columns import ENCODING_KINDS, QUALITY_COUNTS
from fmaudit_corpus_quality.duplicates import PieceTally

GOOD = {
    **dict.fromkeys(QUALITY_COUNTS, 0),
    "characters": 1000,
    "words": 180,
    "core_words": 160,
    "core_characters": 800,
    "lines": 10,
    "alpha_words": 170,
    "stop_words": 6,
    "paragraphs": 3,
    "newline_lines": 10,
    "top_2_gram_chars": 20,
    "top_3_gram_chars": 20,
    "top_4_gram_chars": 20,
    "c4_sentences": 9,
    "c4_lines": 8,
    "c4_characters": 900,
    "c4nt_sentences": 10,
    "c4nt_lines": 9,
    "c4nt_characters": 950,
    "fineweb_lines": 10,
    "fineweb_terminal_lines": 8,
    "fineweb_characters": 990,
    "newlines": 9,
}


def good(rows: int, **changes: Any) -> dict[str, Any]:
    """Counts of documents that break no rule, with columns replaced."""
    counts: dict[str, Any] = {name: np.full(rows, value) for name, value in GOOD.items()}
    counts.update(changes)
    empty = pa.nulls(rows, pa.binary(32))
    return {**counts, "c4_sha256": empty, "c4nt_sha256": empty}


def clean(rows: int, **changes: Any) -> dict[str, Any]:
    """Encoding counts without a fault, with columns replaced."""
    columns: dict[str, Any] = {kind: np.zeros(rows, np.int64) for kind in (*ENCODING_KINDS, "burmese", "burmese_unicode")}
    columns.update({f"{kind}_{end}": pa.nulls(rows, pa.int32()) for kind in ENCODING_KINDS for end in ("start", "stop")})
    columns.update(changes)
    return columns


def planted(rows: int, *, tallies: Mapping[str, pa.Table] | None = None, sampled: float = 1.0, **columns: Any) -> FakeObservations:
    """Observations of `rows` documents without a fault, with columns replaced (mappings become structs)."""
    every: dict[str, Any] = {
        "characters": [1000] * rows,
        "quality": good(rows),
        "duplicates": {"high": np.arange(rows), "low": np.arange(rows)},
        "encoding": clean(rows),
    }
    table = documents(rows, **{**every, **columns})
    empty = PieceTally.schema.empty_table()
    counted = {"line_hashes": empty, "paragraph_hashes": empty, **(tallies or {})}
    names = [name for name in ("quality", "duplicates", "encoding", "language") if name in table.column_names]
    return FakeObservations(table, counted, sampled=sampled, signals=names)


def languages(labels: list[str]) -> pa.StructArray:
    """The struct of the signal "language", as far as this audit reads it."""
    return struct({"label": labels})
