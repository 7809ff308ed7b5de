"""JSON lines: what is a document, what a bad line costs, and that the compiled lane equals the reference."""

from __future__ import annotations

import gzip
import json
import random
from typing import Any

import orjson
import pytest
import zstandard

from fmaudit.corpus.json_line import parse_line
from fmaudit.corpus.readers import jsonl
from fmaudit.corpus.splits import END, Fields, Limits, Split

PATHS = Fields(id="id", url="meta.url")  # a name with a dot sends every line through the reference


def lines(*records: Any) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


@pytest.fixture(params=["compiled", "reference"])
def lane(request, monkeypatch):
    if request.param == "reference":
        monkeypatch.setattr(jsonl, "_lane", jsonl.PythonLane)
    return request.param


def test_documents_positions_labels(kit, write, lane):
    first = {"text": "Grüße, 世界 😀", "id": "a", "url": "https://a.example/", "lang": "de", "extra": [1, {"b": None}]}
    content = lines(first, {"id": "b", "text": ""})
    seen = kit.read(write("c.jsonl", content), Fields(id="id", url="url", language="lang", metadata=("lang", "nope")))
    assert seen.texts == ["Grüße, 世界 😀", ""]
    assert seen.positions == [0, content.index(b"\n") + 1]
    assert seen.ids == ["a", "b"]
    assert seen.column("url") == ["https://a.example/", None]
    assert seen.column("language") == seen.column("meta.lang") == ["de", None]
    assert seen.column("meta.nope") == [None, None]
    assert seen.ledger == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("12345678901234567890123", "12345678901234567890123"),
        ("1.10", "1.10"),
        ("-0", "-0"),
        ("1E5", "1E5"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("007e", None),
        ("null", ...),
        ("true", "true"),
        ('"7"', "7"),
        ('{"b": [1.50, "\\u00e9", {}], "c" : null}', '{"b":[1.50,"é",{}],"c":null}'),
        ("18446744073709551616", "18446744073709551616"),
    ],
)
def test_labels_are_lossless(kit, write, lane, written, shown):
    content = f'{{"id": {written}, "text": "x"}}\n'.encode()
    seen = kit.read(write("c.jsonl", content), Fields(id="id"))
    if shown is None:
        assert seen.reasons == ["invalid-json"]
    else:
        assert seen.ids == [None if shown is ... else shown]


def test_bad_lines_cost_themselves_only(kit, write, lane):
    bad = [
        (b'{"text": "cut', "invalid-json"),
        (b"[1, 2]", "invalid-json"),
        (b'{"text": 5}', "missing-text"),
        (b'{"text": null}', "missing-text"),
        (b'{"other": "x"}', "missing-text"),
        (b'{"text": ["x"]}', "missing-text"),
        (b'{"text": "a", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too-deep"),
        (b'{"text": "a"} {"text": "b"}', "invalid-json"),
        (b'{"text": "raw \x01 control"}', "invalid-json"),
        (b"\x00\x00", "invalid-json"),
    ]
    content, where = lines({"text": "before"}), []
    for line, _ in bad:
        where.append(len(content))
        content += line + b"\n" + lines({"text": "good"})
    seen = kit.read(write("c.jsonl", content))
    assert seen.texts == ["before", *["good"] * len(bad)]
    assert [(entry.offset, entry.reason, entry.size, entry.lost) for entry in seen.ledger] == [
        (at, reason, len(line), True) for at, (line, reason) in zip(where, bad, strict=True)
    ]


def test_repairs_keep_the_document(kit, write, lane):
    content = b'{"text": "caf\xe9"}\n{"text": "half \\ud83d."}\n{"text": "pair \\ud83d\\ude00"}\n{"text": "nul \\u0000"}\n'
    seen = kit.read(write("c.jsonl", content))
    assert seen.texts == ["caf\ufffd", "half \ufffd.", "pair 😀", "nul \0"]
    assert [(entry.reason, entry.lost) for entry in seen.ledger] == [("invalid-utf8", False), ("lone-surrogate", False)]


def test_surrogates_written_as_utf8_are_invalid_bytes(kit, write, lane):
    seen = kit.read(write("c.jsonl", b'{"text": "\xed\xa0\x80"}\n'))
    assert seen.texts == ["\ufffd\ufffd\ufffd"]
    assert seen.reasons == ["invalid-utf8"]


def test_duplicate_keys_are_named_and_the_last_counts(kit, write, lane):
    seen = kit.read(write("c.jsonl", b'{"text": "a", "text": "b"}\n{"text": "\\"text\\": 1", "x": {"text": "in"}}\n'))
    assert seen.texts == ["b", '"text": 1']
    assert [(entry.reason, entry.offset) for entry in seen.ledger] == [("duplicate-key", 0)]


def test_blank_lines_crlf_bom_and_no_last_newline(kit, write, lane):
    content = b'\xef\xbb\xbf{"text": "a"}\r\n\r\n  \t\n{"text": "b"}'
    seen = kit.read(write("c.jsonl", content))
    assert seen.texts == ["a", "b"]
    assert seen.positions == [0, content.index(b'{"text": "b"')]
    assert seen.ledger == []


def test_duplicate_ids_are_only_labels(kit, write, lane):
    seen = kit.read(write("c.jsonl", lines({"text": "a", "id": 1}, {"text": "b", "id": 1})), Fields(id="id"))
    assert (seen.ids, seen.texts, seen.ledger) == (["1", "1"], ["a", "b"], [])


def test_names_with_dots_are_paths_unless_they_are_keys(kit, write):
    content = lines({"text": "a", "meta": {"url": "inner"}}, {"text": "b", "meta.url": "outer", "meta": 1}, {"text": "c"})
    assert kit.read(write("c.jsonl", content), PATHS).column("url") == ["inner", "outer", None]


@pytest.mark.parametrize("limit", [200, 5000, 3 << 20])
def test_oversize_lines_are_passed_over(kit, write, lane, limit):
    long = lines({"text": "x" * limit})
    content = lines({"text": "a"}) + long + lines({"text": "b"}) + long[:-1]
    seen = kit.read(write("c.jsonl", content), limits=Limits(document_bytes=limit))
    assert seen.texts == ["a", "b"]
    assert [(entry.reason, entry.size) for entry in seen.ledger] == [("oversize", len(long) - 1)] * 2
    assert seen.ledger[0].offset == len(lines({"text": "a"}))


@pytest.mark.parametrize("content", [b"", b"\n\n", b" \t\r\n"])
def test_nothing_in_it_gives_nothing(kit, write, lane, content):
    assert kit.read(write("c.jsonl", content)).steps == []


def test_sampling_is_of_identities(kit, write, lane):
    records = [{"id": str(number), "text": f"text {number}"} for number in range(4000)]
    limits = Limits(sample=0.25, salt="s", batch_documents=100)
    seen = kit.read(write("c.jsonl", lines(*records)), Fields(id="id"), limits)
    mixed = kit.read(write("d.jsonl", lines(*reversed(records))), Fields(id="id"), limits)
    assert sorted(mixed.texts) == sorted(seen.texts)
    assert 850 < len(seen.texts) < 1150
    assert seen.skipped == 4000 - len(seen.texts)
    other = kit.read(write("c.jsonl", lines(*records)), Fields(id="id"), Limits(sample=0.25, salt="t"))
    assert set(other.texts) != set(seen.texts)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('{"text": "a"}\n'.encode("utf-16"), "UTF-16"),
        ('{"text": "a"}\n'.encode("utf-16-le"), "UTF-16"),
        (b"PAR1" + bytes(100), "Parquet"),
        (b"BZh91AY", "bzip2"),
        (b"\x80\x04\x95" + bytes(10) + b"\n", "pickle"),
    ],
)
def test_files_that_are_something_else_are_named(kit, write, content, what):
    seen = kit.read(write("c.jsonl", content))
    assert seen.texts == []
    assert seen.reasons == ["unreadable"]
    assert what in seen.ledger[0].detail


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_compression_shows_in_the_bytes_not_in_the_name(kit, write, pack):
    content = lines({"text": "a"}, {"text": "b"})
    assert kit.read(write("c.jsonl", pack(content))).texts == ["a", "b"]
    assert kit.read(write("c.jsonl.gz", content)).texts == ["a", "b"]


def test_a_file_without_newlines_has_one_split_with_documents(kit, write):
    path = write("c.jsonl", b'{"text": "' + b"x" * 100_000 + b'"}')
    assert len(kit.read_splits(path, 1000).texts) == 1


def test_reading_from_the_end_gives_nothing(kit, write):
    path = write("c.jsonl", lines({"text": "a"}))
    assert kit.read(path, position=END).steps == []
    assert kit.read(path, position=path.stat().st_size).steps == []


def test_many_bad_lines_come_in_bounded_steps(kit, write):
    seen = kit.read(write("c.jsonl", b"bad\n" * 5000))
    assert len(seen.ledger) == 5000
    assert max(len(step.ledger) for step in seen.steps) <= 1000


PIECES = ["a", '"', "\\", "\n", "é", "я", "汉", "😀", "\x7f", "/", "\t", "\0", "abcdefgh ijk", "\u2028", "x" * 40]
NOISE = b'{}[]",:\\u019 eE.-+\x80\xff\xed\xa0\x01\t'


def wild_string(dice: random.Random) -> str:
    return "".join(dice.choice(PIECES) for _ in range(dice.choice([0, 1, 2, 5, 30])))


def wild_value(dice: random.Random, depth: int = 0) -> Any:
    kind = dice.random()
    if kind < 0.4 or depth > 4:
        return wild_string(dice)
    if kind < 0.6:
        return dice.choice([0, -1, 2**63, -(2**63), 10**22, 1.5, 1e300, -0.0, float("nan"), True, False, None])
    if kind < 0.8:
        return [wild_value(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {wild_string(dice): wild_value(dice, depth + 1) for _ in range(dice.randrange(4))}


def wild_line(dice: random.Random) -> bytes:
    keys = ["text", "id", "url", "té", "nested", "other"]
    dice.shuffle(keys)
    record = {key: wild_string(dice) if key == "text" or dice.random() < 0.5 else wild_value(dice) for key in keys if dice.random() < 0.9}
    spaced = dice.choice([(",", ":"), (", ", ": "), (" ,\t", " : ")])
    line = bytearray(json.dumps(record, ensure_ascii=dice.random() < 0.5, separators=spaced).encode())
    if dice.random() < 0.3:
        for _ in range(dice.choice([1, 1, 3])):
            at = dice.randrange(len(line))
            line[at : at + dice.randrange(2)] = bytes([dice.choice(NOISE)])
    elif dice.random() < 0.1:
        line = line.replace(b"a", b"\\ud83d\\ude00" if dice.random() < 0.5 else b"\\ud800")
    return bytes(line).replace(b"\n", b" ") + dice.choice([b"\n", b"\r\n"])


@pytest.mark.parametrize("seed", range(12))
def test_the_compiled_lane_equals_the_reference(kit, write, monkeypatch, seed):
    dice = random.Random(seed)
    path = write("c.jsonl", b"".join(wild_line(dice) for _ in range(400)))
    fields = Fields(id="id", url="url", metadata=("té", "nested"))
    for limits in (Limits(), Limits(batch_bytes=3000, batch_documents=17, document_bytes=400), Limits(sample=0.5, batch_bytes=5000)):
        compiled = [kit.plain(step) for step in kit.read(path, fields, limits).steps]
        with monkeypatch.context() as patch:
            patch.setattr(jsonl, "_lane", jsonl.PythonLane)
            reference = [kit.plain(step) for step in kit.read(path, fields, limits).steps]
        assert compiled == reference


@pytest.mark.parametrize("seed", range(4))
def test_the_reference_equals_the_json_module(seed):
    dice = random.Random(1000 + seed)
    for _ in range(300):
        line = wild_line(dice).strip()
        found = parse_line(line, "text", ("id",))
        try:
            record = json.loads(line)
        except ValueError:
            assert found.text is None or found.repairs
            continue
        text = record.get("text") if isinstance(record, dict) else None
        if not isinstance(text, str):
            assert found.reason == ("missing-text" if isinstance(record, dict) else "invalid-json")
        else:
            assert found.text is not None
            assert found.text.decode() == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def test_the_kernel_is_used_for_plain_names_only(kit, write):
    path = write("c.jsonl", lines({"text": "a"}))
    split = Split(kit.source(path), "jsonl", 0, None, 1)
    step = jsonl.StepBuilder("c.jsonl", jsonl.Columns.of(Fields()), Limits())
    assert isinstance(jsonl._lane(step, "text"), jsonl.CompiledLane)
    assert type(jsonl._lane(step, "meta.text")) is jsonl.PythonLane
    assert split.stop is None
