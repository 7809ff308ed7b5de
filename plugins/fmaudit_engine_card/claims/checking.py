"""Finds the claims of a text and checks each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from fmaudit_engine_card.claims.doubts import doubt
from fmaudit_engine_card.claims.kinds import CHECKS, READERS
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading, read_sentences
from fmaudit_engine_card.claims.recalled import marked, resting_on
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.claims.sentences import sentences

__all__ = ["check", "check_claims", "find_claims"]

FAR = 1.5  # a figure recalled from a source may be off by this factor, no more
YEARS = 2  # and a year by so many


def check_claims(text: str) -> list[Verdict]:
    """Check every claim that is found in prose or Markdown, in the order of the text; a text without claims gives none.

    A text that is TOML with `[[claim]]` tables is read as such. Raises ConfigError for an unknown kind or condition in one of them.
    """
    if text.lstrip().startswith("[[claim]]"):
        from fmaudit_engine_card.claims.structured import check_toml

        return check_toml(text)
    return [check(claim) for claim in find_claims(text)]


def find_claims(text: str) -> list[Claim]:
    """Find the claims of a text, in its order. A figure makes one claim: that of the first kind that knows it."""
    found: list[Claim] = []
    for reading in read_sentences(list(sentences(text))):
        found += _of_sentence(reading)
    return sorted(found, key=lambda claim: claim.span)


def check(claim: Claim) -> Verdict:
    """Check one claim by its kind, and mark what rests on a figure of the table that was only recalled."""
    return marked(_weighed(claim), resting_on(claim))


def _weighed(claim: Claim) -> Verdict:
    """Check by the claim's kind; before it is called wrong, other readings of its figure and the table's own certainty are weighed."""
    made = CHECKS[claim.kind](claim)
    if made.status != "wrong":
        return made
    if claim.value is not None:
        for value, words in _other_readings(claim.value):
            again = CHECKS[claim.kind](replace(claim, value=value))
            if again.status in {"holds", "holds-under"}:
                return replace(again, status="holds-under", assumption="; ".join(part for part in (words, again.assumption) if part))
    for model in claim.rivals if claim.given.get("model") is not None else ():
        again = CHECKS[claim.kind](replace(claim, given={**claim.given, "model": model}))
        if again.status in {"holds", "holds-under"}:
            return replace(
                made,
                status="unverifiable",
                reason=f"{made.reason}; of {model.name} it would be right, and the text leaves open which is meant",
            )
    if word := doubt(claim):
        return replace(made, status="unverifiable", reason=f"{made.reason}; but {word!r} may mean a part, a change or something else")
    return _from_memory(claim, made)


def _other_readings(value: Quantity) -> Iterator[tuple[Quantity, str]]:
    """Read "539.000" and "3,250" as the other half of the world writes them, where nothing else in the figure decides."""
    match = re.match(r"\D{0,4}\d{1,3}([.,])\d{3}(?![\d.,]*\d)", value.text)
    if match and not value.ranged and not (match.group(1) == "," and match.group(0).endswith("000")):
        factor, words = (1e3, "the point stands between thousands") if match.group(1) == "." else (1e-3, "the comma stands before decimals")
        yield replace(value, value=value.value * factor, low=value.low * factor, high=value.high * factor), words


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
