"""Count letters and the scripts they belong to."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmaudit import kernels
from fmaudit_corpus_language.facts import script_table

__all__ = ["Scripts", "count_scripts", "enough_letters"]

Bytes = npt.NDArray[np.uint8]
_LATIN_SLOT = 0


class Scripts(NamedTuple):
    """Letters of each document and the number of its two commonest scripts in `facts.script_names` (0 where none)."""

    letters: npt.NDArray[np.int64]
    script: npt.NDArray[np.uint8]  # n x 2
    script_letters: npt.NDArray[np.int64]  # n x 2


def count_scripts(data: Bytes, offsets: npt.NDArray[np.int64]) -> Scripts:
    """Count each document's letters by script."""
    documents = len(offsets) - 1
    found = Scripts(np.zeros(documents, np.int64), np.zeros((documents, 2), np.uint8), np.zeros((documents, 2), np.int64))
    _count(data, offsets, script_table(), np.zeros(256, np.int64), found)
    return found


@kernels.compiled
def _count(data: Bytes, offsets: Any, table: Bytes, by_script: Any, found: Scripts) -> None:
    latin = table[97]
    for document in range(len(offsets) - 1):
        by_script[:] = 0
        at, stop, ascii_letters = offsets[document], offsets[document + 1], 0
        while at < stop:
            byte = data[at]
            if byte < 128:
                ascii_letters += 97 <= (byte | 32) <= 122
                at += 1
                continue
            point, width = kernels.decode(data, at)
            by_script[table[point]] += 1
            at += width
        by_script[0] = 0
        by_script[latin] += ascii_letters
        found.letters[document] = by_script.sum()
        _two_commonest(document, by_script, found)


@kernels.compiled
def _two_commonest(document: int, by_script: Any, found: Scripts) -> None:
    for script in range(1, 255):
        count = by_script[script]
        if count > found.script_letters[document, 0]:
            found.script[document, 1] = found.script[document, 0]
            found.script_letters[document, 1] = found.script_letters[document, 0]
            found.script[document, 0] = script
            found.script_letters[document, 0] = count
        elif count > found.script_letters[document, 1]:
            found.script[document, 1] = script
            found.script_letters[document, 1] = count


@kernels.compiled
def enough_letters(data: Bytes, begin: int, end: int, table: Bytes, minimum: int) -> bool:
    """Whether data[begin:end] holds at least `minimum` letters; stops counting there."""
    at, letters = begin, 0
    while at < end and letters < minimum:
        byte = data[at]
        if byte < 128:
            letters += 97 <= (byte | 32) <= 122
            at += 1
            continue
        point, width = kernels.decode(data, at)
        letters += table[point] > 0
        at += width
    return letters >= minimum
