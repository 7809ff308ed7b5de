"""The sample corpus has the size and variety it should have, holds the same texts in every format, and can be made again."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
import zlib
from collections import Counter
from html.parser import HTMLParser
from importlib.metadata import version
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
    sizes = {path.relative_to(SAMPLE).parts[0]: 0 for path in SAMPLE.rglob("*") if path.is_file()}
    for path in SAMPLE.rglob("*"):
        if path.is_file():
            sizes[path.relative_to(SAMPLE).parts[0]] += path.stat().st_size
    assert sizes.pop("models") <= 10_000_000
    assert sum(sizes.values()) <= 1_500_000


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
    with gzip.open(rebuilt / "corpus" / "web.jsonl.gz", "rt", encoding="utf-8", newline="\n") as lines:
        assert [json.loads(line) for line in lines] == rows
    assert again["planted"] == key["planted"]
    assert again["true_shares"] == key["true_shares"]


# --- the page about it ----------------------------------------------------------------------------------------------


def test_the_page_states_the_counts(rows: list[dict[str, Any]], key: dict[str, Any]) -> None:
    page = " ".join((SAMPLE / "SOURCES.md").read_text(encoding="utf-8").split())
    languages = set(key["true_language"].values()) - {"und", "mul"}
    natural = [row for row in rows if not row["id"].startswith("planted-")]
    english = [row for row in natural if row["id"].startswith("en-")]
    assert f"{len(rows)} documents in {len(languages)} languages" in page
    assert f"{len(natural)} of them are ordinary texts in {len({row['id'].split('-')[0] for row in natural})} languages" in page
    assert f"English has {len(english)} ordinary documents" in page
