"""The documents of a corpus: filter, sort, and read one with what was found in it."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from fmaudit.api.exploring import Documents, Place, Question
from fmaudit.records import Evidence
from fmaudit.report.digest import command
from fmaudit.report.humane import count, plural
from fmaudit.report.safe import clip
from fmaudit.report.tables import cell
from fmaudit_dashboard import data
from fmaudit_dashboard.parts.asking import ask_one, ask_order, ask_text, asked_page, turn_to
from fmaudit_dashboard.parts.filters import Column, Condition, Conditions, ask_conditions, columns_of
from fmaudit_dashboard.parts.links import choose, document_key, find_document, miss, say_missed, set_link, wish, wishes
from fmaudit_dashboard.parts.markup import fill, join, put
from fmaudit_dashboard.parts.pages import chosen_run, explained_errors
from fmaudit_dashboard.parts.spans import finding_spans, marked, signal_spans
from fmaudit_dashboard.parts.tables import PICK, csv_text, download, html_table, show_rows
from fmaudit_dashboard.parts.words import SEVERITY, chip, empty, facts, soft

PAGE = 25
CAP = 20_000
COUNTED = 2_000_000  # documents up to which matches are counted without being asked
SHOWN = ("id", "language.label", "language.score", "host", "characters", "quality.words")
FIRST = ("language.label", "language.score", "host", "domain", "declared_language", "characters", "bytes", "id", "url", "file")


def _languages(run: str, target: str) -> list[str]:
    """List the languages that the run's metrics found in a corpus, the most frequent first."""
    if not data.state(run).measured:
        return []
    shares: dict[str, float] = {}
    for row in data.report(run).metrics:
        metric = row.metric
        if row.target != target or not (language := metric.slice.get("language")):
            continue
        if metric.name == "share" and len(metric.slice) == 1 and metric.value is not None:
            shares[language] = metric.value
        else:
            shares.setdefault(language, math.nan)  # in use, its share unknown
    found = (language for language, share in shares.items() if share != 0)
    return sorted(found, key=lambda language: (math.isnan(shares[language]), -shares[language], language))


def _question(run: str, target: str, columns: dict[str, Column]) -> tuple[Question, list[str]]:
    """Ask for language, host, rule and any column, and the order; returns the columns that were named, too."""
    parts: list[Condition] = []
    one, two, three, four = st.columns([2, 3, 4, 3], vertical_alignment="bottom")
    language = next((name for name in ("language.label", "declared_language") if name in columns), "")
    offered = _languages(run, target) if language else []
    label = ask_one(one, "Language", offered, "language", placeholder="all", free=True, disabled=not language)
    if label:
        parts.append(Condition(f"{columns[language].sql} = ?", (label,)))
    host = ask_text(two, "Host", "host", placeholder="example.org")
    if host:
        name = columns["host"].sql
        parts.append(Condition(f"{name} = ? or suffix({name}, ?)", (host.lower(), "." + host.lower())))
    rules = data.rule_sets(run, target)
    rule_set = ask_one(three, "Rule set", list(rules), "rules", placeholder="any", disabled=not rules, clears=("outcome",))
    outcomes = ["removed", "kept", *(f"breaks {rule}" for rule in _rules(run, target, rule_set))]
    outcome = ask_one(four, "Outcome", outcomes, "outcome", disabled=not rule_set)
    if rule_set:
        parts.append(_outcome(rules[rule_set], outcome))
    for note in data.left_out(run, target)[:3]:
        soft(clip(note, 400))
    with st.expander("More conditions, and the order", key="doc-more", expanded=bool(wishes("where") or wish("sort"))):
        more = ask_conditions(columns, "doc", first=FIRST)
        names = [*(n for n in FIRST if n in columns), *(n for n in columns if n not in FIRST)]
        order, down = ask_order(names, placeholder="the order of the corpus")
    say_missed()
    both = Conditions((*parts, *more.parts))
    named = [*([order] if order else []), *more.columns]
    return Question(both.where, both.values, columns[order].sql if order else "", down), named


def _rules(run: str, target: str, rule_set: str) -> list[str]:
    if not rule_set or not data.state(run).measured:
        return []
    rows = data.report(run).metrics
    return sorted(
        {
            row.metric.slice["rule"]
            for row in rows
            if row.target == target and row.metric.slice.get("ruleset") == rule_set and "rule" in row.metric.slice
        }
    )


def _outcome(item: Any, outcome: str) -> Condition:
    if outcome.startswith("breaks "):
        return Condition(f"list_contains({item.reasons}, ?)", (outcome.removeprefix("breaks "),))
    return Condition(f"{'not ' if outcome == 'removed' else ''}coalesce({item.keep}, true)")


def _flat(row: dict[str, Any], columns: list[str]) -> dict[str, Any]:
    out = {}
    for name in columns:
        value: Any = row
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        out[name] = value
    return out


def _table(documents: Documents, question: Question, columns: dict[str, Column], named: list[str]) -> list[Place]:
    """Show a page of documents; the one that is picked goes into the address."""
    page = asked_page(-(-documents.total // PAGE))
    with data.reading("Looking through the documents …"):
        places = documents.find(question, PAGE + 1, (page - 1) * PAGE)
        if not places and page > 1:  # a page that this question does not have
            miss("page")
            page, places = 1, documents.find(question, PAGE + 1, 0)
    say_missed()
    more, places = len(places) > PAGE, places[:PAGE]
    if not places:
        empty("No document is like that", "Take a condition away to see more.")
        return []
    shown = list(dict.fromkeys([*(name for name in SHOWN if name in columns), *named, "file", "offset"]))
    rows = [_flat(row, shown) for row in documents.read(places, shown)]
    first = (page - 1) * PAGE + 1
    _paging(documents, question, first, first + len(rows) - 1, page, more)
    show_rows(
        rows,
        shown,
        f"doc-table-{page}-{hash(question)}",
        label="Documents",
        on_pick=lambda place: set_link(doc=document_key(rows[place]["file"], rows[place]["offset"])),
    )
    download("Download this page as CSV", lambda: csv_text(shown, rows), "documents.csv", "documents")
    return places


def _paging(documents: Documents, question: Question, first: int, last: int, page: int, more: bool) -> None:
    left, right = st.columns([5, 3], vertical_alignment="center")
    total = _total(documents, question)
    of = "" if total is None else f" of {count(total)}" + ("" if question.where == "" else f" that match, in {count(documents.total)}")
    with left:
        put(fill('<div class="fm">documents <b>{first}–{last}</b>{of}</div>', first=count(first), last=count(last), of=of))
    with right, st.container(horizontal=True, horizontal_alignment="left"):  # the grid's own buttons float on the right
        if total is None:
            st.button(
                "Count all",
                key="doc-count",
                on_click=lambda: st.session_state.update({"doc-counted": question}),
                help="Looks at every document; may take some seconds",
            )
        st.button("Previous", key="doc-previous", disabled=page == 1, on_click=turn_to, args=(page - 1,))
        st.button("Next", key="doc-next", disabled=not more, on_click=turn_to, args=(page + 1,))


def _total(documents: Documents, question: Question) -> int | None:
    if question.where and documents.total > COUNTED and st.session_state.get("doc-counted") != question:
        return None
    with data.reading("Counting …"):
        return documents.count(question)


def _document(run: str, target: str, place: Place, documents: Documents) -> None:
    """Show one document: its text with spans, why it was found, its rules, its signals."""
    rows = documents.read([place])
    if not rows:
        miss("doc")
        say_missed()
        return
    row = rows[0]
    st.subheader("Document", anchor=False)
    known = [
        ("id", row.get("id")),
        ("file", place.file),
        ("offset", count(place.offset)),
        ("host", row.get("host")),
        ("url", row.get("url")),
    ]
    facts((name, clip(str(value), 200)) for name, value in known if value not in (None, ""))
    report = data.report(run) if data.state(run).measured else None
    spans, findings = finding_spans(report.findings, target, *place) if report else ([], [])
    source = data.document_text(run, target, *place)
    text = source.text
    if source.problem:
        put(fill('<div class="fm fm-card warning">{text}</div>', text=clip(source.problem, 300)))
        quoted = [e.excerpt for row_ in findings for e in row_.finding.evidence if (e.file, e.offset) == tuple(place) and e.excerpt]
        text = quoted[0] if quoted else ""
        spans = []
    if text:
        body, kept = marked(text[:CAP], [*spans, *(signal_spans(row) if not source.problem else [])])
        put(fill('<div class="fm fm-text" dir="auto" tabindex="0" role="region" aria-label="Text of the document">{body}</div>', body=body))
        if kept:
            reasons = join((fill("<span><b>{n}</b> {reason}</span>", n=n, reason=clip(span.reason, 80)) for n, span in enumerate(kept, 1)))
            put(fill('<div class="fm fm-strip"><span class="soft">marked</span>{reasons}</div>', reasons=reasons))
        if source.length > CAP:
            put(
                fill(
                    '<div class="fm"><span class="soft">{t}</span></div>', t=f"the first {count(CAP)} of {count(source.length)} characters"
                )
            )
    for found in findings:
        tone, sign, word = SEVERITY[found.finding.severity]
        put(
            fill(
                '<div class="fm fm-card {tone}">{chip}{text}</div>',
                tone=tone,
                chip=chip(tone, sign, word),
                text=clip(found.finding.sentence, 400),
            )
        )
    _verdicts(run, target, place, documents)
    if report and (line := command(report, target, Evidence(file=place.file, offset=place.offset))):
        put(fill('<div class="fm"><span class="soft">{text}</span></div>', text="prints this document's row again:"))
        st.code(line, language=None, wrap_lines=True)
    with st.expander("All signals of this document", key="doc-signals"):
        flat = [
            (name, field, cell(value))
            for name, values in row.items()
            for field, value in (values.items() if isinstance(values, dict) else [("", values)])
        ]
        html_table(("signal", "field", "value"), [(clip(a, 60), clip(b, 60), c) for a, b, c in flat])


def _verdicts(run: str, target: str, place: Place, documents: Documents) -> None:
    rules = data.rule_sets(run, target)
    if not rules:
        return
    columns = [pair for name, item in rules.items() for pair in ((f"kept {name}", item.keep), (f"why {name}", item.reasons))]
    answers = documents.evaluate(place, columns)
    cells = []
    for name in rules:
        kept, why = answers.get(f"kept {name}"), answers.get(f"why {name}") or []
        mark = chip("pass", "✓", "kept") if kept else chip("note", "–", "not judged") if kept is None else chip("error", "✕", "removed")
        cells.append((name, mark, ", ".join(clip(str(reason), 60) for reason in why[:30])))
    html_table(("rule set", "outcome", "rules that it breaks"), cells)


def page() -> None:
    """Draw the page."""
    st.title("Documents", anchor=False)
    say_missed()
    run = chosen_run()
    corpora = sorted(data.plan(run)["corpora"])
    if not corpora:
        empty("This run audits no corpus", "Responses has the rows of its models and tokenizers.")
        return
    target = choose("Corpus", corpora, "target") if len(corpora) > 1 else corpora[0]
    with explained_errors():
        documents = data.documents(run, target)
        columns = columns_of(documents.schema)
        question, named = _question(run, target, columns)
        places = _table(documents, question, columns, named)
        asked = wish("doc")
        if asked:
            found = find_document(asked, [file["path"] for file in data.plan(run)["corpora"][target]["files"]])
            if found is None:
                miss("doc")
                say_missed()
            else:
                _document(run, target, Place(*found), documents)
        elif places:
            soft(f"{PICK} {plural(len(columns), 'column')} can be asked for.")


page()
