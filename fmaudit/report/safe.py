"""Make hostile text harmless to look at: controls, terminal escapes and bidirectional overrides become visible."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

__all__ = ["Excerpt", "Piece", "clip", "encodable", "excerpt", "no_commands", "pieces", "quiet_json", "visible"]

_ELLIPSIS = "…"

# C0, DEL and C1; soft hyphen, bidirectional controls and isolates, zero-width space, line and paragraph separators, word
# joiners, byte order mark, interlinear annotations, lone surrogates, noncharacters and tag characters. The joiners
# U+200C and U+200D stay: Persian, the Indic scripts and emoji need them.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U0001fffe\U0001ffff\U000e0000-\U000e0fff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_COMMAND = re.compile(r"(?m)^(\s*):(?=:)")  # a build system reads `::error::` as an order at the start of a line, blanks before it or not
_OLD_COMMAND = re.compile(r"##(?=\[)")  # and `##[error]` anywhere


class Piece(NamedTuple):
    """A run of text, and whether it stands for a character that would not be seen."""

    text: str
    escape: bool


class Excerpt(NamedTuple):
    """A span of text with what stands around it, all of it visible; `str()` joins the three."""

    before: str
    match: str
    after: str

    def __str__(self) -> str:
        return self.before + self.match + self.after


def visible(text: str) -> str:
    """Write controls as their pictures (␛, ␊) and other hidden characters as `\\u202e`."""
    return _HIDDEN.sub(lambda found: _stand_in(found[0]), text)


def pieces(text: str) -> list[Piece]:
    """Split into plain runs and the stand-ins of hidden characters, so that the two can be told apart."""
    out: list[Piece] = []
    at = 0
    for found in _HIDDEN.finditer(text):
        if found.start() > at:
            out.append(Piece(text[at : found.start()], escape=False))
        out.append(Piece(_stand_in(found[0]), escape=True))
        at = found.end()
    if at < len(text):
        out.append(Piece(text[at:], escape=False))
    return out


def clip(text: str, limit: int) -> str:
    """Make visible and cut to `limit` characters, with an ellipsis where something was cut."""
    shown = visible(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: max(limit - 1, 0)] + _ELLIPSIS


def excerpt(text: str, start: int, stop: int, width: int = 200) -> Excerpt:
    """Show the code points `start` to `stop` with what is around them, `width` characters of the text in all.

    A span outside the text is moved to its nearest edge; a span longer than the width is cut in its middle.
    """
    start = min(max(start, 0), len(text))
    stop = min(max(stop, start), len(text))
    match = _middle_out(text[start:stop], width)
    room = max(width - (stop - start), 0)
    left = max(start - room // 2, 0)
    right = min(stop + room - (start - left), len(text))
    left = max(right - stop - room + start, 0) if right == len(text) else left
    before = (_ELLIPSIS if left > 0 else "") + visible(text[left:start])
    after = visible(text[stop:right]) + (_ELLIPSIS if right < len(text) else "")
    return Excerpt(before, visible(match), after)


def encodable(text: str) -> str:
    """Write lone surrogates as `\\ud800`, so that the text has a UTF-8 form; all else stays."""
    return _SURROGATE.sub(lambda found: _stand_in(found[0]), text)


def no_commands(text: str) -> str:
    """Write `::error::` at the start of a line as `\\u003a:error::` and `##[error]` as `#\\u0023[error]`, for what build systems read."""
    return _OLD_COMMAND.sub(r"#\\u0023", _COMMAND.sub(r"\1\\u003a", text))


def quiet_json(text: str) -> str:
    """Escape, in JSON that is written already, what hides or steers a terminal, and `##[`: the same values for whoever parses it."""
    return _OLD_COMMAND.sub(r"#\\u0023", _HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], text))


def _stand_in(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _middle_out(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    half = max((width - 1) // 2, 1)
    return text[:half] + _ELLIPSIS + text[-half:]
