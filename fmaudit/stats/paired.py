"""Two systems on the same items: exact tests and the interval of the difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError
from fmaudit.records import Interval
from fmaudit.stats.clusters import group_sums
from fmaudit.stats.means import clustered_mean, mean

__all__ = ["PairedTest", "compare_paired", "mcnemar", "sign_flip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTest:
    """A difference on the same items, first minus second, with its interval and two-sided p-value."""

    difference: float
    interval: Interval
    p_value: float
    n: int
    discordant: int  # items on which the two differ
    method: str


def mcnemar(only_first: int, only_second: int, n: int, *, level: float = 0.95) -> PairedTest:
    """Compare two proportions on the same n items from the items that only one of the two got right.

    Exact conditional binomial p-value (McNemar 1947); interval of the difference by Bonett and Price (2012), which
    Fagerland, Lydersen and Laake (2014) recommend for small and moderate n. No discordant item gives p = 1.
    """
    from scipy.special import bdtr, ndtri

    discordant = only_first + only_second
    if not (only_first >= 0 and only_second >= 0 and discordant <= n and n > 0):
        raise StatisticsError(f"{only_first} and {only_second} discordant items of {n} are no paired table")
    p_value = min(1.0, 2.0 * float(bdtr(min(only_first, only_second), discordant, 0.5))) if discordant else 1.0
    first, second = (only_first + 1.0) / (n + 2.0), (only_second + 1.0) / (n + 2.0)
    centre = first - second
    half = float(ndtri(0.5 + level / 2.0)) * math.sqrt((first + second - centre**2) / (n + 2.0))
    interval = Interval(max(-1.0, centre - half), min(1.0, centre + half), level, "bonett-price")
    return PairedTest(
        difference=(only_first - only_second) / n, interval=interval, p_value=p_value, n=n, discordant=discordant, method="exact mcnemar"
    )


def compare_paired(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> PairedTest:
    """Run `mcnemar` on two arrays of right (true) and wrong (false), one entry per item in the same order."""
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if a.shape != b.shape or a.ndim != 1:
        raise StatisticsError(f"{a.shape} and {b.shape} outcomes are not of the same items")
    return mcnemar(int((a & ~b).sum()), int((b & ~a).sum()), len(a), level=level)


def sign_flip(
    differences: ArrayLike,
    *,
    clusters: Sequence[Any] | NDArray[Any] | None = None,
    draws: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> PairedTest:
    """Test whether differences on the same items have mean 0 by flipping signs, of whole clusters where given.

    Exact where all flips are fewer than `draws`, else Monte Carlo with (hits + 1) / (draws + 1). The interval is that of
    the (clustered) mean; it takes two items, or two clusters.
    """
    from scipy.stats import permutation_test

    items = np.asarray(differences, dtype=np.float64)
    estimate = mean(items, level=level) if clusters is None else clustered_mean(items, clusters, level=level)
    units = np.sort(items) if clusters is None else np.sort(group_sums(items, clusters)[0])
    result = permutation_test(
        (units,), np.mean, permutation_type="samples", vectorized=True, n_resamples=draws,
        rng=np.random.default_rng(seed), batch=max(1, 4_000_000 // len(units)),
    )  # fmt: skip
    return PairedTest(
        difference=estimate.value, interval=estimate.interval, p_value=float(result.pvalue), n=len(items),
        discordant=int(np.count_nonzero(items)), method="sign flip",
    )  # fmt: skip
