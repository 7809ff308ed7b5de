"""Guesses an audit.toml from a folder of data: format, text field, address, language, metadata."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fmaudit.corpus.splits import Limits, SourceFile
from fmaudit.errors import ConfigError, FmauditError

__all__ = ["guess_config"]

_ROLES = {
    "text": ("text", "content", "raw_content", "body", "document", "completion"),
    "id": ("id", "doc_id", "uuid", "warc_record_id"),
    "url": ("url", "uri", "link", "source_url", "warc_target_uri"),
    "language": ("language", "lang", "lang_code"),
    "domain": ("domain", "source", "subset", "category"),
}
_WEAK = (".txt", ".txt.gz", ".md", ".json")  # the corpus only where nothing else is
_METADATA = ("score", "karma", "date", "timestamp", "license", "dump", "quality")


def guess_config(data: Path, folder: Path) -> str:
    """Write the text of an audit.toml for a folder or file; paths are relative to `folder`.

    Raises ConfigError when nothing in it can be read.
    """
    from fmaudit.corpus.sources import resolve_sources
    from fmaudit.runs.readers import all_readers

    if not data.exists():
        raise ConfigError(f"{data}: there is no such file or folder")
    readers = all_readers({})
    suffixes = tuple(suffix for reader in readers.values() for suffix in reader.suffixes)
    pattern = _patterns(data, folder, suffixes)
    sources = resolve_sources(pattern, folder, readers=readers, format="")
    names: list[str] = []
    for file, format_ in sources.files[:1]:
        try:
            names = _field_names(file, format_)
        except (OSError, ValueError, FmauditError):
            names = []
    return _write(pattern, _roles(names), [name for name in _METADATA if name in names], len(sources.files))


def _patterns(data: Path, folder: Path, suffixes: tuple[str, ...]) -> list[str]:
    """Name the file, or one glob per suffix found below the folder; fmaudit's own runs are no data."""
    if data.is_file():
        return [_relative(data, folder)]
    found = sorted({suffix for path in _data_files(data) for suffix in [_suffix(path.name, suffixes)] if suffix})
    strong = [suffix for suffix in found if suffix not in _WEAK]
    if not found:
        raise ConfigError(f"{data}: no file with a known suffix", hint=f"known: {', '.join(sorted(suffixes))}")
    base = _relative(data, folder)
    return [("" if base == "." else f"{base}/") + f"**/*{suffix}" for suffix in strong or found]


def _data_files(data: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(data):
        if "journal.sqlite" in names:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in names)


def _suffix(name: str, suffixes: tuple[str, ...]) -> str:
    return max((suffix for suffix in suffixes if name.endswith(suffix)), key=len, default="")


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder)).as_posix()


def _field_names(file: SourceFile, format_: str) -> list[str]:
    """Look at the first document's fields."""
    if format_ == "parquet":
        import pyarrow.parquet as pq

        return list(pq.read_schema(file.url).names)
    if format_ == "jsonl":
        from fmaudit.corpus.streams import open_stream

        with open_stream(file, Limits()) as stream:
            first: Any = json.loads(stream.read().split(b"\n", 1)[0])
        return list(first) if isinstance(first, dict) else []
    return []


def _roles(names: list[str]) -> dict[str, str]:
    roles = {}
    for role, candidates in _ROLES.items():
        match = next((name for name in candidates if name in names), "")
        if match:
            roles[role] = match
    return roles


def _write(patterns: list[str], roles: dict[str, str], metadata: list[str], files: int) -> str:
    lines = [
        "# What is audited. Paths are relative to this file.",
        "[corpus.data]",
        f"path = {json.dumps(patterns)}  # {files} files now",
    ]
    lines += [f"{role} = {json.dumps(name)}" for role, name in roles.items()]
    if metadata:
        lines.append(f"metadata = {json.dumps(metadata)}  # further fields to keep")
    lines += [
        "# sample = 0.01  # look at 1 % of the documents, chosen by hash: the intervals say so",
        "",
        "[audit.corpus-language]",
        'targets = ["data"]',
        "",
        "[audit.corpus-quality]",
        'targets = ["data"]',
        "",
        "# Limits on a metric's interval; `fmaudit run` exits with 1 when one fails.",
        "# [[check]]",
        '# metric = "corpus-language.share{language=en}"',
        "# max = 0.8",
        "",
        "[report]",
        'formats = ["html", "markdown", "json"]',
        "",
    ]
    return "\n".join(lines)
