"""Scaling-law fits: a planted law is found again, outliers do little, intervals cover, and nothing goes too far."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest

from fmaudit import ConfigError, StatisticsError
from fmaudit_engine_card.scale.optimum import optimum
from fmaudit_engine_card.trends.laws import Law, fit_law, read_points
from fmaudit_engine_card.trends.minimise import fit_near, objective

TRUE = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}  # Besiroglu et al. 2024
REAL = Path(os.environ.get("FMAUDIT_CHINCHILLA_POINTS", "chinchilla_points.csv"))  # the 245 points that they took from the figure


def runs(seed: int, points: int = 60, noise: float = 0.005) -> dict[str, list[float]]:
    rng = np.random.default_rng(seed)
    parameters = np.exp(rng.uniform(math.log(5e7), math.log(1e10), points))
    tokens = parameters * np.exp(rng.uniform(math.log(3), math.log(300), points))
    loss = TRUE["E"] + TRUE["A"] / parameters ** TRUE["alpha"] + TRUE["B"] / tokens ** TRUE["beta"]
    loss *= np.exp(rng.normal(0, noise, points))
    return {"parameters": parameters.tolist(), "tokens": tokens.tolist(), "loss": loss.tolist()}


@pytest.fixture(scope="module")
def law() -> Law:
    return fit_law(runs(1), draws=60)


def test_a_law_without_noise_is_recovered_from_any_corner_of_the_grid() -> None:
    found = fit_law(runs(0, noise=0.0), draws=0)
    for name, value in TRUE.items():
        assert found.values[name] == pytest.approx(value, rel=0.005)
    assert found.objective == pytest.approx(0, abs=1e-6)
    assert found.intervals["E"].high == math.inf


def test_a_noisy_law_is_recovered_within_its_intervals(law: Law) -> None:
    for name, value in TRUE.items():
        assert law.intervals[name].low <= value <= law.intervals[name].high
        assert law.intervals[name].low <= law.values[name] <= law.intervals[name].high
    assert law.values["alpha"] == pytest.approx(TRUE["alpha"], rel=0.05)
    ratio = law.ratio_interval(1e21)
    assert ratio.low <= optimum(1e21).ratio <= ratio.high


def test_intervals_cover_the_truth_in_a_small_simulation() -> None:
    """Benchmarks/trend_power.py does this with hundreds of laws; here 6 laws, three numbers each, of which chance misses few."""
    covered = 0
    for seed in range(6):
        found = fit_law(runs(100 + seed, points=40), draws=30)
        covered += sum(found.intervals[name].low <= TRUE[name] <= found.intervals[name].high for name in ("E", "alpha", "beta"))
    assert 15 <= covered <= 18


def test_the_gradient_is_that_of_the_objective() -> None:
    rng = np.random.default_rng(2)
    logs, losses, theta = rng.normal(size=(2, 9)), rng.normal(1, 0.2, 9), np.array([0.5, -0.3, 0.2, -0.9, -0.4])
    _, gradient = objective(theta, logs, losses, 0.05)
    for i, step in enumerate(np.eye(5) * 1e-6):
        slope = (objective(theta + step, logs, losses, 0.05)[0] - objective(theta - step, logs, losses, 0.05)[0]) / 2e-6
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_no_nearby_start_finds_a_lower_minimum() -> None:
    found = fit_law(runs(3), draws=0)
    points = read_points(runs(3))
    logs, losses = np.log(np.stack(list(points.sizes.values()))), np.log(points.loss)
    centres = logs.mean(axis=1)
    rng = np.random.default_rng(4)
    for _ in range(10):
        start = np.array([math.log(rng.uniform(1, 2.5)), *rng.uniform(-3, 1, 2), *rng.uniform(-2, 0, 2)])
        assert fit_near(start, logs - centres[:, None], losses, 1e-3)[1] >= found.objective - 1e-4


def test_gross_outliers_move_the_fit_little_and_can_be_left_out() -> None:
    table = runs(5)
    clean = fit_law(table, draws=0)
    table["loss"][:3] = [10.0, 9.0, 12.0]
    robust, dropped = fit_law(table, draws=0), fit_law(table, draws=0, drop_highest=3)
    assert robust.values["alpha"] == pytest.approx(clean.values["alpha"], rel=0.05)
    assert (dropped.n, dropped.dropped) == (57, 3)
    assert dropped.values["E"] == pytest.approx(clean.values["E"], rel=0.02)


def test_predictions_stay_within_ten_times_the_data(law: Law) -> None:
    truth = TRUE["E"] + TRUE["A"] / 2e10 ** TRUE["alpha"] + TRUE["B"] / 1e12 ** TRUE["beta"]
    interval = law.loss_interval(2e10, 1e12)
    assert interval.low <= truth <= interval.high
    assert law.loss(2e10, 1e12) == pytest.approx(truth, rel=0.01)
    with pytest.raises(StatisticsError, match="beyond the data"):
        law.loss(1e12, 1e12)
    with pytest.raises(StatisticsError, match="beyond the data"):
        law.optimum(1e27)
    with pytest.raises(StatisticsError, match="parameters and tokens"):
        law.loss(1e9)


def test_one_size_alone_has_a_law_too() -> None:
    flops = np.geomspace(1e18, 1e22, 20)
    found = fit_law({"FLOP": flops.tolist(), "loss": (1.7 + 90 * flops**-0.12).tolist()}, draws=20)
    assert found.sizes == ("flops",)
    assert found.values["alpha"] == pytest.approx(0.12, rel=0.01)
    assert found.values["E"] == pytest.approx(1.7, rel=0.01)
    assert found.loss(5e22) == pytest.approx(1.7 + 90 * 5e22**-0.12, rel=0.001)
    with pytest.raises(StatisticsError, match="parameters and tokens"):
        found.optimum(1e21)


def test_tables_are_read_from_csv_parquet_rows_and_columns_alike(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = runs(6, points=12)
    flops = [6 * n * d for n, d in zip(table["parameters"], table["tokens"], strict=True)]
    rows = [{"Model Size": n, "Training FLOP": c, "loss": x} for n, c, x in zip(table["parameters"], flops, table["loss"], strict=True)]
    with (tmp_path / "runs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "runs.parquet")
    for source in (tmp_path / "runs.csv", str(tmp_path / "runs.parquet"), rows, table):
        points = read_points(source)
        assert points.sizes["tokens"] == pytest.approx(np.array(table["tokens"]))
        assert len(points) == 12


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"parameters": [1e9], "tokens": [1e10]}, "no scaling table"),
        ({"loss": [2.0]}, "no scaling table"),
        ({"flops": [1e20, -1.0], "loss": [2.0, 2.1]}, "not positive"),
        ({"flops": [1e20, "?"], "loss": [2.0, 2.1]}, "row 2: flops = '\\?' is no number"),
        ({"flops": [1e20], "loss": [2.0, 2.1]}, "one length"),
    ],
)
def test_tables_that_cannot_be_fitted_say_why(source: dict[str, list[float]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_points(source)


def test_too_few_runs_are_refused() -> None:
    with pytest.raises(StatisticsError, match="9 points with 9 sizes cannot fit 5 numbers"):
        fit_law(runs(7, points=9))


@pytest.mark.skipif(not REAL.is_file(), reason="FMAUDIT_CHINCHILLA_POINTS names no file with the 245 points of Besiroglu et al. 2024")
def test_the_points_of_chinchilla_give_the_published_refit_within_three_percent() -> None:
    found = fit_law(REAL, draws=0, drop_highest=5)
    assert found.n == 240
    for name in ("alpha", "beta", "E"):
        assert found.values[name] == pytest.approx(TRUE[name], rel=0.03)
    assert fit_law(REAL, draws=0).values["beta"] > 0.42  # the five outliers matter, as published


def test_an_optimum_stays_within_ten_times_the_compute_of_runs_not_of_their_largest_sizes() -> None:
    sizes = [(n, d) for n in (1e8, 3e8, 1e9, 3e9) for d in (1e9, 4e9, 1.6e10, 6.4e10) if n * d <= 2.5e19]
    rows = [{"parameters": n, "tokens": d, "loss": 1.8 + 480 / n**0.35 + 2000 / d**0.366} for n, d in sizes]
    found = fit_law(rows, draws=0)
    most = 6 * max(n * d for n, d in sizes)  # the largest model on the most tokens would be 10 times that
    assert found.ranges["flops"][1] == pytest.approx(most)
    assert found.optimum(9 * most).flops == pytest.approx(9 * most)
    with pytest.raises(StatisticsError, match="times beyond"):
        found.optimum(11 * most)


def test_the_runs_that_are_left_out_are_those_of_the_highest_loss() -> None:
    table = runs(5)
    table["loss"][:3] = [10.0, 9.0, 12.0]
    found = fit_law(table, draws=0, drop_highest=3)
    without = fit_law({name: column[3:] for name, column in table.items()}, draws=0)
    assert found.values == pytest.approx(without.values)


def test_intervals_are_widened_as_students_t_is_for_the_numbers_fitted(law: Law) -> None:
    interval, draws = law.intervals["alpha"], law.draws[:, list(law.values).index("alpha")]
    low, high = np.quantile(draws, [0.025, 0.975])
    tail = 0.5 * math.erfc(2.00404478 / math.sqrt(2))  # t of 55 degrees of freedom, and nothing besides
    assert (law.n, interval.low <= low, high <= interval.high) == (60, True, True)
    assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(draws, [tail, 1 - tail])))
