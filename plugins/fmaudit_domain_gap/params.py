"""What [audit.domain-gap] may say."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from fmaudit import Corpora, Params, Tokenizers
from fmaudit_domain_gap.sample import KEPT_BYTES

__all__ = ["DomainGapParams"]


class DomainGapParams(Params):
    """Parameters of the domain-gap audit."""

    reference: str = Field("", description="The domain others are compared with; of a corpus the largest, of a model the easiest.")
    domains: tuple[str, ...] = Field((), description="The domains to compare; by default the 20 largest.")
    tokenizers: Tokenizers = Field(default_factory=dict, description="The tokenizers whose bytes per token are compared, of a corpus.")
    kept_bytes: int = Field(KEPT_BYTES, ge=0, description="Bytes of every batch (2 MiB) of a corpus that are kept for measuring.")
    documents: int = Field(300, ge=20, description="Documents of a domain that are compared, at most.")
    permutations: int = Field(999, ge=199, description="Permutations of the classifier two-sample test.")
    minimum_documents: int = Field(20, ge=4, description="The fewest documents of a domain that a number is given for.")
    pool: tuple[str, ...] = Field((), description="Domains to look for documents to add in; by default all others.")
    suggestions: int = Field(10, ge=0, description="Documents to add that are named for every domain.")
    corpora: Corpora = Field(default_factory=dict, description="The corpora a model is tried on.")
    per_group: int = Field(50, ge=1, description="Documents drawn of every domain, and of every language, for a model.")
    document_characters: int = Field(2000, ge=50, description="Characters of a document a model is asked about, from its beginning.")
    parallel: Path | None = Field(
        None, description="The same sentences in many languages: a .jsonl with id, language and text, or a folder of CODE.txt."
    )
    reference_language: str = Field("en", description="The language others are compared with.")
    sentences: int = Field(300, ge=2, description="Parallel sentences a model is asked about, at most.")
    hardly_trained: float = Field(2.0, gt=1, description="Report languages that take surely more than this many times the bits.")
    wide_gap: float = Field(1.0, gt=0, description="Report domains that take surely this many bits per byte more than the reference.")
    foreign: float = Field(0.05, ge=0, lt=1, description="Report domains of which surely more than this share is no text.")
    draws: int = Field(2000, ge=200, description="Resamples of a bootstrap.")
    seed: int = Field(0, description="Seed of draws, resamples and permutations.")
