"""The same sentences in many languages, from JSON lines or a folder of text files."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from fmaudit import ConfigError

__all__ = ["find_language", "fingerprint", "load_parallel"]

Sentences = Mapping[str, Mapping[str, str]]  # id -> language -> sentence

HINT = 'JSON lines of {"id", "language", "text"}, or of {"en": "...", "te": "..."}; or a folder with one CODE.txt a language, line by line'


def load_parallel(path: Path) -> Sentences:
    """Read sentences by id. Raises ConfigError where they do not line up.

    Of a folder the id is the line's number, from 1. A line is a sentence, and only a line feed ends it.
    """
    try:
        found = _folder(path) if path.is_dir() else _json_lines(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} cannot be read as parallel sentences: {error}", hint=HINT) from error
    if not found or not any(len(sentence) > 1 for sentence in found.values()):
        raise ConfigError(f"{path} has no sentence in two languages", hint=HINT)
    return found


def fingerprint(path: Path | None) -> str:
    """Return the sha256 of the files."""
    if path is None:
        return ""
    whole = hashlib.sha256()
    for file in sorted(path.glob("*.txt")) if path.is_dir() else [path]:
        try:
            whole.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
        except OSError as error:
            raise ConfigError(f"the parallel sentences cannot be read: {error}", hint=HINT) from error
    return whole.hexdigest()


def find_language(wanted: str, names: list[str]) -> str | None:
    """Find a language by its code, else by the one name that begins with it: "en" finds "eng_Latn"."""
    if wanted in names:
        return wanted
    close = [name for name in names if re.split(r"[-_]", name)[0] == wanted] or [
        name for name in names if re.split(r"[-_]", name)[0][:2] == wanted[:2] and len(re.split(r"[-_]", name)[0]) == 3 and len(wanted) == 2
    ]
    return close[0] if len(close) == 1 else None


def _folder(path: Path) -> Sentences:
    texts = {file.stem: _lines(file) for file in sorted(path.glob("*.txt"))}
    sizes = {name: len(lines) for name, lines in texts.items()}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} ({size})" for name, size in sizes.items())
        raise ConfigError(f"{path}: the languages have different numbers of sentences: {listed}", hint=HINT)
    count = next(iter(sizes.values()), 0)
    return {str(i + 1): {name: lines[i] for name, lines in texts.items() if lines[i].strip()} for i in range(count)}


def _json_lines(path: Path) -> Sentences:
    found: dict[str, dict[str, str]] = {}
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        row = json.loads(line)
        if "language" in row and "text" in row:
            sentence = found.setdefault(str(row["id"]), {})
            if row["language"] in sentence:
                raise ConfigError(f"{path}: line {number}: the sentence {row['id']!r} is there twice in {row['language']!r}", hint=HINT)
            sentence[str(row["language"])] = str(row["text"])
        else:
            found[str(row.get("id", number))] = {str(k): str(v) for k, v in row.items() if k != "id" and str(v).strip()}
    return found


def _lines(file: Path) -> list[str]:
    text = file.read_bytes().decode("utf-8-sig")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []
