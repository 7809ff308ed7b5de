"""A check on a change against the last run: decided where nothing changed, and where something did."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

import fmaudit
from fmaudit.records import VerdictStatus
from fmaudit.store.reader import read_parquet
from fmaudit.store.results import read_verdicts

TOML = """
[corpus.web]
path = "data/*.jsonl"
url = "url"
[audit.corpus-quality]
rule_sets = ["datatrove-0.10.1/gopher-quality"]
[report]
formats = []
[[check]]
metric = "corpus-quality.kept{ruleset=datatrove-0.10.1/gopher-quality}"
max_fall = 0.02
"""
WORDS = """
the house and of that have with be to water river mountain city people market garden window street morning evening letter doctor school
summer winter bridge village teacher
"""
HOSTS = 30


def text(rng: random.Random, good: bool) -> str:
    return " ".join(rng.choice(WORDS.split()) for _ in range(80 if good else 9)) + "."


def crawl(folder: Path, spoilt: int = 0) -> None:
    """Write 20 documents of every host, of which some keep to the rules and some never do; of each, as many are spoilt."""
    rng, luck = random.Random(0), random.Random(1)
    rows = []
    for host in range(HOSTS):
        share = luck.random()
        for i in range(20):
            good = luck.random() < share and i >= spoilt
            rows.append({"text": text(rng, good), "url": f"https://h{host}.example/{i}"})
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unchanged")
    (folder / "audit.toml").write_text(TOML)
    crawl(folder)
    fmaudit.run(folder / "audit.toml")
    return folder


def verdict(folder: Path) -> tuple[VerdictStatus, str]:
    run = fmaudit.run(folder / "audit.toml", new=True)
    (one,) = read_verdicts(read_parquet(run.directory.verdicts))
    return one.status, one.reason


def test_a_corpus_that_did_not_change_holds_its_limit(folder: Path):
    status, reason = verdict(folder)
    assert status is VerdictStatus.PASS
    assert "by +0 (+0 to +0) since run-0001" in reason


def test_the_same_documents_in_a_file_that_was_written_anew_hold_it_too(folder: Path):
    file = folder / "data" / "a.jsonl"
    file.write_bytes(file.read_bytes() + b"\n")
    status, reason = verdict(folder)
    assert status is VerdictStatus.PASS
    assert "by +0 (+0 to +0)" in reason
    assert "paired by item, 30 items in both runs" in reason


def test_a_fall_that_hosts_which_differ_would_hide_is_found(folder: Path):
    """What is kept of a host lies anywhere between nothing and all of it: only the same host shows that less is kept of it."""
    crawl(folder, spoilt=3)
    status, reason = verdict(folder)
    assert status is VerdictStatus.FAIL
    assert "fell too much" in reason
