"""Whether the characters are what the author wrote: damage, leftovers and the wrong encoding of Burmese."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fmaudit import Exhibit, Finding, Metric, Severity
from fmaudit_corpus_quality.measures.scene import Floats, Ints, Scene, codes, integers, percent, percent_interval, sums_by_unit

__all__ = ["ZAWGYI", "encoding_health"]

# SQL: the document is Burmese in Zawgyi. One odd sequence may be a slip of the writer; two that outweigh Unicode's are not.
ZAWGYI = "(encoding.zawgyi >= 2 AND encoding.zawgyi > encoding.burmese_unicode)"
BURMESE = "(encoding.burmese > 0)"
COMMON = 0.01  # a fault in more than this share of the documents is a finding


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault: in words, and what to do about it; without advice it is only counted."""

    words: str
    advice: str = ""


FAULTS: Mapping[str, Fault] = {
    "replacement": Fault(
        "the replacement character U+FFFD", "Text was lost when it was decoded: read the source again with its real encoding."
    ),
    "mojibake": Fault(
        "UTF-8 that was read as Windows-1252 or Latin-1",
        "Encode it back as Windows-1252 and decode it as UTF-8, or leave the documents out.",
    ),
    "control": Fault("control characters", "Remove them, and look for binary data that was taken for text."),
    "private_use": Fault("private-use characters", "They mean something in one font only: map them or leave the documents out."),
    "noncharacter": Fault("code points that are no characters", "Remove them, and look for binary data that was taken for text."),
    "bidi_control": Fault(
        "bidirectional overrides and isolates", "They can hide text from readers: remove them unless the language needs them."
    ),
    "zero_width": Fault("zero-width characters"),  # word breaks in Thai, Khmer and Burmese: counted, not blamed
}


def encoding_health(scene: Scene) -> Iterator[Metric | Finding | Exhibit]:
    """Yield the share of documents with each fault, how often it occurs, and the share of Burmese written in Zawgyi."""
    if "encoding" not in scene.seen.signals or not scene.documents:
        return
    counted = _Counted(scene)
    n = int(counted.n.sum())
    slices = [{"kind": kind} for kind in FAULTS]
    affected = list(scene.shares("affected", counted.documents, counted.totals, slices, observations=[n] * len(slices)))
    yield from affected
    rates = list(_rates(scene, counted, n))
    yield from rates
    yield _table(affected, rates)
    for index, language in enumerate(counted.languages):
        yield from counted.by_language(scene, index, language)
    for kind, metric in zip(FAULTS, affected, strict=True):
        yield from _finding(scene, kind, metric)
    yield from _zawgyi(scene, counted)


class _Counted:
    """Documents with each fault and occurrences, by unit and language."""

    def __init__(self, scene: Scene) -> None:
        with_fault = ", ".join(f"count(*) FILTER (encoding.{kind} > 0) AS d_{kind}" for kind in FAULTS)
        faults = ", ".join(f"CAST(sum(encoding.{kind}) AS BIGINT) AS o_{kind}" for kind in FAULTS)
        language = scene.language or "''"
        table = scene.seen.sql(
            f"SELECT {scene.unit} AS unit, {language} AS language, count(*) AS n, "
            f"CAST(sum(characters) AS BIGINT) AS characters, {with_fault}, {faults}, "
            f"count(*) FILTER ({BURMESE}) AS burmese, count(*) FILTER ({BURMESE} AND {ZAWGYI}) AS zawgyi "
            "FROM documents WHERE quality.words IS NOT NULL AND encoding.replacement IS NOT NULL GROUP BY 1, 2"
        )
        self.units, names = codes(table["unit"])
        self.unit_count = len(names)
        self.language, names_of_languages = codes(table["language"])
        self.languages = tuple(names_of_languages) if scene.language else ()
        self.columns: dict[str, Ints] = {name: integers(table, name) for name in table.column_names if name not in ("unit", "language")}
        self.n = self.columns["n"]
        self.documents = self.sums([f"d_{kind}" for kind in FAULTS])
        self.totals = self.sums(["n"])

    def sums(self, names: list[str]) -> Floats:
        """Columns by unit."""
        return sums_by_unit(self.units, self.unit_count, [self.columns[name] for name in names])

    def by_language(self, scene: Scene, index: int, language: str) -> Iterator[Metric]:
        """Yield the share of one language's documents with each fault."""
        rows = self.language == index
        _, units = np.unique(self.units[rows], return_inverse=True)
        hits = sums_by_unit(units, int(units.max()) + 1, [self.columns[f"d_{kind}"][rows] for kind in FAULTS])
        totals = sums_by_unit(units, int(units.max()) + 1, [self.n[rows]])
        n = int(self.n[rows].sum())
        if n >= scene.minimum:
            slices = [{"kind": kind, "language": language} for kind in FAULTS]
            yield from scene.shares("affected", hits, totals, slices, observations=[n] * len(slices))


def _rates(scene: Scene, counted: _Counted, n: int) -> Iterator[Metric]:
    """Yield occurrences by character; an occurrence has at least one, so this is a share too."""
    hits, totals = counted.sums([f"o_{kind}" for kind in FAULTS]), counted.sums(["characters"])
    slices = [{"kind": kind} for kind in FAULTS]
    yield from scene.shares("occurrences_per_character", hits, totals, slices, observations=[n] * len(slices))


def _table(affected: list[Metric], rates: list[Metric]) -> Exhibit:
    import pyarrow as pa

    often = {metric.slice["kind"]: metric.value for metric in rates}
    rows: list[dict[str, Any]] = []
    for metric in affected:
        kind = metric.slice["kind"]
        low, high = (metric.interval.low, metric.interval.high) if metric.interval else (None, None)
        rate = often.get(kind)
        per_million = None if rate is None else rate * 1e6
        rows.append(
            {"fault": FAULTS[kind].words, "documents": metric.value, "low": low, "high": high, "per million characters": per_million}
        )
    return Exhibit(
        name="encoding",
        title="Encoding faults, by the share of documents that have them",
        data=pa.Table.from_pylist(rows),
        kind="bars",
        encoding={"x": "documents", "y": "fault", "low": "low", "high": "high"},
        unit="fraction",
    )


def _finding(scene: Scene, kind: str, metric: Metric) -> Iterator[Finding]:
    if metric.interval is None or metric.interval.low <= COMMON or not FAULTS[kind].advice:
        return
    yield Finding(
        code=f"encoding-{kind.replace('_', '-')}",
        severity=Severity.WARNING,
        sentence=f"{percent(metric.value or 0.0)} of the documents contain {FAULTS[kind].words} "
        f"({percent_interval(metric.interval)}, {metric.n:,} documents).",
        evidence=scene.examples(f"encoding.{kind} > 0", most=f"encoding.{kind}", span=f"encoding.{kind}"),
        metric=f"affected{{kind={kind}}}",
        slice={"kind": kind},
        advice=FAULTS[kind].advice,
    )


def _zawgyi(scene: Scene, counted: _Counted) -> Iterator[Metric | Finding]:
    """Yield the share of documents with Burmese script that are in Zawgyi."""
    n = int(counted.columns["burmese"].sum())
    if not n:
        return
    metric = next(scene.shares("zawgyi", counted.sums(["zawgyi"]), counted.sums(["burmese"]), [{}], observations=[n]))
    yield metric
    if metric.interval is not None and metric.interval.low > COMMON:
        yield Finding(
            code="encoding-zawgyi",
            severity=Severity.WARNING,
            sentence=f"{percent(metric.value or 0.0)} of the documents in Burmese script are in the Zawgyi encoding, not Unicode "
            f"({percent_interval(metric.interval)}, {n:,} documents).",
            evidence=scene.examples(ZAWGYI, most="encoding.zawgyi", span="encoding.zawgyi"),
            metric="zawgyi",
            advice="Convert them to Unicode first: in Zawgyi the same words are other characters, so other numbers about them are wrong.",
        )
