"""How many meanings the samples of a prompt have: clusters of equivalent answers and their entropy (Farquhar et al. 2024)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fmaudit import StatisticsError, stats

__all__ = ["cluster", "exact_text", "number_in", "rao_entropy", "semantic_entropy"]

T = TypeVar("T")

NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:[,']\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?")
NARROW = re.compile(r"(?<=\d)[\u202f\u00a0\u2009](?=\d{3}(?!\d))")  # spaces between thousands, which NFKC makes plain ones


def cluster(answers: Sequence[T], equivalent: Callable[[T, T], bool]) -> tuple[int, ...]:
    """Give every answer the number of its cluster, in the order in which clusters first occur.

    Two answers are joined where `equivalent` holds both ways (bidirectional entailment); what is joined to the same answer is one
    cluster (union-find), so the order of the answers never shows. About n^2 calls, fewer for answers already joined.
    """
    parent = list(range(len(answers)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i in range(len(answers)):
        for j in range(i):
            if root(i) != root(j) and equivalent(answers[j], answers[i]) and equivalent(answers[i], answers[j]):
                parent[max(root(i), root(j))] = min(root(i), root(j))
    numbers: dict[int, int] = {}
    return tuple(numbers.setdefault(root(i), len(numbers)) for i in range(len(answers)))


def semantic_entropy(clusters: Sequence[int]) -> float:
    """Give the discrete semantic entropy, minus the sum of p ln p over the clusters' shares (nats): one meaning 0, k equal ones ln k."""
    counts = np.unique(np.asarray(clusters, np.int64), return_counts=True)[1]
    return _entropy(np.asarray(counts, np.float64))


def rao_entropy(clusters: Sequence[int], log_probs: Sequence[float], lengths: Sequence[int]) -> float:
    """Give the semantic entropy with clusters weighed by their samples' length-normalised sequence probabilities (nats).

    `log_probs` are the samples' summed log-probabilities and `lengths` their tokens: a sample weighs exp(log_prob / length), and
    the weights are normalised over the samples of the prompt.
    """
    labels, totals, tokens = np.asarray(clusters, np.int64), np.asarray(log_probs, np.float64), np.asarray(lengths, np.float64)
    if not len(labels) == len(totals) == len(tokens) or not (tokens > 0).all() or not np.isfinite(totals).all():
        raise StatisticsError("every sample needs a finite log-probability and at least one token", hint="leave out empty completions")
    if not len(labels):
        raise StatisticsError("no samples have no entropy")
    scores = totals / tokens
    weights = np.exp(scores - scores.max())
    return _entropy(np.asarray(np.bincount(np.unique(labels, return_inverse=True)[1], weights=weights), np.float64))


def exact_text(answer: str) -> str:
    """Normalise an answer for comparison: NFKC, case folded, no punctuation at the ends, single spaces."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", answer).casefold())
    words = " ".join(folded.split())
    ends = [i for i, letter in enumerate(words) if unicodedata.category(letter)[0] not in "PZ"]
    return words[ends[0] : ends[-1] + 1] if ends else words


def number_in(answer: str) -> float | None:
    """Give the last number of an answer ("so 1,234.50 in all" is 1234.5), or None without one; digits of all scripts count."""
    found = NUMBER.findall(unicodedata.normalize("NFKC", NARROW.sub("'", answer)).replace("−", "-"))
    return float(re.sub(r"[,']", "", found[-1])) if found else None


def _entropy(weights: npt.NDArray[np.float64]) -> float:
    if not len(weights):
        raise StatisticsError("no samples have no entropy")
    p = weights / weights.sum()
    p = p[p > 0]
    return max(0.0, -stats.exact_sum((p * np.log(p)).tolist()))
