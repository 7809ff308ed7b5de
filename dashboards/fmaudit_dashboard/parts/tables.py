"""Tables of rows: shown as text and numbers, and as CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from fmaudit.report.safe import clip, encodable
from fmaudit.report.tables import grid
from fmaudit_dashboard.parts.markup import fill, join, put, seen

if TYPE_CHECKING:
    from fmaudit.records import Exhibit

__all__ = ["PICK", "csv_cell", "csv_text", "download", "html_table", "show_grid", "show_rows"]

SHOWN = 200
PICK = "Pick a row to read it; with the keyboard: Shift and Space."
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def show_grid(exhibit: Exhibit, key: str) -> None:
    """Show the rows behind a chart, numbers written as in the report."""
    table = grid(exhibit, SHOWN)
    if not table.rows:
        put(fill('<div class="fm"><span class="soft">{text}</span></div>', text="no rows"))
        return
    html_table(table.columns, [[seen(cell) for cell in row] for row in table.rows[:40]], numeric=table.numeric)
    if table.total > 40:
        put(
            fill(
                '<div class="fm"><span class="soft">{text}</span></div>', text=f"the first 40 of {table.total:,} rows; the download has all"
            )
        )
    download("Download as CSV", lambda: csv_text(exhibit.data.column_names, exhibit.data.to_pylist()), f"{exhibit.name}.csv", key)


def html_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, numeric: Sequence[bool] = ()) -> None:
    """Show a small table; cells are escaped unless they are markup."""
    right = [*numeric, *([False] * len(columns))]
    kinds = ["n" if flag else "" for flag in right]
    head = join(fill('<th class="{kind}">{name}</th>', kind=kind, name=name) for name, kind in zip(columns, kinds, strict=False))
    body = join(
        fill(
            "<tr>{cells}</tr>",
            cells=join(fill('<td class="{kind}">{cell}</td>', kind=kind, cell=cell) for cell, kind in zip(row, kinds, strict=False)),
        )
        for row in rows
    )
    put(fill('<div class="fm fm-wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>', head=head, body=body))


def show_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], key: str, *, label: str, on_pick: Callable[[int], None]
) -> int | None:
    """Show rows in a grid that sorts and scrolls; `on_pick` is told once which row was picked. Returns the row that is picked."""
    import pyarrow as pa

    data = {name: _column([row.get(name) for row in rows]) for name in columns}
    shown = pa.table({clip(name, 60): values for name, values in data.items()})

    def tell() -> None:
        if (place := _picked(st.session_state[key], len(rows))) is not None:
            on_pick(place)

    picked = st.dataframe(shown, hide_index=True, key=key, on_select=tell, selection_mode="single-row", alt=label, placeholder="–")
    return _picked(picked, len(rows))


def _picked(state: Any, amount: int) -> int | None:
    chosen = state["selection"]["rows"]
    return chosen[0] if chosen and chosen[0] < amount else None


def _column(values: list[Any]) -> Any:
    import pyarrow as pa

    if all(value is None or isinstance(value, bool) for value in values):
        return pa.array(values, pa.bool_())
    if all(value is None or (isinstance(value, int) and abs(value) < 2**53) for value in values):
        return pa.array(values, pa.int64())
    if all(value is None or isinstance(value, int | float) for value in values):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else clip(_text(value), 300) for value in values], pa.string())


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def csv_text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Write rows as CSV; text that a spreadsheet would run as a formula gets an apostrophe in front."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([csv_cell(name) for name in columns])
    writer.writerows([csv_cell(row.get(name)) for name in columns] for row in rows)
    return encodable(out.getvalue())


def csv_cell(value: Any) -> Any:
    """Write one cell: numbers as they are, text harmless."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = _text(value).replace("\x00", "\\u0000")
    return f"'{text}" if text.startswith(_FORMULA) else text


def download(label: str, make: Callable[[], str], name: str, key: str) -> None:
    """Offer a file that is made when it is asked for."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name)[:80]
    st.download_button(
        label,
        lambda: make().encode(),
        safe,
        "text/csv",
        key=f"download-{key}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
