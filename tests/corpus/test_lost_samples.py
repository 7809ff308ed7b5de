"""A sample's lost documents are sampled like those that were examined, so that shares of what was lost mean the same."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fmaudit.corpus.splits import Fields, Limits

FIELDS = Fields(id="id")
SAMPLE = Limits(sample=0.2, salt="7")
N = 2000


def jsonl(kind: str) -> bytes:
    lines = {
        "broken": lambda i: b'{"id": "d%d", "text": "cut' % i,
        "without text": lambda i: b'{"id": "d%d"}' % i,
        "null text": lambda i: b'{"id": "d%d", "text": null}' % i,
        "long": lambda i: b'{"id": "d%d", "text": "%s"}' % (i, b"x" * 1500),
    }
    return b"".join(lines[kind](i) + b"\n" for i in range(N))


def lost(reading) -> int:
    return sum(entry.count for entry in reading.ledger if entry.lost)


def assert_sampled(reading, total: int) -> None:
    """About a fifth of the lost documents are entered, the others are passed over like any document outside the sample."""
    assert lost(reading) + reading.skipped == total
    assert 0.15 * total < lost(reading) < 0.25 * total


@pytest.mark.parametrize("kind", ["broken", "without text", "null text", "long"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_lost_lines_are_sampled(kit, write, kind: str, name: str):
    data = jsonl(kind)
    limits = Limits(sample=0.2, salt="7", document_bytes=1400, expansion=1 << 40) if kind == "long" else SAMPLE
    assert_sampled(kit.read(write(name, gzip.compress(data) if name.endswith("gz") else data), FIELDS, limits), N)


def test_lines_too_long_to_be_held_are_sampled(kit, write):
    line = b'{"id": "d", "text": "%s"}\n' % (b"x" * 1_200_000)
    reading = kit.read(write("a.jsonl", line * 25), FIELDS, Limits(sample=0.4, document_bytes=1_100_000))
    assert lost(reading) + reading.skipped == 25
    assert 0 < lost(reading) < 25


def test_a_document_that_lacks_its_text_is_sampled_by_its_id(kit, write):
    """So that it stays in or out of the sample when its text is mended."""
    rows = [{"id": f"d{i}", "text": "fine"} for i in range(N)]
    whole = kit.read(write("a.jsonl", b"".join(json.dumps(row).encode() + b"\n" for row in rows)), FIELDS, SAMPLE)
    without = kit.read(write("b.jsonl", b"".join(json.dumps({"id": row["id"]}).encode() + b"\n" for row in rows)), FIELDS, SAMPLE)
    assert lost(without) == len(whole.texts)
    assert without.skipped == whole.skipped


def test_rows_without_text_are_sampled_by_their_id(kit, tmp_path: Path):
    ids = [f"d{i}" for i in range(N)]
    for name, texts in (("whole", ["fine"] * N), ("null", [None] * N)):
        pq.write_table(pa.table({"id": ids, "text": pa.array(texts, pa.string())}), tmp_path / f"{name}.parquet")
    whole, null = (kit.read(tmp_path / f"{name}.parquet", FIELDS, SAMPLE) for name in ("whole", "null"))
    assert_sampled(null, N)
    assert lost(null) == len(whole.texts)


def test_a_file_without_the_text_column_counts_the_samples_share_of_its_rows(kit, tmp_path: Path):
    pq.write_table(pa.table({"id": [f"d{i}" for i in range(N)]}), tmp_path / "a.parquet")
    reading = kit.read(tmp_path / "a.parquet", FIELDS, SAMPLE)
    assert (lost(reading), reading.skipped) == (N // 5, N - N // 5)


def test_a_damaged_row_group_counts_the_samples_share_of_its_rows(kit, tmp_path: Path):
    path = tmp_path / "a.parquet"
    texts = [f"text number {i} " * 20 for i in range(N)]
    pq.write_table(pa.table({"text": texts}), path, compression="none", use_dictionary=False, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    reading = kit.read(path, Fields(), SAMPLE)
    assert len(reading.texts) + reading.skipped + lost(reading) == N
    (entry,) = reading.ledger
    assert entry.count == round(0.2 * (N - entry.offset))


def test_even_a_small_sample_hears_of_a_damaged_file(kit, tmp_path: Path):
    pq.write_table(pa.table({"id": ["a", "b"]}), tmp_path / "a.parquet")
    assert lost(kit.read(tmp_path / "a.parquet", FIELDS, Limits(sample=0.001))) == 1


def record(number: int, length: str) -> bytes:
    body = b"A text of some words."
    head = (
        f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <r{number}>\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n\r\n"


@pytest.mark.parametrize("name", ["a.wet", "a.wet.gz"])
def test_broken_records_are_sampled(kit, write, name: str):
    records = [record(i, "wrong") for i in range(N)]
    reading = kit.read(write(name, b"".join(gzip.compress(one, 1) if name.endswith("gz") else one for one in records)), Fields(), SAMPLE)
    assert set(reading.reasons) == {"broken-record"}
    assert_sampled(reading, N)


def test_a_broken_record_is_sampled_by_its_id_where_that_is_known(kit, write):
    whole = kit.read(write("a.wet", b"".join(record(i, "21") for i in range(N))), Fields(), SAMPLE)
    broken = kit.read(write("b.wet", b"".join(record(i, "40") for i in range(N))), Fields(), SAMPLE)
    assert "truncated" not in broken.reasons[:-1]
    assert abs(lost(broken) - len(whole.texts)) <= 1  # the last record is cut short by the end of the file


def test_a_file_that_ends_too_soon_is_told_whatever_the_sample(kit, write):
    records = b"".join(gzip.compress(record(i, "21"), 1) for i in range(3))
    assert kit.read(write("a.wet.gz", records[:-30]), Fields(), Limits(sample=1e-9)).reasons == ["truncated"]


def test_text_files_that_cannot_be_read_are_sampled(kit, write):
    sources = [kit.source(write(f"t{i}.txt", b"text")) for i in range(300)]
    for path in {Path(source.url) for source in sources}:
        path.unlink()
    readings = [kit.read(source, Fields(), SAMPLE) for source in sources]
    assert all(lost(reading) + reading.skipped == 1 for reading in readings)
    assert 30 < sum(map(lost, readings)) < 90
