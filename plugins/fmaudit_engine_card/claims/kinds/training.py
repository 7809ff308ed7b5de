"""Claims about training: operations, time, device hours and money."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fmaudit_engine_card.claims.judging import RULE, Scenario, judge, show, unverifiable
from fmaudit_engine_card.claims.kinds.base import CARRIED, OTHER_WORK, Check, claim_of, generic_size, model_of, size_of
from fmaudit_engine_card.claims.kinds.run import USUAL, odd_use, operations, peaks, run_of, utilisations
from fmaudit_engine_card.claims.kinds.spending import check_cost, check_hours, check_rental
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading, is_flat_out
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.scale.training import explain_rate, implied_rate, training_time

__all__ = ["CHECKS", "read"]

_TRAINING = r"train|\blearn|\bepochs?\b|\bruns?\b|6\s?ND|6\s?[x×*]?\s?N"
_TRAIN = r"\btrain|pre-?train|\btakes?\b|\btook\b|\bneeds?\b|\brun\b|\bcosts?\b|\bfinish|\bbuil[dt]"
_INFERENCE = (
    r"per token|each token|every (?:generated )?token|one token|a token|inference|generat|forward pass|decod|answer|query"
    r"|\bserv(?:e[sd]?|ing)\b"
    r"|\bprocess(?:e[sd]|ing)?\b|summari[sz]|translat|prefill|\bprompts?\b|classif|\bembed(?:s|ding|ded)?\b(?! (?:matri|table|layer))"
    r"|\bread(?:s|ing)?\b|annotat|\bscor(?:e[sd]?|ing)\b|label(?:s|l?ed|l?ing)\b|transcri|\bchat|users?\b|request"
)
_THAT_IS = r"\b(?:that|this|which|it)(?:['’]s|\s+(?:is|are|makes?|means?|takes?|took|was|would be|equals|comes? to|amounts? to))\b|\bi\.e\."
# another run than the one that was spoken of
_OTHER_RUN = (
    r"\b(?:large|big|small|tin|second|first|next|other|another|new|former|latter|last|later|earlier|previous|smaller|larger|bigger|full)\w*\s+"
    r"(?:(?:model|run|one|network|version|job|experiment)s?\b)"
)


def read(reading: Reading) -> Iterator[Claim]:
    """Find claims of operations, time, device hours and money of a training run."""
    for quantity in reading.free("flop", "seconds", "device-hours", "usd"):
        given, assumed = conditions(reading, quantity.start)
        kind = _kind(reading, quantity, given)
        if kind:
            subject = given["model"].name if given["model"] else "a training run"
            yield claim_of(reading, kind, quantity, subject, assumed, **given)


def _kind(reading: Reading, quantity: Quantity, given: Mapping[str, Any]) -> str:
    if reading.has(OTHER_WORK):
        return "rental-cost" if quantity.unit == "usd" and _is_rental(reading, given) else ""
    others = {other.unit for other in reading.quantities if other is not quantity}
    if quantity.unit == "flop":
        known = given["model"] is not None or (given["size"] is not None and given["tokens"] is not None)
        if quantity.value < 1e15:  # operations for a token, or for one parameter and token
            return ""
        return (
            "training-flops"
            if known and not reading.near(quantity, _INFERENCE, 90, 60) and not ("seconds" in others and given["devices"])
            else ""
        )
    if quantity.unit == "seconds":
        rented = "usd" in others and given["model"] is None and given["flops"] is None  # then the time is a condition of the rent
        said = reading.has(_TRAIN) or any(given[name] is not None for name in ("model", "flops", "hours"))
        told = given["devices"] and said and not rented and not reading.has(_INFERENCE)
        return "training-time" if told and quantity.value >= 3600 else ""
    if quantity.unit == "device-hours":
        return "device-hours" if given["model"] and not reading.has(_INFERENCE) else ""
    if _is_rental(reading, given):
        return "rental-cost"
    about = any(given[name] is not None for name in ("model", "size", "flops", "devices", "device"))
    trained = reading.has(r"\btrain(?:ing|ed)?\b|pre-?train")
    about = about or reading.has(r"\btraining\b")
    return "training-cost" if about and (trained or (given["devices"] and reading.has(r"\bcosts?\b|\bbill\b"))) else ""


def _is_rental(reading: Reading, given: Mapping[str, Any]) -> bool:
    """Tell whether money follows from device hours and a price alone."""
    hours = given["hours"] is not None or (given["devices"] is not None and given["time"] is not None)
    return given["rate"] is not None and hours


def conditions(reading: Reading, at: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Collect what the sentence, else its paragraph, says of the run that a figure at `at` belongs to."""
    memory, assumed = reading.memory, []
    moved = _is_other_run(reading)

    def found(name: str, here: Any, carried: bool = True) -> Any:
        if here is None and carried and name in memory:
            assumed.append(f"{name} is {CARRIED}")
            return memory[name]
        return here

    money = next((q for q in reading.quantities if q.unit == "usd"), None)
    times = [q for q in reading.quantities if q.unit == "seconds" and q.value >= 3600]
    times = [q for q in times if money is None or q.start < money.start][-1:] or times  # of several, the one the money follows
    rated = reading.role("peak") is not None or reading.role("utilisation") is not None
    model, note = model_of(reading, at)
    tokens = next((q for i, q in enumerate(reading.quantities) if q.unit == "tokens" and i not in reading.roles and q.value >= 1e9), None)
    hours = next((q for q in reading.quantities if q.unit == "device-hours"), None) or _hours_of_rate(reading)
    flops = next((q for q in reading.quantities if q.unit == "flop" and q.value > 1e18), None)
    given: dict[str, Any] = {
        "model": model,
        "size": size_of(reading, at) or (next(reading.free("parameters"), None) if model is None and tokens is not None else None),
        "tokens": tokens,
        "flops": found("flops", flops, model is None and not moved),
        "devices": found("devices", reading.role("devices")),
        "device": found("device", reading.devices[0].thing if reading.devices else None),
        "hours": found("hours", hours, money is None and not moved and reading.has(_THAT_IS)),
        "time": found("time", times[0] if times else None, money is not None and not rated),
        "rate": found("rate", reading.role("rate"), money is not None),
        "utilisation": found("utilisation", reading.role("utilisation")),
        "peak": found("peak", reading.role("peak")),
        "precision": found("precision", reading.precisions[0].thing if reading.precisions else None),
        "flat_out": is_flat_out(reading.text) or bool(memory.get("flat-out")),
        "text": reading.text,
        "moved": moved,
        "several": len(re.findall(_OTHER_RUN, reading.text, re.I)) > 1,
    }
    return given, (*note, *assumed)


def _hours_of_rate(reading: Reading) -> Quantity | None:
    """Return bare hours that are device hours, because the price is one of a device hour and no number of devices is given."""
    rate = reading.role("rate")
    if rate is None or reading.role("devices") or reading.memory.get("devices") or not re.search(r"GPU|device|[ABHV]\d", rate.text, re.I):
        return None
    times = [q for q in reading.quantities if q.unit == "seconds"]
    if len(times) != 1 or not re.search(r"\bhours?$", times[0].text) or times[0].value < 1000 * 3600.0:
        return None
    return replace(times[0], unit="device-hours", **{name: getattr(times[0], name) / 3600.0 for name in ("value", "low", "high")})


def _is_other_run(reading: Reading) -> bool:
    """Tell whether the sentence is about another model or run than those before it: what was said of them is none of its conditions."""
    before = reading.memory.get("models", ())
    named = any(all(mention.thing is not model for model in before) for mention in reading.models)
    size, last = generic_size(reading), reading.memory.get("size")
    sized = size is not None and not (last is not None and last.admits(size.value, 0.05))
    return named or sized or bool(reading.strangers) or reading.has(_OTHER_RUN)


def check_flops(claim: Claim) -> Verdict:
    """Compare with 6 N D, with the attention term added, and with what was published."""
    rows, source = operations(claim)
    rows += _operations_of_use(claim)
    if not rows:
        return unverifiable(claim, "operations need the parameters and the tokens of the run, and one of them is not at hand", source)
    return judge(claim, rows, slack=RULE, source=source, unit="flop")


def _operations_of_use(claim: Claim) -> Iterator[Scenario]:
    """Yield what the tokens take to be read or written, not trained on, where the text does not say which of these is meant."""
    model, size, tokens = claim.given["model"], claim.given["size"], claim.given["tokens"]
    count = size.value if size else model.active if model else None
    if count and tokens and not re.search(_TRAINING, str(claim.given["text"]), re.I):
        value = 2.0 * count * tokens.value
        yield Scenario(value, f"2 x {count:.4g} parameters x {tokens.value:.4g} tokens = {value:.3g} FLOP", "use is meant, not training")


def check_time(claim: Claim) -> Verdict:
    """Compare with C / (devices x peak x utilisation); precision and utilisation that the text leaves out may be any usual one."""
    if claim.given.get("hours") is not None:
        return _check_time_of_hours(claim)
    run, source, why, taken = run_of(claim)
    devices, device = claim.given["devices"], claim.given["device"]
    rates = peaks(claim)
    if run is None or not rates:
        missing = "what is trained (its operations)" if run is None else "the device and its rate"
        return unverifiable(claim, f"a time needs {missing}, and the text does not say it", source)
    rows = [row for name, peak, stated in rates for row in _times(claim, run, name, peak, stated)]
    rows += _published_time(claim)
    source = "; ".join(part for part in (source, device.source if device else "") if part)
    made = judge(
        claim,
        [*rows, *_would(claim, run)],
        slack=0.05,
        source=source,
        why=why or _implied(claim, run),
        unit="seconds",
        note=f"the run is taken to be {taken}'s, of which the figure is told" if taken else f"{devices.value:g} devices",
    )
    odd = odd_use(claim, run, claim.value.value * devices.value) if claim.value and made.status == "wrong" and not taken else ""
    return replace(made, status="unverifiable", reason=f"{made.reason}; {odd}") if odd else made


def _check_time_of_hours(claim: Claim) -> Verdict:
    """Divide the device hours that the text gives by the devices: nothing is left to assume."""
    hours, devices = claim.given["hours"], claim.given["devices"]
    seconds = hours.value / devices.value * 3600.0
    text = f"{hours.value:,.0f} device hours / {devices.value:g} = {show(seconds, 'seconds')}"
    return judge(claim, [Scenario(seconds, text)], slack=0.05, source="arithmetic", unit="seconds")


def _times(claim: Claim, run: Scenario, name: str, peak: float, stated: bool) -> Iterator[Scenario]:
    low, high, use_stated = utilisations(claim)
    devices = claim.given["devices"].value
    fast, slow = (training_time(run.value, devices=devices, peak_flops=peak, utilisation=use) for use in (high, low))
    share = f"{high:.0%}" if low == high else f"{low:.0%} to {high:.0%}"
    text = f"{run.arithmetic}; / ({devices:g} x {peak / 1e12:g} TFLOP/s x {share}) = {show(fast, 'seconds')}" + (
        "" if low == high else f" to {show(slow, 'seconds')}"
    )
    parts = [] if stated else [f"{name} ({peak / 1e12:g} TFLOP/s dense)"]
    parts += [] if use_stated else [_needed(claim, run, peak)]
    yield Scenario(fast, text, " and ".join(parts), high=None if low == high else slow)


def _needed(claim: Claim, run: Scenario, peak: float) -> str:
    """Say which utilisation the claimed time asks for."""
    assert claim.value is not None, "a time has a value"
    rate = implied_rate(run.value, devices=claim.given["devices"].value, seconds=claim.value.value)
    return f"a utilisation of about {rate / peak:.0%}"


def _published_time(claim: Claim) -> Iterator[Scenario]:
    """Yield the time that published device hours make on so many of the same devices."""
    model, device = claim.given["model"], claim.given["device"]
    hours = model.number("device_hours") if model else None
    if hours and device is not None and device.name == model.facts["device"] and not claim.given["tokens"]:
        seconds = hours / claim.given["devices"].value * 3600.0
        yield Scenario(seconds, f"{hours:,.0f} device hours as published / {claim.given['devices'].value:g} = {show(seconds, 'seconds')}")


def _would(claim: Claim, run: Scenario) -> Iterator[Scenario]:
    """Yield what would make a wrong time true: the rate it rests on, as a share of each peak of the device."""
    device, value = claim.given["device"], claim.value
    if device is None or value is None or value.unit != "seconds":
        return
    rate = implied_rate(run.value, devices=claim.given["devices"].value, seconds=value.value)
    shares = [row for row in explain_rate(rate, device.name) if row.precision not in USUAL and row.utilisation <= 1.05]
    best = shares[0].sentence if shares else explain_rate(rate, device.name)[0].sentence
    text = f"{show(value.value, 'seconds')} on {claim.given['devices'].value:g} devices is {rate / 1e12:.3g} TFLOP/s each"
    yield Scenario(value.value, text, f"each device does {rate / 1e12:.3g} TFLOP/s: {best}", plausible=False)


def _implied(claim: Claim, run: Scenario) -> str:
    value, device = claim.value, claim.given["device"]
    if value is None or value.unit != "seconds" or device is None or "bfloat16" not in device.peaks:
        return ""
    rate = implied_rate(run.value, devices=claim.given["devices"].value, seconds=value.value)
    usual = training_time(run.value, devices=claim.given["devices"].value, peak_flops=device.peaks["bfloat16"], utilisation=0.4)
    return (
        f"it asks for {rate / 1e12:.3g} TFLOP/s a device, {rate / device.peaks['bfloat16']:.0%} of the 16-bit peak; "
        f"at a usual 40 % of it the run takes {show(usual, 'seconds')}"
    )


CHECKS: dict[str, Check] = {
    "training-flops": check_flops,
    "training-time": check_time,
    "device-hours": check_hours,
    "rental-cost": check_rental,
    "training-cost": check_cost,
}
