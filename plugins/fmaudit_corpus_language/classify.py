"""Label every document and every line of a batch, as fastText's predict does.

Words come from the batch's chunks, whose vectors were summed once each. fastText ends a word at ASCII white space and NUL only, chunks
end at any white space; where the two disagree, and for words that mean something to fastText, the bytes are read again.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from fmaudit import kernels
from fmaudit_corpus_language.output_layer import best_two_leaves, best_two_outputs
from fmaudit_corpus_language.scripts import enough_letters
from fmaudit_corpus_language.words import Tables, is_label, is_line_end, is_space, sum_word

__all__ = ["Chunks", "Labels", "Lines", "Scratch", "classify", "make_labels", "make_scratch"]

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

NEWLINE: Final = 10
# Near fastText's floor of 1e-5 the search depends on its order, so a second label there would mean nothing.
LEAST_SECOND: Final = np.float32(np.log(1e-4))

# where the walk through a document stands
ADDED: Final = 0  # vectors in the line's sum
TOTAL: Final = 1  # vectors in the document's sum
CUT: Final = 2  # 1 after `</s>` in this line
CLOSED: Final = 3  # 1 after `</s>` in this document
BEGIN: Final = 4  # of the line
START: Final = 5  # of the document
STOP: Final = 6
STATE_SIZE: Final = 7


class Chunks(NamedTuple):
    """The chunks of a batch with what is known of each distinct one; `counts` is negative where the bytes must be read."""

    ids: npt.NDArray[np.int32]
    gaps: Bytes
    starts: Ints
    documents: Ints
    lengths: npt.NDArray[np.int32]
    sums: npt.NDArray[np.float32]
    counts: npt.NDArray[np.int32]


class Lines(NamedTuple):
    """Which lines have a language: enough letters, and a log score that is high enough."""

    letters: int
    score: float


class Labels(NamedTuple):
    """Two best labels of each document with log scores, and the two commonest labels of its lines; -1 means none.

    `features` counts the known words and n-grams; without one the label is only the model's habit. `lines` counts the lines with
    enough letters; one whose score is too low counts there only.
    """

    label: npt.NDArray[np.int32]  # n x 2, as all but `features` and `lines`
    score: npt.NDArray[np.float32]
    features: Ints
    lines: npt.NDArray[np.int32]
    line_label: npt.NDArray[np.int32]
    line_count: npt.NDArray[np.int32]


class Scratch(NamedTuple):
    """Buffers one worker reuses."""

    document: npt.NDArray[np.float32]
    line: npt.NDArray[np.float32]
    mean: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    stack: npt.NDArray[np.int32]
    stack_score: npt.NDArray[np.float32]
    found: npt.NDArray[np.int32]
    found_score: npt.NDArray[np.float32]
    by_label: npt.NDArray[np.int32]
    state: Ints


def make_labels(documents: int) -> Labels:
    """Make room for the labels of a batch."""
    pair = (documents, 2)
    nothing, zeros = np.full(pair, -1, np.int32), np.zeros(pair, np.int32)
    scores, features, lines = np.zeros(pair, np.float32), np.zeros(documents, np.int64), np.zeros(documents, np.int32)
    return Labels(nothing, scores, features, lines, nothing.copy(), zeros)


def make_scratch(tables: Tables) -> Scratch:
    """Make the buffers one worker reuses."""
    dim, outputs = tables.output_columns.shape
    labels, depth = outputs + (len(tables.left) > 0), 4 * outputs + 4
    return Scratch(
        document=np.zeros(dim, np.float32),
        line=np.zeros(dim, np.float32),
        mean=np.zeros(dim, np.float32),
        scores=np.zeros(outputs, np.float32),
        stack=np.zeros(depth, np.int32),
        stack_score=np.zeros(depth, np.float32),
        found=np.zeros(2, np.int32),
        found_score=np.zeros(2, np.float32),
        by_label=np.zeros(labels, np.int32),
        state=np.zeros(STATE_SIZE, np.int64),
    )


@kernels.compiled
def classify(
    data: Bytes, offsets: Ints, chunks: Chunks, tables: Tables, letters: Bytes, lines: Lines, scratch: Scratch, out: Labels
) -> None:
    """Label documents and their lines; `letters` is `facts.script_table`. A document of one line is its own only line."""
    state = scratch.state
    for document in range(len(offsets) - 1):
        scratch.document[:] = 0
        scratch.line[:] = 0
        scratch.by_label[:] = 0
        state[:] = 0
        state[BEGIN] = state[START] = offsets[document]
        state[STOP] = offsets[document + 1]
        at = _walk_chunks(data, document, chunks, tables, letters, lines, scratch, out)
        at = _read(data, at, state[STOP], document, tables, letters, lines, scratch, out)
        _end_line(data, at, document, tables, letters, lines, scratch, out)
        out.features[document] = state[TOTAL]
        _decide(scratch.document, state[TOTAL], tables, scratch)
        _store(data, document, letters, lines, scratch, out)


@kernels.compiled
def _walk_chunks(
    data: Bytes, document: int, chunks: Chunks, tables: Tables, letters: Bytes, lines: Lines, scratch: Scratch, out: Labels
) -> int:
    """Add the document's chunks to its lines; return the position behind the last one that was used."""
    state = scratch.state
    at, stop, last = int(state[START]), state[STOP], chunks.documents[document + 1]
    for chunk in range(chunks.documents[document], last):
        start = chunks.starts[chunk]
        if at < start:
            if chunks.gaps[chunk] == 1 and at == start - 1:
                at = start
            else:
                at = _read(data, at, start, document, tables, letters, lines, scratch, out)
        if at > start:
            continue
        number = chunks.ids[chunk]
        end = start + chunks.lengths[number]
        if chunks.counts[number] < 0 or (end < stop and not is_space(data[end])):
            at = _read(data, at, end, document, tables, letters, lines, scratch, out)
            continue
        if state[CUT] == 0:
            state[ADDED] += chunks.counts[number]
            _add(scratch.line, chunks.sums, number)
        at = end
    return at


@kernels.compiled
def _read(
    data: Bytes, at: int, until: int, document: int, tables: Tables, letters: Bytes, lines: Lines, scratch: Scratch, out: Labels
) -> int:
    """Read the words and line ends that begin in data[at:until] as fastText does; return where the last one ends."""
    state = scratch.state
    while at < until:
        if data[at] == NEWLINE:
            _end_line(data, at, document, tables, letters, lines, scratch, out)
            at += 1
        elif is_space(data[at]):
            at += 1
        else:
            word = at
            while at < state[STOP] and not is_space(data[at]):
                at += 1
            _read_word(data, word, at, tables, scratch)
    return at


@kernels.compiled
def _read_word(data: Bytes, start: int, stop: int, tables: Tables, scratch: Scratch) -> None:
    state = scratch.state
    if state[CUT] or is_label(data, start, stop):
        return
    if is_line_end(data, start, stop):
        state[CUT] = 1
        return
    state[ADDED] += sum_word(data, start, stop, tables, scratch.line)


@kernels.inlined
def _add(total: Any, rows: Any, row: int) -> None:
    for k in range(len(total)):
        total[k] += rows[row, k]


@kernels.compiled
def _end_line(data: Bytes, at: int, document: int, tables: Tables, letters: Bytes, lines: Lines, scratch: Scratch, out: Labels) -> None:
    """Close the line that ends at a position: label it, add it to the document."""
    state = scratch.state
    begin = state[BEGIN]
    if (begin > state[START] or at < state[STOP]) and enough_letters(data, begin, at, letters, lines.letters):
        _decide(scratch.line, state[ADDED], tables, scratch)
        _count_line(document, lines, scratch, out)
    if state[CLOSED] == 0:
        for k in range(len(scratch.line)):
            scratch.document[k] += scratch.line[k]
        state[TOTAL] += state[ADDED]
        state[CLOSED] = state[CUT]
    scratch.line[:] = 0
    state[ADDED] = state[CUT] = 0
    state[BEGIN] = at + 1


@kernels.compiled
def _decide(total: Any, added: int, tables: Tables, scratch: Scratch) -> None:
    """Find the two best labels of a sum of `added` vectors; the end of the line counts as a word of its own."""
    added += tables.line_end >= 0
    if added == 0:
        scratch.found[:] = -1
        return
    factor = np.float32(1.0 / added)
    for k in range(len(total)):
        value = total[k]
        if tables.line_end >= 0:
            value += tables.vectors[tables.line_end, k]
        scratch.mean[k] = value * factor
    if len(tables.left):
        best_two_leaves(
            scratch.mean,
            tables.output_columns,
            tables.left,
            tables.right,
            scratch.scores,
            scratch.stack,
            scratch.stack_score,
            scratch.found,
            scratch.found_score,
        )
    else:
        best_two_outputs(scratch.mean, tables.output_columns, scratch.scores, scratch.found, scratch.found_score)


@kernels.compiled
def _count_line(document: int, lines: Lines, scratch: Scratch, out: Labels) -> None:
    out.lines[document] += 1
    if scratch.found[0] >= 0 and scratch.found_score[0] >= lines.score:
        scratch.by_label[scratch.found[0]] += 1


@kernels.compiled
def _store(data: Bytes, document: int, letters: Bytes, lines: Lines, scratch: Scratch, out: Labels) -> None:
    """Write a document's labels and the two commonest labels of its lines."""
    if scratch.found_score[1] < LEAST_SECOND:
        scratch.found[1] = -1
    for rank in range(2):
        out.label[document, rank] = scratch.found[rank]
        out.score[document, rank] = scratch.found_score[rank]
    if out.lines[document] == 0:
        if not enough_letters(data, scratch.state[START], scratch.state[STOP], letters, lines.letters):
            return
        _count_line(document, lines, scratch, out)
    first, second = 0, 0
    for label in range(len(scratch.by_label)):
        count = scratch.by_label[label]
        if count > first:
            out.line_label[document, 1], out.line_count[document, 1] = out.line_label[document, 0], first
            out.line_label[document, 0], out.line_count[document, 0] = label, count
            first, second = count, first
        elif count > second:
            out.line_label[document, 1], out.line_count[document, 1] = label, count
            second = count
