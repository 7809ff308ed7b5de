"""What a sample could have seen: minimum detectable effects, printed next to every "no difference"."""

from __future__ import annotations

import math

from fmaudit.errors import StatisticsError

__all__ = [
    "mde_from_error",
    "mde_mcnemar",
    "mde_mean",
    "mde_paired_proportions",
    "mde_proportions",
    "required_n_mean",
    "required_n_paired_proportions",
    "required_n_proportions",
]

FEWEST_PAIRS = 6  # whose exact test can be significant at 5 %: 2 / 2^6 = 0.03
SIX_SEEN = 7.91  # events expected where six or more are seen with 80 % power


def mde_from_error(standard_error: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the smallest true effect that a two-sided test would find with this power: 2.80 standard errors by default."""
    if not standard_error >= 0.0:
        raise StatisticsError(f"a standard error is not {standard_error}")
    return sum(_quantiles(alpha, power)) * standard_error


def mde_proportions(n: float, p: float, n_other: float | None = None, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the detectable difference of two proportions near p, n observations each: 250 at 6 % see 5.9 points."""
    other = n if n_other is None else n_other
    if not (n > 0 and other > 0 and 0.0 <= p <= 1.0):
        raise StatisticsError(f"no power can be computed for {n} and {other} observations at a proportion of {p}")
    return mde_from_error(math.sqrt(p * (1.0 - p) * (1.0 / n + 1.0 / other)), alpha=alpha, power=power)


def mde_paired_proportions(n: float, discordance: float, *, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """Return the detectable difference on the same n items when a share `discordance` of them changes sides.

    Connor 1987: d sqrt(n) = z_a sqrt(psi) + z_b sqrt(psi - d^2). None where even a change of every discordant item in
    the same direction would not be found.
    """
    if not (n > 0 and 0.0 <= discordance <= 1.0):
        raise StatisticsError(f"no power can be computed for {n} items with a discordance of {discordance}")
    za, zb = _quantiles(alpha, power)
    inner = n + zb * zb - za * za
    if inner < 0.0:
        return None
    effect = math.sqrt(discordance) * (za * math.sqrt(n) + zb * math.sqrt(inner)) / (n + zb * zb)
    return effect if effect <= discordance else None


def mde_mcnemar(n: float, discordant: float) -> float | None:
    """Return the difference on the same n items that McNemar's exact test at 5 % finds with 80 % power, where `discordant` of them differ.

    Connor's, with the discordance seen. Where so few differ that his has no answer: six items that all change one way are the least that
    is significant (2 / 2^6 = 0.03), and six or more are seen with 80 % power where 7.91 are expected (Poisson). None with fewer items.
    """
    if n < FEWEST_PAIRS:
        return None
    found = mde_paired_proportions(n, discordant / n)
    if found and discordant:
        return found
    return SIX_SEEN / n if n > SIX_SEEN else None


def mde_mean(n: float, deviation: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the detectable shift of a mean of n items (or of n differences) with this standard deviation."""
    if not n > 0:
        raise StatisticsError(f"no power can be computed for {n} items")
    return mde_from_error(deviation / math.sqrt(n), alpha=alpha, power=power)


def required_n_proportions(effect: float, p: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return the observations on each side that a difference `effect` of two proportions near p needs."""
    return required_n_mean(effect, math.sqrt(2.0 * p * (1.0 - p)), alpha=alpha, power=power)


def required_n_paired_proportions(effect: float, discordance: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return the items that a difference `effect` needs when a share `discordance` of them changes sides (Connor 1987)."""
    if not 0.0 < abs(effect) <= discordance <= 1.0:
        raise StatisticsError(f"a difference of {effect} cannot come from a discordance of {discordance}")
    za, zb = _quantiles(alpha, power)
    return math.ceil(((za * math.sqrt(discordance) + zb * math.sqrt(discordance - effect**2)) / effect) ** 2)


def required_n_mean(effect: float, deviation: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return the items that a shift `effect` of a mean needs with this standard deviation."""
    if effect == 0.0:
        raise StatisticsError("no number of items shows an effect of zero")
    return max(1, math.ceil((sum(_quantiles(alpha, power)) * deviation / effect) ** 2))


def _quantiles(alpha: float, power: float) -> tuple[float, float]:
    from scipy.special import ndtri

    if not (0.0 < alpha < 1.0 and 0.0 < power < 1.0):
        raise StatisticsError(f"alpha and power lie between 0 and 1, not {alpha} and {power}")
    return float(ndtri(1.0 - alpha / 2.0)), float(ndtri(power))
