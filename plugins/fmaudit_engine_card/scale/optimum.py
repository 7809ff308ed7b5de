"""Where compute is best spent: Chinchilla's optimum by three named fits, over-training, and the optimum with inference counted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fmaudit import ConfigError, StatisticsError
from fmaudit_engine_card.scale.facts import fact, table

__all__ = [
    "DEFAULT_FIT", "Fit", "LifetimeOptimum", "Optimum", "Overtraining", "disagreement", "find_fit", "fit_names", "inference_optimum",
    "optimum", "optimum_for_parameters", "overtraining",
]  # fmt: skip

DEFAULT_FIT = "besiroglu-2024"
CLOSE = 1e-6  # how near, in log size, a search goes to the smallest model that can reach a loss


@dataclass(frozen=True, slots=True)
class Fit:
    """L(N, D) = E + A / N^alpha + B / D^beta in nats a token, with its source; a rule of thumb has a `ratio` and no loss."""

    name: str
    source: str
    day: str
    note: str
    E: float = math.nan
    A: float = math.nan
    B: float = math.nan
    alpha: float = math.nan
    beta: float = math.nan
    ratio: float | None = None

    def loss(self, parameters: float, tokens: float) -> float:
        """Return the loss the fit expects. Raises StatisticsError for a rule of thumb, which knows none."""
        if self.ratio is not None:
            raise StatisticsError(f"{self.name} is a rule and knows no loss", hint=f"take a fit: {', '.join(fit_names(losses=True))}")
        return float(self.E + self.A / parameters**self.alpha + self.B / tokens**self.beta)


@dataclass(frozen=True, slots=True)
class Optimum:
    """The parameters and tokens that a fit would choose, their ratio (tokens a parameter), the compute and where it comes from."""

    parameters: float
    tokens: float
    ratio: float
    flops: float
    fit: str
    source: str
    loss: float | None


def fit_names(*, losses: bool = False) -> tuple[str, ...]:
    """Return the names of the fits in the table; with `losses` only those that know a loss."""
    return tuple(str(row["name"]) for row in table("fits", "fit") if not (losses and "ratio" in row))


def find_fit(name: str) -> Fit:
    """Return the published fit of a name. Raises ConfigError, with the nearest name, for another."""
    return Fit(**{**fact("fits", "fit", name), "day": str(fact("fits", "fit", name)["day"])})


def optimum(flops: float, fit: str | Fit = DEFAULT_FIT) -> Optimum:
    """Return the parameters and tokens of least loss for a compute C = 6 N D (Hoffmann et al. 2022, equation 4).

    N = G (C / 6)^(beta / (alpha + beta)) with G = (alpha A / (beta B))^(1 / (alpha + beta)), and D = C / (6 N). The rule of thumb
    gives N = sqrt(C / (6 ratio)).
    """
    if not 0.0 < flops < math.inf:
        raise ConfigError(f"compute must be a finite number above 0 FLOP, not {flops}")
    law = find_fit(fit) if isinstance(fit, str) else fit
    if law.ratio is not None:
        parameters = math.sqrt(flops / (6.0 * law.ratio))
    else:
        total = law.alpha + law.beta
        parameters = (law.alpha * law.A / (law.beta * law.B)) ** (1.0 / total) * (flops / 6.0) ** (law.beta / total)
    return _optimum(parameters, flops / (6.0 * parameters), law)


def optimum_for_parameters(parameters: float, fit: str | Fit = DEFAULT_FIT) -> Optimum:
    """Return the tokens with which a model of this size is the optimum of its compute: 20 a parameter by the rule."""
    if not 0.0 < parameters < math.inf:
        raise ConfigError(f"parameters must be above 0 and finite, not {parameters}")
    law = find_fit(fit) if isinstance(fit, str) else fit
    if law.ratio is not None:
        return _optimum(parameters, law.ratio * parameters, law)
    tokens = (law.beta * law.B / (law.alpha * law.A) * parameters**law.alpha) ** (1.0 / law.beta)
    return _optimum(parameters, tokens, law)


def disagreement(flops: float, *, factor: float = 2.0) -> list[str]:
    """Say which fits ask for more than `factor` times, or less than 1 / factor of, the default fit's tokens a parameter."""
    base = optimum(flops)
    notes = []
    for name in fit_names():
        other = optimum(flops, name)
        if not 1.0 / factor <= other.ratio / base.ratio <= factor:
            asked = f"{name} asks for {other.ratio:.1f} tokens a parameter at {flops:.3g} FLOP, {base.fit} for {base.ratio:.1f}"
            notes.append(f"{asked}: {find_fit(name).note}")
    return notes


@dataclass(frozen=True, slots=True)
class Overtraining:
    """How far a run lies from the training optimum.

    `ratio` are its tokens a parameter, `optimal_ratio` those of the optimum for its compute, `factor` the one over the other (above 1:
    trained longer than training alone asks for). `compute_factor` is its compute over the least that reaches the same loss; None by
    a rule.
    """

    ratio: float
    optimal_ratio: float
    factor: float
    flops: float
    compute_factor: float | None
    fit: str


def overtraining(parameters: float, tokens: float, fit: str | Fit = DEFAULT_FIT) -> Overtraining:
    """Compare a run's tokens a parameter with the optimum for the compute it took, 6 N D. Raises ConfigError for sizes not above 0."""
    if not (0.0 < parameters < math.inf and 0.0 < tokens < math.inf):
        raise ConfigError(f"{parameters} parameters on {tokens} tokens are no training run")
    law = find_fit(fit) if isinstance(fit, str) else fit
    flops = 6.0 * parameters * tokens
    best = optimum(flops, law)
    spare = None if law.ratio is not None else flops / _least_flops(law, law.loss(parameters, tokens))
    return Overtraining(tokens / parameters, best.ratio, tokens / parameters / best.ratio, flops, spare, law.name)


@dataclass(frozen=True, slots=True)
class LifetimeOptimum:
    """The model of least lifetime compute at a loss: its size and tokens, training and inference compute, and what it saves.

    `saved` is the share of lifetime compute saved against the training optimum of the same loss, whose size is `training_parameters`.
    """

    parameters: float
    tokens: float
    ratio: float
    training_flops: float
    inference_flops: float
    loss: float
    saved: float
    training_parameters: float
    fit: str


def inference_optimum(
    loss: float, inference_tokens: float, *, fit: str | Fit = DEFAULT_FIT, inference_price: float = 1.0
) -> LifetimeOptimum:
    """Return the model that reaches a loss with the least compute over training and a lifetime of inference tokens.

    Minimises 6 N D + p 2 N D_inference over N with L(N, D) = loss (Sardana et al. 2024, equation 3); `inference_price` p is what an
    inference FLOP costs against a training FLOP (above 1 where serving uses devices less well). Without inference tokens it is
    Chinchilla's optimum. Raises StatisticsError for a loss at or below the fit's irreducible one.
    """
    law = find_fit(fit) if isinstance(fit, str) else fit
    if law.ratio is not None or not loss > law.E:
        floor = "is a rule and knows no loss" if law.ratio is not None else f"never goes below {law.E}, asked for {loss}"
        raise StatisticsError(
            f"{law.name} {floor}", hint="give a loss above it, for example fit.loss(parameters, tokens) of a model you like"
        )
    if inference_tokens < 0.0 or not inference_price > 0.0:
        raise ConfigError(f"{inference_tokens} inference tokens at a price of {inference_price} are no workload")
    base = optimum(_least_flops(law, loss), law)
    size = _lifetime_size(law, loss, inference_price * inference_tokens, base.parameters)
    tokens = _tokens_for(law, size, loss)
    served = 2.0 * inference_tokens
    spent, before = (6.0 * n * d + inference_price * served * n for n, d in ((size, tokens), (base.parameters, base.tokens)))
    return LifetimeOptimum(
        size, tokens, tokens / size, 6.0 * size * tokens, served * size, loss, max(0.0, 1.0 - spent / before), base.parameters, law.name
    )


def _lifetime_size(law: Fit, loss: float, served_tokens: float, largest: float) -> float:
    """Return the size where one parameter fewer would cost as much in training as it saves in inference.

    The root of the derivative 6 D (1 - alpha A N^-alpha / (beta r)) + 2 T over N, with r = loss - E - A N^-alpha and
    D = (B / r)^(1 / beta). It rises with N from minus infinity at the smallest model that can reach the loss, and is not negative
    at the training optimum.
    """
    from scipy.optimize import brentq

    if not served_tokens:
        return largest
    smallest = (law.A / (loss - law.E)) ** (1.0 / law.alpha)  # infinitely many tokens would take it to the loss

    def derivative(log_size: float) -> float:
        part = law.A * math.exp(-law.alpha * log_size)
        rest = loss - law.E - part
        tokens = float((law.B / rest) ** (1.0 / law.beta))
        return 6.0 * tokens * (1.0 - law.alpha * part / (law.beta * rest)) + 2.0 * served_tokens

    return float(math.exp(brentq(derivative, math.log(smallest) + CLOSE, math.log(largest), xtol=1e-12)))


def _optimum(parameters: float, tokens: float, law: Fit) -> Optimum:
    loss = None if law.ratio is not None else law.loss(parameters, tokens)
    return Optimum(parameters, tokens, tokens / parameters, 6.0 * parameters * tokens, law.name, law.source, loss)


def _tokens_for(law: Fit, parameters: float, loss: float) -> float:
    """Return the tokens that take a model of this size to the loss; the size must be able to reach it."""
    return float((law.B / (loss - law.E - law.A / parameters**law.alpha)) ** (1.0 / law.beta))


def _least_flops(law: Fit, loss: float) -> float:
    """Return the least compute that reaches a loss: along the optimum A / N^alpha is a fixed share of the reducible loss."""
    share = law.beta / (law.alpha + law.beta)  # from alpha A / N^alpha = beta B / D^beta
    parameters = (law.A / (share * (loss - law.E))) ** (1.0 / law.alpha)
    tokens = (law.B / ((1.0 - share) * (loss - law.E))) ** (1.0 / law.beta)
    return float(6.0 * parameters * tokens)
