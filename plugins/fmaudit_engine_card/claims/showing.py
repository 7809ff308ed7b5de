"""Writes verdicts as Markdown, JSON or TOML."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict

from fmaudit_engine_card.claims.records import RECALLED, Verdict

__all__ = ["FORMATS", "to_json", "to_markdown", "to_toml"]

_NOTE = (
    f"{RECALLED}: written down from memory of its source, which was not opened again; what differs little from such a figure is not "
    "called wrong"
)
_ORDER = ("wrong", "holds-under", "unverifiable", "holds")


def to_markdown(verdicts: Iterable[Verdict]) -> str:
    """Write the verdicts as Markdown: a line of counts, then each with its arithmetic, assumption and source."""
    rows = list(verdicts)
    counts: Counter[str] = Counter(row.status for row in rows)
    told = ", ".join(f"{counts[status]} {status}" for status in _ORDER if counts[status]) or "no claim was found that can be checked"
    parts = [f"# Claims\n\n{told}\n"]
    for number, row in enumerate(rows, 1):
        lines = [
            f"## {number}. {row.status}: {_plain(row.subject)}, {row.kind}",
            "",
            f"> {_plain(row.claim)}",
            "",
            f"- {_plain(row.reason)}",
        ]
        lines += [
            f"- {name}: {_plain(text)}"
            for name, text in (("arithmetic", row.arithmetic), ("assumption", row.assumption), ("source", row.source))
            if text
        ]
        parts.append("\n".join(lines) + "\n")
    return "\n".join([*parts, f"{_NOTE}.\n"] if _any_recalled(rows) else parts)


def _any_recalled(rows: Iterable[Verdict]) -> bool:
    return any(RECALLED in row.arithmetic or RECALLED in row.reason for row in rows)


def to_json(verdicts: Iterable[Verdict]) -> str:
    """Write the verdicts as a JSON list of objects."""
    return json.dumps([asdict(row) for row in verdicts], ensure_ascii=False, indent=2) + "\n"


def to_toml(verdicts: Iterable[Verdict]) -> str:
    """Write the verdicts as `[[verdict]]` tables."""
    rows = list(verdicts)
    parts = [f"# {_NOTE}\n"] if _any_recalled(rows) else []
    for row in rows:
        lines = ["[[verdict]]", *(f"{name} = {_quoted(value)}" for name, value in asdict(row).items() if isinstance(value, str))]
        parts.append("\n".join([*lines, f"span = [{row.span[0]}, {row.span[1]}]"]) + "\n")
    return "\n".join(parts)


def _quoted(text: str) -> str:
    """Quote a text as a TOML basic string, which JSON's escapes are all but one of."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(text: str) -> str:
    """Keep a text on one line and its marks from becoming Markdown or HTML."""
    line = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in line)


FORMATS: Mapping[str, Callable[[Iterable[Verdict]], str]] = {"markdown": to_markdown, "json": to_json, "toml": to_toml}
