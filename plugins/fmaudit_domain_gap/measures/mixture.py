"""Whether the domains are what their names say: a classifier of all of them, tried on documents it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fmaudit import Exhibit, Metric, stats
from fmaudit_domain_gap.learning.features import chunks, features
from fmaudit_domain_gap.learning.logistic import fit_logistic
from fmaudit_domain_gap.measures.domains import Document, Domain, Field
from fmaudit_domain_gap.measures.results import Results, given

__all__ = ["classify", "f1_scores", "measure_mixture"]

CHUNK = 400  # characters; a shorter document is taken whole: here its length may tell
CHUNKS = 6  # of a document
MOST_DOCUMENTS = 120  # of a domain, in each half
METHOD = "character 1-3-grams, one logistic regression for each domain against the rest; held-out documents"

Ints = npt.NDArray[np.int64]


def measure_mixture(field: Field) -> Results:
    """Yield the F1 of every domain, their mean and the accuracy, over held-out documents, with the confusions."""
    domains = [domain for domain in field.domains if len(domain.kept) >= field.params.minimum_documents and all(domain.halves)]
    if len(domains) < 2:
        return
    true, said = classify(domains)
    size = len(domains)
    cells = np.zeros((len(true), size * size))
    cells[np.arange(len(true)), true * size + said] = 1.0
    right = int((true == said).sum())
    interval = stats.proportion(right, len(true))
    yield Metric(name="mixture_accuracy", value=right / len(true), unit="fraction", n=len(true), interval=interval, method=METHOD)
    yield from _f1(field, cells, domains)
    yield _confusions(cells.sum(axis=0).reshape(size, size), [domain.name for domain in domains])


def classify(domains: Sequence[Domain]) -> tuple[Ints, Ints]:
    """Train on the first half of every domain and name the documents of the second: true and said domain of each, by number."""
    parts = [[list(half[:MOST_DOCUMENTS]) for half in domain.halves] for domain in domains]
    learn, label, _ = _pieces([halves[0] for halves in parts])
    test, _, owner = _pieces([halves[1] for halves in parts])
    rows, asked = features(learn), features(test)
    scores = np.empty((len(test), len(domains)))
    for number in range(len(domains)):
        mine = label == number
        weights = np.where(mine, 0.5 / max(int(mine.sum()), 1), 0.5 / max(int((~mine).sum()), 1))
        coefficients, constant = fit_logistic(rows, mine, weights)
        scores[:, number] = asked @ coefficients + constant
    true = np.repeat(np.arange(len(domains)), [len(halves[1]) for halves in parts])
    totals = np.zeros((len(true), len(domains)))
    np.add.at(totals, owner, scores)
    return true, totals.argmax(axis=1).astype(np.int64)


def _pieces(groups: Sequence[Sequence[Document]]) -> tuple[list[str], Ints, Ints]:
    """Cut documents: the pieces, the group and the document of each by number."""
    pieces: list[str] = []
    label, owner, number = [], [], 0
    for group, documents in enumerate(groups):
        for document in documents:
            cut = chunks(document.text, CHUNK, CHUNKS)
            pieces += cut
            label += [group] * len(cut)
            owner += [number] * len(cut)
            number += 1
    return pieces, np.array(label, np.int64), np.array(owner, np.int64)


def f1_scores(cells: Any) -> Any:
    """Return every domain's F1, 2 right / (true + said), from confusions flattened over the last axis; 0 where a domain is never met."""
    size = round(cells.shape[-1] ** 0.5)
    table = cells.reshape(*cells.shape[:-1], size, size)
    right = np.diagonal(table, axis1=-2, axis2=-1)
    both = table.sum(axis=-1) + table.sum(axis=-2)
    return 2.0 * right / np.where(both > 0, both, 1.0)


def _macro(cells: Any) -> Any:
    return f1_scores(cells).mean(axis=-1)


def _f1(field: Field, cells: npt.NDArray[np.float64], domains: Sequence[Domain]) -> Results:
    options: dict[str, Any] = {"draws": 500, "seed": field.params.seed, "method": "percentile"}
    met = cells.reshape(len(cells), len(domains), -1).sum(axis=(0, 2))
    yield _score({}, stats.bootstrap_clusters(cells, _macro, **options), int(met.min()), "mean over domains; ")
    for number, domain in enumerate(domains):
        estimate = stats.bootstrap_clusters(cells, lambda total, i=number: f1_scores(total)[..., i], **options)  # type: ignore[misc]
        yield _score({"domain": domain.name}, estimate, int(met[number]), "")


def _score(slice_: dict[str, str], estimate: Any, documents: int, what: str) -> Metric:
    """Make the metric; without a single error resamples do not differ, and the bound is that of `documents` right out of as many."""
    if estimate.value < 1.0:
        return given("mixture_f1", estimate, "fraction", slice_, method=f"{what}{METHOD}; bootstrap by document")
    interval = stats.proportion(documents, documents)
    return Metric(name="mixture_f1", value=estimate.value, unit="fraction", n=estimate.n, n_clusters=estimate.n_clusters, interval=interval,
                  slice=slice_, method=f"{what}{METHOD}; {interval.method} of {documents} documents, all right")  # fmt: skip


def _confusions(table: npt.NDArray[np.float64], names: Sequence[str]) -> Exhibit:
    import pyarrow as pa

    rows = [
        {"domain": name, "taken for": other, "share": float(table[i, j] / max(table[i].sum(), 1.0))}
        for i, name in enumerate(names)
        for j, other in enumerate(names)
    ]
    return Exhibit(
        name="confusions", title="Held-out documents: domain, and what the classifier takes them for", data=pa.Table.from_pylist(rows),
        kind="heatmap", encoding={"x": "taken for", "y": "domain", "color": "share"}, unit="fraction",
    )  # fmt: skip
