"""What a rule set would remove if one of its thresholds stood elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fmaudit import Exhibit, Metric
from fmaudit_corpus_quality.measures.cube import Cube
from fmaudit_corpus_quality.measures.decisions import slug
from fmaudit_corpus_quality.measures.scene import Floats, Ints, Scene, codes, integers, sums_by_unit
from fmaudit_corpus_quality.rules import Rule, RuleSet, double

__all__ = ["CHANGES", "what_if"]

CHANGES = (-0.2, -0.1, 0.1, 0.2)


@dataclass(frozen=True, slots=True)
class Move:
    """One threshold moved, the others where they are."""

    index: int
    rule: Rule
    change: float

    @property
    def slice(self) -> dict[str, str]:
        """The part of the metric's slice that names the move."""
        return {"rule": self.rule.reason, "change": f"{self.change:+.0%}"}


def what_if(scene: Scene, cube: Cube) -> Iterator[Metric | Exhibit]:
    """Yield the share the rule set removes for every threshold moved by 10 and 20 %, the others left where they are."""
    moves = list(_moves(cube.rule_set))
    if not moves or not scene.documents:
        return
    units, newly = _removed_after(scene, cube.rule_set, moves)
    anyway = cube.sums([np.not_equal(cube.mask & ~(1 << move.index), 0) for move in moves])
    anyway[units] += newly
    slices = [{"ruleset": cube.rule_set.name, **move.slice} for move in moves]
    counts = [cube.documents] * len(moves)
    found = list(scene.shares("removed_if", anyway, cube.sums([cube.n >= 0]), slices, observations=counts))
    yield from found
    yield from _lines(cube, moves, found)


def _removed_after(scene: Scene, rule_set: RuleSet, moves: list[Move]) -> tuple[Ints, Floats]:
    """Count the documents that only a moved rule removes, by unit: others do not change their fate."""
    values = ", ".join(f"{test.value()} AS r{i}" for i, test in enumerate(rule_set.tests) if isinstance(test, Rule))
    counted = ", ".join(
        f"count(*) FILTER (mask & {~(1 << move.index)} = 0 AND "
        f"r{move.index} {move.rule.comparison} {double(move.rule.threshold or 0.0)}) AS m{i}"
        for i, move in enumerate(moves)
    )
    table = scene.seen.sql(
        f"SELECT unit, {counted} FROM (SELECT {scene.unit} AS unit, {rule_set.mask()} AS mask, {values} FROM documents "
        "WHERE quality.words IS NOT NULL) GROUP BY unit"
    )
    units, names = codes(table["unit"])
    return units, sums_by_unit(np.arange(len(names)), len(names), [integers(table, f"m{i}") for i in range(len(moves))])


def _moves(rule_set: RuleSet) -> Iterator[Move]:
    for index, test in enumerate(rule_set.tests):
        if isinstance(test, Rule):
            for change in CHANGES:
                threshold = test.moved(change)
                if threshold is not None:
                    yield Move(index, test.at(threshold), change)


def _lines(cube: Cube, moves: list[Move], found: list[Metric]) -> Iterator[Exhibit]:
    import pyarrow as pa

    rule_set, removed = cube.rule_set, int(cube.n[~cube.kept()].sum()) / cube.documents
    rows: list[dict[str, Any]] = []
    for move, metric in zip(moves, found, strict=True):
        if metric.value is None:  # too few documents for a rate
            return
        rows.append({"rule": move.rule.reason, "threshold": move.rule.threshold, "change": move.change, "removed": metric.value})
    for rule in rule_set.rules:
        if rule.reason in {move.rule.reason for move in moves}:
            rows.append({"rule": rule.reason, "threshold": rule.threshold, "change": 0.0, "removed": removed})
    spread = {rule.reason: np.ptp([row["removed"] for row in rows if row["rule"] == rule.reason] or [0.0]) for rule in rule_set.rules}
    felt = sorted((reason for reason, width in spread.items() if width > 0), key=lambda reason: (-spread[reason], reason))[:8]
    rows = sorted((row for row in rows if row["rule"] in felt), key=lambda row: (felt.index(row["rule"]), row["change"]))
    if rows:
        yield Exhibit(
            name=f"what-if-{slug(rule_set.name)}",
            title=f"What {rule_set.name} would remove if a threshold were moved",
            data=pa.Table.from_pylist(rows),
            kind="line",
            encoding={"x": "change", "y": "removed", "color": "rule"},
            caption="One threshold at a time, by a share of itself; thresholds that change nothing are left out.",
            unit="fraction",
        )
