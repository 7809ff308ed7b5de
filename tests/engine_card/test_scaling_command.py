"""fmaudit scaling FILE: the columns of a table say what is asked, and the answer is that of the functions."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fmaudit_engine_card
from fmaudit import ConfigError, StatisticsError
from fmaudit.hooks.manager import load_plugins
from fmaudit_engine_card import trend
from fmaudit_engine_card.trends.command import main

Columns = Mapping[str, Sequence[Any]]
FAMILY: Columns = {"size": [1e8, 1e9, 1e10, 1e11], "successes": [264, 222, 195, 192], "totals": [817] * 4}
TURN: Columns = {"size": [1e8, 1e9, 1e10], "successes": [300, 150, 310], "totals": [500] * 3}
MODELS: Columns = {"model": ["big", "small", "waste", "mid"], "cost": [9, 1, 5, 3], "score": [0.9, 0.5, 0.6, 0.7]}


def _runs() -> Columns:
    rng = np.random.default_rng(3)
    n, d = np.exp(rng.uniform(17, 23, 30)), np.exp(rng.uniform(21, 26, 30))
    return {"n": n.tolist(), "d": d.tolist(), "loss": (1.8 + 480 / n**0.35 + 2100 / d**0.37).tolist()}


def _write(folder: Path, columns: Columns, ending: str = "csv") -> str:
    path, rows = folder / f"table.{ending}", [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif ending == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(columns))
            writer.writeheader()
            writer.writerows(rows)
    return str(path)


def _answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_counts_by_size_are_tested_for_a_trend(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = _answer(capsys, _write(tmp_path, FAMILY, ending))
    known = trend(FAMILY["size"], FAMILY["successes"], FAMILY["totals"])
    assert found["kind"] == "trend"
    assert (found["z"], found["p"], found["direction"], found["u_shaped"]) == (known.z, known.p, "down", False)


def test_a_turn_is_flagged_with_its_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _write(tmp_path, TURN)
    found = _answer(capsys, file)
    assert (found["u_shaped"], found["shape"], found["turning_size"]) == (True, "u", 1e9)
    assert main([file]) == 0
    page = capsys.readouterr().out
    assert "turns at 1e+09" in page
    assert page.count("| 500 |") == 3


def test_runs_get_a_law_with_intervals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = _answer(capsys, _write(tmp_path, _runs()))
    assert found["kind"] == "law"
    assert found["values"]["E"] == pytest.approx(1.8, rel=0.01)
    assert found["values"]["alpha"] == pytest.approx(0.35, rel=0.03)
    assert found["intervals"]["beta"]["low"] <= found["values"]["beta"] <= found["intervals"]["beta"]["high"]
    assert found["n"] == 30


def test_models_get_their_front_and_what_beats_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = _answer(capsys, _write(tmp_path, MODELS))
    assert found["front"] == ["small", "mid", "big"]
    assert {row["name"]: row["beaten_by"] for row in found["models"]} == {"small": [], "mid": [], "waste": ["mid"], "big": []}


def test_values_without_counts_are_tested_by_rank_unless_a_law_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = [10.0**power for power in range(6, 14)]
    file = _write(tmp_path, {"parameters": sizes, "loss": [2 + 30 / size**0.2 for size in sizes]})
    assert _answer(capsys, file)["direction"] == "down"
    assert _answer(capsys, file, "--kind", "law")["values"]["E"] == pytest.approx(2, rel=0.02)


LOSSES = [2 + 30 / 10.0 ** (0.2 * power) for power in range(6, 14)]


@pytest.mark.parametrize("name", ["flop", "tokens", "compute"])
def test_a_size_and_a_loss_that_can_be_no_trend_are_a_law_without_being_asked_for(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _answer(capsys, _write(tmp_path, {name: [10.0**power for power in range(6, 14)], "loss": LOSSES}))
    assert found["kind"] == "law"
    assert found["values"]["E"] == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("name", ["size", "parameters", "step"])
def test_a_law_of_one_size_takes_every_name_of_a_size(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _write(tmp_path, {name: [10.0**power for power in range(6, 14)], "loss": LOSSES})
    assert _answer(capsys, file)["kind"] == "trend"
    assert _answer(capsys, file, "--kind", "law")["values"]["E"] == pytest.approx(2, rel=0.02)


def test_a_size_beside_tokens_is_the_parameters_of_a_law(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = _runs()
    found = _answer(capsys, _write(tmp_path, {"size": runs["n"], "tokens": runs["d"], "loss": runs["loss"]}))
    assert (found["kind"], found["sizes"]) == ("law", ["parameters", "tokens"])


@pytest.mark.parametrize("kind", ["", "trend", "law", "front"])
def test_columns_that_fit_nothing_are_told_with_what_each_kind_needs(kind: str, tmp_path: Path) -> None:
    file = _write(tmp_path, {"colour": ["red", "blue"], "weight": [1, 2]})
    with pytest.raises(ConfigError) as caught:
        main([file, *(["--kind", kind] if kind else [])])
    told = str(caught.value)
    assert all(part in told for part in (file, "colour, weight"))
    if not kind:
        assert all(part in told for part in ("successes with totals", "d (tokens) or flop, loss", "model, cost, score"))


def test_tables_that_cannot_be_used_are_told_with_their_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.csv"):
        main([str(tmp_path / "nowhere.csv")])
    with pytest.raises(StatisticsError, match=r"table\.csv: a front takes two or more models"):
        main([_write(tmp_path, {"model": ["a", "a"], "cost": [1, 2], "score": [0.5, 0.6]})])
    with pytest.raises(ConfigError, match="row 2: cost = 'cheap'"):
        main([_write(tmp_path, {"model": ["a", "b"], "cost": [1, "cheap"], "score": [0.5, 0.6]})])
    with pytest.raises(StatisticsError, match=r"table\.csv: a trend takes models of two sizes or more, not 1 model of 1 size"):
        main([_write(tmp_path, {"size": [1e9], "successes": [3], "totals": [9]})])
    with pytest.raises(ConfigError, match="row 1: size = '7B' is no number"):
        main([_write(tmp_path, {"size": ["7B", "13B"], "value": [1, 2]})])
    with pytest.raises(StatisticsError, match="2 points"):
        main([_write(tmp_path, {"n": [1e9, 2e9], "d": [1e9, 2e9], "loss": [2.0, 1.9]})])


def test_the_plugin_offers_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load_plugins().commands["scaling"]([_write(tmp_path, MODELS)]) == 0
    assert "| waste | 5 | 0.6 | no | mid |" in capsys.readouterr().out


def test_every_public_name_is_offered_and_named_in_the_readme() -> None:
    readme = (Path(fmaudit_engine_card.__file__).parent / "README.md").read_text("utf-8")
    for name in fmaudit_engine_card.__all__:
        assert getattr(fmaudit_engine_card, name).__name__ == name
        assert name in readme
