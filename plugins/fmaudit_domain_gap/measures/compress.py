"""What small language models say: how much worse one of the reference reads a domain than one of its own, and what is like it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fmaudit import Exhibit, Finding, Severity, stats
from fmaudit_domain_gap.learning.witten_bell import ByteModel
from fmaudit_domain_gap.measures.domains import Document, Domain, Field
from fmaudit_domain_gap.measures.results import Results, given, insufficient, number, span

__all__ = ["measure_compression"]

BUDGET = 120_000  # bytes a model learns from, at most
MOST_POOL = 500  # documents that are looked through for what to add, drawn by hash
POOL_BYTES = 1500  # of each, from its beginning
METHOD = "byte 4-grams, Witten-Bell, both models of {} bytes; held-out documents"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Held-out documents of a domain, as a model of the reference and one of the domain read them."""

    general: ByteModel
    own: ByteModel
    learned: int
    bits: tuple[Floats, Floats]  # general, own
    bytes: Floats


def measure_compression(field: Field) -> Results:
    """Yield bits per byte under both models with their gap, bytes per token, and documents to add."""
    for domain in field.domains:
        slice_ = {"domain": domain.name}
        if not field.enough(domain):
            note = f"{len(domain.kept)} documents kept, and {field.params.minimum_documents} are needed"
            yield insufficient("gap", "bits", slice_, len(domain.kept), note)
            continue
        reading = _read(field, domain)
        yield from _metrics(field, domain, reading)
        if domain is not field.reference and field.params.suggestions:
            yield from _to_add(field, domain, reading)
    yield from _bytes_per_token(field)


def _read(field: Field, domain: Domain) -> _Reading:
    (general, _), (own, held) = field.pair(domain)
    learned = min(BUDGET, *(sum(len(document.data) for document in half) for half in (general, own)))
    models = [ByteModel(_cut(half, learned)) for half in (general, own)]
    texts = [document.data for document in held]
    sizes = np.array([len(text) for text in texts], dtype=np.float64)
    return _Reading(models[0], models[1], learned, (models[0].bits(texts), models[1].bits(texts)), sizes)


def _cut(documents: Iterable[Document], size: int) -> list[bytes]:
    """Take documents until there are `size` bytes of them."""
    taken: list[bytes] = []
    for document in documents:
        if size <= 0:
            break
        taken.append(document.data[:size])
        size -= len(taken[-1])
    return taken


def _metrics(field: Field, domain: Domain, reading: _Reading) -> Results:
    slice_, count = {"domain": domain.name}, len(reading.bytes)
    if count < 2:
        yield insufficient("gap", "bits", slice_, count, f"{count} held-out documents")
        return
    general, own = reading.bits
    method = METHOD.format(f"{reading.learned:,}")
    for name, bits in (("bits_per_byte_general", general), ("bits_per_byte_own", own), ("gap", general - own)):
        estimate = stats.clustered_ratio(bits, reading.bytes)
        yield given(name, estimate, "bits", slice_, n=int(reading.bytes.sum()), method=f"{method}; {estimate.interval.method}")
        if name == "gap" and domain is not field.reference and estimate.interval.low >= field.params.wide_gap:
            yield Finding(
                code="domain-gap", severity=Severity.WARNING, metric=f"gap{{domain={domain.name}}}", slice=slice_,
                sentence=f"What is learned from {field.reference.name!r} serves {domain.name!r} badly: "
                f"{number(estimate.value)} bits per byte more than what is learned from its own ({span(estimate.interval)}).",
                advice="Add documents of this domain; the exhibit lists those of other domains that are most like it.",
            )  # fmt: skip


def _to_add(field: Field, domain: Domain, reading: _Reading) -> Results:
    """Rank documents of other domains by Moore and Lewis (2010): cross-entropy under the domain less that under the reference."""
    import pyarrow as pa

    pool: list[tuple[str, Document]] = [
        (other.name, document)
        for other in field.domains
        if other is not domain and (other.name in field.params.pool or not field.params.pool)
        for document in (other.halves[1] if other is field.reference else other.kept)
    ]
    if not pool:
        return
    pool = sorted(pool, key=lambda item: item[1].rank)[:MOST_POOL]
    texts = [document.data[:POOL_BYTES] for _, document in pool]
    sizes = np.array([len(text) for text in texts], dtype=np.float64)
    scores = (reading.own.bits(texts) - reading.general.bits(texts)) / sizes
    best = np.lexsort((np.arange(len(scores)), scores))[: field.params.suggestions]
    rows = [_row(pool[i][0], pool[i][1], float(scores[i])) for i in best.tolist()]
    yield Exhibit(
        name=f"add-{domain.name}",
        title=f"Documents most like {domain.name!r} in other domains",
        data=pa.Table.from_pylist(rows),
        caption="Bits per byte under a model of the domain less those under a model of the reference (Moore and Lewis 2010): the lower, "
        "the more the document is like the domain. Below 0 it is more like the domain than like the reference.",
    )


def _row(name: str, document: Document, score: float) -> dict[str, Any]:
    return {"domain": name, "file": document.file, "offset": document.offset, "id": document.id, "bits per byte": score,
            "beginning": " ".join(document.text[:120].split())}  # fmt: skip


def _bytes_per_token(field: Field) -> Results:
    names: Sequence[str] = sorted(field.params.tokenizers)
    for column, tokenizer in enumerate(names):
        for domain in field.domains:
            kept = [document for document in domain.kept if len(document.tokens) > column and document.tokens[column] > 0]
            if len(kept) < 2:
                continue
            estimate = stats.clustered_ratio([float(len(d.data)) for d in kept], [float(d.tokens[column]) for d in kept])
            yield given("bytes_per_token", estimate, "ratio", {"domain": domain.name, "tokenizer": tokenizer})
