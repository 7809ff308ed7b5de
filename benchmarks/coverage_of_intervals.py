"""How often nominal 95 % intervals hold the truth: clustered shares and corrected shares, over simulated corpora.

    python benchmarks/coverage_of_intervals.py [repeats]

Prints one line per setting and a summary; about three minutes on one core with the default 400 repeats. The figures in
the docstrings of fmaudit.stats.ratios and fmaudit.stats.quantification come from here.
"""

from __future__ import annotations

import itertools
import sys

import numpy as np
from numpy.typing import NDArray

from fmaudit.stats import Confusion, Observed, acc, clustered_ratios, clustered_shares

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
    kinds = ("0.001", "0.05", "one language", "big ones mixed")
    settings = itertools.product((10, 40, 200, 1000), (0.3, 1.0, 1.5, 2.2), (0.3, 0.03, 0.005, 0.0005), kinds)
    rng, summary = np.random.default_rng(1), {"wilson": [], "t": []}
    print("clusters sigma  share  hosts            coverage: wilson     t   median width / share: wilson     t")
    for clusters, sigma, share, kind in settings:
        if share * clusters * 20 < 0.5:
            continue
        hits, size = corpora(clusters, sigma, share, kind, repeats, rng)
        row = []
        for name, results in (("wilson", clustered_shares(hits, size)), ("t", clustered_ratios(hits, size))):
            inside = [e.interval.low <= share <= e.interval.high for e in results if e]
            width = np.median([min(e.interval.high, 1.0) - max(e.interval.low, 0.0) for e in results if e]) / share
            summary[name].append(float(np.mean(inside)))
            row += [float(np.mean(inside)), float(width)]
        print(f"{clusters:8d} {sigma:5.1f} {share:6g}  {kind:15s} {row[0]:17.3f} {row[2]:5.3f} {row[1]:29.2f} {row[3]:5.2f}")
    for name, values in summary.items():
        print(
            f"{name}: mean {np.mean(values):.3f}, least {min(values):.3f}, below .90 in {np.mean(np.array(values) < 0.9):.1%} of settings"
        )


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
    corrected(max(4, count // 20))
