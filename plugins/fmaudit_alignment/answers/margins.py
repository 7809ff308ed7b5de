"""Differences of log-likelihoods, of which one may be infinite: an answer that a model holds impossible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite

from fmaudit import Metric, results

__all__ = ["mean_margin"]


def mean_margin(name: str, margins: Sequence[float], unit: str, minimum: int, slice_: Mapping[str, str], note: str = "") -> Metric:
    """Give the mean of the finite margins; the note says how many of the others are left out.

    A margin is infinite where one answer has probability 0, and no number where both have.
    """
    finite = [margin for margin in margins if isfinite(margin)]
    lost = len(margins) - len(finite)
    told = f"{lost} of {len(margins)} margins are not finite (an answer has probability 0) and are left out" if lost else ""
    words = "; ".join(filter(None, (note, told)))
    metric = results.average(name, finite, unit=unit, minimum=minimum, slice_=slice_, note=words)
    return metric if metric.value is not None or not told else replace(metric, note=f"{metric.note}; {told}")
