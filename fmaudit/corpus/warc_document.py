"""Turns a WARC record into a document: HTTP and charset undone, text taken out of web pages."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from fmaudit.corpus.charsets import decode_page
from fmaudit.corpus.html_text import html_text
from fmaudit.corpus.warc_frames import Frame

__all__ = ["RecordText", "label_of", "record_text", "what_is"]

_PAGES = ("text/html", "application/xhtml+xml")
_ALIASES = {"id": "warc-record-id", "url": "warc-target-uri", "date": "warc-date", "type": "warc-type"}


@dataclass(frozen=True, slots=True)
class RecordText:
    """A record's text, or why there is none: `other` counts a kind that is no document, `reason` a loss."""

    text: str = ""
    other: str = ""
    reason: str = ""
    detail: str = ""
    repair: tuple[str, str] | None = None


def label_of(frame: Frame, name: str) -> bytes | None:
    """Find a header by its name in any case, or by "id", "url", "date" and "type"."""
    value = frame.headers.get(_ALIASES.get(name.lower(), name.lower()))
    return None if value is None else value.strip("<>").encode("utf-8", "replace")


def what_is(frame: Frame) -> str:
    """Name the kind of a record that can hold no document, before anything of it is decoded; empty where it may."""
    kind = frame.headers.get("warc-type", "").lower()
    return "" if kind in ("response", "resource", "conversion") else f"record:{kind or 'unknown'}"


def record_text(frame: Frame, largest: int) -> RecordText:
    """Take the text of a record whose content may grow to `largest` bytes when decompressed."""
    content_type = frame.headers.get("content-type", "")
    body = frame.raw[frame.body :]
    if content_type.lower().startswith("application/http"):
        try:
            status, content_type, body = _http(frame, largest)
        except Exception as error:  # warcio raises many kinds, and any of them costs this record only
            return RecordText(reason="broken-record", detail=f"HTTP: {error or type(error).__name__}")
        if not status.startswith("2"):
            return RecordText(other=f"http:{status[:3]}")
        if len(body) > largest:
            return RecordText(reason="oversize", detail=f"the content grows to more than {largest:,} bytes")
    mime = content_type.partition(";")[0].strip().lower() or _sniffed(body)
    if mime not in (*_PAGES, "text/plain"):
        return RecordText(other=f"content:{mime[:60]}")
    decoded = decode_page(body, content_type)
    return RecordText(html_text(decoded.text) if mime in _PAGES else decoded.text, repair=decoded.repair)


def _http(frame: Frame, largest: int) -> tuple[str, str, bytes]:
    """Undo chunks and compression; reads at most one byte more than `largest`."""
    from warcio.recordloader import ArcWarcRecordLoader

    record: Any = ArcWarcRecordLoader().parse_record_stream(BytesIO(frame.raw), known_format="warc")
    stream, pieces, size = record.content_stream(), [], 0
    while size <= largest and (piece := stream.read(min(1 << 16, largest + 1 - size))):
        pieces.append(piece)
        size += len(piece)
    headers = record.http_headers
    return headers.get_statuscode() or "", headers.get_header("Content-Type") or "", b"".join(pieces)


def _sniffed(body: bytes) -> str:
    start = body[:512].lstrip().lower()
    return "text/html" if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) else "unknown"
