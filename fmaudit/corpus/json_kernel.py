"""The compiled lane for JSON lines: text and labels go from the file's bytes straight into a batch's buffers.

It takes the bytes to be valid UTF-8, and where a line is not plain sailing it gives up: lone surrogates, a wanted field that is nested,
repeated or missing, JSON that is wrong in any way. Such a line is read by `json_line`, which is the reference.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fmaudit.text import intrinsics
from fmaudit.text.compiling import compiled, inlined

__all__ = ["ARENA", "DONE", "FULL", "ODD", "read_lines"]

load64: Any = intrinsics.load64  # numba gives them a signature that Python never sees
store64: Any = intrinsics.store64
trailing_zeros: Any = intrinsics.trailing_zeros

DONE, FULL, ODD, ARENA = 0, 1, 2, 3  # why `read_lines` came back

_ONES = np.uint64(0x0101010101010101)
_TOPS = np.uint64(0x8080808080808080)
_SPACES = np.uint64(0x2020202020202020)
_QUOTES = np.uint64(0x2222222222222222)
_SLASHES = np.uint64(0x5C5C5C5C5C5C5C5C)
_NEWLINES = np.uint64(0x0A0A0A0A0A0A0A0A)
_THREE = np.uint64(3)

_KEY, _KEY_OR_END, _VALUE, _VALUE_OR_END, _AFTER = 0, 1, 2, 3, 4
_DEEPEST = 60

_HEX = np.full(256, -1, np.int64)
for _digits_of in (b"0123456789abcdef", b"0123456789ABCDEF"):
    _HEX[np.frombuffer(_digits_of, np.uint8)] = np.arange(16)


@inlined
def _zero_bytes(word: Any) -> Any:
    return (word - _ONES) & ~word & _TOPS


@inlined
def _skip_space(data: Any, at: int) -> int:
    while data[at] == 32 or data[at] == 9 or data[at] == 13:
        at += 1
    return at


@inlined
def _line_end(data: Any, at: Any) -> Any:
    """Find the next newline, which must exist."""
    while True:
        hits = _zero_bytes(load64(data, at) ^ _NEWLINES)
        if hits:
            return at + (trailing_zeros(hits) >> 3)
        at += 8


@inlined
def _hex4(data: Any, at: Any) -> Any:
    """Read four hexadecimal digits, -1 where they are not."""
    digits = _HEX[data[at]] << 12 | _HEX[data[at + 1]] << 8 | _HEX[data[at + 2]] << 4 | _HEX[data[at + 3]]
    return digits if digits >= 0 else -1


@inlined
def _put(out: Any, to: int, code: int) -> int:
    """Write a code point as UTF-8; returns where the next byte goes."""
    if code < 0x80:
        out[to] = code
        return to + 1
    if code < 0x800:
        out[to], out[to + 1] = 0xC0 | code >> 6, 0x80 | code & 63
        return to + 2
    if code < 0x10000:
        out[to], out[to + 1], out[to + 2] = 0xE0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63
        return to + 3
    out[to], out[to + 1], out[to + 2], out[to + 3] = 0xF0 | code >> 18, 0x80 | code >> 12 & 63, 0x80 | code >> 6 & 63, 0x80 | code & 63
    return to + 4


@inlined
def _escape(data: Any, at: Any) -> tuple[Any, int]:
    """Read the escape whose backslash is at `at`: its code point (-1 where it is none or half a pair) and its length."""
    kind = data[at + 1]
    if kind == 110:
        return 10, 2
    if kind == 34 or kind == 92 or kind == 47:
        return np.int64(kind), 2
    if kind == 117:
        code = _hex4(data, at + 2)
        if code < 0xD800 or code > 0xDFFF:
            return code, 6
        if code < 0xDC00 and data[at + 6] == 92 and data[at + 7] == 117:
            low = _hex4(data, at + 8)
            if 0xDC00 <= low <= 0xDFFF:
                return 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00, 12
        return -1, 6
    plain = 9 if kind == 116 else 13 if kind == 114 else 8 if kind == 98 else 12 if kind == 102 else -1
    return plain, 2


@compiled
def _copy_string(data: Any, at: int, out: Any, to: int, limit: int) -> tuple[int, int]:
    """Copy the string that begins after the quote before `at`: where reading and writing stand, or -1 where it is odd.

    Up to 8 bytes are written past the end. Past `limit` nothing is begun: -2.
    """
    while to <= limit:
        word = load64(data, at)
        store64(out, to, word)
        special = _zero_bytes(word ^ _QUOTES) | _zero_bytes(word ^ _SLASHES) | ((word - _SPACES) & ~word & _TOPS)
        if special == 0:
            at, to = at + 8, to + 8
            continue
        plain = trailing_zeros(special) >> 3
        at, to = at + plain, to + plain
        byte = data[at]
        if byte == 34:
            return at + 1, to
        if byte != 92:
            return -1, to  # a control character
        while data[at] == 92 and to <= limit:
            code, length = _escape(data, at)
            if code < 0:
                return -1, to
            at, to = at + length, _put(out, to, code)
    return -2, to


@inlined
def _digits(data: Any, at: Any) -> Any:
    while 48 <= data[at] <= 57:
        at += 1
    return at


@compiled
def _skip_scalar(data: Any, at: Any) -> Any:
    """Pass a number, true, false or null; -1 where it is none."""
    first = data[at]
    if first == 116:
        return at + 4 if data[at + 1] == 114 and data[at + 2] == 117 and data[at + 3] == 101 else -1
    if first == 110:
        return at + 4 if data[at + 1] == 117 and data[at + 2] == 108 and data[at + 3] == 108 else -1
    if first == 102:
        return at + 5 if data[at + 1] == 97 and data[at + 2] == 108 and data[at + 3] == 115 and data[at + 4] == 101 else -1
    start = at + 1 if first == 45 else at
    end = _digits(data, start)
    if end == start or (data[start] == 48 and end > start + 1):
        return -1
    if data[end] == 46:
        start, end = end + 1, _digits(data, end + 1)
        if end == start:
            return -1
    if data[end] | 32 == 101:
        start = end + 2 if data[end + 1] == 43 or data[end + 1] == 45 else end + 1
        end = _digits(data, start)
        if end == start:
            return -1
    return end


@compiled
def _skip_nested(data: Any, at: int, out: Any, to: int, limit: int) -> int:
    """Pass an object or an array, checking it as strictly as the rest; -1 where it is odd. `out` after `to` is scratch."""
    kinds, depth, expect = np.uint64(0), 0, _VALUE  # a bit of `kinds` for every level: 1 is an object
    while True:
        at = _skip_space(data, at)
        byte = data[at]
        if (byte == 125 or byte == 93) and expect != _KEY and expect != _VALUE:
            if (kinds & np.uint64(1)) != np.uint64(byte == 125):
                return -1
            kinds, depth, at, expect = kinds >> np.uint64(1), depth - 1, at + 1, _AFTER
            if depth == 0:
                return at
        elif expect == _AFTER:
            if byte != 44:
                return -1
            at, expect = at + 1, _KEY if kinds & np.uint64(1) else _VALUE
        elif expect == _KEY or expect == _KEY_OR_END:
            at = _copy_string(data, at + 1, out, to, limit)[0] if byte == 34 else -1
            if at < 0:
                return -1
            at = _skip_space(data, at)
            if data[at] != 58:
                return -1
            at, expect = at + 1, _VALUE
        elif byte == 123 or byte == 91:
            if depth == _DEEPEST:
                return -1
            kinds, depth = kinds << np.uint64(1) | np.uint64(byte == 123), depth + 1
            at, expect = at + 1, _KEY_OR_END if byte == 123 else _VALUE_OR_END
        else:
            at = _copy_string(data, at + 1, out, to, limit)[0] if byte == 34 else _skip_scalar(data, at)
            if at < 0:
                return -1
            expect = _AFTER


@inlined
def _which(names: Any, ends: Any, key: Any, start: int, stop: int) -> int:
    """Find a key among the wanted names: its number, -1 where it is none of them."""
    for number in range(len(ends) - 1):
        first = ends[number]
        if ends[number + 1] - first == stop - start:
            same = True
            for index in range(stop - start):
                same &= names[first + index] == key[start + index]
            if same:
                return number
    return -1


@compiled
def _read_record(
    data: Any, at: int, names: Any, ends: Any, text: Any, start: int, limit: int, arena: Any, arena_ends: Any, entries: int, links: Any
) -> tuple[int, int, int]:
    """Read one object: where reading stands (-1: odd, -2: the arena is too small), where the text ends, and the entries.

    The text goes to `text[start:]`, the labels to the arena after its entries; `links` must be -1 throughout.
    """
    to, has_text, room = start, False, len(arena) - 16
    at = _skip_space(data, at + 1)
    while True:
        if data[at] != 34:
            return -1, to, entries
        at, key_end = _copy_string(data, at + 1, text, to, limit)
        if at < 0:
            return -1, to, entries
        wanted = _which(names, ends, text, to, key_end)
        at = _skip_space(data, at)
        if data[at] != 58:
            return -1, to, entries
        at = _skip_space(data, at + 1)
        byte = data[at]
        if wanted < 0:
            if byte == 34:
                at = _copy_string(data, at + 1, text, to, limit)[0]
            elif byte == 123 or byte == 91:
                at = _skip_nested(data, at, text, to, limit)
            else:
                at = _skip_scalar(data, at)
        elif wanted == 0:
            if byte != 34 or has_text:
                return -1, to, entries
            at, to = _copy_string(data, at + 1, text, to, limit)
            has_text = True
        else:
            filled = arena_ends[entries]
            if links[wanted - 1] != -1 or byte == 123 or byte == 91:
                return -1, to, entries
            if byte == 34:
                at, end = _copy_string(data, at + 1, arena, filled, room)
            else:
                first, at, end = at, _skip_scalar(data, at), filled
                if at - first > room - filled:
                    at = -2
                for index in range(first, at):
                    arena[end] = data[index]
                    end += 1
            if at == -2 or end > room:
                return -2, to, entries
            if byte == 110:
                links[wanted - 1] = -3  # null, but seen
            else:
                links[wanted - 1], entries = entries, entries + 1
                arena_ends[entries] = end
        if at < 0:
            return -1, to, entries
        at = _skip_space(data, at)
        if data[at] == 125:
            return (at + 1 if has_text else -1), to, entries
        if data[at] != 44:
            return -1, to, entries
        at = _skip_space(data, at + 1)


@inlined
def _hash(data: Any, start: int, stop: int, state: Any) -> Any:
    """FNV-1a with MurmurHash3's finaliser, as in `sampling`."""
    for index in range(start, stop):
        state = (state ^ np.uint64(data[index])) * np.uint64(0x100000001B3)
    state = (state ^ (state >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    state = (state ^ (state >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return state ^ (state >> np.uint64(33))


@inlined
def _kept(place: int, entry: int, arena: Any, arena_ends: Any, seeds: Any, scratch: Any) -> Any:
    """Tell whether the document with this id (-1: none) at this position belongs to the sample."""
    if entry >= 0:
        return _hash(arena, arena_ends[entry], arena_ends[entry + 1], seeds[0]) < seeds[2]
    for index in range(8):
        scratch[index] = np.uint8(place >> 8 * index & 255)
    return _hash(scratch, 0, 8, seeds[1]) < seeds[2]


@compiled
def read_lines(
    data: Any,
    at: int,
    stop: int,
    base: int,
    names: Any,
    ends: Any,
    limits: Any,
    seeds: Any,
    id_source: int,
    text: Any,
    offsets: Any,
    position: Any,
    links: Any,
    arena: Any,
    arena_ends: Any,
    state: Any,
    scratch: Any,
) -> tuple[int, int, int]:
    """Read the lines of `data[at:stop]` until the step is full: why it stopped, at which line, and where that line ends.

    `limits`: documents, text bytes, label bytes, line bytes, position that ends the step, whether to sample.
    `state`: documents, text bytes, label bytes, labels, documents left out; brought up to date. `scratch` has 8 bytes.
    """
    while at < stop:
        count, size, entries = state[0], state[1], state[3]
        if count >= limits[0] or size >= limits[1] or state[2] >= limits[2] or base + at >= limits[4]:
            return FULL, at, at
        here = _skip_space(data, at)
        if data[here] == 10:
            at = here + 1
            continue
        if data[here] != 123:
            return ODD, at, _line_end(data, at)
        row = links[count]
        here, to, after = _read_record(data, here, names, ends, text, size, size + limits[3], arena, arena_ends, entries, row)
        here = _skip_space(data, here) if here >= 0 else here
        if here < 0 or data[here] != 10 or here - at > limits[3]:
            row[:] = -1
            return (ARENA if here == -2 else ODD), at, _line_end(data, at)
        if limits[5] and not _kept(base + at, row[id_source] if id_source >= 0 else -1, arena, arena_ends, seeds, scratch):
            row[:] = -1
            state[4] += 1
        else:
            state[0], state[1], state[2], state[3] = count + 1, to, arena_ends[after], after
            offsets[count + 1], position[count] = to, base + at
        at = here + 1
    return DONE, at, at
