"""Toys that show why architectures differ: gradients through time, and recall from a state of fixed size. Seeded, numpy alone.

They say nothing of the audited model: they are the smallest networks in which the two effects can be measured instead of told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GRADIENT_STEPS", "ITEMS", "Gradients", "Recall", "gradient_probe", "recall_probe", "state_probe"]

Floats = NDArray[np.float64]
GRADIENT_STEPS = (1, 2, 4, 8, 16, 32, 64, 128)
ITEMS = (4, 8, 16, 32, 64, 128, 256)
WIDTH = 32
CODES = 64  # values that an item can have
FORGET_BIAS = 3.0  # gates that learned to keep: sigmoid(3) = 0.95; at the usual start of 1 an LSTM forgets as 0.73^T


@dataclass(frozen=True, slots=True)
class Gradients:
    """The largest singular value of d h_T / d h_0 (of attention d o_T / d x_0) at each number of steps T, against that at T = 1."""

    kind: str
    steps: tuple[int, ...]
    norms: tuple[float, ...]

    @property
    def rate(self) -> float:
        """The factor of one step over the last half of the steps: 1 keeps, below 1 vanishes, above 1 explodes."""
        half = len(self.steps) // 2
        logs = np.log(np.maximum(self.norms[half:], 1e-300))
        return float(np.exp(np.polyfit(np.asarray(self.steps[half:], dtype=np.float64), logs, 1)[0]))


@dataclass(frozen=True, slots=True)
class Recall:
    """How many of `asked` stored items came back right from one kind of memory, and the bytes that it held."""

    memory: str
    items: int
    right: int
    asked: int
    held_bytes: int


def gradient_probe(seed: int = 0, steps: Sequence[int] = GRADIENT_STEPS) -> tuple[Gradients, ...]:
    """Follow the exact Jacobian of four toys of 32 units through time, step by step.

    Two linear recurrences whose matrix has spectral radius 0.9 and 1.1 (their gradient goes as the radius to the power of T), an LSTM
    with forget gates near one, and attention that looks for the first of T random keys, where no step lies between.
    """
    draw = np.random.default_rng(seed)
    found = [_linear(draw, radius, steps) for radius in (0.9, 1.1)]
    return (*found, _lstm(draw, steps), _attention(draw, steps))


def _linear(draw: np.random.Generator, radius: float, steps: Sequence[int]) -> Gradients:
    matrix = draw.standard_normal((WIDTH, WIDTH))
    matrix *= radius / np.abs(np.linalg.eigvals(matrix)).max()
    return _relative(f"RNN, spectral radius {radius:g}", steps, [_norm(np.linalg.matrix_power(matrix, step)) for step in steps])


def _lstm(draw: np.random.Generator, steps: Sequence[int]) -> Gradients:
    """Multiply the Jacobians of (h, c) of an LSTM over random inputs; weights as torch starts them, forget gates open."""
    bound = 1 / np.sqrt(WIDTH)
    weights = draw.uniform(-bound, bound, (4, WIDTH, 2 * WIDTH))  # input, forget, cell and output gate; of [h, x]
    biases = np.array([0.0, FORGET_BIAS, 0.0, 0.0])[:, None]
    hidden, cell, whole = np.zeros(WIDTH), np.zeros(WIDTH), np.eye(2 * WIDTH)
    norms = {}
    for step in range(1, max(steps) + 1):
        hidden, cell, jacobian = _lstm_step(weights, biases, hidden, cell, draw.standard_normal(WIDTH))
        whole = jacobian @ whole
        norms[step] = _norm(whole[WIDTH:, WIDTH:])  # of the cell, which is what carries
    return _relative("LSTM, forget gates open", steps, [norms[step] for step in steps])


def _lstm_step(weights: Floats, biases: Floats, hidden: Floats, cell: Floats, inputs: Floats) -> tuple[Floats, Floats, Floats]:
    """Do one step and give the Jacobian of the new (h, c) by the old: [2 width, 2 width]."""
    sums = np.einsum("gij,j->gi", weights, np.concatenate([hidden, inputs])) + biases
    gates, new = 1 / (1 + np.exp(-sums)), np.tanh(sums[2])
    into, forget, out = gates[0], gates[1], gates[3]
    after = forget * cell + into * new
    by_sum = np.stack([new * into * (1 - into), cell * forget * (1 - forget), into * (1 - new**2)])  # d after / d sums
    by_hidden = np.einsum("gi,gij->ij", by_sum, weights[:3, :, : len(hidden)])
    bent = np.tanh(after)
    slope = out * (1 - bent**2)
    own = (bent * out * (1 - out))[:, None] * weights[3, :, : len(hidden)]
    jacobian = np.block([[slope[:, None] * by_hidden + own, np.diag(slope * forget)], [by_hidden, np.diag(forget)]])
    return out * bent, after, jacobian


def _attention(draw: np.random.Generator, steps: Sequence[int]) -> Gradients:
    """Differentiate attention of one query by the first of T inputs, through its value and through its key.

    The query looks for the first key: o = sum a_j V x_j with a = softmax(K x q), so d o / d x_0 = a_0 V + (V x_0 - o) a_0 (K^T q)^T.
    """
    keys, values = (draw.standard_normal((WIDTH, WIDTH)) / np.sqrt(WIDTH) for _ in range(2))
    inputs = draw.standard_normal((max(steps) + 1, WIDTH))
    query = keys @ inputs[0]
    norms = []
    for step in steps:
        scores = inputs[: step + 1] @ keys.T @ query
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        out = weights @ (inputs[: step + 1] @ values.T)
        norms.append(_norm(weights[0] * values + np.outer(values @ inputs[0] - out, weights[0] * (keys.T @ query))))
    return _relative("attention", steps, norms)


def _relative(kind: str, steps: Sequence[int], norms: Sequence[float]) -> Gradients:
    return Gradients(kind, tuple(steps), tuple(norm / norms[0] for norm in norms))


def _norm(matrix: Floats) -> float:
    return float(np.linalg.norm(matrix, 2))


def recall_probe(seed: int = 0, items: Sequence[int] = ITEMS, repeats: int = 20) -> tuple[Recall, ...]:
    """Store items under random keys of 32 numbers, ask for each of them, and count what comes back right.

    A state of 32 x 32 numbers holds them in two ways: outer products added up as they come (linear attention, an SSM with a matrix for
    a state), and the matrix of least squared error, found with all items at hand, which is exact up to 32 items. Attention keeps every
    key and value. An item has one of 64 values, read off as the nearest.
    """
    found: dict[tuple[str, int], list[int]] = {}
    for repeat in range(repeats):
        draw = np.random.default_rng([seed, repeat])
        codes = draw.standard_normal((CODES, WIDTH)) / np.sqrt(WIDTH)
        for count in items:
            keys = draw.standard_normal((count, WIDTH)) / np.sqrt(WIDTH)
            chosen = draw.integers(CODES, size=count)
            for memory, read, held in _memories(keys, codes[chosen]):
                tally = found.setdefault((memory, count), [0, 0, held])
                tally[0] += int((np.argmax(read @ codes.T - (codes**2).sum(1) / 2, axis=1) == chosen).sum())
                tally[1] += count
    return tuple(Recall(memory, count, *tally) for (memory, count), tally in found.items())


def _memories(keys: Floats, values: Floats) -> list[tuple[str, Floats, int]]:
    """Give what each memory returns when asked with every key, and its bytes."""
    added = values.T @ keys
    best = np.linalg.lstsq(keys, values, rcond=None)[0].T
    scores = keys @ keys.T * 2 * WIDTH
    weights = np.exp(scores - scores.max(1, keepdims=True))
    attended = weights / weights.sum(1, keepdims=True) @ values
    return [
        ("fixed state, added up", keys @ added.T, added.nbytes),
        ("fixed state, least squares", keys @ best.T, best.nbytes),
        ("attention", attended, keys.nbytes + values.nbytes),
    ]


def state_probe(tokens: Sequence[int], seed: int = 0) -> dict[str, dict[int, int]]:
    """Run a recurrence and attention's cache over a text token by token; give the bytes that each really held at these lengths."""
    draw = np.random.default_rng(seed)
    decay, inputs = draw.uniform(0.5, 1.0, WIDTH), draw.standard_normal((64, WIDTH))
    state, cache = np.zeros(WIDTH), np.empty((2, 0, WIDTH))
    held: dict[str, dict[int, int]] = {"recurrent state": {}, "keys and values": {}}
    kept: list[Floats] = []
    wanted = set(tokens)
    for step in range(1, max(tokens) + 1):
        token = inputs[step % 64]
        state = decay * state + token
        kept.append(np.stack([token, token]))
        if step in wanted:
            cache = np.stack(kept, axis=1)
            held["recurrent state"][step], held["keys and values"][step] = state.nbytes, cache.nbytes
    return held
