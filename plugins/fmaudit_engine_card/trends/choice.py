"""Which model is big enough: the cost-quality front, and the cheapest model that is not worse by more than a margin."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fmaudit import Interval, StatisticsError, stats
from fmaudit_engine_card.trends.front import beats

__all__ = ["Candidate", "RightSizing", "Standing", "right_size"]

Floats = NDArray[np.float64]
Gaps = dict[tuple[str, str], tuple[float, Interval, float]]
SURE = 0.05  # the false-discovery rate among models called dominated


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model with what it costs (any one unit, the same for all) and its score on every item, in the same order for all."""

    name: str
    cost: float
    scores: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one model stands: quality with its interval, the paired difference from the best, and what dominates it.

    `on_front` is that no other is at least as cheap and at least as good, one of them strictly (by the estimates). `dominated_by` are
    models at least as cheap whose paired difference is above 0 after correction for all pairs compared (Benjamini-Hochberg,
    q <= 0.05): with these the model is a mistake, not a matter of luck. `not_worse` is that the difference from every other model
    lies above minus the margin with its whole interval.
    """

    name: str
    cost: float
    quality: float
    interval: Interval
    difference: float
    difference_interval: Interval
    on_front: bool
    dominated_by: tuple[str, ...]
    not_worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RightSizing:
    """The choice, all standings by cost, and how sure the choice is.

    `chosen` is the cheapest model shown to be within the margin of every other; where none is, the best one seen, and `shown` is False.
    """

    chosen: str
    shown: bool
    best: str
    margin: float
    standings: tuple[Standing, ...]
    n: int
    note: str

    @property
    def front(self) -> tuple[str, ...]:
        """The names on the cost-quality front, cheapest first."""
        return tuple(standing.name for standing in self.standings if standing.on_front)


def right_size(candidates: Sequence[Candidate], *, margin: float, level: float = 0.95, draws: int = 2000, seed: int = 0) -> RightSizing:
    """Choose the cheapest model whose quality is not worse than any other's by more than `margin`, on the same items.

    Quality is the mean score; differences are paired (McNemar's, with the interval of Bonett and Price, for scores of 0 and 1; BCa
    bootstrap otherwise). A model is acceptable where the lower end of its difference from *every* other model lies above -margin, at
    Bonferroni's level for the models judged: the truly best one need not be the best one seen (Hsu 1996, multiple comparisons with
    the best). So a model worse than the best by more than the margin is chosen with a probability of (1 - level) / 2 at most.
    Raises StatisticsError for scores of other items, repeated names, or fewer than two models.
    """
    _check(candidates, margin)
    ordered = sorted((_Judged.of(c) for c in candidates), key=lambda c: (c.cost, -c.mean))
    best = max(ordered, key=lambda c: c.mean)  # the cheaper one of equals
    each = 1.0 - (1.0 - level) / (len(candidates) - 1)
    gaps = _all_pairs(ordered, each, draws, seed)
    worse = _dominated(ordered, gaps)
    standings = []
    for candidate in ordered:
        gap, interval, _ = gaps.get((candidate.name, best.name), (0.0, Interval(0.0, 0.0, each, "itself"), 1.0))
        within = all(gaps[candidate.name, o.name][1].low > -margin for o in ordered if o is not candidate)
        standings.append(
            Standing(
                name=candidate.name, cost=candidate.cost, quality=candidate.mean, interval=_own(candidate, level), difference=gap,
                difference_interval=interval, on_front=_on_front(candidate, ordered), dominated_by=worse[candidate.name], not_worse=within,
            )
        )  # fmt: skip
    chosen = next((standing.name for standing in standings if standing.not_worse), None)
    return RightSizing(
        chosen=chosen or best.name, shown=chosen is not None, best=best.name, margin=margin, standings=tuple(standings),
        n=len(best.scores), note=_note(standings, chosen, margin),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Judged:
    """A candidate with its scores as numbers, their mean, and whether all are 0 or 1."""

    name: str
    cost: float
    scores: Floats
    mean: float
    binary: bool

    @classmethod
    def of(cls, candidate: Candidate) -> _Judged:
        scores = np.asarray(candidate.scores, dtype=np.float64)
        return cls(
            candidate.name, candidate.cost, scores, math.fsum(scores.tolist()) / len(scores), bool(np.isin(scores, (0.0, 1.0)).all())
        )


def _on_front(candidate: _Judged, others: Sequence[_Judged]) -> bool:
    return not any(beats((other.cost, other.mean), (candidate.cost, candidate.mean)) for other in others)


def _note(standings: Sequence[Standing], chosen: str | None, margin: float) -> str:
    """Say which cheaper models could not be told from acceptable ones, and that the choice is not shown where it is not."""
    undecided = []
    for standing in standings:
        if standing.name == chosen:
            break
        if standing.difference_interval.high > -margin:
            undecided.append(standing.name)
    if chosen is None:
        return f"no model is shown to be within {margin:g} of all others: with more items it may be {', '.join(undecided)}"
    return f"undecided, more items may admit: {', '.join(undecided)}" if undecided else ""


def _dominated(candidates: Sequence[_Judged], gaps: Gaps) -> dict[str, tuple[str, ...]]:
    """Return for each model those at least as cheap that are surely better."""
    pairs = [(c.name, o.name) for c in candidates for o in candidates if o is not c and o.cost <= c.cost and o.mean > c.mean]
    q_values = stats.benjamini_hochberg([gaps[pair][2] for pair in pairs])
    sure = [pair for pair, q in zip(pairs, q_values, strict=True) if q <= SURE]
    return {c.name: tuple(other for name, other in sure if name == c.name) for c in candidates}


def _all_pairs(candidates: Sequence[_Judged], level: float, draws: int, seed: int) -> Gaps:
    """Return the paired difference, its interval and p-value of every ordered pair; the second half mirrors the first."""
    gaps: Gaps = {}
    for first, second in itertools.combinations(candidates, 2):
        gap, interval, p = _paired(first, second, level, draws, seed)
        gaps[first.name, second.name] = gap, interval, p
        gaps[second.name, first.name] = -gap, Interval(-interval.high, -interval.low, level, interval.method), p
    return gaps


def _paired(first: _Judged, second: _Judged, level: float, draws: int, seed: int) -> tuple[float, Interval, float]:
    """Return first minus second on the same items: the difference, its interval and two-sided p-value."""
    if first.binary and second.binary:
        test = stats.compare_paired(first.scores, second.scores, level=level)
        return test.difference, test.interval, test.p_value
    differences = first.scores - second.scores
    constant = float(differences[0])
    if (differences == constant).all():
        return constant, Interval(constant, constant, level, "constant difference"), 0.0 if constant else 1.0
    estimate = stats.bootstrap_paired(first.scores, second.scores, draws=draws, seed=seed, level=level)
    return estimate.value, estimate.interval, stats.sign_flip(differences, seed=seed).p_value


def _own(candidate: _Judged, level: float) -> Interval:
    n = len(candidate.scores)
    if candidate.binary:
        return stats.proportion(math.fsum(candidate.scores.tolist()), n, level)
    return stats.mean(candidate.scores, level=level).interval


def _check(candidates: Sequence[Candidate], margin: float) -> None:
    lengths = {len(candidate.scores) for candidate in candidates}
    if len(candidates) < 2 or len(lengths) != 1 or min(lengths) < 2:
        raise StatisticsError(
            f"models are compared on the same two or more items, not on {sorted(lengths)}", hint="score all models on one set"
        )
    if len({candidate.name for candidate in candidates}) != len(candidates):
        raise StatisticsError("two models have the same name")
    unpriced = [candidate.name for candidate in candidates if not math.isfinite(candidate.cost)]
    if unpriced:
        raise StatisticsError(f"the cost of {', '.join(unpriced)} is no finite number", hint="leave out models whose cost is not known")
    if not margin >= 0.0:
        raise StatisticsError(f"a margin is not {margin}", hint="0.02 tolerates two points of quality")
