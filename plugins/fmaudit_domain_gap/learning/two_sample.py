"""The classifier two-sample test: can a classifier that has seen half of the documents tell the other half apart?

Lopez-Paz and Oquab 2017. Documents, not their chunks, are split and permuted: chunks of a document resemble each other, and a
test that forgets it rejects equal samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fmaudit import Interval, stats
from fmaudit_domain_gap.learning.features import chunks, features
from fmaudit_domain_gap.learning.logistic import fit_logistic

__all__ = ["TwoSample", "two_sample_test"]

CHUNK = 400  # characters
CHUNKS = 3  # of a document


@dataclass(frozen=True, slots=True)
class TwoSample:
    """How well held-out documents of two samples were told apart; `n` counts those documents."""

    accuracy: float
    interval: Interval
    p_value: float
    n: int
    chunks: int
    chunk_characters: int
    standard_error: float

    @property
    def distance(self) -> float:
        """The proxy A-distance 2 (1 - 2 error), 0 to 2; below 0 is chance and given as 0 (Ben-David et al. 2010)."""
        return max(0.0, 2.0 * (2.0 * self.accuracy - 1.0))

    @property
    def distance_interval(self) -> Interval:
        """The interval of `distance`, from the accuracy's."""
        low, high = (max(0.0, 2.0 * (2.0 * end - 1.0)) for end in (self.interval.low, self.interval.high))
        return Interval(low, high, self.interval.level, self.interval.method)


def two_sample_test(
    first: tuple[Sequence[str], Sequence[str]], second: tuple[Sequence[str], Sequence[str]], *, permutations: int = 999, seed: int = 0
) -> TwoSample:
    """Train on the first half of each sample, test on the second; halves are lists of documents.

    The accuracy is over held-out chunks of equal length, both samples weighing the same, its interval over documents. p is the share
    of permutations of the held-out documents' labels with as good an accuracy, (hits + 1) / (permutations + 1).
    """
    size = _chunk_size([*first[0], *first[1]], [*second[0], *second[1]])
    train = [chunks(text, size, CHUNKS) for text in (*first[0], *second[0])]
    told = np.repeat(np.arange(len(train)) >= len(first[0]), [len(pieces) for pieces in train])
    weights = np.where(told, 0.5 / max(told.sum(), 1), 0.5 / max((~told).sum(), 1))
    coefficients, constant = fit_logistic(features([piece for pieces in train for piece in pieces]), told, weights)
    test = [chunks(text, size, CHUNKS) for text in (*first[1], *second[1])]
    scores = features([piece for pieces in test for piece in pieces]) @ coefficients + constant
    totals = np.array([len(pieces) for pieces in test], dtype=np.float64)
    owner = np.repeat(np.arange(len(test)), [len(pieces) for pieces in test])
    # a score of exactly 0 is half a hit
    votes = np.bincount(owner, weights=(np.sign(scores) + 1.0) / 2.0, minlength=len(test)).astype(np.float64)
    labels = np.arange(len(test)) >= len(first[1])
    return _judged(votes, totals, labels, size, permutations, seed)


def _judged(
    votes: npt.NDArray[np.float64],
    totals: npt.NDArray[np.float64],
    labels: npt.NDArray[np.bool_],
    size: int,
    permutations: int,
    seed: int,
) -> TwoSample:
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.permutation(labels) for _ in range(permutations)]).reshape(permutations, len(labels))
    value = float(_accuracy(votes, totals, labels[None, :])[0])
    hits = int((_accuracy(votes, totals, drawn) >= value - 1e-12).sum())
    share = np.where(labels, totals[labels].sum(), totals[~labels].sum())
    right = np.where(labels, votes, totals - votes)
    scale = totals.sum() / 2.0 / share  # both samples weigh the same
    estimate = stats.clustered_proportion(right * scale, totals * scale)
    return TwoSample(
        accuracy=value,
        interval=estimate.interval,
        p_value=(hits + 1) / (permutations + 1),
        n=len(labels),
        chunks=int(totals.sum()),
        chunk_characters=size,
        standard_error=float(np.sqrt(0.25 / len(labels))),
    )


def _accuracy(votes: npt.NDArray[np.float64], totals: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the mean of both samples' shares of right chunks, for every row of labels."""
    ones = labels.astype(np.float64)
    found: npt.NDArray[np.float64] = ((ones @ votes) / (ones @ totals) + ((1.0 - ones) @ (totals - votes)) / ((1.0 - ones) @ totals)) / 2.0
    return found


def _chunk_size(*samples: Sequence[str]) -> int:
    """Choose one length for all, so that three documents in four fill it and the classifier learns no lengths."""
    typical = [float(np.quantile([len(text) for text in texts], 0.25)) for texts in samples]
    return int(np.clip(min(typical), 20, CHUNK))
