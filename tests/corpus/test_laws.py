"""The laws every reader keeps: resuming, splitting, and the same text in every format."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmaudit.corpus.fetch import fetch_document
from fmaudit.corpus.splits import END, Fields, Limits

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=40)
LIMITS = st.builds(
    Limits,
    batch_bytes=st.sampled_from([1, 50, 400, 1 << 20]),
    batch_documents=st.sampled_from([1, 3, 1000]),
    document_bytes=st.sampled_from([40, 120, 1 << 20]),
    sample=st.sampled_from([1.0, 0.5]),
)
FIELDS = Fields(id="id", metadata=("n",))
RELAXED = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def json_lines(texts: list[str]) -> bytes:
    records = [{"id": str(number), "text": text, "n": number} for number, text in enumerate(texts)]
    lines = [json.dumps(record, ensure_ascii=number % 2 == 0).encode() for number, record in enumerate(records)]
    for number in range(0, len(lines), 5):  # and what is not a document
        lines[number : number + 1] = [lines[number], [b"", b"{bad", b'{"text": 1}', b'{"text": "\xff"}'][number // 5 % 4]]
    return b"\n".join(lines)


def warc_records(texts: list[str]) -> list[bytes]:
    head = "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <{}>\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n"
    bodies = [text.encode() for text in texts]
    return [head.format(number, len(body)).encode() + body + b"\r\n\r\n" for number, body in enumerate(bodies)]


def write_as(name: str, texts: list[str], folder: Path) -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        ids = [str(number) for number in range(len(texts))]
        columns = {"text": pa.array(texts, pa.string()), "id": pa.array(ids, pa.string()), "n": pa.array(range(len(texts)), pa.int64())}
        pq.write_table(pa.table(columns), path, row_group_size=7)
        return path
    packings = {
        "c.jsonl": lambda: json_lines(texts),
        "c.jsonl.gz": lambda: gzip.compress(json_lines(texts)[:100]) + gzip.compress(json_lines(texts)[100:]),
        "c.jsonl.zst": lambda: zstandard.compress(json_lines(texts)),
        "c.wet": lambda: b"".join(warc_records(texts)),
        "c.wet.gz": lambda: b"".join(gzip.compress(record) for record in warc_records(texts)),
        "w.wet.gz": lambda: gzip.compress(b"".join(warc_records(texts))),
    }
    path.write_bytes(packings[name]())
    return path


FORMATS = ["c.jsonl", "c.jsonl.gz", "c.jsonl.zst", "c.parquet", "c.wet", "c.wet.gz", "w.wet.gz"]


@pytest.mark.parametrize("name", FORMATS)
@RELAXED
@given(texts=TEXTS, limits=LIMITS)
def test_resuming_gives_exactly_the_steps_that_would_have_followed(kit, name, texts, limits):
    with tempfile.TemporaryDirectory() as folder:
        path = write_as(name, texts, Path(folder))
        steps = kit.read(path, FIELDS, limits).steps
        plain = [kit.plain(step) for step in steps]
        for number, step in enumerate(steps):
            assert [kit.plain(rest) for rest in kit.read(path, FIELDS, limits, position=step.next_position).steps] == plain[number + 1 :]


@pytest.mark.parametrize("name", FORMATS)
@RELAXED
@given(texts=TEXTS, split_bytes=st.sampled_from([1, 10, 100, 333, 1 << 20]), limits=LIMITS)
def test_splits_together_are_the_file(kit, name, texts, split_bytes, limits):
    with tempfile.TemporaryDirectory() as folder:
        path = write_as(name, texts, Path(folder))
        whole, parts = kit.read(path, FIELDS, limits), kit.read_splits(path, split_bytes, FIELDS, limits)
        assert (parts.texts, parts.positions, parts.ids) == (whole.texts, whole.positions, whole.ids)
        assert parts.ledger == whole.ledger
        assert parts.skipped == whole.skipped


@RELAXED
@given(texts=TEXTS, split_bytes=st.sampled_from([50, 300]))
def test_a_split_can_be_resumed_too(kit, texts, split_bytes):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("c.jsonl", "c.wet.gz", "c.parquet"):
            path = write_as(name, texts, Path(folder))
            source = kit.source(path)
            reader = kit.readers["jsonl" if "jsonl" in name else "parquet" if "parquet" in name else "wet"]
            limits = Limits(batch_documents=2)
            for split in reader.splits(source, split_bytes):
                steps = list(reader.read(split, FIELDS, limits))
                for number, step in enumerate(steps):
                    rest = [kit.plain(later) for later in reader.read(split, FIELDS, limits, step.next_position)]
                    assert rest == [kit.plain(later) for later in steps[number + 1 :]]


@RELAXED
@given(texts=TEXTS)
def test_every_format_gives_the_same_texts(kit, texts):
    with tempfile.TemporaryDirectory() as folder:
        for name in FORMATS:
            path = write_as(name, texts, Path(folder))
            seen = kit.read(path, FIELDS)
            kept = [text for text, id_ in zip(seen.texts, seen.ids, strict=True) if id_ is not None]
            assert kept == texts, name
            for position, text in list(zip(seen.positions, seen.texts, strict=True))[:3]:
                assert fetch_document(kit.source(path), FIELDS, position) == text


@pytest.mark.parametrize("name", [*FORMATS, "c.txt"])
def test_nothing_follows_the_end(kit, tmp_path, name):
    path = tmp_path / name
    path = write_as(name, ["a"], tmp_path) if name != "c.txt" else path
    path.touch()
    assert kit.read(path, position=END).steps == []


def test_buffers_of_a_batch_are_its_own(kit, tmp_path):
    """Later batches must not write over earlier ones."""
    path = tmp_path / "c.jsonl"
    path.write_bytes(b"".join(b'{"text": "%d"}\n' % number for number in range(5000)))
    steps = kit.read(path, limits=Limits(batch_documents=7)).steps
    assert [text for step in steps for text in step.batch.text.to_pylist()] == [str(number) for number in range(5000)]
    assert all((step.batch.data[step.batch.nbytes :] == 0).all() and len(step.batch.data) == step.batch.nbytes + 64 for step in steps)
