"""Runs the audit over a tokenizer as a run does: rows to Parquet, then SQL over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fmaudit import Exhibit, Finding, Metric, Tokenizer, load_tokenizer
from fmaudit.store.reader import Session, TargetObservations
from fmaudit_token_cost.audit import TokenCost


class Results:
    """What an audit yielded, by name and slice."""

    def __init__(self, results: Sequence[Metric | Finding | Exhibit]) -> None:
        self.all = list(results)
        self.metrics = [result for result in results if isinstance(result, Metric)]
        self.findings = {result.code: result for result in results if isinstance(result, Finding)}
        self.exhibits = {result.name: result for result in results if isinstance(result, Exhibit)}

    def metric(self, name: str, **slice_: str) -> Metric:
        (found,) = [metric for metric in self.metrics if metric.name == name and dict(metric.slice) == slice_]
        return found

    def value(self, name: str, **slice_: str) -> float:
        value = self.metric(name, **slice_).value
        assert value is not None
        return value


Audit = Callable[..., Results]


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Audit a tokenizer, or its URI, over parallel texts (a mapping is written to a folder)."""

    def run(tokenizer: Tokenizer | str, texts: Mapping[str, Sequence[str]] | Path | None = None, **params: Any) -> Results:
        loaded = load_tokenizer(tokenizer) if isinstance(tokenizer, str) else tokenizer
        folder = write(tmp_path / "parallel", texts) if isinstance(texts, Mapping) else texts
        cost = TokenCost(TokenCost.Params.model_validate({"parallel": folder, **params}))
        tables = list(cost.observe(loaded))
        rows = tmp_path / "observations"
        rows.mkdir(exist_ok=True)
        for old in rows.iterdir():
            old.unlink()
        for i, table in enumerate(tables):
            assert table.schema.equals(cost.schema)
            pq.write_table(table, rows / f"part-{i:03}.parquet")
        session = Session(rows, {"observations": sorted(rows.glob("*.parquet"))})
        results = Results(list(cost.measure(TargetObservations(session, "t", kind="tokenizer", uri=loaded.uri))))
        session.close()
        return results

    return run


def write(folder: Path, texts: Mapping[str, Sequence[str]]) -> Path:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for language, sentences in texts.items():
        (folder / f"{language}.txt").write_text("".join(f"{sentence}\n" for sentence in sentences), "utf-8")
    return folder


@pytest.fixture
def corpus_rows() -> Callable[..., pa.Table]:
    """Make `documents` rows with token counts."""

    def make(counts: Sequence[Sequence[int]], texts: Sequence[str], languages: Sequence[str] | None, hosts: int = 20) -> pa.Table:
        n = len(texts)
        clusters = [f"host{i % hosts}.example" for i in range(n)]
        columns: dict[str, Any] = {
            "file": pa.array(["a.jsonl"] * n),
            "offset": pa.array(range(n), pa.int64()),
            "cluster": pa.array(clusters),
            "declared_language": pa.nulls(n, pa.string()),
            "bytes": pa.array([len(text.encode()) for text in texts], pa.int64()),
            "characters": pa.array([len(text) for text in texts], pa.int64()),
            "tokens": pa.array([{"counts": list(row)} for row in counts], pa.struct([("counts", pa.list_(pa.int32()))])),
        }
        if languages is not None:
            columns["language"] = pa.array([{"label": label} for label in languages])
        return pa.table(columns)

    return make
