"""Items of a suite: JSON lines, JSON, CSV or TSV, with the field names of their own set."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from fmaudit.audit import Params
from fmaudit.errors import ConfigError
from fmaudit.files import DAMAGED, open_packed, plain_name, why_not_json, why_unread

__all__ = ["ItemSource", "file_sha256", "load_items", "read_rows", "spread"]

csv.field_size_limit(1 << 24)
_HINT = "JSON lines, a JSON list, CSV or TSV with a header line; plain, .gz or .xz"


class ItemSource(Params):
    """Where a suite's items come from."""

    items: Path | None = Field(
        default=None, description="A file of items: JSON lines, JSON, CSV or TSV, also .gz or .xz; by default the suite's own."
    )
    columns: dict[str, str] = Field(default_factory=dict, description="What the suite's fields are called there: {prompt = 'question'}.")


def load_items(
    source: ItemSource, builtin: Path, fields: Mapping[str, Sequence[str]], optional: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Read items with the suite's own field names, each with a unique `id`.

    `fields` names every field with the other names it is known by in public sets, `optional` those that may be missing; fields not
    named there are kept as they are. Raises ConfigError naming file, line and field.
    """
    path = source.items or builtin
    unknown = sorted(set(source.columns) - set(fields) - {"id"})
    if unknown:
        raise ConfigError(f"{path}: columns names the field {unknown[0]!r}", hint=f"the suite has {', '.join(fields)}")
    names = {"id": ("id", "key", "example_id"), **{name: (name, *others) for name, others in fields.items()}}
    names |= {name: (column,) for name, column in source.columns.items()}
    items = [_renamed(row, names, {"id", *optional}, f"{path}:{number}", number) for number, row in read_rows(path)]
    _check_ids(items, path)
    return items


def spread(items: Sequence[Mapping[str, Any]], limit: int | None, *by: str) -> list[Any]:
    """Keep `limit` items (all where it is None), in their order, shared out over what the fields `by` tell apart, the first field first.

    The values of the first field get the same number of items as far as they have them, whatever else there is; within each of them the
    values of the second get the same, and so on. A suite so names its strata: what it compares comes first.
    """
    if limit is None or limit >= len(items):
        return list(items)
    return [items[place] for place in sorted(_in_turn(items, range(len(items)), by)[:limit])]


def _in_turn(items: Sequence[Mapping[str, Any]], places: Sequence[int], by: Sequence[str]) -> list[int]:
    """Order places so that every beginning of the list is shared out evenly."""
    if not by:
        return list(places)
    groups: dict[str, list[int]] = {}
    for place in places:
        groups.setdefault(str(items[place].get(by[0])), []).append(place)
    parts = [_in_turn(items, part, by[1:]) for part in groups.values()]
    turns = itertools.zip_longest(*parts)
    return [place for turn in turns for place in turn if place is not None]


def file_sha256(path: Path) -> str:
    """Name a file's content. Raises ConfigError where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint=_HINT) from error


def read_rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Read (line or place, object) of every item. Raises ConfigError."""
    try:
        with open_packed(path) as file:
            text = file.read().decode("utf-8-sig")
    except DAMAGED as error:
        raise ConfigError(f"{path} cannot be read: {why_unread(error)}", hint=_HINT) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: byte {error.start}", hint=_HINT) from error
    suffix = Path(plain_name(path)).suffix
    if suffix in (".csv", ".tsv"):
        delimiter = "\t" if suffix == ".tsv" else ","
        reader = csv.DictReader(io.StringIO(text, newline=""), fieldnames=_headerless(text, delimiter), delimiter=delimiter)
        return [(reader.line_num, {str(key): value for key, value in row.items() if key is not None}) for row in reader]
    if suffix == ".json":
        return list(enumerate(_objects(path, 1, _parsed(path, 1, text)), 1))
    lines = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    return [(number, row) for number, line in lines for row in _objects(path, number, [_parsed(path, number, line)])]


def _headerless(text: str, delimiter: str) -> tuple[str, str] | None:
    """Name the columns of a table without a header line whose second column is a number: questions and answers, as MGSM's are."""
    first = text.partition("\n")[0].split(delimiter)
    return ("question", "answer") if len(first) == 2 and re.fullmatch(r"-?[\d.,]+", first[1].strip()) else None


def _parsed(path: Path, number: int, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{path}:{number}: not JSON: {why_not_json(error)}", hint=_HINT) from None


def _objects(path: Path, number: int, found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ConfigError(f"{path}:{number}: not a JSON object", hint=_HINT)
    return found


def _renamed(row: dict[str, Any], names: Mapping[str, Sequence[str]], optional: set[str], where: str, number: int) -> dict[str, Any]:
    item: dict[str, Any] = {}
    used = set()
    for name, known in names.items():
        column = next((each for each in known if row.get(each) is not None), None)
        if column is not None:
            if _no_number(row[column]):
                hint = f"give it a value, or leave the item out: JSON knows no NaN and no infinity, and {name} is read from it"
                raise ConfigError(f"{where}: the field {column!r} holds a number that is none ({row[column]})", hint=hint)
            item[name] = row[column]
            used.add(column)
        elif name not in optional:
            raise _lacking(row, name, known, where)
    item["id"] = str(item.get("id", number))
    return {**{key: value for key, value in row.items() if key not in used and key not in item}, **item}


def _no_number(value: Any) -> bool:
    """Whether a value is NaN or infinite, or a list or object that holds such a one."""
    if isinstance(value, list | dict):
        return any(map(_no_number, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and not math.isfinite(value)


def _lacking(row: Mapping[str, Any], name: str, known: Sequence[str], where: str) -> ConfigError:
    """Say that a field is empty, or that none of its names is there, with the names there are."""
    empty = next((each for each in known if each in row), "")
    if empty:
        return ConfigError(f"{where}: the field {empty!r} is null", hint=f"give it a value, or leave the item out: {name} is needed")
    wanted = repr(known[0]) + (f", which columns names for {name!r}" if known == (known[0],) and known[0] != name else "")
    hint = f"its fields are {', '.join(row) or 'none'}; say which: columns = {{{name} = '...'}}"
    return ConfigError(f"{where}: there is no field {wanted}", hint=hint)


def _check_ids(items: Sequence[Mapping[str, Any]], path: Path) -> None:
    seen: set[str] = set()
    for item in items:
        if item["id"] in seen:
            raise ConfigError(f"{path}: two items have the id {item['id']!r}", hint="make the ids unique")
        seen.add(item["id"])
    if not items:
        raise ConfigError(f"{path}: there is no item in it", hint=_HINT)
