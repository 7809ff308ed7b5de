"""What stands around every number: the observations, the slices, and the independent units an interval rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fmaudit import Evidence, Interval, Metric, MetricStatus, Observations, stats

__all__ = ["Scene", "codes", "evidence", "integers", "percent", "percent_interval", "sums_by_unit"]

UNITS = 10_000  # more sources are folded into this many groups, which leaves the variance between them what it is
FEWEST_SOURCES = 2  # one source does not show how sources differ
ONE_SOURCE = "one source: its documents are taken as independent, and how other sources would differ is not known"

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scene:
    """The observations of one target with what every measure needs to know about them.

    `minimum` is the fewest documents a share is given for.
    """

    seen: Observations
    minimum: int
    documents: int
    sources: int

    @classmethod
    def look(cls, seen: Observations, minimum: int) -> Scene:
        """Count the judged documents and their sources."""
        query = "SELECT count(*) AS documents, count(DISTINCT cluster) AS sources FROM documents WHERE quality.words IS NOT NULL"
        row = seen.sql(query).to_pylist()[0]
        return cls(seen, minimum, int(row["documents"]), int(row["sources"]))

    @property
    def by_source(self) -> bool:
        """Whether intervals are clustered by source; the documents of a single source are taken as independent."""
        return self.sources >= FEWEST_SOURCES

    @property
    def unit(self) -> str:
        """SQL: the independent unit of a document, at most `UNITS` different ones."""
        if self.by_source:
            return "cluster" if self.sources <= UNITS else f"hash(cluster) % {UNITS}"
        place = "concat(file, ':', \"offset\")"
        return place if self.documents <= UNITS else f"hash({place}) % {UNITS}"

    @cached_property
    def language(self) -> str:
        """SQL: the document's language; empty where nothing says it."""
        if "language" in self.seen.signals:
            return "coalesce(language.label, 'und')"
        declared = self.seen.sql("SELECT 1 FROM documents WHERE declared_language IS NOT NULL LIMIT 1").num_rows
        return "coalesce(declared_language, 'und')" if declared else ""

    def shares(
        self,
        name: str,
        hits: Floats,
        totals: Floats,
        slices: Sequence[Mapping[str, str]],
        *,
        observations: Sequence[int],
        note: str = "",
    ) -> Iterator[Metric]:
        """Yield a share for every column of `hits` (units x columns); `totals` has a column for each, or one for all."""
        enough = [count >= self.minimum for count in observations]
        columns = [i for i, ok in enumerate(enough) if ok]
        below = totals if totals.shape[1] == 1 else totals[:, columns]
        counts = [observations[i] for i in columns]
        estimates = dict(zip(columns, self.estimate(hits[:, columns], below, counts), strict=True)) if columns else {}
        for i, slice_ in enumerate(slices):
            if i in estimates:
                yield self.metric(name, estimates[i], "fraction", slice_, observations[i], note)
            else:
                yield self.too_few(name, "fraction", slice_, observations[i])

    def estimate(self, hits: Floats, totals: Floats, observations: Sequence[int]) -> tuple[Any, ...]:
        """Estimate shares of columns over units; a single unit is joined by an empty one, which changes nothing."""
        if len(hits) < 2:
            hits, totals = (np.concatenate([part, np.zeros((2 - len(part), part.shape[1]))]) for part in (hits, totals))
        return stats.clustered_shares(hits, totals, observations=np.asarray(observations, dtype=np.float64))

    def metric(self, name: str, estimate: Any, unit: str, slice_: Mapping[str, str], n: int, note: str = "") -> Metric:
        """Turn an estimate into a metric; None is 0/0."""
        if estimate is None:
            return Metric(name=name, value=None, unit=unit, n=n, slice=slice_, status=MetricStatus.UNDEFINED, note="nothing to divide by")
        return Metric(
            name=name,
            value=estimate.value,
            unit=unit,
            n=n,
            interval=estimate.interval,
            n_clusters=estimate.n_clusters if self.by_source else None,
            method=self._method(estimate.interval),
            slice=slice_,
            note=note or ("" if self.by_source else ONE_SOURCE),
        )

    def too_few(self, name: str, unit: str, slice_: Mapping[str, str], n: int) -> Metric:
        """Say that there are not enough documents for a number."""
        note = f"{n} documents, and {self.minimum} are needed"
        return Metric(name=name, value=None, unit=unit, n=n, slice=slice_, status=MetricStatus.INSUFFICIENT, note=note)

    def examples(self, condition: str, parameters: Sequence[Any] = (), *, most: str = "0", span: str = "") -> tuple[Evidence, ...]:
        """Find the first three documents for which SQL holds: those with most of something first, then in corpus order.

        `span` names a column whose `_start` and `_stop` columns are the place in the document.
        """
        # `ORDER BY ... LIMIT` with a condition on a struct's field over Parquet can end in an internal error of DuckDB 2.0.0.
        start, stop = (f"{span}_start", f"{span}_stop") if span else ("NULL", "NULL")
        place = (
            f"{{'less': -({most}), 'file': CAST(file AS VARCHAR), 'offset': \"offset\", 'id': id, "
            f"'start': CAST({start} AS INTEGER), 'stop': CAST({stop} AS INTEGER)}}"
        )
        rows = self.seen.sql(f"SELECT min({place}, 3) AS places FROM documents WHERE {condition}", parameters).to_pylist()
        return evidence(rows[0]["places"] or ())

    def _method(self, interval: Interval) -> str:
        unit = "source" if self.by_source else "document"
        folded = f", folded into {UNITS:,} groups" if (self.sources if self.by_source else self.documents) > UNITS else ""
        return f"{interval.method} by {unit}{folded}"


def codes(column: Any) -> tuple[Ints, list[str]]:
    """Number the different values of a column in sorted order."""
    import pyarrow as pa

    encoded = pa.chunked_array(column).combine_chunks().dictionary_encode()
    names: list[Any] = encoded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return rank[np.asarray(encoded.indices)], [str(names[i]) for i in order]


def integers(table: Any, name: str) -> Ints:
    """Read a column of counts."""
    return np.asarray(table[name].to_numpy(), dtype=np.int64)


def sums_by_unit(units: Ints, count: int, columns: Iterable[npt.NDArray[Any]]) -> Floats:
    """Add up columns within units: units x columns. Counts stay below 2^53, so the sums are exact."""
    parts = [np.bincount(units, weights=column, minlength=count) for column in columns]
    return np.stack(parts, axis=1) if parts else np.zeros((count, 0))


def evidence(rows: Iterable[Mapping[str, Any]]) -> tuple[Evidence, ...]:
    """Turn rows with file, offset and perhaps id, start and stop into evidence."""
    return tuple(
        Evidence(file=row["file"], offset=int(row["offset"]), id=row.get("id") or "", start=row.get("start"), stop=row.get("stop"))
        for row in rows
    )


def percent(value: float) -> str:
    """Write a share for a sentence."""
    digits = 1 if 0.001 <= value <= 0.999 or value in (0.0, 1.0) else 3
    return f"{value * 100:.{digits}f} %"


def percent_interval(interval: Interval | None) -> str:
    """Write an interval for a sentence."""
    return f"{interval.level:.0%} interval {percent(interval.low)} to {percent(interval.high)}" if interval else "no interval"
