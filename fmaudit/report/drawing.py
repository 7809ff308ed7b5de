"""Turn an exhibit's table into the few rows that a chart draws, and say what was left out."""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fmaudit.errors import PluginError
from fmaudit.records import Exhibit
from fmaudit.report.humane import number, plural
from fmaudit.report.safe import clip
from fmaudit.report.tables import heading

__all__ = ["Drawing", "Row", "draw"]

Row = dict[str, Any]

MAX_BARS, MAX_GROUPS, MAX_POINTS, MAX_BINS, MAX_COLUMNS, MAX_ROWS = 25, 8, 400, 100, 24, 30
_ADDITIVE = {"count", "bytes", "characters"}
_NUMERIC_CHANNELS = {
    "bars": ("x", "low", "high", "reference"),
    "stacked": ("x",),
    "line": ("y", "low", "high"),
    "heatmap": ("color",),
    "histogram": ("x", "x2", "y"),
}
_NEEDED = {"bars": "xy", "stacked": ("x", "y", "color"), "line": "xy", "heatmap": ("x", "y", "color"), "histogram": "xy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Rows under the names of their channels, with text already made visible; `titles` are the columns' headings."""

    kind: str
    rows: list[Row]
    titles: dict[str, str]
    unit: str = ""
    log: bool = False
    notes: tuple[str, ...] = ()
    groups: tuple[str, ...] = field(default=())  # of stacked and line, in the order of their letters or dashes

    def has(self, channel: str) -> bool:
        """Say whether any row has a value on this channel."""
        return any(row.get(channel) is not None for row in self.rows)


def draw(exhibit: Exhibit) -> Drawing:
    """Read, clean and cut an exhibit's rows for its kind; a broken encoding is a PluginError."""
    if exhibit.kind not in _NUMERIC_CHANNELS:
        raise PluginError(f"exhibit {exhibit.name!r}: there is no chart of kind {exhibit.kind!r}")
    channels = _channels(exhibit)
    notes: list[str] = []
    rows = _read(exhibit, channels)
    kept = [row for row in rows if all(row[channel] is not None for channel in _NEEDED[exhibit.kind])]
    _note(notes, len(rows) - len(kept), "row", "without a value is not drawn", "without a value are not drawn")
    if exhibit.log:
        kept, before = [row for row in kept if row[_value_channel(exhibit.kind)] > 0], len(kept)
        _note(notes, before - len(kept), "value", "of 0 has no place on a logarithmic axis", "of 0 have no place on a logarithmic axis")
    groups: tuple[str, ...] = ()
    if exhibit.kind in {"stacked", "line"}:
        kept, groups = (_stacked if exhibit.kind == "stacked" else _line)(kept, exhibit.unit, notes)
    else:
        kept = _SHAPERS[exhibit.kind](kept, exhibit.unit, notes)
    titles = {channel: heading(column) for channel, column in channels.items()}
    return Drawing(kind=exhibit.kind, rows=kept, titles=titles, unit=exhibit.unit, log=exhibit.log, notes=tuple(notes), groups=groups)


def _value_channel(kind: str) -> str:
    return {"line": "y", "histogram": "y", "heatmap": "color"}.get(kind, "x")


def _channels(exhibit: Exhibit) -> dict[str, str]:
    names = set(exhibit.data.column_names)
    for channel, column in exhibit.encoding.items():
        if column not in names:
            raise PluginError(f"exhibit {exhibit.name!r}: the encoding's {channel!r} names a column {column!r} that is not in the data")
    missing = [channel for channel in _NEEDED[exhibit.kind] if channel not in exhibit.encoding]
    if missing:
        raise PluginError(f"exhibit {exhibit.name!r}: a chart of kind {exhibit.kind!r} needs an encoding for {', '.join(missing)}")
    return dict(exhibit.encoding)


def _read(exhibit: Exhibit, channels: dict[str, str]) -> list[Row]:
    numeric = _NUMERIC_CHANNELS[exhibit.kind]
    columns: dict[str, list[Any]] = {}
    for channel, column in channels.items():
        clean: Callable[[Any], Any] = _number if channel in numeric else _label
        if exhibit.kind == "line" and channel == "x":
            clean = _position
        if exhibit.kind == "histogram" and channel == "x" and _is_text(exhibit, column):
            clean = _label
        columns[channel] = [clean(value) for value in exhibit.data.column(column).to_pylist()]
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _is_text(exhibit: Exhibit, column: str) -> bool:
    import pyarrow as pa

    kind = exhibit.data.schema.field(column).type
    return not (pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _number(value: Any) -> float | None:
    try:
        result = float(value)
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def _label(value: Any) -> str | None:
    return None if value is None else clip(str(value), 48) or "(empty)"


def _position(value: Any) -> float | str | None:
    """Place a value on a line's x axis: numbers as they are, dates as milliseconds, the rest as text."""
    if isinstance(value, datetime.datetime | datetime.date):
        moment = value if isinstance(value, datetime.datetime) else datetime.datetime(value.year, value.month, value.day)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
        return moment.timestamp() * 1000.0
    return _label(value) if isinstance(value, str) else _number(value)


def _note(notes: list[str], amount: int, noun: str, one: str, many: str) -> None:
    if amount:
        notes.append(f"{plural(amount, noun)} {one if amount == 1 else many}.")


def _bars(rows: list[Row], unit: str, notes: list[str]) -> list[Row]:
    if len(rows) > MAX_BARS:
        ranked = sorted(range(len(rows)), key=lambda index: (-abs(rows[index]["x"]), index))
        keep, rest = set(ranked[: MAX_BARS - 1]), [rows[index]["x"] for index in ranked[MAX_BARS - 1 :]]
        additive = unit in _ADDITIVE or (unit == "fraction" and abs(math.fsum(row["x"] for row in rows) - 1) < 0.005)
        rows = [row for index, row in enumerate(rows) if index in keep]
        if additive:
            rows.append({"x": math.fsum(rest), "y": f"{len(rest):,} others"})
            notes.append(f"The {MAX_BARS - 1} largest are drawn; {len(rest):,} others are added up in one bar.")
        else:
            notes.append(f"The {MAX_BARS - 1} largest are drawn; {len(rest):,} others are left out.")
    seen: dict[str, int] = {}
    for row in rows:
        seen[row["y"]] = seen.get(row["y"], 0) + 1
        row["y"] += f" ({seen[row['y']]})" if seen[row["y"]] > 1 else ""
        row["label"] = number(row["x"], unit, row.get("low"), row.get("high")).value
        row["end"] = max(0.0, *(row[key] for key in ("x", "high", "reference") if row.get(key) is not None))
    return rows


def _stacked(rows: list[Row], unit: str, notes: list[str]) -> tuple[list[Row], tuple[str, ...]]:
    categories = _first(row["y"] for row in rows)
    if len(categories) > MAX_BARS:
        notes.append(f"The first {MAX_BARS} bars are drawn; {len(categories) - MAX_BARS:,} more are left out.")
    drawn = set(categories[:MAX_BARS])
    totals: dict[str, float] = {}
    for row in rows:
        totals[row["color"]] = totals.get(row["color"], 0.0) + row["x"]
    if len(totals) > MAX_GROUPS:
        keep = set(sorted(totals, key=lambda name: -totals[name])[: MAX_GROUPS - 1])
        notes.append(f"The {MAX_GROUPS - 1} largest groups are drawn; {len(totals) - len(keep):,} others are added up as one.")
        rows = [row if row["color"] in keep else {**row, "color": "others"} for row in rows]
    groups = _first([*(row["color"] for row in rows if row["color"] != "others"), *(row["color"] for row in rows)])
    sums: dict[tuple[str, str], float] = {}
    for row in rows:
        if row["y"] in drawn:
            sums[row["y"], row["color"]] = sums.get((row["y"], row["color"]), 0.0) + max(row["x"], 0.0)
    return _segments(categories[:MAX_BARS], groups, sums, unit), tuple(groups)


def _segments(categories: list[str], groups: list[str], sums: dict[tuple[str, str], float], unit: str) -> list[Row]:
    longest = max((math.fsum(sums.get((y, g), 0.0) for g in groups) for y in categories), default=0.0) or 1.0
    out: list[Row] = []
    for y in categories:
        start = 0.0
        for index, group in enumerate(groups):
            value = sums.get((y, group), 0.0)
            letter = chr(ord("A") + index)
            text = number(value, unit).value if value / longest > 0.14 else ""
            tag = f"{letter} {text}".strip() if value / longest > 0.025 else ""
            out.append({"y": y, "color": group, "letter": letter, "x": start, "x2": start + value, "value": value, "tag": tag})
            start += value
    return out


def _line(rows: list[Row], unit: str, notes: list[str]) -> tuple[list[Row], tuple[str, ...]]:
    for row in rows:
        row.setdefault("color", "")
        row["color"] = row["color"] or ""
    groups = _first(row["color"] for row in rows)
    if len(groups) > MAX_GROUPS:
        notes.append(f"The first {MAX_GROUPS} lines are drawn; {len(groups) - MAX_GROUPS:,} more are left out.")
    out: list[Row] = []
    per_line = max(MAX_POINTS // max(min(len(groups), MAX_GROUPS), 1), 2)
    thinned = False
    for group in groups[:MAX_GROUPS]:
        line = [row for row in rows if row["color"] == group]
        if not any(isinstance(row["x"], str) for row in line):
            line.sort(key=lambda row: row["x"])
        thinned = thinned or len(line) > per_line
        out.extend(_thin(line, per_line))
    if thinned:
        notes.append(f"Every line is drawn through {per_line} of its points.")
    return out, tuple(groups[:MAX_GROUPS])


def _thin(rows: list[Row], limit: int) -> list[Row]:
    if len(rows) <= limit:
        return rows
    return [rows[round(index * (len(rows) - 1) / (limit - 1))] for index in range(limit)]


def _heatmap(rows: list[Row], unit: str, notes: list[str]) -> list[Row]:
    for channel, limit, noun in (("x", MAX_COLUMNS, "columns"), ("y", MAX_ROWS, "rows")):
        names = _first(row[channel] for row in rows)
        if len(names) > limit:
            notes.append(f"The first {limit} {noun} are drawn; {len(names) - limit:,} more are left out.")
            keep = set(names[:limit])
            rows = [row for row in rows if row[channel] in keep]
    values = [row["color"] for row in rows]
    low, high = (min(values), max(values)) if values else (0.0, 0.0)
    diverging = low < 0 < high
    bottom, top = (-max(-low, high), max(-low, high)) if diverging else (low, high)
    for row in rows:
        part = (row["color"] - bottom) / (top - bottom) if top > bottom else 0.0
        row["step"] = min(int(part * 7), 6)
        row["strong"] = row["step"] in {0, 6} if diverging else row["step"] >= 4
        row["diverging"] = diverging
        row["label"] = number(row["color"], unit).value.removesuffix("\u00a0%")
    return rows


def _histogram(rows: list[Row], unit: str, notes: list[str]) -> list[Row]:
    if rows and not isinstance(rows[0]["x"], str):
        rows = sorted(rows, key=lambda row: row["x"])
    if len(rows) > MAX_BINS:
        notes.append(f"The first {MAX_BINS} bins are drawn; {len(rows) - MAX_BINS:,} more are left out.")
        rows = rows[:MAX_BINS]
    if rows and not isinstance(rows[0]["x"], str) and rows[0].get("x2") is None:
        gaps = [after["x"] - before["x"] for before, after in itertools.pairwise(rows) if after["x"] > before["x"]]
        width = min(gaps, default=1.0)
        even = all(abs(gap / width - round(gap / width)) < 1e-6 for gap in gaps)
        for row, gap in zip(rows, [*gaps, gaps[-1] if gaps else 1.0], strict=False):
            row["x2"] = row["x"] + (width if even else gap)
    return rows


def _first(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


_SHAPERS: dict[str, Callable[[list[Row], str, list[str]], list[Row]]] = {
    "bars": _bars,
    "heatmap": _heatmap,
    "histogram": _histogram,
}
