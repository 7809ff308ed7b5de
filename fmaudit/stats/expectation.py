"""Class shares from a classifier's posteriors by expectation and maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError

__all__ = ["Expectation", "emq"]


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """Shares in the order of the posteriors' columns, and whether the iterations settled."""

    shares: NDArray[np.float64]
    iterations: int
    converged: bool


def emq(
    posteriors: ArrayLike, prior: ArrayLike, *, weights: ArrayLike | None = None, tolerance: float = 1e-8, most: int = 1000
) -> Expectation:
    """Estimate shares from posteriors, items x classes, of a classifier trained at the shares `prior`.

    Saerens, Latinne and Decaestecker 2002: the shares that maximise the likelihood when classes keep their own
    distribution of inputs and the posteriors are calibrated; over-confident posteriors give over-confident shares.
    `weights` says how often an item occurs. Rows need not add up to 1; a row of zeros is a StatisticsError.
    """
    table, base = np.asarray(posteriors, dtype=np.float64), np.asarray(prior, dtype=np.float64)
    times = np.ones(len(table)) if weights is None else np.asarray(weights, dtype=np.float64)
    if table.ndim != 2 or base.shape != table.shape[1:] or times.shape != table.shape[:1] or not len(table):
        raise StatisticsError(f"posteriors {table.shape}, prior {base.shape} and weights {times.shape} do not line up")
    if not (base > 0).all() or (table < 0).any() or (table.sum(axis=1) <= 0).any() or not times.sum() > 0:
        raise StatisticsError("expectation needs positive priors and posteriors that are not negative and not all 0")
    likelihood, times = table / base, times / times.sum()
    shares = base / base.sum()
    for step in range(1, most + 1):
        joint = likelihood * shares
        new = times @ (joint / joint.sum(axis=1, keepdims=True))
        change, shares = float(np.abs(new - shares).max()), new
        if change < tolerance:
            return Expectation(shares, step, True)
    return Expectation(shares, most, False)
