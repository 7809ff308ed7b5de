"""Everything there is to say of a tokenizer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fmaudit import Exhibit, Finding, Metric, Observations
from fmaudit_token_cost.measures.chat import chat
from fmaudit_token_cost.measures.efficiency import efficiency
from fmaudit_token_cost.measures.premium import consequences, find_costly, median_premium, premiums
from fmaudit_token_cost.measures.sentences import Sentences
from fmaudit_token_cost.measures.spelling import find_unspelled, spelling
from fmaudit_token_cost.params import TokenCostParams

__all__ = ["measure_tokenizer"]


def measure_tokenizer(seen: Observations, settings: TokenCostParams) -> Iterator[Metric | Finding | Exhibit]:
    """Yield metrics, findings and exhibits."""
    sentences = Sentences.look(seen, settings)
    found = list(premiums(sentences, "premium", sentences.tokens, sentences.protocol))
    spelled = list(spelling(sentences))
    metrics = [*found, *consequences(sentences, found), *spelled, *efficiency(sentences), *chat(sentences)]
    yield median_premium(sentences, found)
    yield Metric(
        name="vocabulary", value=float(sentences.vocabulary), unit="count", n=1, method="the tokenizer's own count", note="a count"
    )
    yield from metrics
    yield from find_costly(sentences, found)
    yield from find_unspelled(sentences, spelled)
    yield from _exhibits(sentences, found, metrics)


def _exhibits(sentences: Sentences, found: Sequence[Metric], metrics: Sequence[Metric]) -> Iterator[Exhibit]:
    import pyarrow as pa

    bars = [
        {"language": m.slice["language"], "premium": m.value, "low": m.interval.low, "high": m.interval.high}
        for m in sorted(found, key=lambda m: (-(m.value or 0.0), m.slice["language"]))
        if m.interval is not None
    ]
    if bars:
        yield Exhibit(
            name="premium",
            title=f"Tokens for the same text, {sentences.reference} = 1",
            data=pa.Table.from_pylist(bars),
            kind="bars",
            encoding={"x": "premium", "y": "language", "low": "low", "high": "high"},
            caption=f"{sentences.protocol.capitalize()}; whiskers are 95 % intervals.",
            unit="ratio",
        )
    yield Exhibit(
        name="languages",
        title="Everything by language",
        data=pa.Table.from_pylist(_rows(sentences, metrics)),
        caption="Empty: undefined, or too few sentences.",
    )


def _rows(sentences: Sentences, metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    by_name = {(m.name, m.slice.get("language"), m.slice.get("over", "")): m for m in metrics}
    wanted = [
        "premium", "cost", "effective_context", "bytes_per_token", "characters_per_token", "fertility", "single_token_words",
        "partial_tokens", "unknown", "premium_in_chat",
    ]  # fmt: skip
    kept = [name for name in wanted if any(m.name == name for m in metrics)]
    rows = []
    for i, language in enumerate(sentences.languages):
        row: dict[str, Any] = {"language": language, "tokens": int(sentences.tokens[:, i].sum())}
        for name in kept:
            metric = by_name[name, language, ""]
            row[name] = metric.value
            if name == "premium":
                row["low"] = metric.interval.low if metric.interval else None
                row["high"] = metric.interval.high if metric.interval else None
        for over in ("vocabulary", "used"):
            row[f"renyi_efficiency ({over})"] = by_name["renyi_efficiency", language, over].value
        rows.append(row)
    return sorted(rows, key=lambda row: (-(row["premium"] or 0.0), row["language"]))
