"""What every code point is: one byte of flags each, frozen so that no newer Unicode changes a count."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "DIGIT",
    "LETTER",
    "PUNCTUATION_MARK",
    "SENTENCE_END",
    "SYMBOL",
    "TERMINAL",
    "WHITESPACE",
    "WORD",
    "code_point_flags",
    "expand_runs",
]

LETTER: Final = 1  # str.isalpha
SYMBOL: Final = 2  # the rule sets' punctuation set: a word made only of these is a symbol
TERMINAL: Final = 4  # the rule sets' terminal punctuation: ends a line properly
SENTENCE_END: Final = 8  # spaCy's sentencizer marks
PUNCTUATION_MARK: Final = 16  # Unicode category P*
DIGIT: Final = 32  # Unicode category Nd, what \d matches
WHITESPACE: Final = 64  # str.isspace
WORD: Final = 128  # what \w matches

CODE_POINTS: Final = 0x110000


def expand_runs(starts: npt.NDArray[np.int32], values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Unfold runs of equal values into one value per code point."""
    lengths = np.diff(starts, append=CODE_POINTS)
    return np.repeat(values, lengths)


@cache
def code_point_flags() -> npt.NDArray[np.uint8]:
    """Give the flags of every code point as one table, not to be written."""
    with files("fmaudit.text").joinpath("data/codepoints.npz").open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        return expand_runs(stored["starts"], stored["flags"]).astype(np.uint8)
