"""Which languages the corpus holds, how much of each, and how concentrated that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from fmaudit import Finding, Metric, Severity
from fmaudit_corpus_language.facts import language, languages
from fmaudit_corpus_language.results import by_language, estimated, listed, name_of, percent, shares, undefined

if TYPE_CHECKING:
    from fmaudit.stats import Estimate
    from fmaudit_corpus_language.tables import Tables

__all__ = ["UNSEEN_SPEAKERS", "Shares"]

UNSEEN_SPEAKERS = 10_000_000  # a language with as many speakers is missed when no document is in it
NAMED_SPEAKERS = 40_000_000  # and named
MUCH_UNDETERMINED = 0.05
QUANTITIES = {"documents": "share", "characters": "share_characters", "bytes": "share_bytes"}


@dataclass(frozen=True)
class Shares:
    """Raw shares of one corpus, as the model labels it."""

    tables: Tables

    def metrics(self) -> Iterator[Metric]:
        """Yield shares by documents, characters and bytes, and the figures of concentration."""
        yield Metric(
            name="documents",
            value=float(self.tables.counts["looked_at"]),
            unit="count",
            n=self.tables.counts["documents"],
            method="counted",
        )
        for quantity, name in QUANTITIES.items():
            for label, estimate in self.estimates(quantity).items():
                note = "unseen" if estimate.value == 0 else ""
                yield estimated(name, estimate, tables=self.tables, what=f"share of {quantity}", slice_=by_language(label), note=note)
        yield self._undetermined()
        yield from self._no_evidence()
        yield from self._concentration()

    def estimates(self, quantity: str = "documents") -> Mapping[str, Estimate]:
        """Estimate the share of every label, most first; of languages never seen too, where they are large or of interest."""
        return {"documents": self._by_documents, "characters": self._by_characters, "bytes": self._by_bytes}[quantity]

    @cached_property
    def _by_documents(self) -> dict[str, Estimate]:
        found = self._seen("documents")
        total = self.tables.sums("documents").total()
        if not total.size:
            return {}
        nothing = shares(0.0 * total, total, total.sum(axis=0))[0]
        return found if nothing is None else found | dict.fromkeys(self.unseen, nothing)

    @cached_property
    def _by_characters(self) -> dict[str, Estimate]:
        return self._seen("characters")

    @cached_property
    def _by_bytes(self) -> dict[str, Estimate]:
        return self._seen("bytes")

    def _seen(self, quantity: str) -> dict[str, Estimate]:
        sums = self.tables.sums(quantity)
        if not sums.labels or not sums.values.any():
            return {}
        estimates = shares(sums.values, sums.total(), sums.documents.sum())
        found = {label: estimate for label, estimate in zip(sums.labels, estimates, strict=True) if estimate is not None}
        return {label: found[label] for label in self.tables.documents if label in found}

    @cached_property
    def unseen(self) -> tuple[str, ...]:
        """Languages of interest and languages of many speakers that no document is in, most speakers first."""
        seen = set(self.tables.documents)
        large = {entry.label for entry in languages().values() if (entry.speakers or 0) >= UNSEEN_SPEAKERS}
        missing = (large | set(self.tables.params.languages)) - seen
        return tuple(sorted(missing, key=lambda label: (-(language(label).speakers or 0), label)))

    def _undetermined(self) -> Metric:
        estimate = self.estimates().get("und")
        what = "share of documents without evidence, or whose best label scores below min_score"
        if estimate is None:
            total = self.tables.sums("documents").total()
            estimate = shares(0.0 * total, total, total.sum(axis=0))[0] if total.size else None
        if estimate is None:
            return undefined("undetermined", "no document to look at")
        return estimated("undetermined", estimate, tables=self.tables, what=what)

    def _no_evidence(self) -> Iterator[Metric]:
        from fmaudit_corpus_language.results import family

        flags = self.tables.flags("language.no_evidence", "true", by="'all'")
        what = "share of documents without a letter or without anything the model knows"
        yield next(family("no_evidence", flags, self.tables, what))

    def _concentration(self) -> Iterator[Metric]:
        from fmaudit import stats

        sums = self.tables.sums("documents")
        keep = [i for i, label in enumerate(sums.labels) if label != "und"]
        counts = sums.values[:, keep]
        figures = (
            ("entropy", stats.entropy, "bits"),
            ("effective_languages", stats.effective_number, "languages"),
            ("top_share", stats.top_share, "fraction"),
        )
        for name, statistic, unit in figures:
            if counts.sum() < self.tables.params.min_n:
                yield undefined(name, f"{counts.sum():.0f} documents with a language", n=int(counts.sum()), unit=unit)
                continue
            if self.tables.clustered:
                estimate = stats.bootstrap_clusters(counts[counts.any(axis=1)], statistic)
            else:
                estimate = stats.bootstrap_counts([counts.sum(axis=0)], statistic)
            estimate = replace(estimate, n=int(counts.sum()), n_clusters=self.tables.n_clusters)
            yield estimated(name, estimate, tables=self.tables, what="of the raw shares of documents with a language", unit=unit)

    def findings(self) -> Iterator[Finding]:
        """Yield languages never seen and documents that no language could be given to."""
        yield from self._unseen_findings()
        undetermined = self.estimates().get("und")
        if undetermined and undetermined.interval.low > MUCH_UNDETERMINED:
            yield Finding(
                code="undetermined",
                severity=Severity.WARNING,
                metric="undetermined",
                evidence=self.tables.evidence(f"{self.tables.label} = 'und'"),
                sentence=f"{percent(undetermined.value)} of the documents are in no language the model can name.",
                advice="look at some: numbers, code and languages the model does not know all end here",
            )

    def _unseen_findings(self) -> Iterator[Finding]:
        n = self.tables.counts["looked_at"]
        if n < self.tables.params.min_n:
            return
        for label in self.unseen:
            if label in self.tables.params.languages:
                yield Finding(
                    code="language-unseen",
                    severity=Severity.WARNING,
                    slice=by_language(label),
                    metric=f"share{{language={label}}}",
                    sentence=f"{name_of(label)} was never seen: not one of {n} documents is labelled so.",
                    advice="a model trained on this corpus has no exposure to it",
                )
        named = [name_of(label) for label in self.unseen if (language(label).speakers or 0) >= NAMED_SPEAKERS]
        large = [label for label in self.unseen if (language(label).speakers or 0) >= UNSEEN_SPEAKERS]
        if large:
            rest = [f"{len(large) - len(named)} more"] if len(large) > len(named) else []
            names = f": {listed([*named, *rest], 50)}" if named else ""
            yield Finding(
                code="languages-unseen",
                severity=Severity.NOTE,
                sentence=f"{len(large)} languages with over 10 million speakers were never seen in {n} documents{names}.",
                advice="name the ones that matter under `languages` to hear of each",
            )
