"""The verdicts of datatrove on every document: asked of an interpreter that has it, or taken from the key that is there.

Documents are named by their position in the file, since an id may stand twice.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sample_data_sources.plants import RULE_SETS, Draft

__all__ = ["Verdicts", "find_verdicts"]

VERSION = "0.10.1"


@dataclass(frozen=True)
class Verdicts:
    """First reasons, `rule set -> reason -> positions` of the documents it drops, and the kept texts that were changed.

    `cleaned` is `rule set -> position -> [sha256 of the UTF-8, characters]`.
    """

    reasons: dict[str, dict[str, list[int]]]
    cleaned: dict[str, dict[str, list[Any]]]
    texts_sha256: str

    def removed(self, rule_set: str) -> set[int]:
        return {position for positions in self.reasons[rule_set].values() for position in positions}

    def of(self, rule_set: str, position: int) -> str:
        """The first reason for a document, or `kept`."""
        return next((reason for reason, positions in self.reasons[rule_set].items() if position in positions), "kept")

    def as_json(self) -> dict[str, Any]:
        return {"version": VERSION, "texts_sha256": self.texts_sha256, "first_reasons": self.reasons, "cleaned": self.cleaned}


def find_verdicts(drafts: list[Draft], oracle_python: str, known: Path) -> Verdicts:
    """Ask datatrove where an interpreter is named, else read the key at `known`, which must be about the same texts."""
    texts = [draft.text for draft in drafts]
    if oracle_python:
        verdicts = ask(texts, oracle_python)
    else:
        recorded = json.loads(known.read_text(encoding="utf-8")).get("datatrove", {})
        if recorded.get("texts_sha256") != hash_of(texts):
            raise SystemExit(f"the texts have changed: name a Python that has datatrove {VERSION} with --oracle-python")
        verdicts = Verdicts(recorded["first_reasons"], recorded["cleaned"], recorded["texts_sha256"])
    compare_with_plants(drafts, verdicts)
    return verdicts


def hash_of(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0\n".join(texts).encode()).hexdigest()


def ask(texts: Sequence[str], oracle_python: str) -> Verdicts:
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    script = Path(__file__).with_name("oracle.py")
    answer = json.loads(subprocess.run([oracle_python, str(script)], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout)
    if answer["version"] != VERSION:
        raise SystemExit(f"the rules are those of datatrove {VERSION}, and {oracle_python} has {answer['version']}")
    reasons: dict[str, dict[str, list[int]]] = {name: {} for name in RULE_SETS}
    cleaned: dict[str, dict[str, list[Any]]] = {name: {} for name in RULE_SETS if name.startswith("c4")}
    for position, judged in enumerate(answer["verdicts"]):
        for name, (reason, text) in judged.items():
            if reason != "kept":
                reasons[name].setdefault(reason, []).append(position)
            elif text is not None:
                cleaned[name][str(position)] = [hashlib.sha256(text.encode()).hexdigest(), len(text)]
    return Verdicts({name: dict(sorted(found.items())) for name, found in reasons.items()}, cleaned, hash_of(texts))


def compare_with_plants(drafts: list[Draft], verdicts: Verdicts) -> None:
    """Refuse verdicts that differ from what was planted in documents declared English."""
    for position, draft in enumerate(drafts):
        for rule_set in RULE_SETS:
            planted, found = draft.verdict(rule_set), verdicts.of(rule_set, position)
            if draft.declared == "en" and planted != found:
                raise SystemExit(f"{draft.id}: {rule_set} was planted to say {planted!r}, and datatrove says {found!r}")
