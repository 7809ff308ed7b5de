"""init writes a file that fits what lies there, and says what it chose and what it left out."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fmaudit
from fmaudit.api.guess import guess_config


def lines(path: Path, records: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"id": "1", "content": "a long text"}, "content"),
        ({"prompt": "a question", "label": "x"}, "prompt"),
        ({"question": "why", "choices": ["a", "b"]}, "question"),
        ({"id": "1" * 30, "utterance": "some words", "speaker": "B"}, "utterance"),
        ({"content": ["a", "list"], "story": "once upon a time", "title": "it"}, "story"),
        ({"text": "plain", "body": "a much longer text than the first"}, "text"),
        ({"doc": {"body": "a text in a field of a field", "n": 3}, "n": 1}, "doc.body"),
        ({"meta": {"note": "a long text of no known name"}, "title": "it"}, "meta.note"),
        ({"meta": {"text": "inside"}, "content": "outside"}, "meta.text"),
    ],
)
def test_the_text_field_is_found(tmp_path: Path, record: dict[str, Any], text: str) -> None:
    lines(tmp_path / "a.jsonl", [record] * 3)
    guess = guess_config(tmp_path, tmp_path)
    assert tomllib.loads(guess.text)["corpus"]["data"]["text"] == text
    assert any(f'text = "{text}"' in note for note in guess.notes) == (text != "text")


def test_other_roles_are_found_in_fields_of_fields(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", [{"text": "some words", "meta": {"url": "http://a.example/b", "lang": "en"}}] * 3)
    corpus = tomllib.loads(guess_config(tmp_path, tmp_path).text)["corpus"]["data"]
    assert (corpus["url"], corpus["language"]) == ("meta.url", "meta.lang")


def test_a_parquet_column_of_text_is_found_too(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [1, 2], "sentence": ["some words", "other words"]}), tmp_path / "a.parquet")
    assert tomllib.loads(guess_config(tmp_path, tmp_path).text)["corpus"]["data"]["text"] == "sentence"


def test_without_a_field_of_text_it_says_so(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", [{"n": 1}])
    guess = guess_config(tmp_path, tmp_path)
    assert "text" not in tomllib.loads(guess.text)["corpus"]["data"]
    assert "no field" in guess.notes[0]


def test_a_mixed_folder_becomes_a_corpus_for_each_format_and_the_rest_is_counted(tmp_path: Path) -> None:
    lines(tmp_path / "in" / "a.jsonl", [{"content": "words"}])
    pq.write_table(pa.table({"body": ["words"]}), tmp_path / "in" / "b.parquet")
    for name in ("README.md", "notes.txt", "more.txt", "picture.png", "LICENCE"):
        (tmp_path / "in" / name).write_text("x")
    guess = guess_config(tmp_path / "in", tmp_path)
    settings = tomllib.loads(guess.text)
    assert {name: (corpus["path"], corpus["text"]) for name, corpus in settings["corpus"].items()} == {
        "jsonl": (["in/**/*.jsonl"], "content"),
        "parquet": (["in/**/*.parquet"], "body"),
    }
    assert settings["audit"]["corpus-language"]["targets"] == ["jsonl", "parquet"]
    (left_out,) = [note for note in guess.notes if note.startswith("left out")]
    assert all(part in left_out for part in ("2 .txt", "1 .md", "1 .png", "1 without a suffix"))


def test_only_weak_suffixes_are_data_where_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    guess = guess_config(tmp_path, tmp_path)
    assert tomllib.loads(guess.text)["corpus"]["data"]["path"] == ["**/*.txt"]
    assert not guess.notes


def test_odd_names_stay_valid_toml(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", [{"t\u0007\n\U0001f600x": "some words"}])
    guess = guess_config(tmp_path, tmp_path)
    assert tomllib.loads(guess.text)["corpus"]["data"]["text"] == "t\u0007\n\U0001f600x"


def made_model(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        (folder / name).write_text("{}")


def test_models_tokenizers_and_benchmark_items_are_recognised(tmp_path: Path) -> None:
    made_model(tmp_path / "in" / "models" / "tiny v1.5")
    tokenizers = tmp_path / "in" / "tokenizers"
    (tokenizers / "mine").mkdir(parents=True)
    for name in ("cl100k_base.tiktoken.xz", "mistral.model", "mine/tokenizer.json"):
        (tokenizers / name).write_text("{}")
    (tmp_path / "in" / "mgsm").mkdir()
    for language in ("en", "te"):
        (tmp_path / "in" / "mgsm" / f"mgsm_{language}.tsv").write_text("How many?\t3\n")
    lines(tmp_path / "in" / "web.jsonl", [{"text": "words", "source": "news"}])
    guess = guess_config(tmp_path / "in", tmp_path)
    settings = tomllib.loads(guess.text)
    assert settings["model"] == {"tiny-v1.5": {"uri": "hf:in/models/tiny v1.5"}}
    assert settings["tokenizer"] == {
        "tiny-v1.5-tokenizer": {"uri": "hf:in/models/tiny v1.5"},
        "cl100k_base": {"uri": "tiktoken:in/tokenizers/cl100k_base.tiktoken.xz"},
        "mistral": {"uri": "sentencepiece:in/tokenizers/mistral.model"},
        "mine": {"uri": "tokenizer-json:in/tokenizers/mine/tokenizer.json"},
    }
    assert settings["corpus"]["data"]["path"] == ["in/**/*.jsonl"]
    assert settings["audit"]["benchmark"] == {"targets": ["tiny-v1.5"], "items": "in/mgsm"}
    assert settings["audit"]["domain-gap"]["targets"] == ["tiny-v1.5"]
    assert set(settings["audit"]["token-cost"]["targets"]) == set(settings["tokenizer"])
    assert not [note for note in guess.notes if "left out" in note]


def test_a_folder_of_a_model_alone_is_no_corpus(tmp_path: Path) -> None:
    made_model(tmp_path / "tiny")
    settings = tomllib.loads(guess_config(tmp_path / "tiny", tmp_path).text)
    assert settings["model"] == {"tiny": {"uri": "hf:tiny"}}
    assert "corpus" not in settings
    assert set(settings["audit"]) == {"token-cost", "alignment"}


def test_questions_without_a_model_are_mentioned(tmp_path: Path) -> None:
    (tmp_path / "mgsm_en.tsv").write_text("How many?\t3\n")
    lines(tmp_path / "a.jsonl", [{"text": "words"}])
    guess = guess_config(tmp_path, tmp_path)
    assert "benchmark" not in tomllib.loads(guess.text)["audit"]
    assert any("mgsm_en.tsv holds questions" in note for note in guess.notes)


def test_a_field_that_only_some_files_have_is_named_and_the_run_goes_on_where_it_is_missing(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", [{"text": "words of the first file"}] * 3)
    lines(tmp_path / "b.jsonl", [{"text": "words", "url": f"https://h{n}.example/", "doc_id": f"b{n}", "license": "cc0"} for n in range(3)])
    lines(tmp_path / "c.jsonl", [{"text": "words", "doc_id": f"c{n}", "id": n} for n in range(3)])
    guess = guess_config(tmp_path, tmp_path)
    corpus = tomllib.loads(guess.text)["corpus"]["data"]
    assert (corpus["id"], corpus["url"], corpus["metadata"]) == ("doc_id", "url", ["license"])  # the id that most files have
    assert 'url = "url"  # not in every file' in guess.text
    assert corpus["text"] == "text"
    assert 'text = "text"\n' in guess.text


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_guessed_field_that_a_file_has_not_loses_no_document(tmp_path: Path, form: str) -> None:
    rows = {"a": [{"text": "words of the first file"}] * 3, "b": [{"text": "words", "id": f"b{n}", "url": "https://h/"} for n in range(3)]}
    for name, records in rows.items():
        if form == "jsonl":
            lines(tmp_path / "data" / f"{name}.jsonl", records)
        else:
            (tmp_path / "data").mkdir(exist_ok=True)
            pq.write_table(pa.Table.from_pylist(records), tmp_path / "data" / f"{name}.parquet")
    text = guess_config(tmp_path / "data", tmp_path).text.split("[audit.corpus-quality]")[0]
    (tmp_path / "audit.toml").write_text(text + "[report]\nformats = []\n")
    run = fmaudit.run(tmp_path / "audit.toml", ["run.workers=1"])
    assert run.exit_code == 0
    assert sorted(row["id"] or "" for row in run.documents(columns=["id"]).to_pylist()) == ["", "", "", "b0", "b1", "b2"]


def test_of_many_files_a_few_are_looked_at_up_to_the_last_ones(tmp_path: Path) -> None:
    for number in range(50):
        lines(tmp_path / f"{number:02d}.jsonl", [{"text": "words", **({"id": "x"} if number > 40 else {})}])
    assert tomllib.loads(guess_config(tmp_path, tmp_path).text)["corpus"]["data"]["id"] == "id"
