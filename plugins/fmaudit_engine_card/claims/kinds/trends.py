"""Claims of how a family of models does on a benchmark as it grows, held against published results of one family."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fmaudit_engine_card.claims.facts import scaled_results
from fmaudit_engine_card.claims.judging import unverifiable, verdict
from fmaudit_engine_card.claims.kinds.base import Check, statement
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.trends.tests import trend

__all__ = ["CHECKS", "read"]

_SIZE = re.compile(
    r"larger|bigger|more param\w*|scal(?:e|es|ed|ing) (?:up )?|with (?:model )?size|as \w+ grows?|grow\w*|smaller (?:models|ones)", re.I
)
_DOWN = r"\b(?:less|worse|lower|fewer|falls?|fell|drops?|declin\w+|decreas\w+|degrad\w+|deteriorat\w+|inverse(?:ly)?|harms?|hurts?)\b"
_UP = r"\b(?:more|better|higher|ris(?:es?|ing)|improv\w+|increas\w+|gains?|helps?|climbs?)\b"


def read(reading: Reading) -> Iterator[Claim]:
    """Find directions said of a benchmark whose results over one family are in the table."""
    rows = [row for row in scaled_results() if reading.has(re.escape(row["name"]))]
    if len(rows) != 1 or not _SIZE.search(reading.text):
        return
    rest = _SIZE.sub(" ", reading.text.replace("than smaller", "than "))
    down, up = re.search(_DOWN, rest, re.I) is not None, re.search(_UP, rest, re.I) is not None
    names = {mention.thing.family or mention.thing.name for mention in reading.models}
    if down != up:
        yield statement(reading, "scaling-trend", rows[0]["name"], row=rows[0], up=up, family=rows[0]["family"] in names, other=bool(names))


def check_trend(claim: Claim) -> Verdict:
    """Compare with the Cochran-Armitage test of the results; another family may go the other way, so only the named one can be wrong."""
    row: Mapping[str, Any] = claim.given["row"]
    if claim.given["other"] and not claim.given["family"]:
        return unverifiable(claim, f"the results at hand are of {row['family']}", row["source"])
    found = trend(row["sizes"], row["successes"], [row["total"]] * len(row["sizes"]))
    text = f"{row['name']}, {row['family']}: {row['successes']} of {row['total']}: z = {found.z:.2f}, p = {found.p:.2g}, {found.direction}"
    right = found.direction == ("up" if claim.given["up"] else "down")
    if right and claim.given["family"]:
        return verdict(claim, "holds", text, f"the trend over {row['family']} is {found.direction}", "", row["source"])
    if right:
        return verdict(
            claim, "holds-under", text, f"the trend is {found.direction}", f"{row['family']} is meant; others differ", row["source"]
        )
    if claim.given["family"]:
        return verdict(claim, "wrong", text, f"the trend over {row['family']} is {found.direction}", "", row["source"])
    return unverifiable(claim, f"over {row['family']} the trend is {found.direction}; another family may be meant", row["source"])


CHECKS: dict[str, Check] = {"scaling-trend": check_trend}
