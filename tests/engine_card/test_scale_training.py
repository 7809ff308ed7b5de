"""What training takes: published figures to the digits given, and figures that say too little are refused."""

from __future__ import annotations

import math

import pytest

from fmaudit import ConfigError, ModelError
from fmaudit_engine_card.scale.facts import fact
from fmaudit_engine_card.scale.training import (
    DAY,
    MONTH,
    device_hours,
    emissions_kg,
    energy_kwh,
    explain_rate,
    implied_rate,
    inference_flops,
    peak,
    training_cost,
    training_flops,
    training_time,
)

GPT3 = 3.14e23  # FLOP, as published
CLAIMED = 60e12  # the rate that "256 H100s take 7 to 8 months" rests on


def test_six_n_d_gives_gpt_3_within_four_tenths_of_a_percent_of_its_paper() -> None:
    flops = training_flops(175e9, 300e9)
    assert flops == pytest.approx(3.15e23, rel=1e-12)
    assert abs(flops / fact("models", "model", "gpt-3")["flops"] - 1) < 0.004


def test_the_attention_term_is_12_l_d_t_a_token_and_half_of_that_where_causal() -> None:
    plain = training_flops(7e9, 1e12)
    full = training_flops(7e9, 1e12, layers=32, hidden=4096, context=4096)
    causal = training_flops(7e9, 1e12, layers=32, hidden=4096, context=4096, causal=True)
    assert full - plain == pytest.approx(12 * 32 * 4096 * 4096 * 1e12)
    assert causal - plain == pytest.approx((full - plain) / 2)
    with pytest.raises(ConfigError, match="together"):
        training_flops(7e9, 1e12, layers=32)


def test_an_epoch_more_costs_an_epoch_more_and_inference_is_a_third_of_training() -> None:
    assert training_flops(1.3e9, 7e9, epochs=8) == pytest.approx(4.37e20, rel=1e-3)
    assert inference_flops(7e9, 1e6) * 3 == training_flops(7e9, 1e6)


@pytest.mark.parametrize(("rate", "utilisation", "days"), [("bf16", 1.0, 14.3), ("bf16", 0.4, 35.9), (CLAIMED, 1.0, 236.6)])
def test_256_h100s_need_days_or_months_depending_on_the_precision(rate: str | float, utilisation: float, days: float) -> None:
    peak_flops = peak("H100", rate) if isinstance(rate, str) else rate
    seconds = training_time(GPT3, devices=256, peak_flops=peak_flops, utilisation=utilisation)
    assert round(seconds / DAY, 1) == days


def test_four_million_dollars_need_seventy_percent_and_then_it_takes_eleven_months() -> None:
    assert round(training_cost(GPT3, peak_flops=CLAIMED, utilisation=1.0, price_per_hour=2) / 1e6, 2) == 2.91
    assert round(training_cost(GPT3, peak_flops=CLAIMED, utilisation=0.7, price_per_hour=2) / 1e6, 2) == 4.15
    assert round(training_time(GPT3, devices=256, peak_flops=CLAIMED, utilisation=0.7) / MONTH, 1) == 11.1
    assert round(training_cost(GPT3, peak_flops=peak("H100", "bf16"), utilisation=0.4, price_per_hour=2) / 1e3) == 441


def test_a_claimed_time_is_traced_to_the_precision_it_rests_on() -> None:
    rate = implied_rate(GPT3, devices=256, seconds=236.6 * DAY)
    best = explain_rate(rate, "H100")[0]
    assert best.announced
    assert best.precision in ("float32", "float64_tensor")
    assert best.utilisation == pytest.approx(1.0, abs=1e-3)
    sold = next(row for row in explain_rate(rate, "H100") if row.precision == "bfloat16" and not row.announced)
    assert sold.sentence == "6.1% of the bfloat16 peak of 989.4 TFLOP/s"


@pytest.mark.parametrize("missing", ["peak_flops", "utilisation"])
def test_a_time_without_precision_or_utilisation_cannot_be_asked_for(missing: str) -> None:
    given = {"devices": 256, "peak_flops": 989.4e12, "utilisation": 0.4}
    del given[missing]
    with pytest.raises(TypeError, match=missing):
        training_time(GPT3, **given)


@pytest.mark.parametrize("utilisation", [0.0, 1.01, -0.3, math.nan])
def test_a_utilisation_outside_its_range_is_refused(utilisation: float) -> None:
    with pytest.raises(ConfigError, match="utilisation"):
        device_hours(1e21, peak_flops=1e15, utilisation=utilisation)


def test_a_precision_the_device_has_not_is_refused_and_so_is_an_unknown_device() -> None:
    with pytest.raises(ModelError, match="V100 does not have bfloat16"):
        peak("V100", "bf16")
    with pytest.raises(ModelError, match="no precision"):
        peak("H100", "fp12")
    with pytest.raises(ModelError, match="no facts about a device named 'H9000'"):
        peak("H9000", "bf16")


def test_twice_the_devices_take_half_the_time_at_the_same_cost() -> None:
    one, two = (training_time(1e22, devices=n, peak_flops=1e15, utilisation=0.4) for n in (8, 16))
    assert one == pytest.approx(2 * two)
    assert device_hours(1e22, peak_flops=1e15, utilisation=0.4) * 3600 == pytest.approx(16 * two)


def test_llama_2_emissions_are_derived_again() -> None:
    row = fact("models", "model", "Llama 2")
    assert sum(row["device_hours"]) == 3_311_616
    kwh = energy_kwh(row["device_hours"], power_w=row["watts"], pue=row["pue"])
    assert row["pue"] * row["grid"] == pytest.approx(0.4235)
    assert round(emissions_kg(kwh, grid_kg_per_kwh=row["grid"]) / 1000, 1) == 539.0 == row["emissions_t"]


def test_gpt_3_emissions_follow_from_its_energy_and_grid() -> None:
    row = fact("models", "model", "GPT-3")
    assert round(emissions_kg(row["energy_mwh"] * 1000, grid_kg_per_kwh=row["grid"]) / 1000) == row["emissions_t"] == 552


def test_impossible_energy_is_refused() -> None:
    with pytest.raises(ConfigError, match="PUE"):
        energy_kwh(10, power_w=400, pue=0.9)
    with pytest.raises(ConfigError, match="belong together"):
        energy_kwh([1, 2], power_w=[400], pue=1.1)
    with pytest.raises(ConfigError, match="no intensity"):
        emissions_kg(1, grid_kg_per_kwh=-1)


def test_negative_amounts_are_refused() -> None:
    with pytest.raises(ConfigError, match="tokens must be above 0"):
        inference_flops(7e9, -1)
    with pytest.raises(ConfigError, match="must not be below 0"):
        energy_kwh(-5, power_w=400, pue=1.1)
