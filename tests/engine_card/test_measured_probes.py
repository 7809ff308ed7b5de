"""The toys: gradients fade as they must, a fixed state forgets, attention does not."""

from __future__ import annotations

import numpy as np
import pytest

from fmaudit.testing import assert_results, by_name
from fmaudit_engine_card import profile
from fmaudit_engine_card.measured.probes import GRADIENT_STEPS, Recall, _attention, _lstm_step, gradient_probe, recall_probe, state_probe
from fmaudit_engine_card.measured.toys import toys


@pytest.mark.parametrize("seed", range(3))
def test_a_recurrence_fades_or_explodes_as_its_spectral_radius_to_the_power_of_the_steps(seed: int) -> None:
    low, high, lstm, attention = gradient_probe(seed)
    assert low.rate == pytest.approx(0.9, rel=0.01)
    assert high.rate == pytest.approx(1.1, rel=0.01)
    assert low.norms[-1] < 1e-4
    assert high.norms[-1] > 1e4
    assert 0.1 < lstm.norms[-1] < 100
    assert attention.norms[-1] == pytest.approx(1, abs=0.2)
    assert attention.steps == GRADIENT_STEPS


def test_the_jacobian_of_a_step_of_the_lstm_is_that_of_torch() -> None:
    torch = pytest.importorskip("torch")
    draw = np.random.default_rng(0)
    width = 5
    weights, biases = draw.standard_normal((4, width, 2 * width)), draw.standard_normal((4, 1))
    hidden, cell, inputs = (draw.standard_normal(width) for _ in range(3))
    tensors = [torch.tensor(array) for array in (weights, biases, inputs)]

    def step(state: object) -> object:
        gates = torch.einsum("gij,j->gi", tensors[0], torch.cat([state[:width], tensors[2]])) + tensors[1]  # type: ignore[index]
        after = torch.sigmoid(gates[1]) * state[width:] + torch.sigmoid(gates[0]) * torch.tanh(gates[2])  # type: ignore[index]
        return torch.cat([torch.sigmoid(gates[3]) * torch.tanh(after), after])

    state = torch.tensor(np.concatenate([hidden, cell]))
    by_torch = torch.autograd.functional.jacobian(step, state).numpy()
    new_hidden, after, by_hand = _lstm_step(weights, biases, hidden, cell, inputs)
    assert by_hand == pytest.approx(by_torch, abs=1e-12)
    assert np.concatenate([new_hidden, after]) == pytest.approx(np.asarray(step(state)), abs=1e-12)  # type: ignore[arg-type]


def test_attention_reaches_the_first_token_in_one_step_whatever_lies_between() -> None:
    far = _attention(np.random.default_rng(4), (1, 10, 1000))
    assert far.norms[-1] > 0.5


def _by_items(found: tuple[Recall, ...], memory: str) -> dict[int, float]:
    return {one.items: one.right / one.asked for one in found if one.memory == memory}


def test_recall_from_a_fixed_state_falls_with_the_items_and_attentions_does_not() -> None:
    found = recall_probe()
    added = _by_items(found, "fixed state, added up")
    exact = _by_items(found, "fixed state, least squares")
    attended = _by_items(found, "attention")
    assert [added[n] for n in (16, 32, 64, 128, 256)] == sorted((added[n] for n in (16, 32, 64, 128, 256)), reverse=True)
    assert added[4] > 0.98
    assert added[256] < 0.4
    assert min(exact[n] for n in (4, 8, 16, 32)) == 1
    assert exact[128] < 0.6
    assert min(attended.values()) > 0.99
    held = {(one.memory, one.items): one.held_bytes for one in found}
    assert len({held["fixed state, added up", n] for n in added}) == 1
    assert held["attention", 256] == 64 * held["attention", 4]


def test_the_same_seed_gives_the_same_toys() -> None:
    assert recall_probe(3, (8, 64), 2) == recall_probe(3, (8, 64), 2)
    assert gradient_probe(3) == gradient_probe(3)


def test_a_recurrent_state_is_constant_by_measurement_at_small_scale_and_by_formula_to_a_million() -> None:
    held = state_probe((1024, 4096, 16_384))
    assert len(set(held["recurrent state"].values())) == 1
    assert held["keys and values"][16_384] == 16 * held["keys and values"][1024]
    for config in ("mamba-2.8b", {"model_type": "lstm", "vocab_size": 100, "hidden_size": 64, "num_layers": 2}):
        found = profile(config)
        assert len({found.cache_bytes(2**power) for power in range(10, 21)}) == 1
    assert profile("llama-2-7b").state_bytes(2**20) == 1024 * profile("llama-2-7b").state_bytes(2**10)


def test_a_mamba_that_transformers_runs_holds_the_same_after_sixteen_times_the_tokens() -> None:
    torch = pytest.importorskip("torch")
    from architecture_support import FAMILIES, build

    model = build("mamba", FAMILIES["mamba"], device="cpu")
    sizes = []
    for tokens in (16, 256):
        with torch.no_grad():
            out = model(torch.arange(tokens).reshape(1, -1) % 101, use_cache=True)
        cache = out.cache_params
        states = [
            state for layer in cache.layers for name in ("conv_states", "recurrent_states") for state in _states(getattr(layer, name))
        ]
        sizes.append(sum(state.numel() * state.element_size() for state in states))
    assert sizes[0] == sizes[1] == profile({"model_type": "mamba", **FAMILIES["mamba"]}).cache_bytes(2**20, 4)


def _states(held: object) -> list[object]:
    return list(held.values()) if isinstance(held, dict) else [held]


def test_the_toys_have_intervals_and_say_that_they_are_toys() -> None:
    found = list(toys())
    assert_results(found)
    metrics = by_name(found)
    assert all(metric.interval is not None and "toy" in metric.note for metric in metrics.values())
    rate = metrics["gradient_rate{kind=RNN, spectral radius 0.9}"]
    assert rate.interval is not None
    assert rate.interval.low <= 0.9 <= rate.interval.high + 0.005
