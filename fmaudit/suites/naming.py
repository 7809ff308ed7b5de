"""Names of suites as people write them: with hyphens or underscores, and now and then misspelt."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

__all__ = ["canonical_names", "one_spelling", "table_of", "tables", "unknown_suite"]


def table_of(suite: str) -> str:
    """Name the parameter that holds a suite's own table: Python's names have no hyphens."""
    return suite.replace("-", "_")


def canonical_names(wanted: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    """Write suites as they are known, whether with hyphens or underscores, each once; a name that is none stays as it is."""
    names = {table_of(name): name for name in known}
    return tuple(dict.fromkeys(names.get(table_of(name), name) for name in wanted))


def unknown_suite(name: str, known: Sequence[str]) -> str:
    """Say which suite was perhaps meant, and which there are."""
    close = difflib.get_close_matches(table_of(name).replace("_", "-"), known, 1)
    meant = f"did you mean {close[0]!r}? " if close else ""
    return f"{meant}there are {', '.join(known)}"


def one_spelling(given: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Let the tables among a model's parameters be written with hyphens too. Raises ValueError where both spellings are there."""
    known = tables(model)
    found: dict[str, Any] = {}
    for key, value in given.items():
        name = table_of(key) if table_of(key) in known else key
        if name in found:
            raise ValueError(f"the table {name!r} is there twice, with hyphens and with underscores: keep one")
        found[name] = value
    return found


def tables(model: type[BaseModel]) -> set[str]:
    """Name the parameters that are tables of their own."""
    kinds = {name: field.annotation for name, field in model.model_fields.items()}
    return {name for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, BaseModel)}
