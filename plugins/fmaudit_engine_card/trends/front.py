"""The cost-quality front of models of which one cost and one score each are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fmaudit import StatisticsError

__all__ = ["Placed", "beats", "front"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A model, its cost and score, and the models that are at least as cheap and at least as good, one of them strictly."""

    name: str
    cost: float
    score: float
    beaten_by: tuple[str, ...]

    @property
    def on_front(self) -> bool:
        """Whether no other model is at least as cheap and at least as good."""
        return not self.beaten_by


def beats(other: tuple[float, float], own: tuple[float, float]) -> bool:
    """Tell whether a (cost, score) is at least as cheap and at least as good as another, and not the same."""
    return other[0] <= own[0] and other[1] >= own[1] and other != own


def front(names: Sequence[str], costs: Sequence[float], scores: Sequence[float]) -> tuple[Placed, ...]:
    """Place models by cost and score (higher is better), the cheapest first; by these numbers alone, whatever their uncertainty.

    Raises StatisticsError for fewer than two models, a name that comes twice, or a cost or score that is no finite number.
    """
    wrong = next((name for name, *pair in zip(names, costs, scores, strict=True) if not all(map(math.isfinite, pair))), None)
    if wrong is not None:
        raise StatisticsError(f"cost or score of {wrong} is no finite number", hint="leave out models that were not measured")
    if len(names) < 2 or len(set(names)) < len(names):
        raise StatisticsError(
            f"a front takes two or more models, each once, not {', '.join(names)}", hint="give one row for each model, with its mean score"
        )
    points = sorted(zip(names, costs, scores, strict=True), key=lambda point: (point[1], -point[2], point[0]))
    return tuple(
        Placed(
            name=name, cost=cost, score=score,
            beaten_by=tuple(other for other, c, s in points if beats((c, s), (cost, score))),
        )
        for name, cost, score in points
    )  # fmt: skip
