"""Logistic regression with an L2 penalty, for two classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["fit_logistic"]

Floats = npt.NDArray[np.float64]
PENALTY = 1e-3


def fit_logistic(rows: Any, classes: npt.NDArray[Any], weights: Floats, penalty: float = PENALTY) -> tuple[Floats, float]:
    """Fit by L-BFGS; returns the coefficients and the constant (its own penalty is 0).

    `rows` is a matrix, dense or sparse, items x features; `classes` is 0 or 1; `weights` add up to 1. The objective is the weighted
    mean log loss plus penalty / 2 times the squared length of the coefficients.
    """
    from scipy.optimize import minimize

    signs = np.where(np.asarray(classes) > 0, 1.0, -1.0)

    def objective(point: Floats) -> tuple[float, Floats]:
        margins = signs * (rows @ point[:-1] + point[-1])
        loss = float(weights @ np.logaddexp(0.0, -margins)) + penalty / 2.0 * float(point[:-1] @ point[:-1])
        pull = -weights * signs * np.exp(-np.logaddexp(0.0, margins))
        return loss, np.append(rows.T @ pull + penalty * point[:-1], pull.sum())

    found = minimize(objective, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return found.x[:-1], float(found.x[-1])
