"""Damaged files cost what is damaged and nothing else, and a text is judged alike in every format."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import fmaudit
from fmaudit.runs.journal import Journal

KEY: dict[str, Any] = json.loads((Path(__file__).parents[2] / "sample_data" / "planted.json").read_text(encoding="utf-8"))
COLUMNS = {"text": "text", "id": "id", "url": "url", "language": "language"}
AUDITS = "[audit.corpus-language]\n{targets}\n\n[audit.corpus-quality]\n{targets}\n\n[report]\nformats = []\n"
DAMAGED = list(KEY["broken"])

Row = dict[str, Any]


def audit(folder: Path, name: str, corpora: dict[str, dict[str, Any]]) -> fmaudit.Run:
    tables = []
    for corpus, settings in corpora.items():
        lines = "\n".join(f"{field} = {json.dumps(value)}" for field, value in settings.items())
        tables.append(f"[corpus.{corpus}]\n{lines}\n\n")
    path = folder / f"{name}.toml"
    path.write_text("".join(tables) + AUDITS.format(targets=f"targets = {json.dumps(list(corpora))}"), encoding="utf-8")
    return fmaudit.run(path)


# --- damaged files --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def broken(sample: Path) -> fmaudit.Run:
    return audit(sample, "broken", {"broken": {"path": ["corpus/broken/*"]} | COLUMNS})


@pytest.fixture(scope="session")
def ledger(broken: fmaudit.Run) -> dict[str, list[fmaudit.LedgerEntry]]:
    journal = Journal(broken.directory.journal, readonly=True)
    entries = [entry for _, entry in journal.ledger()]
    journal.close()
    found: dict[str, list[fmaudit.LedgerEntry]] = {name: [] for name in KEY["broken"]}
    for entry in entries:
        found[Path(entry.file).name].append(entry)
    return found


@pytest.fixture(scope="session")
def rescued(broken: fmaudit.Run) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {name: [] for name in KEY["broken"]}
    for row in broken.documents().to_pylist():
        found[Path(row["file"]).name].append(row)
    return found


def test_the_run_is_partial(broken: fmaudit.Run) -> None:
    assert broken.exit_code == 3


@pytest.mark.parametrize("name", DAMAGED)
def test_the_ledger_says_what_is_broken_and_no_more(ledger: dict[str, list[fmaudit.LedgerEntry]], name: str) -> None:
    expected = [(reason, lost) for reason, lost, _ in KEY["broken"][name]["ledger"]]
    assert [(entry.reason, entry.lost) for entry in sorted(ledger[name], key=lambda entry: entry.offset)] == expected
    assert all(entry.count == 1 for entry in ledger[name])


@pytest.mark.parametrize("name", KEY["broken"])
def test_whole_documents_are_examined(rescued: dict[str, list[Row]], name: str) -> None:
    assert len(rescued[name]) == KEY["broken"][name]["documents"]
    assert all(row["quality"]["words"] > 0 and row["language"]["label"] for row in rescued[name])


@pytest.mark.parametrize("name", KEY["broken"])
def test_repaired_documents_hold_the_replacement_character(rescued: dict[str, list[Row]], name: str) -> None:
    repaired = [row for row in rescued[name] if row["encoding"]["replacement"]]
    assert len(repaired) == KEY["broken"][name]["repaired"]


def test_documents_before_the_damage_are_the_first_ones_of_the_file(rescued: dict[str, list[Row]]) -> None:
    """The damaged files were cut from ordinary English documents: they are judged there as in the whole corpus."""
    assert {row["language"]["label"] for row in rescued["truncated.jsonl.gz"]} == {"en"}
    offsets = [row["offset"] for row in rescued["truncated.jsonl.gz"]]
    assert offsets[0] == 0
    assert offsets == sorted(set(offsets))


# --- the four formats -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def judged(sample: Path) -> dict[str, list[Row]]:
    """The documents of each format in the order of the file, and of the pages as text extraction says they read."""
    pages = sample / "corpus" / "pages.jsonl"
    pages.write_text("".join(json.dumps(row | {"text": as_extracted(row)}) + "\n" for row in rows_of(sample)), encoding="utf-8")
    corpora = {
        "jsonl": {"path": ["corpus/web.jsonl.gz"]} | COLUMNS,
        "parquet": {"path": ["corpus/web.parquet"]} | COLUMNS,
        "wet": {"path": ["corpus/web.wet.gz"]},
        "warc": {"path": ["corpus/web.warc.gz"]},
        "pages": {"path": ["corpus/pages.jsonl"]} | COLUMNS,
    }
    run = audit(sample, "formats", corpora)
    assert run.exit_code == 0
    return {corpus: sorted(run.documents(corpus).to_pylist(), key=lambda row: row["offset"]) for corpus in corpora}


def rows_of(sample: Path) -> list[Row]:
    with gzip.open(sample / "corpus" / "web.jsonl.gz", "rt", encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines]


def as_extracted(row: Row) -> str:
    """What text extraction promises of a page: its title, which is the id here, then a line for every paragraph."""
    lines = [" ".join(line.split()) for line in row["text"].split("\n")]
    return "\n".join([row["id"], *filter(None, lines)])


def verdict(row: Row) -> tuple[Any, ...]:
    """What was found out about a text, whatever it came in; langdetect is asked of documents drawn by their text."""
    return (row["characters"], row["duplicates"], row["language"], row["encoding"], row["rules"])


@pytest.mark.parametrize("name", ["parquet", "wet"])
def test_formats_that_hold_the_text_give_the_same_verdicts(judged: dict[str, list[Row]], name: str) -> None:
    assert len(judged[name]) == len(judged["jsonl"]) == KEY["documents"]
    for one, other in zip(judged["jsonl"], judged[name], strict=True):
        assert other["url"] == one["url"]
        assert verdict(other) == verdict(one), one["id"]


def test_pages_give_the_verdicts_of_the_text_they_show(judged: dict[str, list[Row]]) -> None:
    shown = {row["url"]: row for row in judged["pages"]}
    assert len(judged["warc"]) > 0.9 * len(judged["jsonl"])
    for page in judged["warc"]:
        assert verdict(page) == verdict(shown[page["url"]]), page["url"]


def test_pages_have_the_language_of_their_texts(judged: dict[str, list[Row]]) -> None:
    """The title, an id in Latin letters, may sway a short text, and nothing else."""
    texts = {row["url"]: row["language"]["label"] for row in judged["jsonl"]}
    same = [page["language"]["label"] == texts[page["url"]] for page in judged["warc"]]
    assert sum(same) / len(same) > 0.95
