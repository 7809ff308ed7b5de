"""Slices of one column, each against all others together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fmaudit.stats.multiplicity import benjamini_hochberg

__all__ = ["AgainstRest", "items_against_rest"]

BLOCK = 500_000  # shuffled items held together


@dataclass(frozen=True, slots=True)
class AgainstRest:
    """A slice's mean minus that of all others, in the unit of the values, with its p-value and the q-value of all slices."""

    difference: float
    p_value: float
    q_value: float


def items_against_rest(
    slices: Mapping[str, Mapping[str, tuple[float, float]]], *, draws: int = 4000, seed: int = 0
) -> dict[str, AgainstRest]:
    """Compare every slice of a column with all others together: slice -> item -> (sum of its values, how many they are).

    Permutation test (Fisher 1935): items are dealt out to the slices at random, each with all its values, so answers to one item stay
    together; every deal serves all slices, and p = (deals at least as far apart + 1) / (draws + 1), two-sided. q-values by Benjamini and
    Hochberg over the slices. An item is to be in one slice only. Slices without a value are left out; of one alone nothing is said.
    """
    able = {name: kept for name, items in slices.items() if (kept := [pair for pair in items.values() if pair[1] > 0])}
    if len(able) < 2:
        return {}
    table = np.array([pair for items in able.values() for pair in items], dtype=np.float64)
    starts = np.cumsum([0, *(len(items) for items in able.values())])[:-1]
    seen, beyond, rng = _apart(table, starts), np.zeros(len(able)), np.random.default_rng(seed)
    for first in range(0, draws, step := max(1, BLOCK // len(table))):
        places = np.tile(np.arange(len(table)), (min(step, draws - first), 1))
        apart = _apart(table[rng.permuted(places, axis=1, out=places)], starts)
        beyond += (np.abs(apart) >= np.abs(seen) - 1e-9).sum(axis=0)
    p_values = [float(p) for p in (beyond + 1) / (draws + 1)]
    found = zip(map(float, seen), p_values, benjamini_hochberg(p_values), strict=True)
    return {name: AgainstRest(*one) for name, one in zip(able, found, strict=True)}


def _apart(table: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give every slice's mean less that of all others, from (sum, number) of items in the order of their slices."""
    own = np.add.reduceat(table, starts, axis=-2)
    rest = own.sum(axis=-2, keepdims=True) - own
    return np.asarray(own[..., 0] / own[..., 1] - rest[..., 0] / rest[..., 1])
