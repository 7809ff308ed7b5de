"""Lines with a citation like "[12]": C4 reads them without it, so their chunks and sentences are others."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fmaudit import Segments, TokenFeature, kernels, segment, text_layout, text_tables
from fmaudit_corpus_quality.kernels.flags import BRACKET, BREAKS_SPACY, BYTES, ENDS_OPEN, FLAGS, MERGED, STARTS_CLOSE, RuleFlags

__all__ = ["CitedLines", "cite", "find_refused"]

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

_LINE_BREAK = text_layout.LINE_BREAK
_DIGIT = text_tables.DIGIT
_MOST_TOKENS = 11  # of a special case that spaCy looks for among tokens
_EDIT, _ = kernels.join_bytes([b"[edit]"])
_NEEDED, _ = kernels.join_bytes([b"[citation needed]"])

decode, same_bytes = kernels.decode, kernels.same_bytes


@dataclass(frozen=True, slots=True, eq=False)
class CitedLines:
    """The lines that lost a citation, each as a document of `lines`.

    Those of document `d` are `document_lines[d]` to `document_lines[d + 1]`; `ordinals` says which of its lines they stand for.
    """

    lines: Segments
    ordinals: Longs
    document_lines: Longs


def cite(segments: Segments, flags: RuleFlags, pool: kernels.BufferPool) -> CitedLines:
    """Take the citations out of all lines that have one, and split what is left into chunks of the same vocabulary."""
    most_lines = len(segments.break_positions) + len(segments) + 1
    text = pool.take(int(segments.offsets[-1]) + 128, np.uint8)
    offsets = pool.take(most_lines + 1, np.int64)
    ordinals = pool.take(most_lines, np.int64)
    document_lines = np.zeros(len(segments) + 1, np.int64)
    count = _take_out(
        segments.data, segments.document_chunks, segments.document_breaks, segments.break_kinds, segments.break_chunks,
        segments.chunk_ids, segments.chunk_starts, flags.records, text_tables.code_point_flags(), text, offsets, ordinals, document_lines,
    )  # fmt: skip
    lines = segment(text, offsets[: count + 1], segments.vocabulary)
    return CitedLines(lines, ordinals[:count], document_lines)


@kernels.inlined
def _citation_end(data: Bytes, position: int, stop: int, flags: Bytes) -> int:
    """Give the end of the citation that begins at a bracket, the position itself where there is none."""
    end = position + 1
    while end < stop:
        point, width = decode(data, end)
        if not flags[point] & _DIGIT:
            break
        end += width
    if end < stop and data[end] == 0x5D:
        return end + 1
    if position + 6 <= stop and same_bytes(data, position, _EDIT, 0, 6):
        return position + 6
    if position + 17 <= stop and same_bytes(data, position, _NEEDED, 0, 17):
        return position + 17
    return position


@kernels.compiled
def _copy_without(data: Bytes, position: int, stop: int, flags: Bytes, text: Bytes, out: int) -> int:
    """Copy a line without its citations; gives the end of the copy."""
    while position < stop:
        if data[position] == 0x5B:
            end = _citation_end(data, position, stop, flags)
            if end > position:
                position = end
                continue
        text[out] = data[position]
        out += 1
        position += 1
    return out


@kernels.compiled
def _take_out(
    data: Bytes, document_chunks: Longs, document_breaks: Longs, break_kinds: Bytes, break_chunks: Longs, chunk_ids: Ints,
    chunk_starts: Longs, records: Ints, flags: Bytes, text: Bytes, offsets: Longs, ordinals: Longs, document_lines: Longs,
) -> int:  # fmt: skip
    """Write the lines that change; gives their number."""
    count = 0
    offsets[0] = 0
    for document in range(len(document_chunks) - 1):
        document_lines[document] = count
        chunk, stop = document_chunks[document], document_chunks[document + 1]
        event, last_event = document_breaks[document], document_breaks[document + 1]
        ordinal = 0
        line_end = chunk  # chunks up to here belong to lines that are done
        while chunk < stop:
            if not records[chunk_ids[chunk], FLAGS] & BRACKET:
                chunk += 1
                continue
            while True:
                line_begin = line_end
                while event < last_event and not break_kinds[event] & _LINE_BREAK:
                    event += 1
                line_end = break_chunks[event] if event < last_event else stop
                event += 1
                ordinal += 1
                if line_end > chunk:
                    break
            begin, last = chunk_starts[line_begin], line_end - 1
            end = chunk_starts[last] + records[chunk_ids[last], BYTES]
            written = _copy_without(data, begin, end, flags, text, offsets[count])
            if written - offsets[count] < end - begin:
                ordinals[count] = ordinal - 1
                count += 1
                offsets[count] = written
            chunk = line_end
    document_lines[len(document_chunks) - 1] = count
    return count


def find_refused(segments: Segments, cited: CitedLines, flags: RuleFlags, pool: kernels.BufferPool) -> npt.NDArray[np.uint8]:
    """Mark the documents whose tokens cannot be told chunk by chunk.

    These hold the token at which spaCy stops with an error, or neighbouring chunks that spaCy splits otherwise than each alone.
    """
    refused = np.zeros(len(segments), np.uint8)
    whole = np.arange(len(segments) + 1)
    for text, document_pieces in ((segments, whole), (cited.lines, cited.document_lines)):
        documents, chunks = (pool.take(len(text.chunk_ids), np.int64) for _ in range(2))
        count = _find_doubtful(
            text.document_chunks, document_pieces, text.chunk_ids, text.chunk_gaps, flags.records, refused, documents, chunks
        )
        for document, chunk in zip(documents[:count], chunks[:count], strict=True):
            if not refused[document] and TokenFeature.joins_across(_neighbourhood(text, int(chunk))):
                refused[document] = 1
    return refused


def _neighbourhood(text: Segments, chunk: int) -> list[bytes]:
    """Give a chunk with those around it that one plain space parts, as far as any special case reaches."""
    first = last = chunk
    piece = int(np.searchsorted(text.document_chunks, chunk, side="right")) - 1
    begin, end = int(text.document_chunks[piece]), int(text.document_chunks[piece + 1])
    while first > begin and text.chunk_gaps[first] and chunk - first < _MOST_TOKENS:
        first -= 1
    while last + 1 < end and text.chunk_gaps[last + 1] and last - chunk < _MOST_TOKENS:
        last += 1
    return [text.vocabulary.chunk(int(number)) for number in text.chunk_ids[first : last + 1]]


@kernels.compiled
def _find_doubtful(
    piece_chunks: Longs,
    document_pieces: Longs,
    chunk_ids: Ints,
    chunk_gaps: Bytes,
    records: Ints,
    refused: Bytes,
    documents: Longs,
    chunks: Longs,
) -> int:
    """List the chunks that a neighbour may change, by documents' pieces: the document itself, or its rewritten lines.

    Marks the documents with a token that stops spaCy.
    """
    count = 0
    for document in range(len(document_pieces) - 1):
        first, stop = piece_chunks[document_pieces[document]], piece_chunks[document_pieces[document + 1]]
        for chunk in range(first, stop):
            flags = records[chunk_ids[chunk], FLAGS]
            if flags & BREAKS_SPACY:
                refused[document] = 1
            if not flags & MERGED:
                continue
            before = records[chunk_ids[chunk - 1], FLAGS] if chunk > first and chunk_gaps[chunk] else 0
            after = records[chunk_ids[chunk + 1], FLAGS] if chunk + 1 < stop and chunk_gaps[chunk + 1] else 0
            if (flags & STARTS_CLOSE and before & ENDS_OPEN) or (flags & ENDS_OPEN and after & STARTS_CLOSE):
                documents[count], chunks[count] = document, chunk
                count += 1
    return count
