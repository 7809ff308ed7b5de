"""Pieces of Markdown: text from corpora and models is escaped or fenced, so that it is never markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fmaudit.report.humane import count
from fmaudit.report.safe import clip

__all__ = ["bullets", "code", "cut", "fence", "table", "text"]

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&:@])")
_BLANKS = re.compile(r"[ \t\n\r\u00a0]+")  # str.split would take controls with them


def text(words: str) -> str:
    """Escape everything that could be markup, and keep it on one line."""
    return _MARKUP.sub(r"\\\1", clip(_BLANKS.sub(" ", words).strip(" "), 2000))


def code(words: str) -> str:
    """Write an inline code span that nothing inside can end."""
    shown = clip(words, 300)
    ticks = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith(("`", " ")) or shown.endswith(("`", " ")) else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fence(lines: str) -> str:
    """Fence text so that nothing inside ends it."""
    ticks = "`" * max(3, max((len(run) for run in re.findall("`+", lines)), default=0) + 1)
    return f"{ticks}text\n{lines}\n{ticks}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; every cell is text."""
    written = [f"| {' | '.join(line)} |" for line in ([text(cell) for cell in header], ["---"] * len(header))]
    return "\n".join([*written, *(f"| {' | '.join(text(cell) for cell in row)} |" for row in rows)])


def bullets(lines: Iterable[str]) -> str:
    """Write a list; its lines are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def cut(all_: int, shown: int, what: str) -> Iterator[str]:
    """Say how many more there are than are shown, if there are."""
    if all_ > shown:
        yield f"… and {count(all_ - shown)} more {what}."
