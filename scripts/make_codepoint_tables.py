"""Write fmaudit/text/data/codepoints.npz: what every code point is, frozen for Unicode 14.

The two punctuation sets are data of the pinned rule sets (datatrove 0.10.1) and are spelt out here; letters, digits, marks and
white space are those of the Python that runs this script, which must carry Unicode 14 (Python 3.11).
"""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fmaudit.text import tables

TARGET = Path(__file__).parents[1] / "fmaudit" / "text" / "data" / "codepoints.npz"

ASCII_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
OTHER_PUNCTUATION = "«»´–—’“”„…∶━►、。〈〉《》「」【】！％（），．１：；？～"
CONTROLS = [*range(9), 11, 12, *range(13, 32), *range(127, 160)]

# inclusive ranges, hexadecimal
TERMINAL = """
21 2E 3F 589 61D-61F 6D4 700-702 7F9 837 839 83D-83E 964-965 104A-104B 1362 1367-1368 166E 1735-1736 17D4-17D6 17D9-17DA
1803 1809 1944-1945 1AA8-1AAB 1B5A-1B5B 1B5E-1B5F 1B7D-1B7E 1C3B-1C3C 1C7E-1C7F 203C-203D 2047-2049 2E2E 2E3C 2E53-2E54
3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9 AA5D-AA5F AAF0-AAF1 ABEB FE52 FE56-FE57 FF01 FF0E FF1F
FF61 10A56-10A57 10F55-10F59 10F86-10F89 11047-11048 110BE-110C1 11141-11143 111C5-111C6 111CD 111DE-111DF 11238-11239
1123B-1123C 112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642 1173C-1173E 11944 11946 11A42-11A43 11A9B-11A9C
11C41-11C42 11EF7-11EF8 11F43-11F44 16A6E-16A6F 16AF5 16B37-16B38 16B44 16E98 1BC9F 1DA88
"""
SENTENCE = """
21 2E 3F 589 61F 6D4 700-702 7F9 964-965 104A-104B 1362 1367-1368 166E 1735-1736 1803 1809 1944-1945 1AA8-1AAB 1B5A-1B5B
1B5E-1B5F 1C3B-1C3C 1C7E-1C7F 203C-203D 2047-2049 2E2E 2E3C 3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F
A9C8-A9C9 AA5D-AA5F AAF0-AAF1 ABEB FE52 FE56-FE57 FF01 FF0E FF1F FF61 10A56-10A57 11047-11048 110BE-110C1 11141-11143
111C5-111C6 111CD 111DE-111DF 11238-11239 1123B-1123C 112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642 1173C-1173E
11A42-11A43 11A9B-11A9C 11C41-11C42 16A6E-16A6F 16AF5 16B37-16B38 16B44 1BC9F 1DA88
"""

TERMINAL_SHA = "223fdebf0f768738"
PUNCTUATION_SHA = "add6d54a8847e51e"


def expand(ranges: str) -> set[int]:
    """Read ranges like `21 3F 203C-203D`."""
    points: set[int] = set()
    for part in ranges.split():
        first, _, last = part.partition("-")
        points.update(range(int(first, 16), int(last or first, 16) + 1))
    return points


def check(points: set[int], expected: str) -> None:
    """Compare a set with the digest its source was published with."""
    found = hashlib.sha256("".join(map(chr, sorted(points))).encode()).hexdigest()[:16]
    if found != expected:
        raise SystemExit(f"a punctuation set has digest {found}, not {expected}")


def build() -> npt.NDArray[np.uint8]:
    """Give the flags of all code points."""
    terminal = expand(TERMINAL)
    punctuation = {ord(c) for c in ASCII_PUNCTUATION + OTHER_PUNCTUATION} | set(CONTROLS) | terminal
    check(terminal, TERMINAL_SHA)
    check(punctuation, PUNCTUATION_SHA)
    flags = np.zeros(0x110000, np.uint8)
    for point in range(0x110000):
        character = chr(point)
        category = unicodedata.category(character)
        flags[point] = (
            (tables.LETTER if character.isalpha() else 0)
            | (tables.PUNCTUATION_MARK if category[0] == "P" else 0)
            | (tables.DIGIT if category == "Nd" else 0)
            | (tables.WHITESPACE if character.isspace() else 0)
            | (tables.WORD if character.isalnum() or character == "_" else 0)
        )
    flags[sorted(terminal)] |= tables.TERMINAL
    flags[sorted(punctuation)] |= tables.SYMBOL
    flags[sorted(expand(SENTENCE))] |= tables.SENTENCE_END
    return flags


def main() -> None:
    """Write the table as runs of equal flags."""
    if unicodedata.unidata_version != "14.0.0":
        raise SystemExit(f"run this with a Python that carries Unicode 14, not {unicodedata.unidata_version} ({sys.version.split()[0]})")
    flags = build()
    starts = np.flatnonzero(np.diff(flags, prepend=flags[0] ^ 1)).astype(np.int32)
    TARGET.parent.mkdir(exist_ok=True)
    np.savez_compressed(TARGET, starts=starts, flags=flags[starts])
    print(f"{TARGET.name}: {len(starts)} runs, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
