"""Finds the claims of a text and checks each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fmaudit_engine_card.claims.doubts import doubt, unfamiliar
from fmaudit_engine_card.claims.facts import related
from fmaudit_engine_card.claims.figures import SCALED
from fmaudit_engine_card.claims.kinds import CHECKS, READERS
from fmaudit_engine_card.claims.kinds.base import CARRIED
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading, read_sentences
from fmaudit_engine_card.claims.recalled import marked, resting_on
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.claims.sentences import sentences

__all__ = ["check", "check_claims", "find_claims"]

FAR = 1.5  # a figure recalled from a source may be off by this factor, no more
# a figure that only Europe writes so: "7,24 billion", "1.234.567"
_EUROPEAN = re.compile(rf"(?<![\w.,])(?:\d+,\d{{1,2}}(?=\s?{SCALED})|\d{{1,3}}(?:\.\d{{3}}){{2,}}(?![\d.]))", re.I)
_OF_FAMILIES = {"parameters", "active-parameters"}  # they hold a family against its members themselves
YEARS = 2  # and a year by so many


def check_claims(text: str) -> list[Verdict]:
    """Check every claim that is found in prose or Markdown, in the order of the text; a text without claims gives none.

    A text that is TOML with `[[claim]]` tables is read as such. Raises ConfigError for an unknown kind or condition in one of them.
    """
    if _is_toml(text):
        from fmaudit_engine_card.claims.structured import check_toml

        return check_toml(text)
    return [check(claim) for claim in find_claims(text)]


def _is_toml(text: str) -> bool:
    """Tell a TOML text of claims: a table with nothing but comments above it, or with TOML; prose may only quote one."""
    table = re.search(r"(?m)^[ \t]*\[\[\s*claim\s*\]\]", text)
    if table is None:
        return False
    above = [line.strip() for line in text[: table.start()].splitlines()]
    if all(not line or line.startswith("#") for line in above):
        return True
    try:
        return "claim" in tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False


def find_claims(text: str) -> list[Claim]:
    """Find the claims of a text, in its order. A figure makes one claim: that of the first kind that knows it."""
    found: list[Claim] = []
    for reading in read_sentences(list(sentences(text))):
        found += _of_sentence(reading)
    european = _EUROPEAN.search(text) is not None
    return sorted((replace(claim, european=european) for claim in found), key=lambda claim: claim.span)


def check(claim: Claim) -> Verdict:
    """Check one claim by its kind, and mark what rests on a figure of the table that was only recalled."""
    return marked(_weighed(claim), resting_on(claim))


def _weighed(claim: Claim) -> Verdict:
    """Check by the claim's kind; before it is called wrong, other readings of its figure and the table's own certainty are weighed."""
    made = CHECKS[claim.kind](claim)
    if made.status != "wrong":
        return made
    if (otherwise := _written_otherwise(claim, made)) is not None:
        return otherwise
    if (member := _of_a_member(claim, made)) is not None:
        return member
    for changed, name in _other_bindings(claim):
        if CHECKS[claim.kind](changed).status in {"holds", "holds-under"}:
            told = f"{made.reason}; of {name} it would be right, and the text leaves open which is meant"
            return replace(made, status="unverifiable", reason=told)
    if claim.given.get("several") or (claim.given.get("moved") and any(CARRIED in part for part in claim.assumed)):
        told = f"{made.reason}; but it may rest on what was said of another run"
        return replace(made, status="unverifiable", reason=told)
    if word := doubt(claim):
        return replace(made, status="unverifiable", reason=f"{made.reason}; but {word!r} may mean a part, a change or something else")
    if strange := unfamiliar(claim):
        told = f"{made.reason}; but the sentence holds words that are not understood here ({', '.join(strange[:4])}) and may change it"
        return replace(made, status="unverifiable", reason=told)
    return _from_memory(claim, made)


def _of_a_member(claim: Claim, made: Verdict) -> Verdict | None:
    """Return the verdict on the member of a family that is meant by its bare name; none where no member fits or can be between them."""
    model = claim.given.get("model")
    if model is None or not model.family or model.name != model.family or claim.value is None or claim.denied or claim.kind in _OF_FAMILIES:
        return None
    members = [other for other in related(model) if other.name != model.name]
    for member in members:
        again = CHECKS[claim.kind](replace(claim, given={**claim.given, "model": member}))
        if again.status in {"holds", "holds-under"}:
            assumption = "; ".join(part for part in (f"{member.name} is meant", again.assumption) if part)
            return replace(again, status="holds-under", assumption=assumption)
    if "sizes" in model.facts and any(_is_between(claim, {**claim.given, "model": member}) for member in members):
        return replace(made, status="unverifiable", reason=f"{made.reason}; {model.name} is a family, and another size of it may be meant")
    return None


def _is_between(claim: Claim, other: Mapping[str, Any]) -> bool:
    """Tell whether a figure lies between those of two members: neither more nor less than all of them."""
    assert claim.value is not None, "only claims with a value lie between others"
    least = replace(claim, value=replace(claim.value, bound="at-most"))
    most = replace(claim, value=replace(claim.value, bound="at-least"), given=other)
    return all(CHECKS[row.kind](row).status in {"holds", "holds-under"} for row in (least, most))


def _written_otherwise(claim: Claim, made: Verdict) -> Verdict | None:
    """Return the verdict on the figure as the other half of the world reads it, where it is right so; nothing else.

    A point between thousands is likely where three zeros or digits follow it, a comma before decimals only in a text that has another;
    else the figure stays wrong, and the reading that would save it is named.
    """
    for value, words, likely in _other_readings(claim.value, claim.european) if claim.value is not None else ():
        again = CHECKS[claim.kind](replace(claim, value=value))
        if again.status in {"holds", "holds-under"}:
            if not likely:
                return replace(made, assumption=f"true only if {words}")
            return replace(again, status="holds-under", assumption="; ".join(part for part in (words, again.assumption) if part))
    return None


def _other_bindings(claim: Claim) -> Iterator[tuple[Claim, str]]:
    """Yield the claim of the other models, and in the other precisions, that the sentence leaves open."""
    if claim.given.get("model") is not None:
        for model in claim.rivals:
            yield replace(claim, given={**claim.given, "model": model}), model.name
    for width in claim.given.get("other_widths", ()):
        yield replace(claim, given={**claim.given, "width": width}), width[0]


def _other_readings(value: Quantity, european: bool) -> Iterator[tuple[Quantity, str, bool]]:
    """Read "539.000" and "3,250" as the other half of the world writes them, where nothing else in the figure decides."""
    match = re.match(r"\D{0,4}\d{1,3}([.,])\d{3}(?![\d.,]*\d)", value.text)
    if match and not value.ranged and not (match.group(1) == "," and match.group(0).endswith("000")):
        factor, words = (1e3, "the point stands between thousands") if match.group(1) == "." else (1e-3, "the comma stands before decimals")
        likely = european or match.group(1) == "."
        yield replace(value, value=value.value * factor, low=value.low * factor, high=value.high * factor), words, likely


def _from_memory(claim: Claim, made: Verdict) -> Verdict:
    """Call nothing wrong that only differs a little from a row whose source was not opened again when it was written."""
    if not resting_on(claim):
        return made
    doubt = "the table's row was written from memory of its source, so the difference may be the table's"
    if claim.value is None:
        return replace(made, status="unverifiable", reason=f"{made.reason}; {doubt}")
    room = (claim.value.low - YEARS, claim.value.high + YEARS) if claim.kind == "year" else (claim.value.low / FAR, claim.value.high * FAR)
    wide = replace(claim.value, low=room[0], high=room[1])
    near = [CHECKS[claim.kind](replace(claim, value=wide))]
    if claim.kind == "year":
        years = [claim.value.value + step for step in range(-YEARS, YEARS + 1)]
        near = [CHECKS[claim.kind](replace(claim, value=replace(claim.value, value=year))) for year in years]
    return replace(made, status="unverifiable", reason=f"{made.reason}; {doubt}") if any(v.status != "wrong" for v in near) else made


def _of_sentence(reading: Reading) -> list[Claim]:
    taken: dict[tuple[int, int], Claim] = {}
    first = reading.sentence.start + reading.sentence.lead  # what stands before is a table's label and header
    for read in READERS:
        for claim in read(reading):
            if claim.value is not None and reading.set_aside(claim.value):
                continue
            if (claim.value is None or claim.span[0] >= first) and not any(
                claim.span[0] < end and start < claim.span[1] and (claim.value is not None) == (other.value is not None)
                for (start, end), other in taken.items()
            ):
                taken[claim.span] = claim
    return list(taken.values())
