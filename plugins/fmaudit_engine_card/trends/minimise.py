"""Huber fits of ln(sum of power laws): the numbers behind a scaling law, found with BFGS from many starts.

BFGS and not L-BFGS: for five numbers the full matrix is smaller than the limited memory, half the evaluations are enough for the same
minimum, and scipy's L-BFGS hands its tiny triangles to a threaded BLAS, which cost a factor of twenty on two busy cores.
"""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["fit_many_starts", "fit_near", "objective"]

Floats = NDArray[np.float64]
STARTS, FINISHERS = 8, 2  # starts of the grid that are followed with a smooth objective, and those of them that are finished
SMOOTH = 30.0  # how many times delta the smooth objective has, whose minimum lies near and is found in fewer steps
STEEP = 10.0  # how fast the objective rises beyond the walls
GRADIENT, MOST_STEPS = 1e-6, 500  # where BFGS stops
FLATTEST = 0.05  # the exponent that a start of the grid with exponent 0 gets, whose logarithm would be infinite


def objective(theta: Floats, logs: Floats, losses: Floats, delta: float) -> tuple[float, Floats]:
    """Return the sum of Huber's loss of ln(E + terms) - ln(loss), over delta, and its gradient.

    `theta` holds ln E, each term's logarithm where its size is at the centre (0 in `logs`), and each exponent's logarithm, so that
    all are positive; `logs` is sizes x points. Divided by delta, the objective counts large residuals by their size, whatever delta
    is. Beyond `_walls` a quadratic is added.
    """
    k = len(logs)
    exponents = np.exp(theta[1 + k :, None])
    parts = np.empty((1 + k, logs.shape[1]))
    parts[0] = theta[0]
    parts[1:] = theta[1 : 1 + k, None] - exponents * logs
    top = parts.max(axis=0)
    weights = np.exp(parts - top)
    total = weights.sum(axis=0)
    residual = top + np.log(total) - losses
    clipped = np.clip(residual, -delta, delta)
    value = float((clipped * (residual - clipped / 2.0)).sum()) / delta
    pull = weights * (clipped / (total * delta))
    gradient = np.concatenate([pull.sum(axis=1), -(pull[1:] * logs * exponents).sum(axis=1)])
    far = theta - np.clip(theta, *_walls(k))
    return value + STEEP * float((far * far).sum()), gradient + 2.0 * STEEP * far


@cache
def _walls(k: int) -> tuple[Floats, Floats]:
    """Return between which values a term is told from none: beyond them the objective is flat, and a search would never come back."""
    low, high = [-10.0] + [-15.0] * k + [math.log(0.005)] * k, [5.0] + [8.0] * k + [math.log(4.0)] * k
    return np.array(low), np.array(high)


def fit_near(start: Floats, logs: Floats, losses: Floats, delta: float) -> tuple[Floats, float]:
    """Return the minimum that BFGS reaches from a start, and its objective."""
    from scipy.optimize import minimize

    with np.errstate(over="ignore", invalid="ignore"):  # a first step may go far, and comes back
        found = minimize(
            objective, start, args=(logs, losses, delta), jac=True, method="BFGS", options={"gtol": GRADIENT, "maxiter": MOST_STEPS}
        )
    return np.asarray(found.x, dtype=np.float64), float(found.fun)


def fit_many_starts(logs: Floats, losses: Floats, centres: Floats, delta: float) -> tuple[Floats, float]:
    """Return the best minimum from the most promising starts of the grid of Hoffmann et al. 2022, appendix D.2.

    ln E from -1 to 1, logarithms of coefficients from 0 to 25, exponents from 0 to 2: every start's objective is computed, the least
    eight are followed and the two best of them finished. `centres` are the mean logarithms of the sizes, around which
    coefficients are kept while fitting.
    """
    grid = _grid(centres)
    ranked = np.argsort(_values(grid, logs, losses, delta), kind="stable").tolist()
    followed = sorted((fit_near(grid[i], logs, losses, SMOOTH * delta) for i in ranked[:STARTS]), key=lambda pair: pair[1])
    return min((fit_near(theta, logs, losses, delta) for theta, _ in followed[:FINISHERS]), key=lambda pair: pair[1])


def _values(thetas: Floats, logs: Floats, losses: Floats, delta: float) -> Floats:
    """Return `objective` of many rows at once, without gradients."""
    k = len(logs)
    total = np.exp(thetas[:, :1])
    for i in range(k):
        total = total + np.exp(thetas[:, 1 + i : 2 + i] - np.exp(thetas[:, 1 + k + i : 2 + k + i]) * logs[i])
    residual = np.log(total) - losses
    clipped = np.clip(residual, -delta, delta)
    values: Floats = (clipped * (residual - clipped / 2.0)).sum(axis=1) / delta
    return values


def _grid(centres: Floats) -> Floats:
    """Return the starts, moved to the centre and kept where exponentials are numbers."""
    k = len(centres)
    axes = [np.arange(-1.0, 1.01, 0.5)] + [np.arange(0.0, 25.1, 5.0)] * k + [np.arange(0.0, 2.01, 0.5)] * k
    starts = np.array(list(itertools.product(*axes)))
    starts[:, 1 : 1 + k] = np.clip(starts[:, 1 : 1 + k] - starts[:, 1 + k :] * centres, -20.0, 5.0)
    starts[:, 1 + k :] = np.log(np.maximum(starts[:, 1 + k :], FLATTEST))
    return starts
