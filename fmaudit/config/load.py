"""Reads audit.toml, lays environment and --set over it, and remembers where every value came from."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fmaudit.config.settings import Settings
from fmaudit.errors import ConfigError

__all__ = ["Config", "explain_validation", "leaves", "line_of", "load_config", "split_key", "suggest"]

MAX_BYTES = 1 << 20
ENVIRONMENT = "FMAUDIT__"  # FMAUDIT__RUN__WORKERS=4 sets run.workers


@dataclass(frozen=True, slots=True)
class Config:
    """Validated settings, the folder their paths are relative to, and the origin of every value by dotted key."""

    settings: Settings
    folder: Path
    path: Path | None
    origins: Mapping[str, str]


def load_config(path: str | Path, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Config:
    """Read and validate audit.toml.

    `overrides` are "dotted.key=value" with TOML values; environment variables FMAUDIT__A__B set a.b.
    Raises ConfigError naming file, line and key, with a suggestion where a name is close to a known one.
    """
    file = Path(path)
    raw = _read(file)
    origins = {key: f"{file.name}:{line_of(file, key)}" for key, _ in leaves(raw)}
    for key, value in _from_environment(os.environ if environment is None else environment):
        _set(raw, key, value)
        origins[key] = f"environment {ENVIRONMENT}{key.replace('.', '__').upper()}"
    for text in overrides:
        key, value = _parse_override(text)
        _set(raw, key, value)
        origins[key] = f"--set {text}"
    settings = _validate(raw, file)
    for key, _ in leaves(settings.model_dump(mode="json")):
        origins.setdefault(key, "default")
    return Config(settings, file.resolve().parent, file.resolve(), origins)


def suggest(name: str, known: Sequence[str]) -> str:
    """Say `; did you mean 'x'?` where a known name is close, else list what there is."""
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(sorted(known))}" if known else "there is none"


def explain_validation(error: ValidationError, where: str, model: type[BaseModel], place: Any = None) -> str:
    """Turn pydantic's complaint into lines of file, line, key, problem and suggestion."""
    lines = []
    for problem in _telling(error.errors()):
        location = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            known = _fields_at(model, problem["loc"][:-1])
            message = f"unknown key {problem['loc'][-1]!r}; {suggest(str(problem['loc'][-1]), known)}"
        if problem["type"] == "tuple_type" and isinstance(problem["input"], Mapping):
            message = f"write [[{location}]], with two brackets: there may be several"
        if problem["type"] == "too_short":
            least, given = problem["ctx"]["min_length"], problem["ctx"]["actual_length"]
            message = f"it has {given} item{'s' if given != 1 else ''}, and at least {least} {'is' if least == 1 else 'are'} needed"
        line = f":{place(location)}" if place and place(location) else ""
        lines.append(": ".join(part for part in (f"{where}{line}", location, message) if part))
    return "\n".join(lines)


def _telling(problems: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Leave out what only follows from another problem: a list that is short because an item of it is wrong."""
    within = {problem["loc"][:depth] for problem in problems for depth in range(len(problem["loc"]))}
    return (problem for problem in problems if problem["loc"] not in within)


def _read(file: Path) -> dict[str, Any]:
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{file}: there is no such file", hint="fmaudit init writes one from a folder of data") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{file}: larger than {MAX_BYTES} bytes; this is not an audit.toml")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None


def _validate(raw: dict[str, Any], file: Path) -> Settings:
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(explain_validation(error, file.name, Settings, lambda key: line_of(file, key))) from None
    targets = [*settings.corpus, *settings.tokenizer, *settings.model]
    missing = [(name, target) for name, audit in settings.audit.items() for target in audit.targets or () if target not in targets]
    if missing:
        lines = [
            f"{file.name}:{line_of(file, f'audit.{name}.targets')}: audit.{name}.targets: "
            f"no target named {target!r}; {suggest(target, targets)}"
            for name, target in missing
        ]
        raise ConfigError("\n".join(lines), hint="name a target that is there, or add a table such as [model.NAME] with a uri")
    return settings


def _fields_at(model: type[BaseModel], location: Sequence[Any]) -> list[str]:
    """Find which keys a nested table knows, following pydantic's location through models, dicts and tuples."""
    current: Any = model
    for part in location:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(part))
            current = field.annotation if field else None
        else:
            current = _inner_model(current)
    if not (isinstance(current, type) and issubclass(current, BaseModel)):
        current = _inner_model(current)
    return list(current.model_fields) if current is not None else []


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """Find the model inside dict[str, Model], tuple[Model, ...] or Model | None."""
    for item in getattr(annotation, "__args__", ()):
        if isinstance(item, type) and issubclass(item, BaseModel):
            return item
    return None


def leaves(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Walk nested tables, and yield every value with its dotted key."""
    if isinstance(tree, Mapping) and tree:
        for key, value in tree.items():
            yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(tree, list) and tree and isinstance(tree[0], Mapping):
        for index, value in enumerate(tree):
            yield from leaves(value, f"{prefix}.{index}")
    elif prefix:
        yield prefix, tree


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for name in sorted(environment):
        if name.startswith(ENVIRONMENT):
            key = name.removeprefix(ENVIRONMENT).lower().replace("__", ".")
            yield key, _toml_value(environment[name])


def _parse_override(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise ConfigError(f"--set {text}: write it as key=value", hint="for example --set run.workers=2")
    return key.strip(), _toml_value(value.strip())


def _toml_value(text: str) -> Any:
    """Read a TOML value; a bare word is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _set(tree: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = split_key(key)
    table: Any = tree
    for part in parents:
        table = table[int(part)] if isinstance(table, list) else table.setdefault(part, {})
        if not isinstance(table, (dict, list)):
            raise ConfigError(f"{key}: {part!r} is a value, not a table")
    table[last] = value


def split_key(key: str) -> list[str]:
    """Split a dotted key; a part in double quotes may hold dots and slashes."""
    return [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|([^."]+)', key)]


def line_of(file: Path, key: str) -> int | str:
    """Find the line that sets a dotted key, for error messages; empty when it cannot be told."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError:
        return ""
    parts, places = _without_places(key)
    table, found = "", ""
    seen: dict[str, int] = {}  # arrays of tables, and the place of the latest
    for number, line in enumerate(lines, 1):
        header = re.match(r"\s*(\[+)\s*([^\]]+?)\s*\]+", line)
        if header:
            table = header.group(2).replace('"', "").replace(" ", "")
            if header.group(1) == "[[":
                seen[table] = seen.get(table, -1) + 1
        if any(seen.get(name, place) != place for name, place in places.items() if f"{table}.".startswith(f"{name}.")):
            continue  # another table of the same array
        if header:
            if table == ".".join(parts):
                return number
            continue
        setting = re.match(r'\s*("[^"]+"|[\w.-]+)\s*=', line)
        if setting and ".".join(part for part in (table, setting.group(1).strip('"')) if part) == ".".join(parts):
            return number
        if table and ".".join(parts).startswith(table) and not found:
            found = str(number)
    return found


def _without_places(key: str) -> tuple[list[str], dict[str, int]]:
    """Split a key into its names, and the places in arrays of tables: check.1.min is ["check", "min"] and {"check": 1}."""
    names: list[str] = []
    places: dict[str, int] = {}
    for part in key.split("."):
        if part.isdigit() and names:
            places[".".join(names)] = int(part)
        else:
            names.append(part)
    return names, places
