"""What temperature, top-k and top-p make of a next-token distribution: exactly from logits, else from what is listed of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fmaudit import StatisticsError
from fmaudit_sampling.conformance.sampler import StatedSampler
from fmaudit_sampling.conformance.stated import kept_tokens

__all__ = ["REST", "View", "chance_of", "next_entropy", "view"]

REST = "(rest)"
ROUNDING = 1e-9  # listed mass that far above 1 is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The listed tokens and, where they do not add up to 1, the rest as one token: before and under a sampler; 0 is cut off.

    `probabilities` and `sampled` run along `tokens`, in the order given. `note` says what the listed mass adds up to, "" where it is 1.
    """

    tokens: tuple[str, ...]
    probabilities: tuple[float, ...]
    sampled: tuple[float, ...]
    entropy: float  # nats, under the sampler
    note: str = ""


def view(probabilities: Sequence[float], sampler: StatedSampler, *, tokens: Sequence[str] = ()) -> View:
    """Apply a sampler to listed probabilities at temperature 1.

    Temperature T gives p^(1/T) over its sum, which is softmax(logits / T). The rest counts as one token, although it may be many: at
    temperatures other than 1 its share is a model of the truth. It is never among those that top-k and top-p may keep before
    the listed ones, whatever its mass: the tokens it is made of are taken to be rarer. Raises StatisticsError for probabilities
    that are not positive or add up to more than 1.
    """
    listed = [float(p) for p in probabilities]
    mass = math.fsum(listed)
    if not listed or not all(p > 0.0 for p in listed) or mass > 1.0 + ROUNDING:
        raise StatisticsError(f"listed probabilities that add up to {mass:.6g} are no part of a distribution", hint="list positive ones")
    if tokens and len(tokens) != len(listed):
        raise StatisticsError(f"{len(tokens)} tokens for {len(listed)} probabilities")
    names = list(tokens or [str(place) for place in range(1, len(listed) + 1)])
    rest, note = 1.0 - mass, ""
    if rest > ROUNDING:
        listed, names = [*listed, rest], [*names, REST]
        note = f"The listed probabilities sum to {mass:.4g}; the remaining {rest:.4g} is shown as one token."
    sampled = _sampled(listed, sampler, has_rest=bool(note))
    entropy = -math.fsum(q * math.log(q) for q in sampled if q > 0.0)
    return View(tokens=tuple(names), probabilities=tuple(listed), sampled=sampled, entropy=entropy, note=note)


def _sampled(listed: list[float], sampler: StatedSampler, *, has_rest: bool) -> tuple[float, ...]:
    logits, count = np.log(listed), len(listed) - has_rest
    order = np.argsort(-logits[:count], kind="stable")
    place = np.concatenate([order, np.arange(count, len(listed))])  # the rest comes last
    scaled = (logits[place] - logits.max()) / (sampler.temperature or 1.0)
    mass = np.exp(scaled)[: 1 if sampler.greedy else sampler.top_k or len(place)]
    if sampler.top_p < 1.0:
        mass = np.where(mass.cumsum() - mass < sampler.top_p * mass.sum(), mass, 0.0)
    found = np.zeros(len(listed))
    found[place[: len(mass)]] = mass / mass.sum()
    return tuple(found.tolist())


def chance_of(logits: npt.ArrayLike, ids: Sequence[int], sampler: StatedSampler) -> float:
    """Give the probability that a sampler draws these tokens one after the other, from the logits before each: [tokens, vocabulary]."""
    kept = kept_tokens(np.asarray(logits, np.float64), sampler)
    own = np.where(kept.ids == np.asarray(ids)[:, None], kept.mass, 0.0).sum(axis=1)
    return float(np.prod(own / kept.mass.sum(axis=1)))


def next_entropy(logits: npt.ArrayLike, sampler: StatedSampler) -> float:
    """Give the entropy (nats) of the next token over the whole vocabulary under a sampler, from its logits [vocabulary]."""
    mass = kept_tokens(np.asarray(logits, np.float64)[None], sampler).mass[0]
    q = mass[mass > 0.0] / mass.sum()
    return max(0.0, -math.fsum((q * np.log(q)).tolist()))
