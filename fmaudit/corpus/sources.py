"""Turns the `path` of a corpus into its files: patterns, folders, URLs and data sets, each with the format that reads it."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from fmaudit.corpus.files import describe, filesystem, is_remote, local_path
from fmaudit.corpus.splits import Reader, SourceFile
from fmaudit.errors import CorpusError
from fmaudit.records import LedgerEntry

__all__ = ["Sources", "builtin_readers", "list_formats", "pick_format", "resolve_sources"]

_DATASET = "huggingface:"
_WEAK = (".txt", ".txt.gz", ".md", ".json")  # in a folder they are the corpus only where nothing else is


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of a corpus with their formats, sorted by path, and what was left out."""

    files: tuple[tuple[SourceFile, str], ...]
    ledger: tuple[LedgerEntry, ...] = ()


def builtin_readers() -> dict[str, Reader]:
    """Make the readers that come with fmaudit, by format name."""
    from fmaudit.corpus.readers.huggingface import HuggingfaceReader
    from fmaudit.corpus.readers.jsonl import JsonlReader
    from fmaudit.corpus.readers.parquet import ParquetReader
    from fmaudit.corpus.readers.text import TextReader
    from fmaudit.corpus.readers.warc import WarcReader, WetReader

    readers = (JsonlReader(), ParquetReader(), WarcReader(), WetReader(), TextReader(), HuggingfaceReader())
    return {reader.name: reader for reader in readers}


def list_formats(readers: Mapping[str, Reader] | None = None) -> list[tuple[str, tuple[str, ...]]]:
    """List the formats with the file names they are recognised by, sorted."""
    return sorted((name, reader.suffixes) for name, reader in (readers or builtin_readers()).items())


def pick_format(path: str, readers: Mapping[str, Reader]) -> str:
    """Name the format of a file by the longest suffix that fits, or "" where none does."""
    if path.startswith(_DATASET):
        return "huggingface"
    name = path.rsplit("/", 1)[-1].lower()
    fitting = [(len(suffix), format_) for format_, reader in readers.items() for suffix in reader.suffixes if name.endswith(suffix)]
    return max(fitting)[1] if fitting else ""


def resolve_sources(patterns: Sequence[str], folder: Path, *, readers: Mapping[str, Reader] | None = None, format: str = "") -> Sources:
    """Find the files of a corpus; `folder` is what relative patterns start from, `format` overrides the suffixes.

    Pipes, devices and links that lead nowhere go to the ledger. A pattern without a file, or with a file no reader knows, is a
    CorpusError.
    """
    known = dict(readers or builtin_readers())
    if format and format not in known:
        raise CorpusError(f"there is no corpus format {format!r}", hint=f"known formats: {', '.join(sorted(known))}")
    search = _Search(folder, known, format)
    for pattern in patterns:
        search.add(pattern)
    return Sources(tuple(search.found[path] for path in sorted(search.found)), tuple(search.ledger))


class _Search:
    """Collects the files of one corpus."""

    def __init__(self, folder: Path, readers: Mapping[str, Reader], format_: str) -> None:
        self.folder = folder
        self.readers = readers
        self.format = format_
        self.found: dict[str, tuple[SourceFile, str]] = {}
        self.ledger: list[LedgerEntry] = []

    def add(self, pattern: str) -> None:
        """Take every file of one pattern."""
        if pattern.startswith(_DATASET):
            format_ = self.format or "huggingface"
            self.found[pattern] = SourceFile(pattern, pattern, 0, ""), format_
            return
        matches = list(_remote_matches(pattern) if is_remote(pattern) else self._local_matches(pattern))
        if not matches:
            raise CorpusError(f"no file matches {pattern!r}", hint="" if is_remote(pattern) else _instead(self.folder, pattern))
        taken = [self._add_match(match, only=len(matches) == 1) for match in matches]
        if not any(taken):
            raise CorpusError(f"nothing that {pattern!r} matches can be read", hint=self._formats_hint())

    def _local_matches(self, pattern: str) -> Iterator[_Match]:
        plain = local_path(pattern)
        if os.path.lexists(self.folder / plain):
            names: Iterable[str] = [plain]
        else:
            names = glob.iglob(plain, root_dir=self.folder, recursive=True)
        for name in names:
            # a name that `**` found twice, or that is spelled in two ways, is one file
            path = os.path.join(self.folder, name)
            yield _Match(os.path.normpath(name), path, os.path.isdir(path))

    def _add_match(self, match: _Match, *, only: bool) -> bool:
        if match.folder:
            inside = list(_find_remote(match.url) if is_remote(match.url) else self._walk(match))
            known = [(entry, pick_format(entry.path, self.readers)) for entry in inside]
            strong = any(format_ and not entry.path.lower().endswith(_WEAK) for entry, format_ in known)
            chosen = [entry for entry, format_ in known if format_ and not (strong and entry.path.lower().endswith(_WEAK))]
            taken = [self._add_file(entry) for entry in chosen]
            return any(taken)
        if not (self.format or pick_format(match.path, self.readers)):
            if only:
                raise CorpusError(f"{match.path}: its name does not tell the format", hint=self._formats_hint())
            self._skip(match.path, "unknown-format", "no reader knows this suffix")
            return False
        return self._add_file(match)

    def _walk(self, top: _Match) -> Iterator[_Match]:
        """Find a folder's files, links to folders not followed; hidden names and those with an underscore are no corpus."""
        try:
            entries = sorted(os.scandir(top.url), key=lambda entry: entry.name)
        except OSError as error:
            self._skip(top.path, "unreadable", str(error))
            return
        for entry in entries:
            shown = os.path.normpath(os.path.join(top.path, entry.name))
            if entry.name.startswith((".", "_")):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(_Match(shown, entry.path, True))
            elif entry.is_symlink() and os.path.isdir(entry.path):
                self._skip(shown, "not-a-file", "a link to a folder is not followed")
            else:
                yield _Match(shown, entry.path, False)

    def _add_file(self, match: _Match) -> bool:
        shown, url = _printable(match.path), _openable(match.url)
        try:
            file = describe(shown, url)
        except OSError as error:
            mode = _mode(match.url)
            reason = "unreadable" if mode is None or stat.S_ISREG(mode) else "not-a-file"
            self._skip(shown, reason, str(error))
            return False
        self.found[shown] = file, self.format or pick_format(match.path, self.readers)
        return True

    def _skip(self, path: str, reason: str, detail: str) -> None:
        self.ledger.append(LedgerEntry(file=_printable(path), offset=0, reason=reason, detail=_printable(detail)))

    def _formats_hint(self) -> str:
        known = "; ".join(f"{name} ({', '.join(suffixes[:4])})" for name, suffixes in list_formats(self.readers) if suffixes)
        return f'set format = "..." in audit.toml. Known: {known}'


@dataclass(frozen=True, slots=True)
class _Match:
    path: str  # as shown
    url: str  # as opened
    folder: bool


def _remote_matches(pattern: str) -> Iterator[_Match]:
    fs = filesystem(pattern)
    path = fs._strip_protocol(pattern)
    if fs.exists(path):
        yield _Match(pattern, pattern, bool(fs.isdir(path)))
        return
    for found in sorted(fs.glob(path)):
        url = str(fs.unstrip_protocol(found))
        yield _Match(url, url, bool(fs.isdir(found)))


def _find_remote(url: str) -> Iterator[_Match]:
    fs = filesystem(url)
    for found in sorted(fs.find(fs._strip_protocol(url))):
        if not found.rsplit("/", 1)[-1].startswith((".", "_")):
            full = str(fs.unstrip_protocol(found))
            yield _Match(full, full, False)


def _instead(folder: Path, pattern: str) -> str:
    """Say what is there in place of a pattern that matches nothing."""
    place = Path(os.path.join(folder, local_path(pattern)))
    while not place.is_dir() and place != place.parent:
        place = place.parent
    try:
        names = sorted(_printable(entry.name) + ("/" if entry.is_dir() else "") for entry in os.scandir(place))
    except OSError as error:
        return str(error)
    listed = ", ".join(names[:8]) + (f" and {len(names) - 8:,} more" if len(names) > 8 else "")
    return f"{place} holds {listed or 'nothing'}; relative paths start from the folder of audit.toml"


def _mode(url: str) -> int | None:
    try:
        return None if is_remote(url) else os.stat(url).st_mode
    except OSError:
        return None


def _printable(path: str) -> str:
    """Show a name that is not UTF-8 with its odd bytes escaped."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _openable(path: str) -> str:
    """Write a local name that is not UTF-8 as a URL, which any file can hold."""
    if is_remote(path) or path.isascii() or _printable(path) == path:
        return path
    return "file://" + quote(os.fsencode(os.path.abspath(path)))
