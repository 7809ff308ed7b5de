"""Claims about who made or named something, and when."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fmaudit_engine_card.claims.entities import Mention, people
from fmaudit_engine_card.claims.facts import Origin, makers
from fmaudit_engine_card.claims.judging import unverifiable, verdict
from fmaudit_engine_card.claims.kinds.base import Check, claim_of, statement
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.claims.subjects import held_against

__all__ = ["CHECKS", "read"]

_MADE = (
    r"coined|introduced|published|released|invented|proposed|developed|created|built|made|launched|announced"
    r"|presented|designed|described|named|trained|came (?:out|from)|comes? from|dates? (?:from|back to)|dates? to"
    r"|appeared|debuted|unveiled|opened|open-sourced|due to|goes back|work of|brainchild|product of|first appeared"
    r"|populari[sz]ed|switched|moved|adopted|began|started|dates"
)
_BY = re.compile(
    (
        rf"(?:{_MADE})\b[^.;]{{0,40}}?\b(?:by|at|from|of|in)\s+(?:researchers\s+(?:at|from)\s+|a team (?:at|from)\s+"
        rf"|scientists at\s+|the (?:team|people|folks|lab)s?\s+(?:at|of)\s+)?$"
    ),
    re.I,
)
_VERB = re.compile(
    (
        r"^(?:\s+(?:et al\.?|and (?:colleagues|co-?workers|others)))?\s*(?:researchers|scientists|engineers|engineer"
        r"|team)?\s*(?:first\s+|originally\s+)?(?:coined|introduced"
        r"|published|released|invented|proposed|developed|created|built|made|launched|announced|designed|trained|populari[sz]ed)\b"
    ),
    re.I,
)


def read(reading: Reading) -> Iterator[Claim]:
    """Find makers and years said of something known."""
    for mention in reading.makers:
        thing = _made_by(reading, mention)
        if thing is not None:
            match = re.compile(re.escape(reading.text[mention.start : mention.end])).match(reading.text, mention.start)
            yield statement(reading, "maker", thing.thing.name, match, origin=thing.thing, maker=mention.thing)
    for quantity in reading.dates():
        if 1980 <= quantity.value <= 2100 and quantity.value == int(quantity.value) and not quantity.scale and not quantity.ranged:
            thing = _dated(reading, quantity)
            if thing is not None:
                yield claim_of(reading, "year", quantity, thing.thing.name, origin=thing.thing)


def _made_by(reading: Reading, maker: Mention) -> Mention | None:
    """Return what a maker is said to have made."""
    inside = [m for m in reading.origins if m.start <= maker.start and maker.end <= m.end]
    if inside or not reading.origins:
        return None
    before = [m for m in reading.origins if m.end <= maker.start]
    if before and _BY.search(reading.text[before[-1].end : maker.start]) is not None:
        return before[0] if len(before) == 1 else before[-1]
    if (
        before
        and _VERB.match(reading.text[maker.end :])
        and re.search(
            r"(?:\b(?:term|name|phrase|idea|concept|method|technique|architecture|model|that|which|what)|,)\s+$",
            reading.text[before[-1].end : maker.start],
            re.I,
        )
    ):
        return before[-1]
    after = [m for m in reading.origins if m.start >= maker.end]
    compared = bool(after) and held_against(reading.text[: after[0].start])  # "built a model that outperforms GPT-3"
    if after and not compared and _VERB.match(reading.text[maker.end :]) and after[0].start - maker.end < 70:
        return after[0]
    return None


def _dated(reading: Reading, year: Quantity) -> Mention | None:
    """Return what a year is said of: the last thing named before it with a verb of making between, else the first after it."""
    before = [m for m in reading.origins if m.end <= year.start]
    if before:
        gap = reading.text[before[-1].end : year.start]
        told = len(gap) < 80 and re.search(
            rf"(?:{_MADE})\b.*\b(?:in|from|to|of|since|during|around|\w+ber|\w+ary|March|April|May|June|July|August)?\s*$", gap, re.I
        )
        plain = re.fullmatch(r"\s*(?:is from|was from|\(|,? of|,? from|\((?:\w+ )?et al\.,?)\s*", gap, re.I)
        verb_first = re.search(rf"(?:{_MADE})\b[^.;]{{0,40}}$", reading.text[: before[-1].start], re.I) and re.fullmatch(
            r"[^.;,]{0,40}?\b(?:in|during)\s+(?:\w+\s+)?", gap, re.I
        )
        return before[-1] if told or plain or verb_first else None
    after = [m for m in reading.origins if m.start >= year.end]
    if after and re.search(r"\b(?:in|during|since|the)\s+$", reading.text[: year.start], re.I):
        gap = reading.text[year.end : after[0].start]
        if len(gap) < 70 and re.search(rf"(?:{_MADE})\b", gap, re.I):
            return after[0]
    return None


def check_maker(claim: Claim) -> Verdict:
    """Compare the name with those that count as right."""
    origin: Origin = claim.given["origin"]
    said: str = claim.given["maker"]
    house = next((set(names) for names in makers()["same"] if said in names), {said})
    right = any(name in house or said.lower() in name.lower() for name in origin.by)
    by = ", ".join(origin.by)
    if right:
        return verdict(claim, "holds", f"{origin.name}: {by}", f"{said} is among those who count as its makers", "", origin.source)
    if said in people():
        return unverifiable(claim, f"{origin.name} is of {by}; {said} may have had a part in it", origin.source)
    return verdict(
        claim, "wrong", f"{origin.name}: {by}, not {said}", f"{origin.name} is not of {said}: {origin.source}", "", origin.source
    )


def check_year(claim: Claim) -> Verdict:
    """Compare with the year of the first public version; a year beside it may be that of print."""
    origin: Origin = claim.given["origin"]
    assert claim.value is not None, "a year has a value"
    year = int(claim.value.value)
    years = ", ".join(str(known) for known in origin.years)
    if year in origin.years:
        return verdict(claim, "holds", f"{origin.name}: {years}", f"first public in {years}", "", origin.source)
    if any(year - known == 1 for known in origin.years):
        return unverifiable(
            claim, f"{origin.name} was first public in {years}; a year later may be that of print or of a later version", origin.source
        )
    if year > max(origin.years) and claim.text and not re.search(r"introduced|invented|coined|proposed|first|born|dates", claim.text, re.I):
        return unverifiable(claim, f"{origin.name} was first public in {years}; something later may be meant", origin.source)
    return verdict(claim, "wrong", f"{origin.name}: {years}, not {year}", f"first public in {years}", "", origin.source)


CHECKS: dict[str, Check] = {"maker": check_maker, "year": check_year}
