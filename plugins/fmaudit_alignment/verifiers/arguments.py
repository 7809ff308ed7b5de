"""Whether the arguments of an instruction can be verified at all: numbers, relations, languages, lists of words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["check_arguments"]

RELATIONS = ("at least", "less than")
_RELATIONS = frozenset(("relation", "let_relation", "capital_relation"))
_RELATED = {
    "keywords:frequency": "relation", "length_constraints:number_sentences": "relation", "length_constraints:number_words": "relation",
    "keywords:letter_frequency": "let_relation", "change_case:capital_word_frequency": "capital_relation",
}  # fmt: skip
# name -> the least number that makes sense
_COUNTS = {
    "frequency": 0, "let_frequency": 0, "capital_frequency": 0, "num_sentences": 0, "num_words": 0, "num_paragraphs": 1, "nth_paragraph": 1,
    "num_placeholders": 0, "num_bullets": 0, "num_highlights": 0, "num_sections": 0,
}  # fmt: skip
_LISTS = frozenset(("keywords", "forbidden_words"))
_TEXTS = frozenset(("keyword", "letter", "first_word", "postscript_marker", "section_spliter", "prompt_to_repeat", "end_phrase"))


def check_arguments(instruction: str, arguments: Mapping[str, Any]) -> None:
    """Raise ValueError for an argument that could never be followed, or would be read as another one."""
    related = _RELATED.get(instruction)
    if related is not None and related not in arguments:
        raise ValueError(f"{related} is missing, and it is one of {', '.join(map(repr, RELATIONS))}")
    for name, value in arguments.items():
        if name in _RELATIONS and value not in RELATIONS:
            raise ValueError(f"{name} is {value!r}, and it is one of {', '.join(map(repr, RELATIONS))}")
        if name in _COUNTS:
            _check_count(name, value)
        if name in _LISTS and not _words(value):
            raise ValueError(f"{name} is {value!r}, and it is a list of words")
        if name in _TEXTS and not (isinstance(value, str) and value.strip()):
            raise ValueError(f"{name} is {value!r}, and it is a text")
    if instruction == "language:response_language" and str(arguments["language"]) not in _languages():
        raise ValueError(f"language is {arguments['language']!r}, and langdetect knows {', '.join(_languages())}")
    if "nth_paragraph" in arguments and int(arguments["nth_paragraph"]) > int(arguments["num_paragraphs"]):
        raise ValueError(f"nth_paragraph is {arguments['nth_paragraph']}, of {arguments['num_paragraphs']} paragraphs")


def _check_count(name: str, value: Any) -> None:
    try:
        whole = not isinstance(value, bool) and int(value) == float(value) and int(value) >= _COUNTS[name]
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole:
        raise ValueError(f"{name} is {value!r}, and it is a whole number from {_COUNTS[name]}")


def _words(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(word, str) and word for word in value)


@cache
def _languages() -> tuple[str, ...]:
    """The codes that `in_language` can find: langdetect's, and what stands before their hyphens ("zh" of "zh-cn")."""
    from langdetect import PROFILES_DIRECTORY

    codes = [path.name for path in Path(PROFILES_DIRECTORY).iterdir() if path.name[:1].isalpha()]
    return tuple(sorted({*codes, *(code.partition("-")[0] for code in codes)}))
