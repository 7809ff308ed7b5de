"""Tables of facts: every row says where and when it was read, and old ones are said to be old."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib import resources

import pytest

from fmaudit import ConfigError, ModelError, facts
from fmaudit_engine_card.scale.facts import fact, stale_devices, stale_notes, table

OWN = [
    ("fits", "fit"),
    ("models", "model"),
    ("grids", "grid"),
    ("stock", "stock"),
    ("stock", "run"),
    ("stock", "growth"),
    ("stock", "electricity"),
]


@pytest.mark.parametrize(("file", "kind"), OWN)
def test_every_row_has_a_name_a_source_and_a_day_that_is_past(file: str, kind: str) -> None:
    rows = table(file, kind)
    assert rows
    for row in rows:
        assert row["name"]
        assert len(row["source"]) > 10
        assert date(2017, 1, 1) < row["day"] < date(2026, 12, 1)
    assert len({row["name"].lower() for row in rows}) == len(rows)


def test_every_device_and_price_of_the_core_has_a_source_and_a_day() -> None:
    for device in facts.devices():
        assert device.source
        assert date.fromisoformat(device.day)
        assert all(rate >= 1e12 for rate in device.peaks.values())
        assert device.memory_bytes is not None
        for rent in facts.find_rent(device.name):
            assert 0 < rent.per_hour < 50
            assert rent.source
            assert date.fromisoformat(rent.day)


def test_every_rent_names_a_device_of_the_table() -> None:
    rows = tomllib.loads(resources.files("fmaudit.models").joinpath("data/prices.toml").read_text("utf-8"))["rent"]
    assert rows
    assert {row["device"] for row in rows} <= {device.name for device in facts.devices()}


def test_older_than_ninety_days_is_said_on_the_day_given() -> None:
    assert facts.age_note("2026-01-01", date(2026, 4, 1)) == ""
    assert "91 days ago" in facts.age_note("2026-01-01", date(2026, 4, 2))
    rows = list(table("stock", "electricity"))
    assert stale_notes(rows, date(2025, 4, 11)) == []
    (note,) = stale_notes(rows, date(2026, 4, 11))
    assert note.startswith(", ".join(str(row["name"]) for row in rows))
    assert stale_devices(["H100", "RTX 4090"], "2025-01-01") == ""
    assert stale_devices(["H100", "RTX 4090"], "2026-11-22").startswith("facts of H100, RTX 4090: read on 2024-11-18, 734 days ago")


@pytest.mark.parametrize(
    ("spoken", "name"),
    [
        ("H100", "H100"),
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H100 PCIe", "H100 PCIe"),
        ("nvidia a100-sxm4-80gb", "A100"),
        ("A100 40 GB", "A100 40GB"),
        ("L40S", "L40S"),
        ("Tesla V100-SXM2-32GB", "V100"),
    ],
)
def test_a_device_is_found_by_the_names_that_people_and_drivers_write(spoken: str, name: str) -> None:
    assert facts.find_device(spoken).name == name


@pytest.mark.parametrize("spoken", ["RTX A1000", "H1000", "", "GPU"])
def test_a_name_that_only_contains_another_is_not_that_device(spoken: str) -> None:
    with pytest.raises(ModelError, match="no facts about a device"):
        facts.find_device(spoken)


def test_an_unknown_fact_names_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'GPT-3'"):
        fact("models", "model", "GPT3")


def test_a_rumour_is_marked() -> None:
    assert fact("models", "model", "GPT-4")["status"] == "rumoured"
    assert {row["status"] for row in table("models", "model")} == {"published", "rumoured"}
