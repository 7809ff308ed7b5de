"""C4's line rules, with and without the rule on terminal punctuation, and the text they leave."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from fmaudit import Segments, kernels, text_layout
from fmaudit_corpus_quality.kernels.citations import CitedLines
from fmaudit_corpus_quality.kernels.flags import (
    BULLET,
    BYTES,
    CURLY,
    DOTS_END,
    ELLIPSIS_END,
    ENDS_COOKIE,
    ENDS_LOREM,
    ENDS_PRIVACY,
    ENDS_TERMS,
    ENDS_USE,
    ENDS_USES,
    FLAGS,
    IS_OF,
    JAVASCRIPT,
    LINE_END,
    LONG,
    OPENINGS_FRESH,
    OPENINGS_SEEN,
    STARTS_COOKIES,
    STARTS_IPSUM,
    STARTS_POLICY,
    STARTS_USE,
    STATE_FRESH,
    STATE_SEEN,
)

__all__ = ["C4_COLUMNS", "KeptLines", "count_c4", "write_cleaned"]

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

C4_COLUMNS: Final = (
    *("lines", "bullet_lines", "ellipsis_lines"),
    *("c4_blocker", "c4_sentences", "c4_lines"),
    *("c4nt_blocker", "c4nt_sentences", "c4nt_lines"),
)
_STRICT, _LENIENT = 3, 6  # columns where the two variants begin

LOREM_IPSUM: Final = 1
CURLY_BRACKET: Final = 2

_SKIP, _KEEP = -1, 0  # what becomes of a line that blocks nothing
_LINE_BREAK = text_layout.LINE_BREAK

KEPT_STRICT: Final = 1
KEPT_LENIENT: Final = 2


class KeptLines(NamedTuple):
    """The lines that either variant keeps: bytes `begins` to `ends` of the text, or of the rewritten lines where `cited` is 1.

    Those of document `d` are `document_lines[d]` to `document_lines[d + 1]`; `variants` has KEPT_STRICT and KEPT_LENIENT.
    """

    begins: Longs
    ends: Longs
    cited: Bytes
    variants: Bytes
    document_lines: Longs


class _Chunks(NamedTuple):
    """The chunks of a text, or of its rewritten lines."""

    ids: Ints
    gaps: Bytes
    starts: Longs


def count_c4(segments: Segments, cited: CitedLines, records: Ints, pool: kernels.BufferPool) -> tuple[Longs, KeptLines]:
    """Count the columns of C4_COLUMNS for each document, and list the lines that are kept."""
    out = np.zeros((len(segments), len(C4_COLUMNS)), np.int64)
    most = len(segments.break_positions) + len(segments) + 1
    kept = KeptLines(
        pool.take(most, np.int64), pool.take(most, np.int64), pool.take(most, np.uint8), pool.take(most, np.uint8),
        np.zeros(len(segments) + 1, np.int64),
    )  # fmt: skip
    lines = cited.lines
    _documents(
        segments.data, segments.offsets, segments.document_chunks, segments.document_breaks, segments.break_positions,
        segments.break_kinds, segments.break_chunks, _Chunks(segments.chunk_ids, segments.chunk_gaps, segments.chunk_starts),
        lines.data, lines.offsets, lines.last, lines.document_chunks, _Chunks(lines.chunk_ids, lines.chunk_gaps, lines.chunk_starts),
        cited.ordinals, cited.document_lines, records, kept, out,
    )  # fmt: skip
    return out, kept


@kernels.inlined
def _has_phrase(flags: int, before: int, earlier: int, plain_before: int) -> bool:
    """Find the end of a policy phrase at a chunk that one plain space parts from the one before."""
    if flags & STARTS_POLICY and before & (ENDS_PRIVACY | ENDS_COOKIE):
        return True
    if flags & STARTS_COOKIES and (before & (ENDS_USES | ENDS_USE) or (before & IS_OF and plain_before and earlier & ENDS_USE)):
        return True
    return flags & STARTS_USE != 0 and before & IS_OF != 0 and plain_before != 0 and earlier & ENDS_TERMS != 0


@kernels.compiled
def _judge(chunks: _Chunks, first: int, stop: int, tail: bool, records: Ints) -> tuple[int, int]:
    """Tell what becomes of a line of enough words, in C4's order, and how many sentences it has.

    `tail` is whether the line ends in white space other than one plain space, which is a token of its own.
    """
    script, curly, policy, lorem = False, False, False, False
    before, earlier, plain_before = 0, 0, 0
    openings, seen = 1, 0
    for chunk in range(first, stop):
        record = records[chunks.ids[chunk]]
        flags = record[FLAGS]
        plain = chunks.gaps[chunk] if chunk > first else 0
        if plain:
            lorem = lorem or (flags & STARTS_IPSUM != 0 and before & ENDS_LOREM != 0)
            policy = policy or _has_phrase(flags, before, earlier, plain_before)
        elif seen and chunk > first:
            openings += 1
            seen = 0
        script = script or flags & JAVASCRIPT != 0
        curly = curly or flags & CURLY != 0
        openings += record[OPENINGS_SEEN] if seen else record[OPENINGS_FRESH]
        seen = record[STATE_SEEN] if seen else record[STATE_FRESH]
        earlier, before, plain_before = before, flags, plain
    if tail and seen:
        openings += 1
    if lorem:
        return LOREM_IPSUM, 0
    if script:
        return _SKIP, 0
    if curly:
        return CURLY_BRACKET, 0
    return (_SKIP, 0) if policy else (_KEEP, openings)


@kernels.inlined
def _has_long_word(chunks: _Chunks, first: int, stop: int, records: Ints) -> bool:
    for chunk in range(first, stop):
        if records[chunks.ids[chunk], FLAGS] & LONG:
            return True
    return False


@kernels.inlined
def _ends_in_break(data: Bytes, begin: int, stop: int, event: int, first_event: int, break_positions: Longs, break_kinds: Bytes) -> bool:
    """Tell whether a text ends right behind its last break, so that no line follows it."""
    if event == first_event:
        return False
    last = break_positions[event - 1]
    return last + kernels.whitespace_length(data, last) == stop


@kernels.inlined
def _settle(row: Longs, variant: int, verdict: int, sentences: int) -> bool:
    """Note a line's fate in the columns of a variant; True where the line is kept."""
    if row[variant] != 0 or verdict == _SKIP:
        return False
    if verdict != _KEEP:
        row[variant], row[variant + 1], row[variant + 2] = verdict, 0, 0
        return False
    row[variant + 1] += sentences
    row[variant + 2] += 1
    return True


@kernels.compiled
def _documents(
    data: Bytes, offsets: Longs, document_chunks: Longs, document_breaks: Longs, break_positions: Longs, break_kinds: Bytes,
    break_chunks: Longs, chunks: _Chunks, cited_data: Bytes, cited_offsets: Longs, cited_last: Longs, cited_document_chunks: Longs,
    cited_chunks: _Chunks, ordinals: Longs, document_cited: Longs, records: Ints, kept: KeptLines, out: Longs,
) -> None:  # fmt: skip
    """Walk the lines of each document as str.splitlines gives them."""
    count = 0
    for document in range(len(offsets) - 1):
        kept.document_lines[document] = count
        row = out[document]
        event, last_event = document_breaks[document], document_breaks[document + 1]
        line_end = document_chunks[document]
        cited, last_cited = document_cited[document], document_cited[document + 1]
        ordinal = 0
        is_last = offsets[document + 1] == offsets[document]
        while not is_last:
            line_begin = line_end
            while event < last_event and not break_kinds[event] & _LINE_BREAK:
                event += 1
            if event < last_event:
                line_end = break_chunks[event]
                event += 1
            else:
                line_end = document_chunks[document + 1]
                is_last = True
                if _ends_in_break(
                    data, offsets[document], offsets[document + 1], event, document_breaks[document], break_positions, break_kinds
                ):
                    break
            row[0] += 1
            ordinal += 1
            is_cited = cited < last_cited and ordinals[cited] == ordinal - 1
            if line_end > line_begin:
                ending = records[chunks.ids[line_end - 1], FLAGS]
                row[1] += 1 if records[chunks.ids[line_begin], FLAGS] & BULLET else 0
                row[2] += 1 if ending & ELLIPSIS_END else 0
                done = row[_STRICT] != 0 and row[_LENIENT] != 0
                if not done and line_end - line_begin >= 3 and not _has_long_word(chunks, line_begin, line_end, records):
                    if is_cited:
                        first, stop = cited_document_chunks[cited], cited_document_chunks[cited + 1]
                        begin, end = cited_offsets[cited], cited_offsets[cited + 1]
                        trailing = end - cited_last[cited] if stop > first else end - begin
                        ending = records[cited_chunks.ids[stop - 1], FLAGS] if stop > first and trailing == 0 else 0
                        tail = trailing > 1 or (trailing == 1 and cited_data[end - 1] != 32)
                        verdict, sentences = _judge(cited_chunks, first, stop, tail, records)
                    else:
                        begin, last = chunks.starts[line_begin], line_end - 1
                        end = chunks.starts[last] + records[chunks.ids[last], BYTES]
                        verdict, sentences = _judge(chunks, line_begin, line_end, False, records)
                    variants = KEPT_LENIENT if _settle(row, _LENIENT, verdict, sentences) else 0
                    if ending & LINE_END and not ending & DOTS_END and _settle(row, _STRICT, verdict, sentences):
                        variants |= KEPT_STRICT
                    if variants:
                        kept.begins[count], kept.ends[count] = begin, end
                        kept.cited[count], kept.variants[count] = is_cited, variants
                        count += 1
            cited += 1 if is_cited else 0
    kept.document_lines[len(offsets) - 1] = count


def write_cleaned(
    segments: Segments, cited: CitedLines, kept: KeptLines, variant: int, wanted: Bytes, text: Bytes
) -> tuple[Longs, Longs, Longs]:
    """Write the cleaned texts of the wanted documents, one behind the other.

    Gives where each begins and ends in `text`, which has room for all documents and a byte for each, and its code points.
    """
    begins, ends, characters = (np.zeros(len(segments), np.int64) for _ in range(3))
    _write(segments.data, cited.lines.data, kept, variant, wanted, text, begins, ends, characters)
    return begins, ends, characters


@kernels.inlined
def _copy(source: Bytes, begin: int, end: int, text: Bytes, out: int) -> int:
    """Copy bytes eight at a time; gives how many of them continue a code point."""
    continued = np.uint64(0)
    position = begin
    while position < end:
        word = kernels.load64(source, position)
        kernels.store64(text, out, word)
        if end - position < 8:
            word = kernels.low_bytes(word, end - position)
        marks = (word & ~(word << np.uint64(1))) & np.uint64(0x8080808080808080)
        continued += ((marks >> np.uint64(7)) * np.uint64(0x0101010101010101)) >> np.uint64(56)
        position += 8
        out += 8
    return np.int64(continued)  # type: ignore[return-value]


@kernels.compiled
def _write(
    data: Bytes, cited_data: Bytes, kept: KeptLines, variant: int, wanted: Bytes, text: Bytes, begins: Longs, ends: Longs, characters: Longs
) -> None:
    out = 0
    for document in range(len(begins)):
        begin = out
        continued = 0
        first = True
        if wanted[document]:
            for line in range(kept.document_lines[document], kept.document_lines[document + 1]):
                if not kept.variants[line] & variant:
                    continue
                if not first:
                    text[out] = 10
                    out += 1
                first = False
                source = cited_data if kept.cited[line] else data
                continued += _copy(source, kept.begins[line], kept.ends[line], text, out)
                out += kept.ends[line] - kept.begins[line]
        end = out
        characters[document] = end - begin - continued
        while begin < end:
            width = kernels.whitespace_length(text, begin)
            if width == 0:
                break
            begin += width
            characters[document] -= 1
        while begin < end:
            last = end - 1
            while kernels.is_continuation(text[last]):
                last -= 1
            if kernels.whitespace_length(text, last) == 0:
                break
            end = last
            characters[document] -= 1
        begins[document], ends[document] = begin, end
