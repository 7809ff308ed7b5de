"""What was planted and no metric of the audits counts, with the reason: the key says so instead of keeping silent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sample_data_sources.plants import Draft

__all__ = ["NO_LABEL", "not_measured"]

# Languages lid.176 has no label for.
NO_LABEL = ("chr", "dz", "ha", "zu")

# Languages whose natural documents gopher-quality, a rule set for English, drops without exception, too few for a share.
EMPTIED = ("km", "lo", "th", "zh")

# plant -> what it shows, why it is not measured
PLANTS = {
    "near-copy": ("a few words changed: Jaccard similarity of word 5-grams above 0.85", "only exact copies are counted"),
    "shared-paragraph": (
        "a paragraph that also ends other documents",
        "documents that share one are not counted; the copies are among duplicate_paragraphs and the exhibit top-paragraphs",
    ),
    "shared-line": (
        "a boilerplate line that also ends other documents",
        "documents that share one are not counted; the copies are among duplicate_lines and the exhibit top-lines",
    ),
    "c1": ("C1 controls, U+0080 to U+009F, left over from mojibake", "they count as mojibake, not as controls"),
    "invisible": ("soft hyphens, some of them from mojibake", "U+00AD is no fault in itself; in mojibake it counts as mojibake"),
    "carriage-returns": ("lines that end in CR LF", "no metric counts them"),
    "personal-data": ("e-mail addresses on example domains", "no audit looks for personal data"),
    "hostile": ("text that attacks whoever shows it", "must be shown escaped, and is counted by no metric"),
    "transliterated": (
        "a language outside its usual script",
        "the model labels it as some language in Latin letters, so that script_mismatch, which compares script and label, is silent",
    ),
    "duplicate-id": ("an id that names two documents", "no metric counts ids"),
    "javascript-line": (
        "one line of each document is taken out by c4, the document stays",
        "text_lost counts all lines taken out together",
    ),
    "policy-line": ("c4 takes one line out and keeps the document", "text_lost counts all lines taken out together"),
}


def not_measured(drafts: list[Draft]) -> list[dict[str, Any]]:
    """Entries of the key without a metric."""
    found = [
        entry(plant, why, reason, (draft for draft in drafts if plant == draft.kind or plant in draft.tags))
        for plant, (why, reason) in PLANTS.items()
    ]
    return [*found, *languages(drafts)]


def languages(drafts: list[Draft]) -> Iterator[dict[str, Any]]:
    for language in NO_LABEL:
        reason = "the model has no label for it, so no share is given; `unsupported` counts what is declared so"
        yield entry(f"share-{language}", "documents in the language", reason, (draft for draft in drafts if draft.language == language))
    for language in EMPTIED:
        members = [draft for draft in drafts if draft.declared == language]
        reason = f"{len(members)} documents are too few for a share, so that kept{{language={language}}} is insufficient"
        yield entry(f"emptied-{language}", "gopher-quality, a rule set for English, drops the whole language", reason, members)


def entry(name: str, why: str, reason: str, found: Iterable[Draft]) -> dict[str, Any]:
    return {"name": name, "ids": sorted(draft.id for draft in found), "why": why, "reason": reason}
