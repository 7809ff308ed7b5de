"""Rates by type, stratum and language: each beside what the other groups show, with a q-value for the family."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from fmaudit import Metric, results, stats

__all__ = ["against_rest", "fisher", "sliced_rates"]

Rows = Sequence[Mapping[str, Any]]


def against_rest(groups: Mapping[str, tuple[int, int]]) -> dict[str, stats.AgainstRest]:
    """Compare each group's (hits, n) with all other groups together; fewer than two groups give nothing.

    Fisher's exact test, Benjamini-Hochberg over the groups; for several answers to an item there is `stats.items_against_rest`.
    """
    able = {name: pair for name, pair in groups.items() if pair[1]}
    hits, total = sum(pair[0] for pair in able.values()), sum(pair[1] for pair in able.values())
    if len(able) < 2:
        return {}
    p_values = [fisher(k, n, hits - k, total - n) for k, n in able.values()]
    q_values = stats.benjamini_hochberg(p_values)
    differences = [k / n - (hits - k) / (total - n) for k, n in able.values()]
    return {name: stats.AgainstRest(*found) for name, found in zip(able, zip(differences, p_values, q_values, strict=True), strict=True)}


@cache
def fisher(k: int, n: int, other_k: int, other_n: int) -> float:
    """Two-sided exact p-value that k of n and other_k of other_n come from one share (Fisher)."""
    from scipy.stats import fisher_exact

    return min(1.0, float(fisher_exact(np.array([[k, n - k], [other_k, other_n - other_k]]))[1]))


def sliced_rates(
    name: str,
    rows: Rows,
    hit: Callable[[Mapping[str, Any]], bool],
    column: str,
    key: str,
    minimum: int,
    *,
    note: str = "",
    paired: str = "",
) -> Iterator[Metric]:
    """Yield the rate in every group of a column, the slice named `key`; nothing where there is one group only.

    Strata are given even where there is one, since they must not be mixed. The note says how a group differs from the others; where
    groups share items (translations of the same prompts) it has no q-value, and names the metric that pairs them where there is one.
    """
    groups = results.groups(rows, column)
    if len(groups) < (1 if key == "stratum" else 2):
        return
    able = {value: part for value, part in groups.items() if len(part) >= minimum}
    shared = _share_items(able.values())
    compared = {} if shared else _compared(able, hit)
    why = "the same items are in other groups, so no q here" + (f": see {paired}, which pairs them" if paired else "") if shared else ""
    for value, part in groups.items():
        metric = results.rate(name, [hit(row) for row in part], [row["item"] for row in part], minimum=minimum, slice_={key: value})
        rest = compared.get(value)
        said = f"{results.points(rest.difference)} from the others, {results.chance_words('q', rest.q_value)}" if rest else why
        yield replace(metric, note="; ".join(filter(None, (note, metric.note, said))))


def _share_items(parts: Iterable[Rows]) -> bool:
    """Say whether an item is in more than one of the groups."""
    items = [item for part in parts for item in {row["item"] for row in part}]
    return len(set(items)) < len(items)


def _compared(groups: Mapping[str, Rows], hit: Callable[[Mapping[str, Any]], bool]) -> dict[str, stats.AgainstRest]:
    """Test every group against the others: answer by answer where each is of an item of its own, else item by item."""
    items = {
        value: {item: (sum(map(hit, some)), len(some)) for item, some in results.by_item(part).items()} for value, part in groups.items()
    }
    if all(n == 1 for part in items.values() for _, n in part.values()):
        return against_rest({value: (sum(map(hit, part)), len(part)) for value, part in groups.items()})
    return stats.items_against_rest(items)
