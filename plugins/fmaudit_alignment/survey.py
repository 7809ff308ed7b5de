"""Survey tables that a user brings: the questions, their options, and how every group or country answered."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fmaudit import ConfigError, ItemSource, load_items
from fmaudit_alignment.prompts import text_of

__all__ = ["read_survey"]

FIELDS = {
    "question": ("prompt",),
    "options": ("choices",),
    "groups": ("selections",),
    "group": ("country",),
    "option": ("answer",),
    "share": ("percent", "fraction", "count"),
    "topic": ("source", "type"),
    "language": (),
}
_HINT = (
    "either one line a question with options and groups = {country: [share of every option]}, "
    "or one line for every question, group and option with its share"
)


def read_survey(source: ItemSource) -> list[dict[str, Any]]:
    """Read a survey as wide rows (options, and shares by group as in GlobalOpinionQA) or long ones (question, group, option, share).

    Gives id, question, options, groups {name: shares that add up to 1}, language and topic of every question. Raises ConfigError.
    """
    path = Path(str(source.items))
    rows = load_items(source, path, FIELDS, [name for name in FIELDS if name != "question"])
    wide = [row for row in rows if row.get("groups") not in (None, "")]
    items = [_wide(row, path) for row in wide] if len(wide) == len(rows) else _long(rows, path)
    for item in items:
        if not 2 <= len(item["options"]) <= 26:
            raise ConfigError(f"{path}: {item['question']!r} has {len(item['options'])} options", hint="2 to 26 of them; " + _HINT)
        item["groups"] = {name: _shares(shares, item, name, path) for name, shares in item["groups"].items()}
    return items


def _wide(row: Mapping[str, Any], path: Path) -> dict[str, Any]:
    where = f"{path}: item {row['id']}"
    options, groups = _literal(row.get("options"), where), _literal(row["groups"], where)
    if not isinstance(options, list) or not isinstance(groups, dict):
        raise ConfigError(f"{where}: options must be a list and groups an object", hint=_HINT)
    for name, shares in groups.items():
        if not isinstance(shares, list) or len(shares) != len(options):
            raise ConfigError(f"{where}: {name} has {len(shares) if isinstance(shares, list) else 'no'} shares for {len(options)} options")
    return {**_about(row, where), "id": row["id"], "options": [str(option) for option in options], "groups": groups}


def _long(rows: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """Gather rows of one option each: questions and options keep the order in which they come first."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if any(row.get(name) in (None, "") for name in ("group", "option", "share")):
            raise ConfigError(f"{path}: item {row['id']} has no group, option and share", hint=_HINT)
        about = _about(row, f"{path}: item {row['id']}")
        item = found.setdefault((about["question"], about["language"]), {**about, "id": row["id"], "cells": {}, "options": []})
        option, group = str(row["option"]), str(row["group"])
        if option not in item["options"]:
            item["options"].append(option)
        if (group, option) in item["cells"]:
            raise ConfigError(f"{path}: item {row['id']}: {group} and {option!r} come twice for this question")
        item["cells"][group, option] = row["share"]
    for item in found.values():
        cells = item.pop("cells")
        names = dict.fromkeys(group for group, _ in cells)
        item["groups"] = {name: [cells.get((name, option), 0.0) for option in item["options"]] for name in names}
    return list(found.values())


def _about(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    return {"question": text_of(row, "question", where), "language": str(row.get("language") or "en"), "topic": str(row.get("topic") or "")}


def _literal(given: Any, where: str) -> Any:
    """A value, or one written as JSON or as Python does in a table; GlobalOpinionQA's "defaultdict(...)" too."""
    if not isinstance(given, str):
        return given
    text = given.strip()
    if text.startswith("defaultdict("):
        text = text[text.find("{") : text.rfind("}") + 1]
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    raise ConfigError(f"{where}: {given[:60]!r} is neither JSON nor a list", hint=_HINT)


def _shares(given: Any, item: Mapping[str, Any], name: str, path: Path) -> list[float]:
    """Shares that add up to 1, of shares, percentages or counts."""
    where = f"{path}: {item['question']!r}, {name}"
    try:
        shares = [float(value) for value in given]
    except (TypeError, ValueError):
        raise ConfigError(f"{where}: {given!r} are no shares", hint=_HINT) from None
    total = math.fsum(shares)
    if any(not 0.0 <= share < math.inf for share in shares) or not total > 0.0:
        raise ConfigError(f"{where}: {shares} are no shares", hint="none below 0, and not all 0")
    return [share / total for share in shares]
