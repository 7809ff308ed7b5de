"""Parquet: types of text, row groups as splits, faults of pages and footers, dictionary bombs."""

from __future__ import annotations

import datetime
import decimal
import random
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fmaudit.corpus.splits import Fields, Limits

TEXTS = ["".join(random.Random(number).choices("abc déf 世界", k=300)) for number in range(1000)]


@pytest.fixture
def table(tmp_path):
    def write_table(columns, name="c.parquet", **options):
        path = tmp_path / name
        pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), path, **options)
        return path

    return write_table


@pytest.mark.parametrize(
    "type_",
    [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.dictionary(pa.int32(), pa.string())],
    ids=str,
)
def test_text_types(kit, table, type_):
    values = [text.encode() for text in TEXTS] if "binary" in str(type_) else TEXTS
    seen = kit.read(table({"text": pa.array(values, type_)}, row_group_size=300))
    assert seen.texts == TEXTS
    assert seen.positions == list(range(1000))
    assert seen.ledger == []


def test_nulls_cost_themselves(kit, table):
    seen = kit.read(table({"text": pa.array(["a", None, "c"])}))
    assert (seen.texts, seen.positions) == (["a", "c"], [0, 2])
    assert [(entry.reason, entry.offset) for entry in seen.ledger] == [("missing-text", 1)]
    empty = kit.read(table({"text": pa.nulls(3)}, "d.parquet"))
    assert (empty.texts, empty.reasons) == ([], ["missing-text"] * 3)


def test_bytes_that_are_not_utf8_are_repaired(kit, table):
    raw = pa.array([b"good", b"caf\xe9", b"\xf0\x9f\x98\x80"], pa.binary())
    for type_ in (pa.binary(), pa.string()):  # a file may say "string" and lie
        column = raw if type_ == pa.binary() else pa.Array.from_buffers(pa.string(), 3, raw.buffers())
        seen = kit.read(table({"text": column}))
        assert seen.texts == ["good", "caf\ufffd", "😀"]
        assert [(entry.reason, entry.offset, entry.lost) for entry in seen.ledger] == [("invalid-utf8", 1, False)]


def test_labels_are_lossless(kit, table):
    moment = datetime.datetime(2024, 5, 6, 7, 8, 9)
    columns = {
        "text": ["a", "b"],
        "id": pa.array([2**63 - 1, None], pa.int64()),
        "price": pa.array([decimal.Decimal("1.50"), None]),
        "score": pa.array([0.1, float("nan")]),
        "when": pa.array([moment, None]),
        "flag": [True, None],
        "raw": pa.array([b"caf\xe9", b"ok"]),
        "tags": [["a", "b"], None],
        "meta": [{"url": "https://a.example/", "n": 1}, {"url": None, "n": 2}],
    }
    names = ("price", "score", "when", "flag", "raw", "tags", "meta")
    seen = kit.read(table(columns), Fields(id="id", url="meta.url", metadata=names))
    assert seen.ids == ["9223372036854775807", None]
    assert seen.column("url") == ["https://a.example/", None]
    assert seen.column("meta.price") == ["1.50", None]
    assert seen.column("meta.score") == ["0.1", "nan"]
    assert seen.column("meta.when") == ["2024-05-06 07:08:09.000000", None]
    assert seen.column("meta.flag") == ["true", None]
    assert seen.column("meta.raw") == ["caf\ufffd", "ok"]
    assert seen.column("meta.tags") == ['["a","b"]', None]
    assert seen.column("meta.meta") == ['{"url":"https://a.example/","n":1}', '{"url":null,"n":2}']


def test_a_file_without_the_column_is_named(kit, table):
    seen = kit.read(table({"body": ["a", "b"], "n": [1, 2]}))
    assert seen.texts == []
    assert [(entry.reason, entry.count) for entry in seen.ledger] == [("missing-text", 2)]
    assert "'text' is missing" in seen.ledger[0].detail
    assert "body, n" in seen.ledger[0].detail
    number = kit.read(table({"text": [1, 2]}, "d.parquet"))
    assert "int64, not text" in number.ledger[0].detail
    label = kit.read(table({"text": ["a"]}, "e.parquet"), Fields(url="url"))
    assert (label.texts, label.column("url")) == (["a"], [None])
    assert [(entry.reason, entry.lost) for entry in label.ledger] == [("missing-column", False)]


def test_row_groups_are_splits(kit, table):
    path = table({"text": TEXTS}, row_group_size=100)
    splits = kit.readers["parquet"].splits(kit.source(path), 1)
    assert [(split.start, split.stop) for split in splits] == [(at, at + 100) for at in range(0, 1000, 100)]
    assert kit.read_splits(path, 1).texts == TEXTS


@pytest.mark.parametrize("cut", [0, 3, 4, 100, -1, -8, -100])
def test_no_footer_no_crash(kit, table, cut):
    path = table({"text": TEXTS})
    path.write_bytes(path.read_bytes()[:cut])
    seen = kit.read(path)
    assert (seen.texts, seen.reasons) == ([], ["unreadable"])
    assert len(kit.readers["parquet"].splits(kit.source(path), 1)) == 1


@pytest.mark.parametrize("codec", ["none", "snappy", "zstd"])
def test_a_flipped_bit_never_changes_a_text(kit, table, codec):
    path = table({"text": TEXTS, "n": list(range(1000))}, row_group_size=250, compression=codec, write_page_checksum=True)
    good = path.read_bytes()
    footer = len(good) - 8 - int.from_bytes(good[-8:-4], "little")
    dice = random.Random(5)
    for _ in range(12):
        bad = bytearray(good)
        bad[dice.randrange(4, footer)] ^= 1 << dice.randrange(8)
        path.write_bytes(bad)
        seen = kit.read(path)
        expected = dict(enumerate(TEXTS))
        assert all(expected[position] == text for position, text in zip(seen.positions, seen.texts, strict=True))
        lost = sum(entry.count for entry in seen.ledger if entry.reason == "unreadable")
        assert len(seen.texts) + lost == 1000
        assert len(seen.texts) >= 750 or lost == 1000


BOMB = """
import pathlib, re, sys
from fmaudit.corpus.files import describe
from fmaudit.corpus.readers.parquet import ParquetReader
from fmaudit.corpus.splits import Fields, Limits, Split
source = describe(sys.argv[1], sys.argv[1])
seen = sum(len(step.ledger) for step in ParquetReader().read(Split(source, "parquet", 0, None, 1), Fields(), Limits()))
# not ru_maxrss, which begins with the parent's
print(seen, int(re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux counts it")
def test_a_dictionary_bomb_stays_small(table):
    values = pa.array(["small", "x" * (20 << 20)])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 1000 + [1] * 80, pa.int32()), values)
    path = table({"text": column}, compression="zstd")
    assert path.stat().st_size < 50_000
    done = subprocess.run([sys.executable, "-c", BOMB, str(path)], capture_output=True, text=True, check=True)
    oversize, rss = map(int, done.stdout.split())
    assert oversize == 80
    assert rss < 600


def test_oversize_rows(kit, table):
    seen = kit.read(table({"text": ["a", "b" * 101, "c"]}), limits=Limits(document_bytes=100))
    assert (seen.texts, seen.reasons) == (["a", "c"], ["oversize"])


def test_sampling_keeps_the_same_ids_as_other_formats(kit, table, write):
    ids = [f"doc-{number}" for number in range(2000)]
    path = table({"text": ids, "id": ids}, row_group_size=500)
    limits = Limits(sample=0.1, salt="7")
    rows = kit.read(path, Fields(id="id"), limits)
    lines = b"".join(b'{"id": "%s", "text": "%s"}\n' % (id_.encode(), id_.encode()) for id_ in ids)
    assert rows.texts == kit.read(write("c.jsonl", lines), Fields(id="id"), limits).texts
    assert rows.skipped + len(rows.texts) == 2000
