"""A model file is believed only after its size, hash and every count in it were checked."""

from __future__ import annotations

import hashlib
import random
import shutil
import struct
from pathlib import Path

import pytest
from model_writer import HEADER, write_model

from fmaudit import ModelFileError
from fmaudit_corpus_language.detector import Detector
from fmaudit_corpus_language.model import KNOWN_MODELS, FastTextModel, bundled_model, load_model, open_model
from fmaudit_corpus_language.tree import huffman_tree


def parse(path: Path) -> FastTextModel:
    return load_model(open_model(path, sha256=hashlib.sha256(path.read_bytes()).hexdigest()))


def test_the_bundled_model_is_known() -> None:
    file = open_model()
    assert (file.name, file.sha256 in KNOWN_MODELS) == ("lid.176.ftz", True)
    model = load_model(file)
    assert len(model.labels) == 176
    assert model.vectors.shape == (50000, 16)
    assert model.hierarchical


def test_an_unknown_file_is_refused_with_its_hash(tmp_path: Path) -> None:
    path = write_model(tmp_path / "mine.bin", ["a", "b"])
    actual = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ModelFileError, match=actual):
        open_model(path)
    assert open_model(path, sha256=actual.upper()).sha256 == actual


def test_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lid.176.ftz"
    content = bytearray(bundled_model().read_bytes())
    content[400_000] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="expected 8f3472"):
        open_model(path, sha256=next(iter(KNOWN_MODELS)))


@pytest.mark.parametrize("content", [b"", b"<html><body>404 Not Found</body></html>" * 9, b"\0" * 4096, b"PK\x03\x04" + bytes(500)])
def test_what_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lid.176.ftz"
    path.write_bytes(content)
    with pytest.raises(ModelFileError):
        parse(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.ftz", tmp_path):
        with pytest.raises(ModelFileError):
            open_model(path)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05, 0.1, 0.3, 0.5, 0.9, 0.999999])
def test_truncated_quantised_model(tmp_path: Path, share: float) -> None:
    """fastText itself loads most of these, or spins in the dictionary until memory ends."""
    content = bundled_model().read_bytes()
    path = tmp_path / "cut.ftz"
    path.write_bytes(content[: max(64, int(share * len(content)))])
    with pytest.raises(ModelFileError, match="not a usable fastText model"):
        parse(path)


def test_every_truncation_of_a_small_model(tmp_path: Path) -> None:
    whole = write_model(tmp_path / "whole.bin", ["a", "b"], bucket=3, dim=2).read_bytes()
    path = tmp_path / "cut.bin"
    for size in range(64, len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelFileError):
            parse(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ModelFileError, match="too many"):
        parse(path)


def test_flipped_bytes_never_crash(tmp_path: Path) -> None:
    whole = write_model(tmp_path / "whole.bin", ["a", "b", "c"], [b"</s>", b"word"], bucket=5, dim=3).read_bytes()
    rng, path, refused = random.Random(0), tmp_path / "bad.bin", 0
    for _ in range(1500):
        content = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(content)
        try:
            parse(path)
        except ModelFileError:
            refused += 1
    assert refused > 500


def test_flipped_bytes_of_the_quantised_head(tmp_path: Path) -> None:
    whole, path, rng = bundled_model().read_bytes(), tmp_path / "bad.ftz", random.Random(1)
    for _ in range(60):
        content = bytearray(whole)
        content[rng.randrange(8, 200)] = rng.randrange(256)
        path.write_bytes(content)
        try:
            model = parse(path)
        except ModelFileError:
            continue
        assert len(model.labels) == 176


@pytest.mark.parametrize(
    ("at", "layout", "value"),
    [
        (8, "i", -1),  # dim
        (8, "i", 1 << 30),
        (8 + 4 * 8, "i", 1 << 30),  # bucket
        (8 + 4 * 10, "i", 99),  # maxn
        (HEADER, "i", 1 << 30),  # dictionary entries
        (HEADER + 4, "i", -5),  # words
        (HEADER + 8, "i", 1),  # labels
        (HEADER + 20, "q", 1 << 40),  # kept n-grams
    ],
)
def test_absurd_counts(tmp_path: Path, at: int, layout: str, value: int) -> None:
    path = write_model(tmp_path / "model.bin", ["a", "b"], bucket=4)
    content = bytearray(path.read_bytes())
    struct.pack_into("<" + layout, content, at, value)
    path.write_bytes(content)
    with pytest.raises(ModelFileError):
        parse(path)


def test_weights_that_are_no_numbers(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.bin", ["a", "b"], bucket=4)
    content = bytearray(path.read_bytes())
    struct.pack_into("<f", content, len(content) - 4, float("nan"))
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="finite"):
        parse(path)


def test_a_model_that_fails_the_golden_sentences_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.bin", ["en", "fr", "ru", "ja", "de"])
    with pytest.raises(ModelFileError, match="weights cannot be right"):
        Detector(parse(path))


def test_a_file_that_changes_after_the_check_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lid.176.ftz"
    shutil.copy(bundled_model(), path)
    file = open_model(path)
    with path.open("r+b") as handle:
        handle.seek(500_000)
        handle.write(b"\xff\xfe")
    with pytest.raises(ModelFileError, match="changed"):
        load_model(file)


def test_huffman_tree_of_three() -> None:
    left, right = huffman_tree([5, 3, 2])
    assert left.tolist() == [-1, -1, -1, 2, 3] or left.tolist()[3:] == [2, 0]
    assert sorted([left[3], right[3]]) == [1, 2]
    assert sorted([left[4], right[4]]) == [0, 3]
