"""Where something stands: the line of audit.toml that asked for it, and files as a repository's host knows them."""

from __future__ import annotations

import itertools
import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from fmaudit.report.document import ReportData
from fmaudit.report.safe import encodable

__all__ = ["Place", "audit_place", "check_places", "file_uri", "from_repository"]

_ORIGIN = re.compile(r"^[^\s:]+:(\d+)$")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")
_CHECK = re.compile(r"check\.\d+\.metric")
_PARENTS = 40


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; the file is relative to the repository."""

    file: str
    line: int = 1

    @property
    def uri(self) -> str:
        """The file as a relative URI."""
        parts = [part for part in encodable(self.file).split("/") if part not in ("", ".", "..")]
        return quote("/".join(parts) or "unknown", safe="/")


def from_repository(path: str) -> str:
    """Write a file's path from the root of the repository it lies in, else its name alone; '/' between its parts."""
    file = Path(path.replace("\\", "/"))
    for parent in list(file.parents)[:_PARENTS]:
        if (parent / ".git").exists():
            return file.relative_to(parent).as_posix()
    return file.name


def audit_place(data: ReportData, audit: str) -> Place:
    """Return the first line of audit.toml that sets something of an audit, else its first line."""
    lines = [line for key, line in _lines(data) if key.startswith(f"audit.{audit}.")]
    return Place(_source(data), min(lines, default=1))


def check_places(data: ReportData) -> dict[str, Place]:
    """Return, by check as its verdict writes it, the line of audit.toml where the check names its metric."""
    metrics = {row.key: _text(row.value) for row in data.settings if _CHECK.fullmatch(row.key)}
    asked = sorted(((key, line) for key, line in _lines(data) if key in metrics), key=lambda item: int(item[0].split(".")[1]))
    written = [check for check, _ in itertools.groupby(verdict.check for verdict in data.verdicts)]
    places: dict[str, Place] = {}
    for place, (key, line) in enumerate(asked):
        same = [check for check in written if check.startswith(f"{metrics[key]} ")]
        if len(written) == len(asked) and written[place] in same:  # verdicts come in the order of the checks
            same = [written[place]]
        for check in same:
            places.setdefault(check, Place(_source(data), line))
    return places


def file_uri(data: ReportData, file: str) -> str:
    """Write a file of a corpus as a URI without a scheme, relative to the repository; what lies outside keeps its path without the root."""
    path = encodable(file).replace("\\", "/")
    if _SCHEME.match(path):
        return Place(path.replace("://", "/", 1)).uri
    folder = posixpath.dirname(_source(data))
    joined = path.lstrip("/") if path.startswith("/") else posixpath.normpath(posixpath.join(folder, path)) if path else _source(data)
    return Place(joined).uri


def _text(value: str) -> str:
    """Read a setting's value, which is JSON."""
    try:
        return str(json.loads(value))
    except ValueError:
        return value


def _source(data: ReportData) -> str:
    return data.source or "audit.toml"


def _lines(data: ReportData) -> Iterator[tuple[str, int]]:
    for row in data.settings:
        found = _ORIGIN.match(row.origin)
        if found:
            yield row.key, int(found[1])
