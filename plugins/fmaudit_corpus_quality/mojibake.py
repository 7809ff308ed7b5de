"""Finds UTF-8 that was read as Windows-1252 or Latin-1, the kind of damage that turns `é` into `Ã©`.

A sequence is a character that stands for a UTF-8 lead byte (Â to ô) and as many that stand for continuation bytes (80 to
BF), and together they decode as UTF-8. Real text has such sequences too: French `É »`, Czech `Úž`, `café €5`. So a single
sequence counts only where its characters or its neighbours make it implausible as text; two in a row always count.
"""

from __future__ import annotations

import numpy as np

from fmaudit import kernels

__all__ = ["BYTES", "STRENGTH", "mojibake_run"]

inlined, decode = kernels.inlined, kernels.decode

# How a character that stands for a continuation byte behaves in real text behind a letter:
HARD = 1  # it does not stand there
SYMBOL = 2  # it may, rarely: a footnote mark, a sign
MARK = 3  # it often does: punctuation, quotes, no-break space
LETTER = 4  # it is a letter itself

_MARKS = "\u00a0«»–—‘’“”…•‹›"
_SYMBOLS = "¡¿§©®ªº²³¹µ°´·†‡™‚„\u00ad"
_LETTERS = "ŠŒŽšœž"


def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Map code points to the byte they stand for (0 for none) and to their behaviour."""
    bytes_, strength = np.zeros(0x2200, np.uint8), np.zeros(0x2200, np.uint8)
    for byte in range(0x80, 0xC0):
        for char in {chr(byte), bytes([byte]).decode("cp1252", "ignore")} - {""}:
            bytes_[ord(char)] = byte
            strength[ord(char)] = MARK if char in _MARKS else SYMBOL if char in _SYMBOLS else LETTER if char in _LETTERS else HARD
    return bytes_, strength


BYTES, STRENGTH = _tables()
_KNOWN = len(BYTES)


@inlined
def _is_lower(point):  # type: ignore[no-untyped-def]
    return 97 <= point <= 122 or (0xDF <= point <= 0xFF and point != 0xF7) or (0x100 <= point < 0x180 and point & 1 == 1)


@inlined
def _is_upper(point):  # type: ignore[no-untyped-def]
    return 65 <= point <= 90 or (0xC0 <= point <= 0xDE and point != 0xD7) or (0x100 <= point < 0x180 and point & 1 == 0)


@inlined
def _sequence(data, position, stop):  # type: ignore[no-untyped-def]
    """Read one sequence: its lead (0 for none), its bytes, and its first two continuation characters."""
    if data[position] != 0xC3:
        return 0, 0, 0, 0
    lead = 0xC0 + (data[position + 1] & 0x3F)
    if lead < 0xC2 or lead > 0xF0:
        return 0, 0, 0, 0
    more = 1 if lead < 0xE0 else 2 if lead < 0xF0 else 3
    at, first, second = position + 2, 0, 0
    for i in range(more):
        if at >= stop:
            return 0, 0, 0, 0
        point, width = decode(data, at)
        byte = BYTES[point] if point < _KNOWN else 0
        if byte == 0:
            return 0, 0, 0, 0
        if i == 0:
            first = point
            # overlong forms and surrogates are no UTF-8
            if (lead == 0xE0 and byte < 0xA0) or (lead == 0xED and byte > 0x9F) or (lead == 0xF0 and byte < 0x90):
                return 0, 0, 0, 0
        elif i == 1:
            second = point
        at += width
    return lead, at - position, first, second


@inlined
def _pair_is_damage(lead, first, previous, following):  # type: ignore[no-untyped-def]
    """Judge a lone sequence of two characters, whose lead is a capital letter, × or ß."""
    if lead == 0xD7 or lead == 0xDF:
        return False
    if _is_lower(previous):
        return True
    strength = STRENGTH[first]
    if _is_upper(previous):
        return strength == HARD and lead <= 0xC3
    if strength == HARD:
        return True
    if lead == 0xC2:
        return strength == SYMBOL or first == 0xA0 or first == 0xAB or first == 0xBB
    if lead == 0xC3 and (strength != MARK or first == 0xA0):  # `Ã` alone is no word, and `à` is one
        return True
    if first == 0xA0 or first == 0xAD or strength == LETTER or (strength == MARK and lead != 0xC3):
        return False
    return 97 <= following <= 122


@inlined
def _longer_is_damage(lead, first, second):  # type: ignore[no-untyped-def]
    """Judge a lone sequence of three or four characters, whose lead is a small letter."""
    if lead == 0xF0:
        return STRENGTH[first] == HARD
    if lead == 0xE2 and STRENGTH[first] != MARK:
        return True
    if lead == 0xEF and first == 0xBB and second == 0xBF:  # a byte order mark
        return True
    if lead == 0xE1 and (first == 0xBA or first == 0xBB) and STRENGTH[second] != MARK:  # most of Vietnamese
        return True
    return STRENGTH[first] == HARD or (STRENGTH[second] == HARD and STRENGTH[first] != MARK)


@inlined
def mojibake_run(data, position, stop, previous):  # type: ignore[no-untyped-def]
    """Read the run of sequences at a position: how many (0 where it is no damage), and their bytes and code points."""
    sequences, points, at = 0, 0, position
    lead, first, second = 0, 0, 0
    while at < stop:
        found, size, one, two = _sequence(data, at, stop)
        if found == 0:
            break
        lead, first, second = found, one, two
        sequences += 1
        points += 2 if found < 0xE0 else 3 if found < 0xF0 else 4
        at += size
    if sequences == 1:
        following = decode(data, at)[0] if at < stop else 0
        damaged = _pair_is_damage(lead, first, previous, following) if lead < 0xE0 else _longer_is_damage(lead, first, second)
        if not damaged:
            sequences = 0
    return sequences, at - position, points
