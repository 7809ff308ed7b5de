"""The verdict over whole runs: planted deviations are found, honest samplers are not accused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fmaudit import StatisticsError
from fmaudit.models.sampling import Cut
from fmaudit.models.sampling import draw as fmaudit_draw
from fmaudit_sampling.conformance.explain import explain
from fmaudit_sampling.conformance.listed import judge_listed, listed_tokens
from fmaudit_sampling.conformance.power import detectable
from fmaudit_sampling.conformance.randomness import keyed_uniforms
from fmaudit_sampling.conformance.repeats import g_test
from fmaudit_sampling.conformance.sampler import StatedSampler
from fmaudit_sampling.conformance.stated import StatedTokens, joined, kept_tokens, stated_tokens
from fmaudit_sampling.conformance.temperature import estimate_temperature, temperature_profile
from fmaudit_sampling.conformance.tests import TOO_OFTEN, Outcome, greedy_leakage, log_prob_sum
from fmaudit_sampling.conformance.verdict import Conformance, Verdict, judge_sampler, levels, weigh

DECLARED = StatedSampler(0.8, 50, 0.9)
N, VOCABULARY = 1500, 300


def zipf(n: int = N, seed: int = 0, vocabulary: int = VOCABULARY) -> np.ndarray:
    rng = np.random.default_rng(seed)
    logits = -rng.uniform(0.6, 1.3, n)[:, None] * np.log(np.arange(1, vocabulary + 1)) + rng.normal(0, 0.5, (n, vocabulary))
    return rng.permuted(logits, axis=1)


LOGITS = zipf()


def draw(logits: np.ndarray, sampler: StatedSampler, rng: np.random.Generator, leakage: float = 0.0) -> np.ndarray:
    kept = kept_tokens(logits, sampler)
    reached = kept.mass.cumsum(axis=1)
    place = (reached < rng.random(len(logits))[:, None] * reached[:, -1:]).sum(axis=1)
    place[rng.random(len(logits)) < leakage] = 0
    return kept.ids[np.arange(len(logits)), place]


def nucleus_first(sampler: StatedSampler) -> np.ndarray:
    kept = kept_tokens(LOGITS, StatedSampler(1.0, 0, sampler.top_p))
    cut = np.full_like(LOGITS, -np.inf)
    rows, places = np.nonzero(kept.kept)
    cut[rows, kept.ids[rows, places]] = LOGITS[rows, kept.ids[rows, places]]
    return cut


def judge(drawn: np.ndarray, sampler: StatedSampler = DECLARED, name: str = "a", **more: object) -> Conformance:
    return judge_sampler(stated_tokens(LOGITS[: len(drawn)], drawn, sampler), keyed_uniforms(name, len(drawn)), sampler, **more)


ALTERNATIVES = {
    "temperature 0.7": ({"temperature": 0.7}, "log_prob"),
    "temperature 0.9": ({"temperature": 0.9}, "violations"),
    "top-p 0.85": ({"top_p": 0.85}, "pit_cells"),
    "top-k 35": ({"top_k": 35, "top_p": 1.0}, "border"),
    "top-k 60": ({"top_k": 60}, "violations"),
}


@pytest.mark.parametrize(("changes", "sign"), ALTERNATIVES.values(), ids=ALTERNATIVES)
def test_a_planted_deviation_is_found_and_named(changes: dict[str, float], sign: str) -> None:
    for seed in range(2):
        declared = replace(DECLARED, top_p=changes["top_p"]) if changes.get("top_p") == 1.0 else DECLARED
        found = judge(draw(LOGITS, replace(declared, **changes), np.random.default_rng(seed)), declared)
        assert found.verdict is Verdict.DEVIATES
        assert (found.violations > 0) if sign == "violations" else (found.adjusted[sign] < 1e-3 and found.violations == 0)
        assert "could not have been drawn" in " ".join(explain(found)) or "probable" in " ".join(explain(found))


@pytest.mark.parametrize("temperature", [0.8, 1.3])
def test_top_p_before_temperature_is_found(temperature: float) -> None:
    declared = StatedSampler(temperature, 0, 0.9)
    drawn = draw(nucleus_first(declared), replace(declared, top_p=1.0), np.random.default_rng(1))
    found = judge(drawn, declared)
    assert found.verdict is Verdict.DEVIATES
    assert (found.violations > 0) == (temperature < 1)


def test_a_tenth_of_greedy_draws_is_found_and_measured() -> None:
    declared = StatedSampler(1.0, 0, 0.95)
    found = judge(draw(LOGITS, declared, np.random.default_rng(2), leakage=0.1), declared)
    assert found.verdict is Verdict.DEVIATES
    assert found.adjusted["top"] < 1e-3
    assert found.leakage.share == pytest.approx(0.1, abs=0.05)
    assert any("most probable token was drawn at" in sentence for sentence in explain(found))


def flagged(mass: np.ndarray, top: np.ndarray) -> StatedTokens:
    """Tokens of which nothing is known but whether they are the most probable ones."""
    zeros = np.zeros(len(mass))
    return StatedTokens(zeros, zeros, zeros, zeros, zeros, np.full(len(mass), 50), top, mass, zeros > 0, zeros, zeros)


def test_a_tenth_of_greedy_draws_is_found_nearly_as_often_as_any_test_could() -> None:
    """Four other tests find nothing; at a fifth of the level for each, a tenth of greedy draws would be found in .8 of runs."""
    rng = np.random.default_rng(3)
    mass = np.clip(rng.beta(1.2, 2.2, 1300), 0.02, 0.98)
    others = tuple(Outcome(name=name, statistic=0.0, p_value=0.5, n=1300) for name in ("log_prob", "pit", "pit_cells", "border"))
    found, bound = [], []
    for _ in range(200):
        outcome = greedy_leakage(flagged(mass, rng.random(1300) < 0.9 * mass + 0.1)).outcome
        found.append(weigh((outcome, *others), violations=0, short="", alpha=1e-3)[0] is Verdict.DEVIATES)
        bound.append(outcome.p_value * TOO_OFTEN < 1e-3)  # the likelihood ratio itself, one-sided, with the whole level
    assert np.mean(found) >= 0.9
    assert np.mean(bound) - np.mean(found) <= 0.05


def test_the_parts_of_the_level_add_up_to_it() -> None:
    made = [Outcome(name=name, statistic=0.0, p_value=p, n=9) for name, p in (("top", 3e-4), ("pit", 2e-4), ("border", 0.5))]
    _, adjusted = weigh(made, violations=0, short="", alpha=1e-3)
    assert adjusted == {"top": pytest.approx(5e-4), "pit": pytest.approx(2e-4 * 2 / 0.4), "border": 1.0}
    assert levels(made, 1e-3) == {"alpha": pytest.approx(2e-4), "greedy_alpha": pytest.approx(6e-4 * TOO_OFTEN)}
    alone = made[:1]
    assert weigh(alone, violations=0, short="", alpha=1e-3)[1] == {"top": pytest.approx(3e-4)}
    assert levels(alone, 1e-3)["greedy_alpha"] == pytest.approx(1e-3 * TOO_OFTEN)
    assert weigh(made[1:], violations=0, short="", alpha=1e-3)[1]["pit"] == pytest.approx(4e-4)
    assert levels(made[1:], 1e-3)["alpha"] == pytest.approx(5e-4)


def test_an_honest_sampler_is_not_accused_and_the_power_is_said() -> None:
    estimates = []
    for seed in range(8):
        drawn = draw(LOGITS, DECLARED, np.random.default_rng(100 + seed))
        estimate = estimate_temperature(temperature_profile(LOGITS, drawn, DECLARED)) if seed < 4 else None
        found = judge(drawn, name=str(seed), temperature=estimate, tolerance=0.15)
        assert found.verdict is Verdict.CONFORMS, explain(found)
        estimates += [abs(estimate.value - 0.8) / estimate.error] if estimate else []
    assert max(estimates) < 3.5
    assert "With 80% probability the tests would have found a temperature that differs by" in " ".join(explain(found))


def test_the_sampler_that_fmaudit_ships_conforms() -> None:
    cut = Cut(DECLARED.temperature, DECLARED.top_k, DECLARED.top_p)
    drawn = np.array([fmaudit_draw(row, cut, key=17, step=step) for step, row in enumerate(LOGITS)])
    found = judge(drawn, tolerance=0.15)
    assert found.verdict is Verdict.CONFORMS
    assert (found.violations, found.borderline) == (0, 0)


def test_p_values_of_an_honest_sampler_are_uniform_or_larger() -> None:
    logits = zipf(200, seed=3, vocabulary=80)
    rng, p = np.random.default_rng(4), []
    for _ in range(150):
        tokens = stated_tokens(logits, draw(logits, DECLARED, rng), DECLARED)
        p.append([outcome.p_value for outcome in judge_sampler(tokens, rng.random(200), DECLARED).outcomes])
    assert (np.array(p) < 0.05).mean(axis=0).max() < 0.12
    assert (np.array(p) < 0.5).mean(axis=0).max() < 0.62


def test_too_few_tokens_cannot_tell() -> None:
    found = judge(draw(LOGITS[:60], DECLARED, np.random.default_rng(5)))
    assert found.verdict is Verdict.CANNOT_TELL
    assert found.power.temperature > 0.08
    assert "cannot tell" in explain(found)[0]
    with pytest.raises(StatisticsError, match="nothing was drawn"):
        judge(np.zeros(0, int))


def test_positions_without_a_choice_dilute_nothing() -> None:
    sampler = StatedSampler(0.8, 50)
    tokens = stated_tokens(LOGITS, draw(LOGITS, replace(sampler, temperature=0.72), np.random.default_rng(13)), sampler)
    certain = stated_tokens(np.tile([0.0, -np.inf], (6000, 1)), np.zeros(6000, int), sampler)
    u = keyed_uniforms("d", N + 6000)
    alone, among = judge_sampler(tokens, u[:N], sampler), judge_sampler(joined([tokens, certain]), u, sampler)
    assert among.outcomes == alone.outcomes
    assert among.adjusted["pit"] < 1e-3
    assert (alone.n, among.n) == (N, N + 6000)


def test_one_impossible_token_is_decisive_unless_it_is_within_numerical_error() -> None:
    sampler = StatedSampler(1.0, 50)
    drawn = draw(LOGITS, sampler, np.random.default_rng(6))
    order = np.argsort(-LOGITS[0])
    drawn[0] = order[50]
    assert judge(drawn, sampler).verdict is Verdict.DEVIATES
    gap = LOGITS[0, order[49]] - LOGITS[0, order[50]]
    found = judge(drawn, sampler, slack=gap * 1.01, tolerance=0.2)
    assert (found.verdict, found.violations, found.borderline) == (Verdict.CONFORMS, 0, 1)


def test_greedy_decoding_conforms_only_where_enough_was_seen() -> None:
    greedy, top = StatedSampler(0.0), LOGITS.argmax(axis=1)
    assert judge(top, greedy).verdict is Verdict.CONFORMS
    assert judge(top[:100], greedy).verdict is Verdict.CANNOT_TELL
    top[7] = (top[7] + 1) % VOCABULARY
    found = judge(top, greedy)
    assert (found.verdict, found.violations) == (Verdict.DEVIATES, 1)
    assert explain(found)[1].startswith("One of 1,500 tokens")


def test_repeated_draws_count_as_one_more_test() -> None:
    q = np.array([0.5, 0.3, 0.2])
    drawn = draw(LOGITS, DECLARED, np.random.default_rng(7))
    honest = judge(drawn, repeats=[g_test(np.random.default_rng(i).multinomial(400, q), q) for i in range(10)], tolerance=0.15)
    assert honest.verdict is Verdict.CONFORMS
    assert len(honest.adjusted) == 6
    skewed = judge(drawn, repeats=[g_test(np.random.default_rng(i).multinomial(400, [0.56, 0.27, 0.17]), q) for i in range(10)])
    assert skewed.verdict is Verdict.DEVIATES
    assert skewed.adjusted["repeats"] < 1e-3


def test_the_detectable_temperature_is_the_one_that_is_detected() -> None:
    sampler, rng = StatedSampler(0.8, 50), np.random.default_rng(8)
    logits = zipf(1000, seed=9, vocabulary=60)
    first = stated_tokens(logits, np.zeros(1000, int), sampler)
    power = detectable(first, sampler, alpha=1e-3 / 4)
    stated, colder = (kept_tokens(logits, replace(sampler, temperature=t)).mass for t in (0.8, 0.8 - power.temperature))
    log_q, reached = np.log(stated / stated.sum(axis=1, keepdims=True)), (colder / colder.sum(axis=1, keepdims=True)).cumsum(axis=1)
    p = []
    for _ in range(200):
        ranks = np.minimum((reached < rng.random((1000, 1))).sum(axis=1), log_q.shape[1] - 1)
        p.append(log_prob_sum(replace(first, log_prob=log_q[np.arange(1000), ranks])).p_value)
    assert (np.array(p) < 1e-3 / 4).mean() == pytest.approx(0.8, abs=0.1)


# -- top-20 lists ----------------------------------------------------------------------------------------------------


def lists(drawn: np.ndarray, logits: np.ndarray = LOGITS, size: int = 20) -> tuple[np.ndarray, np.ndarray]:
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    order = np.argsort(-log_p, axis=1, kind="stable")
    rank = (order == drawn[:, None]).argmax(axis=1)
    return np.take_along_axis(log_p, order[:, :size], axis=1), np.where(rank < size, rank, -1)


@pytest.mark.parametrize("vocabulary", [VOCABULARY, None])
@pytest.mark.parametrize(
    "declared",
    [DECLARED, StatedSampler(1.0), StatedSampler(1.4, 0, 0.95), StatedSampler(0.7), StatedSampler(1.3, 40), StatedSampler(0.8, 20, 0.9)],
    ids=lambda s: s.words,
)
def test_bounds_from_a_list_hold_the_truth(declared: StatedSampler, vocabulary: int | None) -> None:
    kept = kept_tokens(LOGITS, declared)
    drawn = draw(LOGITS, declared, np.random.default_rng(10))
    found = listed_tokens(*lists(drawn), declared, vocabulary=vocabulary)
    assert not found.impossible.any()
    size = (kept.mass > 0).sum(axis=1)
    core = np.ones(N)
    core[found.inside] = found.core.support / size[found.inside]
    assert (core <= 1).all()
    q = kept.mass / kept.mass.sum(axis=1, keepdims=True)
    beyond = np.array([1 - q[i, : int(n)].sum() for i, n in zip(np.flatnonzero(found.inside), found.core.support, strict=True)])
    assert (found.least[found.inside] <= beyond + 1e-9).all()
    assert (beyond <= found.most[found.inside] + 1e-9).all()
    assert judge_listed(found, keyed_uniforms("b", int(N)), declared, tolerance=1.0).verdict is Verdict.CONFORMS


def test_a_list_as_long_as_top_k_tells_as_much_as_all_logits() -> None:
    declared = StatedSampler(0.8, 20)
    drawn = draw(LOGITS, declared, np.random.default_rng(11))
    whole, listed = stated_tokens(LOGITS, drawn, declared), listed_tokens(*lists(drawn), declared)
    assert listed.inside.all()
    for name in ("log_prob", "below", "mean", "variance", "third", "top_mass"):
        np.testing.assert_allclose(getattr(listed.core, name), getattr(whole, name), atol=1e-9)


@pytest.mark.parametrize(
    ("changes", "declared"),
    [
        ({"temperature": 0.65}, DECLARED),
        ({"top_k": 0, "top_p": 1.0}, StatedSampler(0.8, 20)),
        ({"temperature": 1.5}, StatedSampler(0.8, 50)),
    ],
)
def test_deviations_show_in_lists(changes: dict[str, float], declared: StatedSampler) -> None:
    drawn = draw(LOGITS, replace(declared, **changes), np.random.default_rng(12))
    found = judge_listed(listed_tokens(*lists(drawn), declared, vocabulary=VOCABULARY), keyed_uniforms("c", N), declared)
    assert found.verdict is Verdict.DEVIATES
    assert len(explain(found)) > 1
