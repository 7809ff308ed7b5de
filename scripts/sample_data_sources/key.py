"""The answer key: what an audit of the corpus must find, derived from what was planted and never from an audit.

Every entry of `planted` names a metric by its full name and gives the truth in the metric's unit over the metric's population.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from sample_data_sources.plants import RULE_SETS, Draft
from sample_data_sources.unmeasured import NO_LABEL, not_measured
from sample_data_sources.verdicts import Verdicts

__all__ = ["answer_key"]

LANGUAGE, QUALITY = "corpus-language", "corpus-quality"
SCORE_LIMIT = 3
SHORTEST_PIECE = 10  # characters of the shortest line or paragraph whose copies are counted
LINE_LETTERS = 20  # letters of the shortest line that is asked for its language
WITHOUT_LANGUAGE = ("und", "mul")  # nothing to read, or two languages line by line

# plant -> kind of encoding fault, what it shows
FAULTS = {
    "replacement": ("replacement", "U+FFFD where letters were lost"),
    "mojibake": ("mojibake", "UTF-8 that was read as Windows-1252 or Latin-1"),
    "control": ("control", "C0 controls or DEL, other than tab, line feed and carriage return"),
    "zero-width": ("zero_width", "a zero width space, and a byte order mark at the end"),
    "bidi": ("bidi_control", "characters that reorder the text that is shown"),
    "private-use": ("private_use", "characters without a public meaning"),
}

# What a model of languages gets wrong, so that a point estimate lies beside the truth while its interval holds it.
CAVEATS = {
    "wrong-declared": "counts the model's own errors too, which it cannot tell from wrong declarations",
    "share-sw": "the model is unsure of short Swahili: most of it scores too low for a label",
    "share-yo": "the model takes Yoruba for Irish, Catalan and Spanish",
}


def answer_key(drafts: list[Draft], rows: list[dict[str, Any]], verdicts: Verdicts) -> dict[str, Any]:
    """Everything that is known about the corpus because it was put there."""
    entries = [
        *encoding_entries(drafts),
        *language_entries(drafts),
        *share_entries(drafts),
        *duplicate_entries(drafts),
        *host_entries(drafts, rows),
        *metadata_entries(drafts, rows),
        *rule_entries(drafts, verdicts),
    ]
    return {
        "documents": len(drafts),
        "made_with": {"zlib": zlib.ZLIB_RUNTIME_VERSION, "pyarrow": version("pyarrow"), "warcio": version("warcio")},
        "planted": entries,
        "not_measured": not_measured(drafts),
        "true_language": {draft.id: draft.language for draft in drafts},
        "true_shares": true_shares(drafts),
        "mixed_lines": {draft.id: draft.facts["lines"] for draft in drafts if draft.kind == "mixed"},
        "datatrove": verdicts.as_json(),
    }


def entry(
    name: str, metric: str, why: str, found: Iterable[Draft], truth: float, n: int, *, by: str = "count", unit: str = "fraction"
) -> dict[str, Any]:
    """An entry of the key; `by` says whether the metric counts what stands in the file, or asks a model of languages."""
    made = {"name": name, "metric": metric, "by": by, "unit": unit, "truth": truth, "n": n, "ids": sorted(draft.id for draft in found)}
    return made | {"why": why} | ({"caveat": CAVEATS[name]} if name in CAVEATS else {})


def share(name: str, metric: str, why: str, found: list[Draft], n: int, by: str = "count") -> dict[str, Any]:
    return entry(name, metric, why, found, len(found) / n, n, by=by)


def planted_as(drafts: list[Draft], plant: str) -> list[Draft]:
    return [draft for draft in drafts if plant == draft.kind or plant in draft.tags]


def true_shares(drafts: list[Draft]) -> dict[str, dict[str, float | int]]:
    """Shares of all documents, characters and bytes by true language."""
    documents = Counter(draft.language for draft in drafts)
    characters: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for draft in drafts:
        characters[draft.language] += len(draft.text)
        size[draft.language] += len(draft.text.encode())
    return {
        language: {
            "documents": count,
            "document_share": count / len(drafts),
            "characters": characters[language],
            "character_share": characters[language] / characters.total(),
            "bytes": size[language],
            "byte_share": size[language] / size.total(),
        }
        for language, count in sorted(documents.items())
    }


def encoding_entries(drafts: list[Draft]) -> Iterator[dict[str, Any]]:
    for plant, (kind, why) in FAULTS.items():
        found = [draft for draft in drafts if draft.kind == "invisible"] if plant == "zero-width" else planted_as(drafts, plant)
        yield share(plant, f"{QUALITY}.affected{{kind={kind}}}", why, found, len(drafts))
    burmese = [draft for draft in drafts if re.search("[\u1000-\u109f]", draft.text)]
    why = "Burmese in the Zawgyi encoding, in code points of Unicode Burmese; among documents in Burmese script"
    yield share("zawgyi", f"{QUALITY}.zawgyi", why, planted_as(drafts, "zawgyi"), len(burmese))


def language_entries(drafts: list[Draft]) -> Iterator[dict[str, Any]]:
    why = "no language in it: digits, marks, white space or nothing"
    yield share("no-evidence", f"{LANGUAGE}.no_evidence", why, planted_as(drafts, "no-evidence"), len(drafts))
    why = "declared in a language that lid.176 has no label for; among documents that declare one"
    declared = [draft for draft in drafts if draft.declared != "und"]
    yield share("unsupported", f"{LANGUAGE}.unsupported", why, planted_as(drafts, "unsupported"), len(declared), by="model")
    lines = [draft for draft in drafts if sum(letters(line) >= LINE_LETTERS for line in draft.text.split("\n")) >= 2]
    why = f"half of the lines are in another language; among documents with two lines of {LINE_LETTERS} letters and more"
    yield share("mixed", f"{LANGUAGE}.mixed_documents", why, planted_as(drafts, "mixed"), len(lines), by="model")
    known = [draft for draft in drafts if draft.declared not in ("und", *NO_LABEL) and draft.language != "und"]
    wrong = [draft for draft in known if draft.kind == "mixed" or draft.declared != draft.language]
    why = "declared in another language, or in one of two; among documents declared in a language the model knows"
    yield share("wrong-declared", f"{LANGUAGE}.declared_mismatch", why, wrong, len(known), by="model")


def letters(line: str) -> int:
    return sum(character.isalpha() for character in line)


def share_entries(drafts: list[Draft]) -> Iterator[dict[str, Any]]:
    for language in sorted({draft.language for draft in drafts} - {*WITHOUT_LANGUAGE, *NO_LABEL}):
        members = [draft for draft in drafts if draft.language == language]
        metric = f"{LANGUAGE}.share{{language={language}}}"
        yield share(f"share-{language}", metric, "true share of all documents", members, len(drafts), by="model")


def duplicate_entries(drafts: list[Draft]) -> Iterator[dict[str, Any]]:
    copies = planted_as(drafts, "exact-copy")
    why = "the second and later copies of a document"
    yield share("exact-copy", f"{QUALITY}.duplicates{{of=documents}}", why, copies, len(drafts))
    again, total = sum(len(draft.text) for draft in copies), sum(len(draft.text) for draft in drafts)
    why = "characters of the second and later copies"
    yield entry("exact-copy-characters", f"{QUALITY}.duplicates{{of=characters}}", why, copies, again / total, len(drafts))
    groups = Counter(draft.source for draft in copies)
    why = "texts that are there more than once"
    yield entry("copied-texts", f"{QUALITY}.duplicate_groups", why, copies, len(groups), len(drafts), unit="count")
    source, count = groups.most_common(1)[0]
    members = [draft for draft in drafts if draft.id == source or (draft.kind == "exact-copy" and draft.source == source)]
    why = "the original and its copies"
    yield entry("most-copied-text", f"{QUALITY}.largest_duplicate_group", why, members, count + 1, len(drafts), unit="count")
    yield from piece_entries(drafts, "paragraphs", r"\n{2,}")
    yield from piece_entries(drafts, "lines", r"\n")


def piece_entries(drafts: list[Draft], unit: str, border: str) -> Iterator[dict[str, Any]]:
    """Second and later copies of a paragraph or line."""
    seen: set[str] = set()
    copied: list[str] = []
    pieces: list[str] = []
    holders = []
    for draft in drafts:
        stripped = [piece.strip() for piece in re.split(border, draft.text)]
        counted = [piece for piece in stripped if len(piece) >= SHORTEST_PIECE]
        again = []
        for piece in counted:
            again += [piece] if piece in seen else []
            seen.add(piece)
        pieces += counted
        copied += again
        if again:
            holders.append(draft)
    why = f"second and later copies of {unit} of {SHORTEST_PIECE} characters or more; ids: the documents with them, in file order"
    metric = f"{QUALITY}.duplicate_{unit}{{of={unit}}}"
    yield entry(f"duplicate-{unit}", metric, why, holders, len(copied) / len(pieces), len(pieces))
    characters = sum(map(len, copied)) / sum(map(len, pieces))
    metric = f"{QUALITY}.duplicate_{unit}{{of=characters}}"
    yield entry(f"duplicate-{unit}-characters", metric, "the same by characters", holders, characters, len(pieces))


def host_entries(drafts: list[Draft], rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    hosts = Counter(row["url"].split("/")[2] for row in rows)
    yield entry("hosts", f"{QUALITY}.hosts", "hosts the documents come from", [], len(hosts), len(drafts), unit="count")
    host, count = hosts.most_common(1)[0]
    metric = f"{QUALITY}.host_share{{host={host},of=documents}}"
    yield entry("largest-host", metric, "documents of the largest host", [], count / len(drafts), len(drafts))


def metadata_entries(drafts: list[Draft], rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    low = [draft for draft, row in zip(drafts, rows, strict=True) if row["score"] < SCORE_LIMIT]
    why = f"fewer than {SCORE_LIMIT} votes"
    yield share("low-score", f"{QUALITY}.removed{{rule=score,ruleset=metadata}}", why, low, len(drafts))


def rule_entries(drafts: list[Draft], verdicts: Verdicts) -> Iterator[dict[str, Any]]:
    """What every rule set removes of all documents, by first reason, as datatrove says; `ids` are the planted documents among them."""
    every = set(range(len(drafts)))
    for rule_set in RULE_SETS:
        name = f"datatrove-0.10.1/{rule_set}"
        for reason, positions in verdicts.reasons[rule_set].items():
            metric = f"{QUALITY}.removed{{rule={reason},ruleset={name}}}"
            why = "the first reason for which the rule set drops these documents"
            yield rule_entry(f"{rule_set}-{reason}", metric, why, drafts, positions)
        kept = every - verdicts.removed(rule_set)
        yield rule_entry(f"{rule_set}-kept", f"{QUALITY}.kept{{ruleset={name}}}", "documents the rule set keeps", drafts, kept)
        if rule_set in verdicts.cleaned:
            yield lost_entry(rule_set, drafts, sorted(kept), verdicts)
    burmese = {position for position, draft in enumerate(drafts) if draft.language == "my"}
    left = burmese - verdicts.removed("gopher-quality")
    metric = f"{QUALITY}.kept{{language=my,ruleset=datatrove-0.10.1/gopher-quality}}"
    why = "a rule set for English drops the whole of a language"
    yield entry("emptied-my", metric, why, [drafts[i] for i in burmese], len(left) / len(burmese), len(burmese), by="model")


def rule_entry(name: str, metric: str, why: str, drafts: list[Draft], positions: Iterable[int]) -> dict[str, Any]:
    found = [drafts[position] for position in positions]
    return entry(name, metric, why, [draft for draft in found if draft.kind != "natural"], len(found) / len(drafts), len(drafts))


def lost_entry(rule_set: str, drafts: list[Draft], kept: list[int], verdicts: Verdicts) -> dict[str, Any]:
    """Characters that cleaning takes from the documents that are kept: lines about JavaScript and policies, lines without an end."""
    changed = verdicts.cleaned[rule_set]
    lost = sum(len(drafts[int(position)].text) - characters for position, (_, characters) in changed.items())
    total = sum(len(drafts[position].text) for position in kept)
    metric = f"{QUALITY}.text_lost{{ruleset=datatrove-0.10.1/{rule_set}}}"
    holders = [drafts[int(position)] for position in changed]
    return entry(f"{rule_set}-text-lost", metric, "characters that cleaning takes from kept documents", holders, lost / total, len(kept))
