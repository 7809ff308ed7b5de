"""Puts what was gathered into the outline's sections, and says what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fmaudit import MetricStatus
from fmaudit_engine_card.cards.outline import Outline, Part, Wanted, outline
from fmaudit_engine_card.cards.records import Card, Entry, Section

if TYPE_CHECKING:
    from fmaudit import Measurement, Run
    from fmaudit_engine_card.cards.gather import Gathered

__all__ = ["built", "card"]

OTHERS = 3  # metrics shown of an audit that the outline does not name
NOT_MEASURED = "not asked"
Found = tuple[str, "Measurement"]  # run, what it measured


def card(runs: Sequence[Run | str | Path], model: str = "", data: Sequence[str] | None = None) -> Card:
    """Sum up in four sections what runs measured of a model: data, model, post-training, sampling; and what they did not.

    `runs` are opened ones, their directories or ids; of a number that several measured the newest counts. `data` names the corpora and
    tokenizers that belong to the model, by default all of these runs. Raises ConfigError where it is not clear which model is meant.
    """
    from fmaudit_engine_card.cards.gather import gather

    name, gathered = gather(runs, model, data)
    return built(name, gathered)


def built(model: str, gathered: Sequence[Gathered]) -> Card:
    """Put results of runs into sections; of a metric that several runs have, that of the last one."""
    latest: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], Found] = {}
    for one in gathered:
        for row in one.measured:
            key = (row.audit, row.target, row.metric.name, tuple(sorted(row.metric.slice.items())))
            latest[key] = (one.source.run, row)
    found = [latest[key] for key in sorted(latest)]
    known = {part.audit for section in outline() for part in section.parts}
    others = [(run, row) for run, row in found if row.audit not in known]
    return Card(
        model=model, uri=next((one.uri for one in reversed(gathered) if one.uri), ""),
        sections=tuple(_section(section, found, others) for section in outline()), sources=tuple(one.source for one in gathered),
    )  # fmt: skip


def _section(section: Outline, found: Sequence[Found], others: Sequence[Found]) -> Section:
    entries: list[Entry] = []
    beside = section.beside if any(row.kind == "corpus" for _, row in found) else ""
    unknown = [f"{section.always} {beside}".rstrip()] if section.always else []
    for part in section.parts:
        told = list(_entries(part, found))
        if any(entry.status == "ok" for entry in told):
            entries += told
        else:
            unknown.append(_missing(part, told))
    entries += _others(section.name, others)
    return Section(name=section.name, title=section.title, asks=section.asks, entries=tuple(entries), unknown=tuple(unknown))


def _missing(part: Part, told: Sequence[Entry]) -> str:
    sentence = part.unknown[0].upper() + part.unknown[1:]
    if told:
        return f"{sentence}: {part.audit} looked, and has no number ({told[0].note or told[0].status})."
    return f"{sentence}: {NOT_MEASURED} ({part.audit})."


def _entries(part: Part, found: Sequence[Found]) -> Iterator[Entry]:
    mine = [(run, row) for run, row in found if row.audit == part.audit]
    targets = sorted({(row.kind, row.target) for _, row in mine})
    for kind, target in targets:
        for wanted in part.wanted:
            rows = [(run, row) for run, row in mine if (row.kind, row.target) == (kind, target)]
            yield from (_entry(run, row, _words(wanted, row)) for run, row in _largest(wanted, rows))


def _largest(wanted: Wanted, rows: Iterable[Found]) -> list[Found]:
    """Choose the slices with the largest values, those without a value last; equal ones by name."""
    fitting = [(run, row) for run, row in rows if wanted.fits(row.metric.name, row.metric.slice) and "und" not in row.metric.slice.values()]
    fitting.sort(key=lambda pair: (pair[1].metric.value is None, -(pair[1].metric.value or 0.0), sorted(pair[1].metric.slice.items())))
    return fitting[: wanted.most]


def _words(wanted: Wanted, row: Measurement) -> str:
    words = wanted.words
    for key, value in row.metric.slice.items():
        words = words.replace(f"{{{key}}}", value)
    return words


def _others(section: str, others: Sequence[Found]) -> Iterator[Entry]:
    """Take in audits that the outline does not name: of corpora and tokenizers into the data, of models into the model."""
    shown: dict[tuple[str, str], int] = {}
    for run, row in others:
        home = "model" if row.kind == "model" else "data"
        key = (row.audit, row.target)
        if home == section and not row.metric.slice and row.metric.status is MetricStatus.OK and shown.get(key, 0) < OTHERS:
            shown[key] = shown.get(key, 0) + 1
            yield _entry(run, row, row.metric.name.replace("_", " "))


def _entry(run: str, row: Measurement, words: str) -> Entry:
    metric, ends = row.metric, row.metric.interval
    keys = ",".join(f"{key}={metric.slice[key]}" for key in sorted(metric.slice))
    return Entry(
        words=words, metric=f"{row.audit}.{metric.name}" + (f"{{{keys}}}" if keys else ""), target=row.target, kind=row.kind,
        value=metric.value, low=ends.low if ends else None, high=ends.high if ends else None, level=ends.level if ends else None,
        unit=metric.unit, n=metric.n, status=str(metric.status), note=metric.note, run=run,
    )  # fmt: skip
