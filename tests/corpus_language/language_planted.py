"""Observations with planted languages, without a model: labels, hosts and marks as the test wants them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from fmaudit.testing import MemoryObservations, observe
from fmaudit_corpus_language.signal import LanguageSignal

DEFAULTS: dict[str, Any] = {
    "score": 0.95, "second_label": None, "second_score": None, "no_evidence": False, "letters": 400, "script": "Latn", "script_share": 1.0,
    "second_script": None, "script_mismatch": False, "lines": 5, "line_label": None, "line_share": 1.0, "second_line_label": None,
    "second_line_share": None, "mixed": False, "langdetect_label": None, "langdetect_score": None, "langdetect_rate": None,
}  # fmt: skip


def planted(
    rows: Sequence[dict[str, Any]], *, hosts: Sequence[str] | None = None, declared: Sequence[str | None] | None = None
) -> MemoryObservations:
    """Observe one document for each row of signal values; what a row leaves out has an ordinary value."""
    full = [DEFAULTS | {"line_label": row["label"]} | row for row in rows]
    kind = pa.struct(list(LanguageSignal.schema))
    plain = pa.struct([(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in kind])
    columns = pa.array(full, plain)
    metadata: dict[str, Sequence[str | None]] = {}
    if hosts is not None:
        metadata["url"] = [f"https://{host}/{i}" for i, host in enumerate(hosts)]
    if declared is not None:
        metadata["language"] = declared
    texts = ["x" * 300] * len(rows)
    return observe(texts, metadata=metadata, batch_documents=100_000, extra={"language": columns})


def drawn(shares: dict[str, float], documents: int, hosts: int, seed: int, *, loyalty: float = 0.9) -> tuple[list[str], list[str]]:
    """Draw labels and hosts; a host keeps to the language it began with in `loyalty` of its documents."""
    rng = random.Random(seed)
    names, weights = list(shares), list(shares.values())
    home = {f"h{i}.example": rng.choices(names, weights)[0] for i in range(hosts)}
    where = [f"h{rng.randrange(hosts)}.example" for _ in range(documents)]
    return [home[host] if rng.random() < loyalty else rng.choices(names, weights)[0] for host in where], where
