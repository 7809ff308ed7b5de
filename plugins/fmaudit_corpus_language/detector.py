"""A language model at work: batches in, labels out; one instance belongs to one thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from fmaudit import ChunkFeature, ModelFileError, Segments, Vocabulary, kernels
from fmaudit_corpus_language.classify import Chunks, Labels, Lines, classify, make_labels, make_scratch
from fmaudit_corpus_language.facts import script_table
from fmaudit_corpus_language.model import FastTextModel
from fmaudit_corpus_language.words import Tables, is_label, is_line_end, make_tables, sum_word

__all__ = ["Detector", "WordVectors"]

READ_AGAIN = -1
NO_LINES = Lines(1 << 62, 0.0)

# Plain sentences every language model gets right; a model that does not is not the model it claims to be.
GOLDEN = (
    ("The cat sat on the mat and looked out of the window at the rain.", {"en", "eng"}),
    ("Le gouvernement a annoncé hier de nouvelles mesures pour les écoles.", {"fr", "fra"}),
    ("Сегодня утром в городе шёл сильный дождь, и все остались дома.", {"ru", "rus"}),
    ("今日は朝から雨が降っていたので、家で本を読みました。", {"ja", "jpn"}),
    ("Die Kinder spielen heute im Garten hinter dem alten Haus.", {"de", "deu"}),
)


class WordVectors(ChunkFeature):
    """Each distinct chunk's summed vectors and how many they are; -1 where fastText does not read the chunk as one plain word."""

    def __init__(self, tables: Tables) -> None:
        """Start with no chunk filled."""
        super().__init__()
        self.tables = tables
        self.sums = np.zeros((1 << 12, tables.vectors.shape[1]), np.float32)
        self.counts = np.zeros(1 << 12, np.int32)

    def fill(self, vocabulary: Vocabulary, first: int, last: int) -> None:
        """Sum the vectors of new chunks."""
        if last > len(self.counts):
            size = max(last, 2 * len(self.counts))
            sums, counts = np.empty((size, self.sums.shape[1]), np.float32), np.empty(size, np.int32)
            sums[:first], counts[:first] = self.sums[:first], self.counts[:first]
            self.sums, self.counts = sums, counts
        _fill(vocabulary.arena, vocabulary.starts, vocabulary.lengths, first, last, self.tables, self.sums, self.counts)


@kernels.compiled
def _fill(arena: Any, starts: Any, lengths: Any, first: int, last: int, tables: Tables, sums: Any, counts: Any) -> None:
    for number in range(first, last):
        start, stop = starts[number], starts[number] + lengths[number]
        sums[number] = 0
        plain = not (is_label(arena, start, stop) or is_line_end(arena, start, stop))
        for i in range(start, stop):
            plain = plain and arena[i] != 0
        counts[number] = sum_word(arena, start, stop, tables, sums[number]) if plain else READ_AGAIN


class Detector:
    """Labels batches of text exactly as fastText's predict does, one document or one line at a time."""

    def __init__(self, model: FastTextModel) -> None:
        """Lay the model out and try it on sentences whose language is beyond doubt."""
        self.model = model
        self.tables = make_tables(model)
        self.scratch = make_scratch(self.tables)
        self.vectors = WordVectors(self.tables)
        self.letters = script_table()
        self._check_golden()

    def label(
        self, data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], segments: Segments | None = None, lines: Lines = NO_LINES
    ) -> Labels:
        """Label every document, and its lines where `lines` says which; without segments all bytes are read here."""
        out = make_labels(len(offsets) - 1)
        chunks = self._chunks(segments, len(offsets))
        classify(data, offsets, chunks, self.tables, self.letters, lines, self.scratch, out)
        return out

    def label_texts(self, texts: Iterable[str]) -> list[tuple[str, float]]:
        """Label a few texts; "" where the model sees no feature."""
        encoded = [text.encode() for text in texts]
        data, offsets = kernels.join_bytes(encoded)
        out = self.label(data, offsets)
        scores = np.exp(out.score[:, 0])
        return [(self.model.labels[i] if i >= 0 else "", float(score)) for i, score in zip(out.label[:, 0], scores, strict=True)]

    def prior(self) -> tuple[int, float]:
        """Give the label and log score of the empty text: what the model says when it has no evidence."""
        data, offsets = kernels.join_bytes([b""])
        out = self.label(data, offsets)
        return int(out.label[0, 0]), float(out.score[0, 0])

    def _chunks(self, segments: Segments | None, borders: int) -> Chunks:
        if segments is None:
            none = np.zeros(0, np.int32)
            return Chunks(
                none,
                np.zeros(0, np.uint8),
                np.zeros(0, np.int64),
                np.zeros(borders, np.int64),
                none,
                self.vectors.sums,
                self.vectors.counts,
            )
        self.vectors.sync(segments.vocabulary)
        return Chunks(
            segments.chunk_ids,
            segments.chunk_gaps,
            segments.chunk_starts,
            segments.document_chunks,
            segments.vocabulary.lengths,
            self.vectors.sums,
            self.vectors.counts,
        )

    def _check_golden(self) -> None:
        known = {label.split("_")[0] for label in self.model.labels}
        testable = [(text, right) for text, right in GOLDEN if right & known]
        for (text, right), (label, score) in zip(testable, self.label_texts(text for text, _ in testable), strict=True):
            if label.split("_")[0] not in right or not 0.0 < score <= 1.001:
                raise ModelFileError(
                    f"{self.model.name} calls {text!r} {label or 'nothing'} ({score:.3f}); its weights cannot be right",
                    hint="fetch the file again",
                )
