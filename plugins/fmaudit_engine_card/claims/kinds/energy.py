"""Claims about energy: data centres in the world's electricity, and what a training run drew and emitted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fmaudit import facts as hardware
from fmaudit_engine_card.claims import facts
from fmaudit_engine_card.claims.facts import Model
from fmaudit_engine_card.claims.judging import Scenario, judge, show, unverifiable, verdict
from fmaudit_engine_card.claims.kinds.base import OTHER_WORK, Check, claim_of, model_of
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import CENTRES, Reading
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.scale.facts import fact, table
from fmaudit_engine_card.scale.training import emissions_kg, energy_kwh

__all__ = ["CHECKS", "read"]

_POWER = r"electric\w*|power\b|energy|consumption|demand|grid|\bTWh\b"
_PLACE = (
    r"\b(?:US|U\.S\.|USA|United States|America\w*|Ireland|Irish|China|Chinese|Europe\w*|EU|UK|Britain|Germany"
    r"|France|Virginia|Texas|Denmark|Japan|India|Singapore|Netherlands|country|countries|region\w*|state(?:s"
    r"|['’]s)?)\b"
)
_PART = r"\bAI\b(?!\s+(?:and|data))|crypto|bitcoin|cooling|water|network|servers? alone|accelerated|Google|Microsoft|Amazon|Meta\b"
_BREAK = re.compile(r"[,;:]\s|\b(?:and|but|while|whereas)\b", re.I)
PUE_LOW, PUE_HIGH = 1.0, 1.6
FUTURE_YEARS = (2029, 2031)


def read(reading: Reading) -> Iterator[Claim]:
    """Find claims of electricity, energy and emissions."""
    goes_on = "centres" in reading.memory and reading.has(
        r"\b(?:this|that|their|its|the) (?:number|share|figure|amount|use|demand|consumption)\b|\b(?:it|they)\b"
    )
    if (reading.has(CENTRES) and reading.has(_POWER)) or goes_on:
        yield from _centres(reading)
        return
    for quantity in reading.free("kwh", "kg"):
        model, assumed = model_of(reading, quantity.start)
        hours = _arithmetic(reading)
        if model is not None and not reading.has(OTHER_WORK) and reading.has(r"train|run|footprint|emi|consum|carbon|CO2|used"):
            kind = "training-energy" if quantity.unit == "kwh" else "training-emissions"
            yield claim_of(reading, kind, quantity, model.name, assumed, model=model)
        elif hours is not None and quantity.unit == "kwh":
            yield claim_of(reading, "device-energy", quantity, "devices", **hours)


def _centres(reading: Reading) -> Iterator[Claim]:
    years = [int(q.value) for q in reading.quantities if q.unit == "" and 1990 <= q.value <= 2100 and q.value == int(q.value)]
    for i, quantity in enumerate(reading.free("percent", "kwh")):
        if quantity.unit == "percent" and reading.near(
            quantity, r"per year|a year|annual|growth|faster|every year|year[-\s]on[-\s]year", 15, 25
        ):
            continue
        year = _year(reading, quantity, years, i)
        yield claim_of(
            reading,
            "electricity-share" if quantity.unit == "percent" else "electricity",
            quantity,
            "data centres",
            year=year,
            part=reading.has(_PLACE) or reading.has(_PART),
        )


def _year(reading: Reading, quantity: Quantity, years: list[int], index: int) -> int:
    """Return the year a share is said of: the nearest one named after it in the clause, else before it, else the present."""
    places = [(q.start, int(q.value)) for q in reading.quantities if q.unit == "" and int(q.value) in years and q.value == int(q.value)]
    near = [(start, year) for start, year in places if quantity.end <= start <= quantity.end + 45]
    after = [year for start, year in near if not _BREAK.search(reading.text[quantity.end : start])]
    before = [year for start, year in places if start < quantity.start]
    if after:
        return after[0]
    if before:
        return before[-1]
    if places and not reading.has(r"\bwill\b"):  # a year of another clause
        return 2024
    return 0 if reading.has(r"\bwill\b|forecast|project(?:ed|ion)|in future|by the end of the decade") else 2024


def _arithmetic(reading: Reading) -> dict[str, Any] | None:
    """Return devices, watts and hours, where a sentence gives all three."""
    devices, watts = reading.role("devices"), reading.role("watts")
    time = next((q for q in reading.quantities if q.unit == "seconds"), None)
    hours = next((q for q in reading.quantities if q.unit == "device-hours"), None)
    device = reading.devices[0].thing if reading.devices else None
    power = watts.value if watts else device.power_w if device else None
    if power is None or not (hours or (devices and time)):
        return None
    return {
        "hours": hours.value if hours else devices.value * time.value / 3600.0 if devices and time else 0.0,
        "watts": power,
        "stated": watts is not None,
    }


def check_centres(claim: Claim) -> Verdict:
    """Compare with the published amounts of today or of 2030, and with the range of other counts."""
    year: int = claim.given["year"]
    if claim.given["part"]:
        return unverifiable(claim, "the amounts at hand are of all data centres of the world, and the text speaks of a part")
    name = "data centres 2030" if FUTURE_YEARS[0] <= year <= FUTURE_YEARS[1] else "data centres 2024" if 2021 <= year <= 2025 else ""
    if not name:
        return unverifiable(claim, f"no published amount for {year or 'the time meant'} is at hand: 2024 and 2030 are")
    row, open_ = fact("stock", "electricity", name), facts.electricity(name)
    share = claim.kind == "electricity-share"
    best = row["share"] * 100.0 if share else row["twh"] * 1e9
    scale = best / (row["share"] * 100.0)
    text = f"{row['twh']:g} TWh, about {row['share']:.1%} of the world's electricity in {row['year']}"
    low, high = open_["low_share"] * scale, open_["high_share"] * scale
    source = f"{row['source']} ({row['day']}); {open_['source']}"
    rows = [
        Scenario(best, text),
        Scenario(
            low,
            f"other published cases: {open_['low_share']:g} to {open_['high_share']:g} %",
            "another published case is meant, not the base case",
            high=high,
        ),
    ]
    assert claim.value is not None, "a share has a value"
    if claim.value.ranged:
        inside = low * 0.8 <= claim.value.low and claim.value.high <= high * 1.25
        why = (
            ""
            if inside
            else (
                f"{claim.value.text} reaches beyond {show(low, claim.value.unit)} to {show(high, claim.value.unit)}, between "
                f"which the published cases lie"
            )
        )
        if not inside:
            return verdict(claim, "wrong", f"{text}; {rows[1].arithmetic}", why, "", source)
        return judge(claim, rows[:1], slack=0.05, source=source)
    return judge(claim, rows, slack=0.07, source=source)


def check_energy(claim: Claim) -> Verdict:
    """Compare with the energy that was published, else with device hours x power x PUE."""
    model: Model = claim.given["model"]
    rows, source = _energies(model)
    if not rows:
        return unverifiable(
            claim, f"neither the energy nor the device hours of {model.name} were published, or they are not at hand", model.source
        )
    return judge(claim, rows, slack=0.03, source=source, unit="kwh")


def _energies(model: Model) -> tuple[list[Scenario], str]:
    source = str(model.facts.get("energy_source", model.source))
    published, hours = model.number("energy_mwh"), model.number("device_hours")
    rows = [] if published is None else [Scenario(published * 1e3, f"{model.name}: {published:,.0f} MWh, as published")]
    if hours is not None:
        device = hardware.find_device(str(model.facts["device"]))
        watts = device.power_w or 0.0
        low, high = (energy_kwh(hours, power_w=watts, pue=pue) for pue in (PUE_LOW, PUE_HIGH))
        text = f"{hours:,.0f} hours x {watts:g} W x PUE {PUE_LOW:g} to {PUE_HIGH:g} = {show(low, 'kwh')} to {show(high, 'kwh')}"
        rows.append(Scenario(low, text, f"devices at their board power ({watts:g} W) and a PUE of {PUE_LOW:g} to {PUE_HIGH:g}", high=high))
    return rows, source


def check_emissions(claim: Claim) -> Verdict:
    """Compare with the emissions that were published, else with the energy at any grid's intensity."""
    model: Model = claim.given["model"]
    published = model.number("emissions_t")
    energies, source = _energies(model)
    rows = [] if published is None else [Scenario(published * 1e3, f"{model.name}: {published:,.4g} t CO2e, as published")]
    if other := model.facts.get("emissions_other"):
        rows.append(Scenario(float(other["value"]) * 1e3, f"{other['value']:g} t CO2e", str(other["note"])))
    if energies:
        grids = [float(row["kg_per_kwh"]) for row in table("grids", "grid")]
        low, high = (
            emissions_kg(energies[0].value, grid_kg_per_kwh=min(grids)),
            emissions_kg(energies[-1].high or energies[-1].value, grid_kg_per_kwh=max(grids)),
        )
        text = f"{energies[0].arithmetic} x {min(grids):g} to {max(grids):g} kg a kWh = {show(low, 'kg')} to {show(high, 'kg')}"
        rows += (
            [Scenario(low, text, "another grid's intensity is taken than the published one", high=high)]
            if published is None
            else [Scenario(published * 1e3, text)]
        )
    if not rows:
        return unverifiable(claim, f"the emissions of {model.name} were not published, or are not at hand", model.source)
    return judge(claim, rows, slack=0.03, source=source, unit="kg")


def check_device_energy(claim: Claim) -> Verdict:
    """Multiply device hours by power; the building's overhead may be left out or counted."""
    hours, watts = claim.given["hours"], claim.given["watts"]
    exact = energy_kwh(hours, power_w=watts, pue=1.0)
    text = f"{hours:,.0f} device hours x {watts:g} W = {show(exact, 'kwh')}"
    rows = [
        Scenario(exact, text, "" if claim.given["stated"] else f"the board's limit of {watts:g} W is drawn"),
        Scenario(exact, f"{text} x PUE {PUE_LOW:g} to {PUE_HIGH:g}", "the building's overhead is counted", high=exact * PUE_HIGH),
    ]
    return judge(claim, rows, slack=0.03, source="arithmetic", unit="kwh")


CHECKS: dict[str, Check] = {
    "electricity-share": check_centres,
    "electricity": check_centres,
    "training-energy": check_energy,
    "training-emissions": check_emissions,
    "device-energy": check_device_energy,
}
