"""Reads the tables of dated facts that lie in the plugin's `data` folder."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from fmaudit import ConfigError, facts

__all__ = ["fact", "stale_devices", "stale_notes", "table"]

Row = Mapping[str, Any]


@cache
def table(file: str, kind: str) -> tuple[Row, ...]:
    """Return the rows `[[kind]]` of `data/FILE.toml`; each has `name`, `source` and `day`."""
    text = resources.files("fmaudit_engine_card").joinpath(f"data/{file}.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)[kind])


def fact(file: str, kind: str, name: str) -> Row:
    """Return the row of a name, whatever its case. Raises ConfigError, with the nearest name, where there is none."""
    rows = {str(row["name"]).lower(): row for row in table(file, kind)}
    if name.lower() in rows:
        return rows[name.lower()]
    near = difflib.get_close_matches(name.lower(), rows, 1, 0.4)
    hint = f"did you mean {rows[near[0]]['name']!r}?" if near else f"known are {', '.join(str(row['name']) for row in rows.values())}"
    raise ConfigError(f"no {kind} named {name!r} in the table of facts", hint=hint)


def stale_notes(rows: Iterable[Row], today: date) -> list[str]:
    """Say which rows are older than 90 days on the day given, rows of one day together."""
    notes: dict[str, list[str]] = {}
    for row in rows:
        notes.setdefault(facts.age_note(str(row["day"]), today), []).append(str(row["name"]))
    return [f"{', '.join(names)}: {note}" for note, names in notes.items() if note]


def stale_devices(names: Iterable[str], day: str) -> str:
    """Say which facts about devices were older than 90 days on the day of a run (ISO); nothing where none was, or the day is not known."""
    if not day:
        return ""
    days = {device.name: device.day for device in (facts.find_device(name) for name in names)}
    notes = stale_notes(({"name": name, "day": read} for name, read in days.items()), date.fromisoformat(day))
    return f"facts of {'; of '.join(notes)}" if notes else ""
