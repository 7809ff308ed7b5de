"""Writes Unicode Burmese in the Zawgyi encoding: enough of it to make test data, made from the two code charts."""

from __future__ import annotations

import re

_STACKED = {
    0x1000: 0x1060,
    0x1001: 0x1061,
    0x1002: 0x1062,
    0x1003: 0x1063,
    0x1005: 0x1065,
    0x1006: 0x1066,
    0x1007: 0x1068,
    0x1008: 0x1069,
    0x100B: 0x106C,
    0x100C: 0x106D,
    0x100F: 0x1070,
    0x1010: 0x1071,
    0x1011: 0x1073,
    0x1012: 0x1075,
    0x1013: 0x1076,
    0x1014: 0x1077,
    0x1015: 0x1078,
    0x1016: 0x1079,
    0x1017: 0x107A,
    0x1018: 0x107B,
    0x1019: 0x107C,
    0x101C: 0x1085,
}
_KINZI = "\u1004\u103a\u1039"
_SYLLABLE = re.compile(
    "(?P<kinzi>\u1004\u103a\u1039)?(?P<head>[\u1000-\u102a\u103f])(?P<stack>\u1039[\u1000-\u1021])?(?P<medial>[\u103b-\u103e]*)(?P<e>\u1031?)"
)
_SIGNS = str.maketrans("\u103a\u103b\u103c\u103d\u103e\u103f", "\u1039\u103a\u103b\u103c\u103d\u1086")


def _drawn(match: re.Match[str]) -> str:
    stack = match["stack"]
    below = chr(_STACKED[ord(stack[1])]) if stack and ord(stack[1]) in _STACKED else stack or ""
    medial = match["medial"]
    ra = "\u103c" if "\u103c" in medial else ""
    behind = match["head"] + below + medial.replace("\u103c", "") + ("\u1064" if match["kinzi"] else "")
    return match["e"] + (ra + behind).translate(_SIGNS)


def to_zawgyi(text: str) -> str:
    """Reorder every syllable as it is drawn and move the signs to Zawgyi's code points."""
    parts, last = [], 0
    for match in _SYLLABLE.finditer(text):
        parts += [text[last : match.start()].translate(_SIGNS), _drawn(match)]
        last = match.end()
    return "".join([*parts, text[last:].translate(_SIGNS)])
