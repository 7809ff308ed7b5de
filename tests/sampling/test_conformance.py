"""What a stated sampler gives its tokens, and single tests, against brute force and exact distributions."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from fmaudit import StatisticsError
from fmaudit.models.sampling import Cut, distribution
from fmaudit_sampling.conformance.randomness import keyed_uniforms
from fmaudit_sampling.conformance.repeats import g_test, repeated_draws, stouffer
from fmaudit_sampling.conformance.sampler import StatedSampler
from fmaudit_sampling.conformance.stated import StatedTokens, joined, kept_tokens, stated_tokens
from fmaudit_sampling.conformance.temperature import estimate_temperature, temperature_profile
from fmaudit_sampling.conformance.tests import TOO_OFTEN, border, cells_of, greedy_leakage, kolmogorov, log_prob_sum, pit, pit_cells
from fmaudit_sampling.conformance.verdict import ALPHA

SAMPLERS = [StatedSampler(t, k, p) for t, k, p in itertools.product((0.0, 0.7, 1.0, 2.0), (0, 1, 5), (0.3, 0.9, 1.0))]


def every_token(row: np.ndarray, sampler: StatedSampler) -> StatedTokens:
    return stated_tokens(np.tile(row, (len(row), 1)), np.arange(len(row)), sampler)


def figures(mass: list[float], top: list[bool]) -> StatedTokens:
    """Figures of positions of which only the most probable token's mass matters."""
    n, zeros = len(mass), np.zeros(len(mass))
    return StatedTokens(zeros, zeros, zeros, zeros, zeros, np.full(n, 2), np.array(top), np.array(mass), np.zeros(n, bool), zeros, zeros)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: sampler.words)
def test_figures_equal_those_of_the_distribution_that_fmaudit_draws_from(sampler: StatedSampler) -> None:
    rng = np.random.default_rng(5)
    row = np.round(rng.normal(0, 2, 40), 1)  # with ties
    q = distribution(row, Cut(sampler.temperature, sampler.top_k, sampler.top_p))
    found = every_token(row, sampler)
    with np.errstate(divide="ignore"):
        log_q = np.log(q)
    order = np.lexsort((np.arange(40), -row))
    below = np.empty(40)
    below[order] = np.cumsum(q[order]) - q[order]
    inside = q > 0
    entropy = -(q[inside] * log_q[inside]).sum()
    np.testing.assert_allclose(found.log_prob, log_q, atol=1e-12)
    np.testing.assert_allclose(found.below, np.where(inside, below, 1.0), atol=1e-12)
    np.testing.assert_allclose(found.mean, -entropy, atol=1e-12)
    for column, power in ((found.variance, 2), (found.third, 3)):
        np.testing.assert_allclose(column, (q[inside] * (log_q[inside] + entropy) ** power).sum(), atol=1e-12)
    assert (found.support == inside.sum()).all()
    assert found.top.tolist() == [i == order[0] for i in range(40)]
    np.testing.assert_allclose(found.top_mass, q.max())
    last = order[inside.sum() - inside.sum() // 5 : inside.sum()]
    assert sorted(np.flatnonzero(found.last)) == sorted(last)
    np.testing.assert_allclose(found.last_mass, q[last].sum(), atol=1e-12)
    assert (found.outside[inside] == 0).all()
    assert (found.outside >= 0).all()


def test_how_far_outside_a_token_lies_is_measured_at_the_border_it_crosses() -> None:
    row = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    assert every_token(row, StatedSampler(1.0, 2)).outside.tolist() == pytest.approx([0, 0, math.log(2), math.log(6)])
    assert every_token(row, StatedSampler(0.5, 2)).outside.tolist() == pytest.approx([0, 0, 2 * math.log(2), 2 * math.log(6)])
    # top-p 0.79 keeps two tokens; the third would be kept if the 0.8 before it were a little less
    assert every_token(row, StatedSampler(1.0, 0, 0.79)).outside[2] == pytest.approx(math.log(0.8 / 0.79))
    assert every_token(row, StatedSampler(0.0)).outside[1] == pytest.approx(math.log(0.5 / 0.3))


def test_a_tie_with_the_last_kept_token_is_no_violation() -> None:
    row = np.array([3.0, 1.0, 1.0, 1.0, 0.0])
    by_id = every_token(row, StatedSampler(1.0, 2))
    assert np.isfinite(by_id.log_prob).tolist() == [True, True, False, False, False]
    assert by_id.outside.tolist() == [0, 0, 0, 0, 1]
    kept = every_token(row, StatedSampler(1.0, 2, keep_ties=True))
    assert kept.support.tolist() == [4] * 5
    assert np.exp(kept.log_prob).sum() == pytest.approx(1.0)
    assert every_token(row, StatedSampler(0.5, 0, 0.95)).outside.tolist()[:3] == [0, 0, 0]


def test_a_token_that_the_model_masks_is_infinitely_far_outside() -> None:
    found = every_token(np.array([0.0, -np.inf, -1.0]), StatedSampler())
    assert (found.outside[1], found.log_prob[1]) == (np.inf, -np.inf)
    assert found.support.tolist() == [2, 2, 2]


def test_rows_do_not_depend_on_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    logits, drawn = rng.normal(0, 2, (30, 50)), rng.integers(0, 50, 30)
    sampler = StatedSampler(0.8, 20, 0.9)
    whole, parts = stated_tokens(logits, drawn, sampler), [stated_tokens(logits[i : i + 1], drawn[i : i + 1], sampler) for i in range(30)]
    monkeypatch.setattr("fmaudit_sampling.conformance.stated.CELLS", 200)
    chunked = stated_tokens(logits, drawn, sampler)
    for name in StatedTokens.__slots__:
        np.testing.assert_allclose(getattr(joined(parts), name), getattr(whole, name), atol=1e-12)
        np.testing.assert_allclose(getattr(chunked, name), getattr(whole, name), atol=1e-12)


@pytest.mark.parametrize(
    ("logits", "drawn"),
    [(np.zeros((2, 3)), [0]), (np.zeros((1, 3)), [3]), (np.full((1, 3), np.nan), [0]), (np.full((1, 3), -np.inf), [0])],
)
def test_what_cannot_be_figured_is_refused(logits: np.ndarray, drawn: list[int]) -> None:
    with pytest.raises(StatisticsError):
        stated_tokens(logits, drawn, StatedSampler(0.8, 2))


@pytest.mark.parametrize("settings", [(-1.0, 0, 1.0), (1.0, -1, 1.0), (1.0, 0, 0.0), (1.0, 0, 1.1), (math.inf, 0, 1.0)])
def test_settings_that_state_nothing_are_refused(settings: tuple[float, int, float]) -> None:
    with pytest.raises(StatisticsError, match="states no distribution"):
        StatedSampler(*settings)


def test_keyed_numbers_are_pinned_uniform_and_belong_to_their_name() -> None:
    u = keyed_uniforms("prompt 1/sample 0", 20_000)
    assert u[:2].tolist() == keyed_uniforms("prompt 1/sample 0", 2).tolist()
    assert u[:3].tolist() == pytest.approx(PINNED, abs=1e-15)
    assert abs(np.corrcoef(u, keyed_uniforms("prompt 1/sample 1", 20_000))[0, 1]) < 0.03
    assert kolmogorov(u).p_value > 1e-3
    assert 0 < u.min() < u.max() < 1


PINNED = [0.7584451573210899, 0.03609732696830503, 0.8804291613471823]


def test_the_randomised_pit_is_uniform_whatever_the_distributions() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, (1500, 30)) * rng.uniform(0.1, 2, 1500)[:, None]
    sampler = StatedSampler(0.9, 12, 0.95)
    drawn = np.array([rng.choice(30, p=distribution(row, Cut(0.9, 12, 0.95))) for row in logits])
    tokens = stated_tokens(logits, drawn, sampler)
    u = pit(tokens, rng.random(1500))
    assert kolmogorov(u).p_value > 0.01
    assert pit_cells(u).p_value > 0.01
    assert log_prob_sum(tokens).p_value > 0.01
    assert greedy_leakage(tokens).outcome.p_value > 0.01
    assert border(tokens).p_value > 0.01


def test_kolmogorov_equals_scipy() -> None:
    from scipy.stats import kstest

    u = np.random.default_rng(2).random(300) ** 1.1
    expected = kstest(u, "uniform")
    assert (kolmogorov(u).statistic, kolmogorov(u).p_value) == pytest.approx((expected.statistic, expected.pvalue))
    assert kolmogorov(u).side == 1


@pytest.mark.parametrize("n", [10, 45, 200, 1500, 100_000])
def test_every_cell_of_the_pit_expects_enough(n: int) -> None:
    widths = np.diff(cells_of(n))
    assert widths.sum() == pytest.approx(1.0)
    assert len(widths) == 1 or (n * widths).min() >= 20 - 1e-9


def test_a_missing_tail_is_seen_by_the_cells_and_not_by_kolmogorov() -> None:
    u = np.random.default_rng(3).random(3000) * 0.97
    assert pit_cells(u).p_value < 1e-6
    assert pit_cells(u).side == 1
    assert kolmogorov(u).p_value > 1e-3


def test_the_leakage_tail_is_the_exact_one() -> None:
    rng = np.random.default_rng(4)
    mass = rng.uniform(0.05, 0.95, 14)
    outcomes = np.array(list(itertools.product((0, 1), repeat=14)), bool)
    chance = np.where(outcomes, mass, 1 - mass).prod(axis=1)
    weights = np.log1p((0.1 / 0.9) / mass)
    totals = outcomes @ weights
    for row in rng.choice(len(outcomes), 40, p=chance):
        above, below = chance[totals >= totals[row] - 1e-12].sum(), chance[totals <= totals[row] + 1e-12].sum()
        tail = above / TOO_OFTEN if totals[row] > weights @ mass else below / (1 - TOO_OFTEN)
        found = greedy_leakage(figures(mass.tolist(), outcomes[row].tolist())).outcome.p_value
        assert found == pytest.approx(min(1.0, tail), rel=0.15, abs=1e-4)


def test_the_border_tail_is_the_exact_binomial() -> None:
    from scipy.stats import binom

    n, zeros = 800, np.zeros(800)
    for hits in (0, 1, 3, 8, 15, 20, 40, 60):
        flags = np.arange(n) < hits
        tokens = StatedTokens(zeros, zeros, zeros, zeros, zeros, np.full(n, 50), flags, zeros + 0.3, flags, zeros + 0.02, zeros)
        exact = binom.cdf(hits, n, 0.02) if hits < 16 else binom.sf(hits - 1, n, 0.02)
        assert border(tokens).p_value == pytest.approx(min(1.0, 2 * exact), rel=0.1)
        assert border(tokens).side == (1 if hits < 16 else -1)


@pytest.mark.parametrize("top", [True, False])
def test_the_leakage_tail_at_its_ends_is_a_product(top: bool) -> None:
    mass = [0.5, 0.3, 0.2]
    exact = math.prod(mass if top else [1 - m for m in mass])
    expected = min(1.0, exact / (TOO_OFTEN if top else 1 - TOO_OFTEN))
    assert greedy_leakage(figures(mass, [top] * 3)).outcome.p_value == pytest.approx(expected)


def test_the_leakage_share_is_recovered() -> None:
    rng = np.random.default_rng(6)
    mass = rng.uniform(0.1, 0.6, 40_000)
    top = (rng.random(40_000) < 0.1) | (rng.random(40_000) < mass)
    found = greedy_leakage(figures(mass.tolist(), top.tolist()))
    assert found.share == pytest.approx(0.1, abs=0.01)
    assert found.observed - found.expected == pytest.approx(0.1 * (1 - mass.mean()), abs=0.01)
    assert found.outcome.side == 1


def test_few_positions_that_make_up_the_variance_allow_no_p_value() -> None:
    logits = np.zeros((100, 2))
    logits[:, 0] = 60.0
    logits[0, 0] = 0.5
    assert log_prob_sum(stated_tokens(logits, np.zeros(100, int), StatedSampler())).p_value is None


def test_g_is_infinite_for_a_draw_that_cannot_be() -> None:
    found = g_test([10, 10, 1], [0.5, 0.5, 0.0])
    assert (found.g, found.p_value, found.outside) == (math.inf, 0.0, 1)


def test_g_equals_its_formula_and_pools_rare_tokens() -> None:
    from scipy.stats import power_divergence

    found = g_test([50, 30, 12, 5, 3], [0.5, 0.3, 0.1, 0.06, 0.04])
    expected = power_divergence([50, 30, 12, 5, 3], [50, 30, 10, 6, 4], lambda_="log-likelihood")
    assert (found.df, found.pooled) == (3, 1)  # 4 expected alone, joined with the 6 beside it
    assert found.g == pytest.approx(2 * (50 * 0 + 0 + 12 * math.log(1.2) + 8 * math.log(0.8)))
    assert g_test([50, 30, 12, 5, 3], [0.5, 0.3, 0.1, 0.06, 0.04], least=1).g == pytest.approx(expected.statistic)
    assert g_test([3, 1], [0.75, 0.25]).p_value is None
    with pytest.raises(StatisticsError, match="add up"):
        g_test([1, 1], [0.6, 0.15])


def test_g_rejects_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    q = 1 / np.arange(1, 60) ** 1.1
    q /= q.sum()
    p = np.array([g_test(rng.multinomial(500, q), q).p_value for _ in range(1500)])
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    "sampler", [StatedSampler(top_k=5), StatedSampler(top_p=0.85), StatedSampler(top_k=20, top_p=0.9)], ids=lambda sampler: sampler.words
)
def test_rounded_logits_are_no_deviation_of_repeated_draws(sampler: StatedSampler) -> None:
    """Draws from logits that are up to .05 nats off move the border of the support: with that slack, alarms stay within the level."""
    rng = np.random.default_rng(11)
    alarms, moved, runs = 0, 0, 800
    for _ in range(runs):
        logits = np.log(rng.dirichlet(np.full(30, 0.8)))
        kept = kept_tokens((logits + rng.uniform(-0.05, 0.05, 30))[None], sampler)
        drawn = Counter(rng.choice(kept.ids[0], 200, p=kept.mass[0] / kept.mass[0].sum()).tolist())
        found = repeated_draws(logits, drawn, sampler, slack=0.1)
        strict = repeated_draws(logits, drawn, sampler, slack=0.0)
        assert found is not None
        assert strict is not None
        assert found.outside == 0
        moved += strict.outside > 0
        alarms += found.p_value is not None and found.p_value < ALPHA
    assert moved > 20  # the border does move
    assert alarms <= ALPHA * runs + 3 * (ALPHA * runs) ** 0.5


def test_slack_hides_no_draw_from_beyond_it_and_no_other_distribution() -> None:
    sampler, rng = StatedSampler(top_k=5), np.random.default_rng(3)
    logits = -0.4 * np.arange(20)
    wide = kept_tokens(logits[None], StatedSampler(top_k=7))
    drawn = Counter(rng.choice(wide.ids[0], 200, p=wide.mass[0] / wide.mass[0].sum()).tolist())
    far = repeated_draws(logits, drawn, sampler, slack=0.1)
    assert far is not None
    assert (far.outside, far.p_value, far.n) == (drawn[5] + drawn[6], 0.0, 200)
    hot = np.exp(logits[:5] / 2.5)
    found = repeated_draws(logits, Counter(rng.choice(5, 200, p=hot / hot.sum()).tolist()), sampler, slack=0.1)
    assert found is not None
    assert found.p_value is not None
    assert found.p_value < 0.01


def test_stouffer_combines_normal_scores() -> None:
    from scipy.stats import norm

    assert stouffer([0.03]) == pytest.approx(0.03)
    assert stouffer([0.1, 0.2, 0.3]) == pytest.approx(norm.sf(norm.isf([0.1, 0.2, 0.3]).sum() / math.sqrt(3)))
    assert stouffer([0.0, 0.5]) < 1e-100
    with pytest.raises(StatisticsError):
        stouffer([])


@pytest.mark.parametrize(("true", "top_p"), [(0.8, 1.0), (0.65, 1.0), (1.6, 1.0), (0.8, 0.9), (0.7, 0.9), (1.0, 0.9)])
def test_the_most_likely_temperature_is_the_true_one(true: float, top_p: float) -> None:
    rng = np.random.default_rng(8)
    logits = np.sort(-rng.uniform(0.7, 1.6, 2000)[:, None] * np.log(np.arange(1, 201)) + rng.normal(0, 0.5, (2000, 200)))[:, ::-1]
    drawn = np.array([np.searchsorted(distribution(row, Cut(true, 40, top_p)).cumsum(), rng.random()) for row in logits])
    found = estimate_temperature(temperature_profile(logits, drawn, StatedSampler(0.8, 40, top_p)))
    assert found is not None
    assert found.error is not None
    assert abs(found.value - true) < 3 * found.error
    assert found.error < 0.06 * true


def test_a_temperature_beyond_the_grid_is_a_bound() -> None:
    logits = np.tile(np.array([1.0, 0.0, -1.0]), (300, 1))
    assert estimate_temperature(temperature_profile(logits, np.zeros(300, int), StatedSampler(0.8))).bound == "below"
    assert estimate_temperature(temperature_profile(logits, np.full(300, 2), StatedSampler(0.8))).bound == "above"
    assert estimate_temperature(temperature_profile(logits, np.zeros(300, int), StatedSampler(0.8, 1))) is None
    with pytest.raises(StatisticsError, match="greedy"):
        temperature_profile(logits, np.zeros(300, int), StatedSampler(0.0))


def test_score_and_information_are_the_derivatives_of_the_likelihood() -> None:
    rng = np.random.default_rng(9)
    profile = temperature_profile(rng.normal(0, 2, (50, 20)), rng.integers(0, 20, 50), StatedSampler(0.9))
    beta = 1 / profile.temperatures
    slope = np.gradient(profile.log_likelihood.sum(axis=0), beta, edge_order=2)
    np.testing.assert_allclose(slope[3:-3], profile.score.sum(axis=0)[3:-3], atol=1.0)
    curvature = -np.gradient(profile.score.sum(axis=0), beta, edge_order=2)
    np.testing.assert_allclose(curvature[3:-3], profile.information.sum(axis=0)[3:-3], rtol=0.1)


@pytest.mark.parametrize(("hits", "side"), [(12, -1), (1, 1)])
def test_the_log_prob_tail_follows_the_skewness(hits: int, side: int) -> None:
    """Two tokens, the rare one 1 in 25: the sum of ln q is a binomial count."""
    from scipy.stats import binom

    n = 100
    logits = np.tile(np.log([0.96, 0.04]), (n, 1))
    found = log_prob_sum(stated_tokens(logits, (np.arange(n) < hits).astype(int), StatedSampler()))
    exact = binom.sf(hits - 1, n, 0.04) if hits > 4 else binom.cdf(hits, n, 0.04)
    assert found.side == side
    assert 0.5 * exact < found.p_value / 2 < 2.0 * exact
