"""The card as tables of the report, one a section, from what the same run measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fmaudit import Exhibit, Measurement
from fmaudit_engine_card.cards.build import built
from fmaudit_engine_card.cards.gather import Gathered, belongs
from fmaudit_engine_card.cards.numbers import interval, value
from fmaudit_engine_card.cards.records import Section, Source

if TYPE_CHECKING:
    from fmaudit import Metric, Observations

__all__ = ["UNKNOWN", "card_exhibits"]

UNKNOWN = "card-unknown"  # the name of the table of what this run knows nothing of


def card_exhibits(seen: Observations, own: Sequence[Metric], audit: str, data: Sequence[str] | None = None) -> Iterator[Exhibit]:
    """Sum up this run: what this audit found (`own`) and what the others did, of this model and of no other."""
    mine = [Measurement(audit=audit, target=seen.target, kind=seen.kind, metric=metric) for metric in own]
    rows = (*(row for row in seen.measured if belongs(row, seen.target, data)), *mine)
    source = Source(run="this run", version="", audits=tuple(sorted({row.audit for row in rows})))
    card = built(seen.target, [Gathered(source, rows, seen.uri)])
    told = [section for section in card.sections if section.entries]
    for section in told:
        yield _table(section, seen.target)
    silent = [section for section in card.sections if not section.entries]
    if silent:
        yield _nothing(silent)


def _table(section: Section, model: str) -> Exhibit:
    import pyarrow as pa

    rows: list[dict[str, object]] = []
    for entry in section.entries:
        of = "" if entry.target == model else f" ({entry.target})"
        rows.append({"what": entry.words + of, "value": value(entry), "interval": interval(entry), "n": f"{entry.n:,}"})
    rows += [{"what": sentence, "value": "unknown", "interval": "", "n": ""} for sentence in section.unknown]
    return Exhibit(
        name=f"card-{section.name}", title=f"Card: {section.title.lower()}", data=pa.Table.from_pylist(rows), caption=section.asks
    )


def _nothing(sections: Sequence[Section]) -> Exhibit:
    """Name what this run knows nothing of, a row for each question."""
    import pyarrow as pa

    rows = [{"section": section.title.lower(), "unknown": sentence} for section in sections for sentence in section.unknown]
    names = ", ".join(section.title.lower() for section in sections)
    return Exhibit(
        name=UNKNOWN, title="Card: unknown", data=pa.Table.from_pylist(rows),
        caption=f"Of {names} no audit of this run has a number. fmaudit card takes in what other runs measured.",
    )  # fmt: skip
