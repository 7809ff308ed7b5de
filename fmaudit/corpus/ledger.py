"""Keeps the ledger readable: after a thousand equal entries of a file, the rest is counted in one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from fmaudit.records import LedgerEntry

__all__ = ["DETAILED", "LedgerTrimmer"]

DETAILED = 1000  # entries kept one by one, per file and reason

_Key = tuple[str, str, bool, str]


class LedgerTrimmer:
    """Lets the first `limit` equal entries through and counts the others together.

    Entries are equal when they have the same file, reason and `subject`, a phrase that begins their detail and must outlive the trimming.
    """

    def __init__(self, limit: int = DETAILED, subject: Callable[[LedgerEntry], str] = lambda _: "") -> None:
        self.limit = limit
        self._subject = subject
        self._seen: dict[_Key, int] = {}
        self._rest: dict[_Key, LedgerEntry] = {}

    def admit(self, entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
        """Return the entries to record now; the others are held for `rest`."""
        admitted = []
        for entry in entries:
            key = (entry.file, entry.reason, entry.lost, self._subject(entry))
            self._seen[key] = self._seen.get(key, 0) + 1
            if self._seen[key] <= self.limit:
                admitted.append(entry)
            else:
                self._hold(key, entry)
        return admitted

    def rest(self) -> list[LedgerEntry]:
        """Return one entry for each file and reason that went past the limit; its offset is the first one held."""
        return list(self._rest.values())

    def _hold(self, key: _Key, entry: LedgerEntry) -> None:
        held = self._rest.get(key)
        if held is None:
            about = f"{key[-1]}: " if key[-1] else ""
            self._rest[key] = replace(entry, detail=f"{about}further entries after the first {self.limit:,}, from here on")
            return
        size = None if held.size is None or entry.size is None else held.size + entry.size
        self._rest[key] = replace(held, count=held.count + entry.count, size=size)
