"""What rule sets do to the documents of every source, as rows to compare two runs by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fmaudit_corpus_quality.measures.scene import Scene, integers
from fmaudit_corpus_quality.rules import RuleSet

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["rows_by_source"]

KEPT = "(kept)"  # stands where a rule's name would


def rows_by_source(scene: Scene, rule_sets: Sequence[RuleSet]) -> Mapping[str, pa.Table]:
    """Count the documents of every independent unit by the rule that removes them first, and those kept in every language.

    `removed` has amounts by rule set and rule, "(kept)" where none removes them; `kept` has the kept documents over all, by rule set
    and, where it is known, language.
    """
    import pyarrow as pa

    counted = scene.seen.sql(_query(scene, rule_sets))
    removed, kept = (counted.filter(mask) for mask in (counted["place"].is_valid(), counted["place"].is_null()))
    names = pa.array([rule_set.name for rule_set in rule_sets])
    rules = pa.array([reason for rule_set in rule_sets for reason in (KEPT, *rule_set.reasons)])
    begins = np.cumsum([0, *(1 + len(rule_set.reasons) for rule_set in rule_sets)])[:-1]
    rule = rules.take(begins[integers(removed, "ruleset")] + integers(removed, "place"))
    language = {"language": kept["language"]} if scene.language else {}
    unit, sums = {"item": kept["item"], "cluster": kept["item"]}, {"value": kept["n"], "weight": kept["seen"]}
    return {
        "removed": pa.table({"item": removed["item"], "amount": removed["n"], "ruleset": names.take(removed["ruleset"]), "rule": rule}),
        "kept": pa.table({**unit, **sums, "ruleset": names.take(kept["ruleset"]), **language}),
    }


def _query(scene: Scene, rule_sets: Sequence[RuleSet]) -> str:
    """SQL: the documents are read once, and counted by what all rule sets say together; the counts of each are sums of these.

    Numbers stand for rules and rule sets: DuckDB groups by them faster than by names.
    """
    places = ", ".join(f"{rule_set.first_place()} AS place{i}" for i, rule_set in enumerate(rule_sets))
    language = scene.language or "CAST(NULL AS VARCHAR)"
    together = (
        f"SELECT {scene.unit} AS unit, {language} AS language, {places}, count(*) AS n FROM documents WHERE quality.words IS NOT NULL"
    )
    removed = (
        "SELECT unit, NULL AS language, {i} AS ruleset, place{i} AS place, sum(n) AS n, NULL AS seen FROM together GROUP BY unit, place{i}"
    )
    kept = (
        "SELECT unit, language, {i} AS ruleset, NULL AS place, coalesce(sum(n) FILTER (place{i} = 0), 0) AS n, sum(n) AS seen "
        "FROM together GROUP BY unit, language"
    )
    parts = [part.format(i=i) for i in range(len(rule_sets)) for part in (removed, kept)]
    return (
        f"WITH together AS MATERIALIZED ({together} GROUP BY ALL), counted AS ({' UNION ALL '.join(parts)}) "
        "SELECT CAST(unit AS VARCHAR) AS item, language, ruleset, place, CAST(n AS DOUBLE) AS n, CAST(seen AS DOUBLE) AS seen FROM counted"
    )
