"""Writes the documents that rule sets keep, in corpus order, cleaned where a rule set cleans."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from fmaudit.api.results import Run
from fmaudit.corpus.batch import pad_text
from fmaudit.errors import ConfigError, RunError
from fmaudit.runs.columns import take_batch
from fmaudit.store.reader import quote
from fmaudit.store.writer import atomic_file

if TYPE_CHECKING:
    from fmaudit.audit import DocumentFilter
    from fmaudit.corpus.batch import DocumentBatch

__all__ = ["write_kept"]


def write_kept(run: Run, output: Path, *, rules: Sequence[str] = (), where: str = "", target: str = "") -> dict[str, Any]:
    """Write the documents that every named rule set keeps and for which `where` holds.

    The corpus is read again at the positions that the run recorded. Raises ConfigError for an unknown rule set or suffix, RunError
    when the corpus is no longer what the run saw.
    """
    chosen = _chosen(run, rules, target)
    rewriting = [item for item in chosen if item.rewrite is not None]
    if len(rewriting) > 1:
        raise ConfigError("only one rule set that rewrites the text can be applied", hint=", ".join(item.name for item in rewriting))
    condition = " and ".join([f"rules.{quote(item.name)}.kept" for item in chosen] + ([f"({where})"] if where else [])) or "true"
    kept = documents = size = 0
    wanted = _wanted(run, target, condition)
    with _writer(output) as write:
        for batch in _read_again(run, target):
            documents += len(batch)
            positions = wanted.get(batch.file, set())
            rows = [i for i, position in enumerate(batch.position.tolist()) if position in positions]
            if rows:
                part = take_batch(batch, rows)
                texts = rewriting[0].rewrite(part) if rewriting and rewriting[0].rewrite else part.text
                write(part, texts)
                kept += len(rows)
                size += int(np.diff(pad_text(texts)[1]).sum())
    expected = sum(len(positions) for positions in wanted.values())
    if kept != expected:
        raise RunError(f"{expected - kept} documents of the run are no longer in the corpus", hint="run the audit again, then filter")
    return {"run": run.id, "documents": documents, "kept": kept, "bytes": size, "output": str(output)}


def _chosen(run: Run, rules: Sequence[str], target: str) -> list[DocumentFilter]:
    known = {item.name: item for item in run.filters(target)}
    unknown = [name for name in rules if name not in known]
    if unknown:
        raise ConfigError(f"no rule set {unknown[0]!r}", hint=f"the run has: {', '.join(sorted(known)) or 'none'}")
    return [known[name] for name in dict.fromkeys(rules)]


def _wanted(run: Run, target: str, condition: str) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = {}
    for row in run.documents(target, condition, ["file", quote("offset")]).to_pylist():
        wanted.setdefault(row["file"], set()).add(row["offset"])
    return wanted


def _read_again(run: Run, target: str) -> Iterator[DocumentBatch]:
    """Read the run's corpus again with the settings of its plan."""
    from fmaudit.api.auditing import prepare

    plan = run.plan
    name = target or next(iter(plan["corpora"]))
    prepared = prepare(plan["config"]["path"], plugins=[p["name"] for p in plan["plugins"] if p["state"] == "loaded"])
    corpus = next((item for item in prepared.plan.corpora if item.name == name), None)
    if corpus is None:
        raise RunError(f"{plan['config']['path']} no longer names the corpus {name!r}")
    for split in corpus.splits:
        for step in prepared.readers[split.format].read(split, corpus.fields, corpus.limits):
            if step.batch is not None and len(step.batch):
                yield step.batch


@contextmanager
def _writer(output: Path) -> Iterator[Any]:
    name = output.name
    if name.endswith(".parquet"):
        with atomic_file(output) as file:
            parquet = _ParquetRows(file)
            yield parquet.write
            parquet.close()
    elif name.endswith((".jsonl", ".jsonl.gz", ".jsonl.zst")):
        with atomic_file(output) as file, _compressed(file, name) as lines:
            yield lambda batch, texts: lines.write(_json_lines(batch, texts))
    else:
        raise ConfigError(f"{output}: unknown suffix", hint="use .jsonl, .jsonl.gz, .jsonl.zst or .parquet")


@contextmanager
def _compressed(file: IO[bytes], name: str) -> Iterator[Any]:
    if name.endswith(".gz"):
        import gzip

        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as stream:
            yield stream
    elif name.endswith(".zst"):
        import zstandard

        with zstandard.ZstdCompressor(level=6).stream_writer(file, closefd=False) as stream:
            yield stream
    else:
        yield file


def _columns(batch: DocumentBatch, texts: pa.Array[Any]) -> dict[str, Any]:
    names = {name.removeprefix("meta."): column for name, column in batch.metadata.items()}
    file = pa.array([batch.file] * len(batch))
    return {"id": batch.ids, "text": texts, **names, "source_file": file, "source_offset": pa.array(batch.position)}


def _json_lines(batch: DocumentBatch, texts: pa.Array[Any]) -> bytes:
    rows = pa.table(_columns(batch, texts)).to_pylist()
    buffer = io.BytesIO()
    for row in rows:
        buffer.write(orjson.dumps({key: value for key, value in row.items() if value is not None}, option=orjson.OPT_APPEND_NEWLINE))
    return buffer.getvalue()


class _ParquetRows:
    """Writes batches as row groups."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._writer: pq.ParquetWriter | None = None

    def write(self, batch: DocumentBatch, texts: pa.Array[Any]) -> None:
        table = pa.table(_columns(batch, texts))
        if self._writer is None:
            self._schema = table.schema
            self._writer = pq.ParquetWriter(self._file, table.schema, compression="zstd", write_page_checksum=True)
        self._writer.write_table(table.cast(self._schema))

    def close(self) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, pa.schema([("id", pa.string()), ("text", pa.large_string())]))
        self._writer.close()
