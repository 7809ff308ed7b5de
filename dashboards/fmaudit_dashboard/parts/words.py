"""States, verdicts and findings as chips: a sign and a word, and a colour beside them, never colour alone."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from fmaudit.records import Severity, VerdictStatus
from fmaudit.report.humane import count, duration, plural
from fmaudit.report.views import when
from fmaudit_dashboard.parts.markup import Markup, fill, join, put
from fmaudit_dashboard.state import RunState

__all__ = [
    "SEVERITY",
    "VERDICT",
    "chip",
    "coverage",
    "empty",
    "facts",
    "findings_chips",
    "heading",
    "soft",
    "soft_text",
    "state_chip",
    "took",
    "verdict_chips",
]

VERDICT = {
    VerdictStatus.FAIL: ("error", "✕", "failed"),
    VerdictStatus.INCONCLUSIVE: ("warning", "≈", "inconclusive"),
    VerdictStatus.NOT_MEASURED: ("note", "–", "not measured"),
    VerdictStatus.PASS: ("pass", "✓", "passed"),
}
SEVERITY = {Severity.ERROR: ("error", "✕", "error"), Severity.WARNING: ("warning", "▲", "warning"), Severity.NOTE: ("note", "●", "note")}
_STATE = {
    "running": ("note", "▶"),
    "complete": ("pass", "✓"),
    "partial": ("warning", "◐"),
    "failed": ("error", "✕"),
    "stopped": ("warning", "■"),
    "unreadable": ("error", "?"),
}


def chip(tone: str, sign: str, word: str) -> Markup:
    """Write a small label."""
    return fill('<span class="chip {tone}">{sign} {word}</span>', tone=tone, sign=sign, word=word)


def state_chip(state: RunState) -> Markup:
    """Write how far a run came."""
    return chip(*_STATE[state.state], state.state)


def verdict_chips(state: RunState) -> Markup:
    """Write how many checks failed, passed and so on."""
    if not state.verdicts:
        return fill('<span class="soft">{text}</span>', text="no checks" if state.measured else "–")
    return join(
        chip(tone, sign, f"{state.verdicts[status]} {word}") for status, (tone, sign, word) in VERDICT.items() if status in state.verdicts
    )


def findings_chips(state: RunState) -> Markup:
    """Write how many findings there are of each severity."""
    if not state.findings:
        return fill('<span class="soft">{text}</span>', text="none" if state.measured else "–")
    return join(
        chip(tone, sign, plural(state.findings[severity], word))
        for severity, (tone, sign, word) in SEVERITY.items()
        if severity in state.findings
    )


def coverage(state: RunState) -> str:
    """Say in a few words what was not examined."""
    words = [f"{count(state.lost)} of {count(state.lost + state.examined)}"] if state.lost else []
    words += [plural(state.files_lost, "file")] if state.files_lost else []
    words += [f"{plural(len(state.errors), 'audit')} failed"] if state.errors else []
    return ", ".join(words) or ("nothing" if state.measured else "–")


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Show named values in a line that wraps."""
    spans = (fill('<span><span class="soft">{name}</span> <b>{value}</b></span>', name=name, value=value) for name, value in pairs)
    put(fill('<div class="fm fm-strip">{spans}</div>', spans=join(spans)))


def soft(text: str) -> None:
    """Show a remark."""
    put(fill('<div class="fm">{text}</div>', text=soft_text(text)))


def soft_text(text: str) -> Markup:
    """Write words that stand back."""
    return fill('<span class="soft">{text}</span>', text=text)


def heading(state: RunState) -> None:
    """Show which run is looked at, in one line."""
    facts = [
        fill('<span class="mono">{run}</span> {chip}', run=state.id, chip=state_chip(state)),
        fill('<span class="soft">checks</span> {chips}', chips=verdict_chips(state)),
        fill('<span class="soft">not examined</span> <b>{text}</b>', text=coverage(state)),
        fill('<span class="soft">began</span> {when}', when=when(state.created)),
    ]
    put(fill('<div class="fm fm-strip">{facts}</div>', facts=join(fill("<span>{fact}</span>", fact=fact) for fact in facts)))


def empty(title: str, text: str, command: str = "") -> None:
    """Show why there is nothing to see, and what to do."""
    code = fill('<p class="mono">{command}</p>', command=command) if command else Markup("")
    put(fill('<div class="fm fm-empty"><h3>{title}</h3>{text}{code}</div>', title=title, text=text, code=code))


def took(state: RunState) -> str:
    """Say how long a run took, or nothing."""
    try:
        seconds = (datetime.datetime.fromisoformat(state.finished) - datetime.datetime.fromisoformat(state.created)).total_seconds()
    except (ValueError, TypeError):
        return "–"
    return duration(seconds) if seconds >= 0 else "–"
