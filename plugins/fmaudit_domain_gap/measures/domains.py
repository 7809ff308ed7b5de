"""The domains of a corpus: how large they are, and the documents of each that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fmaudit import Evidence, Observations
from fmaudit_domain_gap.params import DomainGapParams

__all__ = ["NAMELESS", "Document", "Domain", "Field", "Halves", "look", "without_headers"]

NAMELESS = "(none)"  # documents without a domain
MOST_DOMAINS = 20


@dataclass(frozen=True, slots=True)
class Document:
    """A kept document: where it is, and its beginning. `tokens` are those of the text as kept, with FASTA headers."""

    file: str
    offset: int
    id: str
    rank: int
    text: str
    tokens: tuple[int, ...]

    @property
    def data(self) -> bytes:
        """The kept text's UTF-8."""
        return self.text.encode()

    def evidence(self) -> Evidence:
        """Where it can be seen."""
        return Evidence(file=self.file, offset=self.offset, id=self.id)


Halves = tuple[Sequence[Document], Sequence[Document]]


@dataclass(frozen=True)
class Domain:
    """A domain: how many documents and bytes it has, and those kept."""

    name: str
    documents: int
    bytes: int
    kept: tuple[Document, ...]

    @cached_property
    def halves(self) -> tuple[tuple[Document, ...], tuple[Document, ...]]:
        """Two halves, by document; equal texts fall into the same one."""
        ranks = sorted({document.rank for document in self.kept})
        place = {rank: i % 2 for i, rank in enumerate(ranks)}
        first, second = ([d for d in self.kept if place[d.rank] == half] for half in (0, 1))
        return tuple(first), tuple(second)


@dataclass(frozen=True)
class Field:
    """All domains of a corpus that are looked at, the reference first, and what is needed to compare them."""

    params: DomainGapParams
    reference: Domain
    others: tuple[Domain, ...]
    left_out: int  # further domains

    @property
    def domains(self) -> tuple[Domain, ...]:
        """The reference and the others."""
        return (self.reference, *self.others)

    def enough(self, domain: Domain) -> bool:
        """Whether a domain and the reference have documents enough, also in halves."""
        least = self.params.minimum_documents
        return min(len(domain.kept), len(self.reference.kept)) >= least and all(self.reference.halves) and all(domain.halves)

    def pair(self, domain: Domain) -> tuple[Halves, Halves]:
        """Return halves to compare, the reference's first; the reference itself is compared half with half."""
        if domain is not self.reference:
            return self.reference.halves, domain.halves
        first, second = self.reference.halves
        return (first[::2], first[1::2]), (second[::2], second[1::2])


def look(seen: Observations, params: DomainGapParams) -> Field | None:
    """Read sizes and kept documents; None where the reference is not among the domains."""
    sizes = seen.sql(
        f"SELECT coalesce(domain, '{NAMELESS}') AS domain, count(*) AS documents, CAST(sum(bytes) AS BIGINT) AS bytes "
        "FROM documents GROUP BY 1 ORDER BY 3 DESC, 1"
    ).to_pylist()
    by_name = {row["domain"]: row for row in sizes}
    reference = params.reference or (sizes[0]["domain"] if sizes else "")
    if reference not in by_name:
        return None
    wanted = [name for name in (params.domains or by_name) if name in by_name and name != reference]
    taken = wanted if params.domains else wanted[:MOST_DOMAINS]
    kept = _kept(seen, params, [reference, *taken])
    made = [Domain(name, by_name[name]["documents"], by_name[name]["bytes"], kept.get(name, ())) for name in (reference, *taken)]
    return Field(params, made[0], tuple(made[1:]), len(wanted) - len(taken))


def _kept(seen: Observations, params: DomainGapParams, names: Sequence[str]) -> dict[str, tuple[Document, ...]]:
    rows = seen.sql(
        "SELECT * EXCLUDE (turn) FROM ("
        f"SELECT coalesce(domain, '{NAMELESS}') AS domain, file, position, id, rank, text, tokens, "
        f"row_number() OVER (PARTITION BY coalesce(domain, '{NAMELESS}') ORDER BY rank, file, position) AS turn "
        "FROM domain_sample) WHERE turn <= ? AND domain IN (SELECT unnest(?)) ORDER BY domain, rank, file, position",
        [params.documents, list(names)],
    ).to_pylist()
    kept: dict[str, list[Document]] = {}
    for row in rows:
        document = _document(row)
        if document.text.strip():
            kept.setdefault(row["domain"], []).append(document)
    return {name: tuple(documents) for name, documents in kept.items()}


def _document(row: dict[str, Any]) -> Document:
    return Document(row["file"], row["position"], row["id"] or "", row["rank"], without_headers(row["text"]), tuple(row["tokens"] or ()))


def without_headers(text: str) -> str:
    """Leave out FASTA's header lines: they are labels in English, not what the sequence is made of."""
    if not text.startswith(">"):
        return text
    lines = text.split("\n")
    body = [line for line in lines if not line.startswith(">")]
    return "\n".join(body) if body and not any(" " in line.strip() for line in body) else text
