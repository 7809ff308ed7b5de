"""Fills in the text around a finding's evidence by reading those few documents again, where they can still be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from fmaudit.corpus.splits import Reader
from fmaudit.records import Evidence
from fmaudit.runs.plan import Plan

__all__ = ["Excerpts"]

WIDTH = 200  # code points kept of a document
MAX_READ = 256 << 20  # how far into a compressed stream an excerpt is worth unpacking
_STREAMED = ("jsonl", "wet", "warc")


class Excerpts:
    """Looks up excerpts; a file that is gone, or too far to unpack, gives none."""

    def __init__(self, plan: Plan, readers: Mapping[str, Reader]) -> None:
        """Take the plan's files and the readers of their formats."""
        self._files = {(corpus.name, split.file.path): (split, corpus.fields) for corpus in plan.corpora for split in corpus.splits}
        self._readers = readers
        self._text = lru_cache(maxsize=256)(self._read)

    def __call__(self, target: str, evidence: Evidence) -> Evidence:
        """Return the evidence with an excerpt around its span, or as it is."""
        if evidence.excerpt:
            return evidence
        text = self._text(target, evidence.file, evidence.offset)
        if not text:
            return evidence
        start = max(0, (evidence.start or 0) - WIDTH // 4)
        excerpt = ("… " if start else "") + text[start : start + WIDTH] + (" …" if len(text) > start + WIDTH else "")
        return replace(evidence, excerpt=excerpt)

    def _read(self, target: str, file: str, offset: int) -> str:
        from fmaudit.corpus.fetch import fetch_document

        found = self._files.get((target, file))
        if found is None:
            return ""
        split, fields = found
        if split.format in _STREAMED and offset > MAX_READ:
            return ""
        try:
            return fetch_document(split.file, fields, offset, format=split.format, readers=self._readers)
        except Exception:  # an excerpt is a kindness, never a reason to fail
            return ""
