"""The compiled scan for encoding faults: one pass over the bytes, eight at a time while nothing is to be seen."""

from __future__ import annotations

from numba import uint64

from fmaudit import kernels
from fmaudit_corpus_quality.burmese import BURMESE_UNICODE, ZAWGYI, burmese_sign
from fmaudit_corpus_quality.mojibake import mojibake_run

__all__ = ["COUNTS", "KINDS", "scan_encoding"]

compiled, inlined, decode, load64 = kernels.compiled, kernels.inlined, kernels.decode, kernels.load64

# Columns of the counts, in the order of `columns.ENCODING_KINDS`, then two counts without a place.
REPLACEMENT, MOJIBAKE, CONTROL, PRIVATE, NONCHARACTER, BIDI, ZERO_WIDTH, ZAWGYI_ONLY = range(8)
KINDS = 8
BURMESE, UNICODE_ONLY = 8, 9
COUNTS = 10

_HIGH = uint64(0x8080808080808080)
_BLANKS = uint64(0x2020202020202020)
_ONES = uint64(0x0101010101010101)
_DELETES = uint64(0x7F7F7F7F7F7F7F7F)


@inlined
def _is_plain(word):  # type: ignore[no-untyped-def]
    """Tell whether eight bytes are all printable ASCII."""
    deleted = word ^ _DELETES
    marks = (word - _BLANKS) & ~word | (deleted - _ONES) & ~deleted | word
    return marks & _HIGH == uint64(0)


@inlined
def _kind(point):  # type: ignore[no-untyped-def]
    """Name the fault of a single code point that is not ASCII, -1 for none."""
    if point < 0xA0:
        return CONTROL
    if point < 0x180E:
        return -1
    if point == 0xFFFD:
        return REPLACEMENT
    if point == 0x180E or point == 0x200B or point == 0xFEFF or 0x2060 <= point <= 0x2064:
        return ZERO_WIDTH
    if 0x202A <= point <= 0x202E or 0x2066 <= point <= 0x2069:
        return BIDI
    if point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF:
        return NONCHARACTER
    if 0xE000 <= point <= 0xF8FF or point >= 0xF0000:
        return PRIVATE
    return -1


@inlined
def _note(counts, places, document, kind, amount, start, stop):  # type: ignore[no-untyped-def]
    if counts[document, kind] == 0:
        places[document, kind, 0], places[document, kind, 1] = start, stop
    counts[document, kind] += amount


@inlined
def _is_stray_control(byte):  # type: ignore[no-untyped-def]
    """ASCII controls but tab, line feed and carriage return."""
    return byte == 127 or (byte < 32 and byte != 9 and byte != 10 and byte != 13)


@inlined
def _myanmar(data, position, stop, previous, point, counts, places, document, characters):  # type: ignore[no-untyped-def]
    """Count a character of the Myanmar block and what it says of its encoding; `position` is behind it."""
    counts[document, BURMESE] += 1
    following = decode(data, position)[0] if position < stop else 0
    sign = burmese_sign(previous, point, following)
    if sign == ZAWGYI:
        _note(counts, places, document, ZAWGYI_ONLY, 1, characters, characters + 1)
    elif sign == BURMESE_UNICODE:
        counts[document, UNICODE_ONLY] += 1


@compiled
def scan_encoding(data, offsets, counts, places):  # type: ignore[no-untyped-def]
    """Fill `counts` (documents x COUNTS) and `places` (documents x KINDS x 2: first code point and the one behind the last)."""
    for document in range(len(offsets) - 1):
        position, stop = offsets[document], offsets[document + 1]
        characters, previous = 0, 0  # code points before this one, and the last of them
        while position < stop:
            if position + 8 <= stop and _is_plain(load64(data, position)):
                position += 8
                characters += 8
                previous = int(data[position - 1])
                continue
            lead = data[position]
            if lead < 0x80:
                if _is_stray_control(lead):
                    _note(counts, places, document, CONTROL, 1, characters, characters + 1)
                previous = int(lead)
                position += 1
                characters += 1
                continue
            if lead == 0xC3:
                sequences, size, points = mojibake_run(data, position, stop, previous)
                if sequences > 0:
                    _note(counts, places, document, MOJIBAKE, sequences, characters, characters + points)
                    position += size
                    characters += points
                    previous = 0
                    continue
            point, width = decode(data, position)
            if lead >= 0xE1 or lead == 0xC2:
                kind = _kind(point)
                if kind >= 0:
                    _note(counts, places, document, kind, 1, characters, characters + 1)
                elif 0x1000 <= point <= 0x109F:
                    _myanmar(data, position + width, stop, previous, point, counts, places, document, characters)
            previous = point
            position += width
            characters += 1
