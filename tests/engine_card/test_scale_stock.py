"""Repeated data, the stock of text and the electricity of data centres."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmaudit import ConfigError, Interval
from fmaudit_engine_card.scale.facts import fact
from fmaudit_engine_card.scale.stock import (
    electricity_growth,
    electricity_share,
    exhaustion,
    growth_of_runs,
    public_text,
    repetition,
    unique_tokens_for,
)


def test_one_epoch_counts_in_full_and_four_are_nearly_as_good_as_new() -> None:
    assert repetition(1e12, 1).effective == 1e12
    assert repetition(1e12, 0.5).effective == 0.5e12
    four = repetition(1e12, 4)
    assert four.seen == 4e12
    assert four.effective == pytest.approx(1e12 * (1 + 15.39 * (1 - math.exp(-3 / 15.39))))
    assert round(four.value, 3) == 0.931


@given(st.floats(1.0, 200.0), st.floats(1.001, 3.0))
def test_more_epochs_are_worth_more_in_all_and_less_each_and_never_more_than_the_limit(epochs: float, factor: float) -> None:
    few, many = repetition(1e9, epochs), repetition(1e9, epochs * factor)
    assert few.effective <= many.effective <= many.limit
    assert many.value <= few.value <= 1.0


def test_unique_tokens_are_the_inverse() -> None:
    assert unique_tokens_for(repetition(7e9, 8).effective, 8) == pytest.approx(7e9)


@pytest.mark.parametrize("wrong", [-1.0, 0.0, math.inf, math.nan])
def test_amounts_that_are_none_are_refused(wrong: float) -> None:
    for ask in (lambda: unique_tokens_for(wrong, 4), lambda: unique_tokens_for(1e9, wrong), lambda: repetition(wrong, 4)):
        with pytest.raises(ConfigError):
            ask()
    if wrong != 0.0:
        with pytest.raises(ConfigError, match="no amount of electricity"):
            electricity_share(wrong, 2024)


def test_phi_1_is_5_4_unique_tokens_a_parameter_seen_about_eight_times() -> None:
    row = fact("models", "model", "phi-1")
    assert round(row["unique_tokens"] / row["parameters"], 1) == 5.4
    assert round(row["tokens"] / row["unique_tokens"]) == 8
    assert 6 * row["parameters"] * row["tokens"] == pytest.approx(4.2e20, rel=0.01)


def test_the_stock_is_epochs_estimate_with_its_interval_and_years() -> None:
    stock = public_text()
    assert (stock.tokens, stock.interval.low, stock.interval.high) == (300e12, 100e12, 1000e12)
    assert (stock.used_up.low, stock.used_up.high) == (2026, 2032)
    assert "300 T tokens (100 to 1000 T, 90% interval), used up 2026 to 2032" in stock.sentence
    assert "Villalobos" in stock.sentence


def test_the_projection_is_the_logarithm_of_the_stock_over_that_of_the_growth() -> None:
    demand, stock = growth_of_runs(), public_text()
    found = exhaustion(stock, demand)
    expected = demand.year + math.log(stock.tokens / demand.tokens) / math.log(demand.growth)
    assert found.year == pytest.approx(expected, abs=0.25)
    assert found.interval.low < found.year < found.interval.high
    assert stock.used_up.low - 1 < found.year < stock.used_up.high
    assert exhaustion(stock, demand) == found


def test_a_larger_stock_lasts_longer_and_no_growth_never_ends() -> None:
    demand, stock = growth_of_runs(), public_text()
    double = replace(stock, tokens=2 * stock.tokens, interval=Interval(200e12, 2000e12, 0.9))
    assert exhaustion(double, demand).year > exhaustion(stock, demand).year + 0.5
    with pytest.raises(ConfigError, match="never uses up"):
        exhaustion(stock, replace(demand, interval=Interval(0.9, 3.0, 0.8)))


def test_the_ieas_base_case_is_three_percent_and_twenty_percent_needs_another_growth() -> None:
    assert electricity_share(415, 2024) == pytest.approx(0.015)
    assert electricity_share(945, 2030) == pytest.approx(0.03)
    assert electricity_growth(0.03) == pytest.approx(0.147, abs=0.001)
    assert electricity_growth(0.04) == pytest.approx(0.203, abs=0.001)
    assert electricity_growth(0.20) > 0.55


@pytest.mark.parametrize(("share", "year"), [(-0.1, 2030), (1.5, 2030), (0.1, 2024)])
def test_a_share_that_cannot_be_has_no_growth(share: float, year: int) -> None:
    with pytest.raises(ConfigError, match="has no growth"):
        electricity_growth(share, year=year)


def test_an_unsure_growth_makes_the_year_unsure() -> None:
    sure = replace(growth_of_runs(), interval=Interval(1.99, 2.01, 0.8, "stated"))
    years = [exhaustion(public_text(), demand).interval for demand in (sure, growth_of_runs())]
    assert years[0].high - years[0].low < 0.7 * (years[1].high - years[1].low)
