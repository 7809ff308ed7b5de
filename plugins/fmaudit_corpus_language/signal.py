"""The signal "language": what a language model, the script and a second detector say of every document."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fmaudit import DocumentBatch, Signal
from fmaudit_corpus_language.facts import expected_scripts, script_names
from fmaudit_corpus_language.model import FastTextModel, load_model, open_model
from fmaudit_corpus_language.params import LanguageParams

if TYPE_CHECKING:
    from fmaudit_corpus_language.classify import Labels
    from fmaudit_corpus_language.detector import Detector
    from fmaudit_corpus_language.scripts import Scripts
    from fmaudit_corpus_language.second_opinion import SecondOpinion

__all__ = ["UNDETERMINED", "LanguageSignal"]

UNDETERMINED = "und"
NAME = pa.dictionary(pa.int16(), pa.string())


class LanguageSignal(Signal):
    """Language, script and mixture of every document.

    `label` and `score` are those of fastText's predict on the text with "\\n" as " " (a score may exceed 1 by 0.00005, as there);
    where the text holds nothing the model knows, or no letter, `no_evidence` is set and `label` is "und". No threshold is applied
    here: that is the audit's. `langdetect_*` are null where the document was not drawn; 1 / `langdetect_rate` is its weight.
    """

    name: ClassVar[str] = "language"
    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ("model", "model_sha256", "line_letters", "line_min_score", "script_letters", "langdetect_rate")
    schema: ClassVar[pa.Schema] = pa.schema(
        [
            ("label", NAME),
            ("score", pa.float32()),
            ("second_label", NAME),
            ("second_score", pa.float32()),
            ("no_evidence", pa.bool_()),
            ("letters", pa.int64()),
            ("script", NAME),
            ("script_share", pa.float32()),
            ("second_script", NAME),
            ("script_mismatch", pa.bool_()),
            ("lines", pa.int32()),
            ("line_label", NAME),
            ("line_share", pa.float32()),
            ("second_line_label", NAME),
            ("second_line_share", pa.float32()),
            ("mixed", pa.bool_()),
            ("langdetect_label", NAME),
            ("langdetect_score", pa.float32()),
            ("langdetect_rate", pa.float64()),
        ]
    )

    MIXED_PART: ClassVar[int] = 5  # in a mixed document two languages each have one in so many lines, two scripts one in so many letters

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        """Take the audit's parameters; the model is read when the first batch comes."""
        super().__init__(params)
        self.settings = LanguageParams.model_validate(dict(self.params))

    def fingerprint(self) -> str:
        """Name the model file by its hash; a file that is missing, damaged or unknown is refused here, before anything runs."""
        from importlib.metadata import version

        from fmaudit_corpus_language.second_opinion import LONGEST, SEED

        file = open_model(self.settings.model, self.settings.model_sha256)
        return f"{file.sha256} langdetect {version('langdetect')} {SEED} {LONGEST}"

    @cached_property
    def _model(self) -> FastTextModel:
        return load_model(open_model(self.settings.model, self.settings.model_sha256))

    @cached_property
    def _detector(self) -> Detector:
        from fmaudit_corpus_language.detector import Detector

        return Detector(self._model)

    @cached_property
    def _second_opinion(self) -> SecondOpinion:
        from fmaudit_corpus_language.second_opinion import SecondOpinion

        return SecondOpinion()

    def compute(self, batch: DocumentBatch) -> pa.RecordBatch:
        """Compute the columns of a batch."""
        from fmaudit_corpus_language.classify import Lines
        from fmaudit_corpus_language.scripts import count_scripts

        lines = Lines(self.settings.line_letters, float(np.log(max(self.settings.line_min_score, 1e-9))))
        labels = self._detector.label(batch.data, batch.offsets, batch.segments, lines)
        scripts = count_scripts(batch.data, batch.offsets)
        no_evidence = (labels.features == 0) | (scripts.letters == 0)
        columns = self._label_columns(labels, no_evidence) | self._script_columns(labels, scripts, no_evidence)
        columns |= self._line_columns(labels) | self._second_columns(batch, labels, no_evidence)
        return pa.record_batch([columns[name] for name in self.schema.names], schema=self.schema)

    def _label_columns(self, labels: Labels, no_evidence: npt.NDArray[np.bool_]) -> dict[str, Any]:
        names = (*self._model.labels, UNDETERMINED)
        first = np.where(no_evidence, len(names) - 1, labels.label[:, 0])
        second = np.where(no_evidence, -1, labels.label[:, 1])
        scores = np.exp(labels.score)
        return {
            "label": _named(first, names),
            "score": pa.array(np.where(labels.label[:, 0] < 0, np.float32(0), scores[:, 0])),
            "second_label": _named(second, names),
            "second_score": pa.array(scores[:, 1], mask=second < 0),
            "no_evidence": pa.array(no_evidence),
        }

    def _script_columns(self, labels: Labels, scripts: Scripts, no_evidence: npt.NDArray[np.bool_]) -> dict[str, Any]:
        letters = np.maximum(scripts.letters, 1)
        asked = (scripts.letters >= self.settings.script_letters) & ~no_evidence
        expected = self._expected[np.maximum(labels.label[:, 0], 0)]
        rows = np.arange(len(expected))
        second = (scripts.script[:, 1] > 0) & (self.MIXED_PART * scripts.script_letters[:, 1] >= scripts.letters)
        fits = expected[rows, scripts.script[:, 0]] | (second & expected[rows, scripts.script[:, 1]])
        return {
            "letters": pa.array(scripts.letters),
            "script": _named(scripts.script[:, 0], script_names(), scripts.script_letters[:, 0] == 0),
            "script_share": pa.array((scripts.script_letters[:, 0] / letters).astype(np.float32), mask=scripts.script_letters[:, 0] == 0),
            "second_script": _named(scripts.script[:, 1], script_names(), scripts.script_letters[:, 1] == 0),
            "script_mismatch": pa.array(asked & ~fits),
        }

    @cached_property
    def _expected(self) -> npt.NDArray[np.bool_]:
        """Which scripts fit which label; every script fits a label of which nothing is known."""
        table = np.ones((len(self._model.labels), len(script_names())), np.bool_)
        for row, label in zip(table, self._model.labels, strict=True):
            expected = expected_scripts(label)
            row[:] = [name in expected or not name or not expected for name in script_names()]
        return table

    def _line_columns(self, labels: Labels) -> dict[str, Any]:
        shares = (labels.line_count / np.maximum(labels.lines, 1)[:, None]).astype(np.float32)
        none = labels.line_label < 0
        return {
            "lines": pa.array(labels.lines),
            "line_label": _named(labels.line_label[:, 0], self._model.labels),
            "line_share": pa.array(shares[:, 0], mask=none[:, 0]),
            "second_line_label": _named(labels.line_label[:, 1], self._model.labels),
            "second_line_share": pa.array(shares[:, 1], mask=none[:, 1]),
            "mixed": pa.array(~none[:, 1] & (self.MIXED_PART * labels.line_count[:, 1] >= labels.lines)),
        }

    def _second_columns(self, batch: DocumentBatch, labels: Labels, no_evidence: npt.NDArray[np.bool_]) -> dict[str, Any]:
        from fmaudit_corpus_language.second_opinion import chosen, rates_by_size, sampling_rate

        by_label = np.array([sampling_rate(label, self.settings.langdetect_rate) for label in self._model.labels])
        rates = np.where(no_evidence | (labels.label[:, 0] < 0), 0.0, by_label[np.maximum(labels.label[:, 0], 0)])
        rates = rates_by_size(rates, np.diff(batch.offsets), self.settings.langdetect_rate)
        drawn = chosen(batch.data, batch.offsets, rates)
        found: list[tuple[str | None, float | None]] = [(None, None)] * len(batch)
        for i in np.flatnonzero(drawn):
            found[i] = self._second_opinion.detect(batch.text[int(i)].as_py())
        return {
            "langdetect_label": pa.array([label for label, _ in found], pa.string()).dictionary_encode().cast(NAME),
            "langdetect_score": pa.array([score for _, score in found], pa.float32()),
            "langdetect_rate": pa.array(rates, mask=~drawn),
        }


def _named(codes: npt.NDArray[Any], names: tuple[str, ...], mask: npt.NDArray[np.bool_] | None = None) -> Any:
    """Turn numbers into names, null where negative or masked."""
    hidden = codes < 0 if mask is None else mask | (codes < 0)
    indices = pa.array(np.maximum(codes, 0).astype(np.int16), mask=hidden)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))
