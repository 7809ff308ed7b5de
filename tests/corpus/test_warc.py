"""WARC and WET: records of both kinds of file, and what a broken record costs."""

from __future__ import annotations

import gzip
import zlib

import pytest

from fmaudit.corpus.fetch import fetch_document
from fmaudit.corpus.splits import Fields, Limits


def record(kind: str, body: bytes, number: int = 0, **headers: str) -> bytes:
    head = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{number}>",
        "WARC-Date": "2024-05-18T01:58:10Z",
        "WARC-Target-URI": f"https://example{number}.org/",
        "Content-Length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value is not None)
    return f"WARC/1.0\r\n{lines}\r\n".encode() + body + b"\r\n\r\n"


def page(body: bytes, number: int = 0, content_type: str = "text/html; charset=utf-8", status: str = "200 OK", extra: bytes = b"") -> bytes:
    http = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n".encode() + extra + b"\r\n" + body
    return record("response", http, number, Content_Type="application/http; msgtype=response")


def wet(text: str, number: int = 0) -> bytes:
    return record("conversion", text.encode(), number, Content_Type="text/plain")


TEXTS = [f"text {number}\nзаписи 世界" for number in range(40)]
RECORDS = [record("warcinfo", b"software: test\r\n"), *(wet(text, number) for number, text in enumerate(TEXTS))]
PACKINGS = {
    "plain.warc.wet": lambda records: b"".join(records),
    "members.warc.wet.gz": lambda records: b"".join(map(gzip.compress, records)),
    "whole.warc.wet.gz": lambda records: gzip.compress(b"".join(records)),
}


@pytest.mark.parametrize("name", PACKINGS)
def test_records_ids_and_headers(kit, write, name):
    seen = kit.read(write(name, PACKINGS[name](RECORDS)), Fields(metadata=("date", "WARC-Type")))
    assert seen.texts == TEXTS
    assert seen.ids == [f"urn:uuid:{number}" for number in range(40)]
    assert seen.column("url")[3] == "https://example3.org/"
    assert seen.column("meta.date")[0] == "2024-05-18T01:58:10Z"
    assert seen.column("meta.WARC-Type")[0] == "conversion"
    assert seen.ledger == []
    assert sum(step.extra.get("record:warcinfo", 0) for step in seen.steps) == 1


@pytest.mark.parametrize("name", PACKINGS)
def test_positions_lead_back_to_the_record(kit, write, name):
    path = write(name, PACKINGS[name](RECORDS))
    seen = kit.read(path)
    if name.startswith("members"):  # as in a CDX index
        assert all(path.read_bytes()[position:].startswith(b"\x1f\x8b") for position in seen.positions)
    for position, text in list(zip(seen.positions, seen.texts, strict=True))[::7]:
        assert fetch_document(kit.source(path), Fields(), position) == text


@pytest.mark.parametrize("name", PACKINGS)
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (record("conversion", b"x" * 50, 99, Content_Type="text/plain", Content_Length="20"), "broken-record"),
        (record("conversion", b"x" * 50, 99, Content_Type="text/plain", Content_Length="60"), "broken-record"),
        (record("conversion", b"x" * 50, 99, Content_Type="text/plain", Content_Length="99999999999"), "broken-record"),
        (record("conversion", b"x" * 50, 99, Content_Type="text/plain", Content_Length="many"), "broken-record"),
        (record("conversion", b"x" * 50, 99, Content_Type="text/plain", Content_Length=None), "broken-record"),
        (b"garbage between records\r\n\r\n", "broken-record"),
        (b"WARC/1.0\r\nWARC-Type: conversion\r\nno end of the header\r\n", "broken-record"),
    ],
)
def test_a_broken_record_costs_itself(kit, write, name, broken, reason):
    parts = [*RECORDS[:20], broken, *RECORDS[20:]]
    seen = kit.read(write(name, PACKINGS[name](parts)))
    assert seen.texts == TEXTS
    assert set(seen.reasons) <= {reason, "truncated"}
    assert len(seen.ledger) == 1


@pytest.mark.parametrize("name", PACKINGS)
def test_a_truncated_file_keeps_what_is_whole(kit, write, name):
    whole = PACKINGS[name](RECORDS)
    seen = kit.read(write(name, whole[: len(whole) * 2 // 3]))
    assert 0 < len(seen.texts) < 40
    assert seen.texts == TEXTS[: len(seen.texts)]
    assert seen.reasons[0] == "truncated"


def test_a_broken_member_costs_itself(kit, write):
    members = [gzip.compress(part, mtime=0) for part in RECORDS]
    bad = bytearray(members[10])
    bad[20:40] = bytes(20)
    members[10] = bytes(bad)
    wrong_sum = bytearray(members[20])
    wrong_sum[-7] ^= 1
    members[20] = bytes(wrong_sum)
    members[30] = b"no gzip at all"
    seen = kit.read(write("c.warc.wet.gz", b"".join(members)))
    assert seen.texts == [text for number, text in enumerate(TEXTS) if number not in (9, 29)]
    assert [entry.lost for entry in seen.ledger] == [True, False, True]
    assert seen.reasons == ["checksum", "checksum", "broken-record"]


def test_several_records_in_one_member(kit, write):
    parts = [*map(gzip.compress, RECORDS[:5]), gzip.compress(b"".join(RECORDS[5:30])), *map(gzip.compress, RECORDS[30:])]
    path = write("c.warc.wet.gz", b"".join(parts))
    seen = kit.read(path, limits=Limits(batch_documents=7))
    assert seen.texts == TEXTS
    assert len(set(seen.positions)) == 40
    for step in seen.steps[:-1]:
        rest = kit.read(path, limits=Limits(batch_documents=7), position=step.next_position)
        assert rest.texts == TEXTS[40 - len(rest.texts) :]
    assert kit.read_splits(path, 700).texts == TEXTS


def test_pages_become_text(kit, write):
    body = (
        "<html><head><title>Title</title><style>p {}</style></head><body><nav>Menu</nav><p>First  line\ngoes on<br>second</p>"
        "<script>var x;</script><div>Grüße &amp; <b>世界</b></div></body></html>"
    ).encode()
    seen = kit.read(write("c.warc.gz", gzip.compress(page(body), mtime=0)))
    assert seen.texts == ["Title\nMenu\nFirst line goes on\nsecond\nGrüße & 世界"]


@pytest.mark.parametrize(
    ("body", "extra"),
    [
        (b"2\r\n<p\r\n3\r\n>hi\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n"),
        (gzip.compress(b"<p>hi", mtime=0), b"Content-Encoding: gzip\r\n"),
        (zlib.compress(b"<p>hi"), b"Content-Encoding: deflate\r\n"),
        (b"<p>hi", b"Content-Encoding: identity\r\n"),
    ],
)
def test_http_encodings(kit, write, body, extra):
    assert kit.read(write("c.warc", page(body, extra=extra))).texts == ["hi"]


def test_what_is_no_page_is_counted_not_lost(kit, write):
    parts = [
        page(b"<p>not found", 1, status="404 Not Found"),
        page(b"\x89PNG", 2, content_type="image/png"),
        page(b"plain text", 3, content_type="text/plain"),
        record("request", b"GET / HTTP/1.1\r\n\r\n", 4),
        record("resource", b"<p>saved page", 5, Content_Type="text/html"),
    ]
    seen = kit.read(write("c.warc", b"".join(parts)))
    assert seen.texts == ["plain text", "saved page"]
    assert seen.ledger == []
    assert seen.steps[0].extra == {"http:404": 1, "content:image/png": 1, "record:request": 1}


def test_charsets(kit, write):
    pages = [
        page("<p>Grüße".encode("latin-1"), 1, content_type="text/html; charset=ISO-8859-1"),
        page('<meta charset="windows-1251"><p>Привет'.encode("cp1251"), 2, content_type="text/html"),
        page("<p>日本語".encode("shift_jis"), 3, content_type="text/html; charset=Shift_JIS"),
        page("<p>Grüße".encode(), 4, content_type="text/html"),
        page("<p>Grüße".encode("cp1252"), 5, content_type="text/html"),
        page("<p>caf\u00e9".encode("cp1252"), 6, content_type="text/html; charset=utf-8"),
        page(b"<p>x", 7, content_type="text/html; charset=punycode"),
    ]
    seen = kit.read(write("c.warc", b"".join(pages)))
    assert seen.texts == ["Grüße", "Привет", "日本語", "Grüße", "Grüße", "caf\ufffd", "x"]
    assert [(entry.reason, entry.lost) for entry in seen.ledger] == [("encoding", False), ("invalid-utf8", False)]


def test_a_bomb_in_a_page_costs_the_page(kit, write):
    bomb = page(gzip.compress(b"<p>" + b"x" * (20 << 20)), 1, extra=b"Content-Encoding: gzip\r\n")
    seen = kit.read(write("c.warc", bomb + page(b"<p>after", 2)), limits=Limits(document_bytes=1 << 20))
    assert (seen.texts, seen.reasons) == (["after"], ["oversize"])


@pytest.mark.parametrize("name", PACKINGS)
def test_oversize_records_are_passed_over(kit, write, name):
    parts = [*RECORDS[:3], wet("x" * 100_000, 98), *RECORDS[3:]]
    seen = kit.read(write(name, PACKINGS[name](parts)), limits=Limits(document_bytes=10_000))
    assert (seen.texts, seen.reasons) == (TEXTS, ["oversize"])


def test_sampling_keeps_the_same_records_in_any_packing(kit, write):
    limits = Limits(sample=0.5, salt="1")
    texts = [kit.read(write(name, pack(RECORDS)), limits=limits).texts for name, pack in PACKINGS.items()]
    assert texts[0] == texts[1] == texts[2]
    assert 5 < len(texts[0]) < 35


def test_real_files(kit, shared_data):
    crawl = kit.read(shared_data / "warc/whirlwind.warc.gz")
    converted = kit.read(shared_data / "warc/whirlwind.warc.wet.gz")
    assert crawl.texts[0].split() == converted.texts[0].split()  # the same words as Common Crawl took out
    assert crawl.positions == [1023]
    assert crawl.ids == ["urn:uuid:2aabeff2-67f5-4608-8466-e87c6296e2b6"]
