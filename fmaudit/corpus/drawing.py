"""Draws documents out of a corpus, text and all: what model audits are asked about."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from fmaudit.corpus.roles import read_split
from fmaudit.corpus.sampling import finish, fnv1a
from fmaudit.corpus.sources import builtin_readers, resolve_sources
from fmaudit.corpus.splits import Fields, Limits, Reader
from fmaudit.errors import ConfigError

__all__ = ["draw_documents"]

_COLUMNS: list[tuple[str, Any]] = [
    ("file", pa.string()),
    ("offset", pa.int64()),
    ("id", pa.string()),
    ("domain", pa.string()),
    ("language", pa.string()),
    ("group", pa.string()),
    ("text", pa.string()),
]


def draw_documents(
    corpus: Mapping[str, Any], *, per_group: int, group: str = "domain", seed: int = 0, readers: Mapping[str, Reader] | None = None
) -> pa.Table:
    """Draw at most `per_group` documents of every group, by hash of their identity: the same on every machine.

    `corpus` is what a parameter of type `Corpora` holds. `group` is "domain", "language", "file" or "" (all are one group).
    The whole corpus is read; what is kept in memory is what is drawn. Columns: file, offset, id, domain, language, group, text, in
    the order of group, file, offset. Raises CorpusError where nothing can be read, ConfigError for another `group`.
    """
    if group not in ("", "domain", "language", "file"):
        raise ConfigError(f"documents cannot be drawn by {group!r}", hint='by "domain", "language", "file" or "" for all together')
    drawn: dict[str, list[tuple[int, int, dict[str, Any]]]] = {}
    for number, row in enumerate(_documents(corpus, readers or builtin_readers())):
        row["group"] = str(row[group] or "") if group else ""
        heap = drawn.setdefault(row["group"], [])
        entry = (-_rank(row, seed), -number, row)
        if len(heap) < per_group:
            heapq.heappush(heap, entry)
        elif entry > heap[0]:
            heapq.heapreplace(heap, entry)
    rows = sorted((row for heap in drawn.values() for _, _, row in heap), key=lambda row: (row["group"], row["file"], row["offset"]))
    return pa.Table.from_pylist(rows, schema=pa.schema(_COLUMNS))


def _rank(row: Mapping[str, Any], seed: int) -> int:
    identity = row["id"] if row["id"] is not None else f"{row['file']}\0{row['offset']}"
    return finish(fnv1a(identity.encode("utf-8", "surrogateescape"), fnv1a(f"draw {seed}\0".encode())))


def _documents(corpus: Mapping[str, Any], readers: Mapping[str, Reader]) -> Iterator[dict[str, Any]]:
    fields = Fields(corpus["text"], corpus["id"], corpus["url"], corpus["language"], corpus["domain"])
    limits = Limits(document_bytes=corpus["max_document_bytes"], sample=corpus["sample"])
    sources = resolve_sources(corpus["path"], Path(), readers=readers, format=corpus["format"])
    for file, format_ in sources.files:
        for split in readers[format_].splits(file, 128 << 20):
            for step in read_split(readers[format_], split, fields, limits):
                if step.batch is None:
                    continue
                batch = step.batch
                named = {name: batch.metadata[name].to_pylist() if name in batch.metadata else None for name in ("domain", "language")}
                for i, (text, id_) in enumerate(zip(batch.text.to_pylist(), batch.ids.to_pylist(), strict=True)):
                    row: dict[str, Any] = {"file": batch.file, "offset": int(batch.position[i]), "id": id_, "text": text}
                    for name, values in named.items():
                        row[name] = values[i] if values is not None else None
                    yield row
