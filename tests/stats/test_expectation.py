from __future__ import annotations

import numpy as np
import pytest

from fmaudit.errors import StatisticsError
from fmaudit.stats.expectation import emq


def test_shifted_shares_are_recovered_from_calibrated_posteriors() -> None:
    rng = np.random.default_rng(0)
    truth, prior = np.array([0.9, 0.1]), np.array([0.5, 0.5])
    label = rng.choice(2, 6000, p=truth)
    x = rng.normal(label * 1.5, 1.0)
    likelihood = np.exp(-0.5 * (x[:, None] - np.array([0.0, 1.5])) ** 2)
    posteriors = likelihood * prior / (likelihood @ prior)[:, None]
    result = emq(posteriors, prior)
    assert result.converged
    assert result.shares == pytest.approx(truth, abs=0.02)
    assert abs(posteriors.mean(axis=0)[1] - 0.1) > 0.1


def test_certain_posteriors_are_counted_and_weights_repeat() -> None:
    table, prior = [[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5]
    assert emq(table, prior).shares.tolist() == [0.5, 0.5]
    assert emq(table, prior, weights=[3, 1]).shares == pytest.approx([0.75, 0.25])
    assert not emq([[0.5, 0.4], [0.2, 0.8]], prior, most=1).converged


def test_nonsense_is_refused() -> None:
    for table, prior in (([[0.0, 0.0]], [0.5, 0.5]), ([[0.5, 0.5]], [1.0, 0.0]), ([[0.5, 0.5]], [1.0]), ([], [0.5])):
        with pytest.raises(StatisticsError):
            emq(table, prior)
