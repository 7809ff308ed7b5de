"""Every truth of the sample corpus's key is counted again from the file, by other means than the script's."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import zlib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "sample_data" / "corpus"
SCRIPT = ROOT / "scripts" / "make_sample_data.py"
ORACLE = os.environ.get("FMAUDIT_ORACLE_PYTHON", "")

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="needs a source checkout")


def ids_where(rows: list[dict[str, Any]], pattern: str) -> list[str]:
    return sorted(row["id"] for row in rows if re.search(pattern, row["text"]))


# --- the key --------------------------------------------------------------------------------------------------------


def test_every_id_of_the_key_exists(rows: list[dict[str, Any]], key: dict[str, Any], entries: dict[str, dict[str, Any]]) -> None:
    known = {row["id"] for row in rows}
    assert set(key["true_language"]) == known
    assert len(entries) == len(key["planted"]) + len(key["not_measured"])
    for entry in entries.values():
        assert set(entry["ids"]) <= known, entry["name"]
        assert entry["why"], entry["name"]
    assert all(entry["n"] > 0 for entry in key["planted"])
    assert all(entry["reason"] for entry in key["not_measured"])


def test_truths_of_shares_follow_from_the_ids(key: dict[str, Any]) -> None:
    shares = [entry for entry in key["planted"] if entry["metric"].startswith(FOLLOWS)]
    assert len(shares) > 50
    for entry in shares:
        assert entry["truth"] == len(entry["ids"]) / entry["n"], entry["name"]


def test_true_shares_are_counted_from_the_file(rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    for language, share in key["true_shares"].items():
        texts = [row["text"] for row in rows if key["true_language"][row["id"]] == language]
        assert (share["documents"], share["characters"]) == (len(texts), len("".join(texts)))
        assert share["bytes"] == len("".join(texts).encode())


def test_shares_add_up_to_one(key: dict[str, Any]) -> None:
    for unit in ("document_share", "character_share", "byte_share"):
        assert sum(share[unit] for share in key["true_shares"].values()) == pytest.approx(1)


FOLLOWS = ("corpus-language.", "corpus-quality.affected", "corpus-quality.zawgyi", "corpus-quality.duplicates{of=documents}")
PATTERNS = {
    "replacement": "\ufffd",
    "control": "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]",
    "c1": "[\x80-\x9f]",
    "bidi": "[\u200e\u200f\u202a-\u202e\u2066-\u2069]",
    "private-use": "[\ue000-\uf8ff]",
    "carriage-returns": "\r",
    "zero-width": "[\u180e\u200b\u2060-\u2064\ufeff]",
    "invisible": "\u00ad",
    "personal-data": r"[\w.]+@example\.(org|com|net)",
}


@pytest.mark.parametrize("name", PATTERNS)
def test_characters_stand_where_they_were_planted_and_nowhere_else(
    rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]], name: str
) -> None:
    assert ids_where(rows, PATTERNS[name]) == entries[name]["ids"]


def undo(text: str) -> str | None:
    """The text before its UTF-8 was misread, if it was."""
    try:
        whole = b"".join(letter.encode("latin-1") if letter < "\u0100" else letter.encode("cp1252") for letter in text)
        decoded = whole.decode()
    except UnicodeError:
        return None
    return decoded if decoded != text else None


def test_mojibake_can_be_undone_and_nothing_else_can(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    assert sorted(row["id"] for row in rows if undo(row["text"])) == entries["mojibake"]["ids"]


def test_exact_copies(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    texts = Counter(row["text"] for row in rows)
    again = sum(count - 1 for count in texts.values())
    assert (again, again / len(rows)) == (len(entries["exact-copy"]["ids"]), entries["exact-copy"]["truth"])
    assert sum(count > 1 for count in texts.values()) == entries["copied-texts"]["truth"]
    assert max(texts.values()) == entries["most-copied-text"]["truth"]
    characters = sum(len(text) * (count - 1) for text, count in texts.items()) / sum(len(row["text"]) for row in rows)
    assert entries["exact-copy-characters"]["truth"] == pytest.approx(characters)


def shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return set(zip(*(words[start:] for start in range(5)), strict=False))


def test_near_copies_are_the_only_near_duplicates(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    english = {row["id"]: shingles(row["text"]) for row in rows if row["language"] == "en"}
    english = {name: found for name, found in english.items() if len(found) >= 5}
    near = set()
    names = sorted(english)
    texts = {row["id"]: row["text"] for row in rows}
    for position, first in enumerate(names):
        for second in names[position + 1 :]:
            common = len(english[first] & english[second])
            similarity = common / (len(english[first]) + len(english[second]) - common)
            if texts[first] != texts[second] and similarity >= 0.3:
                assert similarity > 0.85, (first, second, similarity)
                near.add(second)
    assert sorted(near) == entries["near-copy"]["ids"]


@pytest.mark.parametrize(("unit", "border"), [("paragraphs", "\n{2,}"), ("lines", "\n")])
def test_duplicate_lines_and_paragraphs_of_the_whole_corpus(
    rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]], unit: str, border: str
) -> None:
    pieces = [piece.strip() for row in rows for piece in re.split(border, row["text"]) if len(piece.strip()) >= 10]
    entry, by_size = entries[f"duplicate-{unit}"], entries[f"duplicate-{unit}-characters"]
    assert entry["n"] == by_size["n"] == len(pieces)
    assert entry["truth"] == pytest.approx(1 - len(set(pieces)) / len(pieces))
    assert by_size["truth"] == pytest.approx(1 - len("".join(set(pieces))) / len("".join(pieces)))


def test_shared_lines_are_the_last_of_their_documents(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    last = Counter(row["text"].rsplit("\n", 1)[-1] for row in rows if row["id"] in entries["shared-line"]["ids"])
    assert sorted(last.values()) == [3, 3, 4, 8]


def test_scores(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    assert sorted(row["id"] for row in rows if row["score"] < 3) == entries["low-score"]["ids"]
    assert any(row["score"] == 3 for row in rows)


def test_repeated_ids(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    names = Counter(row["id"] for row in rows)
    assert sorted(name for name, count in names.items() if count > 1) == sorted(set(entries["duplicate-id"]["ids"]))


def test_wrong_labels_are_the_planted_ones(rows: list[dict[str, Any]], key: dict[str, Any], entries: dict[str, dict[str, Any]]) -> None:
    wrong = [row["id"] for row in rows if key["true_language"][row["id"]] != row["language"]]
    assert sorted(wrong) == entries["wrong-declared"]["ids"]
    assert {name.rsplit("-", 1)[0] for name in wrong} == {"planted-wrong-declared", "planted-mixed"}


def test_documents_without_language_have_no_letters(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    assert sorted(row["id"] for row in rows if not re.search(r"[^\W\d_]", row["text"])) == entries["no-evidence"]["ids"]


def test_mixed_documents_change_language_with_every_line(rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    texts = {row["id"]: row["text"] for row in rows}
    for name, counts in key["mixed_lines"].items():
        lines = texts[name].split("\n")
        assert len(lines) == sum(counts.values())
        assert all(first != second for first, second in pairwise(lines))


def test_zawgyi_uses_code_points_that_unicode_burmese_does_not(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    # A vowel e after white space or at the start cannot stand in Unicode order.
    assert ids_where(rows, r"(^|\s)\u1031|[\u1060-\u1097]") == entries["zawgyi"]["ids"]


POLICY = "terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies"


@pytest.mark.parametrize(("name", "pattern"), [("javascript-line", "javascript"), ("policy-line", POLICY)])
def test_lines_that_c4_takes_out(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]], name: str, pattern: str) -> None:
    hits = [row["id"] for row in rows for line in row["text"].splitlines() if re.search(pattern, line.lower())]
    assert sorted(hits) == entries[name]["ids"]


def test_hostile_strings_are_there(rows: list[dict[str, Any]]) -> None:
    everything = "\n".join(row["text"] for row in rows)
    for attack in (
        "</script><script>alert(1)</script>",
        "[link=file:///etc/passwd]",
        "\x1b[31m",
        "=cmd|",
        "![x](http://tracker.example/a.png)",
        "\x00",
    ):
        assert attack in everything


# --- the rule sets --------------------------------------------------------------------------------------------------


RULE_SETS = ("gopher-repetition", "gopher-quality", "c4", "c4-no-terminal", "fineweb")


def verdicts(key: dict[str, Any], rule_set: str) -> dict[int, str]:
    """The first reasons by position in the file; what is kept is left out."""
    return {position: reason for reason, found in key["datatrove"]["first_reasons"][rule_set].items() for position in found}


def test_the_verdicts_are_about_these_texts(rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    texts = "\0\n".join(row["text"] for row in rows)
    assert key["datatrove"]["texts_sha256"] == hashlib.sha256(texts.encode()).hexdigest()
    assert set(key["datatrove"]["first_reasons"]) == set(RULE_SETS)
    for rule_set, found in key["datatrove"]["first_reasons"].items():
        assert sum(map(len, found.values())) == len(verdicts(key, rule_set)), "a document has two first reasons"


def test_entries_of_rules_say_what_datatrove_says(key: dict[str, Any], entries: dict[str, dict[str, Any]]) -> None:
    for rule_set, found in key["datatrove"]["first_reasons"].items():
        for reason, positions in found.items():
            entry = entries[f"{rule_set}-{reason}"]
            assert entry["metric"] == f"corpus-quality.removed{{rule={reason},ruleset=datatrove-0.10.1/{rule_set}}}"
            assert entry["truth"] == len(positions) / key["documents"]
        assert entries[f"{rule_set}-kept"]["truth"] == pytest.approx(1 - len(verdicts(key, rule_set)) / key["documents"])


def test_clean_english_is_kept_by_every_rule_set(rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    clean = {position for position, row in enumerate(rows) if row["id"].startswith("en-")}
    assert len(clean) >= 120
    for rule_set in RULE_SETS:
        assert not clean & set(verdicts(key, rule_set))


def test_gopher_quality_drops_whole_languages(rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    dropped = verdicts(key, "gopher-quality")
    for language in ("km", "lo", "my", "th", "zh"):
        positions = {position for position, row in enumerate(rows) if row["language"] == language}
        assert len(positions) >= 3
        assert positions <= set(dropped)


@pytest.mark.skipif(not ORACLE, reason="FMAUDIT_ORACLE_PYTHON names no interpreter with datatrove")
def test_datatrove_gives_the_same_verdicts_again(key: dict[str, Any], tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SCRIPT), "--out", str(tmp_path), "--oracle-python", ORACLE], check=True, timeout=300)
    again = json.loads((tmp_path / "planted.json").read_text(encoding="utf-8"))
    assert again["datatrove"] == key["datatrove"]


# --- the damaged files ----------------------------------------------------------------------------------------------


def test_truncated_gzip_gives_its_first_lines(key: dict[str, Any]) -> None:
    data = (CORPUS / "broken" / "truncated.jsonl.gz").read_bytes()
    with pytest.raises(EOFError):
        gzip.decompress(data)
    lines = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data).split(b"\n")
    assert len([json.loads(line) for line in lines[:-1]]) == key["broken"]["truncated.jsonl.gz"]["documents"] > 10
    with pytest.raises(json.JSONDecodeError):
        json.loads(lines[-1].decode(errors="replace"))


def test_every_damaged_file_has_good_lines_and_bad_ones(key: dict[str, Any]) -> None:
    folder = CORPUS / "broken"
    assert {path.name for path in folder.iterdir()} == set(key["broken"])
    for name in ("invalid-utf8.jsonl", "lone-surrogate.jsonl", "bad-line.jsonl"):
        good = 0
        lines = (folder / name).read_bytes().splitlines()
        for line in lines:
            try:
                good += bool(json.loads(line.decode())["text"].encode())
            except (UnicodeError, json.JSONDecodeError, KeyError):
                continue
        assert good == key["broken"][name]["documents"] - key["broken"][name]["repaired"]
        assert len(lines) - good == len(key["broken"][name]["ledger"])
    assert (folder / "empty.jsonl.gz").read_bytes() == b""
