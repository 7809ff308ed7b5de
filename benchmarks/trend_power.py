"""Power and false alarms of the trend tests, coverage of forecasts and scaling-law intervals, errors of right-sizing and gates.

    python benchmarks/trend_power.py [simulations [laws]]

Prints Markdown tables; about ten minutes of one core with the default 1,000 simulations and 120 laws. The results in
results/trend_power.md come from here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from fmaudit import stats
from fmaudit_engine_card.scale.optimum import optimum
from fmaudit_engine_card.trends.choice import Candidate, right_size
from fmaudit_engine_card.trends.extrapolate import extrapolate, extrapolate_rate
from fmaudit_engine_card.trends.gate import Answers, gate
from fmaudit_engine_card.trends.laws import fit_law
from fmaudit_engine_card.trends.tests import exact_cochran_armitage, trend, value_trend

Floats = NDArray[np.float64]
SHAPES: dict[str, Callable[[Floats], Floats]] = {
    "flat": lambda x: 0.5 + 0.0 * x,
    "rising 10 points": lambda x: 0.45 + 0.1 * x,
    "rising 20 points": lambda x: 0.4 + 0.2 * x,
    "falling 10 points (inverse)": lambda x: 0.55 - 0.1 * x,
    "falling 20 points (inverse)": lambda x: 0.6 - 0.2 * x,
    "rising, then level": lambda x: 0.4 + 0.2 * np.minimum(1.0, 2.0 * x),
    "U, 10 points deep": lambda x: 0.5 - 0.1 * (1.0 - (2.0 * x - 1.0) ** 2),
    "U, 20 points deep": lambda x: 0.6 - 0.2 * (1.0 - (2.0 * x - 1.0) ** 2),
    "inverted U, 20 points high": lambda x: 0.4 + 0.2 * (1.0 - (2.0 * x - 1.0) ** 2),
    "falling 20, back 10 (skewed U)": lambda x: 0.6 - 0.2 * np.minimum(x, 0.75) / 0.75 + 0.4 * np.maximum(x - 0.75, 0.0),
}
LAW = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}


def families(simulations: int) -> None:
    """Print how often planted families get each answer, for 5 models and 8."""
    print("\n## Families of models: share of simulations that get each answer (alpha = 0.05)\n")
    print("| planted | models | items | up | down | none | turns |\n|---|---|---|---|---|---|---|")
    rng = np.random.default_rng(1)
    for name, shape in SHAPES.items():
        for models, items in ((5, 100), (5, 300), (5, 1000), (8, 300)):
            x = np.linspace(0.0, 1.0, models)
            sizes, totals = (10.0 ** (8.0 + 3.0 * x)).tolist(), [items] * models
            found = [trend(sizes, rng.binomial(items, shape(x)).tolist(), totals) for _ in range(simulations)]
            shares = [np.mean([f.direction == d for f in found]) for d in ("up", "down", "none")]
            turns = np.mean([f.u_shaped for f in found])
            print(f"| {name} | {models} | {items} | {shares[0]:.3f} | {shares[1]:.3f} | {shares[2]:.3f} | {turns:.3f} |")


def small(simulations: int) -> None:
    """Print false alarms and power of the exact and the asymptotic p-value on few items."""
    print("\n## Few items: share with p <= 0.05\n\n| models | items | rates | exact | asymptotic |\n|---|---|---|---|---|")
    rng = np.random.default_rng(2)
    for items, rates in ((8, (0.1,) * 4), (12, (0.2,) * 4), (12, (0.05,) * 4), (12, (0.05, 0.2, 0.4, 0.6))):
        x, hits = [8.0, 9.0, 10.0, 11.0], [0, 0]
        for _ in range(simulations):
            k = rng.binomial(items, rates).tolist()
            exact = exact_cochran_armitage(k, [items] * 4, x)
            hits[0] += (1.0 if exact is None else exact) <= 0.05
            hits[1] += stats.cochran_armitage(k, [items] * 4, x).p_value <= 0.05
        shown = f"{rates[0]}" if len(set(rates)) == 1 else f"{rates[0]} to {rates[-1]}"
        print(f"| 4 | {items} | {shown} | {hits[0] / simulations:.3f} | {hits[1] / simulations:.3f} |")


def losses(simulations: int) -> None:
    """Print the alarms of Mann-Kendall and the coverage of Theil-Sen's interval for values without counts."""
    print("\n## Values without counts (noise of standard deviation 1)\n")
    print("| slope a decade | models | Mann-Kendall finds a trend | Theil-Sen covers the slope |\n|---|---|---|---|")
    rng = np.random.default_rng(3)
    for slope in (0.0, -1.0, -3.0):
        for models in (4, 6, 10):
            x = np.linspace(8.0, 11.0, models)
            found = [value_trend((10.0**x).tolist(), (slope * x + rng.normal(0, 1, models)).tolist()) for _ in range(simulations)]
            alarm = np.mean([f.direction != "none" for f in found])
            covered = np.mean([f.interval.low <= slope <= f.interval.high for f in found])
            print(f"| {slope:g} | {models} | {alarm:.3f} | {covered:.3f} |")


def forecasts(simulations: int) -> None:
    """Print how often the next model falls into its prediction interval."""
    print("\n## Forecasts: share of new models inside the 95 % prediction interval, and its median width\n")
    print("| what | models | at | covered | width |\n|---|---|---|---|---|")
    rng = np.random.default_rng(4)
    for models in (4, 6, 10):
        x = np.linspace(8.0, 10.5, models)
        for beyond in (3.0, 10.0):
            at = 10.0**10.5 * beyond
            line = 5.0 - 0.3 * x
            made = [extrapolate((10.0**x).tolist(), (line + rng.normal(0, 0.05, models)).tolist(), at).interval for _ in range(simulations)]
            new = 5.0 - 0.3 * np.log10(at) + rng.normal(0, 0.05, simulations)
            inside = np.mean([i.low <= y <= i.high for i, y in zip(made, new, strict=True)])
            print(f"| values | {models} | {beyond:g} x | {inside:.3f} | {np.median([i.high - i.low for i in made]):.3f} |")
            for extra in (0.0, 0.2):
                inside, widths = _rates(x, at, extra, simulations, rng)
                what = "shares of 300 items" + (", models scatter 0.2 logits" if extra else "")
                print(f"| {what} | {models} | {beyond:g} x | {inside:.3f} | {widths:.3f} |")


def _rates(x: Floats, at: float, extra: float, simulations: int, rng: np.random.Generator) -> tuple[float, float]:
    inside, widths = 0, []
    for _ in range(simulations):
        points = np.append(x, np.log10(at))
        logits = -4.0 + 0.4 * points + rng.normal(0, extra, len(points))
        k = rng.binomial(300, 1.0 / (1.0 + np.exp(-logits)))
        interval = extrapolate_rate((10.0**x).tolist(), k[:-1].tolist(), [300] * len(x), at).interval
        inside += interval.low <= k[-1] / 300 <= interval.high
        widths.append(interval.high - interval.low)
    return inside / simulations, float(np.median(widths))


def planted(rng: np.random.Generator, points: int, noise: float, tails: float) -> dict[str, Floats]:
    """Return runs of the planted law: log-uniform sizes and tokens a parameter, multiplicative noise, a share of it ten times as large."""
    parameters = np.exp(rng.uniform(np.log(5e7), np.log(1e10), points))
    tokens = parameters * np.exp(rng.uniform(np.log(3), np.log(300), points))
    scale = np.where(rng.random(points) < tails, 10.0 * noise, noise)
    loss = LAW["E"] + LAW["A"] / parameters ** LAW["alpha"] + LAW["B"] / tokens ** LAW["beta"]
    return {"parameters": parameters, "tokens": tokens, "loss": loss * np.exp(rng.normal(0, scale))}


def laws(repeats: int, settings: Sequence[tuple[int, float, float]] = ((40, 0.005, 0.0), (80, 0.005, 0.05), (150, 0.02, 0.0))) -> None:
    """Print the coverage of the bootstrap intervals of a planted law, and the median error of its numbers."""
    print("\n## A planted scaling law: coverage of 95 % bootstrap intervals (150 draws) and median error\n")
    print("| points | noise | laws | " + " | ".join([*LAW, "tokens a parameter at 1e21"]) + " |\n|---|---|---|" + "---|" * (len(LAW) + 1))
    truth = optimum(1e21).ratio
    for points, noise, tails in settings:
        covered, errors = np.zeros(len(LAW) + 1), []
        for seed in range(repeats):
            law = fit_law(planted(np.random.default_rng(seed), points, noise, tails), draws=150, seed=seed)
            ratio = law.ratio_interval(1e21)
            hits = [law.intervals[name].low <= value <= law.intervals[name].high for name, value in LAW.items()]
            covered += [*hits, ratio.low <= truth <= ratio.high]
            errors.append([*(abs(law.values[name] / value - 1) for name, value in LAW.items()), abs(law.optimum(1e21).ratio / truth - 1)])
        cells = [f"{c:.3f} ({e:.1%})" for c, e in zip(covered / repeats, np.median(errors, axis=0), strict=True)]
        shown = f"{noise:.1%}" + (f", {tails:.0%} ten times that" if tails else "")
        print(f"| {points} | {shown} | {repeats} | " + " | ".join(cells) + " |", flush=True)


def choices(simulations: int) -> None:
    """Print how often right-sizing takes a model that is truly too weak, and how often it finds the right one."""
    print("\n## Right-sizing: four models, cheapest first, margin 2 points; the best is right on 80 % of the items\n")
    print("| behind the best, points | items | one outside the margin is taken | the cheapest inside the margin is taken | undecided |")
    print("|---|---|---|---|---|")
    rng = np.random.default_rng(5)
    for behind in ((10, 2.5, 0, 0), (10, 5, 0, 0), (2.5, 2.5, 2.5, 0)):
        for items in (300, 1500, 6000):
            taken, right, undecided = 0, 0, 0
            acceptable = next(i for i, gap in enumerate(behind) if gap <= 2.0)
            for _ in range(simulations):
                easy = rng.random(items)  # a common difficulty pairs the models
                scores = [((easy + rng.normal(0, 0.15, items)) < 0.8 - gap / 100).astype(int).tolist() for gap in behind]
                found = right_size([Candidate(str(i), i + 1.0, s) for i, s in enumerate(scores)], margin=0.02)
                taken += found.shown and behind[int(found.chosen)] > 2.0
                right += found.shown and int(found.chosen) == acceptable
                undecided += not found.shown
            gaps = ", ".join(f"{gap:g}" for gap in behind)
            print(f"| {gaps} | {items} | {taken / simulations:.3f} | {right / simulations:.3f} | {undecided / simulations:.3f} |")


def gates(simulations: int) -> None:
    """Print the decisions of a before/after gate whose limit is a drop of two points."""
    print("\n## Before and after: a gate with max_drop = 0.02, 6 % of the items change sides besides the drop\n")
    print("| true drop, points | items | pass | fail | inconclusive | McNemar p <= 0.05 |\n|---|---|---|---|---|---|")
    rng = np.random.default_rng(6)
    for drop in (0.0, 2.0, 5.0):
        for items in (300, 1319, 5000):
            made = []
            for _ in range(simulations):
                u = rng.random(items)
                was = (u < 0.03) | (u > 0.5)
                now = ((u >= 0.03) & (u < 0.06)) | (u > 0.5 + drop / 100)
                made.append(gate(Answers(was.tolist()), Answers(now.tolist()), max_drop=0.02))
            shares = [np.mean([g.decision == d for g in made]) for d in ("pass", "fail", "inconclusive")]
            alarms = np.mean([g.p_value is not None and g.p_value <= 0.05 for g in made])
            print(f"| {drop:g} | {items} | {shares[0]:.3f} | {shares[1]:.3f} | {shares[2]:.3f} | {alarms:.3f} |")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for part in (families, small, losses, forecasts, choices, gates):
        part(count)
    laws(int(sys.argv[2]) if len(sys.argv) > 2 else 120)
