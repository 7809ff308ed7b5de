"""Finds the claims of a text and checks each."""

from __future__ import annotations

from fmaudit_engine_card.claims.kinds import CHECKS, READERS
from fmaudit_engine_card.claims.reading import Reading, read_sentences
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.claims.sentences import sentences

__all__ = ["check", "check_claims", "find_claims"]


def check_claims(text: str) -> list[Verdict]:
    """Check every claim that is found in prose or Markdown, in the order of the text; a text without claims gives none."""
    return [check(claim) for claim in find_claims(text)]


def find_claims(text: str) -> list[Claim]:
    """Find the claims of a text, in its order. A figure makes one claim: that of the first kind that knows it."""
    found: list[Claim] = []
    for reading in read_sentences(list(sentences(text))):
        found += _of_sentence(reading)
    return sorted(found, key=lambda claim: claim.span)


def check(claim: Claim) -> Verdict:
    """Check one claim by its kind."""
    return CHECKS[claim.kind](claim)


def _of_sentence(reading: Reading) -> list[Claim]:
    taken: dict[tuple[int, int], Claim] = {}
    first = reading.sentence.start + reading.sentence.lead  # what stands before is a table's label and header
    for read in READERS:
        for claim in read(reading):
            if (claim.value is None or claim.span[0] >= first) and not any(
                claim.span[0] < end and start < claim.span[1] and (claim.value is not None) == (other.value is not None)
                for (start, end), other in taken.items()
            ):
                taken[claim.span] = claim
    return list(taken.values())
