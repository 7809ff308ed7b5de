"""What domains are written in: shares of text, programs, sequences, molecules and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fmaudit import Evidence, Exhibit, Finding, Metric, Observations, Severity, stats
from fmaudit_domain_gap.measures.domains import NAMELESS
from fmaudit_domain_gap.measures.results import Results, insufficient, percent, span
from fmaudit_domain_gap.modality import MODALITIES, SPECIALISTS
from fmaudit_domain_gap.params import DomainGapParams

__all__ = ["measure_modality"]

FEWEST_SOURCES = 10  # with fewer, documents are taken as independent
UNITS = 10_000
MOST_DOMAINS = 20
DOMAIN = f"coalesce(domain, '{NAMELESS}')"
PLACE = "concat(file, ':', \"offset\")"


def measure_modality(seen: Observations, params: DomainGapParams) -> Results:
    """Yield shares by modality, of the corpus and of its domains, and say which domains a model of text cannot read."""
    clusters = seen.sql("SELECT count(DISTINCT cluster) AS n FROM documents WHERE modality.label IS NOT NULL").to_pylist()[0]["n"]
    by_source = clusters >= FEWEST_SOURCES
    unit = f"hash({'cluster' if by_source else PLACE}) % {UNITS}"
    known = "FROM documents WHERE modality.label IS NOT NULL"
    overall = seen.sql(f"SELECT {unit} AS unit, modality.label AS label, count(*) AS n {known} GROUP BY ALL ORDER BY ALL").to_pylist()
    found = _shares(overall, {}, params, by_source)
    by_domain: dict[str, list[Mapping[str, Any]]] = {name: [] for name in _largest(seen, params)}
    rows = seen.sql(
        f"SELECT {DOMAIN} AS domain, {unit} AS unit, modality.label AS label, count(*) AS n {known} AND {DOMAIN} IN (SELECT unnest(?)) "
        "GROUP BY ALL ORDER BY ALL",
        [list(by_domain)],
    )
    for row in rows.to_pylist():
        by_domain[row["domain"]].append(row)
    for name, mine in by_domain.items():
        found += _shares(mine, {"domain": name}, params, by_source)
    yield from found
    for metric in found:
        yield from _finding(seen, metric, params)
    yield from _exhibit(found)


def _largest(seen: Observations, params: DomainGapParams) -> list[str]:
    """Name the domains asked for, else the largest."""
    if params.domains:
        return list(dict.fromkeys([*params.domains, *([params.reference] if params.reference else [])]))
    known = "FROM documents WHERE modality.label IS NOT NULL"
    query = f"SELECT {DOMAIN} AS domain {known} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {MOST_DOMAINS}"
    return [row["domain"] for row in seen.sql(query).to_pylist()]


def _shares(rows: Sequence[Mapping[str, Any]], slice_: Mapping[str, str], params: DomainGapParams, by_source: bool) -> list[Metric]:
    """Return a share for every modality that occurs."""
    total = sum(row["n"] for row in rows)
    labels = [label for label in MODALITIES if any(row["label"] == label for row in rows)]
    if total < params.minimum_documents:
        note = f"{total} documents, and {params.minimum_documents} are needed"
        return [insufficient("modality", "fraction", {**slice_, "modality": label}, total, note) for label in labels]
    units, place = np.unique([row["unit"] for row in rows], return_inverse=True)
    sums = np.zeros((max(len(units), 2), len(labels)))
    for row, i in zip(rows, place, strict=True):
        sums[i, labels.index(row["label"])] += row["n"]
    estimates = stats.clustered_shares(sums, sums.sum(axis=1, keepdims=True), observations=[float(total)] * len(labels))
    unit = "source" if by_source else "document"
    return [
        Metric(name="modality", value=estimate.value, unit="fraction", n=total, n_clusters=len(units) if by_source else None,
               interval=estimate.interval, method=f"{estimate.interval.method} by {unit}", slice={**slice_, "modality": label})
        for label, estimate in zip(labels, estimates, strict=True)
        if estimate is not None
    ]  # fmt: skip


def _finding(seen: Observations, metric: Metric, params: DomainGapParams) -> Results:
    """Say that a domain holds what is no text."""
    label, domain = metric.slice["modality"], metric.slice.get("domain", "")
    if label not in SPECIALISTS or not domain or metric.interval is None or metric.interval.low <= params.foreign:
        return
    yield Finding(
        code="needs-specialist", severity=Severity.WARNING, slice=metric.slice, metric=f"modality{{domain={domain},modality={label}}}",
        sentence=f"{percent(metric.value or 0.0)} of the documents of the domain {domain!r} are {_words(label)} "
        f"({span(metric.interval, percent)}, {metric.n:,} documents): {label} needs a specialist model, one of text does not read it.",
        evidence=_examples(seen, domain, label),
        advice=f"Use a model trained on {SPECIALISTS[label]}, or train on such data.",
    )  # fmt: skip


def _words(label: str) -> str:
    return {"protein": "protein sequences", "nucleotide": "DNA or RNA sequences", "smiles": "molecules written as SMILES",
            "numbers": "tables of numbers", "encoded": "binary data in text form"}[label]  # fmt: skip


def _examples(seen: Observations, domain: str, label: str) -> tuple[Evidence, ...]:
    rows = seen.sql(
        "SELECT min({'file': CAST(file AS VARCHAR), 'offset': \"offset\", 'id': id}, 3) AS places FROM documents "
        f"WHERE {DOMAIN} = ? AND modality.label = ?",
        [domain, label],
    ).to_pylist()
    return tuple(Evidence(file=place["file"], offset=place["offset"], id=place["id"] or "") for place in rows[0]["places"] or ())


def _exhibit(found: Sequence[Metric]) -> Results:
    import pyarrow as pa

    rows = [
        {"domain": metric.slice["domain"], "modality": metric.slice["modality"], "share": metric.value}
        for metric in found
        if metric.value is not None and "domain" in metric.slice
    ]
    if rows:
        yield Exhibit(
            name="modality", title="What the domains are written in", data=pa.Table.from_pylist(rows), kind="stacked",
            encoding={"x": "share", "y": "domain", "color": "modality"}, unit="fraction",
        )  # fmt: skip
