"""Claims about what training spends: device hours, rent, money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fmaudit import facts as hardware
from fmaudit_engine_card.claims.facts import Model
from fmaudit_engine_card.claims.judging import Scenario, judge, show, unverifiable
from fmaudit_engine_card.claims.kinds.run import HIGH, LOW, USUAL, odd_use, peaks, run_of, utilisations
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.scale.training import DAY, explain_rate, training_cost

__all__ = ["check_cost", "check_hours", "check_rental"]


def check_hours(claim: Claim) -> Verdict:
    """Compare with the device hours that were published, else with those of the operations."""
    model: Model = claim.given["model"]
    published = model.number("device_hours")
    rows = [] if published is None else [Scenario(published, f"{model.name}: {published:,.0f} device hours, as published")]
    named = claim.value.detail.upper() if claim.value else ""
    same = not named or named in {"GPU", "DEVICE", "ACCELERATOR", "CARD", "CHIP"} or named == str(model.facts.get("device", "")).upper()
    run, source, _, _ = run_of(claim)
    if (not rows or not same) and run is not None and claim.given["device"] is not None:
        rows = [
            Scenario(*_hours(run, peak, HIGH), assumption=f"{name} and {LOW:.0%} to {HIGH:.0%} utilisation", high=_hours(run, peak, LOW)[0])
            for name, peak, _ in peaks(claim)
        ]
    if not rows:
        return unverifiable(
            claim, f"device hours of {model.name} were not published, and its operations or device are not at hand", model.source
        )
    return judge(claim, rows, slack=0.05, source=source or model.source, unit="device-hours")


def _hours(run: Scenario, peak: float, use: float) -> tuple[float, str]:
    hours = run.value / (peak * use * 3600.0)
    return hours, f"{run.arithmetic}; / ({peak / 1e12:g} TFLOP/s x {use:.0%} x 3,600) = {hours:,.0f} device hours"


def check_rental(claim: Claim) -> Verdict:
    """Multiply device hours by the price: nothing is left to assume."""
    rate = claim.given["rate"].value
    if claim.given["hours"] is not None:
        hours, text = claim.given["hours"].value, f"{claim.given['hours'].value:,.0f} device hours"
        exact = hours * rate
        return judge(claim, [Scenario(exact, f"{text} x ${rate:g} = {show(exact, 'usd')}")], slack=0.03, source="arithmetic", unit="usd")
    devices, time = claim.given["devices"].value, claim.given["time"]
    low, high = (devices * seconds / 3600.0 * rate for seconds in (time.low, time.high))
    text = f"{devices:g} x {time.text.strip()} x ${rate:g} an hour = {show(devices * time.value / 3600 * rate, 'usd')}"
    middle = devices * time.value / 3600.0 * rate
    row = Scenario(low, text, high=high) if time.ranged else Scenario(middle, text)
    use = claim.given["utilisation"]
    rows = (
        [row]
        if use is None
        else [
            row,
            Scenario(
                middle / (use.value / 100.0),
                f"{text}; / {use.value:g} %",
                plausible=False,
                assumption=(
                    f"{time.text.strip()} is the time at full use and {use.value:g} % of it stretches it to "
                    f"{show(time.value / (use.value / 100), 'seconds')}"
                ),
            ),
        ]
    )
    return judge(claim, rows, slack=0.03, source="arithmetic", unit="usd")


def check_cost(claim: Claim) -> Verdict:
    """Compare with operations / (peak x utilisation) x price, or with published device hours at the price."""
    model: Model | None = claim.given["model"]
    rows: list[Scenario] = []
    if model is not None and model.number("usd") is not None:
        rows.append(Scenario(model.number("usd") or 0.0, f"{model.name}: {show(model.number('usd') or 0, 'usd')}, as published"))
    run, source, why, taken = run_of(claim)
    rates = _rates(claim)
    if model is not None and model.number("device_hours") and rates:
        rows += [
            Scenario(
                (model.number("device_hours") or 0.0) * rate,
                f"{model.number('device_hours'):,.0f} device hours x ${rate:g} = {show((model.number('device_hours') or 0) * rate, 'usd')}",
                note,
            )
            for rate, note in rates
        ]
    if run is not None and not rows:
        rows += [
            row
            for name, peak, stated in peaks(claim)
            for rate, note in rates
            for row in _costs(claim, run, (name, peak, stated), rate, note)
        ]
    if not rows:
        return unverifiable(
            claim, "a cost needs the run's operations, the device, its price and how well it was used; too little of it is said", source
        )
    notes = "; ".join(
        part
        for part in (
            f"the run is taken to be {taken}'s, of which the figure is told" if taken else "",
            model.source if model and model.number("usd") else "",
        )
        if part
    )
    if not claim.given["rate"] and not (model and model.number("usd")):
        made = judge(claim, rows, slack=0.1, source=source, why=why, note=notes, unit="usd")
        return made if made.status != "wrong" else unverifiable(claim, f"{made.reason}; but no price is stated", source)
    made = judge(claim, [*rows, *_would_cost(claim, run)], slack=0.05, source=source, why=why, note=notes, unit="usd")
    seconds = claim.value.value / claim.given["rate"].value * 3600.0 if claim.value and claim.given["rate"] else 0.0
    counted = model is not None and model.number("device_hours") is not None  # then nothing hangs on how well devices were used
    odd = odd_use(claim, run, seconds) if made.status == "wrong" and not taken and not counted else ""
    return replace(made, status="unverifiable", reason=f"{made.reason}; {odd}") if odd else made


def _rates(claim: Claim) -> list[tuple[float, str]]:
    if claim.given["rate"] is not None:
        return [(claim.given["rate"].value, "")]
    device = claim.given["device"]
    rents = hardware.find_rent(device.name) if device is not None else ()
    return [(rent.per_hour, f"${rent.per_hour:g} an hour ({rent.source}, {rent.day})") for rent in rents if rent.currency == "USD"]


def _costs(claim: Claim, run: Scenario, peak: tuple[str, float, bool], rate: float, note: str) -> Iterator[Scenario]:
    low, high, stated = utilisations(claim)
    cheap, dear = (training_cost(run.value, peak_flops=peak[1], utilisation=use, price_per_hour=rate) for use in (high, low))
    share = f"{high:.0%}" if low == high else f"{low:.0%} to {high:.0%}"
    text = f"{run.arithmetic}; / ({peak[1] / 1e12:g} TFLOP/s x {share}) x ${rate:g} an hour = {show(cheap, 'usd')}" + (
        "" if low == high else f" to {show(dear, 'usd')}"
    )
    parts = [] if peak[2] else [f"{peak[0]} ({peak[1] / 1e12:g} TFLOP/s dense)"]
    parts += ([] if stated else [f"a utilisation of {share}"]) + ([note] if note else [])
    yield Scenario(cheap, text, " and ".join(parts), high=None if low == high else dear)


def _would_cost(claim: Claim, run: Scenario | None) -> Iterator[Scenario]:
    """Yield the rate a device must have had for a wrong cost to be true."""
    device, rate, value = claim.given["device"], claim.given["rate"], claim.value
    if device is None or rate is None or value is None or run is None:
        return
    per_device = run.value / (value.value / rate.value * 3600.0)
    shares = [row for row in explain_rate(per_device, device.name) if row.precision not in USUAL and row.utilisation <= 1.05]
    day = run.value / (per_device * (claim.given["devices"].value if claim.given["devices"] else 1.0)) / DAY
    text = f"{show(value.value, 'usd')} at ${rate.value:g} an hour is {per_device / 1e12:.3g} TFLOP/s a device" + (
        f" over {day:,.0f} days" if claim.given["devices"] else ""
    )
    yield Scenario(
        value.value,
        text,
        f"each device does {per_device / 1e12:.3g} TFLOP/s: {shares[0].sentence if shares else 'less than a tenth of its peak'}",
        plausible=False,
    )
