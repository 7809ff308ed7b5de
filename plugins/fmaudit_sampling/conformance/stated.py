"""What a stated sampler gives each drawn token: a few figures per position, never a whole distribution kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from fmaudit import StatisticsError
from fmaudit_sampling.conformance.sampler import StatedSampler

__all__ = ["LAST", "Kept", "StatedTokens", "certain", "figures", "joined", "kept_tokens", "stated_tokens"]

CELLS = 4_000_000  # logits looked at together: bounds the memory
LAST = 5  # the border's share of the support: a fifth

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class StatedTokens:
    """Figures of every drawn token under the stated distribution q of its position, as columns [positions].

    `log_prob` is ln q of the drawn token (nats), minus infinity where it may not be drawn. `below` is the mass of the tokens ranked
    before it (more probable, or equally so with a lower id), so a uniform V gives the randomised PIT u = below + V exp(log_prob).
    `mean`, `variance` and `third` are the mean (minus the entropy), variance and third central moment of ln q under q.
    `support` counts the tokens that may be drawn. `top` says that the drawn token is the most probable one, `top_mass` is its mass;
    `last` that it is among the last fifth of those that may be drawn (none of fewer than five), `last_mass` is theirs together.
    `outside` is how far beyond the border of the support the token lies, in nats by which a scaled logit or the mass before it would
    have to be wrong: 0 inside, and also for a token that ties with the last one kept.
    """

    log_prob: Floats
    below: Floats
    mean: Floats
    variance: Floats
    third: Floats
    support: Integers
    top: npt.NDArray[np.bool_]
    top_mass: Floats
    last: npt.NDArray[np.bool_]
    last_mass: Floats
    outside: Floats

    def __len__(self) -> int:
        return len(self.log_prob)

    def where(self, chosen: npt.NDArray[np.bool_] | Integers) -> StatedTokens:
        """Keep the chosen positions."""
        return StatedTokens(*(getattr(self, field.name)[chosen] for field in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The tokens that may be drawn, most probable first, [rows, width] each; the kept ones lead their row.

    `scaled` is (logit - largest logit) / temperature, `mass` its exponential, 0 for tokens that are not kept. `reached` is the running
    mass before top-p cuts, `candidates` [rows] how many tokens top-k leaves.
    """

    ids: Integers
    scaled: Floats
    kept: npt.NDArray[np.bool_]
    mass: Floats
    reached: Floats
    candidates: Integers


def stated_tokens(logits: npt.ArrayLike, drawn: npt.ArrayLike, sampler: StatedSampler) -> StatedTokens:
    """Compute the figures of drawn token ids [positions] from logits [positions, vocabulary], a few rows at a time, in float64.

    Raises StatisticsError where shapes do not fit or a row has no finite largest logit.
    """
    scores, tokens = np.asarray(logits), np.asarray(drawn, dtype=np.int64)
    if scores.ndim != 2 or tokens.shape != scores.shape[:1] or not scores.shape[1]:
        raise StatisticsError(f"logits of shape {scores.shape} and {tokens.shape} drawn tokens do not fit")
    if len(tokens) and not (tokens.min() >= 0 and tokens.max() < scores.shape[1]):
        raise StatisticsError(f"a drawn token is not in the vocabulary of {scores.shape[1]}", hint="score the model that drew it")
    return joined([_figures(scores[rows].astype(np.float64), tokens[rows], sampler) for rows in _chunks(scores.shape)])


def joined(parts: Sequence[StatedTokens]) -> StatedTokens:
    """Put the figures of several completions behind one another."""
    if not parts:
        raise StatisticsError("nothing was drawn", hint="sample at least one token")
    return StatedTokens(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(StatedTokens)))


def kept_tokens(scores: Floats, sampler: StatedSampler) -> Kept:
    """Cut logits [rows, vocabulary] by temperature, top-k and top-p, in this order, as fmaudit's own sampler does."""
    largest = scores.max(axis=1, keepdims=True)
    if not np.isfinite(largest).all():
        raise StatisticsError("a position has no finite largest logit", hint="the model's output there is not a distribution")
    ids = np.argsort(-scores, axis=1, kind="stable")
    sorted_scores = np.take_along_axis(scores, ids, axis=1)
    counts = _top_k(sorted_scores, sampler)
    width = int(counts.max(initial=1))
    ids, sorted_scores = ids[:, :width], sorted_scores[:, :width]
    scaled = (sorted_scores - largest) / (sampler.temperature or 1.0)
    kept = (np.arange(width) < counts[:, None]) & np.isfinite(sorted_scores)
    mass = np.where(kept, np.exp(scaled), 0.0)
    reached = mass.cumsum(axis=1)
    if sampler.top_p < 1.0 and not sampler.greedy:
        kept &= reached - mass < sampler.top_p * reached[:, -1:]
    return Kept(ids.astype(np.int64), scaled, kept, np.where(kept, mass, 0.0), reached, counts)


def _top_k(sorted_scores: Floats, sampler: StatedSampler) -> Integers:
    rows, vocabulary = sorted_scores.shape
    most = 1 if sampler.greedy else min(sampler.top_k or vocabulary, vocabulary)
    if not sampler.keep_ties or sampler.greedy:
        return np.full(rows, most)
    return np.asarray((sorted_scores >= sorted_scores[:, most - 1 : most]).sum(axis=1))


def _figures(scores: Floats, tokens: Integers, sampler: StatedSampler) -> StatedTokens:
    kept = kept_tokens(scores, sampler)
    own = scores[np.arange(len(tokens)), tokens][:, None]
    ahead = (scores > own) | ((scores == own) & (np.arange(scores.shape[1]) < tokens[:, None]))
    rank = ahead.sum(axis=1)
    return figures(kept.scaled, kept.kept, rank, _outside(kept, scores, own[:, 0], rank, sampler))


def figures(scaled: Floats, kept: npt.NDArray[np.bool_], rank: Integers, outside: Floats | None = None) -> StatedTokens:
    """Compute the figures of the tokens at `rank` [rows] from scaled logits [rows, width], descending, of which the first ones are kept."""
    row, counts = np.arange(len(rank)), kept.sum(axis=1)
    mass = np.where(kept, np.exp(scaled), 0.0)
    total = mass.sum(axis=1)
    q = mass / total[:, None]
    log_q = np.where(kept, scaled - np.log(total)[:, None], 0.0)
    mean = (q * log_q).sum(axis=1)
    centred = log_q - mean[:, None]
    inside, place = rank < counts, np.minimum(rank, counts - 1)
    first_last = counts - counts // LAST
    return StatedTokens(
        log_prob=np.where(inside, log_q[row, place], -np.inf),
        below=np.where(inside, (q.cumsum(axis=1) - q)[row, place], 1.0),
        mean=mean,
        variance=(q * centred**2).sum(axis=1),
        third=(q * centred**3).sum(axis=1),
        support=counts.astype(np.int64),
        top=rank == 0,
        top_mass=q[:, 0],
        last=inside & (rank >= first_last),
        last_mass=np.where(np.arange(q.shape[1]) >= first_last[:, None], q, 0.0).sum(axis=1),
        outside=np.zeros(len(rank)) if outside is None else np.where(inside, 0.0, outside),
    )


def _outside(kept: Kept, scores: Floats, own: Floats, rank: Integers, sampler: StatedSampler) -> Floats:
    """Measure how far beyond top-k and beyond top-p each token lies, in nats; the larger counts, for both would have to be wrong."""
    row, counts = np.arange(len(own)), kept.kept.sum(axis=1)
    scaled = (np.where(np.isfinite(own), own, 0.0) - scores.max(axis=1)) / (sampler.temperature or 1.0)
    beyond = np.where(rank >= kept.candidates, kept.scaled[row, kept.candidates - 1] - scaled, 0.0)
    if sampler.top_p < 1.0 and not sampler.greedy:
        before = kept.reached[row, np.clip(rank, 1, kept.candidates) - 1] / kept.reached[:, -1]
        behind_last = kept.scaled[row, counts - 1] - scaled
        beyond = np.maximum(beyond, np.minimum(behind_last, np.log(before / sampler.top_p)))
    return np.where(np.isfinite(own), beyond, np.inf)


def certain(kept: Kept, scores: Floats, sampler: StatedSampler, slack: float) -> npt.NDArray[np.bool_]:
    """Say which of the kept tokens [rows, width] stay kept where every scaled logit, and the mass before it, may be wrong by `slack` nats.

    They lead their row; the first is always among them.
    """
    row, counts, last = np.arange(len(scores)), kept.kept.sum(axis=1), scores.shape[1] - 1
    following = np.where(counts <= last, -np.sort(-scores, axis=1)[row, np.minimum(counts, last)], -np.inf)
    border = (following - scores.max(axis=1)) / (sampler.temperature or 1.0)  # of the first token that is cut off
    sure = kept.kept & (kept.scaled > (border + slack)[:, None])
    if sampler.top_p < 1.0 and not sampler.greedy:
        before = (kept.reached - np.exp(kept.scaled)) / kept.reached[:, -1:]
        sure &= before < sampler.top_p * np.exp(-slack)
    sure[:, 0] = True
    return np.asarray(sure, bool)


def _chunks(shape: tuple[int, ...]) -> Iterator[slice]:
    step = max(1, CELLS // shape[1])
    for start in range(0, max(shape[0], 1), step):
        yield slice(start, start + step)
