"""Reads splits with roles that are not in the file: `domain = "@folder"` names every document's domain after its folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from fmaudit.corpus.splits import Fields, Limits, Reader, ReadStep, SourceFile, Split

if TYPE_CHECKING:
    from fmaudit.corpus.batch import DocumentBatch

__all__ = ["FILE", "FOLDER", "read_split"]

FOLDER = "@folder"  # the name of the folder the file lies in
FILE = "@file"  # the file's name up to its first dot
_ROLES = ("language", "domain")


def read_split(reader: Reader, split: Split, fields: Fields, limits: Limits, position: int | None = None) -> Iterator[ReadStep]:
    """Read a split as `reader.read` does, and fill in the roles that the file's path tells."""
    told = {role: _told(split.file, getattr(fields, role)) for role in _ROLES if getattr(fields, role) in (FOLDER, FILE)}
    if not told:
        yield from reader.read(split, fields, limits, position)
        return
    plain = replace(fields, language="" if "language" in told else fields.language, domain="" if "domain" in told else fields.domain)
    for step in reader.read(split, plain, limits, position):
        if step.batch is not None:
            _fill(step.batch, told)
        yield step


def _told(file: SourceFile, source: str) -> str:
    parts = file.path.replace("\\", "/").rstrip("/").split("/")
    if source == FILE:
        return parts[-1].partition(".")[0]
    return parts[-2] if len(parts) > 1 else ""


def _fill(batch: DocumentBatch, told: dict[str, str]) -> None:
    same = {role: pa.repeat(pa.scalar(value, pa.string()), len(batch)) for role, value in told.items()}
    batch.metadata = {**batch.metadata, **same}
