"""Many tests at once: false-discovery rate and family-wise error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fmaudit.errors import StatisticsError

__all__ = ["benjamini_hochberg", "holm"]


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return q-values in the order given: call everything with q <= 0.05 and 5 % of the calls are expected to be false.

    Benjamini and Hochberg 1995; valid for independent or positively dependent tests. Tests that could not be made are
    to be left out beforehand.
    """
    _check(p_values)
    p = np.asarray(p_values, dtype=np.float64)
    falling = np.argsort(p)[::-1]
    adjusted = np.empty_like(p)  # scipy.stats has this too, at a second of importing for every run
    adjusted[falling] = np.minimum.accumulate(p[falling] * len(p) / np.arange(len(p), 0, -1))
    return [float(q) for q in np.minimum(adjusted, 1.0)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return adjusted p-values in the order given: the chance of even one false call stays below the limit (Holm 1979)."""
    _check(p_values)
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda k: p_values[k])):
        running = max(running, (len(p_values) - rank) * p_values[i])
        adjusted[i] = min(1.0, running)
    return adjusted


def _check(p_values: Sequence[float]) -> None:
    for p in p_values:
        if not 0.0 <= p <= 1.0:
            raise StatisticsError(f"{p} is no p-value", hint="leave out tests that could not be made")
