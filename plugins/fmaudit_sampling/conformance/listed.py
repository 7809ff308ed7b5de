"""Sampler conformance where a server lists only its most probable tokens: exact among those listed, one-sided beyond them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fmaudit import StatisticsError
from fmaudit_sampling.conformance.power import detectable
from fmaudit_sampling.conformance.sampler import StatedSampler
from fmaudit_sampling.conformance.stated import StatedTokens, figures
from fmaudit_sampling.conformance.tests import Outcome, border, greedy_leakage, kolmogorov, log_prob_sum, pit, pit_cells
from fmaudit_sampling.conformance.verdict import ALPHA, TOLERANCE, Conformance, levels, shortfall, weigh

__all__ = ["ListedTokens", "judge_listed", "listed_tokens"]

BORDER = 1e-3  # relative error of a mass from rounded log-probabilities

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ListedTokens:
    """Drawn tokens [positions] whose positions list log-probabilities of their most probable tokens only.

    `core` holds the figures of the drawn token given that it is one of the listed tokens that are certainly kept, for the positions
    where it is (`inside`): this distribution does not depend on what is not listed. `beyond` says that the drawn token is not in
    the core; the chance of it lies between `least` and `most`. `impossible` says that no unlisted tail could let it be drawn.
    """

    core: StatedTokens
    inside: npt.NDArray[np.bool_]
    beyond: npt.NDArray[np.bool_]
    least: Floats
    most: Floats
    impossible: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.inside)


def listed_tokens(log_probs: npt.ArrayLike, drawn: npt.ArrayLike, sampler: StatedSampler, *, vocabulary: int | None = None) -> ListedTokens:
    """Compute figures from log-probabilities at temperature 1 [positions, listed], descending, and the drawn token's place in its list.

    `drawn` is -1 where the token is not listed. `vocabulary` sharpens the bounds of the tail. Raises StatisticsError for lists that do
    not descend or whose mass exceeds 1.
    """
    listed, place = np.asarray(log_probs, np.float64), np.asarray(drawn, np.int64)
    if (
        listed.ndim != 2
        or place.shape != listed.shape[:1]
        or (np.diff(listed, axis=1) > 1e-9).any()
        or place.max(initial=0) >= listed.shape[1]
    ):
        raise StatisticsError(f"lists of shape {listed.shape} do not descend, or do not fit {place.shape} drawn tokens")
    rest = 1.0 - np.exp(listed).sum(axis=1)
    if (rest < -BORDER).any():
        raise StatisticsError("listed probabilities add up to more than 1", hint="hand over log-probabilities at temperature 1")
    rest = np.maximum(rest, 0.0)
    scaled = (listed - listed[:, :1]) / (sampler.temperature or 1.0)
    size = listed.shape[1]
    width = 1 if sampler.greedy else min(sampler.top_k or size, size)
    low, high = _tail(rest, listed[:, -1], listed[:, 0], size, sampler, vocabulary)
    return _figures(scaled[:, :width], low, high, place, sampler)


def judge_listed(
    tokens: ListedTokens, uniforms: npt.ArrayLike, sampler: StatedSampler, *, alpha: float = ALPHA, tolerance: float = TOLERANCE
) -> Conformance:
    """Test draws against a stated sampler from listed log-probabilities, at a level that `weigh` shares out among all tests made.

    Among the core the tests are those of `judge_sampler`; draws beyond it are too many, or too few, only against the largest and the
    smallest chance that the unlisted mass allows (one-sided, by Chernoff's bound for unequal chances, Hoeffding 1963).
    """
    if not len(tokens):
        raise StatisticsError("nothing was drawn", hint="sample at least one token")
    chosen = tokens.core.support > 1
    core, v = tokens.core.where(chosen), np.asarray(uniforms, np.float64)[tokens.inside][chosen]
    outcomes: tuple[Outcome, ...] = (_tail_outcome(tokens),)
    leakage = greedy_leakage(core) if len(core) else None
    if leakage:
        u = pit(core, v)
        outcomes = (log_prob_sum(core), kolmogorov(u), pit_cells(u), leakage.outcome, border(core), *outcomes)
    power = detectable(core, sampler, **levels(outcomes, alpha))
    short = shortfall(len(tokens), power, sampler, tolerance)
    violations = int(tokens.impossible.sum())
    verdict, adjusted = weigh(outcomes, violations=violations, short=short, alpha=alpha)
    return Conformance(
        sampler=sampler, verdict=verdict, n=len(tokens), violations=violations, borderline=0, outcomes=outcomes, adjusted=adjusted,
        leakage=leakage, temperature=None, power=power, alpha=alpha, short=short,
    )  # fmt: skip


def _tail(rest: Floats, last: Floats, first: Floats, listed: int, sampler: StatedSampler, vocabulary: int | None) -> tuple[Floats, Floats]:
    """Bound the sum of p^a, a = 1 / T, over the unlisted tokens that top-k leaves, in units of the first token's p^a.

    Every unlisted p is at most the last listed one, so the sum of p^a = p p^(a-1) is at most rest last^(a-1) for a >= 1, and at least
    that for a < 1; by convexity tokens of equal probability have the least sum for a >= 1, and the largest for a < 1.
    """
    unseen = math.inf if vocabulary is None else float(vocabulary - listed)
    left = min(float(sampler.top_k - listed) if sampler.top_k else math.inf, unseen)
    if sampler.greedy or left <= 0.0:
        return np.zeros_like(rest), np.zeros_like(rest)
    a = 1.0 / sampler.temperature
    share = left / unseen if unseen < math.inf else float(not sampler.top_k)  # of the unlisted mass that top-k surely leaves
    by_last = rest * np.exp((a - 1.0) * last)
    most = left * np.exp(a * last)
    if a >= 1.0:
        low, high = rest * share * (rest / unseen) ** (a - 1.0), by_last
    else:
        low, high = by_last * share, left ** (1.0 - a) * rest**a
    high = np.where(rest > 0.0, np.minimum(high, most), 0.0)
    return np.minimum(low, high) * np.exp(-a * first), high * np.exp(-a * first)


def _figures(scaled: Floats, low: Floats, high: Floats, place: npt.NDArray[np.int64], sampler: StatedSampler) -> ListedTokens:
    mass, p = np.exp(scaled), 1.0 if sampler.greedy else sampler.top_p
    before, total = mass.cumsum(axis=1) - mass, mass.sum(axis=1)
    certain = (before < p * (total + low)[:, None] * (1.0 - BORDER)) | (p == 1.0)
    certain[:, 0] = True
    possible = (before <= p * (total + high)[:, None] * (1.0 + BORDER)) | (p == 1.0)
    reachable = (high > 0.0) & (total <= p * (total + high) * (1.0 + BORDER))  # whether an unlisted token may be kept
    in_list = (place >= 0) & (place < mass.shape[1])
    inside = in_list & (place < certain.sum(axis=1))
    impossible = np.where(in_list, ~possible[np.arange(len(place)), np.where(in_list, place, 0)], ~reachable)
    core = np.where(certain, mass, 0.0).sum(axis=1)
    largest = np.where(reachable, total + high, np.where(possible, mass, 0.0).sum(axis=1))
    most = 1.0 - core / largest  # 1 where nothing bounds the tail
    least = 1.0 - core / (total + low) if p == 1.0 else np.zeros_like(core)
    figures_inside = figures(scaled[inside], certain[inside], place[inside])
    return ListedTokens(figures_inside, inside, ~inside, np.maximum(least, 0.0), np.maximum(most, 0.0), impossible)


def _tail_outcome(tokens: ListedTokens) -> Outcome:
    """Test draws beyond the core against the largest and the smallest chance of them: Chernoff's bound, n KL(observed, mean chance)."""
    n, seen = len(tokens), float(tokens.beyond.sum())
    high, low = float(tokens.most.sum()), float(tokens.least.sum())
    chance, side = (high, -1) if seen > high else (low, 1) if seen < low else (seen, 0)
    x, q = seen / n, chance / n
    if side == 0:
        return Outcome(name="tail", statistic=seen / n, p_value=1.0, n=n)
    if not 0.0 < q < 1.0:
        return Outcome(name="tail", statistic=x, p_value=0.0, n=n, side=side)
    nats = (x * math.log(x / q) if x > 0 else 0.0) + ((1 - x) * math.log((1 - x) / (1 - q)) if x < 1 else 0.0)
    return Outcome(name="tail", statistic=x, p_value=min(1.0, 2.0 * math.exp(-n * nats)), n=n, side=side)
