"""Reads one JSON line, exactly: the reference that the compiled lane hands every unusual line to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import orjson

from fmaudit.corpus.builder import clean_text
from fmaudit.corpus.scalars import as_text, exact_loads, is_exact

__all__ = ["JsonLine", "parse_line"]

_MISSING = object()


@dataclass(slots=True)
class JsonLine:
    """What a line holds: UTF-8 of the text and of each source, or why there is no document; `repairs` are (reason, detail).

    An object without a text has its values all the same, so that it can be told by its id.
    """

    text: bytes | None = None
    values: list[bytes | None] = field(default_factory=list)
    reason: str = ""
    detail: str = ""
    repairs: list[tuple[str, str]] = field(default_factory=list)


def parse_line(line: bytes, text: str, sources: tuple[str, ...]) -> JsonLine:
    """Parse a line; `text` and `sources` name fields, or paths with dots into nested objects."""
    found = JsonLine()
    record = _load(line, found)
    if found.reason:
        return found
    if not isinstance(record, dict):
        found.reason, found.detail = "invalid-json", f"the line is {_kind(record)}, not an object"
        return found
    values = [lookup(record, source) for source in sources]
    if not all(value is _MISSING or is_exact(value) for value in values):
        exact = exact_loads(line.decode("utf-8", "replace"))
        values = [lookup(exact, source) for source in sources]
    _note_duplicates(line, {text, *sources}, found)
    body = lookup(record, text)
    whole = isinstance(body, str)
    if not whole:
        found.reason, found.detail = "missing-text", f"the field {text!r} is {_kind(body)}"
    encoded = [_encode(value) for value in (body if whole else None, *values)]
    if any(replaced for _, replaced in encoded):
        found.repairs.append(("lone-surrogate", "half of a surrogate pair was replaced by U+FFFD"))
    found.text, *found.values = [data for data, _ in encoded]
    return found


def lookup(record: dict[str, Any], name: str) -> Any:
    """Find a field by its name, else by its path with dots."""
    if name in record:
        return record[name]
    value: Any = record
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            return _MISSING
        value = value[part]
    return value


def _load(line: bytes, found: JsonLine) -> Any:
    """Parse with the strict parser, and what it refuses with the lenient one, which takes NaN and lone surrogates."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        found.repairs.append(("invalid-utf8", f"byte 0x{line[error.start]:02x} at {error.start} of the line: {error.reason}"))
        text = line.decode("utf-8", "replace")
    try:
        return exact_loads(text)
    except RecursionError:
        found.reason, found.detail = "too-deep", "the JSON is nested too deeply to be read"
    except ValueError as error:
        found.reason, found.detail = "invalid-json", str(error)
    return None


def _encode(value: Any) -> tuple[bytes | None, bool]:
    if value is _MISSING or value is None:
        return None, False
    return clean_text(as_text(value) or "")


def _note_duplicates(line: bytes, names: set[str], found: JsonLine) -> None:
    """Say so where a field that is wanted stands twice: the last one counts, as in every common parser."""
    if not any(line.count(b'"' + name.encode() + b'"') > 1 for name in names):
        return
    repeated: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        # the outermost object comes last, so its verdict is the one that stays
        repeated[:] = sorted({key for key in keys if key in names and keys.count(key) > 1})
        return dict(pairs)

    json.loads(line.decode("utf-8", "replace"), object_pairs_hook=collect)
    if repeated:
        found.repairs.append(("duplicate-key", f"the field {repeated[0]!r} stands more than once; the last one was taken"))


def _kind(value: Any) -> str:
    if value is _MISSING:
        return "missing"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str) and type(value) is str:
        return "a string"
    if isinstance(value, dict):
        return "an object"
    return "an array" if isinstance(value, list) else "a number"
