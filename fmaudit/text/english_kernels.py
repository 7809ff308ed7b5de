"""spaCy's English tokenizer for one chunk, as kernels: affixes, special cases, URLs and infixes, by spaCy's own order.

The tables come from spaCy itself (`english.py`). Lengths are code points throughout; `points[a:z]` is the string that spaCy would
be looking at.
"""

# mypy: disable-error-code="no-any-return"
# (what a kernel computes with is typed by numba, not by mypy)

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from fmaudit.text.kernels import Bytes, compiled, inlined
from fmaudit.text.strings import SET_HEADER, lookup

__all__ = ["EnglishTables", "infix_length", "is_url", "prefix_length", "suffix_length"]

Ints = npt.NDArray[np.int32]
Classes = npt.NDArray[np.uint16]

# classes of code points in spaCy's expressions
PREFIX: Final = 1  # always a prefix of its own
SUFFIX: Final = 2  # always a suffix of its own
ALPHA: Final = 4
LOWER: Final = 8
UPPER: Final = 16
QUOTE: Final = 32
BEFORE_DOT: Final = 64  # a final dot after it is a suffix
INFIX: Final = 128  # splits wherever it stands: icons and the ellipsis
CURRENCY: Final = 256  # a suffix after a digit
UNIT_END: Final = 512  # ends a unit, which is a suffix after a digit
WORD: Final = 1024  # \w
DECIMAL: Final = 2048  # \d
MATCH_FIRST: Final = 4096  # begins a special case that spaCy looks for in the finished tokens
MATCH_LAST: Final = 8192  # ends one
MAY_SPLIT: Final = 16384  # may begin an infix

LONGEST_MEASURE: Final = 6  # code points; no unit or currency is longer

_DOT, _PLUS, _MINUS, _COLON, _SLASH, _AT = ord("."), ord("+"), ord("-"), ord(":"), ord("/"), ord("@")
_DOLLAR, _A, _C, _S, _U = ord("$"), ord("A"), ord("C"), ord("S"), ord("U")
_LOWER_S, _APOSTROPHE, _RIGHT_QUOTE, _ELLIPSIS, _DEGREE = ord("s"), ord("'"), 0x2019, 0x2026, 0xB0
_F, _K, _LOWER_C = ord("f"), ord("k"), ord("c")
_STAR, _CARET, _LESS, _EQUAL, _GREATER, _QUESTION, _NUMBER = ord("*"), ord("^"), ord("<"), ord("="), ord(">"), ord("?"), ord("#")
_EN_DASH, _EM_DASH, _TILDE, _UNDERSCORE, _COMMA = 0x2013, 0x2014, ord("~"), ord("_"), ord(",")


# the sets of strings, and what else is in the header of `numbers`
SPECIALS: Final = 0  # the special cases
UNITS: Final = 1
OPENERS: Final = 2  # tokens that a special case looked for among tokens may go on after
CLOSERS: Final = 3  # tokens that may continue one
SETS: Final = 4
PARTS: Final = SET_HEADER * SETS  # where the lengths of the special cases' tokens begin
PART_OFFSETS: Final = PARTS + 1  # where it is told which of them belong to which special case
MATCHES: Final = PARTS + 2  # likewise for the tokens at which spaCy looks for a special case among finished tokens
MATCH_OFFSETS: Final = PARTS + 3
MOST_MATCHED: Final = PARTS + 4  # bytes of the longest special case looked for among tokens
HEADER: Final = PARTS + 5

INFIX_SIGNS: Final = ".,:<>=/+-*^~–—"  # what may begin an infix beside INFIX


class EnglishTables(NamedTuple):
    """What spaCy's English tokenizer is made of: classes of code points, and packed sets of strings with their numbers."""

    classes: Classes
    numbers: Ints
    text: Bytes


@inlined
def is_digit(point: int) -> bool:
    """[0-9] as spaCy writes it."""
    return 48 <= point <= 57


@inlined
def prefix_length(points: Ints, a: int, z: int, classes: Classes) -> int:
    """Give the length of the prefix to split, 0 for none."""
    point = points[a]
    if classes[point] & PREFIX:
        return 1
    follower = points[a + 1] if a + 1 < z else 0
    if point == _PLUS:
        return 0 if is_digit(follower) else 1
    if point == _DOT:
        end = a
        while end < z and points[end] == _DOT:
            end += 1
        return end - a if end - a > 1 else 0
    if follower == _DOLLAR and (point == _A or point == _C):
        return 2
    if point == _U and follower == _S and a + 2 < z and points[a + 2] == _DOLLAR:
        return 3
    return 0


@inlined
def dot_suffix_length(points: Ints, a: int, z: int, classes: Classes) -> int:
    """Give the length of the suffix of a string that ends in a dot."""
    begin = z
    while begin > a and points[begin - 1] == _DOT:
        begin -= 1
    if z - begin > 1:
        return z - begin
    if begin == a:
        return 0
    before = points[begin - 1]
    if classes[before] & BEFORE_DOT:
        return 1
    if begin - 1 == a:
        return 0
    earlier = points[begin - 2]
    if classes[before] & UPPER and classes[earlier] & UPPER:
        return 1
    folded = before | 32
    return 1 if earlier == _DEGREE and (folded == _F or folded == _LOWER_C or folded == _K) else 0


@inlined
def measure_length(
    points: Ints, a: int, z: int, classes: Classes, numbers: Ints, text: Bytes, data: Bytes, start: int, bounds: Ints
) -> int:
    """Give the length of a unit or currency that follows a digit at the end."""
    digit = z - 1
    while digit >= a and z - digit <= LONGEST_MEASURE + 1 and not is_digit(points[digit]):
        digit -= 1
    if digit < a or not is_digit(points[digit]):
        return 0
    first = digit + 1
    length = z - first
    if length == 0:
        return 0
    if length == 1 and classes[points[first]] & CURRENCY:
        return 1
    if points[z - 1] == _DOLLAR:
        if length == 2 and (points[first] == _A or points[first] == _C):
            return 2
        if length == 3 and points[first] == _U and points[first + 1] == _S:
            return 3
    return length if lookup(numbers, text, UNITS, data, start + bounds[first], bounds[z] - bounds[first]) >= 0 else 0


@inlined
def suffix_length(points: Ints, a: int, z: int, classes: Classes, numbers: Ints, text: Bytes, data: Bytes, start: int, bounds: Ints) -> int:
    """Give the length of the suffix to split, 0 for none: the longest that any expression finds."""
    if a >= z:
        return 0
    point = points[z - 1]
    if point == _DOT:
        return dot_suffix_length(points, a, z, classes)
    kind = classes[point]
    before = points[z - 2] if z - 2 >= a else 0
    if (point == _LOWER_S or point == _S) and (before == _APOSTROPHE or before == _RIGHT_QUOTE):
        return 2
    if point == _ELLIPSIS and before == _ELLIPSIS:
        return 2
    if point == _PLUS and is_digit(before):
        return 1
    if kind & (CURRENCY | UNIT_END):
        length = measure_length(points, a, z, classes, numbers, text, data, start, bounds)
        if length:
            return length
    return 1 if kind & SUFFIX else 0


@inlined
def infix_length(points: Ints, i: int, a: int, z: int, classes: Classes) -> int:
    """Give the length of the infix at a place, 0 for none."""
    point = points[i]
    if classes[point] & INFIX:
        return 1
    if point > 127 and point != _EN_DASH and point != _EM_DASH:
        return 0
    if point == _DOT and i + 1 < z and points[i + 1] == _DOT:
        end = i + 2
        while end < z and points[end] == _DOT:
            end += 1
        return end - i
    if i == a or i + 1 >= z:
        return 0
    left, right = points[i - 1], points[i + 1]
    before, after = classes[left], classes[right]
    if point == _DOT:
        return 1 if before & (LOWER | QUOTE) and after & (UPPER | QUOTE) else 0
    if point == _COMMA:
        return 1 if before & ALPHA and after & ALPHA else 0
    if (point == _PLUS or point == _MINUS or point == _STAR or point == _CARET) and is_digit(left) and (is_digit(right) or right == _MINUS):
        return 1
    if not (before & ALPHA or is_digit(left)):
        return 0
    if point == _COLON or point == _LESS or point == _GREATER or point == _EQUAL or point == _SLASH:
        return 1 if after & ALPHA else 0
    if point != _MINUS and point != _EN_DASH and point != _EM_DASH and point != _TILDE:
        return 0
    # "-", "--", "---", "—" and "——", whole, before a letter
    most = 3 if point == _MINUS else 2 if point == _EM_DASH else 1
    end = i + 1
    while end < z and end - i < most and points[end] == point:
        end += 1
    return end - i if end < z and classes[points[end]] & ALPHA else 0


@inlined
def is_host_letter(point: int) -> bool:
    """[A-Za-z0-9\\u00a1-\\uffff] of the URL expression."""
    return 0xA1 <= point <= 0xFFFF or is_digit(point) or (97 <= (point | 32) <= 122 and point < 128)


@inlined
def is_octet(points: Ints, a: int, z: int, classes: Classes, place: int) -> bool:
    """Match the digits of an IP address's octet; `place` is 0 for the first, 3 for the last."""
    for i in range(a, z):
        if not classes[points[i]] & DECIMAL:
            return False
    first = points[a]
    second = points[a + 1] if z - a > 1 else 0
    third = points[a + 2] if z - a > 2 else 0
    if z - a < 3:
        return place == 1 or place == 2 or 49 <= first <= 57
    if first == 49:
        return True
    if first != 50:
        return False
    if place == 0:
        return second == 48 or second == 49 or (second == 50 and 48 <= third <= 51)
    return 48 <= second <= 52 or (second == 53 and 48 <= third <= (52 if place == 3 else 53))


@inlined
def is_private(points: Ints, a: int, ends: Ints) -> bool:
    """Match the addresses that the URL expression leaves out: 10, 127, 169.254, 192.168 and 172.16 to 172.31."""
    size = ends[0] - a
    second = ends[0] + 1
    width = ends[1] - second
    x, y, w = points[a], points[a + 1], points[a + 2]
    if size == 2:
        return x == 49 and y == 48
    if size != 3 or x != 49:
        return False
    if y == 50 and w == 55:
        return True
    if y == 55 and w == 50 and width == 2:
        tens, ones = points[second], points[second + 1]
        return (tens == 49 and 54 <= ones <= 57) or tens == 50 or (tens == 51 and 48 <= ones <= 49)
    if width != 3:
        return False
    p, q, r = points[second], points[second + 1], points[second + 2]
    return (y == 54 and w == 57 and p == 50 and q == 53 and r == 52) or (y == 57 and w == 50 and p == 49 and q == 54 and r == 56)


@compiled
def is_address(points: Ints, a: int, z: int, classes: Classes, ends: Ints) -> bool:
    """Match four octets of a public IP address."""
    place = 0
    begin = a
    for i in range(a, z + 1):
        if i == z or points[i] == _DOT:
            if i == begin or i - begin > 3 or place > 3 or not is_octet(points, begin, i, classes, place):
                return False
            ends[place] = i
            place += 1
            begin = i + 1
    return place == 4 and not is_private(points, a, ends)


@compiled
def is_domain(points: Ints, a: int, z: int, classes: Classes) -> bool:
    """Match dotted labels and a lower-case top-level domain."""
    dot = z - 1
    while dot >= a and points[dot] != _DOT:
        if not classes[points[dot]] & LOWER:
            return False
        dot -= 1
    if dot <= a or z - dot - 1 < 2 or z - dot - 1 > 63:
        return False
    begin = a
    for i in range(a, dot + 1):
        if points[i] == _DOT:
            if i == begin or i - begin > 64 or not is_host_letter(points[begin]) or not is_host_letter(points[i - 1]):
                return False
            begin = i + 1
        elif not (is_host_letter(points[i]) or points[i] == _MINUS or points[i] == _UNDERSCORE):
            return False
    return True


@compiled
def is_host(points: Ints, a: int, z: int, classes: Classes, ends: Ints) -> bool:
    """Match a host with an optional port and path up to the end."""
    end = a
    while end < z:
        point = points[end]
        if not (is_host_letter(point) or point == _DOT or point == _MINUS or point == _UNDERSCORE or classes[point] & LOWER):
            break
        end += 1
    tail = end
    if tail < z and points[tail] == _COLON:
        tail += 1
        while tail < z and classes[points[tail]] & DECIMAL:
            tail += 1
        if tail - end < 3 or tail - end > 6:
            return False
    if tail < z and points[tail] != _SLASH and points[tail] != _QUESTION and points[tail] != _NUMBER:
        return False
    return is_domain(points, a, end, classes) or is_address(points, a, end, classes, ends)


@compiled
def is_url(points: Ints, a: int, z: int, classes: Classes, ends: Ints) -> bool:
    """Match the whole string with spaCy's URL expression."""
    dotted = False
    for i in range(a, z):
        if points[i] == _DOT:
            dotted = True
            break
    if not dotted:
        return False
    colon = a
    while colon < z and (classes[points[colon]] & WORD or points[colon] == _PLUS or points[colon] == _MINUS or points[colon] == _DOT):
        colon += 1
    scheme = colon - a >= 2 and colon + 2 < z and points[colon] == _COLON and points[colon + 1] == _SLASH and points[colon + 2] == _SLASH
    if is_host(points, a, z, classes, ends) or (scheme and is_host(points, colon + 3, z, classes, ends)):
        return True
    # whatever stands before an "@" may be a user; a user may begin right after the scheme or at the very beginning
    for i in range(a + 1, z):
        if points[i] == _AT and is_host(points, i + 1, z, classes, ends):
            return True
    return False
