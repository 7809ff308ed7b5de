"""The stored columns that rules may speak of."""

from __future__ import annotations

import difflib

__all__ = ["ENCODING_KINDS", "QUALITY_COUNTS", "known_column"]

_C4 = ("sentences", "lines", "characters")

# The integer columns of the signal "quality".
QUALITY_COUNTS: tuple[str, ...] = (
    *("characters", "words", "core_words", "core_characters", "hashes", "ellipses", "lines", "bullet_lines", "ellipsis_lines"),
    *("alpha_words", "stop_words", "paragraphs", "dup_paragraphs", "dup_paragraph_chars", "newline_lines", "dup_lines", "dup_line_chars"),
    *(f"top_{n}_gram_chars" for n in (2, 3, 4)),
    *(f"dup_{n}_gram_chars" for n in range(5, 11)),
    *("c4_blocker", *(f"c4_{name}" for name in _C4), "c4nt_blocker", *(f"c4nt_{name}" for name in _C4)),
    *("fineweb_lines", "fineweb_terminal_lines", "fineweb_short_lines", "fineweb_dup_line_chars", "fineweb_characters", "newlines"),
)

# The offences counted by the signal "encoding"; each has a count and the place of its first occurrence.
ENCODING_KINDS: tuple[str, ...] = (
    *("replacement", "mojibake", "control", "private_use", "noncharacter", "bidi_control", "zero_width", "zawgyi"),
)


def known_column(name: str) -> str:
    """Return the SQL name of a column a custom rule may use; counts of "quality" go without their prefix."""
    name = name.strip()
    plain = name.removeprefix("quality.")
    if plain in QUALITY_COUNTS:
        return f"quality.{plain}"
    if name.removeprefix("encoding.") in ENCODING_KINDS and name.startswith("encoding."):
        return name
    known = [*QUALITY_COUNTS, *(f"encoding.{kind}" for kind in ENCODING_KINDS)]
    near = difflib.get_close_matches(name, known, 1)
    raise ValueError(f"unknown column {name!r}; " + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"))
