"""What training takes: operations, time, money, energy and carbon. Nothing that matters has a default."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fmaudit import ConfigError, facts

__all__ = [
    "DAY", "MONTH", "Explanation", "device_hours", "emissions_kg", "energy_kwh", "explain_rate", "implied_rate", "inference_flops", "peak",
    "training_cost", "training_flops", "training_time",
]  # fmt: skip

DAY = 86_400.0  # seconds
MONTH = 365.25 / 12.0 * DAY


def training_flops(
    parameters: float, tokens: float, *, layers: int = 0, hidden: int = 0, context: int = 0, causal: bool = False, epochs: float = 1.0
) -> float:
    """Return the operations of training: 6 N D, and with layers, hidden size and context the attention term 12 L d T D.

    `parameters` are those that work on a token (the active ones of a mixture of experts), `tokens` those seen in one epoch. The
    attention term is that of full attention, as model-FLOP counts have it; `causal` halves it. Kaplan et al. 2020, section 2.1;
    Chowdhery et al. 2022, appendix B. Raises ConfigError for sizes that are not positive, or an attention term given in part.
    """
    _positive(parameters=parameters, tokens=tokens, epochs=epochs)
    given = (layers, hidden, context)
    if any(given) and not all(size > 0 for size in given):
        raise ConfigError("the attention term takes layers, hidden and context together", hint="give all three, or none of them")
    attention = (6.0 if causal else 12.0) * layers * hidden * context
    return (6.0 * parameters + attention) * tokens * epochs


def inference_flops(parameters: float, tokens: float) -> float:
    """Return the operations of reading or writing tokens, 2 N a token without the attention term (Kaplan et al. 2020)."""
    _positive(parameters=parameters, tokens=tokens)
    return 2.0 * parameters * tokens


def peak(device: str, precision: str) -> float:
    """Return a device's dense peak at a precision in operations a second, from the table of facts.

    Raises ModelError for an unknown device and for a precision it has not: the same H100 does 66.9e12 in float32 and 989.4e12 in
    bfloat16, so a time without a precision means nothing.
    """
    return facts.peak_rate(device, precision)


def device_hours(flops: float, *, peak_flops: float, utilisation: float) -> float:
    """Return the hours of one device that the operations take at this share of its peak (model-FLOP utilisation, above 0 to 1)."""
    _positive(flops=flops, peak_flops=peak_flops)
    if not 0.0 < utilisation <= 1.0:
        raise ConfigError(f"a utilisation lies above 0 and not above 1, not at {utilisation}", hint="large runs report 0.3 to 0.5")
    return flops / (peak_flops * utilisation) / 3600.0


def training_time(flops: float, *, devices: float, peak_flops: float, utilisation: float) -> float:
    """Return the seconds that the operations take on so many devices: C / (n peak MFU). `peak_flops` comes from `peak`."""
    _positive(devices=devices)
    return device_hours(flops, peak_flops=peak_flops, utilisation=utilisation) * 3600.0 / devices


def training_cost(flops: float, *, peak_flops: float, utilisation: float, price_per_hour: float) -> float:
    """Return the money for the device hours, in the price's currency; the number of devices does not matter, only their hours."""
    if not price_per_hour >= 0.0:
        raise ConfigError(f"a price is not {price_per_hour}")
    return device_hours(flops, peak_flops=peak_flops, utilisation=utilisation) * price_per_hour


def energy_kwh(hours: float | Sequence[float], *, power_w: float | Sequence[float], pue: float) -> float:
    """Return kilowatt hours of device hours: hours x power x PUE, summed where both are sequences of parts.

    `power_w` is what one device draws, `pue` what the building draws for a watt at the devices (1.0 only where that is wanted).
    """
    parts = [hours] if isinstance(hours, int | float) else list(hours)
    watts = [power_w] * len(parts) if isinstance(power_w, int | float) else list(power_w)
    if len(watts) != len(parts):
        raise ConfigError(f"{len(parts)} parts in hours and {len(watts)} in watts do not belong together")
    if not all(part >= 0.0 for part in [*parts, *watts]):
        raise ConfigError(f"hours {parts} and watts {watts} must not be below 0")
    if not pue >= 1.0:
        raise ConfigError(f"a building draws at least what its devices draw: a PUE of {pue} is not possible")
    return sum(h * w for h, w in zip(parts, watts, strict=True)) / 1000.0 * pue


def emissions_kg(kwh: float, *, grid_kg_per_kwh: float) -> float:
    """Return kilograms of CO2 equivalent: energy x the grid's intensity (see `data/grids.toml` for dated values)."""
    if not (kwh >= 0.0 and grid_kg_per_kwh >= 0.0):
        raise ConfigError(f"{kwh} kWh at {grid_kg_per_kwh} kg a kWh are no energy and no intensity")
    return kwh * grid_kg_per_kwh


def implied_rate(flops: float, *, devices: float, seconds: float) -> float:
    """Return the operations a second that each device must have done for the work to take that long."""
    _positive(flops=flops, devices=devices, seconds=seconds)
    return flops / (devices * seconds)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One way to read a rate: the share of the device's peak at a precision; above 1 it cannot be."""

    precision: str
    peak_flops: float
    utilisation: float
    announced: bool  # the peak is of an early data sheet, not of the device that is sold

    @property
    def sentence(self) -> str:
        """Say what the rate is at this precision."""
        kind = f"{self.precision}{' as first announced' if self.announced else ''}"
        return f"{self.utilisation:.1%} of the {kind} peak of {self.peak_flops / 1e12:g} TFLOP/s"


def explain_rate(rate: float, device: str) -> list[Explanation]:
    """Return what share of each of the device's peaks a rate is, the nearest to a full peak first.

    It shows which precision a stated time really rests on: 60 TFLOP/s on an H100 is 6 % of bfloat16, or all of float32 as announced.
    """
    found = facts.find_device(device)
    rows = [Explanation(kind, top, rate / top, False) for kind, top in found.peaks.items() if kind not in found.lacks]
    rows += [Explanation(kind, top, rate / top, True) for kind, top in found.announced.items()]
    return sorted(rows, key=lambda row: (abs(row.utilisation - 1.0), row.announced))


def _positive(**sizes: float) -> None:
    for name, size in sizes.items():
        if not 0.0 < size < math.inf:
            raise ConfigError(f"{name} must be above 0 and finite, not {size}")
