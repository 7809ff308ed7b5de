"""The audit corpus-language: which languages a corpus holds, how sure that is, and whom it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from fmaudit import CorpusAudit, Exhibit, Finding, Metric, Observations, Params
from fmaudit_corpus_language.params import LanguageParams

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LanguageAudit"]


class LanguageAudit(CorpusAudit):
    """Language shares with intervals, corrected for confusion; reach against speakers; every doubt about the labels."""

    name: ClassVar[str] = "corpus-language"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Languages of a corpus"
    Params: ClassVar[type[Params]] = LanguageParams
    signals: ClassVar[tuple[str, ...]] = ("language",)

    def measure(self, seen: Observations) -> Iterable[Metric | Finding | Exhibit]:
        """Measure shares, correction, reach and doubts."""
        from fmaudit_corpus_language.corrected import Correction
        from fmaudit_corpus_language.doubts import Doubts
        from fmaudit_corpus_language.exhibits import Exhibits
        from fmaudit_corpus_language.reach import Reach
        from fmaudit_corpus_language.shares import Shares
        from fmaudit_corpus_language.tables import Tables

        assert isinstance(self.params, LanguageParams)
        tables = Tables(seen, self.params)
        shares, correction, doubts = Shares(tables), Correction(tables), Doubts(tables)
        parts = (shares, correction, Reach(tables, shares, correction), doubts)
        for part in parts:
            yield from part.metrics()
        for part in parts:
            yield from part.findings()
        yield from Exhibits(tables, shares, correction, doubts)

    def compared(self, seen: Observations) -> Mapping[str, pa.Table]:
        """Give what every source has of every language, and how much of it is in doubt."""
        from fmaudit_corpus_language.doubts import Doubts
        from fmaudit_corpus_language.shares import QUANTITIES
        from fmaudit_corpus_language.tables import Tables

        assert isinstance(self.params, LanguageParams)
        tables = Tables(seen, self.params)
        return {name: tables.amounts(quantity) for quantity, name in QUANTITIES.items()} | Doubts(tables).compared()
