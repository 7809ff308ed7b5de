"""The card as HTML and as Markdown: the same rows, safe whatever names hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from fmaudit_engine_card.cards.numbers import interval, value

if TYPE_CHECKING:
    from fmaudit_engine_card.cards.records import Card, Entry, Section

__all__ = ["BUILTIN", "html", "markdown"]

BUILTIN = "A built-in model, trained on made text to show the audits at work: its numbers say nothing about real text."
_HEADS = ("what", "value", "interval", "n", "of", "run")
# controls, and what reorders or hides text
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_CSS = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--page:#fff;--wash:#f6f8fa;--accent:#0b5cad}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--line:#3d444d;--page:#0d1117;--wash:#161b22;--accent:#6cb0f5}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI","Liberation Sans",Roboto,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:64rem;margin:0 auto;padding:2.5rem 1.5rem 3rem}
h1{font-size:1.9rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.35rem;margin:2.5rem 0 0}p{margin:.25rem 0}
.soft,small{color:var(--soft)}
.note{border-left:4px solid var(--accent);background:var(--wash);padding:.5rem 1rem;margin:1rem 0}
.wide{overflow-x:auto}table{min-width:44rem;border-collapse:collapse;width:100%;margin:.75rem 0}
th{font-weight:600;text-align:left;color:var(--soft);font-size:.875rem}
th,td{padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
table{table-layout:fixed}col.what{width:34%}col.value{width:14%}col.n{width:8%}col.run{width:17%}td{overflow-wrap:anywhere}
td.value{font-weight:600}td.n,th.n{text-align:right;padding-right:1.25rem}td small{display:block;overflow-wrap:anywhere}
.unknown{background:var(--wash);border:1px solid var(--line);border-radius:6px;padding:.6rem 1rem;margin:.75rem 0}
.unknown b{display:block}.unknown ul{margin:.25rem 0;padding-left:1.2rem}
@media print{h2,tr,.unknown{break-inside:avoid}}
"""


def html(card: Card) -> str:
    """Write one page: no script, nothing loaded, light and dark."""
    lines = [
        "<!doctype html>", '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>Card of {_html(card.model)}</title><style>{_CSS}</style></head><body><main>",
        f"<h1>{_html(card.model)}</h1>", f'<p class="soft">{_html(_subtitle(card))}</p>',
    ]  # fmt: skip
    if any(source.builtin for source in card.sources):
        lines.append(f'<p class="note">{BUILTIN}</p>')
    for section in card.sections:
        lines += _html_section(section)
    lines.append("<h2>Runs</h2><ul>")
    lines += [f"<li>{_html(sentence)}</li>" for sentence in _sources(card)]
    lines.append("</ul></main></body></html>")
    return "\n".join(lines) + "\n"


def _html_section(section: Section) -> Iterator[str]:
    yield f'<section id="{section.name}"><h2>{section.title}</h2><p class="soft">{section.asks}</p>'
    if section.entries:
        heads = "".join(f'<th class="n">{head}</th>' if head == "n" else f"<th>{head}</th>" for head in _HEADS)
        columns = "".join(f'<col class="{head}">' for head in _HEADS)
        yield f'<div class="wide"><table>{columns}<thead><tr>{heads}</tr></thead><tbody>'
        yield from (_html_row(entry) for entry in section.entries)
        yield "</tbody></table></div>"
    if section.unknown:
        items = "".join(f"<li>{_html(sentence)}</li>" for sentence in section.unknown)
        yield f'<div class="unknown"><b>Unknown</b><ul>{items}</ul></div>'
    yield "</section>"


def _html_row(entry: Entry) -> str:
    return (
        f"<tr><td>{_html(_capital(entry.words))}<small>{_html(entry.metric)}</small></td>"
        f'<td class="value">{_html(value(entry))}</td><td>{_html(interval(entry))}</td><td class="n">{entry.n:,}</td>'
        f"<td>{_html(entry.target)}</td><td>{_html(entry.run)}</td></tr>"
    )


def markdown(card: Card) -> str:
    """Write it as Markdown for a repository or a model's page."""
    lines = [f"# {_text(card.model)}", "", _text(_subtitle(card)), ""]
    if any(source.builtin for source in card.sources):
        lines += [f"> {BUILTIN}", ""]
    for section in card.sections:
        lines += [f"## {section.title}", "", section.asks, ""]
        if section.entries:
            lines += [f"| {' | '.join(_HEADS)} |", "|---|---|---|---:|---|---|"]
            lines += [_markdown_row(entry) for entry in section.entries]
            lines.append("")
        if section.unknown:
            lines += ["**Unknown**", "", *(f"- {_text(sentence)}" for sentence in section.unknown), ""]
    return "\n".join([*lines, "## Runs", "", *(f"- {_text(sentence)}" for sentence in _sources(card))]) + "\n"


def _markdown_row(entry: Entry) -> str:
    cells = (_capital(entry.words), value(entry), interval(entry), f"{entry.n:,}", entry.target, entry.run)
    return f"| {' | '.join(_text(cell) for cell in cells)} |"


def _subtitle(card: Card) -> str:
    count = len(card.entries)
    uri = f"{card.uri}: " if card.uri else ""
    runs = f"{len(card.sources)} run{'s' if len(card.sources) > 1 else ''}"
    return f"{uri}{count} measured numbers in {len(card.sections)} sections, from {runs}"


def _sources(card: Card) -> list[str]:
    return [
        f"{source.run}{f', fmaudit {source.version}' if source.version else ''}: {', '.join(source.audits) or 'nothing of this model'}"
        for source in card.sources
    ]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _visible(text: str) -> str:
    """Show what would hide: a name of a model or a language may hold anything."""
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text.encode("utf-8", "replace").decode("utf-8"))


def _html(text: str) -> str:
    return escape(_visible(text), quote=True)


def _text(text: str) -> str:
    """Escape what Markdown or its HTML would take for a command."""
    return re.sub(r"([\\`*_\[\]<>|#!~])", r"\\\1", _visible(text))
