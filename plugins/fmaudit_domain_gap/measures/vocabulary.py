"""What words say: how many of a domain's the reference has, how far apart the two distributions are, and lines that repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fmaudit import Interval, Metric, MetricStatus, stats
from fmaudit_domain_gap.learning.words import words
from fmaudit_domain_gap.measures.domains import Document, Domain, Field
from fmaudit_domain_gap.measures.results import Results, given, insufficient

__all__ = ["beyond_chance", "measure_vocabulary"]

GROUPS = 30  # of documents that a divergence's interval is resampled over, in each half
MOST_WORDS = 12_000  # of each side that a divergence is computed from
FEWEST_WORDS = 30
SHORTEST_LINE = 10

Floats = npt.NDArray[np.float64]


def measure_vocabulary(field: Field) -> Results:
    """Yield coverage, divergence and repeated lines of every domain; the reference's own are its half against its half."""
    spoken = {domain.name: [words(document.text) for document in domain.kept] for domain in field.domains}
    for domain in field.domains:
        slice_ = {"domain": domain.name}
        if not field.enough(domain):
            note = f"{len(domain.kept)} documents kept, and {field.params.minimum_documents} are needed"
            yield insufficient("coverage", "fraction", slice_, len(domain.kept), note)
            yield insufficient("divergence", "bits", slice_, len(domain.kept), note)
            continue
        yield _coverage(field, domain, spoken)
        yield from _divergence(field, domain)
        yield _repeated_lines(domain)


def _coverage(field: Field, domain: Domain, spoken: dict[str, list[list[str]]]) -> Metric:
    """Return the share of word tokens whose type the reference has; of the reference, what its first half has of its second."""
    alone = domain is field.reference
    if alone:
        first, second = ([words(document.text) for document in half] for half in domain.halves)
    else:
        first, second = spoken[field.reference.name], spoken[domain.name]
    vocabulary = {word for document in first for word in document}
    counted = [document for document in second if document]
    if len(counted) < 2:
        return insufficient("coverage", "fraction", {"domain": domain.name}, len(counted), f"{len(counted)} documents have words")
    hits = [float(sum(word in vocabulary for word in document)) for document in counted]
    estimate = stats.clustered_proportion(hits, [float(len(document)) for document in counted])
    note = f"vocabulary of {len(vocabulary):,} types from {len(first):,} documents{', half against half' if alone else ''}"
    return given("coverage", estimate, "fraction", {"domain": domain.name}, note=note)


def _divergence(field: Field, domain: Domain) -> Results:
    """Yield the Jensen-Shannon divergence of the word distributions: as counted, within the domains, and what is beyond chance."""
    pair = field.pair(domain)
    slice_ = {"domain": domain.name}
    table, n = _table([half for side in pair for half in side], field.params.seed)
    if table is None:
        note = f"{n} words, and {FEWEST_WORDS} are needed in each half"
        yield insufficient("divergence", "bits", slice_, n, note)
        return
    total = table.sum(axis=0)
    between, within = (float(part) for part in _parts(total))
    yield Metric(name="divergence_raw", value=between, unit="bits", n=n, slice=slice_, method="Jensen-Shannon, halves of both domains",
                 note="biased upwards in small samples: no interval")  # fmt: skip
    yield Metric(name="divergence_within", value=within, unit="bits", n=n, slice=slice_, method="Jensen-Shannon, half against half of each",
                 note="what sampling alone gives: no interval")  # fmt: skip
    if within >= 1.0:
        note = "no word occurs in two halves of a domain: words say nothing of it"
        yield Metric(name="divergence", value=None, unit="bits", n=n, slice=slice_, status=MetricStatus.UNDEFINED, note=note)
        return
    estimate = stats.bootstrap_clusters(table.reshape(len(table), -1), _beyond_flat, draws=100, seed=field.params.seed, method="normal")
    interval = Interval(
        min(estimate.interval.low, 1.0), min(estimate.interval.high, 1.0), estimate.interval.level, estimate.interval.method
    )
    documents = sum(len(half) for side in pair for half in side)
    yield Metric(name="divergence", value=estimate.value, unit="bits", n=n, n_clusters=documents, interval=interval, slice=slice_,
                 method=f"(raw - within) / (1 - within), {interval.method} over groups of documents")  # fmt: skip


def _table(halves: Sequence[Sequence[Document]], seed: int) -> tuple[Floats | None, int]:
    """Count words: groups x 4 halves x types, the same number of words in every half; and how many words that is in all."""
    told = [[(i % GROUPS, word) for i, document in enumerate(half) for word in words(document.text)] for half in halves]
    size = min(MOST_WORDS // 2, *(len(part) for part in told))
    if size < FEWEST_WORDS:
        return None, size
    rng = np.random.default_rng(seed)
    parts = [[part[i] for i in np.sort(rng.permutation(len(part))[:size])] for part in told]
    types = {word: i for i, word in enumerate(sorted({word for part in parts for _, word in part}))}
    table = np.zeros((GROUPS, len(halves), len(types)))
    for half, part in enumerate(parts):
        np.add.at(table, ([group for group, _ in part], half, [types[word] for _, word in part]), 1.0)
    return table, size * len(halves)


def _parts(total: Any) -> tuple[Any, Any]:
    """Return the mean divergence between halves of the two domains, and within them; works on (..., 4, types)."""
    halves = [total[..., i, :] for i in range(4)]
    between = sum(stats.jensen_shannon(halves[i], halves[j]) for i in (0, 1) for j in (2, 3)) / 4.0
    within = (stats.jensen_shannon(halves[0], halves[1]) + stats.jensen_shannon(halves[2], halves[3])) / 2.0
    return between, within


def beyond_chance(total: Any) -> Any:
    """Return (between - within) / (1 - within): 0 where halves of two domains differ as halves of one, 1 where they share nothing."""
    between, within = _parts(total)
    return (between - within) / np.maximum(1.0 - within, 1e-9)


def _beyond_flat(totals: Any) -> Any:
    shape = totals.shape
    return beyond_chance(totals.reshape(*shape[:-1], 4, shape[-1] // 4))


def _repeated_lines(domain: Domain) -> Metric:
    """Return the share of lines that occur more than once: low bits per byte may be boilerplate, not ease."""
    lines = [[line for raw in document.text.split("\n") if len(line := raw.strip()) >= SHORTEST_LINE] for document in domain.kept]
    often = Counter(line for found in lines for line in found)
    counted = [found for found in lines if found]
    if len(counted) < 2:
        note = f"{len(counted)} documents have lines of {SHORTEST_LINE} characters"
        return insufficient("repeated_lines", "fraction", {"domain": domain.name}, len(counted), note)
    hits = [float(sum(often[line] > 1 for line in found)) for found in counted]
    estimate = stats.clustered_proportion(hits, [float(len(found)) for found in counted])
    return given("repeated_lines", estimate, "fraction", {"domain": domain.name}, note="among the documents kept")
