"""Choices under all rotations of their options: how far they depend on the place, with an exact test and an interval that holds 0.

Every option stands once at every place. A model that looks at the content alone has, for each item, a table of choices by place that is
as likely as the same table rotated: rotating items at random gives the distribution of any statistic without position bias.

Both statistics are lengths: of the vector that says how far each place's share lies from the mean share. Chance makes a length larger and
never smaller, so resampling around the length found holds a true 0 hardly ever. The interval holds instead every true length under which
the one found is not surprising: the vector found, made longer or shorter, plus the normal error of the shares over items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fmaudit import Interval, StatisticsError

__all__ = ["PositionBias", "cramers_v", "letter_bias", "recall_spread"]

Floats = npt.NDArray[np.float64]
LEVEL = 0.95
HALVINGS = 30  # of the range in which an end of the interval is sought


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionBias:
    """A statistic of position bias with its interval, what it would be by chance, and the chance of one as large.

    `corrected` is the value less what chance adds to its square; `by_place` are the shares by place.
    """

    value: float
    interval: Interval
    corrected: float
    by_chance: float
    p_value: float
    by_place: tuple[float, ...]
    items: int


def recall_spread(hits: npt.ArrayLike, *, draws: int = 2000, seed: int = 0) -> PositionBias:
    """Give RStd, the standard deviation over places of the share chosen rightly when the right option stands there (Zheng et al. 2024).

    `hits` [items, places]: whether the right option was chosen at that place.
    """
    table = _checked(hits)
    shares = table.mean(axis=0)
    reached = _reached(shares, table - shares, 1.0 / np.sqrt(table.shape[1]), 0.5, draws, seed)
    return _tested(table, lambda totals: np.std(totals, axis=-1) / len(table), shares, reached, draws, seed)


def letter_bias(chosen: npt.ArrayLike, *, draws: int = 2000, seed: int = 0) -> PositionBias:
    """Give Cramer's V of the chosen places against equal shares: sqrt(chi^2 / (n (k - 1))), 1 where one place is always chosen.

    `chosen` [items, places]: how often each place was chosen over the item's rotations.
    """
    table = _checked(chosen)
    places, chosen_ = table.shape[1], max(1.0, float(table.sum()))
    shares = table.sum(axis=0) / chosen_
    moved = (table - table.sum(axis=1, keepdims=True) * shares) * len(table) / chosen_
    reached = _reached(shares, moved, np.sqrt(places / (places - 1)), 1.0, draws, seed)
    return _tested(table, cramers_v, shares, reached, draws, seed)


def cramers_v(totals: npt.ArrayLike) -> Floats:
    """Give Cramer's V of counts [..., places] against equal shares; 0 where nothing was chosen."""
    counts = np.asarray(totals, np.float64)
    n, k = counts.sum(axis=-1), counts.shape[-1]
    expected = np.where(n > 0, n, 1.0)[..., None] / k
    chi = ((counts - n[..., None] / k) ** 2 / expected).sum(axis=-1)
    return np.asarray(np.sqrt(chi / (np.where(n > 0, n, 1.0) * (k - 1))))


def _tested(
    table: Floats, statistic: Callable[[Floats], Floats], shares: Floats, reached: tuple[Interval, float], draws: int, seed: int
) -> PositionBias:
    """Test a statistic of column totals by rotating items at random; `reached` is its interval and what the error adds to its square."""
    items, places = table.shape
    rng = np.random.default_rng(seed)
    null = np.empty(draws)
    for start in range(0, draws, 200):
        shift = rng.integers(0, places, (min(200, draws - start), items, 1))
        turned = np.take_along_axis(np.broadcast_to(table, (len(shift), items, places)), (np.arange(places) + shift) % places, axis=2)
        null[start : start + len(shift)] = statistic(turned.sum(axis=1))
    value, (interval, added) = float(statistic(table.sum(axis=0))), reached
    bounds = replace(interval, low=min(interval.low, value), high=max(interval.high, value))
    p_value = (int((null >= value - 1e-12).sum()) + 1) / (draws + 1)
    return PositionBias(value=value, interval=bounds, corrected=float(np.sqrt(max(0.0, value**2 - added))), by_chance=float(null.mean()),
                        p_value=p_value, by_place=tuple(shares.tolist()), items=items)  # fmt: skip


def _reached(shares: Floats, moved: Floats, scale: float, most: float, draws: int, seed: int) -> tuple[Interval, float]:
    """Bound `scale` times the length of the shares' deviation from their mean; also give what chance adds to the square of it.

    `moved` [items, places] is what each item adds to the shares. The lower end is the least length of which one as great as found has a
    chance of 2.5 %, the upper the greatest of which one as small has. Where less than chance shows is found, the upper end is what would
    be for the median of chance (Cowan et al. 2011, power-constrained limits): few items never show that there is nothing.
    """
    deviation = scale * (shares - shares.mean())
    noise = scale * _noise(moved, draws, seed)
    found, tail = float(np.linalg.norm(deviation)), (1.0 - LEVEL) / 2.0
    by_chance = np.linalg.norm(noise, axis=-1)
    seen = max(found, float(np.median(by_chance)))
    direction = deviation / found if found > 1e-12 else noise[0] / max(1e-12, by_chance[0])

    def length(true: float) -> Floats:
        return np.asarray(np.linalg.norm(true * direction + noise, axis=-1))

    low = _least(lambda true: float((length(true) >= found - 1e-12).mean()) >= tail, found)
    high = _least(lambda true: float((length(true) <= seen).mean()) < tail, most)
    return Interval(low, high, LEVEL, "inverted test, normal errors by item"), float((by_chance**2).mean())


def _noise(moved: Floats, draws: int, seed: int) -> Floats:
    """Draw errors of the shares [draws, places], with the variance of items and of one more item, which has a place of its own.

    Without that one, items that are all alike would show no error at all.
    """
    items, places = moved.shape
    centred = moved - moved.mean(axis=1, keepdims=True)
    own = np.eye(places) - 1.0 / places
    variance = (centred.T @ centred * items / (items - 1) + own.T @ own / places) / (items + 1)
    values, vectors = np.linalg.eigh(variance)
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal((draws, places)) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    return np.asarray(normal * np.sqrt((items - 1) / rng.chisquare(items - 1, (draws, 1)) / items))


def _least(holds: Callable[[float], bool], most: float) -> float:
    """Find by halving where between 0 and `most` a condition begins to hold; 0 where it always does, `most` where it never does."""
    low, high = 0.0, most
    if holds(0.0):
        return 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _checked(table: npt.ArrayLike) -> Floats:
    found = np.asarray(table, np.float64)
    if found.ndim != 2 or len(found) < 2 or found.shape[1] < 2:
        raise StatisticsError(f"{found.shape} items and places show no position bias", hint="ask at least two items with two options")
    return found
