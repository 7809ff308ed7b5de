"""The same counts as the kernels', for one text in plain Python: their twin in tests, and the lane of documents they refuse."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fmaudit import text_reference, text_tables

__all__ = ["clean_text", "count_text"]

STOP_WORDS = frozenset({"the", "be", "to", "of", "and", "that", "have", "with"})
MIN_SENTENCES = 5
LONGEST_WORD = 1000
SHORT_LINE = 30

_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
_LINE_ENDS = (".", "?", "!", '"', "'")
_POLICIES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
_LOREM_IPSUM, _CURLY_BRACKET = 1, 2


def count_text(text: str) -> dict[str, Any]:
    """Give the columns of the quality signal for one text."""
    words = text_reference.split_words(text)
    return {
        "characters": len(text),
        **_word_counts(text, words),
        **_line_counts(text),
        **_repetitions(text, words),
        **_c4_columns("c4", _read_c4(text, terminal=True)),
        **_c4_columns("c4nt", _read_c4(text, terminal=False)),
        **_fineweb_counts(text),
    }


def clean_text(text: str, terminal: bool) -> str | None:
    """Give the text that C4 leaves, None where it drops the document."""
    reading = _read_c4(text, terminal)
    return reading.text if reading.is_kept else None


def _kinds(word: str) -> Iterable[int]:
    flags = text_tables.code_point_flags()
    return (int(flags[ord(character)]) for character in word)


def _word_counts(text: str, words: Sequence[str]) -> dict[str, int]:
    core = [word for word in words if any(not kind & text_tables.SYMBOL for kind in _kinds(word))]
    return {
        "words": len(words),
        "core_words": len(core),
        "core_characters": sum(map(len, core)),
        "hashes": text.count("#"),
        "ellipses": text.count("...") + text.count("…"),
        "alpha_words": sum(any(character.isalpha() for character in word) for word in words),
        "stop_words": len(STOP_WORDS & set(words)),
    }


def _line_counts(text: str) -> dict[str, int]:
    lines = text.splitlines()
    return {
        "lines": len(lines),
        "bullet_lines": sum(line.lstrip().startswith(("•", "-")) for line in lines),
        "ellipsis_lines": sum(line.rstrip().endswith(("...", "…")) for line in lines),
        "newlines": text.count("\n"),
    }


def _repeated(parts: Iterable[str]) -> tuple[int, int]:
    """Count the parts met before, and their characters."""
    seen: set[str] = set()
    count = characters = 0
    for part in parts:
        if part in seen:
            count += 1
            characters += len(part)
        seen.add(part)
    return count, characters


def _repetitions(text: str, words: Sequence[str]) -> dict[str, int]:
    paragraphs, lines = text_reference.paragraphs(text), text_reference.newline_lines(text)
    counts = {"paragraphs": len(paragraphs), "newline_lines": len(lines)}
    counts["dup_paragraphs"], counts["dup_paragraph_chars"] = _repeated(paragraphs)
    counts["dup_lines"], counts["dup_line_chars"] = _repeated(lines)
    counts |= {f"top_{n}_gram_chars": _top_gram(words, n) for n in (2, 3, 4)}
    counts |= {f"dup_{n}_gram_chars": _repeated_grams(words, n) for n in range(5, 11)}
    return counts


def _top_gram(words: Sequence[str], n: int) -> int:
    """Give the characters of the most frequent n-gram, of equals the first, times its count."""
    grams = Counter(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
    if not grams:
        return 0
    gram, count = grams.most_common(1)[0]
    return len(gram) * count


def _repeated_grams(words: Sequence[str], n: int) -> int:
    """Sum the characters of the n-grams met before, going on behind each; words are joined without a space."""
    seen: set[str] = set()
    characters = place = 0
    while place + n <= len(words):
        gram = "".join(words[place : place + n])
        if gram in seen:
            characters += len(gram)
            place += n
        else:
            seen.add(gram)
            place += 1
    return characters


@dataclass(slots=True)
class _Reading:
    """What C4 makes of a text."""

    blocker: int = 0
    sentences: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()

    @property
    def is_kept(self) -> bool:
        return not self.blocker and self.sentences >= MIN_SENTENCES


def _read_c4(text: str, terminal: bool) -> _Reading:
    reading = _Reading()
    for original in text.splitlines():
        words = original.split()
        line = _CITATION.sub("", original.strip())
        if any(len(word) > LONGEST_WORD for word in words):
            continue
        if terminal and (not line.endswith(_LINE_ENDS) or line.endswith("...")):
            continue
        if len(words) < 3:
            continue
        lowered = line.lower()
        if "lorem ipsum" in lowered:
            return _Reading(blocker=_LOREM_IPSUM)
        if "javascript" in lowered:
            continue
        if "{" in line:
            return _Reading(blocker=_CURLY_BRACKET)
        if any(policy in lowered for policy in _POLICIES):
            continue
        reading.sentences += text_reference.count_sentences(line)
        reading.lines.append(line)
    return reading


def _c4_columns(prefix: str, reading: _Reading) -> dict[str, Any]:
    return {
        f"{prefix}_blocker": reading.blocker,
        f"{prefix}_sentences": reading.sentences,
        f"{prefix}_lines": len(reading.lines),
        f"{prefix}_characters": len(reading.text),
        f"{prefix}_sha256": hashlib.sha256(reading.text.encode()).digest() if reading.is_kept else None,
    }


def _fineweb_counts(text: str) -> dict[str, int]:
    lines = [line for line in text.split("\n") if line.strip()]
    return {
        "fineweb_lines": len(lines),
        "fineweb_terminal_lines": sum(any(kind & text_tables.TERMINAL for kind in _kinds(line[-1])) for line in lines),
        "fineweb_short_lines": sum(len(line) <= SHORT_LINE for line in lines),
        "fineweb_dup_line_chars": _repeated(lines)[1],
        "fineweb_characters": len(text) - text.count("\n"),
    }
