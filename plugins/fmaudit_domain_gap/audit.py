"""The audit "domain-gap": how far the domains of a corpus are apart, and how much harder a model finds each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pyarrow as pa

from fmaudit import Capability, Case, CorpusAudit, Exhibit, Finding, Metric, ModelAudit, Observations, Params
from fmaudit_domain_gap.params import DomainGapParams

if TYPE_CHECKING:
    from fmaudit import Model

__all__ = ["DomainGap"]


class DomainGap(CorpusAudit, ModelAudit):
    """Of a corpus: its domains against a reference, without a model. Of a model: bits per byte by domain, and per sentence by language."""

    name: ClassVar[str] = "domain-gap"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Domain gap"
    Params: ClassVar[type[Params]] = DomainGapParams
    signals: ClassVar[tuple[str, ...]] = ("modality",)
    tallies: ClassVar[tuple[str, ...]] = ("domain_sample",)
    needs: ClassVar[frozenset[Capability]] = frozenset({Capability.SCORE})
    reads: ClassVar[tuple[str, ...] | None] = (
        "domains", "corpora", "per_group", "document_characters", "parallel", "sentences", "seed",
    )  # fmt: skip
    schema: ClassVar[pa.Schema] = pa.schema(
        [  # type: ignore[arg-type]
            ("kind", pa.string()),  # "document" or "sentence"
            ("domain", pa.string()),  # of a document drawn for its domain
            ("language", pa.string()),  # of a sentence, or of a document drawn for its language
            ("item", pa.string()),  # a sentence's id, a document's place
            ("bits", pa.float64()),
            ("bytes", pa.int64()),
            ("tokens", pa.int64()),
            ("builtin", pa.bool_()),
        ]
    )

    @property
    def settings(self) -> DomainGapParams:
        """The parameters under their own type."""
        return cast("DomainGapParams", self.params)

    def cases(self) -> Iterable[Case]:
        """Name documents of every domain and language, and parallel sentences."""
        return self._cases

    def check(self) -> None:
        """Look at the parallel sentences; drawing the documents would read the corpora."""
        from fmaudit_domain_gap.asking import check_sources

        check_sources(self.settings)

    @cached_property
    def _cases(self) -> tuple[Case, ...]:
        from fmaudit_domain_gap.asking import all_cases

        return tuple(all_cases(self.settings))

    async def observe(self, case: Case, model: Model) -> Iterable[Mapping[str, Any]]:
        """Score one text as a whole."""
        from fmaudit_domain_gap.asking import ask

        return [await ask(case, model)]

    def fingerprint(self) -> str:
        """Name the parallel sentences."""
        from fmaudit_domain_gap.parallel import fingerprint

        return fingerprint(self.settings.parallel)

    def measure(self, seen: Observations) -> Iterator[Metric | Finding | Exhibit]:
        """Yield what there is to say of a corpus or of a model."""
        if seen.kind == "corpus":
            from fmaudit_domain_gap.measures.corpus import measure_corpus

            yield from measure_corpus(seen, self.settings)
        else:
            from fmaudit_domain_gap.measures.model import measure_model

            yield from measure_model(seen, self.settings)
