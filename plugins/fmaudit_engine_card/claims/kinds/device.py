"""Claims about accelerators: their peak at a precision and their memory."""

from __future__ import annotations

from collections.abc import Iterator

from fmaudit import facts as hardware
from fmaudit_engine_card.claims.judging import Scenario, judge
from fmaudit_engine_card.claims.kinds.base import Check, claim_of
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["CHECKS", "read"]

_ABLE = r"\b(?:peaks?|delivers?|reach(?:es)?|does|do|can|offers?|has|have|with|performs?|rated|manages?|is)\b"
SPARSE = 2.0  # data sheets print twice the dense rate, for matrices of which half is zero


def read(reading: Reading) -> Iterator[Claim]:
    """Find peaks and memory said of a device, where nothing is trained or served with it."""
    if not reading.devices or reading.models or any(q.unit in {"seconds", "flop", "usd", "device-hours"} for q in reading.quantities):
        return
    if reading.role("devices") is not None or reading.role("size") is not None or reading.role("utilisation") is not None:
        return
    device = reading.devices[0].thing
    for i, quantity in enumerate(reading.quantities):
        if quantity.unit == "flop/s" and reading.has(_ABLE):
            precision = reading.precisions[0].thing[0] if reading.precisions else None
            sparse = reading.has(r"spars")
            yield claim_of(reading, "device-peak", quantity, device.name, device=device, precision=precision, sparse=sparse)
        elif (
            quantity.unit == "bytes"
            and reading.roles.get(i, "memory") == "memory"
            and reading.has(r"\b(?:memory|V?RAM|HBM\d?e?)\b")
            and reading.has(_ABLE)
        ):
            yield claim_of(reading, "device-memory", quantity, device.name, device=device)


def check_peak(claim: Claim) -> Verdict:
    """Compare with the dense peak of the table; data sheets also print twice that, with sparsity."""
    device, precision = claim.given["device"], claim.given["precision"]
    rows = []
    for kind, rate in device.peaks.items():
        if kind in device.lacks or (precision is not None and kind != precision):
            continue
        factor = SPARSE if claim.given["sparse"] else 1.0
        rows.append(
            Scenario(
                rate * factor,
                f"{device.name}, {kind}: {rate * factor / 1e12:g} TFLOP/s{' with sparsity' if factor > 1 else ' dense'}",
                "" if precision else f"{kind} is meant",
            )
        )
        if factor == 1.0 and kind not in {"float32", "float64", "float64_tensor"}:
            rows.append(
                Scenario(
                    rate * SPARSE,
                    f"{device.name}, {kind}: {rate * SPARSE / 1e12:g} TFLOP/s with sparsity",
                    f"{kind} with sparsity is meant" if not precision else "the rate with sparsity is meant",
                )
            )
    for kind, rate in device.peaks.items():
        if precision is not None and kind.startswith(f"{precision}_") and kind not in device.lacks:
            rows.append(Scenario(rate, f"{device.name}, {kind}: {rate / 1e12:g} TFLOP/s", f"{kind.replace('_', ' ')} operations are meant"))
    for kind, rate in device.announced.items():
        text = f"{kind} as first announced: {rate / 1e12:g} TFLOP/s"
        plausible = precision in {None, kind}
        rows.append(
            Scenario(
                rate,
                text,
                f"the figure is that of {kind}, as first announced" if not plausible else "the figure of the early data sheet is meant",
                plausible,
            )
        )
    return judge(claim, rows, slack=0.02, source=f"{device.source} ({device.day})", unit="flop/s")


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
