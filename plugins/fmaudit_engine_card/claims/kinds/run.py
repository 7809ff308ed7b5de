"""What is known of a training run: its operations, the rate of its devices, and how well they may have been used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fmaudit_engine_card.claims.facts import Model, known_figures, models
from fmaudit_engine_card.claims.judging import Scenario
from fmaudit_engine_card.claims.records import Claim
from fmaudit_engine_card.claims.units import MONTH
from fmaudit_engine_card.scale.training import training_flops

__all__ = ["HIGH", "LOW", "USUAL", "odd_use", "operations", "peaks", "run_of", "utilisations"]

USUAL = ("bfloat16", "float16", "float8", "tf32")  # what large models are trained in
LOW, HIGH = 0.20, 0.60  # utilisations that large runs report
BAD = 0.10  # and below this something else is wrong
_CAN = r"\bpeak|theoretical|rated|nominal|spec|capable|up to|maximum|data ?sheet"


def operations(claim: Claim) -> tuple[list[Scenario], str]:
    """Return what the run takes, by 6 N D and as published; empty where that cannot be said."""
    model: Model | None = claim.given["model"]
    size, tokens = claim.given["size"], claim.given["tokens"]
    if model is None and size is None:
        return [], ""
    count = size.value if size else model.active if model else None
    seen = tokens.value if tokens else model.seen if model and not size else None
    source = model.source if model else "6 N D: Kaplan et al. 2020, section 2.1"
    rows = []
    if model is not None and model.number("flops") is not None and not tokens:
        rows.append(Scenario(model.number("flops") or 0.0, f"{model.name}: {model.number('flops'):.3g} FLOP, as published"))
    if count and seen:
        value = training_flops(count, seen)
        rows.append(Scenario(value, f"6 x {count:.4g} parameters x {seen:.4g} tokens = {value:.3g} FLOP"))
    if model is not None and not tokens and count and model.seen and model.tokens and model.tokens < model.seen:
        value = training_flops(count, model.tokens)
        rows.append(
            Scenario(value, f"6 x {count:.4g} x {model.tokens:.4g} = {value:.3g} FLOP", "every token is counted once", plausible=False)
        )
    return rows, source


def run_of(claim: Claim) -> tuple[Scenario | None, str, str, str]:
    """Return the operations of the run, the source, a reason of a figure that goes round, and what had to be taken for granted."""
    if claim.given["flops"] is not None:
        value = claim.given["flops"].value
        return Scenario(value, f"{value:.3g} FLOP, as given"), "", "", ""
    rows, source = operations(claim)
    if rows:
        return rows[0], source, "", ""
    known = _known(claim)
    if known is None:
        return None, source, "", ""
    model = next(model for model in models() if model.name == known["subject"])
    value = model.number("flops") or 0.0
    return (
        Scenario(value, f"{model.name}: {value:.3g} FLOP, as published"),
        f"{model.source}; {known['source']}",
        str(known["reason"]),
        model.name,
    )


def _known(claim: Claim) -> Mapping[str, Any] | None:
    """Return the figure that goes round without its subject, where device, count and value are those of it."""
    value, devices, device = claim.value, claim.given["devices"], claim.given["device"]
    if value is None or devices is None or device is None or claim.given["size"] or claim.given["model"]:
        return None
    for row in known_figures(claim.kind):
        unit = MONTH if row["unit"] == "months" else 1.0
        near = any(value.admits(known * unit, 0.05) for known in row["values"])
        if near and devices.admits(float(row["devices"])) and device.name == row["device"]:
            return row
    return None


def peaks(claim: Claim) -> list[tuple[str, float, bool]]:
    """Return the peaks a run may have had: precision, operations a second, and whether the text names it."""
    if claim.given["peak"] is not None:
        return [(f"{claim.given['peak'].text.strip()}", claim.given["peak"].value, True)]
    device, precision = claim.given["device"], claim.given["precision"]
    if device is None:
        return []
    named = precision[0] if precision and precision[1] >= 1 else None
    kinds = [named] if named else [kind for kind in USUAL if kind in device.peaks and kind not in device.lacks]
    if named and (named not in device.peaks or named in device.lacks):
        return []
    by_rate: dict[float, str] = {}
    for kind in kinds:  # one row for precisions of the same rate
        by_rate[device.peaks[kind]] = f"{by_rate[device.peaks[kind]]} or {kind}" if device.peaks[kind] in by_rate else kind
    return [(kind, rate, bool(named)) for rate, kind in by_rate.items()]


def utilisations(claim: Claim) -> tuple[float, float, bool]:
    """Return the utilisations a run may have had, and whether the text names one."""
    stated = claim.given["utilisation"]
    if stated is not None:
        return stated.value / 100.0, stated.value / 100.0, True
    reached = claim.given["peak"] is not None and not re.search(_CAN, str(claim.given["text"]), re.I)  # "at 60 TFLOP/s each"
    return (1.0, 1.0, True) if claim.given["flat_out"] or reached else (LOW, HIGH, False)


def odd_use(claim: Claim, run: Scenario | None, seconds: float) -> str:
    """Say that a run's time or cost asks for a use of the devices that is unusual but possible; nothing where it does not."""
    if run is None or utilisations(claim)[2] or seconds <= 0:
        return ""
    rate = run.value / seconds
    uses = [(rate / peak, name) for name, peak, _ in peaks(claim) if name != "tf32"]
    odd = next(((use, name) for use, name in uses if BAD <= use < LOW or HIGH < use <= 1.0), None)
    return f"it asks for {odd[0]:.0%} of the {odd[1]} peak, which large runs seldom report but which is possible" if odd else ""
