"""All rule sets over the same documents at once: what everyone keeps, who agrees with whom, and what is kept of a host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fmaudit import Exhibit, Metric, stats
from fmaudit_corpus_quality.measures.scene import Ints, Scene, codes, integers, sums_by_unit
from fmaudit_corpus_quality.rules import RuleSet

__all__ = ["Together", "agreement", "judge_together", "kept_of_hosts"]


@dataclass(frozen=True, eq=False)
class Together:
    """Counted documents: row i stands for `n[i]` documents of one unit and host, kept by the rule sets whose bits are in `kept[i]`.

    `host` numbers `hosts`; the documents of all others have the number behind the last.
    """

    rule_sets: tuple[RuleSet, ...]
    hosts: tuple[str, ...]
    units: Ints
    unit_count: int
    host: Ints
    kept: Ints
    n: Ints


def judge_together(scene: Scene, rule_sets: Sequence[RuleSet], hosts: Sequence[str]) -> Together:
    """Replay all rule sets in one pass; `hosts` are those told apart."""
    flags = " | ".join(f"(CAST({rule_set.keep()} AS INTEGER) << {i})" for i, rule_set in enumerate(rule_sets)) or "0"
    table = scene.seen.sql(
        f"SELECT {scene.unit} AS unit, top.host AS host, {flags} AS kept, count(*) AS n FROM documents "
        "LEFT JOIN (SELECT unnest(CAST(? AS VARCHAR[])) AS host) AS top ON documents.host = top.host "
        "WHERE quality.words IS NOT NULL GROUP BY 1, 2, 3",
        [list(hosts)],
    )
    units, names = codes(table["unit"])
    number = {host: i for i, host in enumerate(hosts)}
    host = np.array([number.get(name or "", len(hosts)) for name in table["host"].to_pylist()], dtype=np.int64)
    return Together(tuple(rule_sets), tuple(hosts), units, len(names), host, integers(table, "kept"), integers(table, "n"))


def agreement(scene: Scene, judged: Together) -> Iterator[Metric | Exhibit]:
    """Yield the share of documents that every rule set keeps, and for each pair the share they judge alike."""
    rule_sets, kept, n = judged.rule_sets, judged.kept, judged.n
    if len(rule_sets) < 2:
        return
    pairs = [(i, j) for i in range(len(rule_sets)) for j in range(i)]
    alike = [np.equal((kept >> i) & 1, (kept >> j) & 1) for i, j in pairs]
    totals = sums_by_unit(judged.units, judged.unit_count, [n])
    documents = [int(n.sum())]
    by_all = sums_by_unit(judged.units, judged.unit_count, [n * np.equal(kept, (1 << len(rule_sets)) - 1)])
    yield from scene.shares("kept_by_all", by_all, totals, [{}], observations=documents)
    slices = [{"ruleset": rule_sets[i].name, "other": rule_sets[j].name} for i, j in pairs]
    hits = sums_by_unit(judged.units, judged.unit_count, [n * same for same in alike])
    found = list(scene.shares("agreement", hits, totals, slices, observations=documents * len(pairs)))
    yield from found
    yield from _matrix(found)


def _matrix(found: Sequence[Metric]) -> Iterator[Exhibit]:
    import pyarrow as pa

    rows = [{"rule set": m.slice["ruleset"], "other": m.slice["other"], "judged alike": m.value} for m in found if m.value is not None]
    if rows:
        yield Exhibit(
            name="agreement",
            title="Documents that two rule sets judge alike",
            data=pa.Table.from_pylist(rows),
            kind="heatmap",
            encoding={"x": "other", "y": "rule set", "color": "judged alike"},
            unit="fraction",
        )


def kept_of_hosts(scene: Scene, judged: Together) -> Iterator[Metric]:
    """Yield what each rule set keeps of each host; the host's documents are the units."""
    documents = np.bincount(judged.host, weights=judged.n, minlength=len(judged.hosts) + 1)
    for i, rule_set in enumerate(judged.rule_sets):
        kept = np.bincount(judged.host, weights=judged.n * ((judged.kept >> i) & 1), minlength=len(judged.hosts) + 1)
        for host, hits, total in zip(judged.hosts, kept.astype(int).tolist(), documents.astype(int).tolist(), strict=False):
            slice_ = {"ruleset": rule_set.name, "host": host}
            if total < scene.minimum:
                yield scene.too_few("kept", "fraction", slice_, total)
                continue
            interval = stats.proportion(hits, total)
            yield Metric(
                name="kept",
                value=hits / total,
                unit="fraction",
                n=total,
                interval=interval,
                method=f"{interval.method} by document",
                slice=slice_,
            )
