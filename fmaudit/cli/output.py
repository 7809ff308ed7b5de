"""Prints for people and for machines; text from corpora never reaches the terminal raw."""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from fmaudit.report.safe import no_commands, quiet_json

__all__ = ["print_fitting", "print_json", "print_rows", "visible_text"]

WIDE = 160  # columns where there is no terminal
NARROW = 12  # columns that a cell is cut to at the most


def visible_text(text: str) -> str:
    """Make control, bidi and format characters visible, and what a build system would take for an order; newlines and tabs stay."""
    return no_commands("".join(c if c in "\n\t" or not _hidden(c) else f"\\u{ord(c):04x}" for c in text))


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def print_json(value: Any) -> None:
    """Print one line of strict JSON to stdout; bytes become hexadecimal, and what hides or steers a terminal is escaped."""
    sys.stdout.write(quiet_json(json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def print_rows(rows: Sequence[Sequence[str]], header: Sequence[str], right: Sequence[int] = ()) -> None:
    """Print a plain aligned table; columns in `right` are right-aligned."""
    table = [[visible_text(cell).replace("\n", " ") for cell in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(header))]
    for number, row in enumerate(table):
        cells = [cell.rjust(width) if i in right else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(cells).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def print_fitting(rows: Sequence[Sequence[str]], header: Sequence[str]) -> bool:
    """Print a table as wide as the terminal, or one record after the other where its columns do not fit; say whether cells were cut."""
    room = shutil.get_terminal_size((WIDE, 24)).columns
    table = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max((_width(row[i]) for row in [header, *table]), default=0) for i in range(len(header))]
    fitted = _fitted(widths, [max(len(name), NARROW) for name in header], room)
    if fitted is None:
        _print_records(rows, header)
        return False
    print_rows([[_cut(cell, width) for cell, width in zip(row, fitted, strict=True)] for row in table], header)
    return fitted != widths


def _fitted(widths: Sequence[int], floors: Sequence[int], room: int) -> list[int] | None:
    """Make the widest columns narrower until all fit, none below its floor; None where they cannot."""
    fitted = list(widths)
    while sum(fitted) + 2 * (len(fitted) - 1) > room:
        wide = [place for place, width in enumerate(fitted) if width > floors[place]]
        if not wide:
            return None
        fitted[max(wide, key=lambda place: fitted[place])] -= 1
    return fitted


def _print_records(rows: Sequence[Sequence[str]], header: Sequence[str]) -> None:
    size = max(map(len, header), default=0)
    for number, row in enumerate(rows, 1):
        print(f"-- {number}")
        for name, cell in zip(header, row, strict=True):
            lines = visible_text(cell).split("\n")
            print("\n".join([f"{name.ljust(size)}  {lines[0]}", *(f"{' ' * size}  {line}" for line in lines[1:])]).rstrip())


def _one_line(text: str) -> str:
    return visible_text(text).replace("\n", " ").replace("\t", " ")


def _width(text: str) -> int:
    """Count a text's columns on a terminal: letters of Chinese, Japanese and Korean take two, marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    used, place = 0, 0
    while used + (more := _width(text[place])) < width:
        used, place = used + more, place + 1
    return f"{text[:place]}…"
