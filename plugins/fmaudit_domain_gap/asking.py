"""What a model is asked: to score documents of every domain and language, and parallel sentences, each as a whole."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fmaudit import Capability, Case, ConfigError, ScoreRequest, draw_documents
from fmaudit_domain_gap.measures.results import nearest
from fmaudit_domain_gap.parallel import find_language, load_parallel
from fmaudit_domain_gap.params import DomainGapParams

if TYPE_CHECKING:
    from fmaudit import Model

__all__ = ["all_cases", "ask", "check_sources"]


def all_cases(params: DomainGapParams) -> Iterator[Case]:
    """Name every text. Raises ConfigError where there is none."""
    documents = _documents(params)
    sentences = list(_sentences(params))
    if not documents and not sentences:
        raise _nothing_to_ask()
    yield from (Case(id=id_, data=data) for id_, data in sorted(documents.items()))
    yield from sentences


def check_sources(params: DomainGapParams) -> None:
    """Raise ConfigError for what is wrong with the parallel sentences, or where there is no source at all; no corpus is read."""
    if not list(_sentences(params)) and not params.corpora:
        raise _nothing_to_ask()


def _nothing_to_ask() -> ConfigError:
    return ConfigError(
        "audit.domain-gap: there is nothing to ask a model about",
        hint="add a [corpus.NAME] with a domain or a language, or set parallel to a file of parallel sentences",
    )


def _documents(params: DomainGapParams) -> dict[str, dict[str, Any]]:
    """Draw documents by domain and by language; one drawn for both is asked once."""
    found: dict[str, dict[str, Any]] = {}
    domains: set[str] = set()
    for name, corpus in params.corpora.items():
        for group in ("domain", "language"):
            if group == "language" and not corpus["language"]:
                continue
            for row in draw_documents(corpus, per_group=params.per_group, group=group, seed=params.seed).to_pylist():
                text = row["text"][: params.document_characters]
                label = row["group"] or (name if group == "domain" else "")
                domains |= {label} if group == "domain" and label else set()
                if not text.strip() or not label or (group == "domain" and params.domains and label not in _asked(params)):
                    continue
                place = f"{row['file']}:{row['offset']}"
                id_ = f"document/{name}/{hashlib.sha256(place.encode('utf-8', 'surrogateescape')).hexdigest()[:20]}"
                data = found.setdefault(id_, {"kind": "document", "domain": None, "language": None, "item": place, "text": text})
                data[group] = label
    if params.reference and domains and params.reference not in domains:
        wrong = f"audit.domain-gap.reference: no corpus has documents of the domain {params.reference!r}"
        raise ConfigError(f"{wrong}; {nearest(params.reference, domains)}")
    return found


def _asked(params: DomainGapParams) -> tuple[str, ...]:
    return (*params.domains, params.reference)


def _sentences(params: DomainGapParams) -> Iterator[Case]:
    """Name the first sentences that are there in most languages."""
    if params.parallel is None:
        return
    found = load_parallel(params.parallel)
    languages = sorted({language for sentence in found.values() for language in sentence})
    if "reference_language" in params.model_fields_set and find_language(params.reference_language, languages) is None:
        wrong = f"audit.domain-gap.reference_language: no sentence is in {params.reference_language!r}"
        raise ConfigError(f"{wrong}; {nearest(params.reference_language, languages)}")
    order = sorted(found, key=lambda id_: (-len(found[id_]), _rank(id_, params.seed)))[: params.sentences]
    for id_ in sorted(order):
        for language, text in sorted(found[id_].items()):
            if text.strip():
                data = {"kind": "sentence", "domain": None, "language": language, "item": id_, "text": text}
                yield Case(id=f"sentence/{id_}/{language}", data=data)


def _rank(id_: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}\0{id_}".encode()).hexdigest()


async def ask(case: Case, model: Model) -> Mapping[str, Any]:
    """Score a text as a whole; bits are -log2 of its probability."""
    data = case.data
    [score] = await model.score([ScoreRequest(continuation=data["text"], rolling=True)])
    builtin = Capability.PROFILE in model.capabilities and model.profile().builtin
    return {
        "kind": data["kind"],
        "domain": data["domain"],
        "language": data["language"],
        "item": data["item"],
        "bits": -score.log_likelihood / math.log(2.0),
        "bytes": len(data["text"].encode()),
        "tokens": len(score.token_ids),
        "builtin": builtin,
    }
