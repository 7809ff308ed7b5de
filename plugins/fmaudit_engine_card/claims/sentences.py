"""Cuts prose and Markdown into sentences with their offsets; code, addresses and comments are left out, tables are read cell by cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Sentence", "sentences"]

LONGEST = 1500  # characters
_HIDDEN = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|<!--.*?(?:-->|\Z)|https?://\S+|`[^`\n]*`", re.S)
_ITEM = r"\n(?=[ \t]*(?:[-*+•]|\d+[.)])[ \t])"
_BLOCK = re.compile(rf"\n[ \t]*\n|{_ITEM}|\n(?=[ \t]*#)|(?<=\n)(?=[ \t]*\|)|\n(?=[ \t]*>)")
_END = re.compile(r"(?<=[.!?])[\"”’')\]]*\s+(?=[\"“‘'(\[_]*[A-Z0-9~$])|;\s+")
# the line break behind a heading: of a line that is marked, bold as a whole, or underlined
_HEADING = re.compile(
    r"^[ \t]*#{1,6}[ \t][^\n]*(\n)|^[ \t]*(?:\*\*|__)[^*_\n]+(?:\*\*|__):?[ \t]*(\n)"
    r"|^[ \t]*[^\s=-][^\n]*(\n[ \t]*(?:={3,}|-{3,})[ \t]*(?:\n|\Z))",
    re.M,
)
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|cf|vs|approx|ca|c|al|Fig|fig|Eq|eq|Sec|No|Dr|Mr|Ms|St|etc|resp|v)\.|\b[A-Z]\.)$")
_TABLE = re.compile(r"^[ \t]*\|.*\|[ \t]*\n[ \t]*\|[\s|:\-]+\|[ \t]*\n(?:[ \t]*\|.*(?:\n|\Z))*", re.M)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: its text in one line, where it begins, and the number of its paragraph.

    Of a table's cell the text begins with the row's label and the column's header, `lead` characters that are not claimed; `start` is moved
    forward by them, so that offsets of the cell itself hold.
    """

    text: str
    start: int
    paragraph: int
    lead: int = 0


def sentences(text: str) -> Iterator[Sentence]:
    """Cut a text; offsets hold, because hidden parts and line breaks become as many spaces."""
    clean = _HIDDEN.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)
    paragraph = 0
    at = 0
    for table in [*_TABLE.finditer(clean), None]:
        end = table.start() if table else len(clean)
        for start, block in _blocks(clean[at:end]):
            paragraph += 1
            yield from _cut(block, at + start, paragraph)
        if table:
            for cell in _cells(table.group(0), table.start()):
                paragraph += 1
                yield Sentence(cell.text, cell.start, paragraph, cell.lead)
            at = table.end()


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for border in [*_BLOCK.finditer(text), None]:
        end = border.start() if border else len(text)
        yield at, text[at:end]
        at = border.end() if border else end


def _cut(block: str, offset: int, paragraph: int) -> Iterator[Sentence]:
    line = re.sub(r"[\n\t*]", " ", block)
    if not any(letter.isalnum() for letter in line):
        return
    at = 0
    for stop, following in [*_ends(block, line), (len(line), len(line))]:
        piece = line[at:stop]
        lead = len(piece) - len(piece.lstrip(" #>|-+•"))
        if piece.strip():
            yield from _short(Sentence(piece[lead:].rstrip(" |"), offset + at + lead, paragraph))
        at = following


def _ends(block: str, line: str) -> list[tuple[int, int]]:
    """Return where sentences and headings end, and where the next begins."""
    found = [match.span() for match in _END.finditer(line) if not _ABBREVIATED.search(line[max(0, match.start() - 8) : match.start()])]
    found += [match.span(match.lastindex or 0) for match in _HEADING.finditer(block)]
    ends: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if not ends or start >= ends[-1][1]:
            ends.append((start, end))
    return ends


def _short(sentence: Sentence) -> Iterator[Sentence]:
    """Cut what is too long for a sentence (a log, data in one line), so that work grows with the length of the text alone."""
    text, at = sentence.text, 0
    while len(text) - at > LONGEST:
        space = text.rfind(" ", at + 1, at + LONGEST)
        stop = space if space > at else at + LONGEST
        yield Sentence(text[at:stop], sentence.start + at, sentence.paragraph)
        at = stop
    yield Sentence(text[at:], sentence.start + at, sentence.paragraph)


def _cells(table: str, offset: int) -> Iterator[Sentence]:
    """Read every cell of a table as its row's label, its column's header and its own text."""
    lines = table.split("\n")
    headers = [cell.strip(" *") for _, cell in _row(lines[0])]
    at = offset + len(lines[0]) + len(lines[1]) + 2
    for line in lines[2:]:
        cells = _row(line)
        label = cells[0][1].strip(" *") if cells else ""
        for column, (start, cell) in enumerate(cells):
            header = headers[column] if column < len(headers) else ""
            lead = f"{label}, {header}: " if column else f"{header}: "
            yield Sentence(lead + re.sub(r"[*]", " ", cell)[:LONGEST], at + start - len(lead), 0, len(lead))
        at += len(line) + 1


def _row(line: str) -> list[tuple[int, str]]:
    """Return the cells of a row with their offsets in it."""
    found = [(match.start(1), match.group(1)) for match in re.finditer(r"\|((?:\\\||[^|])*)(?=\|)", line)]
    return [(start + len(cell) - len(cell.lstrip()), cell.strip()) for start, cell in found]
