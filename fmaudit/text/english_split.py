"""Put the pieces of spaCy's English tokenizer together: affixes outside in, then what is left, then matches among the tokens."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from fmaudit.text.english_kernels import (
    MATCH_FIRST,
    MATCH_LAST,
    EnglishTables,
    infix_length,
    is_url,
    prefix_length,
    suffix_length,
)
from fmaudit.text.kernels import Bytes, compiled, decode, inlined
from fmaudit.text.layout import ENDS_OPEN, MERGED, STARTS_CLOSE
from fmaudit.text.strings import lookup

__all__ = ["Scratch", "make_scratch", "split_chunk"]

Ints = npt.NDArray[np.int32]

_MOST_FOUND: Final = 64


class Scratch(NamedTuple):
    """Room for one chunk: code points, their byte positions, tokens, suffixes, and matches among tokens."""

    points: Ints
    bounds: Ints
    tokens: Ints
    suffixes: Ints
    found: Ints


def make_scratch(longest: int) -> Scratch:
    """Make room for chunks of up to `longest` bytes."""
    room = longest + 16
    return Scratch(*(np.empty(room, np.int32) for _ in range(4)), np.empty(3 * _MOST_FOUND, np.int32))


@inlined
def _special(tables: EnglishTables, data: Bytes, start: int, bounds: Ints, a: int, z: int) -> int:
    return lookup(tables.specials, data, start + bounds[a], bounds[z] - bounds[a])


@compiled
def _split_affixes(tables: EnglishTables, data: Bytes, start: int, scratch: Scratch, count: int) -> tuple[int, int, int, int, int]:
    """Split prefixes and suffixes; gives the tokens and suffixes so far, the string left and its special case or -1."""
    points, bounds = scratch.points, scratch.bounds
    a, z, tokens, suffixes = 0, count, 0, 0
    special = -1
    while a < z:
        special = _special(tables, data, start, bounds, a, z)
        if special >= 0:
            break
        prefix = prefix_length(points, a, z, tables.classes)
        if prefix and a + prefix < z:
            special = _special(tables, data, start, bounds, a + prefix, z)
            if special >= 0:
                scratch.tokens[tokens] = prefix
                return tokens + 1, suffixes, a + prefix, z, special
        suffix = suffix_length(points, a + prefix, z, tables, data, start, bounds)
        if suffix and z - suffix > a:
            special = _special(tables, data, start, bounds, a, z - suffix)
            if special >= 0:
                scratch.suffixes[suffixes] = suffix
                return tokens, suffixes + 1, a, z - suffix, special
        if not prefix and not suffix:
            break
        if prefix:
            scratch.tokens[tokens] = prefix
            tokens += 1
            a += prefix
        if suffix:
            scratch.suffixes[suffixes] = suffix
            suffixes += 1
            z -= suffix
    return tokens, suffixes, a, z, special


@inlined
def _split_infixes(tables: EnglishTables, scratch: Scratch, a: int, z: int, tokens: int) -> int:
    """Split what is neither special nor a URL at its infixes; gives the tokens so far."""
    begin = a
    i = a
    while i < z:
        length = infix_length(scratch.points, i, a, z, tables.classes)
        if length == 0:
            i += 1
            continue
        if i > a:
            if i > begin:
                scratch.tokens[tokens] = i - begin
                tokens += 1
            scratch.tokens[tokens] = length
            tokens += 1
            begin = i + length
        i += length
    if begin < z:
        scratch.tokens[tokens] = z - begin
        tokens += 1
    return tokens


@inlined
def _is_match(tables: EnglishTables, special: int, tokens: Ints, first: int, last: int) -> bool:
    """Tell whether spaCy would find this special case at exactly these tokens."""
    begin = tables.match_offsets[special]
    if tables.match_offsets[special + 1] - begin != last - first:
        return False
    for i in range(last - first):
        if tables.matches[begin + i] != tokens[first + i]:
            return False
    return True


@compiled
def _find_matches(tables: EnglishTables, data: Bytes, start: int, scratch: Scratch, tokens: int) -> int:
    """List the special cases that consist of neighbouring tokens: first token, last token + 1, number; -1 for too many."""
    bounds, classes, points = scratch.bounds, tables.classes, scratch.points
    found = 0
    begin = 0
    for first in range(tokens - 1):
        if classes[points[begin]] & MATCH_FIRST:
            end = begin + scratch.tokens[first]
            for last in range(first + 1, tokens):
                end += scratch.tokens[last]
                if bounds[end] - bounds[begin] > tables.most_matched:
                    break
                if classes[points[end - 1]] & MATCH_LAST:
                    special = _special(tables, data, start, bounds, begin, end)
                    if special >= 0 and _is_match(tables, special, scratch.tokens, first, last + 1):
                        if found == _MOST_FOUND:
                            return -1
                        scratch.found[3 * found], scratch.found[3 * found + 1] = first, last + 1
                        scratch.found[3 * found + 2] = special
                        found += 1
        begin += scratch.tokens[first]
    return found


@compiled
def _select_matches(scratch: Scratch, found: int) -> None:
    """Keep the longest matches, of equals the first; a match that is passed over still hides what it covers."""
    matches = scratch.found
    for _ in range(found):
        best = -1
        for i in range(found):
            special = matches[3 * i + 2]
            # numbers below zero are settled: -1 passed over, -2 - number chosen
            if special >= 0:
                width = matches[3 * i + 1] - matches[3 * i]
                if best < 0 or width > matches[3 * best + 1] - matches[3 * best]:
                    best = i
        first, last = matches[3 * best], matches[3 * best + 1]
        hidden = False
        for i in range(found):
            begin, end = matches[3 * i], matches[3 * i + 1]
            if matches[3 * i + 2] < 0 and (begin <= first < end or begin < last <= end):
                hidden = True
        matches[3 * best + 2] = -1 if hidden else -2 - matches[3 * best + 2]


@compiled
def _apply_matches(tables: EnglishTables, scratch: Scratch, found: int, tokens: int) -> tuple[int, bool]:
    """Put the special cases' own tokens in place of the tokens they were found at; tells whether that changed any."""
    old = scratch.suffixes
    changed = False
    for i in range(tokens):
        old[i] = scratch.tokens[i]
    out = 0
    i = 0
    while i < tokens:
        chosen = -1
        for j in range(found):
            if scratch.found[3 * j] == i and scratch.found[3 * j + 2] < -1:
                chosen = j
        if chosen < 0:
            scratch.tokens[out] = old[i]
            out += 1
            i += 1
            continue
        special = -2 - scratch.found[3 * chosen + 2]
        kept = tables.part_offsets[special + 1] - tables.part_offsets[special] == scratch.found[3 * chosen + 1] - i
        for part in range(tables.part_offsets[special], tables.part_offsets[special + 1]):
            kept = kept and tables.parts[part] == old[i + part - tables.part_offsets[special]]
            scratch.tokens[out] = tables.parts[part]
            out += 1
        changed = changed or not kept
        i = scratch.found[3 * chosen + 1]
    return out, changed


@inlined
def _edges(tables: EnglishTables, data: Bytes, start: int, scratch: Scratch, tokens: int, count: int) -> int:
    """Tell whether the outer tokens may belong to a special case that goes on in a neighbouring chunk."""
    bounds = scratch.bounds
    told = 0
    if lookup(tables.closers, data, start, bounds[scratch.tokens[0]]) >= 0:
        told |= STARTS_CLOSE
    last = count - scratch.tokens[tokens - 1]
    if lookup(tables.openers, data, start + bounds[last], bounds[count] - bounds[last]) >= 0:
        told |= ENDS_OPEN
    return told


@compiled
def split_chunk(tables: EnglishTables, data: Bytes, start: int, length: int, scratch: Scratch) -> tuple[int, int]:
    """Write the lengths of a chunk's tokens to `scratch.tokens`; gives their number, 0 for "ask spaCy", and what there is to tell."""
    points, bounds = scratch.points, scratch.bounds
    count = 0
    position = start
    while position < start + length:
        point, width = decode(data, position)
        points[count] = point
        bounds[count] = position - start
        count += 1
        position += width
    bounds[count] = length
    tokens, suffixes, a, z, special = _split_affixes(tables, data, start, scratch, count)
    if a < z:
        if special >= 0:
            for part in range(tables.part_offsets[special], tables.part_offsets[special + 1]):
                scratch.tokens[tokens] = tables.parts[part]
                tokens += 1
        elif is_url(points, a, z, tables.classes, scratch.found):
            scratch.tokens[tokens] = z - a
            tokens += 1
        else:
            tokens = _split_infixes(tables, scratch, a, z, tokens)
    for i in range(suffixes - 1, -1, -1):
        scratch.tokens[tokens] = scratch.suffixes[i]
        tokens += 1
    told = _edges(tables, data, start, scratch, tokens, count)
    if tokens > 1:
        found = _find_matches(tables, data, start, scratch, tokens)
        if found < 0:
            return 0, told
        if found:
            _select_matches(scratch, found)
            tokens, changed = _apply_matches(tables, scratch, found, tokens)
            told |= MERGED if changed else 0
    return tokens, told
