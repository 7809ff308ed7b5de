"""The audit "corpus-quality": what published rules would keep, whom they remove, what is there twice, what is damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from fmaudit import ConfigError, CorpusAudit, DocumentFilter, Exhibit, Finding, Metric, MetricStatus, Observations, Params, Severity
from fmaudit_corpus_quality.params import QualityParams
from fmaudit_corpus_quality.rules import MetadataRule, RuleSet

if TYPE_CHECKING:
    import pyarrow as pa

    from fmaudit import DocumentBatch
    from fmaudit_corpus_quality.measures.scene import Scene

__all__ = ["QualityAudit"]

Results = Iterator[Metric | Finding | Exhibit]
FEWEST_SENTENCES = 5  # datatrove's; the kernels rewrite no document of fewer


class QualityAudit(CorpusAudit):
    """Replays rule sets over stored counts, and measures duplicates, encoding faults and where the text comes from."""

    name: ClassVar[str] = "corpus-quality"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Corpus quality"
    Params: ClassVar[type[Params]] = QualityParams
    signals: ClassVar[tuple[str, ...]] = ("quality", "duplicates", "encoding")
    wants: ClassVar[tuple[str, ...]] = ("language",)
    tallies: ClassVar[tuple[str, ...]] = ("line_hashes", "paragraph_hashes")

    @property
    def settings(self) -> QualityParams:
        """The parameters under their own type."""
        return cast("QualityParams", self.params)

    def filters(self) -> Sequence[DocumentFilter]:
        """Name a decision for every rule set."""
        return [
            DocumentFilter(
                name=rule_set.name,
                keep=rule_set.keep(),
                first_reason=rule_set.first_reason(),
                reasons=rule_set.all_reasons(),
                cleaned_sha256=rule_set.cleaned_sha256(),
                rewrite=_rewriter(rule_set) if rule_set.cleaned else None,
                metadata=tuple(sorted(_fields(rule_set))),
            )
            for rule_set in self.settings.all_rule_sets()
        ]

    def measure(self, seen: Observations) -> Results:
        """Yield everything; each subject stands in its own module under `measures`."""
        from fmaudit_corpus_quality.measures.agreement import agreement, judge_together
        from fmaudit_corpus_quality.measures.duplication import documents, pieces
        from fmaudit_corpus_quality.measures.encoding_health import encoding_health
        from fmaudit_corpus_quality.measures.hosts import find_hosts, hosts
        from fmaudit_corpus_quality.measures.scene import Scene

        scene = Scene.look(seen, self.settings.minimum_documents)
        yield Metric(
            name="documents", value=float(scene.documents), unit="count", n=scene.documents, method="documents with counts", note="a count"
        )
        if not scene.documents:
            return
        measurable, missing = self._measurable(seen)
        yield from missing
        yield from self._decisions(scene, measurable)
        sources = find_hosts(scene)
        judged = judge_together(scene, measurable, sources.top)
        yield from agreement(scene, judged)
        yield from hosts(scene, sources, judged)
        yield from documents(scene)
        for tally, noun in (("paragraph_hashes", "paragraph"), ("line_hashes", "line")):
            yield from pieces(scene, tally, noun, self.settings.line_share)
        yield from encoding_health(scene)

    def compared(self, seen: Observations) -> Mapping[str, pa.Table]:
        """Give what every rule set does to the documents of every source, what it keeps of them, and the documents of every host."""
        from fmaudit_corpus_quality.measures.by_source import rows_by_source
        from fmaudit_corpus_quality.measures.hosts import amounts_by_host
        from fmaudit_corpus_quality.measures.scene import Scene

        scene = Scene.look(seen, self.settings.minimum_documents)
        measurable, _ = self._measurable(seen)
        found = {"host_share": amounts_by_host(scene)}
        if measurable:
            found |= rows_by_source(scene, measurable)
        return found

    def _decisions(self, scene: Scene, rule_sets: Sequence[RuleSet]) -> Results:
        from fmaudit_corpus_quality.measures.cube import count_decisions
        from fmaudit_corpus_quality.measures.decisions import by_language, overall
        from fmaudit_corpus_quality.measures.whatif import what_if

        for rule_set in rule_sets:
            cube = count_decisions(scene, rule_set)
            yield from overall(scene, cube)
            yield from what_if(scene, cube)
            yield from by_language(scene, cube)

    def _measurable(self, seen: Observations) -> tuple[list[RuleSet], list[Metric | Finding]]:
        """Leave out metadata rules whose field the corpus does not have, and say so."""
        measurable: list[RuleSet] = []
        missing: list[Metric | Finding] = []
        for rule_set in self.settings.all_rule_sets():
            absent = sorted(_fields(rule_set) - set(seen.metadata))
            if not absent:
                measurable.append(rule_set)
                continue
            note = f"the corpus keeps no metadata field {', '.join(map(repr, absent))}"
            missing.append(
                Metric(
                    name="kept",
                    value=None,
                    unit="fraction",
                    n=0,
                    slice={"ruleset": rule_set.name},
                    status=MetricStatus.UNDEFINED,
                    note=note,
                )
            )
            missing.append(
                Finding(
                    code="metadata-not-kept",
                    severity=Severity.WARNING,
                    sentence=f"The metadata rules could not be asked: {note}.",
                    metric=f"kept{{ruleset={rule_set.name}}}",
                    advice=f"Name the field under [corpus.{seen.target}]: metadata = [{', '.join(map(repr, absent))}].",
                )
            )
        return measurable, missing


def _fields(rule_set: RuleSet) -> set[str]:
    return {test.field for test in rule_set.tests if isinstance(test, MetadataRule)}


def _rewriter(rule_set: RuleSet) -> Callable[[DocumentBatch], Any]:
    return partial(_rewrite, rule_set=rule_set)


def _rewrite(batch: DocumentBatch, *, rule_set: RuleSet) -> Any:
    from fmaudit_corpus_quality.signal import rewrite

    fewest = next((rule.threshold for rule in rule_set.rules if rule.parameter == "min_num_sentences"), None)
    if fewest is None or fewest < FEWEST_SENTENCES:
        raise ConfigError(
            f"{rule_set.name} cannot write its texts",
            hint=f"shorter documents are not cleaned: leave min_num_sentences at {FEWEST_SENTENCES} or more",
        )
    return rewrite(batch, not rule_set.keeps_unterminated_lines)
