"""Labels and scores are fastText's own, on any text, by every path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_writer import HIERARCHICAL, SOFTMAX, write_model
from texts import ODD, SENTENCES, SPECIAL, make_texts

from fmaudit import DocumentBatch
from fmaudit_corpus_language.classify import Labels, Lines
from fmaudit_corpus_language.detector import Detector
from fmaudit_corpus_language.model import load_model, open_model

CLOSE = 1e-5


def ours(detector: Detector, texts: Sequence[str], *, chunks: bool, lines: Lines | None = None) -> Labels:
    batch = DocumentBatch.from_texts(list(texts))
    segments = batch.segments if chunks else None
    return (
        detector.label(batch.data, batch.offsets, segments) if lines is None else detector.label(batch.data, batch.offsets, segments, lines)
    )


def differences(detector: Detector, oracle: Any, texts: Sequence[str], *, chunks: bool) -> list[str]:
    found = ours(detector, texts, chunks=chunks)
    names = detector.model.labels
    wrong = []
    for i, text in enumerate(texts):
        labels, scores = oracle.predict(text.replace("\n", " "), k=2)
        mine = [f"__label__{names[j]}" for j in found.label[i] if j >= 0]
        theirs = [label for label, score in zip(labels, scores, strict=True) if score > 1.01e-4 or label == labels[0]]
        sure = [score for score in scores if abs(score - 1e-4) > 1e-5]  # a second label is kept from 1e-4 on
        if (len(sure) == len(scores) and mine != theirs) or mine[:1] != theirs[:1]:
            wrong.append(f"{text!r}: {mine} instead of {theirs}")
        elif theirs and abs(float(np.exp(found.score[i, 0])) - scores[0]) > CLOSE:
            wrong.append(f"{text!r}: score {np.exp(found.score[i, 0])} instead of {scores[0]}")
    return wrong


@pytest.mark.parametrize("chunks", [True, False])
def test_generated_texts(detector: Detector, oracle: Any, chunks: bool) -> None:
    assert differences(detector, oracle, make_texts(6000, seed=int(chunks)), chunks=chunks) == []


pieces = st.lists(st.one_of(st.text(max_size=30), st.sampled_from((*ODD, *SPECIAL, *SENTENCES))), max_size=8).map("".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces.map(lambda text: text.encode("utf-8", "ignore").decode()), min_size=1, max_size=20))
def test_any_text(detector: Detector, oracle: Any, texts: list[str]) -> None:
    assert differences(detector, oracle, texts, chunks=True) == []
    assert differences(detector, oracle, texts, chunks=False) == []


def test_lines_are_labelled_as_if_alone(detector: Detector, oracle: Any) -> None:
    texts = [text for text in make_texts(800, seed=5) if "\n" in text]
    found = ours(detector, texts, chunks=True, lines=Lines(letters=8, score=float(np.log(0.4))))
    for i, text in enumerate(texts):
        lines = [line for line in text.split("\n") if sum(character.isalpha() for character in line) >= 8]
        counts: dict[str, int] = {}
        for line in lines:
            labels, scores = oracle.predict(line)
            if scores[0] >= 0.4:
                counts[labels[0]] = counts.get(labels[0], 0) + 1
        assert found.lines[i] == len(lines), text
        assert sorted(found.line_count[i]) == sorted([*[0, 0], *sorted(counts.values())][-2:]), text


@pytest.mark.parametrize("loss", [HIERARCHICAL, SOFTMAX])
@pytest.mark.parametrize("dim", [3, 16, 40])
def test_other_models(tmp_path: Path, loss: int, dim: int) -> None:
    """Dense weights, any dimension, both output layers, a dictionary with and without the end of line."""
    import fasttext

    words = [b"</s>", b"the", "и".encode(), b"__labelled", b"2020"][: None if dim > 3 else 1]
    path = write_model(
        tmp_path / "model.bin", [f"x{i}" for i in range(12)], words if dim != 16 else words[1:], loss=loss, dim=dim, seed=dim
    )
    file = open_model(path, sha256=_sha(path))
    mine, theirs = Detector(load_model(file)), fasttext.load_model(str(path))
    texts = make_texts(300, seed=dim)
    for chunks in (True, False):
        assert differences(mine, theirs, texts, chunks=chunks) == []


def test_old_format_has_no_ngrams(tmp_path: Path) -> None:
    import fasttext

    path = write_model(tmp_path / "old.bin", ["a", "b", "c"], [b"</s>", b"the", b"park"], version=11, loss=SOFTMAX)
    mine, theirs = Detector(load_model(open_model(path, sha256=_sha(path)))), fasttext.load_model(str(path))
    assert differences(mine, theirs, ["the park", "", "nothing known", "the the park </s> the"], chunks=True) == []


def test_a_model_without_end_of_line_says_nothing_of_nothing(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.bin", ["a", "b"], [b"the"], bucket=1, minn=0, maxn=0)
    found = ours(Detector(load_model(open_model(path, sha256=_sha(path)))), ["", "the", "unknown"], chunks=True)
    assert found.label[:, 0].tolist()[0] == found.label[:, 0].tolist()[2] == -1
    assert found.label[1, 0] >= 0
    assert found.features.tolist() == [0, 1, 0]


def test_the_prior(detector: Detector, oracle: Any) -> None:
    label, score = detector.prior()
    assert detector.model.labels[label] == "en"
    assert np.exp(score) == pytest.approx(oracle.predict("")[1][0])
    assert ours(detector, ["", "1", "CLICK HERE", "hello"], chunks=True).features.tolist()[:2] == [0, 0]


def test_a_chunk_met_again_costs_no_exactness(detector: Detector, oracle: Any) -> None:
    """Batch after batch over one growing vocabulary."""
    for seed in range(5):
        assert differences(detector, oracle, make_texts(200, seed=seed), chunks=True) == []


def _sha(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()
