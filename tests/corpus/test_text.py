"""Text files: one document each, in whatever Unicode they are."""

from __future__ import annotations

import gzip

import pytest

from fmaudit.corpus.fetch import fetch_document
from fmaudit.corpus.splits import END, Fields, Limits


@pytest.mark.parametrize(
    ("content", "text", "reasons"),
    [
        ("Grüße\n世界".encode(), "Grüße\n世界", []),
        ("Grüße".encode("utf-8-sig"), "Grüße", []),
        ("Grüße 世界 😀".encode("utf-16"), "Grüße 世界 😀", ["encoding"]),
        ("plain words".encode("utf-16-le"), "plain words", ["encoding"]),
        ("plain words".encode("utf-16-be"), "plain words", ["encoding"]),
        ("caf\u00e9".encode("cp1252"), "caf\ufffd", ["invalid-utf8"]),
        (b"", "", []),
        (b"nul \0 stays", "nul \0 stays", []),
        (gzip.compress(b"packed", mtime=0), "packed", []),
    ],
)
def test_encodings(kit, write, content, text, reasons):
    path = write("c.txt", content)
    seen = kit.read(path)
    assert (seen.texts, seen.positions, seen.ids) == ([text], [0], ["c.txt"])
    assert seen.reasons == reasons
    assert not any(entry.lost for entry in seen.ledger)
    assert seen.steps[0].next_position == END
    assert fetch_document(kit.source(path), Fields(), 0) == text


def test_an_eight_bit_file_is_named(kit, write):
    assert "windows-1252" in kit.read(write("c.txt", "déjà vu".encode("cp1252"))).ledger[0].detail


def test_oversize_and_truncated(kit, write):
    large = kit.read(write("c.txt", b"x" * 5000), limits=Limits(document_bytes=1000))
    assert (large.texts, large.reasons) == ([], ["oversize"])
    slightly = kit.read(write("e.txt", b"x" * 1500), limits=Limits(document_bytes=1000))
    assert (slightly.texts, slightly.reasons) == ([], ["oversize"])
    cut = kit.read(write("d.txt.gz", gzip.compress(b"some words " * 100)[:-9]))
    assert cut.reasons == ["truncated"]


def test_labels_a_text_file_has_not_are_null(kit, write):
    seen = kit.read(write("c.txt", b"a"), Fields(id="id", url="url", metadata=("lang",)))
    assert seen.column("url") == seen.column("meta.lang") == [None]
    assert seen.ids == ["c.txt"]
