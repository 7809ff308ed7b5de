"""Hugging Face data sets, from disk and streamed; needs `datasets`."""

from __future__ import annotations

import json

import pytest

from fmaudit.corpus.splits import Fields, Limits, SourceFile
from fmaudit.errors import CorpusError

datasets = pytest.importorskip("datasets")


def dataset_of(url: str) -> SourceFile:
    return SourceFile(f"huggingface:{url}", f"huggingface:{url}", 0, "")


@pytest.fixture
def rows():
    return [{"text": f"text {number}", "id": number, "tags": ["a", str(number)]} for number in range(700)]


def test_saved_on_disk_and_resumed(kit, tmp_path, rows):
    datasets.Dataset.from_list(rows).save_to_disk(tmp_path / "saved")
    source = dataset_of(str(tmp_path / "saved"))
    fields, limits = Fields(id="id", metadata=("tags",)), Limits(batch_documents=100)
    seen = kit.read(source, fields, limits, format="huggingface")
    assert seen.texts == [row["text"] for row in rows]
    assert seen.ids == [str(number) for number in range(700)]
    assert seen.column("meta.tags")[3] == '["a","3"]'
    assert seen.positions == list(range(700))
    plain = [kit.plain(step) for step in seen.steps]
    for number, step in enumerate(seen.steps):
        rest = kit.read(source, fields, limits, format="huggingface", position=step.next_position)
        assert [kit.plain(later) for later in rest.steps] == plain[number + 1 :]


def test_streamed_from_files(kit, tmp_path, rows):
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    seen = kit.read(dataset_of(f"{tmp_path}?streaming=true"), Fields(id="id"), format="huggingface")
    assert seen.texts == [row["text"] for row in rows]
    assert seen.ids[699] == "699"


def test_what_stops_the_stream_is_named(kit, tmp_path, rows):
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "{broken\n")
    seen = kit.read(dataset_of(f"{tmp_path}?streaming=true"), format="huggingface")
    assert "unreadable" in seen.reasons
    missing = kit.read(dataset_of(str(tmp_path / "nowhere")), format="huggingface")
    assert missing.reasons == ["unreadable"]


def test_a_missing_column_is_named(kit, tmp_path):
    datasets.Dataset.from_list([{"body": "a"}]).save_to_disk(tmp_path / "saved")
    seen = kit.read(dataset_of(str(tmp_path / "saved")), format="huggingface")
    assert seen.reasons == ["missing-text"]


def test_unknown_options(kit):
    with pytest.raises(CorpusError, match="unknown option 'splt'"):
        kit.read(dataset_of("x?splt=train"), format="huggingface")


def test_a_hostile_pickle_is_not_opened(kit, tmp_path):
    canary = tmp_path / "canary"

    class Hostile:
        def __reduce__(self):
            return (open, (str(canary), "w"))

    import pickle

    (tmp_path / "set").mkdir()
    (tmp_path / "set/data.pkl").write_bytes(pickle.dumps(Hostile()))
    kit.read(dataset_of(str(tmp_path / "set")), format="huggingface")
    assert not canary.exists()
