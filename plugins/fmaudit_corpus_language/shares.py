"""Which languages the corpus holds, how much of each, and how concentrated that is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fmaudit import Evidence, Finding, Metric, Severity
from fmaudit_corpus_language.calibration import calibration
from fmaudit_corpus_language.facts import language, languages
from fmaudit_corpus_language.results import by_language, estimated, listed, name_of, percent, shares, undefined
from fmaudit_corpus_language.tables import DECLARED

if TYPE_CHECKING:
    from fmaudit.stats import Estimate
    from fmaudit_corpus_language.tables import Tables

__all__ = ["UNSEEN_SPEAKERS", "Shares"]

Floats = npt.NDArray[np.float64]

UNSEEN_SPEAKERS = 10_000_000  # a language with as many speakers is missed when no document is in it
NAMED_SPEAKERS = 40_000_000  # and named
MUCH_UNDETERMINED = 0.05
LEAST_RECALL = 0.3  # of labelled text: a language the model finds less of may be there unseen
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
        return self._seen("documents") | ({} if self._nothing is None else dict.fromkeys(self.unseen, self._nothing))

    @cached_property
    def _nothing(self) -> Estimate | None:
        """The share of a language that was never seen, None without documents; it depends on how the languages seen keep to sources."""
        sums = self.tables.sums("documents")
        if not sums.values.any():
            return None
        return shares(np.column_stack([sums.values, np.zeros(len(sums.values))]), sums.total(), sums.documents.sum())[-1]

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
        estimate = estimate or self._nothing
        if estimate is None:
            return undefined("undetermined", "no document to look at")
        return estimated("undetermined", estimate, tables=self.tables, what=what)

    def _no_evidence(self) -> Iterator[Metric]:
        from fmaudit_corpus_language.results import family

        flags = self.tables.flags("language.no_evidence", "true", by="'all'")
        what = "share of documents without a letter or without anything the model knows"
        yield next(family("no_evidence", flags, self.tables, what))

    def _concentration(self) -> Iterator[Metric]:
        sums = self.tables.sums("documents")
        counts = sums.values[:, [i for i, label in enumerate(sums.labels) if label != "und"]]
        n = int(counts.sum())
        units = {"entropy": "bits", "effective_languages": "languages", "top_share": "fraction"}
        if n < self.tables.params.min_n:
            for name, unit in units.items():
                yield undefined(name, f"{n} documents with a language", n=n, unit=unit)
            return
        for name, estimate in self._concentrations(counts).items():
            estimate = replace(estimate, n=n, n_clusters=self.tables.n_clusters)
            yield estimated(name, estimate, tables=self.tables, what="of the raw shares of documents with a language", unit=units[name])

    def _concentrations(self, counts: Floats) -> dict[str, Estimate]:
        """Estimate entropy, its power of two, and the share of the commonest language, from clusters x languages."""
        from fmaudit import stats

        if self.tables.clustered:
            entropy = stats.jackknife_clusters(counts, stats.entropy, bounds=(0.0, math.log2(max(len(languages()), counts.shape[1]))))
        else:
            entropy = stats.bootstrap_counts([counts.sum(axis=0)], stats.entropy, method="normal")
        interval, top = entropy.interval, shares(counts, counts.sum(axis=1, keepdims=True), counts.sum(keepdims=True)[0])
        ends = replace(interval, low=2.0 ** max(interval.low, 0.0), high=2.0**interval.high, method=f"2 to the power of {interval.method}")
        number = replace(entropy, value=2.0**entropy.value, interval=ends, standard_error=None)
        most = top[int(counts.sum(axis=0).argmax())]
        assert most is not None
        return {"entropy": entropy, "effective_languages": number, "top_share": most}

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
                yield self._unseen_finding(label, n)
        named = [name_of(label) for label in self.unseen if (language(label).speakers or 0) >= NAMED_SPEAKERS]
        large = [label for label in self.unseen if (language(label).speakers or 0) >= UNSEEN_SPEAKERS]
        if large:
            rest = [f"{len(large) - len(named)} more"] if len(large) > len(named) else []
            names = f": {listed([*named, *rest], 50)}" if named else ""
            yield Finding(
                code="languages-unseen",
                severity=Severity.NOTE,
                sentence=f"{len(large)} languages with over 10 million speakers are the label of none of {n} documents{names}.",
                advice="name the ones that matter under `languages` to hear of each",
            )

    def _unseen_finding(self, label: str, n: int) -> Finding:
        """Tell a language that is not there from one that the model cannot see: the corpus may declare what no label says."""
        declared, name = self.tables.declared_documents.get(language(label).macro, 0), name_of(label)
        sentence = f"{name} was never seen: not one of {n} documents is labelled so."
        advice = "a model trained on this corpus has no exposure to it"
        found = _recall(label) if self.tables.params.model is None else 1.0
        if declared:
            sentence = f"No document is labelled {name}, but {declared} of {n} are declared to be in it."
            advice = "this is no proof of absence: either the model does not find the language, or the declarations are wrong; read a few"
        elif found is None or found < LEAST_RECALL:
            known = f"finds only {percent(found)} of labelled text in it" if found is not None else "was never tried on labelled text in it"
            advice = f"this is no proof of absence: the model {known}"
        return Finding(
            code="language-unseen",
            severity=Severity.WARNING,
            slice=by_language(label),
            metric=f"share{{language={label}}}",
            sentence=sentence,
            advice=advice,
            evidence=self._declared_evidence(label) if declared else (),
        )

    def _declared_evidence(self, label: str) -> tuple[Evidence, ...]:
        parameters = [*self.tables.declared_parameters, language(label).macro]
        return self.tables.evidence(f"{DECLARED} = $3", parameters=parameters)


def _recall(label: str) -> float | None:
    """Return how much of a language the shipped model finds on labelled text, None where nobody tried."""
    return calibration().recalls({name: entry.macro for name, entry in languages().items()}).get(language(label).macro)
