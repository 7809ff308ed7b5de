"""Writes the documents that rule sets keep, in corpus order, cleaned where a rule set cleans."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from fmaudit.api.results import Run
from fmaudit.corpus.batch import pad_text
from fmaudit.corpus.files import problem_with
from fmaudit.corpus.roles import read_split
from fmaudit.corpus.sources import pick_format
from fmaudit.corpus.splits import Fields, Limits, SourceFile
from fmaudit.errors import ConfigError, RunError
from fmaudit.runs.columns import take_batch
from fmaudit.store.reader import quote
from fmaudit.store.writer import atomic_file

if TYPE_CHECKING:
    from fmaudit.audit import DocumentFilter
    from fmaudit.corpus.batch import DocumentBatch

__all__ = ["write_kept"]

_AGAIN = "run the audit again, then filter"


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
    wanted = _wanted(run, target, condition)
    expected = sum(len(positions) for positions in wanted.values())
    with _writer(output) as write:
        kept = size = 0
        for part in _read_again(run, target, wanted):
            texts = rewriting[0].rewrite(part) if rewriting and rewriting[0].rewrite else part.text
            write(part, texts)
            kept += len(part)
            size += int(np.diff(pad_text(texts)[1]).sum())
        if kept != expected:  # raised in here, so that the output never takes its name
            raise RunError(f"{expected - kept} documents of the run are no longer in the corpus", hint=_AGAIN)
    (documents,) = run.documents(target, columns=["count(*)"]).columns[0].to_pylist()
    return {"run": run.id, "documents": documents, "kept": kept, "bytes": size, "output": str(output)}


def _chosen(run: Run, rules: Sequence[str], target: str) -> list[DocumentFilter]:
    known = {item.name: item for item in run.filters(target)}
    unknown = [name for name in rules if name not in known]
    if unknown:
        there = f"the run has: {', '.join(sorted(known)) or 'none'}"
        raise ConfigError(f"no rule set {unknown[0]!r}", hint="; ".join([there, *run.left_out()]))
    return [known[name] for name in dict.fromkeys(rules)]


def _wanted(run: Run, target: str, condition: str) -> dict[str, npt.NDArray[np.int64]]:
    """Map each file to the sorted positions of the documents to keep: 8 bytes a document, whatever the corpus."""
    rows = run.documents(target, f"{condition} group by file", ["file", 'list("offset" order by "offset")'])
    files, lists = rows.columns
    return {str(file): np.asarray(lists[row].values, np.int64) for row, file in enumerate(files.to_pylist())}


def _read_again(run: Run, target: str, wanted: Mapping[str, npt.NDArray[np.int64]]) -> Iterator[DocumentBatch]:
    """Read the wanted documents again, in corpus order, with the files, fields and limits that the run was planned with."""
    from fmaudit.runs.readers import all_readers

    plan = run.plan
    name = target or next(iter(plan["corpora"]))
    corpus, settings = plan["corpora"][name], plan["settings"]
    fields = Fields(**{**corpus["fields"], "metadata": tuple(corpus["fields"]["metadata"])})
    limits = Limits(**corpus["limits"])
    readers = all_readers(run.plugins.readers)
    files = [SourceFile(**file) for file in corpus["files"]]
    _check_unchanged(run, files)
    for file in files:
        positions = wanted.get(file.path)
        if positions is None:
            continue
        form = settings["corpus"][name]["format"] or pick_format(file.path, readers)
        if form not in readers:
            raise RunError(f"nothing here reads the format {form!r} of the corpus", hint="; ".join(run.unloaded()))
        reader = readers[form]
        for split in reader.splits(file, settings["run"]["split_bytes"]):
            for step in read_split(reader, split, fields, limits):
                rows = _rows(step.batch, positions)
                if step.batch is not None and len(rows):
                    yield take_batch(step.batch, rows)


def _rows(batch: DocumentBatch | None, positions: npt.NDArray[np.int64]) -> list[int]:
    """Find the documents of a batch whose positions are among the sorted ones."""
    if batch is None or not len(batch):
        return []
    index = np.minimum(np.searchsorted(positions, batch.position), len(positions) - 1)
    found: list[int] = np.flatnonzero(positions[index] == batch.position).tolist()
    return found


def _check_unchanged(run: Run, files: Sequence[SourceFile]) -> None:
    """Raise RunError unless every file is as it was when the run was planned."""
    for file in files:
        problem = problem_with(file) if file.fingerprint else None  # a data set of the hub has none
        if problem is not None:
            raise RunError(f"{file.path}: the corpus changed since {run.id} was planned: {problem[1]}", hint=_AGAIN)


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
