"""Disagreement of people who judged the same things: two camps instead of one middle, and raters or groups who judge otherwise.

A mean hides both. `camps` tests whether ratings on an ordered scale have one peak; `rater_effects` tests whether some raters (or
groups of raters) rate higher than others do on the same items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fmaudit import Finding, Metric, Severity, StatisticsError, results, stats

__all__ = ["Camps", "Effects", "Rating", "camps", "measure_disagreement", "rater_effects"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rating:
    """One judgement: of which item, by whom, how (a place on an ordered scale from 0), and the rater's group where there is one."""

    item: str
    rater: str
    value: int
    group: str = ""


@dataclass(frozen=True, slots=True)
class Camps:
    """How ratings of one thing spread: entropy in bits, polarisation 0..1, and the p-value that they have a single peak."""

    entropy: float
    polarisation: float  # variance over that of two equal camps at both ends: 1/3 is about an even spread on a long scale
    p_value: float
    n: int


@dataclass(frozen=True, slots=True)
class Effects:
    """How much higher (above 0) or lower each rater or group judges than others on the same items, and the p-value that none does."""

    means: Mapping[str, float]
    p_value: float
    n: int


def camps(counts: Sequence[int], *, draws: int = 1000, seed: int = 0) -> Camps:
    """Test whether counts over an ordered scale have more than one peak.

    Likelihood ratio against the best distribution that rises and then falls (isotonic regression on both sides of every peak), its
    p-value by drawing from that one. Raises StatisticsError for fewer than three steps or no ratings.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 1 or len(table) < 3 or (table < 0).any() or not table.sum() > 0:
        raise StatisticsError(f"{list(counts)} are no counts over an ordered scale of three steps or more")
    n = int(table.sum())
    (fitted,), (ratio,) = _one_peak(table[None, :])
    sampled = np.random.default_rng(seed).multinomial(n, fitted, draws).astype(np.float64) if ratio > 1e-9 else np.empty((0, len(table)))
    hits = int((_one_peak(sampled)[1] >= ratio - 1e-9).sum()) if len(sampled) else 0
    place = np.arange(len(table)) / (len(table) - 1)
    mean = float(place @ table) / n
    spread = float((place - mean) ** 2 @ table) / n
    return Camps(float(stats.entropy(table)), spread / 0.25, (hits + 1) / (draws + 1) if len(sampled) else 1.0, n)


def rater_effects(ratings: Sequence[Rating], *, by_group: bool = False, draws: int = 1000, seed: int = 0) -> Effects:
    """Compare raters (or their groups) on the items that they share with others.

    An effect is the mean of rating less the item's mean; the test shuffles who gave which rating within every item. Ratings of a group's
    members are shuffled one by one, so with few raters a group effect may be that of one rater. Raises StatisticsError without two.
    """
    shared = _shared(ratings)
    names = sorted({_name(rating, by_group) for rating in shared})
    if len(names) < 2:
        raise StatisticsError("it takes items that two raters or groups judged", hint="give every rating its item and its rater")
    who = np.array([names.index(_name(rating, by_group)) for rating in shared])
    items, item = np.unique([rating.item for rating in shared], return_inverse=True)
    values = np.array([float(rating.value) for rating in shared])
    residual = values - (np.bincount(item, values, len(items)) / np.bincount(item, minlength=len(items)))[item]
    sizes = np.bincount(who, minlength=len(names)).astype(np.float64)
    means = np.bincount(who, residual, len(names)) / sizes
    rng = np.random.default_rng(seed)
    observed = float(sizes @ means**2)
    hits = sum(
        float(sizes @ (np.bincount(who, _shuffled(residual, item, rng), len(names)) / sizes) ** 2) >= observed - 1e-12 for _ in range(draws)
    )
    return Effects(dict(zip(names, means.tolist(), strict=True)), (hits + 1) / (draws + 1), len(shared))


def measure_disagreement(ratings: Sequence[Rating], steps: int, *, minimum: int = 10) -> results.Results:
    """Yield how many items split people into camps (q <= 0.05 over items), and the effects of raters and groups.

    `steps` is the length of the scale; items with fewer ratings than `minimum` are left out.
    """
    counts: dict[str, list[int]] = {}
    for rating in ratings:
        if not 0 <= rating.value < steps:
            raise StatisticsError(f"item {rating.item!r}: the rating {rating.value} is not on a scale of {steps} steps from 0")
        counts.setdefault(rating.item, [0] * steps)[rating.value] += 1
    able = {item: camps(table) for item, table in counts.items() if sum(table) >= minimum}
    q_values = stats.benjamini_hochberg([found.p_value for found in able.values()])
    split = [item for item, q in zip(able, q_values, strict=True) if q <= 0.05]
    note = f"two peaks, q <= 0.05 over {len(able)} items of {minimum} ratings or more"
    yield results.rate("split_items_rate", [item in split for item in able], minimum=1, note=note)
    if split:
        yield Finding(
            code="split-ratings", severity=Severity.NOTE, metric="split_items_rate",
            sentence=f"On {len(split)} of {len(able)} items people fall into camps (first: {', '.join(split[:3])}): "
            "their mean rating is one that few of them gave.",
            advice="Show the distribution, or the groups' own means, and do not train on the mean.",
        )  # fmt: skip
    for key, by_group in (("rater", False), ("group", True)):
        if len({_name(rating, by_group) for rating in _shared(ratings)} - {""}) > 1:
            yield from _effects(key, rater_effects(ratings, by_group=by_group))


def _effects(key: str, found: Effects) -> results.Results:
    widest = max(found.means.values()) - min(found.means.values())
    note = f"highest less lowest {key}'s mean on the same items, in steps of the scale; {results.chance_words('p', found.p_value)}"
    note = f"{note}; a range has no interval"
    yield Metric(name=f"{key}_spread", value=widest, unit="ratio", n=found.n, n_clusters=len(found.means), note=note)
    if found.p_value <= 0.05:
        high = max(found.means, key=lambda name: found.means[name])
        yield Finding(
            code=f"{key}-effect", severity=Severity.NOTE, metric=f"{key}_spread",
            sentence=f"Who judges matters: {key} {high!r} rates {results.number(found.means[high])} steps higher than others on the same "
            f"items ({results.chance_words('p', found.p_value)} that no {key} differs).",
        )  # fmt: skip


def _name(rating: Rating, by_group: bool) -> str:
    return rating.group if by_group else rating.rater


def _shared(ratings: Sequence[Rating]) -> list[Rating]:
    raters: dict[str, set[str]] = {}
    for rating in ratings:
        raters.setdefault(rating.item, set()).add(rating.rater)
    return [rating for rating in ratings if len(raters[rating.item]) > 1]


def _shuffled(values: Floats, item: NDArray[np.intp], rng: np.random.Generator) -> Floats:
    """Shuffle values within items."""
    order = np.lexsort((rng.random(len(values)), item))
    shuffled = np.empty_like(values)
    shuffled[np.argsort(item, kind="stable")] = values[order]
    return shuffled


def _one_peak(counts: Floats) -> tuple[Floats, Floats]:
    """The most likely shares that rise up to a step and fall after it, and the likelihood ratio against them: counts [tables, steps]."""
    n = counts.sum(axis=-1, keepdims=True)
    shapes = [
        np.concatenate([_rising(counts[:, : peak + 1]), _rising(counts[:, :peak:-1])[:, ::-1]], axis=-1) / n
        for peak in range(counts.shape[1])
    ]
    told = counts > 0
    ratios = [2.0 * np.where(told, counts * np.log(np.where(told, counts / np.where(told, n * shares, 1.0), 1.0)), 0.0).sum(axis=-1)
              for shares in shapes]  # fmt: skip
    best = np.argmin(ratios, axis=0)
    rows = np.arange(len(counts))
    return np.stack(shapes)[best, rows], np.stack(ratios)[best, rows]


def _rising(values: Floats) -> Floats:
    """Isotonic regression of every row with equal weights, by the min-max formula: values [rows, steps]."""
    rows, k = values.shape
    sums = np.concatenate([np.zeros((rows, 1)), np.cumsum(values, axis=-1)], axis=-1)
    fitted = np.empty_like(values)
    for place in range(k):
        begins, ends = np.arange(place + 1)[:, None], np.arange(place, k)[None, :]
        means = (sums[:, ends + 1] - sums[:, begins]) / (ends + 1 - begins)
        fitted[:, place] = means.min(axis=-1).max(axis=-1)
    return fitted
