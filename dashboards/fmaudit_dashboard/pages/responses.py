"""What models and tokenizers answered: filter, and read one with its prompt, its labels and its probabilities."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from fmaudit.report.humane import count
from fmaudit.report.safe import clip
from fmaudit.report.tables import cell
from fmaudit_dashboard import data
from fmaudit_dashboard.parts.asking import ask_one, ask_order, show_paging
from fmaudit_dashboard.parts.filters import Condition, Conditions, ask_conditions, columns_of
from fmaudit_dashboard.parts.links import FACETS, can_be_asked, choose, miss, response_key, say_missed, set_link, wish, wishes
from fmaudit_dashboard.parts.markup import Markup, fill, join, lines, put
from fmaudit_dashboard.parts.pages import chosen_run, explained_errors
from fmaudit_dashboard.parts.tables import PICK, csv_text, download, html_table, show_rows
from fmaudit_dashboard.parts.words import empty, facts, soft

PAGE = 25
STRONGEST = 7  # shade of a token that was hardly expected
ROW = "row of the file"  # numbers the rows in their order: what is equal by a sort keeps it, page after page
CAP = 20_000
CASE, BESIDE = 1000, 20  # rows of a case that are looked at, and shown beside the one that is asked for
SHOWN = (
    "case", "suite", "kind", "condition", "language", "domain", "sample", "label", "correct", "finish", "prompt", "response", "completion",
    "answer", "found", "log_prob", "bits", "sentence", "tokens", "bytes",
)  # fmt: skip
LONG = ("system", "prompt", "text", "sentence", "response", "completion", "answer", "evidence")
FIRST = ("suite", "label", "finish", "language", "correct", "confidence", "log_prob", "tokens", "case", "prompt", "response")


def _facets(rows: data.Rows, columns: dict[str, Any]) -> list[Condition]:
    """Offer the columns that have few values."""
    names = [name for name in FACETS if name in columns]
    listed = [
        f"list(distinct {columns[name].sql}::varchar) filter ({columns[name].sql} is not null) as f{i}" for i, name in enumerate(names)
    ]
    values = rows.sql(f"select {', '.join(listed)} from {rows.view}").to_pylist()[0] if names else {}
    offered = [(name, sorted(v for v in values[f"f{i}"] or [] if can_be_asked(v))) for i, name in enumerate(names)]
    offered = [(name, found) for name, found in offered if 1 < len(found) <= 200][:6]
    for name in FACETS:
        if wishes(name) and name not in dict(offered):
            miss(name)
    made = []
    for (name, found), place in zip(offered, st.columns(max(len(offered), 1), vertical_alignment="bottom"), strict=False):
        chosen = ask_one(place, name.capitalize(), found, name, placeholder="all")
        if chosen:
            made.append(Condition(f"{columns[name].sql}::varchar = ?", (chosen,)))
    return made


def _table(rows: data.Rows, question: Conditions, order: str, columns: dict[str, Any]) -> None:
    """Show a page of rows; the one that is picked goes into the address."""
    where = f" where {question.where}" if question.where else ""
    order = f' order by {order}"{ROW}"'
    total = rows.sql(f"select count(*) as n from {rows.view}{where}", question.values).column(0)[0].as_py()
    if not total:
        empty("No response is like that", "Take a condition away to see more.")
        return
    pages = -(-total // PAGE)
    page = show_paging(pages, "answer")
    shown = [name for name in SHOWN if name in columns] or list(columns)[:10]
    selected = ", ".join(f'{columns[name].sql} as "{name}"' for name in shown)
    found = rows.sql(
        f'select {selected}, "{ROW}" from {_numbered(rows)}{where}{order} limit {PAGE} offset {(page - 1) * PAGE}', question.values
    ).to_pylist()
    first = (page - 1) * PAGE + 1
    put(
        fill(
            '<div class="fm">responses <b>{first}–{last}</b> of {total}</div>',
            first=count(first),
            last=count(first + len(found) - 1),
            total=count(total),
        )
    )
    picked = show_rows(
        found,
        shown,
        f"answer-table-{page}-{hash((where, question.values, order))}",
        label="Responses",
        on_pick=lambda place: _link(rows, found[place]),
    )
    soft(PICK)
    if picked is not None and "case" not in shown:  # rows without a name have no link
        st.subheader("Row", anchor=False)
        _one(_whole(rows, f'"{ROW}" = ?', [found[picked][ROW]])[0])
    download("Download this page as CSV", lambda: csv_text(shown, found), "responses.csv", "responses")


def _numbered(rows: data.Rows) -> str:
    return f'(select *, row_number() over () as "{ROW}" from {rows.view})'


def _whole(rows: data.Rows, condition: str, values: list[Any]) -> list[dict[str, Any]]:
    """Read all columns of the rows that meet a condition, in their order."""
    query = f'select * exclude ("{ROW}") from {_numbered(rows)} where {condition} order by "{ROW}" limit {CASE}'
    return rows.sql(query, values).to_pylist()


def _link(rows: data.Rows, row: dict[str, Any]) -> None:
    """Write a row's name into the address: its case, and which of the case's rows it is."""
    if "case" in row:
        before = rows.sql(f'select count(*) as n from {_numbered(rows)} where "case" = ? and "{ROW}" < ?', [row["case"], row[ROW]])
        set_link(response=response_key(row["case"] or "", before.column(0)[0].as_py()))


def _response(rows: data.Rows, key: str, columns: dict[str, Any]) -> None:
    """Show all rows of a case, the one that was asked for first."""
    case, _, place = key.rpartition("-")
    found: list[dict[str, Any]] = []
    if "case" in columns and len(case) == 16 and case.isalnum() and place.isascii() and place.isdigit() and len(place) < 7:
        found = _whole(rows, 'left(md5("case"), 16) = ?', [case])
    if not found or int(place) >= len(found):
        miss("response")
        say_missed()
        return
    mine = found.pop(int(place))
    st.subheader("Response", anchor=False)
    _one(mine)
    if found:
        with st.expander(f"{count(len(found))} more rows of this case", key="answer-others"):
            for row in found[:BESIDE]:
                _one(row, prompt=row.get("prompt") != mine.get("prompt"))
            if len(found) > BESIDE:
                soft(f"and {count(len(found) - BESIDE)} more: fmaudit responses prints them all")


def _one(row: dict[str, Any], *, prompt: bool = True) -> None:
    short = [(name, row[name]) for name in row if name not in LONG and isinstance(row[name], bool | int | float | str) and row[name] != ""]
    facts((name.replace("_", " "), clip(cell(value), 120)) for name, value in short[:24])
    for name in LONG:
        text = row.get(name)
        if name not in row or (name in ("prompt", "system", "text") and not prompt):
            continue
        if text is None:
            soft(f"{name}: not stored" + (", only its hash (see store_unsafe)" if row.get(f"{name}_sha256") else ""))
        elif text:
            _text(name, str(text))
    tokens = _shaded(row)
    if tokens:
        put(
            fill(
                '<div class="fm"><span class="soft">{text}</span></div>',
                text="log-probabilities: the stronger the shade, the less a token was expected; point at one for its nats",
            )
        )
        put(fill('<div class="fm fm-text">{tokens}</div>', tokens=tokens))
    lists = [(name, values) for name, values in row.items() if isinstance(values, list) and values]
    if lists:
        html_table(("column", "values"), [(name, clip(", ".join(cell(v) for v in values[:60]), 400)) for name, values in lists])


def _text(name: str, text: str) -> None:
    soft(f"{name}, the first {count(CAP)} of {count(len(text))} characters" if len(text) > CAP else name)
    template = '<div class="fm fm-text" dir="auto" tabindex="0" role="region" aria-label="{name}">{body}</div>'
    put(fill(template, name=name, body=lines(text[:CAP])))


def _shaded(row: dict[str, Any]) -> Markup | None:
    """Shade the tokens of a response by their log-probability, where both were stored side by side."""
    texts = next((row[name] for name in ("token_texts", "tokens", "pieces") if isinstance(row.get(name), list)), None)
    probs = next((row[name] for name in ("token_log_probs", "log_probs", "logprobs") if isinstance(row.get(name), list)), None)
    if not texts or not probs or len(texts) != len(probs) or not all(isinstance(text, str) for text in texts):
        return None
    out = []
    for text, value in list(zip(texts, probs, strict=True))[:2000]:
        if not isinstance(value, int | float) or math.isnan(value):
            out.append(fill('<span class="fm-token" title="unknown">{text}</span>', text=lines(text)))
            continue
        step = STRONGEST if value <= 1 - STRONGEST else int(max(0.0, -value)) + 1
        ink = "cell-paper" if step >= 5 else "cell-ink"
        title = f"{value:.3f} nats" if math.isfinite(value) else "impossible"
        style = '<span class="fm-token" style="background:var(--h{step});color:var(--{ink})" title="{title}">{text}</span>'
        out.append(fill(style, step=step, ink=ink, title=title, text=lines(text)))
    return join(out)


def page() -> None:
    """Draw the page."""
    st.title("Responses", anchor=False)
    say_missed()
    run = chosen_run()
    plan = data.plan(run)
    asked = [*plan.get("models", {}), *plan.get("tokenizers", {})]
    pairs = [(audit["audit"], audit["target"]) for audit in plan["audits"] if audit["target"] in asked]
    pairs.sort(key=lambda pair: pair[1] not in plan.get("models", {}))  # answers first: a tokenizer gives none
    if not pairs:
        empty("This run audits no model and no tokenizer", "Documents has the rows of its corpora.")
        return
    left, right = st.columns(2)
    audit = choose("Audit", list(dict.fromkeys(name for name, _ in pairs)), "audit", place=left)
    target = choose("Target", [target for name, target in pairs if name == audit], "target", place=right)
    with explained_errors():
        rows = data.response_rows(run, target, audit)
        columns = columns_of(rows.schema)
        made = _facets(rows, columns)
        with st.expander("More conditions, and the order", key="answer-more", expanded=bool(wishes("where") or wish("sort"))):
            more = ask_conditions(columns, "answer", first=FIRST)
            by, down = ask_order(list(columns), placeholder="the order of the cases")
        say_missed()
        order = f"{columns[by].sql} {'desc' if down else 'asc'} nulls last, " if by else ""
        _table(rows, Conditions((*made, *more.parts)), order, columns)
        if key := wish("response"):
            _response(rows, key, columns)


page()
