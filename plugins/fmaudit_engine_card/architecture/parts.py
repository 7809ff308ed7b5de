"""The building blocks every family is described with: weights, attention, recurrences, layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Attends", "Layer", "Plan", "Recurs", "Weight", "matrix", "table", "vector"]


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight of one module: `size` parameters in each of `copies` (experts), of which a token meets `active`.

    `flops` counts the multiplications and additions that one copy costs a position, `outputs` the numbers that a matrix makes of one.
    """

    module: str
    size: int
    flops: int = 0
    copies: int = 1
    active: int = 1
    outputs: int = 0

    @property
    def dense(self) -> bool:
        """Whether it is a matrix inside a block, which quantisation may shrink."""
        return self.outputs > 0

    @property
    def parameters(self) -> int:
        """The parameters of all copies."""
        return self.size * self.copies

    @property
    def active_parameters(self) -> int:
        """The parameters of the copies that one token meets."""
        return self.size * min(self.active, self.copies)

    @property
    def active_flops(self) -> int:
        """The operations that one position costs."""
        return self.flops * min(self.active, self.copies)


@dataclass(frozen=True, slots=True)
class Attends:
    """Attention of one layer: every position looks at `window` positions, or at all.

    `pair_flops` is what one query with one key costs over all heads: 2 heads d_key for the score, 2 heads d_value for the sum.
    `kept` counts the numbers kept for each token (keys and values; the compressed latent of MLA), `kept_full` those that one key and
    one value for each query head would take. An encoder keeps nothing; `causal` is False where positions see what comes after them.
    """

    pair_flops: int
    kept: int
    kept_full: int
    window: int | None = None
    causal: bool = True

    def pairs(self, tokens: int, causal: bool = False) -> int:
        """Count the pairs of query and key; `causal` leaves out those that the mask hides (a dense product computes them)."""
        seen = tokens if self.window is None else min(tokens, self.window)
        if not (causal and self.causal):
            return tokens * seen
        return seen * (seen + 1) // 2 + (tokens - seen) * seen

    def held(self, tokens: int) -> int:
        """Count the numbers held after `tokens`."""
        return self.kept * (tokens if self.window is None else min(tokens, self.window))


@dataclass(frozen=True, slots=True)
class Recurs:
    """A state of constant size: `state` numbers, `recent` more for the last inputs of a convolution, `flops` a position."""

    state: int
    recent: int = 0
    flops: int = 0


@dataclass(frozen=True, slots=True)
class Layer:
    """One block: its weights and what it remembers."""

    weights: tuple[Weight, ...]
    attends: tuple[Attends, ...] = ()
    recurs: tuple[Recurs, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole model: what stands outside the blocks (embeddings, last norm, head), the encoder's blocks if any, and the decoder's."""

    family: str
    hidden: int
    vocabulary: int
    tied: bool
    outside: tuple[Weight, ...]
    layers: tuple[Layer, ...]
    encoder: tuple[Layer, ...] = ()
    heads: int = 0
    kv_heads: int = 0
    context: int | None = None
    notes: tuple[str, ...] = ()
    stored: str = ""  # how its weights are quantised in the files, where the configuration says so

    def blocks(self) -> Iterator[Layer]:
        """Yield all blocks, the encoder's first."""
        yield from self.encoder
        yield from self.layers

    def weights(self) -> Iterator[Weight]:
        """Yield all weights."""
        yield from self.outside
        for layer in self.blocks():
            yield from layer.weights

    def attends(self) -> Iterator[Attends]:
        """Yield every attention of the model."""
        for layer in self.blocks():
            yield from layer.attends

    def recurs(self) -> Iterator[Recurs]:
        """Yield every recurrent state of the model."""
        for layer in self.blocks():
            yield from layer.recurs


def matrix(module: str, inputs: int, outputs: int, bias: bool = False, copies: int = 1, active: int = 1) -> Weight:
    """Describe a linear map: inputs x outputs weights, 2 inputs outputs operations a position (the bias is not counted)."""
    size = inputs * outputs + (outputs if bias else 0)
    return Weight(module, size, 2 * inputs * outputs, copies, active, outputs)


def vector(module: str, size: int) -> Weight:
    """Describe parameters that are added or multiplied one by one."""
    return Weight(module, size)


def table(module: str, rows: int, width: int) -> Weight:
    """Describe a table that is looked up, which costs no operations."""
    return Weight(module, rows * width)
