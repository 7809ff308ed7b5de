"""The sample corpus is what its key says it is: every planted truth is counted again from the file, by other means than the script's."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import unicodedata
import zlib
from collections import Counter
from html.parser import HTMLParser
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from warcio.archiveiterator import ArchiveIterator

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data"
CORPUS = SAMPLE / "corpus"
SCRIPT = ROOT / "scripts" / "make_sample_data.py"
KNOWN_SCRIPTS = """
LATIN CYRILLIC GREEK GEORGIAN ARMENIAN HEBREW ARABIC DEVANAGARI BENGALI TAMIL TELUGU KANNADA MALAYALAM GUJARATI GURMUKHI
SINHALA THAI LAO KHMER MYANMAR ETHIOPIC HANGUL CJK HIRAGANA KATAKANA CHEROKEE TIBETAN
"""
FORMATS = ("web.jsonl.gz", "web.parquet", "web.warc.gz", "web.wet.gz")

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="needs a source checkout")


def read_rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return read_rows(CORPUS / "web.jsonl.gz")


@pytest.fixture(scope="module")
def key() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SAMPLE / "planted.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def entries(key: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in key["planted"]}


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rebuilt")
    subprocess.run([sys.executable, str(SCRIPT), "--out", str(out)], check=True, timeout=120)
    return out


def ids_where(rows: list[dict[str, Any]], pattern: str) -> list[str]:
    return sorted(row["id"] for row in rows if re.search(pattern, row["text"]))


# --- size and variety -----------------------------------------------------------------------------------------------


def test_there_are_enough_documents_languages_scripts_and_hosts(rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    languages = set(key["true_language"].values()) - {"und", "mul"}
    scripts = {unicodedata.name(letter).split()[0] for row in rows for letter in row["text"] if letter.isalpha() and letter < "\ue000"}
    hosts = Counter(row["url"].split("/")[2] for row in rows)
    assert len(rows) == key["documents"] >= 300
    assert len(languages) >= 24
    assert len(scripts & set(KNOWN_SCRIPTS.split())) >= 20
    assert len(hosts) >= 15
    assert hosts.most_common(1)[0][1] > 10 * min(hosts.values())
    assert all(re.search(r"(\.example|\bexample\.(com|org|net))$", host) for host in hosts)


def test_every_row_has_the_same_fields(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert list(row) == ["id", "url", "domain", "language", "score", "date", "text"]
        assert isinstance(row["score"], int)
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row["date"])


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) <= 1_500_000


def test_natural_documents_share_no_paragraph_unless_it_was_planted(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    planted = set(entries["shared-paragraph"]["ids"]) | {row["id"] for row in rows if row["id"].startswith("planted-")}
    natural = [row for row in rows if row["id"] not in planted]
    paragraphs = Counter(piece for row in natural for piece in row["text"].split("\n\n"))
    assert paragraphs.most_common(1)[0][1] == 1


@pytest.mark.parametrize(
    "phrase", ["all rights reserved", "wikipedia", "creative commons", "copyright", "gutenberg", "born free and equal"]
)
def test_no_phrase_hints_at_a_foreign_source(rows: list[dict[str, Any]], phrase: str) -> None:
    assert not [row["id"] for row in rows if phrase in row["text"].lower()]


def test_nothing_names_the_machine_it_was_made_on() -> None:
    texts = [path.read_text(encoding="utf-8") for path in [*SAMPLE.glob("*.*"), *SCRIPT.parent.glob("sample_data_sources/*.*")]]
    assert not [text for text in texts if re.search(r"/(home|tmp|work|root|Users)/", text)]


# --- the formats ----------------------------------------------------------------------------------------------------


def test_parquet_holds_the_same_rows(rows: list[dict[str, Any]]) -> None:
    assert pq.read_table(CORPUS / "web.parquet").to_pylist() == rows


def test_wet_holds_the_same_texts(rows: list[dict[str, Any]]) -> None:
    with (CORPUS / "web.wet.gz").open("rb") as stream:
        texts = [record.content_stream().read().decode() for record in ArchiveIterator(stream) if record.rec_type == "conversion"]
    assert texts == [row["text"] for row in rows]


class Page(HTMLParser):
    """The paragraphs of a page and its title."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.paragraphs: list[str] = []
        self.tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tag = tag
        if tag == "p":
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        self.tag = ""

    def handle_data(self, data: str) -> None:
        if self.tag == "title":
            self.title += data
        elif self.tag == "p":
            self.paragraphs[-1] += data


def test_warc_pages_hold_the_lines_of_the_texts(rows: list[dict[str, Any]]) -> None:
    by_url = {row["url"]: row for row in rows}
    pages = 0
    with (CORPUS / "web.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type != "response":
                continue
            page = Page()
            page.feed(record.content_stream().read().decode())
            row = by_url[record.rec_headers.get_header("WARC-Target-URI")]
            assert page.title == row["id"]
            assert page.paragraphs == [line for line in row["text"].split("\n") if line]
            pages += 1
    assert pages > 0.9 * len(rows)


def test_record_ids_are_unique() -> None:
    for name in ("web.warc.gz", "web.wet.gz"):
        with (CORPUS / name).open("rb") as stream:
            names = [record.rec_headers.get_header("WARC-Record-ID") for record in ArchiveIterator(stream)]
        assert len(set(names)) == len(names)


# --- reproduction ---------------------------------------------------------------------------------------------------


def test_the_script_gives_the_same_bytes_again(rebuilt: Path, key: dict[str, Any]) -> None:
    here = {"zlib": zlib.ZLIB_RUNTIME_VERSION, "pyarrow": version("pyarrow"), "warcio": version("warcio")}
    if key["made_with"] != here:
        pytest.skip(f"the files were made with {key['made_with']}, this is {here}")
    made = sorted(path.relative_to(rebuilt) for path in rebuilt.rglob("*") if path.is_file())
    assert {str(path) for path in made} >= {f"corpus/{name}" for name in FORMATS}
    for path in made:
        assert (rebuilt / path).read_bytes() == (SAMPLE / path).read_bytes(), path


def test_the_script_gives_the_same_content_with_any_versions(rebuilt: Path, rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    again = json.loads((rebuilt / "planted.json").read_text(encoding="utf-8"))
    assert read_rows(rebuilt / "corpus" / "web.jsonl.gz") == rows
    assert again["planted"] == key["planted"]
    assert again["true_shares"] == key["true_shares"]


# --- the key --------------------------------------------------------------------------------------------------------


def test_every_id_of_the_key_exists(rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    known = {row["id"] for row in rows}
    assert set(key["true_language"]) == known
    for entry in key["planted"]:
        assert set(entry["ids"]) <= known, entry["name"]
        assert entry["ids"], entry["name"]
        assert entry["denominator"] > 0


def test_names_of_entries_are_unique_and_truths_follow_from_the_ids(key: dict[str, Any]) -> None:
    names = [entry["name"] for entry in key["planted"]]
    assert len(set(names)) == len(names)
    for entry in key["planted"]:
        if entry["metric"] in ("duplicate_paragraphs", "duplicate_lines"):
            continue
        count = len(entry["ids"])
        assert entry["truth"] == (count if entry["kind"] == "count" else count / entry["denominator"]), entry["name"]


def test_shares_add_up_to_one(key: dict[str, Any]) -> None:
    for unit in ("document_share", "character_share", "byte_share"):
        assert sum(share[unit] for share in key["true_shares"].values()) == pytest.approx(1)


PATTERNS = {
    "replacement": "\ufffd",
    "control": "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]",
    "c1": "[\x80-\x9f]",
    "bidi": "[\u200e\u200f\u202a-\u202e\u2066-\u2069]",
    "private-use": "[\ue000-\uf8ff]",
    "carriage-returns": "\r",
    "invisible": "[\u00ad\u200b\ufeff]",
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
    assert sum(count - 1 for count in texts.values()) == entries["exact-copy"]["truth"]


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
    pieces = [piece.strip() for row in rows for piece in re.split(border, row["text"]) if piece.strip()]
    entry = entries[f"duplicate-{unit}"]
    assert (entry["truth"], entry["denominator"]) == (len(pieces) - len(set(pieces)), len(pieces))


def test_shared_lines_are_the_last_of_their_documents(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    last = Counter(row["text"].rsplit("\n", 1)[-1] for row in rows if row["id"] in entries["shared-line"]["ids"])
    assert sorted(last.values()) == [3, 3, 4, 8]


def test_scores(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    assert sorted(row["id"] for row in rows if row["score"] < 3) == entries["low-score"]["ids"]
    assert any(row["score"] == 3 for row in rows)


def test_repeated_ids(rows: list[dict[str, Any]], entries: dict[str, dict[str, Any]]) -> None:
    names = Counter(row["id"] for row in rows)
    assert sorted(name for name, count in names.items() if count > 1) == sorted(set(entries["duplicate-ids"]["ids"]))


def test_wrong_labels_are_the_planted_ones(rows: list[dict[str, Any]], key: dict[str, Any], entries: dict[str, dict[str, Any]]) -> None:
    wrong = [row["id"] for row in rows if key["true_language"][row["id"]] not in (row["language"], "mul")]
    assert sorted(wrong) == entries["wrong-declared"]["ids"]


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


@pytest.mark.parametrize(("name", "pattern"), [("c4-lines-javascript", "javascript"), ("c4-lines-policy", POLICY)])
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


def expected_verdicts(key: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (name, entry["slice"]["rules"]): entry["slice"].get("reason", "kept")
        for entry in key["planted"]
        if entry["slice"].get("declared") == "en" and entry["metric"] in ("removed", "kept")
        for name in entry["ids"]
    }


def test_the_key_has_a_verdict_for_every_document_declared_english(rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    english = {row["id"] for row in rows if row["language"] == "en"}
    verdicts = expected_verdicts(key)
    assert {name for name, _ in verdicts} == english
    assert len(verdicts) == 5 * len(english)


def test_clean_english_is_kept_by_every_rule_set(key: dict[str, Any]) -> None:
    verdicts = expected_verdicts(key)
    clean = {name for name, _ in verdicts if name.startswith("en-")}
    assert len(clean) >= 120
    assert {verdict for (name, _), verdict in verdicts.items() if name in clean} == {"kept"}


def test_datatrove_agrees_with_every_verdict(rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    """The oracle: run where datatrove 0.10.1 is installed."""
    filters = pytest.importorskip("datatrove.pipeline.filters")
    document = pytest.importorskip("datatrove.data").Document
    if version("datatrove") != "0.10.1":
        pytest.skip("the rules are those of datatrove 0.10.1")
    rule_sets = {
        "gopher-repetition": filters.GopherRepetitionFilter(),
        "gopher-quality": filters.GopherQualityFilter(),
        "c4": filters.C4QualityFilter(),
        "c4-fineweb": filters.C4QualityFilter(filter_no_terminal_punct=False),
        "fineweb": filters.FineWebQualityFilter(),
    }
    expected = expected_verdicts(key)
    emptied = {entry["slice"]["declared"] for entry in key["planted"] if entry["name"].startswith("emptied-")}
    for row in rows:
        for name, rule_set in rule_sets.items():
            answer = rule_set.filter(document(text=row["text"], id=row["id"]))
            verdict = "kept" if answer is True else answer[1]
            if row["language"] == "en":
                assert verdict == expected[row["id"], f"datatrove-0.10.1/{name}"], row["id"]
            elif row["language"] in emptied and name == "gopher-quality":
                assert verdict != "kept", row["id"]


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
        assert good == key["broken"][name]["documents"]
        assert len(lines) - good == len(key["broken"][name]["ledger"])
    assert (folder / "empty.jsonl.gz").read_bytes() == b""


# --- the page about it ----------------------------------------------------------------------------------------------


def test_the_page_states_the_counts(rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    page = " ".join((SAMPLE / "SOURCES.md").read_text(encoding="utf-8").split())
    languages = set(key["true_language"].values()) - {"und", "mul"}
    natural = [row for row in rows if not row["id"].startswith("planted-")]
    english = [row for row in natural if row["id"].startswith("en-")]
    assert f"{len(rows)} documents in {len(languages)} languages" in page
    assert f"{len(natural)} of them are ordinary texts in {len({row['id'].split('-')[0] for row in natural})} languages" in page
    assert f"English has {len(english)} ordinary documents" in page
