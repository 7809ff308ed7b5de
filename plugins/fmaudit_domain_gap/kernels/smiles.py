"""Reads a field of text as SMILES, the line notation of molecules: atoms, bonds, branches, rings that close."""

from __future__ import annotations

from numba import int64

from fmaudit import kernels

__all__ = ["is_digit", "is_letter", "smiles_marks"]

inlined = kernels.inlined


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
def smiles_marks(data, start, stop):  # type: ignore[no-untyped-def]
    """Read a field as SMILES: -1 where it is none, else how many marks of structure it has."""
    marks, depth, rings, aromatic, ringed = 0, 0, int64(0), 0, 0
    after_atom = False
    carbon = False
    position = start
    while position < stop:
        byte = data[position]
        length = _atom(data, position, stop)
        if length != 0:
            if length < 0:
                aromatic += 1
                length = 1
            is_carbon = length == 1 and byte == 67
            if is_carbon and carbon:
                marks += 1
            carbon = is_carbon
            after_atom = True
            position += length
            continue
        carbon = False
        if byte == 91:
            end = _bracket_end(data, position, stop)
            if end == 0:
                return -1
            marks += 1
            ringed += 1
            after_atom = True
            position = end
        elif is_digit(byte) or byte == 37:
            number = _ring_number(data, position, stop)
            if not after_atom or number < 0:
                return -1
            width = 1 if byte != 37 else 3
            if number < 63:
                rings ^= int64(1) << number
            marks += 1
            ringed += 1
            position += width
        elif byte == 40:
            if not after_atom:
                return -1
            depth += 1
            marks += 1
            after_atom = False
            position += 1
        elif byte == 41:
            depth -= 1
            if depth < 0 or not after_atom:
                return -1
            position += 1
        elif byte == 61 or byte == 35 or byte == 45 or byte == 47 or byte == 92 or byte == 58:
            if byte == 61 or byte == 35:
                marks += 1
            position += 1
            if position == stop or data[position] == 41:
                return -1
        elif byte == 46:
            if not after_atom:
                return -1
            after_atom = False
            position += 1
        else:
            return -1
    if depth != 0 or rings != 0 or not after_atom or (aromatic > 0 and ringed == 0):
        return -1
    return marks
