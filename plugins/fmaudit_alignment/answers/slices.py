"""Rates by type, stratum and language: each beside what the other groups show, with a q-value for the family."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from fmaudit import Metric, results, stats

__all__ = ["AgainstRest", "against_rest", "fisher", "sliced_rates"]

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class AgainstRest:
    """A group's share minus that of all others, with Fisher's exact p-value and the q-value of the family."""

    difference: float
    p_value: float
    q_value: float


def against_rest(groups: Mapping[str, tuple[int, int]]) -> dict[str, AgainstRest]:
    """Compare each group's (hits, n) with all other groups together; fewer than two groups give nothing.

    Fisher's exact test, Benjamini-Hochberg over the groups.
    """
    able = {name: pair for name, pair in groups.items() if pair[1]}
    hits, total = sum(pair[0] for pair in able.values()), sum(pair[1] for pair in able.values())
    if len(able) < 2:
        return {}
    p_values = [fisher(k, n, hits - k, total - n) for k, n in able.values()]
    q_values = stats.benjamini_hochberg(p_values)
    differences = [k / n - (hits - k) / (total - n) for k, n in able.values()]
    return {name: AgainstRest(*found) for name, found in zip(able, zip(differences, p_values, q_values, strict=True), strict=True)}


@cache
def fisher(k: int, n: int, other_k: int, other_n: int) -> float:
    """Two-sided exact p-value that k of n and other_k of other_n come from one share (Fisher)."""
    from scipy.stats import fisher_exact

    return min(1.0, float(fisher_exact(np.array([[k, n - k], [other_k, other_n - other_k]]))[1]))


def sliced_rates(
    name: str, rows: Rows, hit: Callable[[Mapping[str, Any]], bool], column: str, key: str, minimum: int, *, note: str = ""
) -> Iterator[Metric]:
    """Yield the rate in every group of a column, the slice named `key`; nothing where there is one group only.

    Strata are given even where there is one, since they must not be mixed. The note says how a group differs from the others.
    """
    groups = results.groups(rows, column)
    if len(groups) < (1 if key == "stratum" else 2):
        return
    single = len({row["item"] for row in rows}) == len(rows)  # samples of one item are not independent: no test over them
    compared = against_rest({value: (sum(map(hit, part)), len(part)) for value, part in groups.items() if single and len(part) >= minimum})
    for value, part in groups.items():
        metric = results.rate(name, [hit(row) for row in part], [row["item"] for row in part], minimum=minimum, slice_={key: value})
        rest = compared.get(value)
        said = f"{results.points(rest.difference)} from the others, {results.chance_words('q', rest.q_value)}" if rest else ""
        yield replace(metric, note="; ".join(filter(None, (note, metric.note, said))))
