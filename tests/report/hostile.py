"""Hostile strings, and records in which every text is one: made by walking the fields of the dataclasses, so that new ones are in."""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from fmaudit.judge.comparing import Comparison
from fmaudit.judge.settings import SettingChange
from fmaudit.records import Exhibit
from fmaudit.report.document import ModelRow, ReportData, RunStatus, Trend

HOSTILE = {
    "script": "</script><script>alert(1)</script>",
    "title": "</title></style><svg/onload=alert(1)>",
    "image": '<img src=x onerror="alert(1)">',
    "attribute": "\" onmouseover=alert(1) x='",
    "comment": "--><b>x</b><!--",
    "entity": "&lt;b&gt; &#60;i&#62; &amp;",
    "scheme": "javascript:alert(1)",
    "cdata": "]]><failure/>",
    "markdown-image": "![x](http://t.example/a.png)",
    "markdown-link": "[x](http://t.example) <http://t.example>",
    "markdown-block": "```\n# heading\n- item\n```",
    "markdown-table": "| a | b |\n|---|---|",
    "markdown-html": "<details open>*_~`\\",
    "template": "{{ 7 * 7 }} {% raw %} ${{ github.token }}",
    "rich": "[red]x[/red] [/b] [link=file:///etc/passwd]",
    "ansi": "\x1b[31mred\x1b[0m",
    "osc": "\x1b]8;;http://t.example\x07x",
    "formula": "=cmd|' /C calc'!A0",
    "formula-plus": "+1+1",
    "formula-at": "@SUM(1)",
    "formula-minus": "-2+3",
    "command": "::error::x",
    "command-line": "x\n::add-mask::y\n  ::error::z",
    "command-old": "##[error]x",
    "command-percent": "%0A::error::x%",
    "bidi": "\u202egnp.exe\u2066x",
    "controls": "\x00\x08\x0b\x1d\x7f\x85\x9b",
    "lines": "a\u2028b\u2029c\rd",
    "surrogate": "a\ud800b\udfff",
    "nonchar": "a\uffffb\ufdd0\U0001fffe",
    "tags": "a\U000e0041b\u200bc\ufeff",
}
_TYPES = {"Comparison": Comparison, "SettingChange": SettingChange, "Mapping": Mapping, "pa": pa, "Any": Any}


class Maker:
    """Fills records: every text is a mark of its own and then the hostile string; `marks` names the field of each mark."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.marks: dict[str, str] = {}

    def string(self, path: str) -> str:
        mark = f"Q{len(self.marks)}X"
        self.marks[mark] = path
        return mark + self.text

    def record(self, kind: type, path: str = "", variant: int = 0) -> Any:
        if kind is Exhibit:
            return self.exhibit(path)
        hints = typing.get_type_hints(kind, localns=_TYPES)
        values = {field.name: self.value(hints[field.name], f"{path}.{field.name}", variant) for field in dataclasses.fields(kind)}
        if kind is ModelRow:
            values |= {name: self.facts(name, f"{path}.{name}") for name in ("profile", "usage", "determinism")}
        if kind is Trend:
            values["series"] = tuple(dataclasses.replace(one, metrics=one.metrics[: len(values["runs"])]) for one in values["series"])
        return kind(**values)

    def value(self, hint: Any, path: str, variant: int) -> Any:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if hint is str or hint is Any:
            return self.string(path)
        if hint is bool:
            return bool(variant % 2)
        if hint is int:
            return 3 + variant
        if hint is float:
            return 0.25
        if origin in (types.UnionType, typing.Union):
            return self.value(next(one for one in arguments if one is not type(None)), path, variant)
        if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(self.value(arguments[0], f"{path}[]", number) for number in range(_members(arguments[0])))
        if origin is tuple:
            return tuple(self.value(one, path, variant) for one in arguments)
        if origin is not None and issubclass(origin, Sequence):
            return tuple(self.value(arguments[0], f"{path}[]", number) for number in range(_members(arguments[0])))
        if origin is not None and issubclass(origin, Mapping):
            return {self.string(f"{path}.key"): self.value(arguments[1], f"{path}.value", variant)}
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return list(hint)[variant % len(hint)]
        if dataclasses.is_dataclass(hint):
            return self.record(typing.cast(type, hint), path, variant)
        raise TypeError(f"{path}: the maker does not know how to fill {hint!r}")

    def exhibit(self, path: str) -> Exhibit:
        columns = {self.string(f"{path}.column"): [self.string(f"{path}.cell")], "share": [0.5]}
        table = pa.table({name.encode("utf-8", "replace").decode(): [_storable(v) for v in values] for name, values in columns.items()})
        names = {name: self.string(f"{path}.{name}") for name in ("name", "title", "caption", "unit")}
        return Exhibit(data=table, encoding={self.string(f"{path}.channel"): self.string(f"{path}.encoded")}, **names)

    def facts(self, name: str, path: str) -> dict[str, Any]:
        text = {key: self.string(f"{path}.{key}") for key in ("architecture", "dtype", "device", "joules_method", "source", "day", "way")}
        price = {"source": text["source"], "day": text["day"], "currency": self.string(path), "input": 1.0, "output": 2.0}
        known: dict[str, dict[str, Any]] = {
            "profile": {name: text[name] for name in ("architecture", "dtype", "device")} | {"parameters": 5, "builtin": True},
            "usage": {"asked": 1, "cached": 0, "joules": 2.0, "joules_method": text["joules_method"], "money": 1.0, "price": price},
            "determinism": {"items": 3, "max_delta": {text["way"]: 0.1}, "flips": {text["way"]: 0.1}},
        }  # fmt: skip
        return known[name]


@functools.cache
def _members(kind: Any) -> int:
    """Count how many records show every member of every enumeration in them; two of a record without any."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return len(kind)
    if not dataclasses.is_dataclass(kind):
        return max((_members(one) for one in typing.get_args(kind)), default=2)
    if kind is Exhibit:
        return 2
    return max((_members(hint) for hint in typing.get_type_hints(kind, localns=_TYPES).values()), default=2)


def _storable(value: Any) -> Any:
    """Arrow holds UTF-8 only, so a half character never comes in a table."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


@functools.cache
def report_of(text: str) -> tuple[ReportData, dict[str, str]]:
    """Make a report in which every text of every record is a mark and `text`; return it with the field of every mark."""
    maker = Maker(text)
    data = dataclasses.replace(maker.record(ReportData), status=RunStatus.PARTIAL)
    return dataclasses.replace(data, headlines=()), maker.marks
