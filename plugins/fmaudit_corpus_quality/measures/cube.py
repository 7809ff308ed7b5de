"""The decisions of a rule set over a whole corpus, counted once: by independent unit, language and broken rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fmaudit_corpus_quality.measures.scene import Floats, Ints, Scene, codes, integers, sums_by_unit
from fmaudit_corpus_quality.rules import RuleSet

__all__ = ["Cube", "count_decisions"]

Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Cube:
    """Counted documents: row i stands for `n[i]` documents of one unit and language that break the rules in `mask[i]`.

    `characters` are those of the documents, `cleaned` those that the rule set would leave of them (the same where it
    does not rewrite).
    """

    rule_set: RuleSet
    units: Ints
    unit_count: int
    language: Ints
    languages: tuple[str, ...]
    mask: Ints
    n: Ints
    characters: Ints
    cleaned: Ints

    @property
    def documents(self) -> int:
        """How many documents were judged."""
        return int(self.n.sum())

    def only_language(self, index: int) -> Cube:
        """The part of one language, with its units numbered anew."""
        rows = self.language == index
        present, units = np.unique(self.units[rows], return_inverse=True)
        parts = (self.language[rows], self.languages, self.mask[rows], self.n[rows], self.characters[rows], self.cleaned[rows])
        return Cube(self.rule_set, units, len(present), *parts)

    def kept(self) -> Rows:
        """Rows of kept documents."""
        return np.asarray(np.equal(self.mask, 0), dtype=np.bool_)

    def violates(self, i: int) -> Rows:
        """Rows of documents that break rule i."""
        return np.asarray((self.mask >> i) & 1, dtype=np.bool_)

    def first(self, i: int) -> Rows:
        """Rows of documents whose first broken rule is i."""
        return np.asarray(np.equal((self.mask & -self.mask), 1 << i), dtype=np.bool_)

    def only(self, i: int) -> Rows:
        """Rows of documents that break rule i and no other."""
        return np.asarray(np.equal(self.mask, 1 << i), dtype=np.bool_)

    def sums(self, rows: Sequence[Rows], weights: Ints | None = None) -> Floats:
        """Documents (or other weights) of each selection of rows, by unit."""
        amount = self.n if weights is None else weights
        return sums_by_unit(self.units, self.unit_count, [amount * selected for selected in rows])

    def by_mask(self) -> dict[int, int]:
        """How many documents broke exactly which rules."""
        masks, inverse = np.unique(self.mask, return_inverse=True)
        counts = np.bincount(inverse, weights=self.n, minlength=len(masks))
        return {int(mask): int(count) for mask, count in zip(masks, counts, strict=True)}


def count_decisions(scene: Scene, rule_set: RuleSet) -> Cube:
    """Replay a rule set over the stored counts in one pass."""
    language = scene.language or "''"
    cleaned = f"quality.{rule_set.cleaned.split('.')[1].removesuffix('_sha256')}_characters" if rule_set.cleaned else "characters"
    table = scene.seen.sql(
        f"SELECT {scene.unit} AS unit, {language} AS language, {rule_set.mask()} AS mask, count(*) AS n, "
        f"CAST(sum(characters) AS BIGINT) AS characters, CAST(sum(least({cleaned}, characters)) AS BIGINT) AS cleaned "
        "FROM documents WHERE quality.words IS NOT NULL GROUP BY 1, 2, 3"
    )
    units, unit_names = codes(table["unit"])
    languages, language_names = codes(table["language"])
    columns = (integers(table, name) for name in ("mask", "n", "characters", "cleaned"))
    return Cube(rule_set, units, len(unit_names), languages, tuple(language_names) if scene.language else (), *columns)
