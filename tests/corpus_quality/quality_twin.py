"""The rule sets once more, written the way datatrove's filters are: plain Python over one document's counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Counts = Mapping[str, int]

DEFAULTS: dict[str, dict[str, Any]] = {
    "gopher-repetition": {
        "dup_para_frac": 0.3,
        "dup_para_char_frac": 0.2,
        "dup_line_frac": 0.3,
        "dup_line_char_frac": 0.2,
        "top_n_grams": ((2, 0.2), (3, 0.18), (4, 0.16)),
        "dup_n_grams": ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10)),
    },
    "gopher-quality": {
        "min_doc_words": 50,
        "max_doc_words": 100000,
        "min_avg_word_length": 3,
        "max_avg_word_length": 10,
        "max_symbol_word_ratio": 0.1,
        "max_bullet_lines_ratio": 0.9,
        "max_ellipsis_lines_ratio": 0.3,
        "max_non_alpha_words_ratio": 0.8,
        "min_stop_words": 2,
    },
    "c4": {"min_num_sentences": 5},
    "c4-no-terminal": {"min_num_sentences": 5},
    "fineweb": {
        "line_punct_thr": 0.12,
        "line_punct_exclude_zero": False,
        "short_line_thr": 0.67,
        "char_duplicates_ratio": 0.01,
        "new_line_ratio": 0.3,
    },
}


def gopher_repetition(c: Counts, p: Mapping[str, Any]) -> list[str]:
    reasons = []
    if c["characters"] == 0:
        return ["empty"]
    if p["dup_para_frac"] and c["dup_paragraphs"] / c["paragraphs"] > p["dup_para_frac"]:
        reasons.append("dup_para_frac")
    if p["dup_para_char_frac"] and c["dup_paragraph_chars"] / c["characters"] > p["dup_para_char_frac"]:
        reasons.append("dup_para_char_frac")
    if p["dup_line_frac"] and c["dup_lines"] / c["newline_lines"] > p["dup_line_frac"]:
        reasons.append("dup_line_frac")
    if p["dup_line_char_frac"] and c["dup_line_chars"] / c["characters"] > p["dup_line_char_frac"]:
        reasons.append("dup_line_char_frac")
    for n, threshold in p["top_n_grams"]:
        if c["words"] >= n and c[f"top_{n}_gram_chars"] / c["characters"] > threshold:
            reasons.append(f"top_{n}_gram")
    for n, threshold in p["dup_n_grams"]:
        if c[f"dup_{n}_gram_chars"] / c["characters"] > threshold:
            reasons.append(f"duplicated_{n}_n_grams")
    return reasons


def gopher_quality(c: Counts, p: Mapping[str, Any]) -> list[str]:
    reasons = []
    words, core, lines = c["words"], c["core_words"], c["lines"]
    if p["min_doc_words"] and core < p["min_doc_words"]:
        reasons.append("gopher_short_doc")
    if p["max_doc_words"] and core > p["max_doc_words"]:
        reasons.append("gopher_long_doc")
    mean = c["core_characters"] / core if core else float("nan")
    if p["min_avg_word_length"] and mean < p["min_avg_word_length"]:
        reasons.append("gopher_below_avg_threshold")
    if p["max_avg_word_length"] and mean > p["max_avg_word_length"]:
        reasons.append("gopher_above_avg_threshold")
    if p["max_symbol_word_ratio"] and words and c["hashes"] / words > p["max_symbol_word_ratio"]:
        reasons.append("gopher_too_many_hashes")
    if p["max_symbol_word_ratio"] and words and c["ellipses"] / words > p["max_symbol_word_ratio"]:
        reasons.append("gopher_too_many_ellipsis")
    if p["max_bullet_lines_ratio"] and lines and c["bullet_lines"] / lines > p["max_bullet_lines_ratio"]:
        reasons.append("gopher_too_many_bullets")
    if p["max_ellipsis_lines_ratio"] and lines and c["ellipsis_lines"] / lines > p["max_ellipsis_lines_ratio"]:
        reasons.append("gopher_too_many_end_ellipsis")
    if p["max_non_alpha_words_ratio"] and words and c["alpha_words"] / words < p["max_non_alpha_words_ratio"]:
        reasons.append("gopher_below_alpha_threshold")
    if p["min_stop_words"] and c["stop_words"] < p["min_stop_words"]:
        reasons.append("gopher_enough_stop_words")
    return reasons


def _c4(prefix: str) -> Callable[[Counts, Mapping[str, Any]], list[str]]:
    def decide(c: Counts, p: Mapping[str, Any]) -> list[str]:
        if c[f"{prefix}_blocker"]:
            return [("lorem_ipsum", "curly_bracket")[c[f"{prefix}_blocker"] - 1]]
        return ["too_few_sentences"] if c[f"{prefix}_sentences"] < p["min_num_sentences"] else []

    return decide


def fineweb(c: Counts, p: Mapping[str, Any]) -> list[str]:
    lines = c["fineweb_lines"]
    reasons = [] if lines else ["empty"]
    if lines:
        ratio = c["fineweb_terminal_lines"] / lines
        if ratio < p["line_punct_thr"] and not (ratio == 0 and p["line_punct_exclude_zero"]):
            reasons.append("line_punct_ratio")
        if c["fineweb_short_lines"] / lines > p["short_line_thr"]:
            reasons.append("short_line_ratio")
    if c["fineweb_characters"] and c["fineweb_dup_line_chars"] / c["fineweb_characters"] > p["char_duplicates_ratio"]:
        reasons.append("char_dup_ratio")
    if c["words"] and c["newlines"] / c["words"] > p["new_line_ratio"]:
        reasons.append("list_ratio")
    return reasons


TWINS: dict[str, Callable[[Counts, Mapping[str, Any]], list[str]]] = {
    "gopher-repetition": gopher_repetition,
    "gopher-quality": gopher_quality,
    "c4": _c4("c4"),
    "c4-no-terminal": _c4("c4nt"),
    "fineweb": fineweb,
}
