"""Rows of models: each is on one page, however the rows are sorted, and a link opens the very row that was picked."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from dashboard_support import make_run

from fmaudit.store.writer import write_table
from fmaudit_dashboard.parts.links import response_key

ROWS = 130


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A run whose answers are alike in all that can be sorted by, five to a case under two conditions that share their samples."""
    root = make_run(tmp_path / "runs", 1)
    rows = [
        {
            "case": f"case-{number // 5}",
            "condition": "greedy" if number % 5 == 0 else "sampled",
            "sample": max(0, number % 5 - 1),
            "response": f"Answer {number}.",
            "correct": number % 3 == 0,
        }
        for number in range(ROWS)
    ]
    write_table(root / "observations/asked/model/part-0.parquet", pa.Table.from_pylist(rows))
    return root.parent


@pytest.mark.parametrize("way", [{}, {"sort": "correct"}, {"sort": "correct", "order": "up"}, {"sort": "condition"}])
def test_a_sorted_table_shows_every_row_once(open_page, runs: Path, way: dict[str, str]):
    found: list[str] = []
    for page in range(1, 7):
        app = open_page(runs, "responses", **way, **({"page": str(page)} if page > 1 else {}))
        found += app.dataframe[0].value["response"].tolist()
    assert sorted(found) == sorted(f"Answer {number}." for number in range(ROWS))


def test_a_link_opens_the_very_row_among_those_of_its_case(open_page, runs: Path):
    for place, told in ((0, "Answer 35."), (1, "Answer 36."), (4, "Answer 39.")):
        text = "\n".join(element.proto.body for element in open_page(runs, "responses", response=response_key("case-7", place)).get("html"))
        assert text[text.index("Answer") :].startswith(told)
    app = open_page(runs, "responses", response=response_key("case-7", 5))
    assert app.warning[0].value == "The link names a response that is not here."
