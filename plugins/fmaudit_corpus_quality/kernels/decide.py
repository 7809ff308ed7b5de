"""datatrove 0.10.1's verdicts from the counts, in numpy: what the SQL of the rule sets is tested against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["RULE_SETS", "Verdicts", "verdicts"]

Mask = npt.NDArray[np.bool_]
Columns = Mapping[str, npt.NDArray[Any]]

RULE_SETS: Final = ("gopher-repetition", "gopher-quality", "c4", "c4-no-terminal", "fineweb")


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """What a rule set says of each document: kept or not, the first reason in datatrove's order, and all reasons."""

    kept: Mask
    first_reason: list[str | None]
    reasons: list[tuple[str, ...]]


def verdicts(table: pa.Table | pa.RecordBatch, rule_set: str) -> Verdicts:
    """Decide by a rule set's default thresholds over the columns of the quality signal."""
    columns = {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.schema.names if not name.endswith("sha256")}
    rules = _rules(columns, rule_set)
    names = list(rules)
    broken = np.array([rules[name] for name in names]).reshape(len(names), table.num_rows)
    reasons = [tuple(name for name, hit in zip(names, column, strict=True) if hit) for column in broken.T]
    kept = np.logical_not(broken.any(axis=0), dtype=np.bool_)
    return Verdicts(np.asarray(kept), [row[0] if row else None for row in reasons], reasons)


def _ratio(columns: Columns, above: str, below: str) -> npt.NDArray[np.float64]:
    """Divide two columns as Python does; 0/0 is NaN, which breaks no rule."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return columns[above].astype(np.float64) / columns[below].astype(np.float64)


def _rules(columns: Columns, rule_set: str) -> dict[str, Mask]:
    if rule_set == "gopher-repetition":
        return _gopher_repetition(columns)
    if rule_set == "gopher-quality":
        return _gopher_quality(columns)
    if rule_set == "fineweb":
        return _fineweb(columns)
    return _c4(columns, "c4" if rule_set == "c4" else "c4nt")


def _gopher_repetition(columns: Columns) -> dict[str, Mask]:
    empty = columns["characters"] == 0
    rules = {
        "dup_para_frac": _ratio(columns, "dup_paragraphs", "paragraphs") > 0.3,
        "dup_para_char_frac": _ratio(columns, "dup_paragraph_chars", "characters") > 0.2,
        "dup_line_frac": _ratio(columns, "dup_lines", "newline_lines") > 0.3,
        "dup_line_char_frac": _ratio(columns, "dup_line_chars", "characters") > 0.2,
    }
    for n, limit in ((2, 0.2), (3, 0.18), (4, 0.16)):
        rules[f"top_{n}_gram"] = _ratio(columns, f"top_{n}_gram_chars", "characters") > limit
    for n, limit in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10)):
        rules[f"duplicated_{n}_n_grams"] = _ratio(columns, f"dup_{n}_gram_chars", "characters") > limit
    return {"empty": empty} | {name: hit & ~empty for name, hit in rules.items()}


def _gopher_quality(columns: Columns) -> dict[str, Mask]:
    length = _ratio(columns, "core_characters", "core_words")
    return {
        "gopher_short_doc": columns["core_words"] < 50,
        "gopher_long_doc": columns["core_words"] > 100_000,
        "gopher_below_avg_threshold": length < 3,
        "gopher_above_avg_threshold": length > 10,
        "gopher_too_many_hashes": _ratio(columns, "hashes", "words") > 0.1,
        "gopher_too_many_ellipsis": _ratio(columns, "ellipses", "words") > 0.1,
        "gopher_too_many_bullets": _ratio(columns, "bullet_lines", "lines") > 0.9,
        "gopher_too_many_end_ellipsis": _ratio(columns, "ellipsis_lines", "lines") > 0.3,
        "gopher_below_alpha_threshold": _ratio(columns, "alpha_words", "words") < 0.8,
        "gopher_enough_stop_words": columns["stop_words"] < 2,
    }


def _c4(columns: Columns, prefix: str) -> dict[str, Mask]:
    blocker = columns[f"{prefix}_blocker"]
    return {
        "lorem_ipsum": blocker == 1,
        "curly_bracket": blocker == 2,
        "too_few_sentences": (blocker == 0) & (columns[f"{prefix}_sentences"] < 5),
    }


def _fineweb(columns: Columns) -> dict[str, Mask]:
    return {
        "empty": columns["fineweb_lines"] == 0,
        "line_punct_ratio": _ratio(columns, "fineweb_terminal_lines", "fineweb_lines") < 0.12,
        "short_line_ratio": _ratio(columns, "fineweb_short_lines", "fineweb_lines") > 0.67,
        "char_dup_ratio": _ratio(columns, "fineweb_dup_line_chars", "fineweb_characters") > 0.01,
        "list_ratio": _ratio(columns, "newlines", "words") > 0.3,
    }
