"""Whom the corpus reaches: shares of languages against shares of speakers and against a published crawl."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fmaudit import Finding, Interval, Metric, Severity
from fmaudit_corpus_language.facts import SPEAKERS_SOURCE, WORLD_POPULATION, WORLD_POPULATION_SOURCE, language, languages
from fmaudit_corpus_language.results import by_language, listed, name_of, undefined

if TYPE_CHECKING:
    from fmaudit_corpus_language.corrected import Correction
    from fmaudit_corpus_language.shares import Shares
    from fmaudit_corpus_language.tables import Tables

__all__ = ["Reach", "speaker_share"]

LEAST_SPEAKERS = 1_000_000  # of a language whose under-representation is told


def speaker_share(label: str) -> float | None:
    """Return the share of the world's people who speak a language, None where it is not known."""
    speakers = language(label).speakers
    return speakers / WORLD_POPULATION if speakers else None


@dataclass(frozen=True)
class Reach:
    """Representation ratios: share of speakers over share of documents; 1 is parity, 50 is fifty times too little."""

    tables: Tables
    shares: Shares
    correction: Correction

    def metrics(self) -> Iterator[Metric]:
        """Yield representation ratios over raw and over corrected shares."""
        formula = "speakers / world population / {}share of documents, so more than 1 is too little text"
        method = f"{formula}; {SPEAKERS_SOURCE}; {WORLD_POPULATION_SOURCE}"
        for label, estimate in self.shares.estimates().items():
            speakers = speaker_share(label)
            if speakers is not None and (estimate.value > 0 or label in self.tables.params.languages):
                yield _ratio(
                    "representation_ratio",
                    label,
                    speakers,
                    estimate.value,
                    estimate.interval,
                    estimate.n,
                    self.tables.n_clusters,
                    method.format(""),
                )
        for label, share in self.correction.shares.items():
            speakers = _macro_speakers(label)
            if speakers is not None and share.known:
                n, clusters = self.tables.counts["looked_at"], self.tables.n_clusters
                yield _ratio(
                    "representation_ratio_corrected", label, speakers, share.share, share.interval, n, clusters, method.format("corrected ")
                )

    def findings(self) -> Iterator[Finding]:
        """Yield the languages that are under-represented beyond doubt, worst first."""
        limit = self.tables.params.under_represented
        if self.tables.counts["looked_at"] < self.tables.params.min_n:
            return
        worst = []
        for label, estimate in self.shares.estimates().items():
            speakers = speaker_share(label)
            if (
                speakers
                and estimate.value > 0
                and (language(label).speakers or 0) >= LEAST_SPEAKERS
                and speakers / estimate.interval.high > limit
            ):
                worst.append((speakers / estimate.value, label))
        if worst:
            names = [f"{name_of(label)} ({ratio:.0f} times)" for ratio, label in sorted(worst, reverse=True)]
            yield Finding(
                code="under-represented",
                severity=Severity.NOTE,
                metric=f"representation_ratio{{language={max(worst)[1]}}}",
                sentence=f"{len(worst)} languages have more than {limit:g} times the share of the world's speakers than of the documents:"
                f" {listed(names)}.",
                advice="the ratio rests on rounded estimates of speakers, first and second language together",
            )


def _macro_speakers(label: str) -> float | None:
    """Return the speakers' share of a macrolanguage: its own figure, else the sum of its members'."""
    own = speaker_share(label)
    if own is not None:
        return own
    members = [speaker_share(entry.label) or 0.0 for entry in languages().values() if entry.macro == label and entry.label != label]
    return sum(members) or None


def _ratio(name: str, label: str, speakers: float, share: float, interval: Interval, n: int, clusters: int | None, method: str) -> Metric:
    """Divide by a share: the interval's ends change places, and a share of 0 has no ratio."""
    least = f"at least {speakers / interval.high:.3g}" if interval.high > 0 else "without bound"
    if share <= 0:
        return undefined(name, f"never seen, so the ratio is {least}", n=n, unit="ratio", slice_=by_language(label))
    if interval.low <= 0:
        return Metric(
            name=name,
            value=speakers / share,
            unit="ratio",
            n=n,
            n_clusters=clusters,
            method=method,
            slice=by_language(label),
            interval=None,
            note=f"the share may be 0, so the ratio is {least} ({100 * interval.level:.0f} %) and has no upper end",
        )
    turned = Interval(speakers / interval.high, speakers / interval.low, interval.level, f"inverse of {interval.method}")
    return Metric(
        name=name, value=speakers / share, unit="ratio", n=n, n_clusters=clusters, method=method, slice=by_language(label), interval=turned
    )
