"""Does a family of models get better or worse with size, and does it turn on the way."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fmaudit import Interval, StatisticsError, stats

__all__ = ["Direction", "Scale", "Trend", "ValueTrend", "as_numbers", "exact_cochran_armitage", "scores", "trend", "value_trend"]

Direction = Literal["up", "down", "none"]
Scale = Literal["log", "linear"]
EXACT_TABLES = 300_000  # tables of one set of margins that are enumerated at most
SMALL = 5.0  # an expected count below this asks for the exact test
MOST_PERMUTED = 8  # points with ties whose orders are all tried: 40,320


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A family's trend: z and two-sided p, the direction they allow at `alpha`, and whether the family turns inside its range.

    `shape` is "u", "inverted u" or "no turn" with its own p-value, `turning_size` the size where it turns. A family that turns may
    still have a direction; the direction alone then misleads. `notes` says what limits the answer.
    """

    z: float
    p: float
    direction: Direction
    u_shaped: bool
    shape: str
    turn_p: float
    turning_size: float | None
    n: int
    method: str
    notes: tuple[str, ...] = ()


def trend(sizes: Sequence[float], successes: Sequence[int], totals: Sequence[int], *, scale: Scale = "log", alpha: float = 0.05) -> Trend:
    """Test whether a rate rises or falls with size: Cochran-Armitage, and the check for a turn beside it.

    `sizes` are parameters, training steps or any other ordered positive quantity, one for each model; the test works on their
    logarithm by default. Where a count expected without a trend is below 5 the p-value is exact (conditional on the margins) if its
    tables can be enumerated; `method` says which. The turn is `fmaudit.stats.u_shape`: an inner point on the same side of both end
    points, each time significantly, Bonferroni over points and both directions. The groups are taken as independent; models that
    answered the same items are positively paired, which makes the test timid, not bold (`fmaudit.stats.item_trend` pairs them).
    Raises StatisticsError for columns of unequal length, counts that are not whole, sizes that are not positive, or fewer than two
    distinct ones.
    """
    _check_alpha(alpha)
    x = scores(sizes, scale)
    successes, totals = _whole("successes", successes), _whole("totals", totals)
    _check_columns(x, successes=successes, totals=totals)
    asymptotic = stats.cochran_armitage(successes, totals, x)
    p, method, notes = _p_value(successes, totals, x, asymptotic.p_value)
    shape, turn_p, turning = _turn(x, sizes, successes, totals, alpha)
    if len(set(x)) < 3:
        notes += ("a turn cannot be seen with fewer than three sizes",)
    return Trend(
        z=asymptotic.statistic, p=p, direction=_direction(asymptotic.statistic, p, alpha), u_shaped=shape != "no turn", shape=shape,
        turn_p=turn_p, turning_size=turning, n=asymptotic.n, method=method, notes=notes,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTrend:
    """A trend of values without counts, such as losses: Kendall's tau with its p, and the slope a tenfold size brings with its interval."""

    tau: float
    p: float
    direction: Direction
    slope: float
    interval: Interval
    n: int
    method: str
    notes: tuple[str, ...] = ()


def value_trend(
    sizes: Sequence[float], values: Sequence[float], *, scale: Scale = "log", alpha: float = 0.05, level: float = 0.95
) -> ValueTrend:
    """Test a monotone trend of one value a model by rank (Mann-Kendall), and estimate its slope robustly (Theil-Sen, Sen's interval).

    With the logarithmic scale the slope is the change for ten times the size. Four models can reach p = 0.083 at best, which
    `notes` says. With ties, such as several seeds of a size, p is that of all orders of up to eight points: the normal approximation
    calls too many of so few a trend. Raises StatisticsError as `trend` does.
    """
    _check_alpha(alpha)
    x, values = scores(sizes, scale), as_numbers("values", values)
    _check_columns(x, values=values)
    ranks, slope = stats.mann_kendall(values, x), stats.theil_sen(values, x, level=level)
    least = 2.0 / math.factorial(len(x)) if len(x) < 20 else 0.0
    p, notes = _rank_p(x, list(values), ranks.p_value)
    if least > alpha:
        notes += (f"{len(x)} points cannot reach p = {alpha:g}: the least possible is {least:.3f}",)
    if least > 1.0 - level:  # the widest interval there is runs over all pairwise slopes
        notes += (f"the slope's interval covers {1.0 - least:.0%} at most",)
    return ValueTrend(
        tau=ranks.statistic, p=p, direction=_direction(ranks.statistic, p, alpha), slope=slope.slope,
        interval=slope.interval, n=len(x), method="mann-kendall, theil-sen", notes=notes,
    )  # fmt: skip


def scores(sizes: Sequence[float], scale: Scale) -> list[float]:
    """Return what the tests use for sizes: their decimal logarithm, or themselves.

    Raises StatisticsError for a size that is no finite number, one not above 0 on the logarithmic scale, and for another scale.
    """
    if scale not in ("log", "linear"):
        raise StatisticsError(f"{scale!r} is no scale", hint='"log" or "linear"')
    sizes = as_numbers("sizes", sizes)
    wrong = next((size for size in sizes if not math.isfinite(size)), None)
    if wrong is not None:
        raise StatisticsError(f"a trend needs finite sizes, not {wrong}", hint="leave out models whose size is not known")
    if scale == "linear":
        return sizes
    if not all(size > 0 for size in sizes):
        raise StatisticsError(f"sizes on a logarithmic scale must be above 0, not {min(sizes)}", hint='use scale="linear" for steps from 0')
    return [math.log10(size) for size in sizes]


def exact_cochran_armitage(successes: Sequence[int], totals: Sequence[int], x: Sequence[float]) -> float | None:
    """Return the exact two-sided p-value of the linear-by-linear statistic given both margins, or None where there are too many tables.

    All tables with the same totals and the same sum of successes are enumerated with their multivariate hypergeometric
    probabilities; p is the probability of a statistic at least as far from its mean (Agresti, Categorical Data Analysis, 3.5.5).
    """
    import numpy as np
    from scipy.special import gammaln

    hits = sum(successes)
    if math.prod(min(n, hits) + 1 for n in totals[:-1]) > EXACT_TABLES:
        return None
    used, statistic, weight = np.zeros(1), np.zeros(1), np.zeros(1)
    for n, score in zip(totals, x, strict=True):
        k = np.arange(min(n, hits) + 1.0)
        ways = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
        used, statistic, weight = ((a[:, None] + b).ravel() for a, b in ((used, k), (statistic, score * k), (weight, ways)))
        keep = used <= hits
        used, statistic, weight = used[keep], statistic[keep], weight[keep]
    chosen = used == hits
    probability = np.exp(weight[chosen] - weight[chosen].max())
    mean = hits * math.fsum(n * s for n, s in zip(totals, x, strict=True)) / sum(totals)
    away = np.abs(statistic[chosen] - mean)
    seen = abs(math.fsum(k * s for k, s in zip(successes, x, strict=True)) - mean)
    same = 1e-9 * float(away.max())  # tables as far from the mean differ by rounding
    return float(probability[away >= seen - same].sum() / probability.sum())


def _rank_p(x: list[float], values: list[float], asymptotic: float) -> tuple[float, tuple[str, ...]]:
    """Return Kendall's two-sided p-value and what must be said of it; with ties that of all orders, where they are few enough."""
    import numpy as np

    if len(set(x)) == len(x) and len(set(values)) == len(values):
        return asymptotic, ()  # without ties it is exact where points are few
    if len(x) > MOST_PERMUTED:
        return asymptotic, ("with ties the p-value is that of the normal approximation",) if len(x) < 2 * MOST_PERMUTED else ()
    first, second = np.triu_indices(len(x), 1)
    order = np.array(list(itertools.permutations(range(len(x)))))
    up, y = np.sign(np.asarray(x)[second] - np.asarray(x)[first]), np.asarray(values, dtype=np.float64)
    concordance = np.sign(y[order[:, second]] - y[order[:, first]]) @ up
    return float((np.abs(concordance) >= abs(concordance[0])).mean()), ()  # the first order is the one seen


def _p_value(successes: Sequence[int], totals: Sequence[int], x: list[float], asymptotic: float) -> tuple[float, str, tuple[str, ...]]:
    """Choose between the asymptotic and the exact p-value; return it, its name and what must be said about it."""
    rate = sum(successes) / sum(totals)
    if min(totals) * min(rate, 1.0 - rate) >= SMALL or rate in (0.0, 1.0):
        return asymptotic, "cochran-armitage, asymptotic", ()
    exact = exact_cochran_armitage(successes, totals, x)
    if exact is not None:
        return exact, "cochran-armitage, exact", ()
    return asymptotic, "cochran-armitage, asymptotic", ("expected counts below 5 with too many tables to enumerate: the p-value is rough",)


def _turn(
    x: list[float], sizes: Sequence[float], successes: Sequence[int], totals: Sequence[int], alpha: float
) -> tuple[str, float, float | None]:
    """Return the shape, its p-value and the size of the turn; groups of one size are pooled first."""
    pooled: dict[float, list[float]] = {}
    for score, size, k, n in zip(x, sizes, successes, totals, strict=True):
        row = pooled.setdefault(score, [float(size), 0.0, 0.0])
        row[1], row[2] = row[1] + k, row[2] + n
    if len(pooled) < 3:
        return "no turn", 1.0, None
    rates = {score: (k / n, (k + 1.0) / (n + 2.0), n) for score, (_, k, n) in pooled.items()}
    errors = [math.sqrt(smooth * (1.0 - smooth) / n) for _, smooth, n in rates.values()]
    found: Any = stats.u_shape([rate for rate, _, _ in rates.values()], errors, list(rates), alpha=alpha)
    turning = None if found.shape == "no turn" else pooled[found.turning_point][0]
    return found.shape, found.p_value, turning


def _whole(name: str, counts: Sequence[int]) -> list[int]:
    """Return counts as whole numbers. Raises StatisticsError for shares and for what is no number."""
    numbers = as_numbers(name, counts)
    wrong = next((count for count in numbers if not count.is_integer()), None)
    if wrong is not None:
        raise StatisticsError(f"{name} are counts, not {wrong}", hint="multiply a share by its total, or use `value_trend` for values")
    return [int(count) for count in counts]


def as_numbers(name: str, given: Sequence[Any]) -> list[float]:
    """Return numbers as floats. Raises StatisticsError, with the first that is none, for words such as "7B"."""
    numbers = []
    for one in given:
        try:
            numbers.append(float("" if isinstance(one, str) else one))
        except (TypeError, ValueError):
            raise StatisticsError(f"{name} are numbers, not {one!r}", hint="7e9 for a model of 7B parameters") from None
    return numbers


def _check_columns(x: Sequence[float], **columns: Sequence[float]) -> None:
    """Refuse columns of unequal length, and families of which no trend can be told. Raises StatisticsError."""
    for name, column in columns.items():
        if len(column) != len(x):
            raise StatisticsError(
                f"columns of one length are needed, not {len(x)} sizes and {len(column)} {name}", hint="one of each for every model"
            )
    if len(set(x)) < 2:
        models, sizes = ("model" if len(x) == 1 else "models"), ("size" if len(set(x)) == 1 else "sizes")
        raise StatisticsError(
            f"a trend takes models of two sizes or more, not {len(x)} {models} of {len(set(x))} {sizes}",
            hint="add a model of another size: from three on a turn can be seen as well",
        )


def _check_alpha(alpha: float) -> None:
    if not 0.0 < alpha < 1.0:
        raise StatisticsError(f"alpha lies between 0 and 1, not at {alpha}", hint="0.05 calls one family in twenty without a trend one")


def _direction(statistic: float, p: float, alpha: float) -> Direction:
    if p > alpha or statistic == 0.0:
        return "none"
    return "up" if statistic > 0.0 else "down"
