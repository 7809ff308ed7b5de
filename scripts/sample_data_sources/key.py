"""The answer key: what an audit of the corpus must find, derived from what was planted and never from an audit."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any

from sample_data_sources.plants import RULE_SETS, Draft

__all__ = ["answer_key"]

LANGUAGE, QUALITY = "corpus-language", "corpus-quality"
SCORE_LIMIT = 3
WITHOUT_LANGUAGE = ("und", "mul")  # nothing to read, or two languages line by line
# Languages whose natural documents gopher-quality, a rule set for English, drops without exception.
EMPTIED = ("th", "zh", "my", "lo", "km")

# Kinds and tags of the documents in which a paragraph or line is planted more than once.
COPYING = {"exact-copy", "near-copy", "shared-paragraph", "shared-line", "repeated-line", "duplicate-paragraphs", "duplicate-lines"}

# kind or tag of a plant -> audit, metric, what it shows
SIMPLE_PLANTS = {
    "exact-copy": (QUALITY, "duplicate_documents", "the second and later copies of a document"),
    "near-copy": (QUALITY, "near_duplicate_documents", "a few words changed: Jaccard similarity of word 5-grams above 0.85"),
    "shared-paragraph": (QUALITY, "documents_with_shared_paragraph", "a paragraph that also ends other documents"),
    "shared-line": (QUALITY, "documents_with_shared_line", "a boilerplate line that also ends other documents"),
    "replacement": (QUALITY, "documents_with_replacement_character", "U+FFFD where letters were lost"),
    "mojibake": (QUALITY, "documents_with_mojibake", "UTF-8 that was read as Windows-1252 or Latin-1"),
    "control": (QUALITY, "documents_with_control_character", "C0 controls or DEL, other than tab, line feed and carriage return"),
    "c1": (QUALITY, "documents_with_c1_control", "C1 controls, U+0080 to U+009F, left over from mojibake"),
    "carriage-returns": (QUALITY, "documents_with_carriage_return", "lines that end in CR LF"),
    "invisible": (
        QUALITY,
        "documents_with_invisible_character",
        "soft hyphen, zero width space or byte order mark; some come from mojibake",
    ),
    "personal-data": (QUALITY, "documents_with_email_address", "e-mail addresses on example domains"),
    "bidi": (QUALITY, "documents_with_bidi_control", "characters that reorder the text that is shown"),
    "private-use": (QUALITY, "documents_with_private_use", "characters without a public meaning"),
    "zawgyi": (QUALITY, "documents_in_zawgyi", "Burmese in the Zawgyi encoding, in code points of Unicode Burmese"),
    "hostile": (QUALITY, "documents_with_hostile_text", "text that attacks whoever shows it; counted by no metric, must be shown escaped"),
    "wrong-declared": (LANGUAGE, "declared_mismatch", "the publisher's label is wrong"),
    "mixed": (LANGUAGE, "mixed_documents", "half of the lines are in another language"),
    "transliterated": (LANGUAGE, "script_mismatch", "a language outside its usual script"),
    "unsupported": (LANGUAGE, "unsupported_language", "a language that lid.176 has no label for"),
    "no-evidence": (LANGUAGE, "undetermined", "no language in it: digits, marks, white space or nothing"),
}


def answer_key(drafts: list[Draft], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything that is known about the corpus because it was put there."""
    return {
        "documents": len(drafts),
        "made_with": {"zlib": zlib.ZLIB_RUNTIME_VERSION, "pyarrow": version("pyarrow"), "warcio": version("warcio")},
        "planted": list(planted(drafts, rows)),
        "true_language": {draft.id: draft.language for draft in drafts},
        "true_shares": true_shares(drafts),
        "mixed_lines": {draft.id: draft.facts["lines"] for draft in drafts if draft.kind == "mixed"},
    }


def true_shares(drafts: list[Draft]) -> dict[str, dict[str, float | int]]:
    """Shares by documents, characters and bytes, among documents in exactly one language."""
    known = [draft for draft in drafts if draft.language not in WITHOUT_LANGUAGE]
    documents = Counter(draft.language for draft in known)
    characters: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for draft in known:
        characters[draft.language] += len(draft.text)
        size[draft.language] += len(draft.text.encode())
    return {
        language: {
            "documents": count,
            "document_share": count / len(known),
            "characters": characters[language],
            "character_share": characters[language] / characters.total(),
            "bytes": size[language],
            "byte_share": size[language] / size.total(),
        }
        for language, count in sorted(documents.items())
    }


def entry(
    name: str, audit: str, metric: str, why: str, found: Iterable[Draft], denominator: int, *, kind: str = "count", **slices: str
) -> dict[str, Any]:
    ids = [draft.id for draft in found]
    truth = len(ids) if kind == "count" else len(ids) / max(denominator, 1)
    return {
        "name": name,
        "audit": audit,
        "metric": metric,
        "slice": slices,
        "kind": kind,
        "truth": truth,
        "denominator": denominator,
        "ids": sorted(ids),
        "why": why,
    }


def planted(drafts: list[Draft], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    everything = len(drafts)

    def where(test: Callable[[Draft], bool]) -> list[Draft]:
        return [draft for draft in drafts if test(draft)]

    found = [
        entry(plant, audit, metric, why, where(lambda draft: plant == draft.kind or plant in draft.tags), everything)  # noqa: B023
        for plant, (audit, metric, why) in SIMPLE_PLANTS.items()
    ]
    known = where(lambda draft: draft.language not in WITHOUT_LANGUAGE)
    for language in sorted({draft.language for draft in known}):
        members = [draft for draft in known if draft.language == language]
        why = "true share among the documents in exactly one language"
        found.append(entry(f"share-{language}", LANGUAGE, "share", why, members, len(known), kind="share", language=language))
    found += rule_entries(drafts)
    for language in EMPTIED:
        members = where(lambda draft: draft.declared == language)  # noqa: B023
        why = "a rule set for English drops a whole language"
        rules = "datatrove-0.10.1/gopher-quality"
        found.append(
            entry(f"emptied-{language}", QUALITY, "removed_share", why, members, len(members), kind="share", rules=rules, declared=language)
        )
    return found + line_entries(drafts) + metadata_entries(drafts, rows)


def rule_entries(drafts: list[Draft]) -> list[dict[str, Any]]:
    """Documents declared English, by rule set and first reason: the key knows the verdict on every one of them."""
    english = [draft for draft in drafts if draft.declared == "en"]
    found = []
    for rules in RULE_SETS:
        for reason in sorted({draft.verdict(rules) for draft in english} - {"kept"}):
            why = "the first reason for which the rule set drops these documents"
            dropped = [draft for draft in english if draft.verdict(rules) == reason]
            slices = {"rules": f"datatrove-0.10.1/{rules}", "reason": reason, "declared": "en"}
            found.append(entry(f"{rules}-{reason}", QUALITY, "removed", why, dropped, len(english), **slices))
        kept = [draft for draft in english if draft.verdict(rules) == "kept"]
        slices = {"rules": f"datatrove-0.10.1/{rules}", "declared": "en"}
        found.append(entry(f"{rules}-kept", QUALITY, "kept", "documents the rule set keeps", kept, len(english), **slices))
    return found


def line_entries(drafts: list[Draft]) -> list[dict[str, Any]]:
    """Lines, not documents: what C4 takes out of documents that it keeps, and duplicates over the whole corpus."""
    found = [duplicates(drafts, "paragraphs", r"\n{2,}"), duplicates(drafts, "lines", r"\n")]
    for kind, reason in (("javascript-line", "javascript"), ("policy-line", "policy")):
        why = "one line of each document is taken out, the document stays"
        slices = {"rules": "datatrove-0.10.1/c4", "reason": reason, "declared": "en"}
        lines = [draft for draft in drafts if draft.kind == kind]
        found.append(entry(f"c4-lines-{reason}", QUALITY, "lines_removed", why, lines, len(lines), **slices))
    return found


def duplicates(drafts: list[Draft], unit: str, border: str) -> dict[str, Any]:
    """Second and later copies of a paragraph or line, counted only over documents in which copies were planted."""
    originals = {draft.source for draft in drafts}
    seen: set[str] = set()
    copies, units, holders = 0, 0, []
    for draft in drafts:
        pieces = [piece.strip() for piece in re.split(border, draft.text) if piece.strip()]
        units += len(pieces)
        if not (draft.kind in COPYING or draft.id in originals or COPYING & set(draft.tags)):
            continue
        again = 0
        for piece in pieces:
            again += piece in seen
            seen.add(piece)
        copies += again
        if again:
            holders.append(draft)
    why = f"second and later copies of stripped, non-empty {unit}; ids are the documents that hold them, reading the file from its start"
    return entry(f"duplicate-{unit}", QUALITY, f"duplicate_{unit}", why, holders, units) | {"truth": copies}


def metadata_entries(drafts: list[Draft], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    low = [draft for draft, row in zip(drafts, rows, strict=True) if row["score"] < SCORE_LIMIT]
    names = Counter(draft.id for draft in drafts)
    repeated = [draft for draft in drafts if names[draft.id] > 1]
    return [
        entry("low-score", QUALITY, "removed", "fewer than three votes", low, len(drafts), rules="metadata", reason="score"),
        entry("duplicate-ids", QUALITY, "documents_with_repeated_id", "an id that names two documents", repeated, len(drafts)),
    ]
