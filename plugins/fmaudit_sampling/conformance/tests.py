"""Tests of drawn tokens against what their sampler states; every p-value is valid for dependent tokens of one text.

Given its past, each token is a draw from its position's stated distribution. So sums of centred figures are martingales, and the
randomised PIT of all positions are independent uniforms, whatever the model says next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fmaudit import StatisticsError
from fmaudit_sampling.conformance.stated import StatedTokens

__all__ = [
    "LEAKAGE",
    "TOO_OFTEN",
    "Leakage",
    "Outcome",
    "border",
    "cells_of",
    "greedy_leakage",
    "kolmogorov",
    "log_prob_sum",
    "pit",
    "pit_cells",
    "weights_of",
]

LEAKAGE = 0.1  # the share of greedy tokens that the leakage test is sharpest for
TOO_OFTEN = 0.95  # the leakage test's part of its level for too many top tokens: too few of them show in all other tests
EFFECTIVE = 20.0  # positions that must effectively make up a sum before its normal approximation is used
EXPECTED = 20.0  # draws that a cell of the PIT expects
CELLS = 16  # equal cells of the PIT

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One test: its statistic, its p-value (None where the data do not allow it) and on which side of the stated sampler the draws lie.

    `side` is 1 where tokens are more probable than stated (too cold, cut too much, greedy), -1 where less, 0 where the test has none.
    """

    name: str
    statistic: float
    p_value: float | None
    n: int
    side: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leakage:
    """How often the most probable token was drawn, how often it should have been, and the share of greedy draws that would explain it."""

    outcome: Outcome
    observed: float
    expected: float
    z: float | None  # of the plain counts
    share: float | None


def pit(tokens: StatedTokens, uniforms: npt.ArrayLike) -> Floats:
    """Give the randomised PIT u = below + V q of every position, V from `uniforms` [positions]; 1 for a token outside the support."""
    v = np.asarray(uniforms, np.float64)
    if v.shape != tokens.log_prob.shape:
        raise StatisticsError(f"{v.shape} uniform numbers for {len(tokens)} tokens")
    return np.minimum(tokens.below + v * np.exp(tokens.log_prob), 1.0)


def log_prob_sum(tokens: StatedTokens) -> Outcome:
    """Test sum(ln q + H) / sqrt(sum Var), the score test for the temperature, two-sided.

    The tail is the larger of the normal's and of the Pearson III's with the same skewness. Fewer than 20 positions that effectively
    make up the variance, (sum Var)^2 / sum Var^2, allow no p-value.
    """
    from scipy.special import ndtr
    from scipy.stats import pearson3

    variance = float(tokens.variance.sum())
    effective = variance**2 / float((tokens.variance**2).sum()) if variance > 0 else 0.0
    if effective < EFFECTIVE:
        return Outcome(name="log_prob", statistic=0.0, p_value=None, n=len(tokens))
    z = float((tokens.log_prob - tokens.mean).sum()) / math.sqrt(variance)
    skew = float(tokens.third.sum()) / variance**1.5
    tail = max(float(ndtr(-abs(z))), float(pearson3.sf(abs(z), math.copysign(1.0, z) * skew)))
    return Outcome(name="log_prob", statistic=z, p_value=min(1.0, 2.0 * tail), n=len(tokens), side=1 if z > 0 else -1)


def kolmogorov(u: Floats) -> Outcome:
    """Test the randomised PIT for uniformity with the statistic of Kolmogorov and Smirnov, exact p-value."""
    from scipy.stats import kstwo

    n = len(u)
    if n < EFFECTIVE:
        return Outcome(name="pit", statistic=0.0, p_value=None, n=n)
    ordered, steps = np.sort(u), np.arange(n + 1) / n
    above, under = float((steps[1:] - ordered).max()), float((ordered - steps[:-1]).max())
    distance = max(above, under)
    return Outcome(name="pit", statistic=distance, p_value=float(kstwo.sf(distance, n)), n=n, side=1 if above > under else -1)


def pit_cells(u: Floats) -> Outcome:
    """Test the randomised PIT in cells with Pearson's chi-square: equal ones, and ever finer ones towards the least probable tokens.

    What a sampler cuts off too much is missing in the last cells, where Kolmogorov's distance is blind. `side` compares the last cell.
    """
    from scipy.special import chdtrc

    edges, n = cells_of(len(u)), len(u)
    if len(edges) < 3:
        return Outcome(name="pit_cells", statistic=0.0, p_value=None, n=n)
    seen, expected = np.histogram(u, edges)[0], n * np.diff(edges)
    square = float(((seen - expected) ** 2 / expected).sum())
    side = 1 if seen[-1] < expected[-1] else -1
    return Outcome(name="pit_cells", statistic=square, p_value=float(chdtrc(len(seen) - 1, square)), n=n, side=side)


def cells_of(n: int) -> Floats:
    """Give the edges of the PIT's cells for n positions: each cell expects at least 20 of them."""
    equal = min(CELLS, int(n // EXPECTED))
    if equal < 2:
        return np.array([0.0, 1.0])
    edges = list(np.arange(equal) / equal)
    width = 1.0 / equal
    while n * width / 2.0 >= EXPECTED:
        width /= 2.0
        edges.append(1.0 - width)
    return np.array([*edges, 1.0])


def weights_of(top_mass: Floats) -> Floats:
    """Weigh positions as the likelihood ratio of a tenth of greedy draws does: the less probable the top token, the more it tells."""
    return np.asarray(np.log1p(LEAKAGE / (1.0 - LEAKAGE) / top_mass))


def greedy_leakage(tokens: StatedTokens) -> Leakage:
    """Test whether the most probable token is drawn as often as stated; 95 % of the level is for too often.

    The flags are weighted as the likelihood ratio of a tenth of greedy draws weighs them: greedy draws change nothing but how often the
    top token comes, so by Neyman and Pearson no test of these tokens finds that share more often at the same level. `share` estimates
    the greedy part as (observed - expected) / (1 - expected), at least 0.
    """
    outcome = _flags("top", tokens.top, tokens.top_mass, weights_of(tokens.top_mass), above=TOO_OFTEN)
    variance = float((tokens.top_mass * (1.0 - tokens.top_mass)).sum())
    observed, expected = float(tokens.top.mean()), float(tokens.top_mass.mean())
    if not variance > 0.0:
        return Leakage(outcome=outcome, observed=observed, expected=expected, z=None, share=None)
    z = float((tokens.top - tokens.top_mass).sum()) / math.sqrt(variance)
    share = max(0.0, (observed - expected) / (1.0 - expected))
    return Leakage(outcome=outcome, observed=observed, expected=expected, z=z, share=share)


def border(tokens: StatedTokens) -> Outcome:
    """Test whether the last fifth of the tokens that may be drawn is drawn as often as stated, two-sided.

    What is cut off too much (top-k 40 for 50) leaves no violation and little trace in the PIT, but nothing at the border.
    """
    found = _flags("border", tokens.last, tokens.last_mass, np.ones(len(tokens)))
    return replace(found, side=-found.side)


def _flags(name: str, flags: npt.NDArray[np.bool_], mass: Floats, weights: Floats, above: float = 0.5) -> Outcome:
    """Test weighted flags of known probabilities by the saddlepoint approximation of their sum's tail, good at any n.

    `above` is the part of the level that is for more flags than stated, the rest for fewer.
    """
    open_ = (mass > 0.0) & (mass < 1.0)
    n, p, w, seen = int(open_.sum()), mass[open_], weights[open_], flags[open_].astype(np.float64)
    if not n:
        return Outcome(name=name, statistic=0.0, p_value=None, n=0)
    total, centre = float((w * seen).sum()), float((w * p).sum())
    z = (total - centre) / math.sqrt(float((w**2 * p * (1.0 - p)).sum()))
    tail = _upper_tail(p, w, total) / above if z > 0 else _upper_tail(1.0 - p, w, float(w.sum()) - total) / (1.0 - above)
    return Outcome(name=name, statistic=z, p_value=min(1.0, tail), n=n, side=1 if z > 0 else -1)


def _upper_tail(mass: Floats, weights: Floats, total: float) -> float:
    """Approximate P(sum of weights, each with its mass, >= total) above the mean (Lugannani and Rice 1980).

    Equal weights have Daniels' (1987) first correction for sums of whole numbers.
    """
    from scipy.optimize import brentq
    from scipy.special import expit, ndtr

    if total >= float(weights.sum()) * (1.0 - 1e-12):
        return float(np.exp(np.log(mass).sum()))
    logit = np.log(mass) - np.log1p(-mass)

    def excess(s: float) -> float:
        return float((weights * expit(logit + s * weights)).sum()) - total

    if excess(0.0) >= -1e-9:
        return 0.5
    reach = 1.0
    while excess(reach) < 0.0:
        reach *= 2.0
    s = float(brentq(excess, 0.0, reach, xtol=1e-13))
    tilted = expit(logit + s * weights)
    cumulant = float(np.logaddexp(np.log1p(-mass), np.log(mass) + s * weights).sum())
    w = math.sqrt(max(2.0 * (s * total - cumulant), 0.0))
    step = float(weights[0]) if (weights == weights[0]).all() else 0.0
    slope = -math.expm1(-s * step) / step if step else s
    v = slope * math.sqrt(float((weights**2 * tilted * (1.0 - tilted)).sum()))
    if w < 1e-4:  # at the centre the formula is 0 / 0
        return 0.5
    tail = float(ndtr(-w)) + math.exp(-w * w / 2.0) / math.sqrt(2.0 * math.pi) * (1.0 / v - 1.0 / w)
    return min(max(tail, 0.0), 1.0)
