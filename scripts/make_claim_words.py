"""Writes the words of the labelled sentences, which the claim checker is familiar with."""

from __future__ import annotations

import json
from pathlib import Path

from fmaudit_engine_card.claims.familiar import words_of

ROOT = Path(__file__).parents[1]
SENTENCES = ROOT / "tests" / "engine_card" / "claims.jsonl"
WORDS = ROOT / "plugins" / "fmaudit_engine_card" / "data" / "claim_words.txt"


def claim_words() -> str:
    """Return the words in order, one a line."""
    rows = map(json.loads, SENTENCES.read_text("utf-8").splitlines())
    return "".join(f"{word}\n" for word in sorted({word for row in rows for word in words_of(row["text"])}))


if __name__ == "__main__":
    WORDS.write_text(claim_words(), "utf-8")
