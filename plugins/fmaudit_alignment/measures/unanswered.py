"""What rates of refusal leave out: prompts that the provider blocked, and requests that failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fmaudit import Finding, Metric, Severity, results
from fmaudit_alignment.unanswered import BLOCKED, FAILED

__all__ = ["Unanswered", "answered", "reference_failures", "unanswered", "unanswered_results"]

Rows = Sequence[Mapping[str, Any]]
KINDS = {"safe": "harmless", "unsafe": "harmful"}


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Of the prompts of one intent that were asked: how many the provider blocked, and how many have no answer for another reason."""

    asked: int
    blocked: int
    failed: int

    def words(self, intent: str) -> str:
        """A sentence for a finding, "" where every prompt has an answer."""
        if not self.blocked + self.failed:
            return ""
        parts = [f"{self.blocked} were blocked by the provider's filter"] * bool(self.blocked)
        parts += [f"{self.failed} failed (see the ledger)"] * bool(self.failed)
        lost = self.blocked + self.failed
        return f" Of the {self.asked} {KINDS[intent]} prompts asked, {lost} have no answer of the model: {', '.join(parts)}."


def answered(rows: Rows) -> list[Mapping[str, Any]]:
    """The rows that hold an answer, an empty one too."""
    return [row for row in rows if row["label"] not in (BLOCKED, FAILED)]


def unanswered(rows: Rows, asked: Mapping[str, str]) -> dict[str, Unanswered]:
    """Count by intent; `asked` gives the intent of every case asked, and is passed over where the rows are of other cases."""
    came = {str(row["item"]) for row in rows}
    known = asked if came <= asked.keys() else {}
    found = {}
    for intent in KINDS:
        own = [row for row in rows if row["condition"] == intent]
        blocked = len({row["item"] for row in own if row["label"] == BLOCKED})
        failed = sum(wanted == intent and case not in came for case, wanted in known.items())
        found[intent] = Unanswered(len({row["item"] for row in own}) + failed, blocked, failed)
    return found


def unanswered_results(counts: Mapping[str, Unanswered], minimum: int) -> results.Results:
    """Yield the share without an answer where there is any, and a warning where it is surely above a tenth."""
    for intent, count in counts.items():
        lost = count.blocked + count.failed
        if not lost:
            continue
        note = f"{count.blocked} blocked by the provider's filter, {count.failed} failed; the rates are of the others"
        hits = [True] * lost + [False] * (count.asked - lost)
        metric = results.rate("refusal_unanswered", hits, minimum=minimum, slice_={"intent": intent}, note=note)
        advice = "A block is no answer of the model: ask it without the filter, or count the blocks as refusals of the service as a whole."
        yield from results.warned(metric, f"{KINDS[intent]} prompts have no answer of the model", advice, then=note)


def reference_failures(rows: Rows) -> Iterator[Metric | Finding]:
    """Say where the reference failed: its prompts are left out of the comparison only."""
    other = [row for row in rows if row["condition"].endswith("/reference")]
    lost = [row for row in other if row["label"] in (BLOCKED, FAILED)]
    if lost:
        yield results.rate("reference_unanswered", [row["label"] in (BLOCKED, FAILED) for row in other], [row["item"] for row in other])
        yield Finding(
            code="reference-unanswered", severity=Severity.NOTE, metric="reference_unanswered",
            sentence=f"The reference answered {len(other) - len(lost)} of {len(other)} prompts; the others are left out of the comparison "
            f"with it, and of nothing else ({lost[0]['evidence']}).",
        )  # fmt: skip
