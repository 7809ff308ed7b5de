"""Chinchilla's optimum: published ratios, agreement with a search, and what inference changes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmaudit import ConfigError, StatisticsError
from fmaudit_engine_card.scale.optimum import (
    disagreement,
    find_fit,
    fit_names,
    inference_optimum,
    optimum,
    optimum_for_parameters,
    overtraining,
)

RULE, REFIT, PRINTED = "hoffmann-2022-20-per-parameter", "besiroglu-2024", "hoffmann-2022-fit3"


def test_three_fits_are_known_by_name_with_source_and_day() -> None:
    assert set(fit_names()) == {RULE, REFIT, PRINTED}
    assert all(find_fit(name).source and find_fit(name).day for name in fit_names())
    with pytest.raises(ConfigError, match="did you mean 'besiroglu-2024'"):
        find_fit("besiroglu-2025")


@pytest.mark.parametrize(("parameters", "tokens"), [(3e9, 60e9), (70e9, 1.4e12)])
def test_the_rule_gives_chinchillas_own_pairs(parameters: float, tokens: float) -> None:
    best = optimum_for_parameters(parameters, RULE)
    assert best.tokens == tokens
    assert optimum(best.flops, RULE).parameters == pytest.approx(parameters)


@pytest.mark.parametrize(("flops", "ratio"), [(5.76e23, 18.4), (3.14e23, 18.7), (1e21, 21.6)])
def test_the_refit_gives_the_published_tokens_a_parameter(flops: float, ratio: float) -> None:
    assert round(optimum(flops, REFIT).ratio, 1) == ratio


def test_the_printed_fit_contradicts_its_own_rule_and_is_named() -> None:
    assert round(optimum(5.76e23, PRINTED).ratio, 1) in (92.6, 92.7)
    assert 86.5 < optimum(3e23, PRINTED).ratio < 93.5
    (note,) = disagreement(5.76e23)
    assert note.startswith("hoffmann-2022-fit3 asks for 92.6 tokens a parameter")
    assert "contradicts" in note


@given(st.floats(18, 27), st.sampled_from([REFIT, PRINTED]))
def test_no_other_split_of_the_compute_has_a_lower_loss(exponent: float, name: str) -> None:
    flops, law = 10**exponent, find_fit(name)
    best = optimum(flops, name)
    assert 6 * best.parameters * best.tokens == pytest.approx(flops)
    for factor in (0.5, 0.99, 1.01, 2.0):
        assert law.loss(best.parameters * factor, best.tokens / factor) > law.loss(best.parameters, best.tokens)
    assert optimum_for_parameters(best.parameters, name).tokens == pytest.approx(best.tokens)


def test_llama_3_8b_is_trained_a_hundred_times_longer_than_training_alone_asks_for() -> None:
    found = overtraining(8.03e9, 15e12)
    assert round(found.ratio) == 1868
    assert found.factor == pytest.approx(1868 / optimum(found.flops).ratio, rel=1e-3)
    assert found.compute_factor is not None
    assert 5 < found.compute_factor < 6
    assert overtraining(8.03e9, 15e12, RULE).factor == pytest.approx(93.4, abs=0.1)


def test_the_optimum_itself_is_not_overtrained() -> None:
    best = optimum(1e22)
    found = overtraining(best.parameters, best.tokens)
    assert found.factor == pytest.approx(1.0)
    assert found.compute_factor == pytest.approx(1.0)


def test_without_inference_the_lifetime_optimum_is_chinchillas() -> None:
    best = optimum(5.76e23)
    assert best.loss is not None
    lifetime = inference_optimum(best.loss, 0)
    assert lifetime.parameters == pytest.approx(best.parameters)
    assert lifetime.tokens == pytest.approx(best.tokens)
    assert lifetime.saved == 0.0


@given(st.floats(20, 25), st.floats(9, 14))
def test_inference_asks_for_smaller_models_trained_longer_and_no_size_is_cheaper(exponent: float, served: float) -> None:
    law, best = find_fit(REFIT), optimum(10**exponent)
    assert best.loss is not None
    found = inference_optimum(best.loss, 10**served)
    assert found.parameters < best.parameters
    assert found.tokens > best.tokens
    assert law.loss(found.parameters, found.tokens) == pytest.approx(best.loss)

    def lifetime(size: float) -> float:
        rest = best.loss - law.E - law.A / size**law.alpha if best.loss else math.nan
        return 6 * size * (law.B / rest) ** (1 / law.beta) + 2 * size * 10**served if rest > 0 else math.inf

    spent = found.training_flops + found.inference_flops
    assert lifetime(found.parameters) == pytest.approx(spent)
    assert all(lifetime(found.parameters * factor) >= spent * (1 - 1e-9) for factor in (0.8, 0.98, 1.02, 1.25))


def test_dear_inference_asks_for_still_smaller_models() -> None:
    loss = find_fit(REFIT).loss(70e9, 1.4e12)
    assert inference_optimum(loss, 1e12, inference_price=3).parameters == pytest.approx(inference_optimum(loss, 3e12).parameters)
    assert inference_optimum(loss, 1e12, inference_price=3).parameters < inference_optimum(loss, 1e12).parameters


def test_a_loss_below_the_floor_and_a_rule_without_losses_are_refused() -> None:
    with pytest.raises(StatisticsError, match="never goes below"):
        inference_optimum(1.8, 1e12)
    with pytest.raises(StatisticsError, match="knows no loss"):
        inference_optimum(2.0, 1e12, fit=RULE)
    with pytest.raises(StatisticsError, match="knows no loss"):
        find_fit(RULE).loss(1e9, 1e10)
    with pytest.raises(ConfigError, match="above 0"):
        optimum(0)


def test_compute_and_runs_that_are_none_are_refused() -> None:
    with pytest.raises(ConfigError, match="finite number above 0"):
        optimum(math.inf)
    with pytest.raises(ConfigError, match="no training run"):
        overtraining(-1e9, -1e9)
