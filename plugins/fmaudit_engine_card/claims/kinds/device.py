"""Claims about accelerators: their peak at a precision and their memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fmaudit import facts as hardware
from fmaudit_engine_card.claims.judging import Scenario, judge
from fmaudit_engine_card.claims.kinds.base import Check, claim_of
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["CHECKS", "read"]

_ABLE = r"\b(?:peaks?|delivers?|reach(?:es)?|does|do|can|offers?|has|have|with|performs?|rated|manages?|is)\b"
_DENSE = re.compile(
    r"\b(?:without|no|not (?:using|counting|including|with|relying on)|excluding|ignoring|minus|leaving out|before|disabling|lacking)\s+"
    r"(?:[\w:]+[-\s]+){0,3}spars\w*|\bnon-?spars\w*|\bdense\b|\bspars\w*\s+(?:is\s+)?(?:off|disabled|excluded|aside|left out)\b",
    re.I,
)
_VERSION = re.compile(r"\b(?:SXM\d?|PCIe|NVL|Ti|Super|version|variant|successor|predecessor|latter|former)\b")
SPARSE = 2.0  # data sheets print twice the dense rate, for matrices of which half is zero


def read(reading: Reading) -> Iterator[Claim]:
    """Find peaks and memory said of a device, where nothing is trained or served with it."""
    if not reading.devices or reading.models or any(q.unit in {"seconds", "flop", "usd", "device-hours"} for q in reading.quantities):
        return
    if reading.role("devices") is not None or reading.role("size") is not None or reading.role("utilisation") is not None:
        return
    for i, quantity in enumerate(reading.quantities):
        device = _device_of(reading, quantity)
        if device is None:
            continue
        if quantity.unit == "flop/s" and reading.has(_ABLE):
            precision = reading.precisions[0].thing[0] if reading.precisions else None
            said = _sparsity(reading, quantity)
            given = {"device": device, "precision": precision, "sparse": said == "sparse", "dense": said == "dense"}
            yield claim_of(reading, "device-peak", quantity, device.name, **given)
        elif (
            quantity.unit == "bytes"
            and reading.roles.get(i, "memory") == "memory"
            and reading.has(r"\b(?:memory|V?RAM|HBM\d?e?)\b")
            and reading.has(_ABLE)
        ):
            yield claim_of(reading, "device-memory", quantity, device.name, device=device)


def _device_of(reading: Reading, quantity: Quantity) -> Any:
    """Return the device a figure speaks of: the one it is "of", else the last before it; none where only another version is named."""
    behind = (m for m in reading.devices if re.fullmatch(r"\s+(?:of|on|for)\s+(?:an?|the|one)\s+", reading.text[quantity.end : m.start]))
    found = next(behind, None) or next((m for m in reversed(reading.devices) if m.end <= quantity.start), reading.devices[0])
    other = found.end <= quantity.start and _VERSION.search(reading.text[found.end : quantity.start])
    return None if other else found.thing


def _sparsity(reading: Reading, quantity: Quantity) -> str:
    """Return whether a peak is "dense" or "sparse": by its own words, those behind it, those before it, those of the sentence."""
    peaks = [other for other in reading.quantities if other.unit == "flop/s"]
    after = min((other.start for other in peaks if other.start > quantity.start), default=len(reading.text))
    before = max((other.end for other in peaks if other.start < quantity.start), default=0)
    behind = reading.text[quantity.end : after]
    for part in (quantity.text, re.split(r"[,;:]", behind)[0], reading.text[before : quantity.start], behind if len(peaks) == 1 else ""):
        if _DENSE.search(part):
            return "dense"
        if re.search(r"spars", part, re.I):
            return "sparse"
    return ""


def check_peak(claim: Claim) -> Verdict:
    """Compare with the dense peak of the table; data sheets also print twice that, with sparsity."""
    device, precision = claim.given["device"], claim.given["precision"]
    rows = [row for kind, rate in device.peaks.items() if kind not in device.lacks for row in _peaks(claim, kind, rate)]
    for kind, rate in device.announced.items():
        rate *= SPARSE if claim.given["sparse"] else 1.0
        plausible = precision in {None, kind}
        note = "the figure of the early data sheet is meant" if plausible else f"the figure is that of {kind}, as first announced"
        rows.append(Scenario(rate, f"{kind} as first announced: {rate / 1e12:g} TFLOP/s", note, plausible))
    return judge(claim, rows, slack=0.02, source=f"{device.source} ({device.day})", unit="flop/s")


def _peaks(claim: Claim, kind: str, rate: float) -> Iterator[Scenario]:
    """Yield what a rate of the table may be printed as: dense, with sparsity, and of tensor operations of the precision."""
    device, precision = claim.given["device"], claim.given["precision"]
    if precision is not None and kind != precision:
        if kind.startswith(f"{precision}_"):
            yield Scenario(rate, f"{device.name}, {kind}: {rate / 1e12:g} TFLOP/s", f"{kind.replace('_', ' ')} operations are meant")
        return
    dense = f"{device.name}, {kind}: {rate / 1e12:g} TFLOP/s dense"
    sparse = f"{device.name}, {kind}: {rate * SPARSE / 1e12:g} TFLOP/s with sparsity"
    named = "" if precision else f"{kind} is meant"
    if claim.given["sparse"]:
        yield Scenario(rate * SPARSE, sparse, named)
        return
    yield Scenario(rate, dense, named)
    if kind in {"float32", "float64", "float64_tensor"}:  # no data sheet prints these with sparsity
        return
    if claim.given["dense"]:
        yield Scenario(rate * SPARSE, sparse, "it is the rate with sparsity, which the text excludes", plausible=False)
    else:
        yield Scenario(rate * SPARSE, sparse, "the rate with sparsity is meant" if precision else f"{kind} with sparsity is meant")


def check_memory(claim: Claim) -> Verdict:
    """Compare with the memory of the table; some devices were sold with another size."""
    device = claim.given["device"]
    others = [
        other for other in hardware.devices() if other.name.split()[0] == device.name.split()[0] and other.memory_gb and other is not device
    ]
    rows = [Scenario(device.memory_gb * 1e9, f"{device.name}: {device.memory_gb:g} GB")] if device.memory_gb else []
    rows += [
        Scenario((other.memory_gb or 0.0) * 1e9, f"{other.name}: {other.memory_gb:g} GB", f"the {other.name} is meant") for other in others
    ]
    return judge(claim, rows, slack=0.02, source=f"{device.source} ({device.day})", unit="bytes")


CHECKS: dict[str, Check] = {"device-peak": check_peak, "device-memory": check_memory}
