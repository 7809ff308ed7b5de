"""How lid.176 confuses languages, measured on labelled text: counts by source and length of the text."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fmaudit.stats import Confusion

__all__ = ["BUCKETS", "MIN_SCORE", "Calibration", "bucket_of", "calibration"]

BUCKETS = (50, 200, 1000)  # code points; a text of 50 belongs to the second bucket
MIN_SCORE = 0.25  # below it the counts say "und"


def bucket_of(characters: int) -> int:
    """Give the length bucket of a text."""
    return bisect_right(BUCKETS, characters)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Counts of predicted labels: source -> bucket -> true language -> predicted label -> pieces of text.

    A true language that is no label of the model stands under its ISO 639-3 code.
    """

    model_sha256: str
    min_score: float
    provenance: Mapping[str, str]
    counts: Mapping[str, Mapping[str, Mapping[str, Mapping[str, int]]]]

    def confusions(self, merged: Mapping[str, str]) -> tuple[Confusion, ...]:
        """Give one confusion table for each source, over the languages `merged` names, under the names it gives them."""
        from fmaudit import stats

        tables = []
        for source, buckets in self.counts.items():
            rows = [
                (bucket, merged[true], merged.get(predicted, predicted), count)
                for bucket, languages in buckets.items()
                for true, labels in languages.items()
                if true in merged
                for predicted, count in labels.items()
            ]
            strata, true_labels, predicted_labels, counts = zip(*rows, strict=True)
            tables.append(stats.confusion_from_labels(source, true_labels, predicted_labels, strata=strata, counts=counts))
        return tuple(tables)

    def recalls(self, macro: Mapping[str, str]) -> dict[str, float]:
        """Give how much of every language the model finds, averaged over sources and lengths; `macro` says which labels are one."""
        found: dict[str, list[float]] = {}
        for buckets in self.counts.values():
            for languages in buckets.values():
                for true, labels in languages.items():
                    if true in macro:
                        hits = sum(count for label, count in labels.items() if macro.get(label, label) == macro[true])
                        found.setdefault(macro[true], []).append(hits / sum(labels.values()))
        return {name: sum(parts) / len(parts) for name, parts in found.items()}

    def taken_for(self, label: str, macro: Mapping[str, str]) -> list[str]:
        """Give the languages that most of the pieces wrongly given this label are in, unsupported ones too, most first."""
        wrong: dict[str, float] = {}
        for buckets in self.counts.values():
            for languages in buckets.values():
                for true, labels in languages.items():
                    hits = sum(count for predicted, count in labels.items() if macro.get(predicted, predicted) == label)
                    if macro.get(true, true) != label and hits:
                        wrong[true] = wrong.get(true, 0.0) + hits / sum(labels.values())
        return sorted(wrong, key=lambda true: (-wrong[true], true))[:5]

    def accuracy(self, source: str, language: str) -> tuple[int, int]:
        """Give how many of a source's pieces in a language were labelled so, and how many there are."""
        rows = [buckets.get(language, {}) for buckets in self.counts[source].values()]
        return sum(row.get(language, 0) for row in rows), sum(sum(row.values()) for row in rows)


@cache
def calibration() -> Calibration:
    """Read the counts that ship with the plugin."""
    stored = json.loads(files("fmaudit_corpus_language").joinpath("data", "calibration.json").read_text("utf-8"))
    return Calibration(stored["model_sha256"], stored["min_score"], stored["provenance"], stored["counts"])
