"""The verdict on a sampler: conforms, deviates or cannot tell, and the sentences that say why."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from fmaudit import StatisticsError, stats
from fmaudit_sampling.conformance.power import Power, detectable
from fmaudit_sampling.conformance.repeats import GTest, stouffer
from fmaudit_sampling.conformance.sampler import StatedSampler
from fmaudit_sampling.conformance.stated import StatedTokens
from fmaudit_sampling.conformance.temperature import TemperatureEstimate
from fmaudit_sampling.conformance.tests import (
    TOO_OFTEN,
    Leakage,
    Outcome,
    border,
    greedy_leakage,
    kolmogorov,
    log_prob_sum,
    pit,
    pit_cells,
)

__all__ = ["ALPHA", "GREEDY_PART", "SLACK", "TOLERANCE", "Conformance", "Verdict", "judge_sampler", "levels", "shortfall", "weigh"]

GREEDY = "top"  # the test of greedy draws

ALPHA = 1e-3  # chance that a sampler that does what it says is called deviating by any of the tests
SLACK = 1e-4  # nats of numerical error in a scaled logit; float16 logits need about 0.02
TOLERANCE = 0.1  # of the stated temperature: where smaller differences would not show, nothing is said to conform
GREEDY_PART = 0.6  # of alpha is for greedy draws, which one test alone sees; the other tests see the same things several times
GREEDY_RATE = 0.01  # of tokens: a higher rate of violations must be excluded before greedy decoding is said to conform


class Verdict(StrEnum):
    """What the draws say of the stated sampler."""

    CONFORMS = "conforms"
    DEVIATES = "deviates"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformance:
    """All that was tested, and what it comes to; `explain` puts it into sentences.

    `violations` counts tokens that the stated sampler cannot draw: one is decisive. `borderline` counts those outside by less than the
    numerical error; they enter no test. `adjusted` are the corrected p-values of the `outcomes` that have one, by name: the chance that
    a sampler that does what it says is called deviating stays below `alpha` over all of them. `short` says why nothing can be said
    to conform, "" where it can.
    """

    sampler: StatedSampler
    verdict: Verdict
    n: int
    violations: int
    borderline: int
    outcomes: tuple[Outcome, ...]
    adjusted: dict[str, float]
    leakage: Leakage | None
    temperature: TemperatureEstimate | None
    power: Power
    alpha: float
    short: str = ""


def judge_sampler(
    tokens: StatedTokens,
    uniforms: npt.ArrayLike,
    sampler: StatedSampler,
    *,
    repeats: Sequence[GTest] = (),
    temperature: TemperatureEstimate | None = None,
    alpha: float = ALPHA,
    slack: float = SLACK,
    tolerance: float = TOLERANCE,
) -> Conformance:
    """Test drawn tokens against a stated sampler: 60 % of alpha for greedy draws, the rest with Holm's correction over the other tests.

    `uniforms` [positions] are keyed numbers for the randomised PIT (`keyed_uniforms`). `repeats` are G-tests of single positions that
    were drawn many times; their p-values are combined by Stouffer's method. Tests are made on positions where more than one token may
    be drawn. It conforms where no test objects and a temperature difference of `tolerance` times the temperature would have shown;
    greedy decoding, where violations in more than 1 % of tokens are excluded. Raises StatisticsError where nothing was drawn.
    """
    if not len(tokens):
        raise StatisticsError("nothing was drawn", hint="sample at least one token")
    inside, far = np.isfinite(tokens.log_prob), tokens.outside > slack
    chosen = inside & (tokens.support > 1)
    outcomes, leakage = _outcomes(tokens.where(chosen), np.asarray(uniforms, np.float64)[chosen], repeats)
    violations = max(int(far.sum()), sum(test.outside for test in repeats))
    power = detectable(tokens.where(chosen), sampler, **levels(outcomes, alpha))
    short = shortfall(len(tokens), power, sampler, tolerance)
    verdict, adjusted = weigh(outcomes, violations=violations, short=short, alpha=alpha)
    return Conformance(
        sampler=sampler, verdict=verdict, n=len(tokens), violations=violations, borderline=int((~inside & ~far).sum()), outcomes=outcomes,
        adjusted=adjusted, leakage=leakage, temperature=temperature, power=power, alpha=alpha, short=short,
    )  # fmt: skip


def levels(outcomes: Sequence[Outcome], alpha: float) -> dict[str, float]:
    """Give the least levels that the tests made are held to: `alpha` of each but that of greedy draws, and its one-sided `greedy_alpha`."""
    made = {outcome.name for outcome in outcomes if outcome.p_value is not None}
    others = len(made - {GREEDY})
    part = 0.0 if GREEDY not in made else GREEDY_PART if others else 1.0
    return {"alpha": (1.0 - part) * alpha / others if others else alpha, "greedy_alpha": (part or 1.0) * alpha * TOO_OFTEN}


def weigh(outcomes: Sequence[Outcome], *, violations: int, short: str, alpha: float) -> tuple[Verdict, dict[str, float]]:
    """Give the verdict and the adjusted p-values of the tests that could be made, by name.

    The test of greedy draws has its own part of the level, the others share the rest by Holm's method: the chance of any false call
    stays below `alpha`.
    """
    made = {outcome.name: outcome.p_value for outcome in outcomes if outcome.p_value is not None}
    others = {name: p for name, p in made.items() if name != GREEDY}
    part = GREEDY_PART if others and GREEDY in made else 1.0
    held = dict(zip(others, stats.holm(list(others.values())), strict=True))
    rest = 1.0 - part if GREEDY in made else 1.0
    adjusted = {name: min(1.0, p / part if name == GREEDY else held[name] / rest) for name, p in made.items()}
    if violations or any(p < alpha for p in adjusted.values()):
        return Verdict.DEVIATES, adjusted
    return (Verdict.CANNOT_TELL if short else Verdict.CONFORMS), adjusted


def _outcomes(
    tokens: StatedTokens, uniforms: npt.NDArray[np.float64], repeats: Sequence[GTest]
) -> tuple[tuple[Outcome, ...], Leakage | None]:
    found: list[Outcome] = []
    leakage = None
    if len(tokens):
        u = pit(tokens, uniforms)
        leakage = greedy_leakage(tokens)
        found += [log_prob_sum(tokens), kolmogorov(u), pit_cells(u), leakage.outcome, border(tokens)]
    tested = [(test.g, test.p_value, test.n) for test in repeats if test.p_value is not None]
    if tested:
        p = stouffer([p for _, p, _ in tested])
        found.append(Outcome(name="repeats", statistic=sum(g for g, _, _ in tested), p_value=p, n=sum(n for *_, n in tested)))
    return tuple(found), leakage


def shortfall(n: int, power: Power, sampler: StatedSampler, tolerance: float) -> str:
    """Say what is missing before draws without objection mean conformance, and how many tokens like these would do."""
    if sampler.greedy:
        bound = stats.zero_success_upper(n)
        enough = next(count for count in itertools.count(1) if stats.zero_success_upper(count) <= GREEDY_RATE)
        return (
            ""
            if bound <= GREEDY_RATE
            else f"up to {bound:.1%} of tokens may still not be the most probable one; {enough} tokens would tell"
        )
    if power.temperature is None:
        return "no position left more than one token to draw"
    if power.temperature > tolerance * sampler.temperature:
        needed = n * (power.temperature / (tolerance * sampler.temperature)) ** 2  # the error falls with the root of the tokens
        unseen = f"a temperature that differs by less than {power.temperature:.3g} may well go unseen"
        return f"{unseen}; about {100 * math.ceil(needed / 100):,} such tokens would show a difference of {tolerance:.0%}"
    return ""
