"""Unicode Burmese to Zawgyi: the same letters at other code points, in the order they are drawn.

Covers what the sample texts use, which is Burmese without stacked consonants and without kinzi.
"""

from __future__ import annotations

import re

__all__ = ["to_zawgyi"]

# A consonant, the medials ya, ra, wa and ha, the vowels, anusvara and the dot below, in the order of Unicode.
SYLLABLE = re.compile(
    "(?P<base>[\u1000-\u1021])(?P<ya>\u103b?)(?P<ra>\u103c?)(?P<wa>\u103d?)(?P<ha>\u103e?)"
    "(?P<e>\u1031?)(?P<above>[\u102d\u102e\u1032]?)(?P<below>[\u102f\u1030]?)(?P<ring>\u1036?)(?P<dot>\u1037?)"
    "(?P<tail>\u102b\u103a|\u102c\u103a|\u103a)?"
)
WIDE = set("\u1000\u1003\u1006\u100f\u1010\u1011\u1018\u101a\u101c\u101e\u101f\u1021")  # letters under a wide medial ra
NA, RA_LETTER = "\u1014", "\u101b"
SHORT_LEG = {NA: "\u108f", RA_LETTER: "\u1090"}  # forms that leave room below
TALL = {"\u102f": "\u1033", "\u1030": "\u1034"}  # u and uu beside another mark
TAILS = {"\u102b\u103a": "\u105a", "\u102c\u103a": "\u102c\u1039", "\u103a": "\u1039", "": ""}


def to_zawgyi(text: str) -> str:
    if "\u1039" in text:
        raise ValueError("stacked consonants are not covered")
    return SYLLABLE.sub(draw, text)


def draw(match: re.Match[str]) -> str:
    part = {name: value or "" for name, value in match.groupdict().items()}
    above = part["above"] + part["ring"]
    ra = ""
    if part["ra"]:
        narrow, wide = ("\u107f", "\u1080") if above else ("\u103b", "\u107e")
        ra = wide if part["base"] in WIDE else narrow
    ya = ("\u107d" if part["wa"] else "\u103a") if part["ya"] else ""
    wa = "\u103c" if part["wa"] else ""
    ha = "\u103d" if part["ha"] else ""
    crowded = bool(part["ya"] or part["ra"] or part["ha"])
    below = TALL[part["below"]] if part["below"] and crowded else part["below"]
    base = part["base"]
    if (base == NA and (wa or ha or below)) or (base == RA_LETTER and below and not crowded):
        base = SHORT_LEG[base]
    return part["e"] + ra + base + ya + wa + ha + above + below + place_dot(part, crowded) + TAILS[part["tail"]]


def place_dot(part: dict[str, str], crowded: bool) -> str:
    """The dot below moves to the right when its place is taken."""
    if not part["dot"]:
        return ""
    if crowded and part["below"]:
        return "\u1095"
    return "\u1094" if part["below"] or part["base"] in (NA, RA_LETTER) else "\u1037"
