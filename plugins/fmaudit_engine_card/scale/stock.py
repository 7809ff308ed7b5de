"""Data as a limit: what repeated tokens are worth, how much text there is, when it runs out, and the electricity of data centres."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fmaudit import ConfigError, Interval
from fmaudit_engine_card.scale.facts import fact

__all__ = [
    "REPEATS_WORTH",
    "DataStock",
    "Demand",
    "Exhaustion",
    "Repetition",
    "electricity_growth",
    "electricity_share",
    "exhaustion",
    "growth_of_runs",
    "public_text",
    "repetition",
    "unique_tokens_for",
]

REPEATS_WORTH = 15.39  # R* of Muennighoff et al. 2023: repeats after which another is worth 1/e of a new token
DRAWS, SEED = 20_000, 0


@dataclass(frozen=True, slots=True)
class Repetition:
    """What several epochs over the same tokens are worth, in tokens as good as new.

    `seen` are unique tokens times epochs, `value` is effective over seen, `limit` what endless repetition would approach.
    """

    unique: float
    epochs: float
    seen: float
    effective: float
    value: float
    limit: float


def repetition(unique: float, epochs: float, *, worth: float = REPEATS_WORTH) -> Repetition:
    """Return the effective data of U unique tokens seen for so many epochs: U + U R* (1 - exp(-R / R*)), R = epochs - 1.

    Muennighoff et al. 2023, equation 5, with their R* for data; the excess parameters of a model larger than the data warrant are
    not discounted here. Less than one epoch is no repetition: what was seen is what counts.
    """
    if not all(0.0 < given < math.inf for given in (unique, epochs, worth)):
        raise ConfigError(f"{unique} unique tokens over {epochs} epochs are no training")
    seen = unique * epochs
    repeats = max(0.0, epochs - 1.0)
    effective = seen if epochs <= 1.0 else unique - unique * worth * math.expm1(-repeats / worth)
    return Repetition(unique, epochs, seen, effective, effective / seen, unique * (1.0 + worth))


def unique_tokens_for(effective: float, epochs: float, *, worth: float = REPEATS_WORTH) -> float:
    """Return the unique tokens that so many epochs make worth `effective` new ones: the inverse of `repetition`.

    Raises ConfigError for amounts that are not above 0 and finite.
    """
    if not 0.0 < effective < math.inf:
        raise ConfigError(f"{effective} new tokens are no amount of data", hint="a finite number above 0 is needed")
    return effective / repetition(1.0, epochs, worth=worth).effective


@dataclass(frozen=True, slots=True)
class DataStock:
    """An estimate of how many tokens there are, its interval, and the years its authors expect it to be used up in."""

    name: str
    tokens: float
    interval: Interval
    used_up: Interval
    source: str
    day: str

    @property
    def sentence(self) -> str:
        """Say the estimate with its interval and source in one line."""
        low, high = self.interval.low / 1e12, self.interval.high / 1e12
        years = f"{self.used_up.low:.0f} to {self.used_up.high:.0f} ({self.used_up.level:.0%} interval)"
        amount = f"about {self.tokens / 1e12:g} T tokens ({low:g} to {high:g} T, {self.interval.level:.0%} interval)"
        return f"{amount}, used up {years}; {self.source}"


def public_text() -> DataStock:
    """Return the stock of public human text from the table of facts (Epoch AI 2024: 300 T, 100 to 1000 T, 2026 to 2032)."""
    row = fact("stock", "stock", "public human text")
    years = Interval(row["used_up_low"], row["used_up_high"], row["used_up_level"], "as published")
    return DataStock(row["name"], row["tokens"], _published(row), years, row["source"], str(row["day"]))


@dataclass(frozen=True, slots=True)
class Demand:
    """The tokens of the largest run in a year, and the factor they grow by each year, with its interval."""

    tokens: float
    year: float
    growth: float
    interval: Interval
    source: str


def growth_of_runs() -> Demand:
    """Return the demand that the table of facts assumes: Llama 3 in 2024, growing by a factor of 2.0 (1.4 to 3.0) a year."""
    run, growth = fact("stock", "run", "Llama 3"), fact("stock", "growth", "tokens of the largest training runs, a year")
    return Demand(run["tokens"], run["year"], growth["factor"], _published(growth), f"{run['source']}; {growth['source']}")


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """The year in which one run would need the whole stock: the median and an interval, and what was assumed."""

    year: float
    interval: Interval
    assumption: str


def exhaustion(stock: DataStock, demand: Demand, *, level: float = 0.80) -> Exhaustion:
    """Return when the largest run reaches the stock: year + ln(stock / tokens) / ln(growth), with stock and growth log-normal.

    The published intervals set their spreads, taken as independent; 20,000 seeded draws give the quantiles. A growth of 1 or less
    never gets there, so the growth's interval must lie above 1. Raises ConfigError otherwise.
    """
    import numpy as np

    if not demand.interval.low > 1.0:
        raise ConfigError(
            f"a yearly growth of {demand.interval.low:g} never uses up the stock", hint="give a growth whose interval lies above 1"
        )
    rng = np.random.default_rng(SEED)
    supply = rng.normal(math.log(stock.tokens), _spread(stock.interval), DRAWS) - math.log(demand.tokens)
    pace = np.exp(rng.normal(math.log(math.log(demand.growth)), _spread(demand.interval, np.log), DRAWS))
    low, middle, high = np.quantile(demand.year + supply / pace, [(1.0 - level) / 2.0, 0.5, (1.0 + level) / 2.0])
    pace_range = f"{demand.growth:g} a year ({demand.interval.low:g} to {demand.interval.high:g})"
    assumption = f"{demand.tokens:.3g} tokens in {demand.year:g}, times {pace_range}"
    return Exhaustion(float(middle), Interval(float(low), float(high), level, "simulated"), assumption)


def electricity_share(twh: float, year: int) -> float:
    """Return the share of the world's electricity that an amount is in 2024 or 2030, by the IEA's own amounts and shares.

    Raises ConfigError for another year, and for an amount below 0.
    """
    if not 0.0 <= twh < math.inf:
        raise ConfigError(f"{twh} TWh are no amount of electricity", hint="a finite number from 0 is needed; 415 in 2024")
    row = fact("stock", "electricity", f"data centres {year}")
    return float(twh / (row["twh"] / row["share"]))


def electricity_growth(share: float, *, year: int = 2030, base_year: int = 2024) -> float:
    """Return the yearly growth that data centres would need to draw a share of the world's electricity in a year (0.15 is 15 %).

    It tells a claim such as "20 % by 2030" from the IEA's base case: both are held against the same amount of today.
    """
    if not (0.0 < share <= 1.0 and year > base_year):
        raise ConfigError(
            f"a share of {share} in {year}, seen from {base_year}, has no growth", hint="0.15 is 15 %, and the year comes later"
        )
    base, end = (fact("stock", "electricity", f"data centres {when}") for when in (base_year, year))
    target = share * end["twh"] / end["share"]
    return float((target / base["twh"]) ** (1.0 / (year - base_year)) - 1.0)


def _published(row: Mapping[str, Any]) -> Interval:
    return Interval(row["low"], row["high"], row["level"], "as published")


def _spread(interval: Interval, inner: Any = None) -> float:
    """Return the standard deviation of the logarithm (or of the logarithm of `inner`) that an interval's ends stand for."""
    from scipy.special import ndtri

    low, high = (interval.low, interval.high) if inner is None else (float(inner(interval.low)), float(inner(interval.high)))
    return math.log(high / low) / (2.0 * float(ndtri(0.5 + interval.level / 2.0)))
