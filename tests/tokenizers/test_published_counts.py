"""Token counts on real text equal published ones, to the last token, where the shared data is at hand."""

from __future__ import annotations

import csv
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest

from fmaudit.tokenizers.loading import load_tokenizer

NAMES = {
    "amh": "Amharic", "eng": "English", "hin": "Hindi", "mar": "Marathi", "mya": "Burmese", "por": "Portuguese", "rus": "Russian",
    "swh": "Swahili", "tel": "Telugu", "tha": "Thai", "vie": "Vietnamese",
}  # fmt: skip
DEV = 997  # sentences of FLORES-200's dev, before those of devtest


def joined_texts(folder: Path) -> dict[str, str]:
    """Petrov et al.'s text of each language: the lines of dev and of devtest, each with the empty one at its end, joined by a space."""
    texts = {}
    with tarfile.open(folder / "flores200" / "flores200_13langs.tar.xz") as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member) if member.name.endswith(".txt") else None
            if file is not None:
                lines = file.read().decode().split("\n")[:-1]
                texts[member.name[2:5]] = " ".join([*lines[:DEV], "", *lines[DEV:], ""])
    return texts


@pytest.mark.parametrize(
    ("column", "uri"),
    [
        ("GPT-2", "tiktoken:tokenizers/r50k_base.tiktoken.xz"),
        ("cl100k_base", "tiktoken:tokenizers/cl100k_base.tiktoken.xz"),
        ("UTF-32", "characters:"),
    ],
)
def test_totals_equal_petrov_2023(shared_data: Path, column: str, uri: str) -> None:
    with (shared_data / "petrov2023" / "tokenization_lengths_subset.csv").open() as lines:
        published = {row["Language"]: int(row[column]) for row in csv.DictReader(lines)}
    texts = joined_texts(shared_data)
    assert set(NAMES) <= set(texts)
    counts = load_tokenizer(uri, shared_data).counts(pa.array([texts[code] for code in NAMES], pa.large_string()))
    assert dict(zip(NAMES.values(), counts.tolist(), strict=True)) == {name: published[name] for name in NAMES.values()}


def test_real_sentencepiece_models_spell_every_text(shared_data: Path) -> None:
    texts = joined_texts(shared_data)
    for name in ("mistral_v1", "mistral_v3"):
        tokenizer = load_tokenizer(f"sentencepiece:tokenizers/{name}.model.xz", shared_data)
        for code in ("eng", "mya", "tel"):
            text = texts[code][:5000]
            assert b"".join(tokenizer.token_bytes(token) or b"" for token in tokenizer.encode(text)) == (" " + text).encode()
