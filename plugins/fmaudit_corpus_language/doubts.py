"""Where the labels can be doubted: scripts, a second detector, what the corpus itself declares, and mixed documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fmaudit import Finding, Metric, Severity
from fmaudit_corpus_language.facts import LANGDETECT, expected_scripts, language, script_name
from fmaudit_corpus_language.results import by_language, estimated, family, few, listed, name_of, percent, rates, undefined
from fmaudit_corpus_language.tables import DECLARED, HAS_DECLARED

if TYPE_CHECKING:
    import pyarrow as pa

    from fmaudit.stats import Estimate
    from fmaudit_corpus_language.tables import Flags, Tables

__all__ = ["Doubts"]

MOST_FINDINGS = 10  # of one kind
LEAST_MISMATCHES = 3
UNUSUAL = 2.0  # times the rate of the other languages
FALSE_DISCOVERY = 0.05
MUCH_MIXED = 0.05


@dataclass(frozen=True)
class Doubts:
    """Rates of doubt, each over all documents it can be asked of, and by language."""

    tables: Tables

    def metrics(self) -> Iterator[Metric]:
        """Yield every rate."""
        wanted = self.tables.params.languages
        what = "share of documents with enough letters that are not in the scripts of their label"
        yield from family("script_mismatch", self.script_flags, self.tables, what, wanted)
        what = "share of documents with two or more lines in which two languages each have 20 % of the lines"
        yield from family("mixed_documents", self.mixed_flags, self.tables, what, wanted)
        yield from self._disagreement()
        yield from self._declared()

    def _disagreement(self) -> Iterator[Metric]:
        """Yield how often langdetect names another macrolanguage; the documents drawn count with one over their rate."""
        what = "share of documents in langdetect's languages where it names another macrolanguage; drawn by label and size, weighted back"
        drawn = int(self.drawn.seen.sum())
        overall, each = self.disagreement
        least = self.tables.params.min_n
        if overall is None or drawn < least:
            yield few("disagreement", drawn, least)
        else:
            yield estimated("disagreement", overall, tables=self.tables, what=what)
        for label, estimate in each.items():
            if estimate.n >= least:
                yield estimated("disagreement", estimate, tables=self.tables, what=what, slice_=by_language(label))

    def _declared(self) -> Iterator[Metric]:
        if not self.tables.declared and not self.tables.undeclarable:
            for name in ("declared_mismatch", "accuracy", "unsupported"):
                yield undefined(name, "the corpus declares no languages")
            return
        what = "share of documents with a determined language whose declared language is another macrolanguage"
        yield from family("declared_mismatch", self.declared_flags, self.tables, what)
        what = "share of documents labelled with the macrolanguage they are declared in; undetermined ones count as wrong"
        yield from family("accuracy", self.accuracy_flags, self.tables, what)
        unknown = self.tables.flags(f"{DECLARED} is null", HAS_DECLARED, by="'all'", parameters=self.tables.declared_parameters)
        what = "share of documents with a declared language that the model does not know"
        yield next(family("unsupported", unknown, self.tables, what))

    def compared(self) -> dict[str, pa.Table]:
        """Give the rows behind the rates, so that two runs are compared source by source."""
        flags = {"script_mismatch": self.script_flags, "mixed_documents": self.mixed_flags, "disagreement": self.weighted}
        if self.tables.declared:
            flags |= {"declared_mismatch": self.declared_flags, "accuracy": self.accuracy_flags}
        return {name: found.rows() for name, found in flags.items() if found.labels}

    @cached_property
    def script_flags(self) -> Flags:
        """Documents in a script their label is not written in."""
        return self.tables.marked("script")

    @cached_property
    def mixed_flags(self) -> Flags:
        """Documents that mix languages line by line."""
        return self.tables.marked("mixed")

    @property
    def _comparable(self) -> str:
        names = ", ".join(f"'{name}'" for name in sorted(LANGDETECT))
        return f"language.langdetect_label is not null and {self.tables.label} <> 'und' and {self.tables.macro} in ({names})"

    @property
    def _disagrees(self) -> str:
        return f"{self.tables.macro_of('language.langdetect_label::varchar')} <> {self.tables.macro}"

    @cached_property
    def drawn(self) -> Flags:
        """Documents that langdetect was asked about, counted as they are."""
        return self.tables.flags(self._disagrees, self._comparable)

    @cached_property
    def disagreement(self) -> tuple[Estimate | None, dict[str, Estimate]]:
        """How often langdetect disagrees, overall and by label, each document standing for those that were not drawn."""
        return rates(self.weighted, self.drawn.seen.sum(axis=0)) if self.weighted.labels else (None, {})

    @cached_property
    def weighted(self) -> Flags:
        """The documents that langdetect was asked about, each with those it stands for."""
        return self.tables.flags(self._disagrees, self._comparable, rate="language.langdetect_rate")

    @cached_property
    def declared_flags(self) -> Flags:
        """Documents whose label is not what they are declared to be, by declared language."""
        among = f"{DECLARED} is not null and {self.tables.label} <> 'und'"
        parameters = self.tables.declared_parameters
        return self.tables.flags(f"{DECLARED} <> {self.tables.macro}", among, by=DECLARED, parameters=parameters)

    @cached_property
    def accuracy_flags(self) -> Flags:
        """Documents whose label is what they are declared to be, by declared language."""
        parameters = self.tables.declared_parameters
        return self.tables.flags(f"{DECLARED} = {self.tables.macro}", f"{DECLARED} is not null", by=DECLARED, parameters=parameters)

    @cached_property
    def declared_pairs(self) -> list[dict[str, Any]]:
        """Declared and found macrolanguage with documents, most first, where they differ."""
        query = (
            f"select {DECLARED} as declared, {self.tables.macro} as found, count(*) as n from documents where language.label is not null"
            f" and {DECLARED} <> {self.tables.macro} and {self.tables.label} <> 'und' group by 1, 2 order by 3 desc, 1, 2"
        )
        return self.tables.rows(query, self.tables.declared_parameters) if self.tables.declared else []

    @cached_property
    def script_pairs(self) -> list[dict[str, Any]]:
        """Label and script with documents, where the script is none of the label's."""
        return self.tables.rows(
            f"select {self.tables.label} as label, language.script::varchar as script, count(*) as n from documents"
            f" where language.script_mismatch and {self.tables.label} <> 'und' group by 1, 2 order by 3 desc, 1, 2"
        )

    @cached_property
    def mixed_pairs(self) -> list[dict[str, Any]]:
        """The two languages of mixed documents, and how many there are."""
        return self.tables.rows(
            "select least(language.line_label::varchar, language.second_line_label::varchar) as first,"
            " greatest(language.line_label::varchar, language.second_line_label::varchar) as second,"
            " count(*) as n from documents where language.mixed group by 1, 2 order by 3 desc, 1, 2"
        )

    def findings(self) -> Iterator[Finding]:
        """Yield what a person should look at."""
        yield from self._script_findings()
        yield from self._declared_findings()
        yield from self._mixed_findings()
        yield from self._disagreement_findings()

    def _script_findings(self) -> Iterator[Finding]:
        for pair in [pair for pair in self.script_pairs if pair["n"] >= LEAST_MISMATCHES][:MOST_FINDINGS]:
            label, script, n = pair["label"], pair["script"], pair["n"]
            written = listed([script_name(code) for code in sorted(expected_scripts(label))])
            yield Finding(
                code="script-mismatch",
                severity=Severity.WARNING,
                slice=by_language(label),
                metric="script_mismatch",
                sentence=f"{n} documents labelled {name_of(label)} are written in {script_name(script)} letters;"
                f" {name_of(label)} is written in {written}.",
                evidence=self.tables.evidence(
                    f"language.script_mismatch and {self.tables.labelled(label)} and language.script = '{script}'"
                ),
                advice="these labels are wrong: the text is likely in a language the model does not know, or romanised",
            )

    def _declared_findings(self) -> Iterator[Finding]:
        for pair in [pair for pair in self.declared_pairs if pair["n"] >= LEAST_MISMATCHES][:MOST_FINDINGS]:
            declared, found, n = pair["declared"], pair["found"], pair["n"]
            condition = f"{DECLARED} = $3 and {self.tables.macro} = $4 and {self.tables.label} <> 'und'"
            yield Finding(
                code="declared-mismatch",
                severity=Severity.WARNING,
                slice=by_language(declared),
                metric="declared_mismatch",
                sentence=f"{n} documents declared {name_of(declared)} look {name_of(found)}.",
                evidence=self.tables.evidence(condition, parameters=[*self.tables.declared_parameters, declared, found]),
                advice="compare a few by eye: either the declaration or the model is wrong",
            )
        unknown = self.tables.undeclarable
        if unknown:
            names = [f"{_declared_name(name)} ({count})" for name, count in unknown.items()]
            yield Finding(
                code="declared-unsupported",
                severity=Severity.NOTE,
                metric="unsupported",
                sentence=f"{sum(unknown.values())} documents are declared in languages the model does not know: {listed(names)}.",
                advice="whatever label these documents have, it is not their language",
            )

    def _mixed_findings(self) -> Iterator[Finding]:
        overall, _ = rates(self.mixed_flags)
        if overall is None or overall.n < self.tables.params.min_n or overall.interval.low <= MUCH_MIXED:
            return
        pairs = [f"{name_of(pair['first'])} with {name_of(pair['second'])} ({pair['n']})" for pair in self.mixed_pairs]
        yield Finding(
            code="mixed-documents",
            severity=Severity.NOTE,
            metric="mixed_documents",
            evidence=self.tables.evidence("language.mixed", "-language.lines"),
            sentence=f"{percent(overall.value)} of the documents with two or more lines mix languages line by line: {listed(pairs, 5)}.",
            advice="menus and legal notes in another language are the usual cause; parallel texts are another",
        )

    def _disagreement_findings(self) -> Iterator[Finding]:
        for label, rate, n in self._unusual(self.disagreement[1])[:MOST_FINDINGS]:
            yield Finding(
                code="detectors-disagree",
                severity=Severity.NOTE,
                slice=by_language(label),
                metric=f"disagreement{{language={label}}}",
                sentence=f"langdetect names another language for {percent(rate)} of the {n} documents labelled {name_of(label)}"
                " that it was asked about.",
                evidence=self.tables.evidence(f"{self._comparable} and {self._disagrees} and {self.tables.labelled(label)}"),
                advice="two detectors trained on the same encyclopaedia may agree and be wrong, but where they disagree one of them is",
            )

    def _unusual(self, each: Mapping[str, Estimate]) -> Sequence[tuple[str, float, int]]:
        """Find the labels whose rate is well above that of all others, at a false-discovery rate of 5 %."""
        from fmaudit import stats

        tested = {label: estimate for label, estimate in each.items() if estimate.n >= self.tables.params.min_n}
        if len(tested) < 2:
            return []
        hits = {label: estimate.value * estimate.n for label, estimate in tested.items()}
        total, n = sum(hits.values()), sum(estimate.n for estimate in tested.values())
        p_values, others = [], {}
        for label, estimate in tested.items():
            size = estimate.n_effective or float(estimate.n)
            others[label] = (total - hits[label] + 0.5) / (n - estimate.n + 1.0)
            p_values.append(_upper_tail(estimate.value * size, size, others[label]))
        q_values = stats.benjamini_hochberg(p_values)
        found = [
            (label, estimate.value, estimate.n)
            for (label, estimate), q in zip(tested.items(), q_values, strict=True)
            if q <= FALSE_DISCOVERY and estimate.value >= UNUSUAL * others[label]
        ]
        return sorted(found, key=lambda item: (-item[1], item[0]))


def _declared_name(written: str) -> str:
    """Name a declared language; what no table knows is quoted as the corpus wrote it, cut short."""
    known = language(written.strip().lower()).name
    return repr(written[:20]) if known == written.strip().lower() else known


def _upper_tail(hits: float, n: float, rate: float) -> float:
    """Return the chance of as many hits or more; n may be an effective number."""
    from scipy.special import betainc

    return float(betainc(hits, max(n - hits, 0.0) + 1.0, rate)) if hits > 0 else 1.0
