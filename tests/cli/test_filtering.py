"""A filter writes what the run saw, with the settings the run had, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import fmaudit
from fmaudit.api import filtering
from fmaudit.api.filtering import write_kept
from fmaudit.errors import RunError


@pytest.fixture
def config(tmp_path: Path, shouting: Path, write_jsonl) -> Path:
    write_jsonl("data/b.jsonl", [f"{'LOUD' if i % 3 else 'quiet'} number {i}" for i in range(300)])
    write_jsonl("data/a.jsonl.gz", [f"{'LOUD' if i % 2 else 'quiet'} number {i}" for i in range(200)])
    path = tmp_path / "audit.toml"
    path.write_text(
        'plugins = ["shouting"]\n[corpus.web]\npath = "data/*"\nid = "id"\nurl = "url"\n[audit.shouting]\n[report]\nformats = []\n'
        "[run]\nbatch_bytes = 1024\nunit_bytes = 4096\nsplit_bytes = 2048\nworkers = 1\n"
    )
    return path


def rows(output: Path) -> list[dict]:
    return [json.loads(line) for line in output.read_bytes().splitlines()]


def test_what_is_kept_is_what_the_rows_say_in_corpus_order(config: Path, tmp_path: Path):
    run = fmaudit.run(config)
    summary = write_kept(run, tmp_path / "kept.jsonl", where="capitals.upper > 0")
    expected = run.documents(where="capitals.upper > 0", columns=["file", "offset"]).to_pylist()
    assert [(row["source_file"], row["source_offset"]) for row in rows(tmp_path / "kept.jsonl")] == [
        (r["file"], r["offset"]) for r in expected
    ]
    assert {row["text"].split()[0] for row in rows(tmp_path / "kept.jsonl")} == {"LOUD"}
    assert (summary["documents"], summary["kept"]) == (500, 300)


@pytest.mark.parametrize(
    "change", [('text"', 'texts"'), ('path = "data/*"', 'path = "data/*"\ntext = "url"'), ("[corpus.web]", "[corpus.other]")]
)
def test_the_settings_of_the_run_count_not_those_of_today(config: Path, tmp_path: Path, change: tuple[str, str]):
    run = fmaudit.run(config, ["corpus.web.sample=0.5"])
    config.write_text(config.read_text().replace(*change))
    summary = write_kept(run, tmp_path / "kept.jsonl")
    assert summary["kept"] == summary["documents"] == run.documents().num_rows
    assert all("number" in row["text"] for row in rows(tmp_path / "kept.jsonl"))


def test_audit_toml_may_be_gone(config: Path, tmp_path: Path):
    run = fmaudit.run(config)
    config.unlink()
    assert write_kept(run, tmp_path / "kept.jsonl")["kept"] == 500


def test_files_that_came_later_are_no_part_of_the_run(config: Path, tmp_path: Path, write_jsonl):
    run = fmaudit.run(config)
    write_jsonl("data/0.jsonl", ["NEW"] * 10)
    assert write_kept(run, tmp_path / "kept.jsonl")["kept"] == 500


@pytest.mark.parametrize("change", ["append", "touch", "gone"])
def test_a_changed_corpus_writes_nothing(config: Path, tmp_path: Path, change: str):
    run = fmaudit.run(config)
    file = tmp_path / "data" / "b.jsonl"
    if change == "gone":
        file.unlink()
    elif change == "append":
        file.write_bytes(file.read_bytes() + b'{"id": "x", "text": "NEW"}\n')
    else:
        file.write_bytes(file.read_bytes().replace(b"quiet", b"QUIET"))
    with pytest.raises(RunError, match=r"b\.jsonl: the corpus changed"):
        write_kept(run, tmp_path / "kept.jsonl", where="capitals.upper = 0")
    assert not (tmp_path / "kept.jsonl").exists()


def test_documents_that_vanish_while_they_are_read_again_leave_no_output(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = fmaudit.run(config)
    monkeypatch.setattr(filtering, "_check_unchanged", lambda *_: None)
    (tmp_path / "data" / "b.jsonl").write_bytes(b"")
    with pytest.raises(RunError, match="300 documents"):
        write_kept(run, tmp_path / "kept.jsonl")
    assert not list(tmp_path.glob("*kept*"))


def test_a_run_with_a_limit_writes_only_what_it_examined(config: Path, tmp_path: Path):
    run = fmaudit.run(config, ["corpus.web.limit=20"])
    summary = write_kept(run, tmp_path / "kept.jsonl")
    assert summary["kept"] == summary["documents"] == 20


def test_the_wanted_positions_take_eight_bytes_a_document(config: Path):
    wanted = filtering._wanted(fmaudit.run(config), "web", "true")
    assert {file: (len(positions), positions.dtype) for file, positions in wanted.items()} == {
        "data/a.jsonl.gz": (200, np.dtype(np.int64)),
        "data/b.jsonl": (300, np.dtype(np.int64)),
    }
    assert all((np.diff(positions) > 0).all() for positions in wanted.values())
