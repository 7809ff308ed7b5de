"""A corpus in tokens: how many, how many bytes each, and what they cost, by language and tokenizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fmaudit import Exhibit, Metric, Observations
from fmaudit_token_cost.measures.numbers import Floats, by_column, changed, undefined
from fmaudit_token_cost.params import TokenCostParams

__all__ = ["measure_corpus"]

UNITS = 10_000  # more sources are folded into this many groups
FEWEST_SOURCES = 10  # with fewer, documents are taken as independent


@dataclass(frozen=True)
class Sums:
    """Documents, bytes, characters and each tokenizer's tokens: units x languages; the last column is all languages."""

    unit: str
    languages: tuple[str, ...]
    documents: Floats
    bytes: Floats
    characters: Floats
    tokens: Mapping[str, Floats]


def measure_corpus(seen: Observations, settings: TokenCostParams) -> Iterator[Metric | Exhibit]:
    """Yield totals, ratios and costs for each tokenizer."""
    names = sorted(settings.tokenizers)
    if not names:
        yield undefined("tokens", "count", {}, "audit.toml names no tokenizer: add [tokenizer.NAME] with its uri")
        return
    sums = _sums(seen, names)
    rows: list[Metric] = []
    for name in names:
        found = list(_one(sums, name, settings, seen.sampled))
        yield from found
        rows += found
    if sums.documents.sum():
        yield from _exhibits(sums, names, rows)


def _one(sums: Sums, tokenizer: str, settings: TokenCostParams, sampled: float) -> Iterator[Metric]:
    tokens, documents = sums.tokens[tokenizer], sums.documents
    counts = [int(count) for count in documents.sum(axis=0)]
    slices = [{"tokenizer": tokenizer, "language": language} for language in sums.languages] + [{"tokenizer": tokenizer}]
    price = settings.price_of(tokenizer)
    for i, slice_ in enumerate(slices):
        total = float(tokens[:, i].sum())
        note = "a count" if sampled >= 1.0 else f"a count of the {sampled:g} of the corpus that was read"
        yield Metric(name="tokens", value=total, unit="count", n=counts[i], slice=slice_, method="all documents read", note=note)
        if price is not None:
            money = f"{settings.currency}, at {price:g} a million tokens"
            yield Metric(
                name="cost", value=total * price / 1e6, unit="money", n=counts[i], slice=slice_, method="tokens x price",
                note=money if sampled >= 1.0 else f"{money}, of what was read",
            )  # fmt: skip
    given: dict[str, Any] = {"minimum": settings.minimum_documents, "n": counts, "method": f"ratio of sums by {sums.unit}"}
    yield from by_column("bytes_per_token", sums.bytes, tokens, slices, **given)
    yield from by_column("characters_per_token", sums.characters, tokens, slices, **given)
    each = list(by_column("tokens_per_document", tokens, documents, slices, unit="count", **given))
    yield from each
    if price is not None:
        money = f"{settings.currency}, at {price:g} a million tokens"
        for metric in each:
            yield changed(
                metric, "cost_per_million_documents", lambda mean: mean * price, unit="money",
                method="tokens per document x price", note=money,
            )  # fmt: skip


def _sums(seen: Observations, names: Sequence[str]) -> Sums:
    """Add up by unit and language, in whole numbers."""
    unit, said = _unit(seen)
    language = _language(seen)
    tokens = ", ".join(f"CAST(sum(tokens.counts[{i + 1}]) AS BIGINT) AS t{i}" for i in range(len(names)))
    table = seen.sql(
        f"SELECT {unit} AS unit, {language} AS language, count(*) AS documents, CAST(sum(bytes) AS BIGINT) AS bytes, "
        f"CAST(sum(characters) AS BIGINT) AS characters, {tokens} FROM documents WHERE tokens.counts IS NOT NULL GROUP BY 1, 2"
    )
    rows, row = np.unique(np.array([str(value) for value in table["unit"].to_pylist()], dtype=object), return_inverse=True)
    languages, column = np.unique(np.array([str(value) for value in table["language"].to_pylist()], dtype=object), return_inverse=True)

    def matrix(name: str) -> Floats:
        sums = np.zeros((max(len(rows), 2), len(languages) + 1))
        np.add.at(sums, (row, column), table[name].to_numpy().astype(np.float64))
        sums[:, -1] = sums[:, :-1].sum(axis=1)
        return sums

    found = {name: matrix(f"t{i}") for i, name in enumerate(names)}
    labels = tuple(languages.tolist()) if language != "''" else ()
    sums = Sums(said, labels, matrix("documents"), matrix("bytes"), matrix("characters"), found)
    return sums if labels else _only_all(sums)


def _only_all(sums: Sums) -> Sums:
    tokens = {name: matrix[:, -1:] for name, matrix in sums.tokens.items()}
    return Sums(sums.unit, (), sums.documents[:, -1:], sums.bytes[:, -1:], sums.characters[:, -1:], tokens)


def _unit(seen: Observations) -> tuple[str, str]:
    """SQL of a document's independent unit: its source, or itself where there are few sources; at most `UNITS` different ones."""
    row = seen.sql("SELECT count(*) AS documents, count(DISTINCT cluster) AS sources FROM documents").to_pylist()[0]
    if row["sources"] >= FEWEST_SOURCES:
        return ("cluster" if row["sources"] <= UNITS else f"hash(cluster) % {UNITS}"), "source"
    return f'hash(file, "offset") % {UNITS}', "document"


def _language(seen: Observations) -> str:
    """SQL of a document's language; an empty text where nothing says it."""
    if "language" in seen.signals:
        return "coalesce(language.label, 'und')"
    declared = seen.sql("SELECT 1 FROM documents WHERE declared_language IS NOT NULL LIMIT 1").num_rows
    return "coalesce(declared_language, 'und')" if declared else "''"


def _exhibits(sums: Sums, names: Sequence[str], metrics: Sequence[Metric]) -> Iterator[Exhibit]:
    import pyarrow as pa

    found = {(m.name, m.slice["tokenizer"], m.slice.get("language", "all")): m for m in metrics}
    order = sorted(sums.languages, key=lambda language: (-(found["tokens", names[0], language].value or 0.0), language))
    kinds = ["tokens", "bytes_per_token", "characters_per_token", "tokens_per_document", "cost", "cost_per_million_documents"]
    kept = [kind for kind in kinds if (kind, names[0], "all") in found]
    rows = [
        {"language": language, "tokenizer": name} | {kind: found[kind, name, language].value for kind in kept}
        for language in ["all", *order]
        for name in names
    ]
    yield Exhibit(name="corpus-tokens", title="The corpus in tokens", data=pa.Table.from_pylist(rows))
    for number, name in enumerate(names):
        bars = [
            {"language": language, "bytes": m.value, "low": m.interval.low, "high": m.interval.high}
            for language in [*order[:30], "all"]
            if (m := found["bytes_per_token", name, language]).interval is not None
        ]
        if bars:
            yield Exhibit(
                name=f"bytes-per-token-{number}",
                title=f"Bytes of text to a token of {name}",
                data=pa.Table.from_pylist(bars),
                kind="bars",
                encoding={"x": "bytes", "y": "language", "low": "low", "high": "high"},
                caption="Languages by their number of tokens; whiskers are 95 % intervals. Scripts differ in bytes to a character.",
                unit="ratio",
            )
