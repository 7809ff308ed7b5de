"""How often nominal 95 % intervals hold the truth over simulated corpora: clustered shares, entropies, corrected shares.

    python benchmarks/coverage_of_intervals.py [repeats]

Prints one line per setting and a summary; about eight minutes on one core with the default 400 repeats. The figures in
the docstrings of fmaudit.stats.ratios, fmaudit.stats.jackknife and fmaudit.stats.quantification come from here.
"""

from __future__ import annotations

import itertools
import sys

import numpy as np
from numpy.typing import NDArray

from fmaudit.stats import (
    Confusion,
    Observed,
    acc,
    bootstrap_clusters,
    clustered_proportion,
    clustered_ratios,
    clustered_shares,
    entropy,
    jackknife_clusters,
    top_share,
)

Floats = NDArray[np.float64]


def corpora(clusters: int, sigma: float, share: float, kind: str, repeats: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return hits and documents, clusters x corpora: log-normal hosts, about 20 documents each."""
    size = np.ceil(rng.lognormal(0, sigma, (clusters, repeats)) * 20 / np.exp(sigma**2 / 2))
    pure = 0.97 * (rng.random(size.shape) < share / 0.97)
    if kind == "one language":
        rates = pure
    elif kind == "big ones mixed":
        rates = np.where(size > 100, rng.beta(share * 20, (1 - share) * 20, size.shape), pure)
    else:
        strength = 1 / float(kind) - 1
        rates = rng.beta(share * strength, (1 - share) * strength, size.shape)
    return rng.binomial(size.astype(int), rates).astype(float), size


def clustered(repeats: int) -> None:
    """Print the coverage of shares estimated alone: over all corpora, on the edge (no hit) and next to it (one or two)."""
    kinds = ("0.001", "0.05", "one language", "big ones mixed")
    settings = itertools.product((2, 5, 10, 40, 200, 1000), (0.3, 1.0, 1.5, 2.2), (0.3, 0.03, 0.005, 0.0005), kinds)
    rng, summary = np.random.default_rng(1), {"wilson": [], "t": [], "edge": [], "near": []}
    print("clusters sigma  share  hosts            coverage: wilson     t   edge   near   median width / share: wilson     t")
    for clusters, sigma, share, kind in settings:
        if share * clusters * 20 < 0.5:
            continue
        hits, size = corpora(clusters, sigma, share, kind, repeats, rng)
        shares, ratios = [clustered_proportion(*pair) for pair in zip(hits.T, size.T, strict=True)], clustered_ratios(hits, size)
        inside = np.array([e.interval.low <= share <= e.interval.high for e in shares])
        inside_t = np.mean([e.interval.low <= share <= e.interval.high for e in ratios if e])
        total = hits.sum(axis=0)
        few = [_mean(inside[chosen]) for chosen in (total == 0, (total >= 1) & (total <= 2))]
        width = [np.median([min(e.interval.high, 1.0) - max(e.interval.low, 0.0) for e in es if e]) / share for es in (shares, ratios)]
        for name, value in zip(summary, (float(np.mean(inside)), float(inside_t), *few), strict=True):
            summary[name].append(value)
        figures = f"{np.mean(inside):17.3f} {inside_t:5.3f}  {few[0]:5.3f}  {few[1]:5.3f} {width[0]:29.2f} {width[1]:5.2f}"
        print(f"{clusters:8d} {sigma:5.1f} {share:6g}  {kind:15s} {figures}")
    for name, values in summary.items():
        _summarise(name, values)


def languages(repeats: int, k: int = 25) -> None:
    """Print the coverage of all languages of a corpus estimated together, hosts keeping a part of their text to one language."""
    shares = 1 / np.arange(1, k + 1) ** 1.6
    shares /= shares.sum()
    rng = np.random.default_rng(3)
    print("\nhosts sigma  own  coverage   edge   near   median upper end of a language not seen")
    for hosts, sigma, own in itertools.product((4, 9, 40, 200), (0.3, 1.5), (0.0, 0.3, 0.8, 0.97, 1.0)):
        inside, seen, high = [], [], []
        for _ in range(repeats):
            size = np.ceil(rng.lognormal(0, sigma, hosts) * 20 / np.exp(sigma**2 / 2)).astype(int)
            kept, main = rng.binomial(size, own), rng.choice(k, hosts, p=shares)
            table = rng.multinomial(size - kept, shares).astype(float)
            table[np.arange(hosts), main] += kept
            for estimate, share, total in zip(clustered_shares(table, size[:, None]), shares, table.sum(axis=0), strict=True):
                assert estimate is not None
                inside.append(estimate.interval.low <= share <= estimate.interval.high)
                seen.append(total)
                high += [estimate.interval.high] if total == 0 else []
        hit, count = np.array(inside), np.array(seen)
        edge, near = _mean(hit[count == 0]), _mean(hit[(count >= 1) & (count <= 2)])
        upper = np.median(high) if high else np.nan
        print(f"{hosts:5d} {sigma:5.1f} {own:5.2f} {np.mean(hit):8.3f}  {edge:5.3f}  {near:5.3f} {upper:30.3f}")


def concentration(repeats: int) -> None:
    """Print how often intervals hold the entropy of languages and the share of the commonest, over hosts and over documents."""
    print("\nlanguages hosts  own  entropy: jackknife   bca  normal   top share: clustered   bca")
    for (k, slope), hosts, own in itertools.product(((8, 1.6), (25, 1.2), (40, 1.6)), (4, 9, 20, 60, 300), (0.2, 0.9)):
        shares = 1 / np.arange(1, k + 1) ** slope
        shares /= shares.sum()
        rng, inside = np.random.default_rng(5), []
        for repeat in range(repeats):
            size = np.ceil(rng.lognormal(0, 1, hosts) * 20 / np.exp(0.5)).astype(int)
            kept, main = rng.binomial(size, own), rng.choice(k, hosts, p=shares)
            table = rng.multinomial(size - kept, shares).astype(float)
            table[np.arange(hosts), main] += kept
            top = clustered_shares(table, table.sum(axis=1, keepdims=True))[int(table.sum(axis=0).argmax())]
            found = [
                (jackknife_clusters(table, entropy), float(entropy(shares))),
                (bootstrap_clusters(table, entropy, draws=400, seed=repeat), float(entropy(shares))),
                (bootstrap_clusters(table, entropy, draws=400, seed=repeat, method="normal"), float(entropy(shares))),
                (top, shares[0]),
                (bootstrap_clusters(table, top_share, draws=400, seed=repeat), shares[0]),
            ]
            inside.append([e is not None and e.interval.low <= truth <= e.interval.high for e, truth in found])
        row = np.mean(inside, axis=0)
        print(f"{k:9d} {hosts:5d} {own:4.1f} {row[0]:19.3f} {row[1]:5.3f} {row[2]:7.3f} {row[3]:22.3f} {row[4]:5.3f}")


def _summarise(name: str, values: list[float]) -> None:
    known = np.array(values)[np.isfinite(values)]
    few = f"{np.mean(known < 0.90):.0%} of {len(known)} settings below .90"
    print(f"{name:7s} mean {known.mean():.3f}  least {known.min():.3f}  {few}")


def _mean(chosen: NDArray[np.bool_]) -> float:
    return float(np.mean(chosen)) if len(chosen) >= 20 else np.nan


def sparse_confusion(k: int, rng: np.random.Generator) -> Floats:
    rates = np.zeros((k, k))
    for i in range(k):
        error = rng.choice([0.002, 0.01, 0.03, 0.1], p=[0.3, 0.4, 0.2, 0.1])
        rates[i, rng.choice([j for j in range(k) if j != i], 3, replace=False)] = error * rng.dirichlet([1, 1, 1])
        rates[i, i] = 1 - error
    return rates


def shifted(rates: Floats, kind: str, rng: np.random.Generator) -> Floats:
    """Give a source its own confusion: every row a little ("all rows"), or 15 % of the rows a lot ("few rows")."""
    wrong = rates - np.diag(np.diag(rates))
    error = wrong.sum(axis=1)
    if kind == "all rows":
        wrong = wrong * np.exp(rng.normal(0, 0.5, rates.shape))
        odds = error / (1 - error) * np.exp(rng.normal(0, 0.7, len(rates)))
        error = odds / (1 + odds)
    elif kind == "few rows":
        lost = np.where(rng.random(len(rates)) < 0.15, rng.uniform(0, 0.25, len(rates)), 0.0)
        error = error + (1 - error) * lost
    return np.asarray(wrong / wrong.sum(axis=1, keepdims=True) * error[:, None] + np.diag(1 - error))


def corrected(repeats: int, k: int = 25) -> None:
    shares = 1 / np.arange(1, k + 1) ** 1.6
    shares /= shares.sum()
    labels = tuple(f"{i:02d}" for i in range(k))
    print("\nshift     sources hosts  coverage  predicted precision  error  raw error")
    for kind, sources, hosts in itertools.product(("none", "all rows", "few rows"), (1, 2, 3), (False, True)):
        inside, precise, error, raw = [], [], [], []
        for repeat in range(repeats):
            rng = np.random.default_rng([7, repeat])
            base = sparse_confusion(k, rng)
            own = shifted(base, kind, rng)
            calibration = [
                Confusion(str(s), ("",), labels, labels, np.array([[rng.multinomial(200, row) for row in shifted(base, kind, rng)]], float))
                for s in range(sources)
            ]
            table = documents(shares, own, hosts, rng)
            live = np.flatnonzero(table.sum(axis=(0, 1)))
            observed = Observed(("",), tuple(labels[i] for i in live), table[..., live], len(table) if hosts else None)
            truth = (shares * np.diag(own) / (shares @ own))[live]
            for row, pi, precision in zip(acc(calibration, observed, draws=200, seed=repeat).shares, shares[live], truth, strict=True):
                inside.append(row.interval.low <= pi <= row.interval.high)
                assert row.precision_interval is not None
                precise.append(row.precision_interval.low <= precision <= row.precision_interval.high)
                error.append(abs(row.share - pi) / pi)
                raw.append(abs(row.raw - pi) / pi)
        figures = f"{np.mean(inside):9.3f} {np.mean(precise):20.3f} {np.mean(error):6.3f} {np.mean(raw):10.3f}"
        print(f"{kind:9s} {sources:7d} {hosts!s:5s} {figures}")


def documents(shares: Floats, rates: Floats, hosts: bool, rng: np.random.Generator) -> Floats:
    """Return labelled documents, groups x 1 x labels: 12,000 independent ones, or 800 hosts mostly of one language."""
    k = len(shares)
    if not hosts:
        return np.array([[sum(rng.multinomial(n, row) for n, row in zip(rng.multinomial(12_000, shares), rates, strict=True))]], float)
    table = np.zeros((800, 1, k))
    size, main = np.ceil(rng.lognormal(0, 1.2, 800) * 7).astype(int), rng.choice(k, 800, p=shares)
    for host in range(800):
        own = rng.binomial(size[host], 0.8)
        true = rng.multinomial(size[host] - own, shares)
        true[main[host]] += own
        table[host, 0] = sum(rng.multinomial(n, row) for n, row in zip(true, rates, strict=True))
    return table


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    clustered(count)
    languages(max(4, count // 4))
    concentration(max(4, count // 2))
    corrected(max(4, count // 20))
