"""Conditions on columns: names and comparators from a list, values bound, so that nothing typed becomes SQL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, unquote

import streamlit as st

from fmaudit.api.exploring import column_sql
from fmaudit_dashboard.parts.asking import seed
from fmaudit_dashboard.parts.links import miss, set_links

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["COMPARATORS", "Column", "Condition", "Conditions", "ask_conditions", "columns_of", "make_condition"]

NUMBER, TEXT, FLAG = "number", "text", "flag"
COMPARATORS: dict[str, dict[str, str]] = {  # kind -> what it is called -> SQL, with a place for the column
    NUMBER: {
        "is": "{} = ?", "is not": "{} is distinct from ?", "less than": "{} < ?", "at most": "{} <= ?", "more than": "{} > ?",
        "at least": "{} >= ?", "is missing": "{} is null", "is there": "{} is not null",
    },
    TEXT: {
        "is": "{} = ?", "is not": "{} is distinct from ?", "contains": "contains(lower({}), lower(?))", "begins with": "starts_with({}, ?)",
        "ends with": "suffix({}, ?)", "is missing": "{} is null", "is there": "{} is not null",
    },
    FLAG: {"is true": "{}", "is false": "not {}", "is missing": "{} is null"},
}  # fmt: skip
LONGEST_VALUE = 500  # so that six of them fit into an address, whatever their script
MOST = 6


@dataclass(frozen=True, slots=True)
class Column:
    """A column that can be asked for: `name` is dotted for a field of a signal."""

    name: str
    kind: str

    @property
    def sql(self) -> str:
        """The column in SQL."""
        return column_sql(self.name)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; `problem` says why a value cannot be one of the column's."""

    sql: str = ""
    values: tuple[Any, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    """What one line of widgets holds; without a column it is the line for a new condition."""

    column: str = ""
    comparator: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions that all must hold; `columns` names what they are about."""

    parts: tuple[Condition, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The SQL, or nothing."""
        return " and ".join(f"({part.sql})" for part in self.parts if part.sql)

    @property
    def values(self) -> tuple[Any, ...]:
        """The bound values, in order."""
        return tuple(value for part in self.parts if part.sql for value in part.values)


def columns_of(schema: pa.Schema) -> dict[str, Column]:
    """List the plain columns of a view, those of a signal with a dot; lists and bytes cannot be asked for."""
    import pyarrow as pa

    found: dict[str, Column] = {}

    def add(name: str, kind: pa.DataType, depth: int = 0) -> None:
        if pa.types.is_struct(kind) and depth < 2 and "." not in name.split(".", depth)[-1]:
            for field in kind:
                add(f"{name}.{field.name}", field.type, depth + 1)
        elif (known := _kind(kind)) is not None:
            found[name] = Column(name, known)

    for field in schema:
        if "." not in field.name:
            add(field.name, field.type)
    return found


def _kind(kind: Any) -> str | None:
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return FLAG
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return NUMBER
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return TEXT if pa.types.is_string(inner) or pa.types.is_large_string(inner) else None


def make_condition(column: Column, comparator: str, value: str) -> Condition:
    """Make a condition; an unknown comparator is a KeyError, a value of the wrong kind a problem in words."""
    template = COMPARATORS[column.kind][comparator]
    sql = template.format(column.sql)
    if "?" not in template:
        return Condition(sql)
    if len(value) > LONGEST_VALUE:
        return Condition(problem=f"A value is cut off at {LONGEST_VALUE:,} characters.")
    if column.kind == TEXT:
        return Condition(sql, (value,))
    try:
        number = float(value.replace("\u2212", "-").strip())
    except ValueError:
        return Condition(problem="This column holds numbers; write one, like 0.5.")
    if not math.isfinite(number):
        return Condition(problem="Write a finite number.")
    return Condition(sql, (int(number) if number.is_integer() and abs(number) < 2**62 else number,))


def ask_conditions(columns: dict[str, Column], key: str, *, first: Sequence[str] = ()) -> Conditions:
    """Ask for conditions on any column; the address keeps them, and one more row than are filled is offered."""
    names = [*(name for name in first if name in columns), *(name for name in columns if name not in first)]
    rows = _asked(columns)
    made: list[Condition] = []
    for number, row in enumerate([*rows, _Row()][:MOST]):
        where, how, what = st.columns([3, 2, 3], vertical_alignment="bottom")
        shown: Literal["visible", "collapsed"] = "visible" if number == 0 else "collapsed"
        given: dict[str, Any] = {"label_visibility": shown, "on_change": _keep, "args": (columns, key, number)}
        seed(f"{key}-column-{number}", row.column or None)
        where.selectbox(f"Column {number + 1}", names, index=None, placeholder="any column", key=f"{key}-column-{number}", **given)
        if not row.column:
            break
        kind = columns[row.column].kind
        seed(f"{key}-how-{number}-{kind}", row.comparator)
        how.selectbox(f"Comparator {number + 1}", list(COMPARATORS[kind]), key=f"{key}-how-{number}-{kind}", **given)
        needs = "?" in COMPARATORS[kind][row.comparator]
        seed(f"{key}-value-{number}", row.value)
        what.text_input(f"Value {number + 1}", key=f"{key}-value-{number}", disabled=not needs, max_chars=LONGEST_VALUE, **given)
        if needs and not row.value and kind == NUMBER:
            continue
        condition = make_condition(columns[row.column], row.comparator, row.value)
        if condition.problem:
            st.warning(condition.problem)
        else:
            made.append(condition)
    return Conditions(tuple(made), tuple(row.column for row in rows))


def _asked(columns: Mapping[str, Column]) -> list[_Row]:
    """Read the conditions of the address; what is none of these columns' is told."""
    given = st.query_params.get_all("where")
    rows = [row for text in given[:MOST] if (row := _parse(text, columns)) is not None]
    if len(rows) < len(given):
        miss("where")
        set_links("where", [_text(row) for row in rows])
    return rows


def _parse(text: str, columns: Mapping[str, Column]) -> _Row | None:
    """Read `COLUMN COMPARATOR VALUE`; None where that is no condition on one of the columns."""
    name, _, rest = text.partition(" ")
    how, _, value = rest.partition(" ")
    column, comparator = unquote(name), how.replace("-", " ")
    if not column or column not in columns or comparator not in COMPARATORS[columns[column].kind]:
        return None
    return _Row(column, comparator, value) if len(value) <= LONGEST_VALUE and "\x00" not in value else None


def _text(row: _Row) -> str:
    """Write a condition for the address; the only spaces before the value stand between the three."""
    words = [quote(row.column, safe=".:/-"), row.comparator.replace(" ", "-"), *([row.value] if row.value else [])]
    return " ".join(words)


def _keep(columns: dict[str, Column], key: str, number: int) -> None:
    """Write the row that was changed into the address; a row without a column is taken out."""
    rows = _asked(columns)
    before = rows[number] if number < len(rows) else _Row()
    name = st.session_state[f"{key}-column-{number}"]
    made = []
    if name in columns:
        known = COMPARATORS[columns[name].kind]
        how = st.session_state.get(f"{key}-how-{number}-{columns[name].kind}", before.comparator)
        value = st.session_state.get(f"{key}-value-{number}") or ""
        made = [_Row(name, how if how in known else next(iter(known)), value.replace("\x00", "")[:LONGEST_VALUE])]
    rows[number : number + 1] = made
    set_links("where", [_text(row) for row in rows])
    set_links("page", ())
