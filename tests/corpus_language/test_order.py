"""Sums of weights are the same to the last digit, in whatever order the database's threads end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from language_planted import DEFAULTS

from fmaudit import Metric
from fmaudit.store.reader import Session, TargetObservations
from fmaudit.store.writer import write_table
from fmaudit_corpus_language.audit import LanguageAudit
from fmaudit_corpus_language.doubts import Doubts
from fmaudit_corpus_language.params import LanguageParams
from fmaudit_corpus_language.tables import Tables

PARTS, ROWS = 16, 1000
LABELS = ("en", "de", "fr", "ru")
NUMBERS = {"score": pa.float32(), "script_share": pa.float32(), "line_share": pa.float32(), "langdetect_rate": pa.float64()}


def written(folder: Path, part: int) -> Path:
    """Write documents of a few hosts whose rates are as uneven as those of documents of many sizes."""
    rng = np.random.default_rng(part)
    label = rng.choice(LABELS, ROWS)
    second = np.where(rng.random(ROWS) < 0.8, label, rng.choice(LABELS, ROWS))
    own = {"label": label.tolist(), "langdetect_label": second.tolist(), "langdetect_rate": rng.uniform(0.001, 1.0, ROWS).tolist()}
    columns = {name: own.get(name, [value] * ROWS) for name, value in ({"label": ""} | DEFAULTS).items()}
    struct = pa.StructArray.from_arrays([pa.array(column, NUMBERS.get(name)) for name, column in columns.items()], names=list(columns))
    base = {
        "file": [f"part-{part}"] * ROWS, "offset": list(range(ROWS)), "id": [None] * ROWS, "declared_language": [None] * ROWS,
        "cluster": [f"h{host}" for host in rng.integers(0, 5, ROWS)], "characters": [300] * ROWS, "bytes": [300] * ROWS,
    }  # fmt: skip
    typed = {name: pa.array(column, pa.string() if name in ("id", "declared_language") else None) for name, column in base.items()}
    path = folder / f"part-{part:02d}.parquet"
    write_table(path, pa.table({**typed, "language": struct}), row_group_size=500)
    return path


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("parts")
    return [written(folder, part) for part in range(PARTS)]


def observed(parts: list[Path]) -> TargetObservations:
    return TargetObservations(Session(parts[0].parent, {"documents": parts}, threads=2), "web", signals=("language",))


def weighted(seen: TargetObservations) -> bytes:
    tables = Tables(seen, LanguageParams(calibration=False))
    doubts = Doubts(tables)
    flags = tables.flags(doubts._disagrees, doubts._comparable, rate="language.langdetect_rate")
    return flags.hits.tobytes() + flags.seen.tobytes()


def test_forty_sums_by_two_threads_are_one(parts: list[Path]) -> None:
    seen = observed(parts)
    assert len({weighted(seen) for _ in range(40)}) == 1


def test_the_order_of_the_parts_changes_no_digit(parts: list[Path]) -> None:
    assert weighted(observed(parts)) == weighted(observed(parts[::-1]))


def test_the_whole_audit_is_the_same_every_time(parts: list[Path]) -> None:
    audit, seen = LanguageAudit(LanguageParams(calibration=False)), observed(parts)
    results = [[result for result in audit.measure(seen) if isinstance(result, Metric)] for _ in range(3)]
    assert any(metric.name == "disagreement" and metric.value for metric in results[0])
    assert all(result == results[0] for result in results)


def test_a_drawn_document_stands_for_one_over_its_rate(parts: list[Path]) -> None:
    seen = observed(parts)
    flags = Tables(seen, LanguageParams()).flags("language.langdetect_label = 'de'", "true", rate="language.langdetect_rate")
    table = seen.sql(
        "select cluster, language.label as label, language.langdetect_label as second, language.langdetect_rate as rate from documents"
    )
    expected: dict[tuple[str, str], list[float]] = {}
    for row in table.to_pylist():
        each = expected.setdefault((row["cluster"], row["label"]), [0.0, 0.0])
        each[0] += (row["second"] == "de") / row["rate"]
        each[1] += 1.0 / row["rate"]
    hosts = sorted({host for host, _ in expected})
    for (host, label), (hits, total) in expected.items():
        cell = hosts.index(host), flags.labels.index(label)
        assert flags.hits[cell] == pytest.approx(hits)
        assert flags.seen[cell] == pytest.approx(total)
