"""Sampling as it is stated: temperature, then top-k, then top-p, then one draw by keyed noise; all in numpy, as the reference.

A sample is a pure function of the model, the prompt, the parameters and its own index: its noise comes from a key, a step and a token
id, never from a generator with a state. The draw is the Gumbel-max of Gumbel (1954): argmax of scaled logit plus Gumbel noise is
distributed as the softmax.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fmaudit.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fmaudit.models.requests import Sampling

__all__ = ["Cut", "canonical", "distribution", "draw", "exact_log", "gumbel", "gumbel_of", "hashes", "sample_key", "step_seeds", "uniforms"]

PHI: Final = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: the step of splitmix64
FIRST: Final = 0xBF58476D1CE4E5B9
SECOND: Final = 0x94D049BB133111EB
UNIT: Final = 2.0**-53
BELOW_ONE: Final = 1.0 - UNIT  # (2^53 - 1/2) / 2^53 rounds to 1, whose Gumbel noise would be infinite

# fdlibm's natural logarithm (Sun Microsystems, e_log.c): 2^k (1 + f) with f / (2 + f) in a polynomial, error below one unit
LN2_HIGH: Final = 6.93147180369123816490e-01
LN2_LOW: Final = 1.90821492927058770002e-10
SQRT_HALF: Final = 0.7071067811865476
LOG_TERMS: Final = (
    1.479819860511658591e-01,
    1.531383769920937332e-01,
    1.818357216161805012e-01,
    2.222219843214978396e-01,
    2.857142874366239149e-01,
    3.999999999940941908e-01,
    6.666666666666735130e-01,
)


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """The parameters that shape a distribution, in the one form that equal settings share: temperature 0 is greedy."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    @property
    def greedy(self) -> bool:
        """Whether the most probable token is taken, the lowest id on a tie."""
        return self.temperature == 0

    @property
    def truncates(self) -> bool:
        """Whether tokens can be cut off."""
        return self.top_k > 0 or self.top_p < 1


def canonical(sampling: Sampling) -> Cut:
    """Give the canonical form: greedy knows no truncation, and top-p of 1 or more is none.

    Raises ModelError for a temperature or top-k below 0, a top-p of 0 or below, or a number that is not finite.
    """
    temperature, top_k, top_p = float(sampling.temperature), int(sampling.top_k), float(sampling.top_p)
    wrong = not (math.isfinite(temperature) and temperature >= 0) or top_k < 0 or not top_p > 0
    if wrong:
        raise ModelError(
            f"sampling at temperature={sampling.temperature}, top_k={sampling.top_k}, top_p={sampling.top_p} is undefined",
            hint="temperature >= 0, top_k >= 0 (0: no limit), 0 < top_p <= 1 (1: no limit)",
        )
    if temperature == 0:
        return Cut(0.0, 0, 1.0)
    return Cut(temperature, top_k, min(top_p, 1.0))


def sample_key(identity: str, prompt_ids: Sequence[int], sampling: Sampling, sample: int) -> int:
    """Name a sample by 64 bits of BLAKE2b: model, prompt's token ids, canonical parameters with the seed, sample's index.

    How long a completion may get and what stops it do not enter: a shorter sample is the beginning of the longer one.
    """
    cut = canonical(sampling)
    name = identity.encode()
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"fmaudit sample 1\n{len(name)}:".encode())
    digest.update(name)
    digest.update(f"\n{cut.temperature.hex()} {cut.top_k} {cut.top_p.hex()} {int(sampling.seed)} {int(sample)}\n".encode())
    digest.update(np.asarray(prompt_ids, "<i8").tobytes())
    return int(struct.unpack("<Q", digest.digest())[0])


# -- noise -----------------------------------------------------------------------------------------------------------


def _mixed(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Apply the finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(FIRST)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(SECOND)
    return np.asarray(word ^ (word >> np.uint64(31)))


def step_seeds(keys: ArrayLike, step: ArrayLike) -> NDArray[np.uint64]:
    """Give the hash of (key, step), which broadcast: output number `step` of the splitmix64 stream that the key seeds."""
    with np.errstate(over="ignore"):
        key, steps = np.broadcast_arrays(np.asarray(keys, np.uint64), np.asarray(step).astype(np.uint64) + np.uint64(1))
        return _mixed(np.atleast_1d(key) + np.atleast_1d(steps) * np.uint64(PHI)).reshape(key.shape)


def hashes(keys: ArrayLike, step: int, ids: ArrayLike) -> NDArray[np.uint64]:
    """Hash (key, step, token id): output number `id` of the stream seeded by the hash of (key, step); keys and ids broadcast."""
    with np.errstate(over="ignore"):
        offset = (np.asarray(ids).astype(np.uint64) + np.uint64(1)) * np.uint64(PHI)
        return _mixed(step_seeds(keys, step) + offset)


def uniforms(keys: ArrayLike, step: int, ids: ArrayLike) -> NDArray[np.float64]:
    """Give numbers strictly between 0 and 1, from the upper 53 bits of the hash."""
    high = (hashes(keys, step, ids) >> np.uint64(11)).astype(np.float64)
    return np.minimum((high + 0.5) * UNIT, BELOW_ONE)


def exact_log(x: ArrayLike) -> NDArray[np.float64]:
    """Take the natural logarithm of positive, normal numbers with the same bits on every machine.

    Only correctly rounded operations in a stated order, so that numpy, torch on any device and compiled code agree to the last bit.
    """
    mantissa, exponent = np.frexp(np.asarray(x, np.float64))
    low = mantissa < SQRT_HALF
    f = np.where(low, mantissa + mantissa, mantissa) - 1.0
    k = (exponent - low).astype(np.float64)
    s = f / (2.0 + f)
    z = s * s
    poly: Any = LOG_TERMS[0]
    for term in LOG_TERMS[1:]:
        poly = poly * z + term
    half = 0.5 * f * f
    return np.asarray(k * LN2_HIGH - ((half - (s * (half + poly * z) + k * LN2_LOW)) - f))


def gumbel_of(uniform: ArrayLike) -> NDArray[np.float64]:
    """Turn uniform numbers into standard Gumbel noise."""
    return -exact_log(-exact_log(uniform))


def gumbel(keys: ArrayLike, step: int, ids: ArrayLike) -> NDArray[np.float64]:
    """Give standard Gumbel noise for (key, step, token id); keys and ids broadcast."""
    return gumbel_of(uniforms(keys, step, ids))


# -- the distribution ------------------------------------------------------------------------------------------------


def distribution(logits: ArrayLike, cut: Cut) -> NDArray[np.float64]:
    """Give the probabilities [vocabulary] that a cut states for one position; a token that is cut off has exactly 0.

    Temperature divides the logits; top-k keeps the k largest; top-p keeps the smallest set of the rest, largest first, that holds at
    least p of their mass. Equal logits count in the order of their ids.
    """
    z = np.asarray(logits, np.float64)
    found = np.zeros(len(z))
    if cut.greedy:
        found[int(np.argmax(z))] = 1.0
        return found
    order = np.argsort(-z, kind="stable")
    if cut.top_k:
        order = order[: cut.top_k]
    mass = np.exp((z[order] - z[order[0]]) / cut.temperature)
    before = np.cumsum(mass) - mass
    kept = before < cut.top_p * mass.sum() if cut.top_p < 1 else mass > 0
    found[order[kept]] = mass[kept] / mass[kept].sum()
    return found


def draw(logits: ArrayLike, cut: Cut, key: int, step: int) -> int:
    """Draw the token of one position: the lowest id among the largest scaled logit plus noise within the kept tokens."""
    z = np.asarray(logits, np.float64)
    kept = np.flatnonzero(distribution(z, cut))
    if cut.greedy:
        return int(kept[0])
    noisy = (z[kept] - z[kept].max()) / cut.temperature + gumbel(key, step, kept)
    return int(kept[np.argmax(noisy)])
