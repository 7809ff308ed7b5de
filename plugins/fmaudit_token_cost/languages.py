"""Names of languages as files give them ("mya_Mymr", "zh-Hans", "sw") and what their scripts do without."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

__all__ = ["canonical_names", "writes_spaces"]

# Languages written without spaces between words, by the codes that `canonical_names` gives.
SPACELESS = frozenset(
    ["bo", "dz", "gan", "hak", "ja", "khb", "kht", "km", "ksw", "lo", "lzh", "my", "nan", "nod", "shn", "tdd", "th", "wuu", "yue", "zh"]
)
CODES = Path(__file__).parent / "data" / "codes.tsv"  # ISO 639-3 to 639-1; macrolanguages with the member that texts are usually in


def canonical_names(names: Iterable[str]) -> dict[str, str]:
    """Map names to short codes ("mya_Mymr" to "my"); where two would become the same, both keep their script."""
    given = list(names)
    short = {name: _code(name) for name in given}
    clash = {code for code in short.values() if list(short.values()).count(code) > 1}
    return {name: "-".join([code, *_rest(name)]) if code in clash else code for name, code in short.items()}


def writes_spaces(language: str) -> bool:
    """Say whether white space separates words in a language's usual script."""
    return re.split(r"[-_]", language)[0] not in SPACELESS


def _code(name: str) -> str:
    first = re.split(r"[-_]", name)[0].lower()
    return _two_letters().get(first, first)


@cache
def _two_letters() -> Mapping[str, str]:
    return dict(line.split("\t") for line in CODES.read_text().splitlines())


def _rest(name: str) -> list[str]:
    return re.split(r"[-_]", name)[1:]
