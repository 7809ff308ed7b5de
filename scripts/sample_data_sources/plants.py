"""The planted documents: what is wrong with each, and what every rule set must say about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sample_data_sources.zawgyi import to_zawgyi

__all__ = ["RULE_SETS", "Draft", "planted_drafts"]

# "c4" is datatrove's default; "c4-no-terminal" is the same filter as FineWeb runs it, without the test for a line's last character.
RULE_SETS = ("gopher-repetition", "gopher-quality", "c4", "c4-no-terminal", "fineweb")

# Exact duplicates: the original and how many copies of it there are beyond the first.
COPIES = {
    "en-notice-03": 1,
    "en-notice-09": 3,
    "en-recipe-02": 1,
    "en-science-05": 1,
    "en-forum-04": 1,
    "en-shop-01": 1,
    "de-notice-01": 1,
    "ja-recipe-01": 1,
    "sw-fiction-01": 1,
}

# Words changed in a near-duplicate of a document.
EDITS = {
    "en-fiction-03": {"roast goose": "roast duck"},
    "en-legal-02": {"first of May": "first of June"},
    "en-tutorial-04": {"a diary for your files": "a journal for your files"},
    "en-science-08": {"three small rings": "three tiny rings"},
}

# Paragraphs and lines that were pasted under several documents.
SHARED_PARAGRAPHS = {
    "This notice was sent in by a reader. If you know more about the matter, call the desk between nine and noon, "
    "and we will add it to the story.": ("en-notice-02", "en-notice-05", "en-notice-11", "en-notice-14"),
    "All recipes on this site have been cooked at least twice in an ordinary kitchen. Tell us when something went wrong, "
    "so that we can put it right.": ("en-recipe-04", "en-recipe-08", "en-recipe-13"),
    "Orders that reach us before noon leave the house on the same day. We pack in paper and straw, and the carrier comes by bicycle.": (
        "en-shop-03",
        "en-shop-06",
        "en-shop-10",
        "en-shop-15",
    ),
}
SHARED_LINES = {
    "Sign up for our letter and get the best stories every Friday.": (
        "en-notice-01", "en-notice-06", "en-notice-12", "en-science-02", "en-science-11", "en-fiction-05", "en-fiction-09", "en-forum-07",
    ),
    "Share this recipe with a friend who likes to cook.": ("en-recipe-01", "en-recipe-06", "en-recipe-10", "en-recipe-15"),
    "Follow us to be the first to hear about new things.": ("en-shop-04", "en-shop-08", "en-shop-12"),
    "Jetzt unseren Rundbrief bestellen und nichts verpassen.": ("de-recipe-01", "de-science-01", "de-shop-01"),
}  # fmt: skip

# Documents whose score is set below the limit of three votes; all others have three or more.
LOW_SCORES = {
    "en-notice-04": 2,
    "en-legal-05": 0,
    "en-forum-02": 1,
    "en-forum-13": 2,
    "en-shop-05": 2,
    "en-fiction-14": 0,
    "de-forum-01": 1,
    "hi-science-01": 2,
    "hi-shop-01": 0,
    "ru-forum-01": 2,
    "sw-forum-01": 1,
    "sw-recipe-01": 2,
    "te-fiction-01": 1,
}


@dataclass
class Draft:
    """A document before it has a host and a date.

    `declared` is the language its publisher claims, `language` the true one (`und` when there is no language in it).
    `kind` is `natural` or the name of the plant; `rules` the reasons for which rule sets drop it.
    `tags` are further plants in the same document; `source` the id of the document it copies.
    """

    text: str
    domain: str
    declared: str
    language: str
    kind: str
    id: str = ""
    rules: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    score: int | None = None
    source: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def verdict(self, rule_set: str) -> str:
        """The first reason for which a rule set drops the document, or `kept`."""
        fallback = self.rules.get("c4", "kept") if rule_set == "c4-no-terminal" else "kept"
        return self.rules.get(rule_set, fallback)


def planted_drafts(natural: list[Draft], entries: list[dict[str, Any]]) -> list[Draft]:
    """All planted documents, in a fixed order; pastes shared lines and paragraphs into natural ones first."""
    by_id = {draft.id: draft for draft in natural}
    paste(by_id, SHARED_PARAGRAPHS, "shared-paragraph", "\n\n")
    paste(by_id, SHARED_LINES, "shared-line", "\n")
    for name, score in LOW_SCORES.items():
        by_id[name].score = score
        by_id[name].tags.append("low-score")
    return [*copies(by_id), *edited(by_id), *written(entries)]


def paste(by_id: dict[str, Draft], shared: dict[str, tuple[str, ...]], tag: str, gap: str) -> None:
    for passage, names in shared.items():
        for name in names:
            by_id[name].text += gap + passage
            by_id[name].tags.append(tag)


def copies(by_id: dict[str, Draft]) -> Iterator[Draft]:
    for name, count in COPIES.items():
        first = by_id[name]
        for _ in range(count):
            yield Draft(first.text, first.domain, first.declared, first.language, "exact-copy", source=name)


def edited(by_id: dict[str, Draft]) -> Iterator[Draft]:
    for name, changes in EDITS.items():
        first = by_id[name]
        text = first.text
        for old, new in changes.items():
            if text.count(old) != 1:
                raise ValueError(f"{name}: {old!r} occurs {text.count(old)} times, not once")
            text = text.replace(old, new)
        yield Draft(text, first.domain, first.declared, first.language, "near-copy", source=name)


def mangle(text: str, how: str) -> str:
    """Damage a text the way software does."""
    if how == "cp1252":  # UTF-8 read as Windows-1252; the five bytes it does not know stay as Latin-1 reads them
        return "".join(decode_cp1252(byte) for byte in text.encode())
    if how == "latin-1":
        return text.encode().decode("latin-1")
    if how == "zawgyi":
        return to_zawgyi(text)
    raise ValueError(f"unknown damage: {how}")


def decode_cp1252(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def written(entries: list[dict[str, Any]]) -> Iterator[Draft]:
    """Texts that stand in planted.toml."""
    for entry in entries:
        declared = entry.get("declared", "en")
        text = entry["text"] if entry.get("exact") else entry["text"].strip("\n")
        yield Draft(
            text=mangle(text, entry["mangle"]) if "mangle" in entry else text,
            domain=entry["domain"],
            declared=declared,
            language=entry.get("language", declared),
            kind=entry["kind"],
            id=entry.get("id", ""),
            rules=entry.get("rules", {}),
            tags=list(entry.get("tags", [])),
            score=entry.get("score"),
            facts=entry.get("facts", {}),
        )
