"""Reads a field of text as SMILES, the line notation of molecules: atoms, bonds, branches, rings that close."""

from __future__ import annotations

from numba import int64

from fmaudit import kernels

__all__ = ["is_digit", "is_letter", "smiles_marks"]

inlined = kernels.inlined

# what a token is: first those that are an atom, last those that must follow one
NOTHING, ATOM, CARBON, AROMATIC, BRACKET, BOND, MULTIPLE, RING, OPEN, CLOSE, DOT = range(11)


@inlined
def is_letter(byte):  # type: ignore[no-untyped-def]
    """Tell whether a byte is an ASCII letter."""
    return 65 <= byte <= 90 or 97 <= byte <= 122


@inlined
def is_digit(byte):  # type: ignore[no-untyped-def]
    """Tell whether a byte is an ASCII digit."""
    return 48 <= byte <= 57


@inlined
def _atom(data, position, stop):  # type: ignore[no-untyped-def]
    """Give the length of an organic-subset atom outside brackets (2 for Cl and Br), 0 where none stands, -1 for an aromatic one."""
    byte = data[position]
    if byte == 67 and position + 1 < stop and data[position + 1] == 108:
        return 2
    if byte == 66 and position + 1 < stop and data[position + 1] == 114:
        return 2
    if byte == 66 or byte == 67 or byte == 78 or byte == 79 or byte == 80 or byte == 83 or byte == 70 or byte == 73:
        return 1
    if byte == 98 or byte == 99 or byte == 110 or byte == 111 or byte == 112 or byte == 115:
        return -1
    return 0


@inlined
def _bracket_end(data, position, stop):  # type: ignore[no-untyped-def]
    """Find the end of a bracket atom such as [13CH3-] or [C@@H]; 0 where it is none."""
    letters = 0
    position += 1
    while position < stop and data[position] != 93:
        byte = data[position]
        if is_letter(byte):
            letters += 1
        elif not (is_digit(byte) or byte == 43 or byte == 45 or byte == 64 or byte == 58 or byte == 42):
            return 0
        position += 1
    return position + 1 if position < stop and 1 <= letters <= 5 else 0


@inlined
def _ring_number(data, position, stop):  # type: ignore[no-untyped-def]
    """Read the number of a ring, a digit or % with two; -1 where it is none."""
    if data[position] != 37:
        return int64(data[position]) - 48
    if position + 3 > stop or not (is_digit(data[position + 1]) and is_digit(data[position + 2])):
        return int64(-1)
    return (int64(data[position + 1]) - 48) * 10 + int64(data[position + 2]) - 48


@inlined
def _token(data, position, stop):  # type: ignore[no-untyped-def]
    """Tell what stands at a position and where it ends; NOTHING where it is no SMILES."""
    byte = data[position]
    length = _atom(data, position, stop)
    if length < 0:
        return AROMATIC, position + 1
    if length > 0:
        return (CARBON if length == 1 and byte == 67 else ATOM), position + length
    if byte == 91:
        end = _bracket_end(data, position, stop)
        return (BRACKET if end > 0 else NOTHING), end
    if is_digit(byte) or byte == 37:
        return (RING if _ring_number(data, position, stop) >= 0 else NOTHING), position + (3 if byte == 37 else 1)
    kind = NOTHING
    if byte == 40:
        kind = OPEN
    elif byte == 41:
        kind = CLOSE
    elif byte == 46:
        kind = DOT
    elif byte == 61 or byte == 35:
        kind = MULTIPLE
    elif byte == 45 or byte == 47 or byte == 92 or byte == 58:
        kind = BOND
    return kind, position + 1


@inlined
def smiles_marks(data, start, stop):  # type: ignore[no-untyped-def]
    """Read a field as SMILES: -1 where it is none, else how many marks of structure it has."""
    marks, depth, rings, aromatic, ringed = 0, 0, int64(0), 0, 0
    after_atom, before = False, NOTHING
    position = start
    while position < stop:
        kind, end = _token(data, position, stop)
        if kind == NOTHING or (kind >= RING and not after_atom):
            return -1
        if kind == RING:
            number = _ring_number(data, position, stop)
            if number < 63:
                rings ^= int64(1) << number
        elif kind == OPEN:
            depth += 1
        elif kind == CLOSE:
            depth -= 1
            if depth < 0:
                return -1
        elif (kind == BOND or kind == MULTIPLE) and (end == stop or data[end] == 41):
            return -1
        if kind == BRACKET or kind == RING or kind == OPEN or kind == MULTIPLE or (kind == CARBON and before == CARBON):
            marks += 1
        if kind == BRACKET or kind == RING:
            ringed += 1
        elif kind == AROMATIC:
            aromatic += 1
        after_atom = kind <= BRACKET or (after_atom and kind != OPEN and kind != DOT)
        before, position = kind, end
    if depth != 0 or rings != 0 or not after_atom or (aromatic > 0 and ringed == 0):
        return -1
    return marks
