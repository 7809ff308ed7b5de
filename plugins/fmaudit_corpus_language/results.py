"""How the audit's numbers become metrics: one place for minimum n, notes and methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fmaudit import Interval, Metric, MetricStatus
from fmaudit_corpus_language.facts import language

if TYPE_CHECKING:
    from fmaudit.stats import Estimate
    from fmaudit_corpus_language.tables import Flags, Tables

__all__ = ["by_language", "estimated", "family", "few", "listed", "name_of", "percent", "rates", "shares", "undefined"]

Floats = npt.NDArray[np.float64]
ONE_SOURCE = "one source: its documents are taken to be independent, and how other sources would differ is not known"


def by_language(label: str) -> dict[str, str]:
    """Return the slice of a language."""
    return {"language": label}


def name_of(label: str) -> str:
    """Return a language's English name."""
    return "no determined language" if label == "und" else language(label).name


def percent(share: float) -> str:
    """Write a share for a sentence: two digits that count."""
    return f"{100 * share:.2g} %" if share < 0.095 else f"{100 * share:.0f} %"


def listed(names: Sequence[str], most: int = 12) -> str:
    """Write names for a sentence, the rest as a number."""
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


def estimated(
    name: str,
    estimate: Estimate,
    *,
    tables: Tables,
    what: str,
    unit: str = "fraction",
    slice_: Mapping[str, str] | None = None,
    note: str = "",
) -> Metric:
    """Turn an estimate into a metric."""
    interval = estimate.interval
    method = f"{what}; {interval.method}" + ("" if tables.clustered else " by document")
    return Metric(
        name=name,
        value=estimate.value,
        unit=unit,
        n=estimate.n,
        interval=interval,
        method=method,
        slice=slice_ or {},
        note=note or ("" if tables.clustered else ONE_SOURCE),
        n_clusters=estimate.n_clusters if tables.clustered else None,
    )


def few(name: str, n: int, least: int, *, unit: str = "fraction", slice_: Mapping[str, str] | None = None) -> Metric:
    """Return a metric for which there are too few documents."""
    return Metric(
        name=name,
        value=None,
        unit=unit,
        n=n,
        status=MetricStatus.INSUFFICIENT,
        slice=slice_ or {},
        note=f"{n} documents, fewer than {least}",
    )


def undefined(name: str, note: str, *, n: int = 0, unit: str = "fraction", slice_: Mapping[str, str] | None = None) -> Metric:
    """Return a metric that has no value, and why."""
    return Metric(name=name, value=None, unit=unit, n=n, status=MetricStatus.UNDEFINED, slice=slice_ or {}, note=note)


def shares(values: Floats, totals: Floats, documents: Floats) -> tuple[Estimate | None, ...]:
    """Estimate shares from sums by cluster, clusters x categories; a single cluster is widened as its documents allow."""
    from fmaudit import stats

    if len(values) >= 2:
        return stats.clustered_shares(values, totals, observations=documents)
    return tuple(
        _alone(float(y), float(totals.sum()), float(n))
        for y, n in zip(values.sum(axis=0), np.broadcast_to(documents, values.shape[1]), strict=True)
    )


def _alone(hits: float, total: float, documents: float) -> Estimate | None:
    from fmaudit import stats

    if total <= 0 or documents <= 0:
        return None
    share = hits / total
    interval = stats.proportion(share * documents, documents)
    return stats.Estimate(value=share, interval=Interval(interval.low, interval.high, interval.level, interval.method), n=round(documents))


def rates(flags: Flags, documents: Floats | None = None) -> tuple[Estimate | None, dict[str, Estimate]]:
    """Estimate the rate of a mark over all documents that were looked at, and by label; `documents` are their numbers where weighted."""
    if not flags.labels:
        return None, {}
    hits, seen = flags.hits.sum(axis=1, keepdims=True), flags.seen.sum(axis=1, keepdims=True)
    counts = flags.seen.sum(axis=0) if documents is None else documents
    overall = shares(hits, seen, counts.sum(keepdims=True))[0]
    each = shares(flags.hits, flags.seen, counts)
    return overall, {label: estimate for label, estimate in zip(flags.labels, each, strict=True) if estimate is not None}


def family(name: str, flags: Flags, tables: Tables, what: str, always: Sequence[str] = ()) -> Iterator[Metric]:
    """Yield a rate over all documents and one for every language with enough of them."""
    least = tables.params.min_n
    overall, each = rates(flags)
    if overall is None:
        yield undefined(name, "no document to look at")
        return
    yield few(name, overall.n, least) if overall.n < least else estimated(name, overall, tables=tables, what=what)
    for label, estimate in each.items():
        if estimate.n >= least:
            yield estimated(name, estimate, tables=tables, what=what, slice_=by_language(label))
        elif label in always:
            yield few(name, estimate.n, least, slice_=by_language(label))
