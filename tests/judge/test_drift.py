from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from compared_runs import CORPUS, crawled, world

from fmaudit.judge.drift import LEAST_P, Drift, drift_finding, finer, measure_drift
from fmaudit.judge.parts import MOST_PARTS, OTHERS, PartTable, pair_parts
from fmaudit.records import Severity
from fmaudit.stats import jensen_shannon

SHARES = [0.5, 0.2, 0.12, 0.08, 0.05, 0.03, 0.02]


def drift_of(before: np.ndarray, after: np.ndarray, *, same: bool = True, draws: int = 300) -> Drift:
    names = None if same else [f"g{i}" for i in range(len(after))]
    (parts,) = pair_parts(crawled(before).rows[CORPUS]["share"], crawled(after, names).rows[CORPUS]["share"])
    drift = measure_drift(*CORPUS, "share", parts, draws=draws)
    assert drift is not None
    return drift


def planted(seed: int, part: int = 5, factor: float = 3.0, hosts: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """The same hosts crawled twice; the second time one language has more pages."""
    rng = np.random.default_rng([seed, 1])
    size, mix = np.ceil(rng.lognormal(2.5, 1.0, hosts)), rng.dirichlet(np.array(SHARES) * 10, hosts)
    more = np.ones(len(SHARES))
    more[part] = factor
    return rng.poisson(size[:, None] * mix).astype(float), rng.poisson(size[:, None] * mix * more).astype(float)


def test_a_planted_shift_is_found_with_the_right_language_first():
    for seed in range(20):
        drift = drift_of(*planted(seed))
        assert drift.sure
        moved = drift.contributions[0]
        assert moved.part == "l5"
        assert moved.after > moved.before
        assert moved.interval.low > 0
        assert moved.weight > 0.5


@pytest.mark.parametrize("same", [True, False])
def test_crawls_of_one_world_seldom_shift(same: bool):
    rng = np.random.default_rng(20)
    alarms = 0
    for _ in range(100):
        if same:
            mix = rng.dirichlet(np.array(SHARES) * 3, 40)
            size = np.ceil(rng.lognormal(2.5, 1.0, 40))
            pair = [rng.poisson(size[:, None] * mix).astype(float) for _ in range(2)]
        else:
            pair = [world(rng, 40, SHARES) for _ in range(2)]
        alarms += drift_of(*pair, same=same, draws=200).sure
    assert alarms <= 10  # 5 expected, 10 or fewer in 99 of 100


def test_how_deep_a_run_reads_its_sources_says_nothing():
    rng = np.random.default_rng(21)
    for same in (True, False):
        first, second = world(rng, 100, SHARES), world(rng, 100, SHARES)
        plain, deep = drift_of(first, second, same=same), drift_of(first, second * 30, same=same)
        assert deep.p_value == plain.p_value
        assert deep.expected == pytest.approx(plain.expected)
        assert deep.divergence.corrected == pytest.approx(plain.divergence.corrected)


def test_a_shift_between_other_hosts_is_found():
    more = np.array(SHARES)
    more[4] *= 3
    found = []
    for seed in range(10):
        rng = np.random.default_rng([25, seed])
        found.append(drift_of(world(rng, 150, SHARES, 0.1), world(rng, 150, list(more / more.sum()), 0.1), same=False))
    assert sum(drift.sure for drift in found) >= 8
    assert all(drift.contributions[0].part == "l4" for drift in found if drift.sure)


def test_the_parts_add_up_to_the_divergence_and_the_shares_to_one():
    before, after = planted(3)
    drift = drift_of(before, after)
    assert sum(part.weight for part in drift.contributions) == pytest.approx(1.0)
    assert sum(part.after for part in drift.contributions) == pytest.approx(1.0)
    assert drift.divergence.value == pytest.approx(float(jensen_shannon(before.sum(axis=0), after.sum(axis=0))))


def test_chance_is_taken_off_the_divergence():
    rng = np.random.default_rng(22)
    found = [drift_of(world(rng, 60, SHARES), world(rng, 60, SHARES), same=False) for _ in range(30)]
    raw, fair = (np.mean([getattr(drift.divergence, name) for drift in found]) for name in ("value", "corrected"))
    assert fair < 0.7 * raw


def test_the_sentence_names_what_moved_most_and_where_it_was():
    finding = drift_finding(drift_of(*planted(4)))
    assert finding.code == "drift"
    assert finding.slice == {"language": "l5"}
    assert "l5 rose from" in finding.sentence.split(";")[0]
    assert "corpus-language.share of 'web' shifted" in finding.sentence
    quiet = drift_finding(drift_of(*planted(4, factor=1.0)))
    assert quiet.code == "no-drift-seen"
    assert quiet.severity is Severity.NOTE


def test_a_language_that_is_new_is_named():
    before, after = planted(5, factor=1.0)
    before[:, 6] = 0
    drift = drift_of(before, after)
    assert drift.sure
    assert (drift.contributions[0].part, drift.contributions[0].before) == ("l6", 0.0)


def test_parts_that_are_their_own_sources_are_counted_as_independent_documents():
    rng = np.random.default_rng(23)
    old, new = rng.poisson(50, 40), rng.poisson(50, 40)
    new[7] += 150
    tables = [
        PartTable(pa.table({"item": [f"h{i}" for i in range(40)], "amount": x.astype(float), "host": [f"h{i}" for i in range(40)]}))
        for x in (old, new)
    ]
    (parts,) = pair_parts(*tables)
    assert parts.independent
    drift = measure_drift("corpus-quality", "web", "host_share", parts, draws=300)
    assert drift is not None
    assert drift.sure
    assert drift.contributions[0].part == "h7"
    (same,) = pair_parts(tables[0], tables[0])
    unmoved = measure_drift("corpus-quality", "web", "host_share", same, draws=300)
    assert unmoved is not None
    assert not unmoved.sure


def test_every_rule_set_is_a_whole_of_its_own_and_the_smallest_parts_become_one():
    many = MOST_PARTS + 50
    rows = [{"item": f"h{i % 7}", "amount": float(many - i), "ruleset": "r", "rule": f"x{i}"} for i in range(many)]
    rows += [{"item": f"h{i % 7}", "amount": 1.0, "ruleset": "s", "rule": f"x{i % 2}"} for i in range(20)]
    table = PartTable(pa.Table.from_pylist(rows))
    found = {parts.group["ruleset"]: parts for parts in pair_parts(table, table)}
    assert found.keys() == {"r", "s"}
    assert len(found["r"].names) == MOST_PARTS + 1
    assert found["r"].names[-1] == OTHERS
    assert float(found["r"].before.sum()) == sum(range(1, many + 1))
    assert found["s"].names == ("x0", "x1")


def test_thousands_of_sources_are_put_into_buckets_that_keep_the_totals():
    rng = np.random.default_rng(24)
    counts = world(rng, 3000, SHARES)
    (parts,) = pair_parts(crawled(counts).rows[CORPUS]["share"], crawled(counts).rows[CORPUS]["share"])
    assert len(parts.before) == 1024
    order = [parts.names.index(f"l{i}") for i in range(len(SHARES))]
    assert parts.before.sum(axis=0)[order].tolist() == counts.sum(axis=0).tolist()
    assert min(parts.correlation().values()) == pytest.approx(1.0)


def test_drawing_on_sharpens_only_what_chance_does_not_reach():
    (parts,) = pair_parts(*(crawled(counts).rows[CORPUS]["share"] for counts in planted(3)))
    drift = measure_drift(*CORPUS, "share", parts)
    assert drift is not None
    assert drift.p_value == LEAST_P
    assert finer(drift, parts, 5000).p_value == pytest.approx(1 / 5001)
    assert finer(drift, parts, 500).p_value == LEAST_P
    reached = replace(drift, divergence=replace(drift.divergence, value=drift.expected))
    assert finer(reached, parts, 5000).p_value > 0.1
