"""Slices against the rest: a permutation test over items, with the q-values of a family of slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fmaudit import stats

if TYPE_CHECKING:
    Items = Mapping[str, tuple[float, float]]  # item -> sum of its values, and how many they are

__all__ = ["AgainstRest", "against_rest"]

DRAWS = 4000
BLOCK = 2_000_000  # shuffled items held together


@dataclass(frozen=True, slots=True)
class AgainstRest:
    """A slice's mean minus that of all other items, with its p-value and the q-value of the family."""

    difference: float
    p_value: float
    q_value: float


def against_rest(families: Mapping[str, Mapping[str, Items]], *, draws: int = DRAWS, seed: int = 0) -> dict[tuple[str, str], AgainstRest]:
    """Compare every slice of every family (type, language ...) with the other slices of its family: {(family, slice): what was found}.

    Items change places between a slice and the rest, whole, so answers to one item stay together (Fisher 1935); by chance, whatever the
    values and however few. The q-values are Benjamini and Hochberg's over all slices of all families. A family of one slice has no rest.
    """
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for family, slices in families.items():
        for name, own in slices.items():
            rest = [pair for other, items in slices.items() if other != name for pair in items.values()]
            if own and rest:
                found[family, name] = _permuted(np.array([*own.values(), *rest], np.float64), len(own), draws, seed)
    q_values = stats.benjamini_hochberg([p for _, p in found.values()])
    return {key: AgainstRest(difference, p, q) for (key, (difference, p)), q in zip(found.items(), q_values, strict=True)}


def _permuted(table: npt.NDArray[np.float64], first: int, draws: int, seed: int) -> tuple[float, float]:
    """Give the difference of the first items' mean from the others', and the share of shuffles with one at least as large."""
    whole = table.sum(axis=0)

    def differences(chosen: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        rest = whole - chosen
        return np.asarray(chosen[..., 0] / chosen[..., 1] - rest[..., 0] / rest[..., 1])

    seen = float(differences(table[:first].sum(axis=0)))
    rng, larger = np.random.default_rng(seed), 0
    for start in range(0, draws, step := max(1, BLOCK // len(table))):
        places = rng.random((min(step, draws - start), len(table))).argpartition(first - 1, axis=1)[:, :first]
        larger += int((np.abs(differences(table[places].sum(axis=1))) >= abs(seen) - 1e-12).sum())
    return seen, (larger + 1) / (draws + 1)
