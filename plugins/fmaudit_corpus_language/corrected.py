"""Shares corrected for what the model confuses, and how far each label can be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fmaudit import Finding, Metric, Severity, StatisticsError
from fmaudit_corpus_language.calibration import BUCKETS, Calibration, calibration
from fmaudit_corpus_language.facts import language, languages
from fmaudit_corpus_language.results import by_language, few, listed, name_of, percent, undefined

if TYPE_CHECKING:
    from fmaudit.stats import ClassShare, Quantification
    from fmaudit_corpus_language.tables import Tables

__all__ = ["Correction"]

LEAST_RECALL = 0.3  # a language the model finds less of cannot be told from those it is taken for
LEAST_DOCUMENTS = 5
MOST_LABELS = 60  # the work grows with the third power
REST = "rest"  # labels too rare to be corrected
METHOD = "adjusted count by length bucket, calibrated on several sources"


@dataclass(frozen=True)
class Correction:
    """The correction of one corpus, made when it is first asked for."""

    tables: Tables

    def metrics(self) -> Iterator[Metric]:
        """Yield corrected shares and predicted precisions."""
        if self.refusal:
            yield undefined("share_corrected", self.refusal, n=self.tables.counts["looked_at"])
            return
        for label, share in self.shares.items():
            yield self._metric("share_corrected", label, share)
            if share.precision is not None:
                yield self._metric("predicted_precision", label, share)

    def _metric(self, name: str, label: str, share: ClassShare) -> Metric:
        assert self.result is not None
        precision = name == "predicted_precision"
        slice_, n = by_language(label), round(share.raw * self.result.n)
        if precision and n < self.tables.params.min_n:
            return few(name, n, self.tables.params.min_n, slice_=slice_)
        unknown = "" if share.known else "calibration does not know this language: only what flows in from others is taken out"
        return Metric(
            name=name,
            value=share.precision if precision else share.share,
            unit="fraction",
            slice=slice_,
            note=unknown,
            interval=share.precision_interval if precision else share.interval,
            n=n if precision else self.result.n,
            n_clusters=self.result.n_clusters,
            method=METHOD,
        )

    def findings(self) -> Iterator[Finding]:
        """Yield what labels are probably wrong more often than right."""
        limit, least = self.tables.params.low_precision, self.tables.params.min_n
        for label, share in self.shares.items():
            n = self.tables.documents.get(label, 0)
            interval = share.precision_interval
            if interval is None or share.precision is None or n < least or interval.high >= limit:
                continue
            yield Finding(
                code="label-unreliable",
                severity=Severity.WARNING,
                slice=by_language(label),
                metric=f"predicted_precision{{language={label}}}",
                sentence=f"Of the {n} documents labelled {name_of(label)}, only {percent(share.precision)} are predicted to be"
                f" {name_of(label)} ({percent(interval.low)} to {percent(interval.high)}).{self._instead(label)}",
                evidence=self.tables.evidence(self.tables.labelled(label, macro=True), "language.score"),
                advice="read the documents below before counting or keeping them; a higher min_score leaves the least certain ones out",
            )

    def confused(self, label: str) -> list[str]:
        """Name the languages whose text the model most often labels so by mistake, on labelled text."""
        return self.calibration.taken_for(label, self._macro)

    def _instead(self, label: str) -> str:
        """Say which languages the model is known to take for this one."""
        taken = self.confused(label)
        return f" On labelled text the model gives this label most to {listed([name_of(name) for name in taken], 5)}." if taken else ""

    @cached_property
    def refusal(self) -> str:
        """Why there is no correction, empty where there is one."""
        return "" if self.result is not None else self._reason

    @cached_property
    def shares(self) -> Mapping[str, ClassShare]:
        """The corrected shares by label; a macrolanguage stands for its members."""
        return {share.label: share for share in self.result.shares if share.label != REST} if self.result else {}

    @cached_property
    def result(self) -> Quantification | None:
        """The correction, None where it is refused."""
        return self._made[0]

    @property
    def _reason(self) -> str:
        return self._made[1]

    @cached_property
    def calibration(self) -> Calibration:
        """The counts that ship with the plugin."""
        return calibration()

    @cached_property
    def _macro(self) -> dict[str, str]:
        return {label: entry.macro for label, entry in languages().items()}

    @cached_property
    def _made(self) -> tuple[Quantification | None, str]:
        from fmaudit import stats

        params = self.tables.params
        if not params.calibration:
            return None, "switched off: calibration = false"
        if params.model is not None:
            return None, "the shipped calibration was measured on lid.176.ftz, not on a model of your own"
        rows = self.tables.strata(self.calibration.min_score, BUCKETS)
        if not rows["label"]:
            return None, "no document to look at"
        labels = self._kept([language(label).macro if label != "und" else label for label in rows["label"]], rows["documents"])
        usable = self._usable(set(labels))
        if not usable:
            return None, "calibration knows none of the corpus's languages"
        clusters = rows["cluster"] if self.tables.clustered else None
        try:
            observed = stats.observed_from_labels(labels, rows["documents"], strata=rows["bucket"], clusters=clusters)
            return stats.acc(self.calibration.confusions(usable), observed, draws=params.draws, max_condition=params.max_condition), ""
        except StatisticsError as error:
            return None, str(error)

    def _kept(self, labels: list[str], documents: list[float]) -> list[str]:
        """Put labels together that are too rare to be corrected."""
        counts: dict[str, float] = {}
        for label, count in zip(labels, documents, strict=True):
            counts[label] = counts.get(label, 0.0) + count
        wanted = {language(label).macro for label in self.tables.params.languages}
        ranked = sorted(counts, key=lambda label: (label not in wanted, -counts[label], label))[:MOST_LABELS]
        kept = {label for label in ranked if counts[label] >= LEAST_DOCUMENTS or label in wanted}
        return [label if label in kept else REST for label in labels]

    def _usable(self, labels: set[str]) -> dict[str, str]:
        """Name the languages that calibration may correct for, under their macrolanguage."""
        recalls = self.calibration.recalls(self._macro)
        return {label: macro for label, macro in self._macro.items() if macro in labels and recalls.get(macro, 0.0) >= LEAST_RECALL}
