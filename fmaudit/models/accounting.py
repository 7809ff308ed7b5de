"""What a model's answers cost: tokens, seconds, joules and money, and how well the machine was used."""

from __future__ import annotations

import math
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from fmaudit.errors import ModelError
from fmaudit.models.base import Usage

__all__ = ["EnergyMeter", "Price", "blended_price", "find_price", "rapl_joules", "usage_document"]

CPU_WATTS_PER_CORE = 10.0  # an assumption, said wherever it is used: server cores draw about 5 to 15 W under load
STALE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a million tokens, where it was read and when."""

    input: float
    output: float
    currency: str
    source: str
    day: str  # ISO date

    def stale(self, today: date) -> bool:
        """Tell whether the price was read so long ago that it should be checked."""
        return bool(self.day) and (today - date.fromisoformat(self.day)).days > STALE_DAYS


def find_price(model: str, given: tuple[float | None, float | None] = (None, None)) -> Price | None:
    """Find the price of a model by its name: as set in audit.toml, else the longest fitting prefix in the table of facts."""
    if given[0] is not None or given[1] is not None:
        return Price(given[0] or 0.0, given[1] or 0.0, "USD", "audit.toml", "")
    table = tomllib.loads(resources.files("fmaudit.models").joinpath("data/prices.toml").read_text("utf-8"))
    fitting = [row for row in table["price"] if model.startswith(row["model"])]
    if not fitting:
        return None
    best = max(fitting, key=lambda row: len(row["model"]))
    return Price(best["input"], best["output"], best.get("currency", "USD"), best["source"], str(best["day"]))


def blended_price(shares: Mapping[str, float], prices: Mapping[str, Price]) -> Price:
    """Price a mixture of models: the sum of share times price, exactly rounded once.

    `shares` are of the tokens each model gets and add up to 1. Raises ModelError for other shares, missing prices, mixed currencies.
    """
    if not math.isclose(math.fsum(shares.values()), 1.0, abs_tol=1e-9) or min(shares.values()) < 0:
        raise ModelError(f"the shares of a route add up to 1, not {math.fsum(shares.values()):g}")
    missing = sorted(set(shares) - set(prices))
    currencies = {prices[name].currency for name in shares if name in prices}
    if missing or len(currencies) != 1:
        raise ModelError(f"no price of {', '.join(missing)}" if missing else f"prices in {' and '.join(sorted(currencies))} do not add up")
    cost = [math.fsum(share * getattr(prices[name], side) for name, share in shares.items()) for side in ("input", "output")]
    days = [prices[name].day for name in shares if prices[name].day]
    source = " + ".join(f"{share:g} {name}" for name, share in shares.items())
    return Price(cost[0], cost[1], currencies.pop(), source, min(days, default=""))


class EnergyMeter:
    """Measures the energy between `start` and `stop`: NVML for a GPU, RAPL for a CPU, else an estimate that says so."""

    def __init__(self, device: str = "cpu") -> None:
        """`device` is where the model runs: "cuda..." or another."""
        self._nvml = _nvml_joules if device.startswith("cuda") else None
        self._begin: tuple[float, float | None, float | None, float] = (0.0, None, None, 0.0)

    def start(self) -> None:
        """Read the counters."""
        self._begin = (time.monotonic(), self._gpu(), rapl_joules(), time.process_time())

    def stop(self, helper_seconds: float = 0.0) -> tuple[float | None, str]:
        """Return the joules since `start`, and how they are known; `helper_seconds` of processors were spent in other processes."""
        _, gpu, cpu, busy = self._begin
        after_gpu, after_cpu = self._gpu(), rapl_joules()
        if gpu is not None and after_gpu is not None:
            return after_gpu - gpu, "measured: NVML, the GPU alone"
        if cpu is not None and after_cpu is not None and after_cpu >= cpu:
            return after_cpu - cpu, "measured: RAPL, the whole processor package"
        joules = (time.process_time() - busy + helper_seconds) * CPU_WATTS_PER_CORE
        return joules, f"estimated: CPU seconds x {CPU_WATTS_PER_CORE:g} W a core, no meter can be read"

    def _gpu(self) -> float | None:
        return None if self._nvml is None else self._nvml()


def rapl_joules(root: Path = Path("/sys/class/powercap")) -> float | None:
    """Read the energy counters of all processor packages, in joules; None where they cannot be read."""
    total, found = 0.0, False
    for counter in sorted(root.glob("intel-rapl:[0-9]*/energy_uj")):
        if counter.parent.name.count(":") != 1:
            continue
        try:
            total += int(counter.read_text()) / 1e6
            found = True
        except (OSError, ValueError):
            return None
    return total if found else None


def _nvml_joules() -> float | None:
    """Read the energy counters of all GPUs, in joules, where the NVML bindings are installed."""
    try:
        import pynvml  # type: ignore[import-not-found,import-untyped,unused-ignore]

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return float(sum(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) for handle in handles)) / 1000.0
    except Exception:  # no bindings, no driver, or a GPU without a counter
        return None


def usage_document(
    usage: Usage, *, asked: int, cached: int, joules: float | None, joules_method: str, price: Price | None, peak_flops: float | None
) -> dict[str, Any]:
    """Lay out what the work cost as plain values; rates are None where nothing was computed."""
    computed = usage.computed_tokens
    money = None if price is None else (usage.prompt_tokens * price.input + usage.completion_tokens * price.output) / 1e6
    flops_per_second = usage.flops / usage.seconds if usage.seconds and usage.flops else None
    return {
        "asked": asked,
        "cached": cached,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "scored_tokens": usage.scored_tokens,
        "computed_tokens": computed,
        "padding_ratio": round(computed / (computed - usage.padding_tokens), 4) if computed > usage.padding_tokens else None,
        "seconds": round(usage.seconds, 3),
        "tokens_per_second": round((computed - usage.padding_tokens) / usage.seconds, 1) if usage.seconds and computed else None,
        "flops_per_second": flops_per_second,
        "utilisation": None if flops_per_second is None or not peak_flops else round(flops_per_second / peak_flops, 4),
        "peak_flops": peak_flops,
        "joules": None if joules is None else round(joules, 3),
        "joules_method": joules_method,
        "money": money,
        "price": None if price is None else _price(price),
    }


def _price(price: Price) -> Mapping[str, Any]:
    return {"input": price.input, "output": price.output, "currency": price.currency, "source": price.source, "day": price.day}
