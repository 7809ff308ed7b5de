"""Turns the bytes of web pages and text files into text: which encoding they are in, and what could not be read."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

__all__ = ["Decoded", "decode_file", "decode_page"]

_META = re.compile(rb"""<meta[^>]{0,512}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_META_BYTES = 4096
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# Encodings of the WHATWG standard by Python's name for the label, and the codec that reads what browsers read under it.
# A page's label never chooses a codec outside this table (some, like punycode, take time that grows with the square).
_CODECS = {
    "ascii": "cp1252",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "cp866": "cp866",
    "cp874": "cp874",
    "cp932": "cp932",
    "cp949": "cp949",
    "euc_jp": "euc_jp",
    "euc_kr": "cp949",
    "gb18030": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso2022_jp": "iso2022_jp",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "mac-cyrillic": "mac-cyrillic",
    "mac-roman": "mac-roman",
    "shift_jis": "cp932",
    "tis-620": "cp874",
    "utf-16": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "utf-16-le": "utf-16-le",
    "utf-8": "utf-8",
    **{f"cp{page}": f"cp{page}" for page in range(1250, 1259)},
    **{f"iso8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the encoding it was read in, and a (reason, detail) where something had to be replaced or guessed."""

    text: str
    encoding: str
    repair: tuple[str, str] | None = None


def decode_page(body: bytes, content_type: str) -> Decoded:
    """Decode a web page as browsers do: byte order mark, HTTP header, meta element, then UTF-8 where it fits, windows-1252 where not."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _decode(body[len(mark) :], encoding)
    header, meta = _HEADER.search(content_type), _META.search(body, 0, _META_BYTES)
    for label in (header and header[1], meta and meta[1].decode("ascii")):
        declared = _codec(label) if label else None
        if declared:
            # a meta element that could be read says that the page is not UTF-16, whatever it claims
            return _decode(body, "utf-8" if declared.startswith("utf-16") and not header else declared)
    try:
        return Decoded(body.decode(), "utf-8")
    except UnicodeDecodeError:
        guessed = _decode(body, "cp1252")
        return Decoded(guessed.text, "cp1252", ("encoding", "the page declares no encoding and is not UTF-8; read as windows-1252"))


def decode_file(body: bytes) -> Decoded:
    """Decode a text file: UTF-8, or UTF-16 by its byte order mark or its zero bytes."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            found = _decode(body[len(mark) :], encoding)
            named = None if encoding == "utf-8" else ("encoding", f"read as {encoding.upper()}")
            return Decoded(found.text, encoding, found.repair or named)
    zeros = (body[:4096:2].count(0), body[1:4096:2].count(0))
    if max(zeros) > len(body[:4096]) // 5 and min(zeros) == 0 and len(body) % 2 == 0:
        encoding = "utf-16-be" if zeros[0] else "utf-16-le"
        found = _decode(body, encoding)
        return Decoded(found.text, encoding, found.repair or ("encoding", f"read as {encoding.upper()}, which it seems to be"))
    return _decode(body, "utf-8")


def _codec(label: str) -> str | None:
    try:
        return _CODECS.get(codecs.lookup(label).name)
    except LookupError:
        return None


def _decode(body: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(body.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        first = error
    text = body.decode(encoding, "replace")
    detail = f"byte 0x{body[first.start]:02x} at {first.start}: {first.reason}"
    if encoding != "utf-8":
        return Decoded(text, encoding, ("invalid-encoding", f"{encoding}, {detail}"))
    if body.decode("utf-8", "ignore").isascii():
        detail += "; there is no other UTF-8 in it, so it may be windows-1252 or another 8-bit encoding"
    return Decoded(text, encoding, ("invalid-utf8", detail))
