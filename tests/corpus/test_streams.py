"""Compressed files that are cut, flipped, padded or bombs: what was before the fault is kept, and the fault is named."""

from __future__ import annotations

import gzip
import os
import random
import resource
import subprocess
import sys
import zlib

import pytest
import zstandard

from fmaudit.corpus.splits import END, Limits

TEXTS = [f"document {number} " + "".join(random.Random(number).choices("abcdefgh ", k=200)) for number in range(2000)]
LINES = b"".join(b'{"text": "%s"}\n' % text.encode() for text in TEXTS)


def kept(seen) -> int:
    """Check that the documents are a prefix of all, and count them."""
    assert seen.texts == TEXTS[: len(seen.texts)]
    return len(seen.texts)


@pytest.mark.parametrize("cut", [5, 9, 1000, 50_000, -9, -8, -1])
def test_truncated_gzip(kit, write, cut):
    seen = kit.read(write("c.jsonl.gz", gzip.compress(LINES)[:cut]))
    entry = seen.ledger[-1]
    assert (entry.reason, entry.lost) == ("truncated", True)
    assert entry.offset == sum(len(line) + 1 for line in LINES.split(b"\n")[: kept(seen)])
    assert kept(seen) == (2000 if -9 < cut < 0 else kept(seen))
    assert seen.steps[-1].next_position == END


def test_gzip_members_padding_and_garbage(kit, write):
    half = LINES.find(b"\n", len(LINES) // 2) - 7  # a line goes over the members' border
    members = gzip.compress(LINES[:half]) + gzip.compress(b"") + gzip.compress(LINES[half:])
    assert kept(kit.read(write("members.jsonl.gz", members))) == 2000
    padded = kit.read(write("padded.jsonl.gz", members + bytes(1000)))
    assert (kept(padded), padded.ledger) == (2000, [])
    trailing = kit.read(write("trailing.jsonl.gz", members + b"not gzip"))
    assert kept(trailing) == 2000
    assert [(entry.reason, entry.lost) for entry in trailing.ledger] == [("trailing-garbage", False)]


def test_gzip_header_fields_are_passed(kit, write):
    body = zlib.compress(LINES, wbits=-15)
    header = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x05\0extra" + b"name\0" + b"comment\0" + b"hh"
    trailer = zlib.crc32(LINES).to_bytes(4, "little") + len(LINES).to_bytes(4, "little")
    assert kept(kit.read(write("c.jsonl.gz", header + body + trailer))) == 2000


def test_gzip_checksum_is_compared(kit, write):
    packed = bytearray(gzip.compress(LINES) + gzip.compress(b'{"text": "more"}\n'))
    packed[len(gzip.compress(LINES)) - 6] ^= 1
    seen = kit.read(write("c.jsonl.gz", bytes(packed)))
    assert seen.texts == [*TEXTS, "more"]
    assert [(entry.reason, entry.lost) for entry in seen.ledger] == [("checksum", False)]


def test_gzip_flipped_in_the_middle(kit, write):
    packed = bytearray(gzip.compress(LINES))
    packed[len(packed) // 2] ^= 0xFF
    seen = kit.read(write("c.jsonl.gz", bytes(packed)))
    assert {"corrupt", "checksum"} & set(seen.reasons)
    assert seen.texts[:500] == TEXTS[:500]


@pytest.mark.parametrize("cut", [3, 9, 1000, 30_000, -3, -1])
def test_truncated_zstd(kit, write, cut):
    packed = zstandard.ZstdCompressor(write_checksum=True).compress(LINES)
    seen = kit.read(write("c.jsonl.zst", packed[:cut]))
    if cut == 3:  # not even the magic is whole, so it is read as a line
        assert seen.reasons == ["invalid-json"] or seen.texts == []
        return
    assert seen.reasons == ["truncated"]
    assert kept(seen) == (2000 if cut < 0 else kept(seen))


def test_zstd_frames_and_garbage(kit, write):
    half = LINES.find(b"\n", len(LINES) // 2) - 7
    frames = zstandard.compress(LINES[:half]) + b"\x50\x2a\x4d\x18\x04\0\0\0skip" + zstandard.compress(LINES[half:])
    assert kept(kit.read(write("c.jsonl.zst", frames))) == 2000
    seen = kit.read(write("d.jsonl.zst", frames + b"garbage!"))
    assert (kept(seen), seen.reasons) == (2000, ["trailing-garbage"])


def test_zstd_flipped(kit, write):
    packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(LINES))
    packed[len(packed) // 2] ^= 0xFF
    seen = kit.read(write("c.jsonl.zst", bytes(packed)))
    assert set(seen.reasons) & {"checksum", "corrupt"}


def test_zstd_with_a_dictionary_or_a_long_window_is_explained(kit, write):
    known = zstandard.train_dictionary(4096, [text.encode() for text in TEXTS])
    seen = kit.read(write("c.jsonl.zst", zstandard.ZstdCompressor(dict_data=known).compress(LINES)))
    assert (seen.texts, seen.reasons) == ([], ["unreadable"])
    assert "dictionary" in seen.ledger[0].detail
    long = zstandard.ZstdCompressionParameters(window_log=29, enable_ldm=True, write_content_size=0)
    writer = zstandard.ZstdCompressor(compression_params=long).compressobj()
    seen = kit.read(write("e.jsonl.zst", writer.compress(LINES) + writer.flush()))
    assert seen.reasons == ["unreadable"]
    assert "--long" in seen.ledger[0].detail


@pytest.mark.parametrize("name", ["bomb.jsonl.gz", "bomb.jsonl.zst"])
def test_bombs_are_stopped(kit, write, name):
    good = b'{"text": "good"}\n'
    content = good + b" " * (80 << 20) + b"\n" + good
    packed = gzip.compress(content) if name.endswith(".gz") else zstandard.compress(content)
    seen = kit.read(write(name, packed), limits=Limits(document_bytes=1 << 20))
    assert seen.texts == ["good"]
    assert seen.reasons[-1] == "bomb"
    assert seen.steps[-1].next_position == END


def test_what_grows_a_lot_but_stays_small_is_no_bomb(kit, write):
    seen = kit.read(write("c.jsonl.gz", gzip.compress(b'{"text": "same"}\n' * 100_000)))
    assert (len(seen.texts), seen.ledger) == (100_000, [])


def test_a_file_that_vanished_or_changed_is_named(kit, write):
    path = write("c.jsonl", LINES)
    planned = kit.source(path)
    path.write_bytes(LINES + b'{"text": "later"}\n')
    changed = kit.read(planned)
    assert (changed.texts, changed.reasons, changed.ledger[0].size) == ([], ["changed"], len(LINES))
    path.unlink()
    gone = kit.read(planned)
    assert (gone.texts, gone.reasons) == ([], ["changed"])


def test_a_file_that_changes_while_it_is_read_is_named(kit, write):
    path = write("c.jsonl", LINES)
    source = kit.source(path)
    split = kit.readers["jsonl"].splits(source, 1 << 30)[0]
    from fmaudit.corpus.splits import Fields

    steps = kit.readers["jsonl"].read(split, Fields(), Limits(batch_documents=10))
    next(steps)
    os.utime(path, (1, 1))
    assert [entry.reason for step in steps for entry in step.ledger] == ["changed"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(kit, write):
    path = write("c.jsonl", LINES)
    source = kit.source(path)
    path.chmod(0)
    assert kit.read(source).reasons == ["unreadable"]


@pytest.mark.parametrize("name", ["c.jsonl", "c.jsonl.gz", "c.jsonl.zst", "c.txt", "c.wet"])
def test_an_input_error_in_the_middle_is_named(kit, write, monkeypatch, name):
    from fmaudit.corpus import streams

    packed = {"c.jsonl.gz": gzip.compress, "c.jsonl.zst": zstandard.compress}.get(name, bytes)(LINES * 20)

    class Failing:
        def __init__(self, file):
            self.file, self.left = file, 100_000

        def read(self, size=-1):
            self.left -= size
            if self.left < 0:
                raise OSError(5, "Input/output error")
            return self.file.read(size)

        def __getattr__(self, attribute):
            return getattr(self.file, attribute)

    opened = streams.open_binary
    monkeypatch.setattr(streams, "open_binary", lambda source: Failing(opened(source)))
    monkeypatch.setattr(streams, "_PLAIN_CHUNK", 50_000)
    seen = kit.read(write(name, packed))
    assert seen.reasons[-1] == "unreadable"
    assert "Input/output" in seen.ledger[-1].detail


MEASURE = """
import resource, sys
from fmaudit.corpus.files import describe
from fmaudit.corpus.readers.jsonl import JsonlReader
from fmaudit.corpus.splits import Fields, Limits, Split
def read(path):
    source = describe(path, path)
    reasons, texts = [], 0
    for step in JsonlReader().read(Split(source, "jsonl", 0, None, source.size), Fields(), Limits()):
        reasons += [entry.reason for entry in step.ledger]
        texts += len(step.batch) if step.batch else 0
    return texts, reasons
read(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[2:]:
    print(*read(path))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(not hasattr(resource, "RUSAGE_SELF") or sys.platform != "linux", reason="measures memory as Linux counts it")
def test_memory_is_bounded_by_the_limits_not_by_the_line(write):
    good = b'{"text": "good"}\n'
    long = good + b'{"text": "' + b"x" * (100 << 20) + b'"}\n' + good
    plain = write("long.jsonl", long)
    packed = write("long.jsonl.gz", gzip.compress(os.urandom(1 << 20).hex().encode() * 35 + b"\n" + good, 1))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(write("small.jsonl", good)), str(plain), str(packed)],
        capture_output=True, text=True, check=True, cwd=os.getcwd(),
    )  # fmt: skip
    first, second, grown = done.stdout.splitlines()
    assert first == "2 ['oversize']"
    assert second == "1 ['oversize']"
    assert int(grown) < 64, f"{grown} MiB more for a line of 100 MiB with document_bytes of 16 MiB"
