"""What the audit needs from the observations, as sums by cluster: the only SQL of the plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fmaudit import Evidence, Observations
from fmaudit_corpus_language.facts import language, languages, normalise_code
from fmaudit_corpus_language.params import LanguageParams

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DECLARED", "HAS_DECLARED", "Flags", "Sums", "Tables"]

# ISO 639's codes for undetermined, multiple, uncoded and no languages: declaring one of them declares no language
_NO_ONE_LANGUAGE = ("", "und", "mul", "mis", "zxx")
HAS_DECLARED = f"lower(trim(declared_language)) not in {_NO_ONE_LANGUAGE!r}"

Floats = npt.NDArray[np.float64]
MOST_CLUSTERS = 20_000  # more are put into buckets, which leaves the variance of their sums what it is
FEWEST_SOURCES = 2
BUCKET_DIGITS = 3  # of the MD5 sum in hexadecimal: 4,096 buckets
EVIDENCE = 5
DECLARED = "list_extract($2::varchar[], list_position($1::varchar[], declared_language))"  # see `Tables.declared_parameters`


@dataclass(frozen=True, slots=True)
class Sums:
    """One quantity, clusters x labels; `documents` counts what lies behind every label."""

    labels: tuple[str, ...]
    values: Floats
    documents: Floats

    def total(self) -> Floats:
        """Return every cluster's sum over all labels, as a column."""
        column: Floats = self.values.sum(axis=1, keepdims=True)
        return column


@dataclass(frozen=True, slots=True)
class Flags:
    """Documents with a mark among those that were looked at, clusters x labels."""

    labels: tuple[str, ...]
    hits: Floats
    seen: Floats
    clusters: tuple[str, ...] = ()

    def rows(self) -> pa.Table:
        """Give what every source has of every label, as rows to compare two runs by."""
        import pyarrow as pa

        cluster, label = np.nonzero(self.seen)
        names = pa.array(np.asarray(self.clusters, dtype=object)[cluster], pa.string())
        labels = pa.array(np.asarray(self.labels, dtype=object)[label], pa.string())
        amounts = {"value": self.hits[cluster, label], "weight": self.seen[cluster, label]}
        return pa.table({"item": names, "cluster": names, **amounts, "language": labels})


class Tables:
    """Sums over `documents` with the label that holds: "und" below the minimum score."""

    def __init__(self, seen: Observations, params: LanguageParams) -> None:
        """Look at nothing yet."""
        self.seen, self.params = seen, params

    @property
    def label(self) -> str:
        """SQL: the document's label, "und" where it is undetermined, null where it was not looked at."""
        return self.label_at(self.params.min_score)

    @staticmethod
    def label_at(min_score: float) -> str:
        """SQL: the label for a minimum score."""
        return f"(case when language.no_evidence or language.score < {float(min_score)!r} then 'und' else language.label::varchar end)"

    def labelled(self, label: str, *, macro: bool = False) -> str:
        """SQL: whether a document has a label, or one of a macrolanguage."""
        return f"{self.macro if macro else self.label} = {_quoted(label)}"

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Documents: all, looked at, and sources."""
        # in two steps: DuckDB takes twice as long for count(distinct ...)
        each = "select cluster, count(*) as documents, count(language.label) as looked_at from documents group by cluster"
        query = f"select sum(documents) as documents, sum(looked_at) as looked_at, count(cluster) as clusters from ({each})"
        return {name: int(values[0] or 0) for name, values in self.seen.sql(query).to_pydict().items()}

    @property
    def clustered(self) -> bool:
        """Whether documents come from several sources, so that it shows how these differ; those of one are taken to be independent."""
        return self.counts["clusters"] >= FEWEST_SOURCES

    @property
    def n_clusters(self) -> int | None:
        """The number of sources, None where documents are taken to be independent."""
        return self.counts["clusters"] if self.clustered else None

    @property
    def cluster(self) -> str:
        """SQL: what to group by for errors; documents of a single source, and very many sources, go into buckets by MD5."""
        if not self.clustered:
            return f"md5(file || ':' || \"offset\")[1:{BUCKET_DIGITS}]"
        return f"md5(cluster)[1:{BUCKET_DIGITS}]" if self.counts["clusters"] > MOST_CLUSTERS else "cluster"

    @property
    def _marks(self) -> Mapping[str, tuple[str, str]]:
        """SQL: marks that are counted by label in the one pass over everything, each with what it can be asked of."""
        letters = f"{self.label} <> 'und' and language.letters >= {self.params.script_letters}"
        return {"script": ("language.script_mismatch", letters), "mixed": ("language.mixed", "language.lines >= 2")}

    @cached_property
    def _by_label(self) -> dict[str, Any]:
        marks = "".join(
            f", count(*) filter (where ({among}) and {mark})::double as {name}_hits, count(*) filter (where {among})::double as {name}_seen"
            for name, (mark, among) in self._marks.items()
        )
        return self.seen.sql(
            f"select {self.cluster} as cluster, {self.label} as label, count(*)::double as documents,"
            f" sum(characters)::double as characters, sum(bytes)::double as bytes{marks}"
            " from documents where language.label is not null group by 1, 2 order by 1, 2"
        ).to_pydict()

    def marked(self, name: str) -> Flags:
        """Count documents with one of the marks that are looked for by label ("script", "mixed") among those it can be asked of."""
        rows = self._by_label
        some = [i for i, n in enumerate(rows[f"{name}_seen"]) if n]
        clusters, labels, hits, seen = ([rows[key][i] for i in some] for key in ("cluster", "label", f"{name}_hits", f"{name}_seen"))
        return _flags(clusters, labels, hits, seen)

    def amounts(self, quantity: str) -> pa.Table:
        """Give "documents", "characters" or "bytes" of every source and language, as rows."""
        import pyarrow as pa

        rows = self._by_label
        return pa.table({"item": rows["cluster"], "amount": rows[quantity], "language": rows["label"]})

    def sums(self, quantity: str) -> Sums:
        """Sum "documents", "characters" or "bytes" by label."""
        rows = self._by_label
        labels, values = _matrix(rows["cluster"], rows["label"], rows[quantity])
        _, documents = _matrix(rows["cluster"], rows["label"], rows["documents"])
        return Sums(labels, values, documents.sum(axis=0))

    @cached_property
    def documents(self) -> Mapping[str, int]:
        """Documents of every label, most first."""
        sums = self.sums("documents")
        counts = {label: int(count) for label, count in zip(sums.labels, sums.documents, strict=True)}
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def flags(self, mark: str, among: str, *, by: str | None = None, rate: str = "", parameters: Sequence[Any] = ()) -> Flags:
        """Count documents with a mark among others, both SQL conditions, by label or by another SQL expression.

        With `rate`, an SQL expression, a document counts one over it. SQL counts whole documents only: DuckDB adds fractions up in the
        order in which its threads end, so that the last digits of a sum are others every time.
        """
        rows = self.seen.sql(
            f"select {self.cluster} as cluster, {by or self.label} as label, ({rate or '1.0'})::double as rate,"
            f" count(*) filter (where {mark}) as hits, count(*) as seen"
            f" from documents where language.label is not null and ({among}) group by 1, 2, 3 order by 1, 2, 3",
            parameters,
        )
        clusters, names = ([str(name) for name in rows[column].to_pylist()] for column in ("cluster", "label"))
        rates = np.asarray(rows["rate"], dtype=np.float64)
        hits, seen = (np.asarray(rows[name], dtype=np.float64) / rates for name in ("hits", "seen"))
        return _flags(clusters, names, hits, seen)

    def strata(self, min_score: float, edges: Sequence[int]) -> dict[str, list[Any]]:
        """Count documents by cluster, label at a given minimum score, and length bucket."""
        bucket = " + ".join(f"(characters >= {int(edge)})::int" for edge in edges)
        return self.seen.sql(
            f"select {self.cluster} as cluster, {self.label_at(min_score)} as label, ({bucket})::varchar as bucket,"
            " count(*)::double as documents"
            " from documents where language.label is not null group by 1, 2, 3 order by 1, 2, 3"
        ).to_pydict()

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Run a query and return its rows."""
        table: pa.Table = self.seen.sql(query, parameters)
        found: list[dict[str, Any]] = table.to_pylist()
        return found

    def evidence(self, condition: str, order: str = "-language.score", parameters: Sequence[Any] = ()) -> tuple[Evidence, ...]:
        """Name a few documents that meet an SQL condition, those with the least `order` first."""
        # materialized: DuckDB 2.0.0 stops at a filter on a struct's field together with an order on another and a limit
        query = (
            f'with found as materialized (select file::varchar as file, "offset", id, {order} as place from documents'
            f" where language.label is not null and ({condition}))"
            f' select file, "offset", id from found order by place, file, "offset" limit {EVIDENCE}'
        )
        return tuple(Evidence(file=row["file"], offset=row["offset"], id=row["id"] or "") for row in self.rows(query, parameters))

    @cached_property
    def declared(self) -> Mapping[str, str]:
        """The macrolanguage of every declared language that the model knows, by what the corpus wrote."""
        return {name: language(code).macro for name in self._declared if (code := normalise_code(name)) in languages()}

    @cached_property
    def declared_documents(self) -> Mapping[str, int]:
        """Documents by the macrolanguage that they are declared in."""
        counts: dict[str, int] = {}
        for name, macro in self.declared.items():
            counts[macro] = counts.get(macro, 0) + self._declared[name]
        return counts

    @cached_property
    def undeclarable(self) -> Mapping[str, int]:
        """Documents by declared language that is none of the model's."""
        return {name: count for name, count in self._declared.items() if name not in self.declared}

    @cached_property
    def _declared(self) -> Mapping[str, int]:
        query = (
            "select declared_language as name, count(*) as n from documents"
            " where declared_language is not null and language.label is not null"
            f" group by declared_language having {HAS_DECLARED} order by 2 desc, 1"
        )
        return {row["name"]: row["n"] for row in self.rows(query)}

    @property
    def declared_parameters(self) -> list[list[str]]:
        """The parameters of every query that uses `DECLARED`: corpus text is bound, never written into SQL."""
        return [list(self.declared), list(self.declared.values())]

    @cached_property
    def macro(self) -> str:
        """SQL: the macrolanguage of the document's label."""
        return self.macro_of(self.label)

    def macro_of(self, label: str) -> str:
        """SQL: the macrolanguage of a label."""
        names = {name: language(name).macro for name in (*languages(), *self.documents)}
        cases = " ".join(f"when {_quoted(name)} then {_quoted(macro)}" for name, macro in names.items() if macro != name)
        return f"(case {label} {cases} else {label} end)"


def _flags(clusters: Sequence[str], labels: Sequence[str], hits: Sequence[float] | Floats, seen: Sequence[float] | Floats) -> Flags:
    names, found = _matrix(clusters, labels, hits)
    return Flags(names, found, _matrix(clusters, labels, seen)[1], tuple(sorted(set(clusters))))


def _quoted(text: str) -> str:
    """Quote an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _matrix(clusters: Sequence[str], labels: Sequence[str], values: Sequence[float] | Floats) -> tuple[tuple[str, ...], Floats]:
    from fmaudit import stats

    if not len(values):
        return (), np.zeros((0, 0))
    table = stats.tabulate([str(cluster) for cluster in clusters], labels, values)
    dense: Floats = table.sums.toarray()
    return table.categories, dense
