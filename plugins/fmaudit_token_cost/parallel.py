"""The same sentences in many languages: the built-in set, a folder, a table or JSON lines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from fmaudit import ConfigError
from fmaudit_token_cost.languages import canonical_names

__all__ = ["BUILT_IN", "fingerprint", "load_parallel"]

BUILT_IN = Path(__file__).parent / "data" / "parallel"

Texts = Mapping[str, list[str]]  # language -> sentences, the same number in each


def load_parallel(path: Path | None, reference: str) -> Texts:
    """Read the parallel sentences, the reference language first. Raises ConfigError where they do not line up.

    A line is a sentence, an empty one too, and only a line feed ends it. Files and columns are named by language code; a trailing
    script ("mya_Mymr") is dropped where the code alone is clear.
    """
    place = path or BUILT_IN
    texts = _read(place)
    names = canonical_names(texts)
    named = {names[name]: sentences for name, sentences in texts.items()}
    first = canonical_names([reference])[reference] if reference not in named else reference
    if first not in named:
        raise ConfigError(f"{place} has no language {reference!r}", hint=f"set reference to one of {', '.join(sorted(named)) or 'none'}")
    _check(place, named)
    return {first: named[first]} | {name: named[name] for name in sorted(named) if name != first}


def fingerprint(path: Path | None) -> str:
    """Return the sha256 of the parallel sentences' files."""
    place = path or BUILT_IN
    whole = hashlib.sha256()
    for file in sorted(place.glob("*.txt")) if place.is_dir() else [place]:
        try:
            whole.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
        except OSError as error:
            raise ConfigError(f"the parallel sentences cannot be read: {error}", hint=_hint()) from error
    return whole.hexdigest()


def _read(place: Path) -> dict[str, list[str]]:
    try:
        if place.is_dir():
            return {file.stem: _lines(file) for file in sorted(place.glob("*.txt"))}
        if place.suffix == ".tsv":
            return _table([line.split("\t") for line in _lines(place)], place)
        if place.suffix == ".jsonl":
            rows = [json.loads(line) for line in _lines(place) if line.strip()]
            return _table([list(rows[0]), *([str(row[name]) for name in rows[0]] for row in rows)], place) if rows else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{place} cannot be read as parallel sentences: {error}", hint=_hint()) from error
    raise ConfigError(f"{place} holds no parallel sentences", hint=_hint())


def _lines(file: Path) -> list[str]:
    text = file.read_bytes().decode("utf-8-sig")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def _table(rows: list[list[str]], place: Path) -> dict[str, list[str]]:
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise ConfigError(f"{place}: row {number} has {len(row)} columns, the first {len(rows[0])}", hint=_hint())
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])} if rows else {}


def _check(place: Path, texts: Texts) -> None:
    sizes = {name: len(sentences) for name, sentences in texts.items()}
    if len(set(sizes.values())) > 1:
        usual = max(sizes.values(), key=list(sizes.values()).count)
        odd = ", ".join(f"{name} ({size})" for name, size in sizes.items() if size != usual)
        raise ConfigError(f"{place}: the languages have different numbers of sentences: {odd} against {usual}", hint=_hint())
    if len(sizes) < 2 or not min(sizes.values()):
        raise ConfigError(f"{place} needs at least two languages with sentences", hint=_hint())


def _hint() -> str:
    return "a folder with one CODE.txt for each language, line by line the same; or a .tsv with codes in its first row; or a .jsonl"
