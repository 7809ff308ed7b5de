"""Put the pieces of spaCy's English tokenizer together: affixes outside in, then what is left, then matches among the tokens."""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from fmaudit.text.english_kernels import (
    CLOSERS,
    MATCH_FIRST,
    MATCH_LAST,
    MATCH_OFFSETS,
    MATCHES,
    MAY_SPLIT,
    MOST_MATCHED,
    OPENERS,
    PART_OFFSETS,
    PARTS,
    SPECIALS,
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
Classes = npt.NDArray[np.uint16]

_MOST_FOUND: Final = 64


class Scratch(NamedTuple):
    """Room for one chunk: code points, their byte positions, tokens, suffixes, and matches among tokens."""

    points: Ints
    bounds: Ints
    tokens: Ints
    back: Ints
    found: Ints


def make_scratch(longest: int) -> Scratch:
    """Make room for chunks of up to `longest` bytes."""
    room = longest + 16
    points, bounds, tokens, back = (np.empty(room, np.int32) for _ in range(4))
    return Scratch(points, bounds, tokens, back, np.empty(3 * _MOST_FOUND, np.int32))


@inlined
def _special(numbers: Ints, text: Bytes, data: Bytes, start: int, bounds: Ints, a: int, z: int) -> int:
    """Give the number of the special case that a string is, -1 for none."""
    return lookup(numbers, text, SPECIALS, data, start + bounds[a], bounds[z] - bounds[a])


@inlined
def _split_affixes(
    classes: Classes, numbers: Ints, text: Bytes, data: Bytes, start: int, count: int, points: Ints, bounds: Ints, tokens: Ints, back: Ints
) -> tuple[int, int, int, int, int]:
    """Split prefixes to `tokens` and suffixes to `back`; gives how many of each, the string left and its special case or -1."""
    a, z, prefixes, suffixes = 0, count, 0, 0
    special = -1
    while a < z:
        special = _special(numbers, text, data, start, bounds, a, z)
        if special >= 0:
            break
        prefix = prefix_length(points, a, z, classes)
        if prefix and a + prefix < z:
            special = _special(numbers, text, data, start, bounds, a + prefix, z)
            if special >= 0:
                tokens[prefixes] = prefix
                return prefixes + 1, suffixes, a + prefix, z, special
        suffix = suffix_length(points, a + prefix, z, classes, numbers, text, data, start, bounds)
        if suffix and z - suffix > a:
            special = _special(numbers, text, data, start, bounds, a, z - suffix)
            if special >= 0:
                back[suffixes] = suffix
                return prefixes, suffixes + 1, a, z - suffix, special
        if not prefix and not suffix:
            break
        if prefix:
            tokens[prefixes] = prefix
            prefixes += 1
            a += prefix
        if suffix:
            back[suffixes] = suffix
            suffixes += 1
            z -= suffix
    return prefixes, suffixes, a, z, special


@inlined
def _split_infixes(points: Ints, classes: Classes, a: int, z: int, tokens: Ints, count: int) -> int:
    """Split what is neither special nor a URL at its infixes; gives the tokens so far."""
    begin = a
    i = a
    while i < z:
        length = infix_length(points, i, a, z, classes) if classes[points[i]] & MAY_SPLIT else 0
        if length == 0:
            i += 1
            continue
        if i > a:
            if i > begin:
                tokens[count] = i - begin
                count += 1
            tokens[count] = length
            count += 1
            begin = i + length
        i += length
    if begin < z:
        tokens[count] = z - begin
        count += 1
    return count


@inlined
def _copy_parts(numbers: Ints, special: int, tokens: Ints, count: int) -> int:
    """Write the lengths of a special case's own tokens; gives the tokens so far."""
    entry = numbers[PART_OFFSETS] + special
    for part in range(numbers[entry], numbers[entry + 1]):
        tokens[count] = numbers[numbers[PARTS] + part]
        count += 1
    return count


@inlined
def _is_match(numbers: Ints, special: int, tokens: Ints, first: int, last: int) -> bool:
    """Tell whether spaCy would find this special case at exactly these tokens."""
    entry = numbers[MATCH_OFFSETS] + special
    begin = numbers[entry]
    if numbers[entry + 1] - begin != last - first:
        return False
    for i in range(last - first):
        if numbers[numbers[MATCHES] + begin + i] != tokens[first + i]:
            return False
    return True


@compiled
def _find_matches(
    classes: Classes, numbers: Ints, text: Bytes, data: Bytes, start: int, points: Ints, bounds: Ints, tokens: Ints, count: int, found: Ints
) -> int:
    """List the special cases that consist of neighbouring tokens: first token, last token + 1, number; -1 for too many."""
    matches = 0
    begin = 0
    for first in range(count - 1):
        if classes[points[begin]] & MATCH_FIRST:
            end = begin + tokens[first]
            for last in range(first + 1, count):
                end += tokens[last]
                if bounds[end] - bounds[begin] > numbers[MOST_MATCHED]:
                    break
                if not classes[points[end - 1]] & MATCH_LAST:
                    continue
                special = _special(numbers, text, data, start, bounds, begin, end)
                if special >= 0 and _is_match(numbers, special, tokens, first, last + 1):
                    if matches == _MOST_FOUND:
                        return -1
                    found[3 * matches], found[3 * matches + 1], found[3 * matches + 2] = first, last + 1, special
                    matches += 1
        begin += tokens[first]
    return matches


@compiled
def _select_matches(found: Ints, count: int) -> None:
    """Keep the longest matches, of equals the first; a match that is passed over still hides what it covers."""
    for _ in range(count):
        best = -1
        for i in range(count):
            # numbers below zero are settled: -1 passed over, -2 - number chosen
            if found[3 * i + 2] >= 0:
                width = found[3 * i + 1] - found[3 * i]
                if best < 0 or width > found[3 * best + 1] - found[3 * best]:
                    best = i
        first, last = found[3 * best], found[3 * best + 1]
        hidden = False
        for i in range(count):
            begin, end = found[3 * i], found[3 * i + 1]
            if found[3 * i + 2] < 0 and (begin <= first < end or begin < last <= end):
                hidden = True
        found[3 * best + 2] = -1 if hidden else -2 - found[3 * best + 2]


@compiled
def _apply_matches(numbers: Ints, found: Ints, matches: int, tokens: Ints, count: int, old: Ints) -> tuple[int, bool]:
    """Put the special cases' own tokens in place of the tokens they were found at; tells whether that changed any."""
    for i in range(count):
        old[i] = tokens[i]
    out = 0
    i = 0
    while i < count:
        chosen = -1
        for j in range(matches):
            if found[3 * j] == i and found[3 * j + 2] < -1:
                chosen = j
        if chosen < 0:
            tokens[out] = old[i]
            out += 1
            i += 1
        else:
            out = _copy_parts(numbers, -2 - found[3 * chosen + 2], tokens, out)
            i = found[3 * chosen + 1]
    changed = out != count
    for i in range(min(out, count)):
        changed = changed or tokens[i] != old[i]
    return out, changed


@inlined
def _edges(numbers: Ints, text: Bytes, data: Bytes, start: int, bounds: Ints, tokens: Ints, count: int, characters: int) -> int:
    """Tell whether the outer tokens may belong to a special case that goes on in a neighbouring chunk."""
    told = 0
    if lookup(numbers, text, CLOSERS, data, start, bounds[tokens[0]]) >= 0:
        told |= STARTS_CLOSE
    last = characters - tokens[count - 1]
    if lookup(numbers, text, OPENERS, data, start + bounds[last], bounds[characters] - bounds[last]) >= 0:
        told |= ENDS_OPEN
    return told


@inlined
def split_chunk(
    classes: Classes, numbers: Ints, text: Bytes, data: Bytes, start: int, length: int,
    points: Ints, bounds: Ints, tokens: Ints, back: Ints, found: Ints,
) -> tuple[int, int]:  # fmt: skip
    """Write the lengths of a chunk's tokens to `tokens`; gives their number, 0 for "ask spaCy", and what there is to tell."""
    characters = 0
    position = start
    while position < start + length:
        point, width = decode(data, position)
        points[characters] = point
        bounds[characters] = position - start
        characters += 1
        position += width
    bounds[characters] = length
    count, suffixes, a, z, special = _split_affixes(classes, numbers, text, data, start, characters, points, bounds, tokens, back)
    if special >= 0:
        count = _copy_parts(numbers, special, tokens, count)
    elif a < z:
        if is_url(points, a, z, classes, found):
            tokens[count] = z - a
            count += 1
        else:
            count = _split_infixes(points, classes, a, z, tokens, count)
    for i in range(suffixes - 1, -1, -1):
        tokens[count] = back[i]
        count += 1
    told = _edges(numbers, text, data, start, bounds, tokens, count, characters)
    if count == 1:
        return count, told
    matches = _find_matches(classes, numbers, text, data, start, points, bounds, tokens, count, found)
    if matches < 0:
        return 0, told
    if matches:
        _select_matches(found, matches)
        count, changed = _apply_matches(numbers, found, matches, tokens, count, back)
        told |= MERGED if changed else 0
    return count, told
