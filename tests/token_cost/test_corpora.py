"""A corpus in tokens: counts by each tokenizer, ratios with intervals by source, prices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from fmaudit import DocumentBatch, Exhibit, Metric, MetricStatus
from fmaudit.testing import assert_signal_contract
from fmaudit.testing.contracts import assert_results
from fmaudit_token_cost.audit import TokenCost
from fmaudit_token_cost.signal import TokensSignal

TOKENIZERS = {"letters": "characters:", "octets": "bytes:"}


class Documents:
    """Observations of a corpus over a table."""

    target, kind, uri, metadata = "web", "corpus", "", ()

    def __init__(self, documents: pa.Table, sampled: float = 1.0) -> None:
        self.sampled = sampled
        self.signals = tuple(name for name in ("tokens", "language") if name in documents.column_names)
        self._connection = duckdb.connect()
        self._connection.register("rows", documents)
        self._connection.execute("CREATE TABLE documents AS SELECT * FROM rows")

    def sql(self, query: str, parameters: Any = ()) -> pa.Table:
        return self._connection.sql(query, params=list(parameters)).to_arrow_table()

    def arrow(self, columns: Any) -> pa.Table:
        return self.sql(f"SELECT {', '.join(columns)} FROM documents")


def measure(documents: pa.Table, sampled: float = 1.0, **params: Any) -> tuple[dict[tuple[str, ...], Metric], list[Any]]:
    audit = TokenCost(TokenCost.Params.model_validate({"tokenizers": TOKENIZERS, **params}))
    results = list(audit.measure(Documents(documents, sampled)))
    assert_results(results)
    return {(m.name, *(m.slice[key] for key in sorted(m.slice, reverse=True))): m for m in results if isinstance(m, Metric)}, results


def test_signal_contract() -> None:
    assert_signal_contract(TokensSignal({"tokenizers": TOKENIZERS}), ["ein Satz", "မြန်မာ"])
    assert_signal_contract(TokensSignal())


def test_signal_counts_in_the_sorted_order_of_names() -> None:
    rows = TokensSignal({"tokenizers": {"z": "characters:", "a": "bytes:"}}).compute(DocumentBatch.from_texts(["öß", "", "ab"]))
    assert rows.to_pylist() == [{"counts": [4, 2]}, {"counts": [0, 0]}, {"counts": [2, 2]}]


def test_signal_knows_a_changed_tokenizer_file(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models

    path = tmp_path / "tokenizer.json"
    prints = []
    for words in ({"a": 0}, {"a": 0, "b": 1}):
        Tokenizer(models.WordLevel(words, unk_token="a")).save(str(path))
        prints.append(TokensSignal({"tokenizers": {"t": f"tokenizer-json:{path}"}}).fingerprint())
    assert len(set(prints)) == 2


def texts_of(n: int) -> list[str]:
    rng = np.random.default_rng(5)
    return [("aé" if i % 3 else "abc") * int(rng.integers(1, 30)) for i in range(n)]


def corpus(make: Callable[..., pa.Table], n: int = 300, hosts: int = 20, labels: bool = True) -> tuple[pa.Table, list[str]]:
    texts = texts_of(n)
    counts = [[len(text), len(text.encode())] for text in texts]
    return make(counts, texts, ["fr" if i % 3 else "en" for i in range(n)] if labels else None, hosts), texts


def test_totals_ratios_and_prices(corpus_rows: Callable[..., pa.Table]) -> None:
    table, texts = corpus(corpus_rows)
    metrics, results = measure(table, price=4.0, prices={"octets": 2.0})
    characters, octets = sum(map(len, texts)), sum(len(text.encode()) for text in texts)
    assert metrics["tokens", "letters"].value == characters
    assert metrics["tokens", "letters", "fr"].value == sum(len(text) for i, text in enumerate(texts) if i % 3)
    assert metrics["bytes_per_token", "letters"].value == pytest.approx(octets / characters)
    assert metrics["bytes_per_token", "octets", "fr"].value == 1.0
    assert metrics["bytes_per_token", "letters", "fr"].value == pytest.approx(1.5)
    assert metrics["characters_per_token", "octets"].value == pytest.approx(characters / octets)
    each = metrics["tokens_per_document", "octets"]
    assert each.value == pytest.approx(octets / 300)
    assert each.interval is not None
    assert each.interval.low < octets / 300 < each.interval.high
    assert each.n == 300
    assert each.n_clusters == 20
    assert "source" in each.method
    assert metrics["cost", "letters"].value == pytest.approx(characters * 4e-6)
    assert metrics["cost", "octets"].value == pytest.approx(octets * 2e-6)
    per_million = metrics["cost_per_million_documents", "octets"]
    assert per_million.value == pytest.approx(octets / 300 * 1e6 * 2.0 / 1e6)
    assert "USD" in per_million.note
    tables = {result.name: result.data.to_pylist() for result in results if isinstance(result, Exhibit)}
    assert tables["corpus-tokens"][0]["language"] == "all"
    assert tables["corpus-tokens"][0]["tokens"] == characters
    assert [row["language"] for row in tables["bytes-per-token-0"]] == ["fr", "en", "all"]


def test_mean_length_lies_in_the_interval_when_sources_differ(corpus_rows: Callable[..., pa.Table]) -> None:
    """Hosts with their own mean length around 100: the interval by source covers 100 nearly always, as documents alone would not."""
    hits = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        means = rng.normal(100, 30, 40)
        counts = [[max(1, round(means[i % 40] + rng.normal(0, 3)))] * 2 for i in range(800)]
        metrics, _ = measure(corpus_rows(counts, ["a" * row[0] for row in counts], None, 40))
        interval = metrics["tokens_per_document", "letters"].interval
        assert interval is not None
        hits += interval.low <= 100 <= interval.high
    assert hits >= 10


def test_few_sources_count_documents_and_few_documents_give_no_ratio(corpus_rows: Callable[..., pa.Table]) -> None:
    table, _ = corpus(corpus_rows, 40, hosts=2)
    metrics, _ = measure(table)
    assert "document" in metrics["bytes_per_token", "letters"].method
    assert metrics["bytes_per_token", "letters", "en"].status is MetricStatus.INSUFFICIENT
    assert metrics["tokens", "letters", "en"].value is not None
    assert not [name for name in metrics if name[0].startswith("cost")]


def test_a_corpus_without_languages_is_measured_as_a_whole(corpus_rows: Callable[..., pa.Table]) -> None:
    table, _ = corpus(corpus_rows, 60, labels=False)
    metrics, _ = measure(table)
    assert {name for name in metrics if name[0] == "tokens"} == {("tokens", "letters"), ("tokens", "octets")}


def test_a_sample_says_that_it_is_one(corpus_rows: Callable[..., pa.Table]) -> None:
    metrics, _ = measure(corpus(corpus_rows, 60)[0], sampled=0.01, price=1.0)
    assert "0.01 of the corpus" in metrics["tokens", "letters"].note
    assert "of what was read" in metrics["cost", "letters"].note


def test_without_tokenizers_nothing_is_counted_and_the_reason_is_said(corpus_rows: Callable[..., pa.Table]) -> None:
    metrics, results = measure(corpus(corpus_rows, 60)[0], tokenizers={})
    assert len(results) == 1
    assert metrics[("tokens",)].status is MetricStatus.UNDEFINED
    assert "tokenizer" in metrics[("tokens",)].note


def test_an_empty_corpus_has_no_ratios(corpus_rows: Callable[..., pa.Table]) -> None:
    metrics, _ = measure(corpus_rows([[1, 1]], ["a"], ["en"]).slice(0, 0))
    assert metrics["tokens", "letters"].value == 0
    assert metrics["bytes_per_token", "letters"].status is MetricStatus.UNDEFINED
