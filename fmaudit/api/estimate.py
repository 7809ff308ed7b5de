"""Estimates what observing a corpus will cost, from a small probe of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fmaudit.corpus.splits import Reader
from fmaudit.runs.corpora import CorpusPlan

__all__ = ["estimate"]

PROBE_BYTES = 1 << 20  # text read from each of a few splits
PROBE_SPLITS = 4
OBSERVATION_BYTES = 260  # per document on disk, measured with the built-in audits
MEGABYTES_PER_SECOND = 6.0  # per core with the built-in corpus audits; a cautious figure


def estimate(corpus: CorpusPlan, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Read a little of a few splits and scale up: documents, text, disk, core minutes."""
    documents = text = consumed = 0
    begin = time.perf_counter()
    limits = replace(corpus.limits, batch_bytes=PROBE_BYTES // 4, sample=1.0)
    step_size = max(1, len(corpus.splits) // PROBE_SPLITS)
    for split in corpus.splits[::step_size][:PROBE_SPLITS]:
        seen = last = 0
        for step in readers[split.format].read(split, corpus.fields, limits):
            if step.batch is not None:
                documents += len(step.batch)
                seen += step.batch.nbytes
            last = step.consumed
            if seen >= PROBE_BYTES:
                break
        text += seen
        consumed += last
    scale = corpus.size / consumed if consumed else 0.0
    share = corpus.settings.sample
    total_documents = round(documents * scale * share)
    if corpus.settings.limit is not None:
        total_documents = min(total_documents, corpus.settings.limit)
    total_text = text * total_documents / documents if documents else 0.0
    return {
        "target": corpus.name,
        "files": len(corpus.files),
        "bytes": corpus.size,
        "splits": len(corpus.splits),
        "documents": total_documents,
        "text_bytes": round(total_text),
        "observation_bytes": total_documents * OBSERVATION_BYTES,
        "core_minutes": round(total_text / 1e6 / MEGABYTES_PER_SECOND / 60, 2),
        "probe_documents": documents,
        "probe_seconds": round(time.perf_counter() - begin, 3),
        "unreadable_files": len(corpus.ledger),
    }
