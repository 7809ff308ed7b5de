"""Compares what is claimed with what the arithmetic gives, under no assumption, a plausible one, or an implausible one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.records import Claim, Status, Verdict
from fmaudit_engine_card.claims.units import DAY, MONTH

__all__ = ["EXACT", "RULE", "Scenario", "judge", "show", "unverifiable", "verdict"]

EXACT = 0.01  # counted figures that people round
_DECIMAL = re.compile(r"[kKMGTP]B\b|(?:kilo|mega|giga|tera)bytes?\b")
RULE = 0.10  # rules of thumb such as 6 N D


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to work a figure out: the value, the arithmetic with its numbers, and what has to be assumed.

    No assumption: the text or the facts give all that is needed. Not `plausible`: named only to say what would make a wrong claim true.
    """

    value: float
    arithmetic: str
    assumption: str = ""
    plausible: bool = True
    high: float | None = None  # of a range of values, from `value` on

    def fits(self, claimed: Quantity, slack: float) -> bool:
        """Tell whether the claimed figure may stand for this value, or for one in its range."""
        if self.high is None:
            return claimed.admits(self.value, slack)
        if claimed.bound == "at-least":
            return self.high * (1 + slack) >= claimed.low
        if claimed.bound == "at-most":
            return self.value * (1 - slack) <= claimed.high
        return claimed.low <= self.high * (1 + slack) and claimed.high >= self.value * (1 - slack)


def judge(
    claim: Claim, scenarios: Sequence[Scenario], *, slack: float, source: str, why: str = "", note: str = "", unit: str = ""
) -> Verdict:
    """Compare the claim's value with the scenarios, the plain ones first; `why` explains a wrong figure, `note` is added to any."""
    assert claim.value is not None, "a claim without a value has no scenario"
    unit = unit or claim.value.unit
    if unit == "bytes" and _DECIMAL.search(claim.value.text):
        unit = "decimal-bytes"
    plain = [row for row in scenarios if not row.assumption]
    assumed = [row for row in scenarios if row.assumption and row.plausible]
    rest = [row for row in scenarios if row.assumption and not row.plausible]
    for row in plain:
        if row.fits(claim.value, slack):
            return verdict(claim, "holds", row.arithmetic, _reason(claim, row, unit, note), "", source)
    for row in assumed:
        if row.fits(claim.value, slack):
            return verdict(claim, "holds-under", _all([row, *plain[:1]]), _reason(claim, row, unit, note), row.assumption, source)
    would = next((row for row in rest if row.fits(claim.value, slack)), None)
    told = (plain + assumed)[:4] or rest[:1]
    reason = f"{claim.value.text.strip()} is claimed, the arithmetic gives {_span(plain or assumed or rest, unit)}"
    reason += "".join(f"; {part}" for part in (why, note) if part)
    assumption = f"true only if {would.assumption}" if would else ""
    return verdict(claim, "wrong", _all([*told, *([would] if would else [])]), reason, assumption, source)


def verdict(claim: Claim, status: Status, arithmetic: str, reason: str, assumption: str = "", source: str = "") -> Verdict:
    """Make the verdict on a claim, minding that it may be denied or only asked."""
    made = Verdict(
        claim.text,
        status,
        arithmetic,
        "; ".join([reason, *claim.assumed]),
        assumption,
        source or claim.source,
        claim.span,
        claim.kind,
        claim.subject,
    )
    if claim.asked:
        return replace(made, status="unverifiable", reason=f"{claim.asked}; claimed, it would be {status}: {made.reason}")
    if claim.denied and status == "wrong":
        return replace(made, status="holds", reason=f"the text denies it, and rightly: {made.reason}")
    if claim.denied and status in {"holds", "holds-under"}:
        return replace(
            made, status="unverifiable", reason=f"the text denies what comes out as {status}, in words that may mean more: {made.reason}"
        )
    return made


def unverifiable(claim: Claim, reason: str, source: str = "") -> Verdict:
    """Say that a claim cannot be checked, and why."""
    return verdict(claim, "unverifiable", "", reason, "", source)


def _reason(claim: Claim, row: Scenario, unit: str, note: str) -> str:
    worked = _from_to(row.value, row.value if row.high is None else row.high, unit)
    assert claim.value is not None, "only claims with a value are compared"
    return f"{claim.value.text.strip()} fits {worked}" + (f"; {note}" if note else "")


def _all(rows: Sequence[Scenario]) -> str:
    seen = dict.fromkeys(f"{row.arithmetic}{f' ({row.assumption})' if row.assumption else ''}" for row in rows)
    return "; ".join(seen)


def _span(rows: Sequence[Scenario], unit: str) -> str:
    values = [value for row in rows for value in (row.value, row.high) if value is not None]
    low, high = min(values), max(values)
    return _from_to(low, high, unit)


def _from_to(low: float, high: float, unit: str) -> str:
    """Write a range, or one value where both ends read alike."""
    first, last = show(low, unit), show(high, unit)
    return first if high <= low * 1.001 or first == last else f"{first} to {last}"


def show(value: float, unit: str) -> str:
    """Write a value in the unit a reader would choose."""
    if unit in {"parameters", "tokens", "pages"}:
        return f"{_scaled(value)} {unit}"
    if unit == "bytes":
        size, name = next(
            ((value / 2**power, word) for power, word in ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")) if value >= 2**power),
            (value, "bytes"),
        )
        return f"{size:,.4g} {name}"
    if unit == "decimal-bytes":
        size, name = next(
            ((value / 10**power, word) for power, word in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")) if value >= 10**power),
            (value, "bytes"),
        )
        return f"{size:,.4g} {name}"
    if unit == "seconds":
        return (
            f"{value / DAY:,.1f} days"
            if value < 2 * MONTH and value >= DAY
            else f"{value / MONTH:,.1f} months"
            if value >= DAY
            else f"{value / 3600:,.2f} hours"
        )
    if unit == "usd":
        return f"${value / 1e6:,.2f} million" if value >= 1e6 else f"${value:,.0f}" if value >= 100 else f"${value:,.2f}"
    if unit == "flop/s":
        return f"{value / 1e12:,.4g} TFLOP/s"
    if unit == "flop":
        return f"{value:.3g} FLOP"
    if unit == "kwh":
        return f"{value / 1e9:,.4g} TWh" if value >= 1e9 else f"{value / 1e3:,.4g} MWh"
    if unit == "kg":
        return f"{value / 1e3:,.4g} t CO2e"
    if unit == "percent":
        return f"{value:.3g} %"
    if unit in {"tokens/parameter", "device-hours"}:
        return f"{value:,.0f} device hours" if value >= 1e4 else f"{value:,.4g} {unit.replace('/', ' per ').replace('-', ' ')}"
    written = f"{value:,.0f}" if value >= 1e4 else f"{value:,.4g}"
    return f"{written}{'x' if unit == 'times' else f' {unit}' if unit else ''}"


def _scaled(value: float) -> str:
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if value >= scale:
            return f"{value / scale:.4g}{letter}"
    return f"{value:,.0f}"
