"""Holds signals and audits to their contracts; call these from a plugin's own tests."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from fmaudit.audit import Audit, Signal
from fmaudit.corpus.batch import DocumentBatch
from fmaudit.records import Exhibit, Finding, Metric

__all__ = ["HOSTILE_TEXTS", "assert_audit_contract", "assert_results", "assert_signal_contract"]

HOSTILE_TEXTS = (
    "",
    " ",
    "\n\n\n",
    "\x00",
    "a\x00b",
    "\u202eevil\u202c",
    "\ufffd\ufeff\u200b",
    "e\u0301" * 500,
    "x" * 70_000,
    "no spaces" * 3,
    "word " * 5_000,
    "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029",
    "<script>alert(1)</script>",
    "\U0001f600\U0010ffff",
    "日本語のテキスト。",
    "ภาษาไทย",
)


def assert_signal_contract(signal: Signal, texts: Sequence[str] = ()) -> None:
    """Check that a signal keeps its schema and order, is pure, and does not depend on how documents are batched."""
    texts = [*texts, *HOSTILE_TEXTS]
    together = _rows(signal, texts)
    again = _rows(signal, texts)
    assert together.equals(again), f"{signal.name}: the same batch gave different rows the second time"
    apart = pa.Table.from_batches([_rows(signal, [text]) for text in texts]).combine_chunks()
    whole = pa.Table.from_batches([together])
    assert whole.equals(apart), f"{signal.name}: a document's row depends on its batch"
    empty = _rows(signal, [])
    assert empty.num_rows == 0, f"{signal.name}: an empty batch must give no rows"


def assert_audit_contract(kind: type[Audit]) -> None:
    """Check an audit's names, version, title and that its parameters have defaults and refuse unknown keys."""
    for attribute in ("name", "version", "title"):
        assert isinstance(getattr(kind, attribute, None), str), f"{kind.__name__}.{attribute} must be a string"
    audit = kind()
    assert kind.Params.model_config.get("extra") == "forbid", f"{kind.name}: Params must forbid unknown keys"
    assert kind.Params.model_validate(audit.params.model_dump(mode="json")) == audit.params, f"{kind.name}: parameters must survive JSON"


def assert_results(results: Sequence[object]) -> None:
    """Check that everything measured is a Metric, Finding or Exhibit with what a reader needs."""
    for result in results:
        if isinstance(result, Metric):
            assert result.n >= 0, f"{result.name}: n must not be negative"
            assert result.value is not None or result.note, f"{result.name}: without a value it needs a note"
        elif isinstance(result, Finding):
            assert result.sentence.strip(), f"{result.code}: a finding needs a sentence"
        else:
            assert isinstance(result, Exhibit), f"{result!r} is no Metric, Finding or Exhibit"


def _rows(signal: Signal, texts: Sequence[str]) -> pa.RecordBatch:
    rows = signal.compute(DocumentBatch.from_texts(list(texts)))
    assert rows.schema.names == signal.schema.names, f"{signal.name}: columns {rows.schema.names}, schema {signal.schema.names}"
    assert rows.num_rows == len(texts), f"{signal.name}: {rows.num_rows} rows for {len(texts)} documents"
    return rows.cast(signal.schema)
