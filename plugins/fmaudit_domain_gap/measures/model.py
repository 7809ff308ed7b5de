"""A model: bits per byte by domain, bits per parallel sentence by language."""

from __future__ import annotations

from fmaudit import Finding, Observations, Severity
from fmaudit_domain_gap.measures.languages import measure_languages
from fmaudit_domain_gap.measures.reading import measure_domains
from fmaudit_domain_gap.measures.results import Results
from fmaudit_domain_gap.params import DomainGapParams

__all__ = ["measure_model"]


def measure_model(seen: Observations, params: DomainGapParams) -> Results:
    """Yield both, and a word of caution where the model was made for the demonstration."""
    yield from measure_domains(seen, params)
    yield from measure_languages(seen, params)
    if seen.sql("SELECT 1 FROM observations WHERE builtin LIMIT 1").num_rows:
        yield Finding(
            code="builtin-model", severity=Severity.NOTE,
            sentence="The model is one of the built-in ones, trained on a few thousand made-up sentences: its numbers show how the audit "
            "works and say nothing about real text.",
        )  # fmt: skip
