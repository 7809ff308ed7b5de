"""Whether a classifier can tell a domain's documents from the reference's."""

from __future__ import annotations

from dataclasses import dataclass

from fmaudit import Finding, Metric, Severity, stats
from fmaudit_domain_gap.learning.two_sample import TwoSample, two_sample_test
from fmaudit_domain_gap.measures.domains import Domain, Field
from fmaudit_domain_gap.measures.results import Results, chance_words, insufficient, percent, span

__all__ = ["Apart", "measure_apart", "tell_apart"]


@dataclass(frozen=True, slots=True)
class Apart:
    """The test of one domain, and its p-value corrected for having tested them all."""

    domain: Domain
    test: TwoSample
    q_value: float


def tell_apart(field: Field) -> list[Apart]:
    """Test every domain with documents enough; the reference is tested half against half, as a control, and not corrected."""
    tests = []
    for domain in field.domains:
        if field.enough(domain):
            first, second = (tuple([document.text for document in half] for half in side) for side in field.pair(domain))
            found = two_sample_test(first, second, permutations=field.params.permutations, seed=field.params.seed)  # type: ignore[arg-type]
            tests.append((domain, found))
    q_values = iter(stats.benjamini_hochberg([test.p_value for domain, test in tests if domain is not field.reference]))
    return [Apart(domain, test, test.p_value if domain is field.reference else next(q_values)) for domain, test in tests]


def measure_apart(field: Field, found: list[Apart]) -> Results:
    """Yield accuracy, proxy A-distance and p of every domain, and what they mean."""
    known = {apart.domain.name: apart for apart in found}
    for domain in field.domains:
        slice_ = {"domain": domain.name}
        if domain.name not in known:
            note = f"{len(domain.kept)} documents kept, and {field.params.minimum_documents} are needed"
            yield insufficient("two_sample_accuracy", "fraction", slice_, len(domain.kept), note)
            continue
        yield from _metrics(known[domain.name])
        yield from _finding(field, known[domain.name])


def _metrics(apart: Apart) -> Results:
    test, slice_ = apart.test, {"domain": apart.domain.name}
    method = f"character 1-3-grams of {test.chunk_characters} characters, logistic regression, held-out documents"
    yield Metric(name="two_sample_accuracy", value=test.accuracy, unit="fraction", n=test.chunks, n_clusters=test.n,
                 interval=test.interval, method=f"{method}; {test.interval.method}", slice=slice_)  # fmt: skip
    yield Metric(name="proxy_distance", value=test.distance, unit="ratio", n=test.chunks, n_clusters=test.n,
                 interval=test.distance_interval, method="2 (1 - 2 error), at least 0", slice=slice_)  # fmt: skip
    yield Metric(name="two_sample_p", value=test.p_value, unit="fraction", n=test.n, method="permutation of the held-out documents' labels",
                 slice=slice_, note=f"a p-value; corrected for all domains q = {apart.q_value:.3g}")  # fmt: skip


def _finding(field: Field, apart: Apart) -> Results:
    test, name = apart.test, apart.domain.name
    figures = f"{span(test.interval, percent)}, {chance_words('p', test.p_value)}"
    seen = f"a classifier tells {percent(test.accuracy)} of held-out pieces right ({figures})"
    metric = f"two_sample_accuracy{{domain={name}}}"
    if apart.domain is field.reference:
        if test.p_value <= 0.05:
            yield Finding(
                code="reference-not-uniform", severity=Severity.WARNING, metric=metric, slice={"domain": name},
                sentence=f"Two halves of the reference domain {name!r} can be told apart: {seen}. Small gaps from it mean little.",
                advice="One time in twenty this is chance. Otherwise name a reference whose documents are of one kind.",
            )  # fmt: skip
    elif apart.q_value <= 0.05:
        yield Finding(
            code="domain-apart", severity=Severity.NOTE, metric=metric, slice={"domain": name},
            sentence=f"The domain {name!r} differs from {field.reference.name!r}: {seen}, {chance_words('q', apart.q_value)}.",
        )  # fmt: skip
    else:
        least = stats.mde_from_error(test.standard_error)
        yield Finding(
            code="domain-alike", severity=Severity.NOTE, metric=metric, slice={"domain": name},
            sentence=f"No difference seen between {name!r} and {field.reference.name!r}: {seen}. With {test.n} held-out documents only "
            f"an accuracy of {percent(min(1.0, 0.5 + least))} or more would have been found.",
        )  # fmt: skip
