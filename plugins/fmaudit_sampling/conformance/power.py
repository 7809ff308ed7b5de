"""What the draws could have shown: the smallest deviations that this many tokens would have given away."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fmaudit import StatisticsError, stats
from fmaudit_sampling.conformance.sampler import StatedSampler
from fmaudit_sampling.conformance.stated import StatedTokens
from fmaudit_sampling.conformance.tests import cells_of, weights_of

__all__ = ["Power", "detectable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """The smallest deviations found with probability `power` by tests at level `alpha`; None where no number of them shows.

    `temperature` is a difference (the support held fixed: where top-p cuts, real differences show sooner), `leakage` a share of greedy
    draws, `tail` the share of the stated mass that is missing from the least probable tokens at every position with a choice.
    """

    temperature: float | None
    leakage: float | None
    tail: float | None
    alpha: float
    power: float


def detectable(
    tokens: StatedTokens, sampler: StatedSampler, *, alpha: float, power: float = 0.8, greedy_alpha: float | None = None
) -> Power:
    """Compute the detectable deviations from the stated figures alone; what was drawn does not enter.

    `greedy_alpha` is the one-sided level for greedy draws, by default half of `alpha`.
    """
    greedy_alpha = alpha / 2.0 if greedy_alpha is None else greedy_alpha
    if not (0.0 < alpha < 1.0 and 0.0 < greedy_alpha < 0.5 and 0.0 < power < 1.0):
        raise StatisticsError(f"alpha and power lie between 0 and 1, not {alpha}, {greedy_alpha} and {power}")
    variance = float(tokens.variance.sum())
    temperature = None if variance <= 0.0 else stats.mde_from_error(sampler.temperature / math.sqrt(variance), alpha=alpha, power=power)
    mass = tokens.top_mass[tokens.top_mass < 1.0]
    weights = weights_of(mass)
    leakage = None
    if len(mass):
        error = math.sqrt(float((weights**2 * mass * (1.0 - mass)).sum()))
        leakage = stats.mde_from_error(error, alpha=2.0 * greedy_alpha, power=power) / float((weights * (1.0 - mass)).sum())
    return Power(
        temperature=temperature, leakage=leakage if leakage is not None and leakage <= 1.0 else None,
        tail=_tail(int((tokens.support > 1).sum()), alpha, power), alpha=alpha, power=power,
    )  # fmt: skip


def _tail(n: int, alpha: float, power: float) -> float | None:
    """Find the smallest missing tail of n uniforms that the chi-square in cells sees, by its noncentral distribution."""
    from scipy.special import chdtri, chndtr

    edges = cells_of(n)
    if len(edges) < 3:
        return None
    width, df = np.diff(edges), len(edges) - 2
    critical = float(chdtri(df, alpha))

    def seen(missing: float) -> bool:
        left = np.clip(1.0 - missing - edges[:-1], 0.0, width) / (1.0 - missing)
        return 1.0 - float(chndtr(critical, df, n * float(((left - width) ** 2 / width).sum()))) >= power

    low, high = 0.0, 0.9
    if not seen(high):
        return None
    while high - low > 1e-4:
        low, high = (low, (low + high) / 2.0) if seen((low + high) / 2.0) else ((low + high) / 2.0, high)
    return high
