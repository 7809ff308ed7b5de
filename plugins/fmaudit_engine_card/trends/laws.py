"""Scaling laws from runs of your own: loss against parameters and tokens, or against one size, with bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmaudit import ConfigError, Interval, StatisticsError
from fmaudit_engine_card.scale.optimum import Fit, Optimum, optimum
from fmaudit_engine_card.trends.extrapolate import check_reach
from fmaudit_engine_card.trends.minimise import fit_many_starts, fit_near
from fmaudit_engine_card.trends.tables import Source, column, numbers, read_table

__all__ = ["Law", "Points", "fit_law", "read_points"]

Floats = NDArray[np.float64]
HUBER = 1e-3  # Hoffmann et al. 2022, appendix D.2: residuals of log loss beyond this count by their size, not their square
DRAWS = 200
NAMES = {"parameters": ("parameters", "params", "model size", "n"), "tokens": ("tokens", "training tokens", "d"),
         "flops": ("flops", "flop", "training flop", "compute", "c"), "size": ("size", "steps", "step"), "loss": ("loss", "l")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Points:
    """Runs: the sizes they differ in (one or two named columns) and the loss each reached, in nats a token."""

    sizes: Mapping[str, Floats]
    loss: Floats

    def __len__(self) -> int:
        return len(self.loss)


@dataclass(frozen=True, slots=True)
class Law:
    """L = E + sum of coefficient / size^exponent, fitted to points, with bootstrap intervals of its numbers.

    `values` and `intervals` hold E, and A and alpha of parameters, B and beta of tokens (or A and alpha of the one size). `draws` are
    the resampled fits, one row each in the order of `values`. `ranges` are those of the sizes, and of parameters and tokens also of the
    runs' compute, `flops`. `dropped` counts points left out by `drop_highest`.
    """

    sizes: tuple[str, ...]
    values: Mapping[str, float]
    intervals: Mapping[str, Interval]
    draws: Floats
    ranges: Mapping[str, tuple[float, float]]
    n: int
    dropped: int
    objective: float

    def loss(self, *sizes: float) -> float:
        """Return the loss expected at the sizes, in the order of `self.sizes`. Raises StatisticsError ten times beyond the data."""
        self._check(sizes)
        return float(_losses(np.array([list(self.values.values())]), sizes)[0])

    def loss_interval(self, *sizes: float, level: float = 0.95) -> Interval:
        """Return the bootstrap interval of the expected loss; single runs scatter around it. Raises StatisticsError as `loss` does."""
        self._check(sizes)
        return _interval(_losses(self.draws, sizes), self.loss(*sizes), level, self.n, len(self.values))

    def fit(self) -> Fit:
        """Return the law of parameters and tokens as a `Fit`, for `optimum` and the other calculators."""
        if self.sizes != ("parameters", "tokens"):
            raise StatisticsError(f"an optimum takes a law of parameters and tokens, not of {' and '.join(self.sizes)}")
        return Fit(name="fitted", source=f"fitted to {self.n} points", day="", note="", **self.values)

    def optimum(self, flops: float) -> Optimum:
        """Return the parameters and tokens of least loss for a compute.

        Raises StatisticsError where the compute, the parameters or the tokens lie ten times beyond those of the runs.
        """
        fit = self.fit()
        check_reach(self.ranges["flops"], flops)
        best = optimum(flops, fit)
        self._check((best.parameters, best.tokens))
        return best

    def ratio_interval(self, flops: float, *, level: float = 0.95) -> Interval:
        """Return the bootstrap interval of the tokens a parameter at the optimum of a compute."""
        centre = self.optimum(flops).ratio
        fits = (replace(self.fit(), **dict(zip(self.values, row, strict=True))) for row in self.draws.tolist())
        return _interval(np.array([optimum(flops, fit).ratio for fit in fits]), centre, level, self.n, len(self.values))

    def _check(self, sizes: Sequence[float]) -> None:
        if len(sizes) != len(self.sizes):
            raise StatisticsError(f"the law takes {' and '.join(self.sizes)}, not {len(sizes)} numbers")
        for name, size in zip(self.sizes, sizes, strict=True):
            check_reach(self.ranges[name], size)


def read_points(source: Source) -> Points:
    """Read runs from a file, rows or columns: parameters and tokens and loss; parameters, FLOP and loss (D = C / 6N); or one size and loss.

    A `size` beside tokens or FLOP is the parameters.

    Names are matched whatever their case ("Model Size", "Training FLOP", "loss" as well). Raises ConfigError for missing columns and
    values that are not positive finite numbers.
    """
    rows = read_table(source)
    found = {kind: column(rows, *names) for kind, names in NAMES.items()}
    have = {kind: np.array(numbers(rows, name)) for kind, name in found.items() if name is not None}
    for kind, values in have.items():
        if not (np.isfinite(values).all() and (values > 0).all()):
            raise ConfigError(f"{found[kind]} holds values that are not positive numbers", hint="leave out runs that were not measured")
    if "loss" not in have or len(have) < 2:
        raise ConfigError(
            f"no scaling table: columns {', '.join(map(str, rows[0]))}",
            hint="it takes loss, and parameters with tokens or flops, or one of them",
        )
    loss = have.pop("loss")
    if "size" in have and have.keys() & {"parameters", "tokens", "flops"}:
        have.setdefault("parameters", have.pop("size"))
    if "parameters" in have and "tokens" not in have and "flops" in have:
        have["tokens"] = have["flops"] / (6.0 * have["parameters"])
    names = ("parameters", "tokens") if {"parameters", "tokens"} <= set(have) else (next(iter(have)),)
    return Points({name: have[name] for name in names}, loss)


def fit_law(
    source: Source | Points, *, delta: float = HUBER, drop_highest: int = 0, draws: int = DRAWS, level: float = 0.95, seed: int = 0
) -> Law:
    """Fit L = E + A / N^alpha + B / D^beta (or E + A / x^alpha) to runs, with bootstrap intervals.

    Minimises Huber's loss of ln L with BFGS from the best of a grid of 4,500 starts (150 for one size), as Hoffmann et al. 2022,
    appendix D.2. The intervals are percentiles over `draws` resamples of the runs, each fitted from the full solution, widened for
    few points as Student's t is (Hesterberg 2015, What Teachers Should Know About the Bootstrap, section 5.3). `drop_highest`
    leaves out the runs of highest loss, which Besiroglu et al. 2024 did with five. Fewer than ten points for each number that is
    fitted make wide intervals; fewer points than twice the numbers, or a size that does not vary, are a StatisticsError.
    """
    points = source if isinstance(source, Points) else read_points(source)
    keep = np.argsort(points.loss, kind="stable")[: len(points) - drop_highest]
    keep.sort()
    logs = np.log(np.stack([column_[keep] for column_ in points.sizes.values()]))
    losses = np.log(points.loss[keep])
    _check_points(logs, losses)
    centres = logs.mean(axis=1)
    theta, objective = fit_many_starts(logs - centres[:, None], losses, centres, delta)
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(losses), (draws, len(losses)))
    resampled = [fit_near(theta, logs[:, pick] - centres[:, None], losses[pick], delta)[0] for pick in picks]
    table = _named(np.array([theta, *resampled]), centres)
    names = ("E", "A", "B", "alpha", "beta") if len(logs) == 2 else ("E", "A", "alpha")
    values = dict(zip(names, table[0].tolist(), strict=True))
    intervals = {name: _interval(table[1:, i], values[name], level, len(losses), len(names)) for i, name in enumerate(names)}
    ranges = {name: (float(np.exp(row.min())), float(np.exp(row.max()))) for name, row in zip(points.sizes, logs, strict=True)}
    if tuple(points.sizes) == ("parameters", "tokens"):
        compute = 6.0 * np.exp(logs.sum(axis=0))  # of the runs: the largest model on the most tokens may not be one of them
        ranges["flops"] = (float(compute.min()), float(compute.max()))
    return Law(tuple(points.sizes), values, intervals, table[1:], ranges, len(losses), len(points) - len(losses), objective)


def _check_points(logs: Floats, losses: Floats) -> None:
    numbers_ = 1 + 2 * len(logs)
    if len(losses) < 2 * numbers_ or min(len(set(row.tolist())) for row in logs) < 3:
        raise StatisticsError(
            f"{len(losses)} points with {min(len(set(row.tolist())) for row in logs)} sizes cannot fit {numbers_} numbers",
            hint=f"it takes {2 * numbers_} runs, and three or more of each size",
        )


def _named(thetas: Floats, centres: Floats) -> Floats:
    """Turn internal rows (ln E, then ln terms at the centre, then ln exponents) into E, coefficients, exponents."""
    k = len(centres)
    exponents = np.exp(thetas[:, 1 + k :])
    return np.column_stack([np.exp(thetas[:, 0]), np.exp(thetas[:, 1 : 1 + k] + exponents * centres), exponents])


def _losses(rows: Floats, sizes: Sequence[float]) -> Floats:
    """Return the loss of each row of (E, coefficients, exponents) at the sizes."""
    k = len(sizes)
    terms = rows[:, 1 : 1 + k] * np.exp(-rows[:, 1 + k :] * np.log(np.asarray(sizes, dtype=np.float64)))
    total: Floats = rows[:, 0] + terms.sum(axis=1)
    return total


def _interval(draws: Any, value: float, level: float, n: int, fitted: int) -> Interval:
    """Return percentile ends at the level that t with n - fitted degrees of freedom has among normal quantiles.

    Hesterberg's second factor, sqrt(n / (n - fitted)), is left out: it makes good what a plug-in variance lacks, and resampled runs that
    are fitted again lack none. With it intervals of 40 runs covered 98 to 99 % (benchmarks/results/trend_power.md).
    """
    from scipy.special import ndtr, stdtrit

    if not len(draws):
        return Interval(-math.inf, math.inf, level, "no draws")
    tail = float(ndtr(-stdtrit(n - fitted, 0.5 + level / 2.0)))
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return Interval(min(float(low), value), max(float(high), value), level, "bootstrap percentile, widened for n")
