"""Dated facts about accelerators: what they can do (devices.toml) and what an hour of them costs (prices.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from fmaudit.errors import ModelError
from fmaudit.models.accounting import STALE_DAYS, Price, find_price

__all__ = ["STALE_DAYS", "Device", "Price", "Rent", "age_note", "devices", "find_device", "find_price", "find_rent", "peak_rate"]

PRECISIONS = ("bfloat16", "float16", "float8", "int8", "tf32", "float32", "float64", "float64_tensor")
MAKERS = frozenset({"nvidia", "amd", "google", "tesla", "geforce", "instinct"})
_SPOKEN = {
    "bf16": "bfloat16", "fp16": "float16", "half": "float16", "fp8": "float8", "fp32": "float32", "single": "float32",
    "fp64": "float64", "double": "float64", "fp64 tensor": "float64_tensor",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Device:
    """One accelerator: dense peaks by precision in operations a second, memory, power, and where the figures were read.

    `lacks` names precisions the device does not have, `announced` the peaks of an early data sheet that texts still quote.
    What is not known is None or missing. `memory_gb` counts 10^9 bytes, `bandwidth` bytes a second, `power_w` the board's limit.
    """

    name: str
    peaks: Mapping[str, float]
    lacks: tuple[str, ...]
    announced: Mapping[str, float]
    memory_gb: float | None
    bandwidth: float | None
    power_w: float | None
    source: str
    day: str  # ISO date

    @property
    def memory_bytes(self) -> int | None:
        """The memory in bytes, 10^9 to a gigabyte; None where it is not known."""
        return None if self.memory_gb is None else round(self.memory_gb * 1e9)


@dataclass(frozen=True, slots=True)
class Rent:
    """The price of an hour of one device, where it was read and when."""

    device: str
    per_hour: float
    currency: str
    source: str
    day: str  # ISO date


def age_note(day: str, today: date) -> str:
    """Say that a fact is older than 90 days, or nothing: `day` is its ISO date, `today` is given so that this stays a pure function."""
    days = (today - date.fromisoformat(day)).days
    return f"read on {day}, {days} days ago (older than {STALE_DAYS} days: check it)" if days > STALE_DAYS else ""


@cache
def devices() -> tuple[Device, ...]:
    """Return all accelerators of the table, in its order."""
    return tuple(_device(row) for row in _table("devices.toml")["device"])


def find_device(name: str) -> Device:
    """Find an accelerator by its name as people and drivers write it ("H100", "NVIDIA A100-SXM4-80GB").

    The row most of whose words the name contains. Raises ModelError for a device the table does not hold.
    """
    words = set(_words(name))
    fitting = [device for device in devices() if set(_words(device.name)) <= words]
    if not fitting:
        known = ", ".join(device.name for device in devices())
        raise ModelError(f"no facts about a device named {name!r}", hint=f"known are {known}; or give its rate and power yourself")
    return max(fitting, key=lambda device: len(_words(device.name)))


def peak_rate(device: str, precision: str) -> float:
    """Return a device's peak of dense matrix products at a precision, in operations a second.

    The precision has no default: from float64 to float8 the same device differs by a factor of sixty. Raises ModelError for an
    unknown device, for a precision it does not have, and for one whose rate the table does not hold.
    """
    found, kind = find_device(device), precision_name(precision)
    if kind in found.lacks or kind not in found.peaks:
        has = ", ".join(name for name in found.peaks if name not in found.lacks) or "none"
        what = "does not have" if kind in found.lacks else "has no known rate of"
        raise ModelError(f"the {found.name} {what} {kind}", hint=f"rates are known of: {has} ({found.source})")
    return found.peaks[kind]


def precision_name(precision: str) -> str:
    """Return a precision's one name here ("bf16", "BFLOAT16" and "bfloat16" are bfloat16). Raises ModelError for others."""
    spoken = precision.strip().lower()
    kind = _SPOKEN.get(spoken, spoken)
    if kind not in PRECISIONS:
        raise ModelError(f"{precision!r} is no precision", hint=f"one of {', '.join(PRECISIONS)}")
    return kind


def find_rent(device: str) -> tuple[Rent, ...]:
    """Return the prices of an hour of a device, cheapest first; none where the table holds none for it."""
    name = find_device(device).name
    rents = (Rent(row["device"], row["per_hour"], row["currency"], row["source"], str(row["day"])) for row in _table("prices.toml")["rent"])
    return tuple(sorted((rent for rent in rents if rent.device == name), key=lambda rent: (rent.currency, rent.per_hour)))


def _device(row: Mapping[str, Any]) -> Device:
    peaks = {kind: float(row[kind]) for kind in PRECISIONS if kind in row}
    return Device(
        row["name"], peaks, tuple(row.get("lacks", ())), dict(row.get("announced", {})), row.get("memory_gb"), row.get("bandwidth"),
        row.get("power_w"), row["source"], str(row["day"]),
    )  # fmt: skip


def _words(name: str) -> list[str]:
    """Split a name into words without its maker: "NVIDIA A100-SXM4-80GB" has three."""
    return [word for word in re.findall(r"[a-z0-9]+", name.lower().replace(" gb", "gb")) if word not in MAKERS]


@cache
def _table(file: str) -> Mapping[str, Any]:
    return tomllib.loads(resources.files("fmaudit.models").joinpath(f"data/{file}").read_text("utf-8"))
