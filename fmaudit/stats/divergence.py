"""How concentrated a distribution over categories is, and how far two distributions are apart.

Every function works on the last axis of counts (or shares) and returns one number per row, so it can be handed to
`bootstrap_counts`, `bootstrap_clusters` and `Quantification.draws` for its interval. A row that adds up to 0 gives NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError

__all__ = ["Homogeneity", "effective_number", "entropy", "gini", "homogeneity", "jensen_shannon", "stability_index", "top_share"]

Floats = NDArray[np.float64]


def entropy(counts: ArrayLike) -> Any:
    """Return Shannon's entropy in bits, the plug-in value: biased low by about (categories - 1) / (2 n ln 2)."""
    p = _shares(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.where(p > 0, p * np.log2(np.where(p > 0, p, 1.0)), np.where(np.isnan(p), np.nan, 0.0)).sum(axis=-1)


def effective_number(counts: ArrayLike) -> Any:
    """Return 2^H, the number of equally common categories with the same entropy (Hill number of order 1)."""
    return np.exp2(entropy(counts))


def gini(counts: ArrayLike) -> Any:
    """Return Gini's coefficient over the categories given: 0 when all are equal, 1 - 1/K when one has everything."""
    p = np.sort(_shares(counts), axis=-1)
    k = p.shape[-1]
    return (p * (2.0 * np.arange(1, k + 1) - k - 1.0)).sum(axis=-1) / k


def top_share(counts: ArrayLike) -> Any:
    """Return the share of the most common category."""
    return _shares(counts).max(axis=-1)


def jensen_shannon(first: ArrayLike, second: ArrayLike) -> Any:
    """Return the Jensen-Shannon divergence in bits, 0..1; biased up in small samples (see `homogeneity`)."""
    p, q = _shares(first), _shares(second)
    return np.clip(entropy((p + q) / 2.0) - (entropy(p) + entropy(q)) / 2.0, 0.0, 1.0)


def stability_index(expected: ArrayLike, actual: ArrayLike) -> Any:
    """Return the population stability index, sum of (a - e) ln(a / e), with half an observation added to every cell.

    It takes counts, not shares. The usual reading is below 0.1 stable, above 0.25 shifted.
    """
    e, a = _shares(np.asarray(expected, dtype=np.float64) + 0.5), _shares(np.asarray(actual, dtype=np.float64) + 0.5)
    return ((a - e) * np.log(a / e)).sum(axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Homogeneity:
    """A divergence of two samples beside the one that equal distributions would show by chance."""

    value: float
    expected: float  # mean under equality: subtract it for a fair figure
    p_value: float


def homogeneity(
    first: ArrayLike, second: ArrayLike, divergence: Callable[..., Any] = jensen_shannon, *, draws: int = 2000, seed: int = 0
) -> Homogeneity:
    """Test whether two tables of counts of independent observations come from one distribution.

    Both tables are redrawn from their pooled shares; p is (draws as far apart + 1) / (draws + 1). Shares, or amounts that are
    not whole, say nothing of how many observations there were, and are a StatisticsError.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or not (a.sum() > 0 and b.sum() > 0):
        raise StatisticsError(f"tables of {a.shape} and {b.shape} cells cannot be compared")
    if any((table != np.floor(table)).any() or (table < 0).any() for table in (a, b)):
        raise StatisticsError("homogeneity is tested on whole counts", hint="shares do not say how many observations there were")
    rng, pooled = np.random.default_rng(seed), (a + b) / (a + b).sum()
    chance = divergence(rng.multinomial(int(a.sum()), pooled, draws), rng.multinomial(int(b.sum()), pooled, draws))
    value = float(divergence(a, b))
    hits = int((chance >= value * (1.0 - 1e-12)).sum())
    return Homogeneity(value=value, expected=float(np.mean(chance)), p_value=(hits + 1) / (draws + 1))


def _shares(counts: ArrayLike) -> Floats:
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim == 0 or (table < 0).any():
        raise StatisticsError("a distribution takes counts that are not negative")
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Floats = table / table.sum(axis=-1, keepdims=True)
    return shares
