"""Draws follow the stated distribution, in numpy, in torch and compiled, to the last bit of their noise."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers import keyed
from fmaudit.models.backends.transformers.kernels.gumbel import draw_rows
from fmaudit.models.requests import Sampling
from fmaudit.models.sampling import (
    Cut,
    canonical,
    distribution,
    draw,
    exact_log,
    gumbel,
    gumbel_of,
    hashes,
    sample_key,
    step_seeds,
    uniforms,
)

torch = pytest.importorskip("torch")

ALPHA = 1e-3
VOCABULARY = 200
SETTINGS = [Cut(t, k, p) for t in (0.5, 0.8, 1.0, 1.3) for k in (0, 1, 10, 50) for p in (0.5, 0.9, 0.95, 1.0)]
RNG = np.random.default_rng(11)
LOGITS = (RNG.standard_normal(VOCABULARY) * 2).astype(np.float32)


def keys_of(count: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def drawn(cut: Cut, count: int, seed: int = 0) -> Any:
    """Draw one token per key through the logits processor: [count] ids."""
    sampler = keyed.KeyedSampler([cut] * count, keys_of(count, seed), np.zeros(count, np.int64), start=1)
    scores = torch.from_numpy(LOGITS).expand(count, -1).clone()
    sampler(torch.zeros(count, 1, dtype=torch.long), scores)
    return scores.argmax(1).numpy()


def g_test(ids: Any, expected: Any) -> float:
    """Give the p-value of the G-test of drawn ids against probabilities; 0 where an id has none."""
    counts = np.bincount(ids, minlength=len(expected))
    if counts[expected == 0].any():
        return 0.0
    order = np.argsort(-expected)
    means, seen = expected[order] * len(ids), counts[order]
    often = means >= 5
    cells, hits = np.append(means[often], means[~often].sum()), np.append(seen[often], seen[~often].sum())
    cells, hits = cells[cells > 0], hits[cells > 0]
    if len(cells) < 2:
        return 1.0
    used = hits > 0
    statistic = 2 * float((hits[used] * np.log(hits[used] / cells[used])).sum())
    return float(chi2.sf(statistic, len(cells) - 1))


# -- noise -----------------------------------------------------------------------------------------------------------


def test_hashes_are_splitmix64_streams() -> None:
    # the published first outputs of splitmix64 for the seed 1234567
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    assert [int(step_seeds(1234567, step)) for step in range(5)] == known
    # and a token's hash is an output of the stream that this seeds
    seed = known[2]
    assert [int(hashes(1234567, 2, token)) for token in range(4)] == [int(step_seeds(seed, token)) for token in range(4)]


def test_uniform_numbers_stay_inside_zero_and_one() -> None:
    found = uniforms(keys_of(300)[:, None], 3, np.arange(1000))
    assert 0 < found.min() < 1e-4
    assert 1 - 1e-4 < found.max() < 1
    assert abs(found.mean() - 0.5) < 5 / math.sqrt(12 * found.size)


def test_the_largest_hash_gives_finite_noise() -> None:
    assert np.isfinite(gumbel_of(np.array([2.0**-54, 1 - 2.0**-53]))).all()


def test_gumbel_noise_has_its_mean_and_variance() -> None:
    found = gumbel(keys_of(1000)[:, None], 0, np.arange(500))
    assert abs(found.mean() - np.euler_gamma) < 0.01
    assert abs(found.var() - math.pi**2 / 6) < 0.02


def test_noise_of_neighbouring_steps_and_tokens_is_uncorrelated() -> None:
    keys = keys_of(20_000)
    base = gumbel(keys, 4, 17)
    for other in (gumbel(keys, 5, 17), gumbel(keys, 4, 18), gumbel(keys + np.uint64(1), 4, 17)):
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.03


def test_logarithm_is_within_one_unit_of_numpy() -> None:
    x = np.concatenate([RNG.random(100_000), 1 - RNG.random(1000) * 1e-12, RNG.random(100_000) * 50, [0.5, 1.0, 2.0, 2.0**-54]])
    assert np.all(np.abs(exact_log(x) - np.log(x)) <= np.spacing(np.abs(np.log(x))))


def test_torch_has_the_bits_of_numpy() -> None:
    keys, ids = keys_of(40), np.arange(3000)
    seeds = step_seeds(keys, 9)
    in_torch = torch.from_numpy(seeds.view(np.int64))
    token = torch.arange(3000)[None]
    assert np.array_equal(keyed.hashes(in_torch, token).numpy().view(np.uint64), hashes(keys[:, None], 9, ids))
    assert np.array_equal(keyed.gumbel(in_torch, token).numpy(), gumbel(keys[:, None], 9, ids))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_has_the_bits_of_numpy() -> None:
    keys, ids = keys_of(40), np.arange(3000)
    seeds = torch.from_numpy(step_seeds(keys, 9).view(np.int64)).cuda()
    assert np.array_equal(keyed.gumbel(seeds, torch.arange(3000)[None].cuda()).cpu().numpy(), gumbel(keys[:, None], 9, ids))


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("scale", [0.0, 1.0, 6.0])
def test_compiled_draws_are_the_draws_of_numpy(temperature: float, scale: float) -> None:
    logits = (np.random.default_rng(3).standard_normal((20, 5000)) * scale).astype(np.float32)
    logits[:, 7] = -np.inf
    keys = keys_of(20)
    found = draw_rows(logits, logits.max(1), temperature, step_seeds(keys, 2))
    assert found.tolist() == [draw(row, Cut(temperature), int(key), 2) for row, key in zip(logits, keys, strict=True)]


@pytest.mark.parametrize("rounded", [False, True], ids=["float32", "bfloat16, with many equal logits"])
@pytest.mark.parametrize(
    "cut", [Cut(0.8, 50, 0.9), Cut(1.0, 50), Cut(0.8, 0, 0.9), Cut(3.0, 0, 0.99), Cut(1.0, 1), Cut(0.0), Cut(0.7)], ids=str
)
def test_torch_draws_the_tokens_that_numpy_draws(cut: Cut, rounded: bool) -> None:
    logits = torch.randn(24, 4000, generator=torch.Generator().manual_seed(5)) * 2
    logits = logits.bfloat16().float() if rounded else logits
    keys = keys_of(24)
    found = keyed.draw(logits, cut, step_seeds(keys, 6))
    for i, key in enumerate(keys):
        row = logits[i].numpy()
        chosen = draw(row, cut, int(key), 6)
        assert int(found.ids[i]) == chosen
        own = row.astype(float) - np.logaddexp.reduce(row.astype(float))
        assert float(found.log_probs[i]) == pytest.approx(own[chosen], abs=3e-6)
        assert float(found.sampled_log_probs[i]) == pytest.approx(math.log(distribution(row, cut)[chosen]), abs=3e-6)


def test_a_row_is_drawn_alike_whatever_the_other_rows_hold() -> None:
    logits = torch.randn(8, 6000, generator=torch.Generator().manual_seed(2)) * 3
    others = logits.clone()
    others[1:] = torch.randn(7, 6000) * 0.01  # so flat that the first look does not hold enough
    for cut in (Cut(0.8, 0, 0.9), Cut(1.0, 50), Cut(1.0)):
        one, other = keyed.draw(logits, cut, step_seeds(keys_of(8), 0)), keyed.draw(others, cut, step_seeds(keys_of(8), 0))
        assert int(one.ids[0]) == int(other.ids[0])
        assert float(one.sampled_log_probs[0]) == float(other.sampled_log_probs[0])


# -- the distribution ------------------------------------------------------------------------------------------------


def test_known_probabilities() -> None:
    logits = np.log([0.6, 0.15, 0.05, 0.01, 0.19])
    assert distribution(logits, Cut(0.5)) == pytest.approx([0.8547, 0.0534, 0.0059, 0.0002, 0.0857], abs=5e-5)
    assert distribution(logits, Cut(2.0)) == pytest.approx([0.4031, 0.2016, 0.1164, 0.0520, 0.2269], abs=5e-5)
    assert distribution(logits, Cut(1.0, 3)) == pytest.approx(np.array([60, 15, 0, 0, 19]) / 94)
    assert distribution(logits, Cut(1.0, 0, 0.7)) == pytest.approx(np.array([60, 0, 0, 0, 19]) / 79)
    assert distribution(logits, Cut(0.0)).tolist() == [1, 0, 0, 0, 0]


def test_top_p_is_of_what_top_k_kept_after_temperature() -> None:
    logits = np.log([0.5, 0.3, 0.2])
    # of the two tokens that top-k keeps the first holds 5/8 (at temperature 1) and 25/34 (at 1/2)
    assert np.count_nonzero(distribution(logits, Cut(1.0, 2, 0.7))) == 2
    assert np.count_nonzero(distribution(logits, Cut(0.5, 2, 0.7))) == 1


def test_equal_logits_count_by_their_ids() -> None:
    assert np.flatnonzero(distribution(np.zeros(9), Cut(1.0, 4))).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(distribution(np.zeros(10), Cut(1.0, 0, 0.25))).tolist() == [0, 1, 2]
    kept = keyed.draw(torch.zeros(500, 3000), Cut(1.0, 4), step_seeds(keys_of(500), 0)).ids
    assert sorted(set(kept.tolist())) == [0, 1, 2, 3]
    assert keyed.draw(torch.zeros(3, 50), Cut(0.0), step_seeds(keys_of(3), 0)).ids.tolist() == [0, 0, 0]


@pytest.mark.parametrize("cut", SETTINGS, ids=lambda cut: f"T={cut.temperature} k={cut.top_k} p={cut.top_p}")
def test_draws_follow_the_stated_distribution(cut: Cut) -> None:
    expected = distribution(LOGITS, cut)
    ids = drawn(cut, 2500, seed=SETTINGS.index(cut))
    assert not np.any(expected[ids] == 0)
    assert g_test(ids, expected) > ALPHA


def test_false_alarms_are_as_rare_as_stated() -> None:
    alarms = sum(g_test(drawn(cut, 600, seed=1000 + i), distribution(LOGITS, cut)) < 0.05 for i, cut in enumerate(SETTINGS))
    assert alarms <= 9  # of 64 at one in twenty


def p_before_temperature(cut: Cut) -> Any:
    kept = distribution(LOGITS, Cut(1.0, cut.top_k, cut.top_p)) > 0
    return distribution(np.where(kept, LOGITS, -np.inf), Cut(cut.temperature))


@pytest.mark.parametrize("planted", [Cut(0.85, 50, 0.9), Cut(0.8, 60, 0.9), Cut(0.8, 50, 0.93), "p before T"], ids=str)
def test_another_setting_than_the_stated_one_is_found(planted: Cut | str) -> None:
    stated = Cut(0.8, 50, 0.9)
    expected = p_before_temperature(stated) if isinstance(planted, str) else distribution(LOGITS, planted)
    ids = np.random.default_rng(1).choice(VOCABULARY, 8000, p=expected)
    assert g_test(ids, distribution(LOGITS, stated)) < ALPHA
    # and the processor set so is as far from what was stated
    if isinstance(planted, Cut):
        assert g_test(drawn(planted, 8000), distribution(LOGITS, stated)) < ALPHA


def test_top_k_60_for_50_is_found() -> None:
    ids = drawn(Cut(0.8, 60), 8000)
    assert g_test(ids, distribution(LOGITS, Cut(0.8, 50))) == 0.0


# -- parameters and keys ---------------------------------------------------------------------------------------------


def test_canonical_parameters() -> None:
    assert canonical(Sampling(temperature=0, top_k=5, top_p=0.3)) == Cut(0.0, 0, 1.0)
    assert canonical(Sampling(top_p=1.5)) == Cut(1.0, 0, 1.0)
    for wrong in (
        Sampling(temperature=-1),
        Sampling(top_k=-1),
        Sampling(top_p=0),
        Sampling(temperature=math.nan),
        Sampling(top_p=math.nan),
    ):
        with pytest.raises(ModelError, match="undefined"):
            canonical(wrong)


def test_a_key_names_model_prompt_parameters_seed_and_index() -> None:
    base = Sampling(temperature=0.8, top_k=50, top_p=0.9)
    keys = {
        sample_key("model", (1, 2, 3), base, 0),
        sample_key("model2", (1, 2, 3), base, 0),
        sample_key("model", (1, 2), base, 0),
        sample_key("model", (1, 2, 3), replace(base, seed=1), 0),
        sample_key("model", (1, 2, 3), replace(base, temperature=0.81), 0),
        sample_key("model", (1, 2, 3), replace(base, top_k=51), 0),
        sample_key("model", (1, 2, 3), replace(base, top_p=0.91), 0),
        sample_key("model", (1, 2, 3), base, 1),
    }
    assert len(keys) == 8
    assert sample_key("model", (1, 2, 3), replace(base, max_new_tokens=7, stop=("x",)), 0) in keys


def test_a_known_key() -> None:
    # a key that changed would give other samples than before, and every cached answer would be of another distribution's draw
    assert sample_key("model", (5, 6), Sampling(temperature=0.8, top_p=0.9, seed=3), 2) == KNOWN_KEY


KNOWN_KEY = 12607062777322547918
