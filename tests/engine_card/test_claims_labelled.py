"""The labelled table: claims written before the patterns (mission, development) and after them (held-out, fresh, last)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fmaudit_engine_card.claims import check_claims

TABLE = [json.loads(line) for line in Path(__file__).with_name("claims.jsonl").read_text("utf-8").splitlines()]
HALVES = ("mission", "development", "held-out", "fresh", "last", "moved")


def statuses(row: dict[str, Any]) -> list[str]:
    return [verdict.status for verdict in check_claims(row["text"])]


def agreement(expected: list[str], got: list[str]) -> int:
    """Count the verdicts that are right: one by one, or as sets where a claim was missed or added."""
    if len(expected) == len(got):
        return sum(a == b for a, b in zip(expected, got, strict=True))
    return sum((Counter(expected) & Counter(got)).values())


@pytest.mark.parametrize("row", [row for row in TABLE if row["half"] == "mission"], ids=lambda row: f"row {row['row']}: {row['id']}")
def test_claims_of_the_mission_get_the_verdict_they_deserve(row: dict[str, Any]) -> None:
    assert statuses(row) == row["expect"]


@pytest.mark.parametrize("half", HALVES)
def test_at_least_95_percent_of_the_labelled_verdicts_are_right(half: str) -> None:
    rows = [row for row in TABLE if row["half"] == half]
    right = sum(agreement(row["expect"], statuses(row)) for row in rows)
    assert right >= 0.95 * sum(max(len(row["expect"]), len(statuses(row))) for row in rows)


def test_nothing_true_is_called_wrong_and_nothing_wrong_is_called_true() -> None:
    for row in TABLE:
        got, expected = Counter(statuses(row)), Counter(row["expect"])
        assert got["wrong"] <= expected["wrong"], row["text"]
        assert got["holds"] + got["holds-under"] <= expected["holds"] + expected["holds-under"], row["text"]


def test_the_table_is_large_and_balanced_enough_to_mean_something() -> None:
    labels = Counter(label for row in TABLE if row["half"] != "mission" for label in row["expect"])
    assert sum(labels.values()) >= 60
    assert labels["wrong"] >= 0.4 * sum(labels.values())
    assert len({row["text"] for row in TABLE}) == len(TABLE)
