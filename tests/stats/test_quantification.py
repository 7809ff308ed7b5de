from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from fmaudit.errors import StatisticsError
from fmaudit.stats.confusion import Confusion, confusion_from_labels
from fmaudit.stats.divergence import effective_number
from fmaudit.stats.observed import Observed, observed_from_labels, redraw
from fmaudit.stats.quantification import Quantification, acc, bucket_precision, of_shares

Floats = NDArray[np.float64]


def names(k: int) -> tuple[str, ...]:
    return tuple(f"l{i:02d}" for i in range(k))


def calibrate(source: str, rates: Floats, n: int, rng: np.random.Generator) -> Confusion:
    return Confusion(
        source, ("",), names(len(rates)), names(len(rates)), np.array([[rng.multinomial(n, row) for row in rates]], dtype=float)
    )


def label(rates: Floats, true: NDArray[np.int64], rng: np.random.Generator) -> Observed:
    counts = sum(rng.multinomial(n, row) for n, row in zip(true, rates, strict=True))
    live = np.flatnonzero(counts)
    return observed_from_labels([names(len(rates))[i] for i in live], np.asarray(counts)[live])


def web(k: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Make web-like shares and a sparse confusion matrix whose errors lie between 0.2 and 10 %."""
    rates = np.zeros((k, k))
    for i in range(k):
        error = rng.choice([0.002, 0.01, 0.03, 0.1], p=[0.3, 0.4, 0.2, 0.1])
        others = rng.choice([j for j in range(k) if j != i], 3, replace=False)
        rates[i, others] = error * rng.dirichlet([1, 1, 1])
        rates[i, i] = 1 - error
    shares = 1 / np.arange(1, k + 1) ** 1.6
    return rates, shares / shares.sum()


def shift(rates: Floats, rng: np.random.Generator) -> Floats:
    """Give every source its own confusion: log-odds of error and the way errors go vary between sources."""
    wrong = rates - np.diag(np.diag(rates))
    error = wrong.sum(axis=1)
    odds = error / (1 - error) * np.exp(rng.normal(0, 0.7, len(rates)))
    ways = wrong * np.exp(rng.normal(0, 0.5, rates.shape))
    error = odds / (1 + odds)
    return np.asarray(ways / ways.sum(axis=1, keepdims=True) * error[:, None] + np.diag(1 - error))


def covered(result: Quantification, truth: dict[str, float]) -> list[bool]:
    return [row.interval.low <= truth[row.label] <= row.interval.high for row in result.shares]


def test_a_planted_mixture_is_recovered() -> None:
    rng = np.random.default_rng(0)
    rates = np.array([[0.9, 0.1, 0.0], [0.05, 0.95, 0.0], [0.3, 0.0, 0.7]])
    truth = np.array([0.6, 0.1, 0.3])
    observed = label(rates, np.round(truth * 1e6).astype(np.int64), rng)
    result = acc([calibrate("a", rates, 10**6, rng)], observed, draws=100)
    assert [row.share for row in result.shares] == pytest.approx(truth, abs=2e-3)
    assert abs(result.shares[0].raw - 0.6) > 0.02
    assert sum(row.share for row in result.shares) == pytest.approx(1.0)
    assert 1 < result.condition < 3
    for row, pi, tpr, q in zip(result.shares, truth, np.diag(rates), truth @ rates, strict=True):
        assert row.precision == pytest.approx(pi * tpr / q, abs=3e-3)


def test_perfect_calibration_changes_nothing() -> None:
    observed = observed_from_labels(["x", "y"], [30, 70])
    result = acc([confusion_from_labels("a", ["x", "y"], ["x", "y"], counts=[500, 500])], observed, draws=50)
    assert [row.share for row in result.shares] == pytest.approx([0.3, 0.7])
    assert [row.precision for row in result.shares] == [1.0, 1.0]


def test_shifted_calibration_is_covered_with_two_sources_and_not_with_one() -> None:
    hits: dict[int, list[bool]] = {1: [], 2: []}
    for seed in range(14):
        rng = np.random.default_rng([3, seed])
        rates, shares = web(20, rng)
        observed = label(shift(rates, rng), rng.multinomial(12_000, shares), rng)
        sources = [calibrate(s, shift(rates, rng), 250, rng) for s in "ab"]
        for count, found in hits.items():
            found += covered(acc(sources[:count], observed, draws=150, seed=seed), dict(zip(names(20), shares, strict=True)))
    assert np.mean(hits[2]) >= 0.93
    assert np.mean(hits[1]) < np.mean(hits[2]) - 0.04


def test_hosts_of_one_language_are_covered() -> None:
    hits = []
    for seed in range(14):
        rng = np.random.default_rng([4, seed])
        rates, shares = web(15, rng)
        main, size = rng.choice(15, 500, p=shares), np.ceil(rng.lognormal(0, 1, 500) * 8).astype(int)
        table = np.zeros((500, 1, 15))
        for host in range(500):
            true = rng.multinomial(size[host] - (pure := rng.binomial(size[host], 0.8)), shares)
            true[main[host]] += pure
            table[host, 0] = sum(rng.multinomial(n, row) for n, row in zip(true, rates, strict=True))
        live = np.flatnonzero(table.sum(axis=(0, 1)))
        observed = Observed(("",), tuple(names(15)[i] for i in live), table[..., live], 500)
        result = acc([calibrate(s, rates, 250, rng) for s in "ab"], observed, draws=150, seed=seed)
        hits += covered(result, dict(zip(names(15), shares, strict=True)))
    assert np.mean(hits) >= 0.9


def test_strata_use_their_own_confusion() -> None:
    true, predicted, strata = ["a", "a", "b", "a", "a", "b"], ["a", "b", "b", "a", "b", "b"], ["short"] * 3 + ["long"] * 3
    confusion = confusion_from_labels("s", true, predicted, strata=strata, counts=[600, 400, 1000, 1000, 0, 1000])
    observed = observed_from_labels(["a", "b", "a", "b"], [300, 700, 500, 500], strata=["short", "short", "long", "long"])
    result = acc([confusion], observed, draws=50)
    assert result.shares[0].share == pytest.approx(0.5, abs=0.005)


def test_a_stratum_without_calibration_borrows_the_others() -> None:
    confusion = confusion_from_labels("s", ["a", "a", "b"], ["a", "b", "b"], strata=["long"] * 3, counts=[800, 200, 1000])
    result = acc([confusion], observed_from_labels(["a", "b"], [400, 600], strata=["tiny", "tiny"]), draws=50)
    assert result.shares[0].share == pytest.approx(0.5)


def test_unknown_labels_are_listed_and_only_lose_what_flows_in() -> None:
    confusion = confusion_from_labels("s", ["en", "en", "zz"], ["en", "und", "zz"], counts=[980, 20, 10])
    result = acc([confusion], observed_from_labels(["en", "und", "xx"], [9800, 250, 50]), draws=80)
    shares = {row.label: row for row in result.shares}
    assert (result.unknown, result.unseen) == (("und", "xx"), ("zz",))
    assert shares["xx"].share == pytest.approx(shares["xx"].raw, rel=1e-6)
    assert shares["und"].share == pytest.approx(50 / 10_100, rel=0.01)
    assert (shares["und"].known, shares["und"].precision, shares["und"].precision_interval) == (False, None, None)


def test_indistinguishable_classes_are_refused_by_name() -> None:
    confusion = confusion_from_labels("s", ["bs", "bs", "hr", "hr", "en"], ["bs", "hr", "bs", "hr", "en"], counts=[500, 500, 490, 510, 900])
    observed = observed_from_labels(["bs", "hr", "en"], [100, 100, 800])
    with pytest.raises(StatisticsError, match=r"ill-conditioned.*bs from hr"):
        acc([confusion], observed, draws=10)
    assert acc([confusion], observed, draws=10, max_condition=1000).condition > 50


def test_sources_that_disagree_widen_the_interval() -> None:
    observed = observed_from_labels(["a", "b"], [5000, 5000])
    one = confusion_from_labels("one", ["a", "a", "b"], ["a", "b", "b"], counts=[990, 10, 1000])
    two = confusion_from_labels("two", ["a", "a", "b"], ["a", "b", "b"], counts=[800, 200, 1000])
    alike, apart = acc([one, Confusion("copy", one.strata, one.classes, one.labels, one.counts)], observed), acc([one, two], observed)
    width = [r.shares[0].interval.high - r.shares[0].interval.low for r in (alike, apart)]
    assert width[1] > 4 * width[0]
    assert alike.shift == 0.0 < apart.shift
    assert apart.by_source["one"][0] < apart.shares[0].share < apart.by_source["two"][0]
    assert acc([one], observed, shift=0.1).shares[0].interval.high > acc([one], observed).shares[0].interval.high


def test_the_seed_decides_every_bit_and_the_order_none() -> None:
    rng = np.random.default_rng(1)
    confusion = confusion_from_labels("s", list("aabbc"), list("abbac"), counts=[90, 10, 95, 5, 100])
    labels, clusters, sizes = rng.choice(list("abc"), 300), rng.integers(0, 30, 300).astype(str), rng.lognormal(5, 1, 300)
    order = rng.permutation(300)
    results = [
        acc([confusion], observed_from_labels(labels[o].tolist(), sizes[o], clusters=clusters[o].tolist()), draws=40, seed=s)
        for o, s in ((np.arange(300), 3), (order, 3), (order, 4))
    ]
    assert results[0].shares == results[1].shares != results[2].shares
    assert np.array_equal(results[0].draws, results[1].draws)


def test_functions_of_the_shares_have_intervals() -> None:
    confusion = confusion_from_labels("s", list("aabb"), list("abba"), counts=[90, 10, 95, 5])
    result = acc([confusion], observed_from_labels(["a", "b"], [900, 100]), draws=200)
    estimate = of_shares(result, effective_number)
    assert 1.0 <= estimate.interval.low <= estimate.value <= estimate.interval.high <= 2.0
    assert (estimate.n, estimate.n_clusters) == (1000, None)


def test_sixty_classes_in_four_strata_are_fast() -> None:
    rng = np.random.default_rng(2)
    rates, shares = web(60, rng)
    table = np.array([[rng.multinomial(300, row) for row in rates] for _ in range(4)], dtype=float)
    strata = tuple("abcd")
    sources = [Confusion(s, strata, names(60), names(60), table) for s in "xy"]
    counts = np.array([rng.multinomial(20_000, shares @ rates) for _ in strata], dtype=float)
    start = time.process_time()
    acc(sources, Observed(strata, names(60), counts[None] + 1.0, None), draws=300)
    assert time.process_time() - start < 8  # 1.2 s on an idle core


def test_many_clusters_are_put_together_without_changing_the_spread() -> None:
    rng = np.random.default_rng(5)
    clusters, labels = rng.integers(0, 3000, 9000), rng.random(9000)
    rows = np.where(labels + rng.normal(0, 0.4, 3000)[clusters] > 0.7, "a", "b").tolist()
    few, many = (observed_from_labels(rows, clusters=clusters.astype(str).tolist(), groups=g) for g in (256, 4000))
    assert (len(few.groups), few.n_clusters) == (256, many.n_clusters)
    spread = [redraw(o, 400, 1)[:, 0, 0].std() for o in (few, many)]
    assert spread[0] == pytest.approx(spread[1], rel=0.2)


def test_bucket_precision_is_the_formula() -> None:
    assert bucket_precision(1e-5, 1.0, 1e-3) == pytest.approx(0.0099, abs=1e-4)
    assert np.isnan(bucket_precision(0.0, 1.0, 0.0))


def test_nonsense_is_refused() -> None:
    good = confusion_from_labels("s", ["a"], ["a"])
    for call in (
        lambda: acc([], observed_from_labels(["a"])),
        lambda: acc([good, good], observed_from_labels(["a"])),
        lambda: confusion_from_labels("s", ["a"], ["a", "b"]),
        lambda: confusion_from_labels("s", ["a"], ["a"], counts=[0.5]),
        lambda: observed_from_labels([]),
        lambda: observed_from_labels(["a"], [-1]),
        lambda: observed_from_labels(["a"], [0]),
        lambda: observed_from_labels(["a"], [1.5]),
        lambda: observed_from_labels(["a", "b"], [1.5, 2], clusters=["x", "x"]),
    ):
        with pytest.raises(StatisticsError):
            call()
