from __future__ import annotations

import numpy as np
import pytest

from fmaudit.errors import StatisticsError
from fmaudit.stats import power


def test_250_prompts_see_six_points() -> None:
    assert power.mde_proportions(250, 0.06) == pytest.approx(0.0595, abs=2e-4)
    assert power.mde_from_error(1.0) == pytest.approx(2.8016, abs=1e-4)


def test_effects_and_sizes_are_inverse() -> None:
    assert power.required_n_proportions(power.mde_proportions(250, 0.06), 0.06) in (250, 251)
    assert power.required_n_mean(power.mde_mean(400, 1.7), 1.7) in (400, 401)
    effect = power.mde_paired_proportions(300, 0.2)
    assert effect is not None
    assert power.required_n_paired_proportions(effect, 0.2) in (300, 301)


def test_the_paired_effect_is_found_with_the_promised_power() -> None:
    effect = power.mde_paired_proportions(300, 0.2)
    assert effect is not None
    draws = np.random.default_rng(0).multinomial(300, [(0.2 + effect) / 2, (0.2 - effect) / 2, 0.8], 4000)
    found = np.abs(draws[:, 0] - draws[:, 1]) / np.sqrt(np.maximum(draws[:, 0] + draws[:, 1], 1)) > 1.96
    assert found.mean() == pytest.approx(0.8, abs=0.03)


def test_too_few_items_see_nothing() -> None:
    assert power.mde_paired_proportions(5, 0.02) is None
    assert power.mde_paired_proportions(2, 0.5) is None
    assert power.mde_proportions(50, 0.3) > power.mde_proportions(50, 0.3, 5000) > power.mde_proportions(5000, 0.3)


def test_nonsense_is_refused() -> None:
    for call in (
        lambda: power.mde_proportions(0, 0.5),
        lambda: power.mde_mean(0, 1.0),
        lambda: power.mde_from_error(float("nan")),
        lambda: power.mde_paired_proportions(10, 1.5),
        lambda: power.required_n_mean(0.0, 1.0),
        lambda: power.required_n_paired_proportions(0.3, 0.2),
        lambda: power.mde_from_error(1.0, power=1.0),
    ):
        with pytest.raises(StatisticsError):
            call()
