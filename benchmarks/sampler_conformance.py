"""How often the conformance tests call a sampler deviating: one that does what it says, and six that do not.

    python benchmarks/sampler_conformance.py [null runs] [runs per alternative]

Synthetic positions with Zipf-like logits; tokens are drawn by the true sampler and judged against the declared one, as
plugins/fmaudit_sampling does. Figures per token come from tables by rank, which are checked against `stated_tokens`.
About 15 minutes on one core with the default 1,000 and 300 runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from fmaudit_sampling.conformance.power import detectable
from fmaudit_sampling.conformance.sampler import StatedSampler
from fmaudit_sampling.conformance.stated import LAST, StatedTokens, kept_tokens, stated_tokens
from fmaudit_sampling.conformance.temperature import TemperatureProfile, estimate_temperature, temperature_profile
from fmaudit_sampling.conformance.tests import TOO_OFTEN, border, greedy_leakage, kolmogorov, log_prob_sum, pit, pit_cells, weights_of
from fmaudit_sampling.conformance.verdict import ALPHA, GREEDY_PART, Verdict, judge_sampler

Floats = NDArray[np.float64]
TOKENS = 1500


@dataclass(frozen=True)
class Positions:
    """Logits of every position in descending order, so that a token's id is its rank."""

    name: str
    logits: Floats

    @property
    def figures(self) -> str:
        q = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        q /= q.sum(axis=1, keepdims=True)
        entropy = -(q * np.log(np.maximum(q, 1e-300))).sum(axis=1)
        return f"mean entropy {entropy.mean():.2f} nats, mean largest probability {q[:, 0].mean():.2f}"


def positions(name: str, vocabulary: int, low: float, high: float, n: int = TOKENS, seed: int = 0) -> Positions:
    """Zipf's exponent varies from position to position between `low` and `high`, with log-normal noise on every token."""
    rng = np.random.default_rng(seed)
    exponents = rng.uniform(low, high, n)[:, None]
    logits = -exponents * np.log(np.arange(1, vocabulary + 1)) + rng.normal(0.0, 0.5, (n, vocabulary))
    return Positions(name, -np.sort(-logits, axis=1))


def probabilities(logits: Floats, sampler: StatedSampler, *, nucleus_first: bool = False, leakage: float = 0.0) -> Floats:
    """What a true sampler draws from, by rank; `nucleus_first` cuts by top-p at temperature 1, before temperature and top-k."""
    if nucleus_first:
        before = kept_tokens(logits, StatedSampler(1.0, 0, sampler.top_p))
        cut = np.where(np.pad(before.kept, ((0, 0), (0, logits.shape[1] - before.kept.shape[1]))), logits, -np.inf)
        return probabilities(cut, replace(sampler, top_p=1.0), leakage=leakage)
    kept = kept_tokens(logits, sampler)
    q = kept.mass / kept.mass.sum(axis=1, keepdims=True) * (1.0 - leakage)
    q[:, 0] += leakage
    return q


class Judge:
    """Tables of the declared sampler by position and rank, so that thousands of runs take seconds."""

    def __init__(self, logits: Floats, sampler: StatedSampler) -> None:
        self.logits, self.sampler = logits, sampler
        kept = kept_tokens(logits, sampler)
        self.q = kept.mass / kept.mass.sum(axis=1, keepdims=True)
        self.first = stated_tokens(logits, np.zeros(len(logits), np.int64), sampler)
        self.grid = temperature_profile(logits, np.zeros(len(logits), np.int64), sampler)
        self.core = kept_tokens(logits, replace(sampler, temperature=float(self.grid.temperatures[0]))).kept.sum(axis=1)
        with np.errstate(divide="ignore"):
            self.log_q = np.where(kept.kept, np.log(self.q), -np.inf)
        self.below = self.q.cumsum(axis=1) - self.q

    def tokens(self, ranks: NDArray[np.int64]) -> StatedTokens:
        row, place = np.arange(len(ranks)), np.minimum(ranks, self.q.shape[1] - 1)
        inside = ranks < self.first.support
        return replace(
            self.first, log_prob=np.where(inside, self.log_q[row, place], -np.inf), below=np.where(inside, self.below[row, place], 1.0),
            top=ranks == 0, last=inside & (ranks >= self.first.support - self.first.support // LAST), outside=np.where(inside, 0.0, 1.0),
        )  # fmt: skip

    def profile(self, ranks: NDArray[np.int64]) -> TemperatureProfile:
        own = (self.logits[np.arange(len(ranks)), ranks] - self.logits[:, 0])[:, None]
        counted = (ranks < self.core)[:, None]
        return TemperatureProfile(
            self.grid.temperatures, np.where(counted, self.grid.log_likelihood + own / self.grid.temperatures, 0.0),
            np.where(counted, self.grid.score + own, 0.0), np.where(counted, self.grid.information, 0.0), counted[:, 0],
        )  # fmt: skip

    def check(self, ranks: NDArray[np.int64]) -> None:
        """Tables and the functions as shipped say the same."""
        for got, want in ((self.tokens(ranks), stated_tokens(self.logits, ranks, self.sampler)),
                          (self.profile(ranks), temperature_profile(self.logits, ranks, self.sampler))):  # fmt: skip
            for field in fields(got):
                a, b = getattr(got, field.name), getattr(want, field.name)
                assert np.allclose(a, b, atol=1e-9) or (field.name == "outside" and np.array_equal(a > 0, b > 0)), field.name


def draws(q: Floats, runs: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Ranks drawn in every run, runs x positions."""
    reached = q.cumsum(axis=1)
    reached /= reached[:, -1:]
    return np.stack([np.searchsorted(reached[i], rng.random(runs), side="right") for i in range(len(q))], axis=1)


def report(label: str, judge: Judge, q: Floats, truth: float, runs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ranks = draws(q, runs, rng)
    for row in ranks[:2]:
        judge.check(row)
    verdicts, inside, estimates, named = [], [], [], {}
    for row in ranks:
        found = judge_sampler(judge.tokens(row), rng.random(len(row)), judge.sampler)
        estimate = estimate_temperature(judge.profile(row))
        verdicts.append(found.verdict)
        reasons = [name for name, p in found.adjusted.items() if p < found.alpha] + ["violations"] * bool(found.violations)
        for reason in reasons:
            named[reason] = named.get(reason, 0) + 1
        if estimate is not None and estimate.error:
            inside.append(abs(estimate.value - truth) <= 2.0 * estimate.error)
            estimates.append((estimate.value, estimate.error))
    deviates = np.mean([verdict is Verdict.DEVIATES for verdict in verdicts])
    value, error = np.array(estimates).T
    why = ", ".join(f"{name} {count / runs:.3f}" for name, count in sorted(named.items(), key=lambda pair: -pair[1]))
    numbers = f"{value.mean():.4f} | {value.std():.4f} | {error.mean():.4f} | {np.mean(inside):.3f}"
    print(f"| {label} | {deviates:.3f} | {why or '-'} | {numbers} |", flush=True)


def judged(place: Positions, declared: StatedSampler, truths: dict[str, tuple[Floats, float]], null_runs: int, runs: int) -> None:
    judge = Judge(place.logits, declared)
    chosen = judge.first.where(judge.first.support > 1)
    held = {"alpha": (1.0 - GREEDY_PART) * ALPHA / 4, "greedy_alpha": GREEDY_PART * TOO_OFTEN * ALPHA}
    power = detectable(chosen, declared, power=0.95, **held)
    figures = f"V = {place.logits.shape[1]}, {place.figures}; declared {declared.words}"
    after = f"after it mean entropy {-judge.first.mean.mean():.2f}, mean support {judge.first.support.mean():.1f}"
    seen = f"temperature ± {power.temperature:.3f}, {power.leakage or 1:.3f} greedy, tail {power.tail or 1:.3f}"
    print(f"\n{place.name}: {figures}; {after}; found with 95 %: {seen}\n")
    print("| drawn with | called deviating | by | T̂ mean | T̂ spread | mean error | T̂ within 2 errors |\n|---|---|---|---|---|---|---|")
    report("as declared", judge, probabilities(place.logits, declared), declared.temperature, null_runs, 1)
    for seed, (label, (q, temperature)) in enumerate(truths.items(), 2):
        report(label, judge, q, temperature, runs, seed)


def needed(top_mass: Floats, positions: int, alpha: float, greedy: float = 0.1, power: float = 0.95) -> float:
    """Tokens that the likelihood ratio of greedy draws, one-sided, needs; no test at that level needs fewer (Neyman and Pearson)."""
    p = top_mass[top_mass < 1.0]
    drawn, weights = (1.0 - greedy) * p + greedy, weights_of(p)
    spreads = [np.sqrt((weights**2 * q * (1.0 - q)).mean()) for q in (p, drawn)]
    apart = (weights * (drawn - p)).mean()
    return float(((-ndtri(alpha) * spreads[0] + ndtri(power) * spreads[1]) / apart) ** 2 * positions / len(p))


def greedy_draws(places: Sequence[tuple[Positions, StatedSampler]], runs: int) -> None:
    """Print how often a tenth of greedy draws is found, and how often any test of these tokens could find it.

    Greedy draws change nothing but the chance of the top token, so the likelihood ratio is a weighted sum of its flags, which alone are
    drawn here.
    """
    levels = {"here": GREEDY_PART * TOO_OFTEN * ALPHA, "best": ALPHA}
    print(f"\n10 % greedy draws, {runs:,} runs of the top-token flags:\n")
    print(f"| setting | found at {levels['here']:.2g} | tokens for .95 | most any test at {ALPHA:g} finds | tokens for .95 |")
    print("|---|---|---|---|---|")
    for number, (place, declared) in enumerate(places):
        first = stated_tokens(place.logits, np.zeros(len(place.logits), np.int64), declared)
        chosen = first.where(first.support > 1)
        drawn = np.random.default_rng(number).random((runs, len(chosen))) < 0.9 * chosen.top_mass + 0.1
        p = np.array([greedy_leakage(replace(chosen, top=top)).outcome.p_value for top in drawn]) * TOO_OFTEN
        cells = [f"{(p < alpha).mean():.3f} | {needed(chosen.top_mass, len(first), alpha):,.0f}" for alpha in levels.values()]
        print(f"| {place.name}, {declared.words} | {' | '.join(cells)} |", flush=True)


def alternatives(place: Positions, declared: StatedSampler) -> dict[str, tuple[Floats, float]]:
    def true(**changes: float) -> Floats:
        return probabilities(place.logits, replace(declared, **changes))

    t = declared.temperature
    found = {f"temperature {t - 0.1:.2g}": (true(temperature=t - 0.1), t - 0.1)}
    if declared.top_p < 1:
        found["top-p 0.85"] = (true(top_p=0.85), t)
        found["top-p before temperature"] = (probabilities(place.logits, declared, nucleus_first=True), t)
    if declared.top_k:
        found["top-k 60"] = (true(top_k=60), t)
        found["top-k 40"] = (true(top_k=40), t)
    found["10 % greedy"] = (probabilities(place.logits, declared, leakage=0.1), t)
    return found


def sizes(place: Positions, declared: StatedSampler, runs: int) -> None:
    """Print how often each test's own p-value falls below .01 and .001 when nothing is wrong, at several numbers of tokens."""
    print(f"\nEach test alone, {runs:,} runs as declared ({declared.words}):\n")
    print("| tokens | test | p < .01 | p < .001 | p < .00025 |\n|---|---|---|---|---|")
    for n in (60, 200, 1500):
        judge = Judge(place.logits[:n], declared)
        rng = np.random.default_rng(n)
        p = np.array([_each(judge.tokens(row), rng) for row in draws(judge.q, runs, rng)])
        for i, name in enumerate(("log_prob", "pit", "pit_cells", "top", "border")):
            rates = [f"{np.mean(p[:, i] < limit):.5f}" for limit in (0.01, 0.001, 0.00025)]
            print(f"| {n:,} | {name} | {' | '.join(rates)} |", flush=True)


def _each(tokens: StatedTokens, rng: np.random.Generator) -> list[float]:
    tokens = tokens.where(tokens.support > 1)
    u = pit(tokens, rng.random(len(tokens)))
    outcomes = (log_prob_sum(tokens), kolmogorov(u), pit_cells(u), greedy_leakage(tokens).outcome, border(tokens))
    return [1.0 if outcome.p_value is None else outcome.p_value for outcome in outcomes]


def main() -> None:
    null_runs, runs = ([int(word) for word in sys.argv[1:]] + [1000, 300][len(sys.argv) - 1 :])[:2]
    zipf, mixed, sharp = positions("zipf", 1000, 0.7, 1.5), positions("mixed", 1000, 0.7, 1.9), positions("sharp", 500, 0.8, 2.8, seed=1)
    wide = positions("wide", 2000, 0.9, 1.9, seed=2)
    places = (
        (zipf, StatedSampler(0.8, 50, 0.9)),
        (mixed, StatedSampler(0.8, 50, 0.9)),
        (sharp, StatedSampler(0.8, 50, 0.9)),
        (mixed, StatedSampler(1.3, 0, 0.9)),
        (mixed, StatedSampler(0.8, 50, 1.0)),
        (wide, StatedSampler(0.8)),
    )
    greedy_draws(places, 4 * null_runs)
    for place, declared in places:
        judged(place, declared, alternatives(place, declared), null_runs, runs)
    sizes(mixed, StatedSampler(0.8, 50, 0.9), 10 * null_runs)


if __name__ == "__main__":
    main()
