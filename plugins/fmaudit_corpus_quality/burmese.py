"""Tells Zawgyi from Unicode by what only one of the two encodings of Burmese can write.

Zawgyi puts a syllable's characters in the order they are drawn and uses the code points of Unicode's signs for others:

    code point   Unicode                          Zawgyi
    U+1031       vowel e, behind its consonant    vowel e, before its consonant
    U+1039       stacks the next consonant        kills the vowel (what U+103A is in Unicode)
    U+103A       kills the vowel                  medial ya
    U+103B       medial ya, behind a consonant    medial ra, before its consonant

So some neighbours occur in one of them only. Zawgyi also draws stacked consonants with U+1060 to U+1097, but these are
letters of Shan, Mon and Karen in Unicode and say nothing.
"""

from __future__ import annotations

from fmaudit import kernels

__all__ = ["BURMESE_UNICODE", "ZAWGYI", "burmese_sign"]

inlined = kernels.inlined

ZAWGYI = 1
BURMESE_UNICODE = 2


@inlined
def _is_consonant(point):  # type: ignore[no-untyped-def]
    """Consonants and the independent vowels that carry signs, of Burmese, Mon, Karen and Shan."""
    return (
        0x1000 <= point <= 0x102A
        or point == 0x103F
        or point == 0x104E
        or 0x1050 <= point <= 0x1051
        or 0x105A <= point <= 0x105D
        or point == 0x1061
        or 0x1065 <= point <= 0x1066
        or 0x106E <= point <= 0x1070
        or 0x1075 <= point <= 0x1081
        or point == 0x108E
    )


@inlined
def _is_medial(point):  # type: ignore[no-untyped-def]
    return 0x103B <= point <= 0x103E or 0x105E <= point <= 0x1060 or point == 0x1082


@inlined
def _is_vowel_sign(point):  # type: ignore[no-untyped-def]
    """The dependent vowels of Burmese without e."""
    return 0x102B <= point <= 0x1030 or point == 0x1032


@inlined
def burmese_sign(previous, point, following):  # type: ignore[no-untyped-def]
    """Judge a character of the Myanmar block by its neighbours: ZAWGYI, BURMESE_UNICODE or 0."""
    if point == 0x1031:
        if not (_is_consonant(previous) or _is_medial(previous) or previous == 0x1039 or previous == 0x200C):
            return ZAWGYI
        # In Zawgyi a consonant, or medial ra and a consonant, must follow.
        if 0x102B <= following <= 0x102C or 0x1037 <= following <= 0x1038 or not 0x1000 <= following <= 0x109F:
            return BURMESE_UNICODE
    elif point == 0x1039:
        if not _is_consonant(following):
            return ZAWGYI
        if previous == 0x103A:  # kinzi
            return BURMESE_UNICODE
    elif point == 0x103A:
        if _is_vowel_sign(following) and 0x1000 <= previous <= 0x1021:
            return ZAWGYI
        if 0x102B <= previous <= 0x102C or following == 0x1037 or following == 0x1038:
            return BURMESE_UNICODE
    elif point == 0x103B and not (_is_consonant(previous) or _is_medial(previous) or previous == 0x103A):
        return ZAWGYI
    return 0
