"""The frozen tables hold the rule sets' punctuation and agree with Python on the rest."""

from __future__ import annotations

import hashlib
import unicodedata

import numpy as np
import pytest

from fmaudit.text import tables


def digest(flag: int) -> str:
    points = np.flatnonzero(tables.code_point_flags() & flag)
    return hashlib.sha256("".join(map(chr, points)).encode()).hexdigest()[:16]


def test_the_punctuation_sets_are_the_published_ones() -> None:
    assert digest(tables.SYMBOL) == "add6d54a8847e51e"
    assert digest(tables.TERMINAL) == "223fdebf0f768738"


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="the tables are frozen at Unicode 14")
def test_the_rest_is_what_python_says() -> None:
    flags = tables.code_point_flags()
    for point in [*range(0x3100), *range(0xA000, 0xABFF), *range(0xF900, 0x11500), 0x20000, 0x10FFFF]:
        character = chr(point)
        assert bool(flags[point] & tables.LETTER) == character.isalpha()
        assert bool(flags[point] & tables.WHITESPACE) == character.isspace()
        assert bool(flags[point] & tables.DIGIT) == (unicodedata.category(character) == "Nd")
        assert bool(flags[point] & tables.PUNCTUATION_MARK) == unicodedata.category(character).startswith("P")


def test_sentence_marks_are_spacys() -> None:
    from spacy.pipeline import Sentencizer

    marks = {chr(point) for point in np.flatnonzero(tables.code_point_flags() & tables.SENTENCE_END)}
    assert marks == set(Sentencizer.default_punct_chars)
