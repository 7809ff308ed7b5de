"""How evenly a vocabulary is used on each language: Rényi efficiency (Zouhar et al. 2023)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from fmaudit import Interval, Metric, MetricStatus, stats
from fmaudit_token_cost.measures.sentences import Sentences

__all__ = ["ALPHA", "efficiency"]

ALPHA = 2.5  # the order that Zouhar et al. found to go with translation quality
WORDS = {"vocabulary": "the vocabulary", "used": "the types that occur"}


def efficiency(sentences: Sentences) -> Iterator[Metric]:
    """Yield H(p) / log V for every language, H of order 2.5 over its tokens; V is the whole vocabulary, or the types it used.

    The interval comes from how sentences differ, by the delta method: with S = sum p^a, H = log(S) / (1 - a), and S moves by
    a (sum_k p_k^(a-1) c_ik - S n_i) / N with the counts c_ik of sentence i.
    """
    for language in sentences.languages:
        table = sentences.seen.sql(
            "SELECT sentence, id, count(*) AS n FROM (SELECT sentence, unnest(ids) AS id FROM observations WHERE language = ?) "
            "GROUP BY sentence, id ORDER BY sentence, id",
            [language],
        )
        row, n = np.asarray(table["sentence"].to_numpy()), np.asarray(table["n"].to_numpy(), np.float64)
        types, kind = np.unique(np.asarray(table["id"].to_numpy()), return_inverse=True)
        yield from _one(sentences, language, row, kind, n, len(types))


def _one(sentences: Sentences, language: str, row: np.ndarray, kind: np.ndarray, n: np.ndarray, used: int) -> Iterator[Metric]:
    rows = len(np.unique(row))
    for over, size in (("vocabulary", sentences.vocabulary), ("used", used)):
        slice_ = {"language": language, "over": over}
        if rows < sentences.settings.minimum_sentences or size < 2:
            yield Metric(
                name="renyi_efficiency", value=None, unit="fraction", n=rows, slice=slice_, status=MetricStatus.INSUFFICIENT,
                note=f"{rows} sentences with tokens, and {sentences.settings.minimum_sentences} are needed",
            )  # fmt: skip
            continue
        share = np.bincount(kind, n) / n.sum()
        power = np.bincount(row, share[kind] ** (ALPHA - 1) * n)
        found = stats.clustered_ratio(power, np.bincount(row, n))
        value = math.log(found.value) / (1 - ALPHA) / math.log(size)
        half = (found.interval.high - found.value) * ALPHA / (ALPHA - 1) / found.value / math.log(size)
        interval = Interval(max(0.0, value - half), min(1.0, value + half), found.interval.level, "delta method by sentence")
        yield Metric(
            name="renyi_efficiency", value=value, unit="fraction", n=rows, interval=interval, slice=slice_,
            method=f"order {ALPHA}; over the logarithm of {WORDS[over]} ({size:,})",
        )  # fmt: skip
