"""Models without attention: Mamba, Mamba-2, RWKV-4, and the RNN, LSTM and GRU of old."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fmaudit_engine_card.architecture.blocks import embedding, head, norm
from fmaudit_engine_card.architecture.config import Config
from fmaudit_engine_card.architecture.parts import Layer, Plan, Recurs, Weight, matrix, vector

__all__ = ["Selective", "Structured", "gated_network", "mamba", "mamba2", "rwkv"]


@dataclass(frozen=True, slots=True)
class Selective:
    """The mixer of Mamba (Gu and Dao 2023): a state of `state` numbers for each of `inner` channels, after a short convolution."""

    hidden: int
    inner: int
    state: int
    kernel: int
    rank: int
    bias: bool = False
    kernel_bias: bool = True
    normed: bool = False  # Jamba has gains on the step and on both state vectors

    def weights(self) -> tuple[Weight, ...]:
        """Describe projections, convolution and the parameters of the recurrence."""
        return (
            matrix("ssm", self.hidden, 2 * self.inner, self.bias),
            convolution(self.inner, self.kernel, self.kernel_bias),
            matrix("ssm", self.inner, self.rank + 2 * self.state),
            matrix("ssm", self.rank, self.inner, bias=True),
            vector("ssm", self.inner * self.state + self.inner),  # decay, and what goes past the state
            matrix("ssm", self.inner, self.hidden, self.bias),
            *((vector("norms", self.rank + 2 * self.state),) if self.normed else ()),
        )

    def recurs(self) -> Recurs:
        """Describe the state, and 7 operations a number: step times decay and input (2), input (1), update (2), reading (2)."""
        return Recurs(self.inner * self.state, self.inner * self.kernel, 7 * self.inner * self.state)


@dataclass(frozen=True, slots=True)
class Structured:
    """The mixer of Mamba-2 (Dao and Gu 2024): heads with one decay each, state vectors shared by groups of heads."""

    hidden: int
    heads: int
    width: int
    state: int
    groups: int
    kernel: int
    bias: bool = False
    out_bias: bool = False
    kernel_bias: bool = True
    normed: bool = True

    @property
    def inner(self) -> int:
        """The width of all heads."""
        return self.heads * self.width

    @property
    def convolved(self) -> int:
        """The channels that the convolution sees: inputs and both state vectors."""
        return self.inner + 2 * self.groups * self.state

    def weights(self) -> tuple[Weight, ...]:
        """Describe projections, convolution, gated norm and the parameters of the recurrence."""
        return (
            matrix("ssm", self.hidden, self.inner + self.convolved + self.heads, self.bias),
            convolution(self.convolved, self.kernel, self.kernel_bias),
            vector("ssm", 3 * self.heads),  # decay, step, and what goes past the state
            *(norm("rms", self.inner) if self.normed else ()),
            matrix("ssm", self.inner, self.hidden, self.out_bias),
        )

    def recurs(self) -> Recurs:
        """Describe the state, and 5 operations a number: input (1), update (2), reading (2); as a recurrence, not in chunks."""
        return Recurs(self.inner * self.state, self.convolved * self.kernel, 5 * self.inner * self.state)


def convolution(channels: int, kernel: int, bias: bool) -> Weight:
    """Describe a convolution of every channel by itself."""
    return Weight("ssm", channels * (kernel + (1 if bias else 0)), 2 * channels * kernel)


def step_rank(config: Config, name: str) -> int:
    """Return the rank of the step's projection, a sixteenth of the hidden size where it is "auto" or missing."""
    return -(-config.hidden // 16) if config.get(name) in (None, "auto") else config.count(name)


def mamba(family: str, config: Config) -> Plan:
    """Describe Mamba or Falcon-Mamba. Raises ModelError."""
    mixer = Selective(
        hidden=config.hidden, inner=config.count("expand") * config.hidden, state=config.count("state_size"),
        kernel=config.count("conv_kernel"), rank=step_rank(config, "time_step_rank"), bias=config.flag("use_bias", False),
        kernel_bias=config.flag("use_conv_bias", True),
    )  # fmt: skip
    return _stack(family, config, (*norm("rms", config.hidden), *mixer.weights()), mixer.recurs(), tied=True)


def mamba2(family: str, config: Config) -> Plan:
    """Describe Mamba-2. Raises ModelError."""
    bias = config.flag("use_bias", False)
    mixer = Structured(
        hidden=config.hidden, heads=config.count("num_heads"), width=config.count("head_dim"),
        state=config.count("state_size"), groups=config.count("n_groups"),
        kernel=config.count("conv_kernel"), bias=bias, out_bias=bias, kernel_bias=config.flag("use_conv_bias", True),
    )  # fmt: skip
    return _stack(family, config, (*norm("rms", config.hidden), *mixer.weights()), mixer.recurs(), tied=False)


def rwkv(family: str, config: Config) -> Plan:
    """Describe RWKV-4: five numbers a channel are carried on, of which two are the last inputs. Raises ModelError."""
    hidden = config.hidden
    width = config.count("attention_hidden_size", default=hidden)
    inner = config.count("intermediate_size", default=4 * hidden)
    weights = (
        *norm("layer", hidden, 2),
        vector("recurrent", 2 * width + 3 * hidden),  # decay, bonus, and three mixes with the last input
        *(matrix("recurrent", hidden, width) for _ in range(3)),
        matrix("recurrent", width, hidden),
        vector("mlp", 2 * hidden),
        matrix("mlp", hidden, inner),
        matrix("mlp", hidden, hidden),
        matrix("mlp", inner, hidden),
    )
    # 11 operations: both sums are decayed and added to, read with the bonus, and divided
    recurs = Recurs(state=3 * width + 2 * hidden, flops=11 * width)
    return _stack(family, config, weights, recurs, tied=False, kind="layer", first=norm("layer", hidden))


GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def gated_network(family: str, config: Config) -> Plan:
    """Describe a stack of RNN, GRU or LSTM layers as torch builds them, between a table of tokens and an output matrix.

    `embedding_size` is the width of the first layer's input, the hidden size where it is missing. Raises ModelError.
    """
    hidden, tied = config.hidden, config.flag("tie_word_embeddings", False)
    width, gates = config.count("embedding_size", default=hidden), GATES[family]
    recurs = Recurs(state=hidden * (2 if family == "lstm" else 1))

    def layer(inputs: int) -> Layer:
        return Layer(
            (matrix("recurrent", inputs, gates * hidden, bias=True), matrix("recurrent", hidden, gates * hidden, bias=True)),
            recurs=(recurs,),
        )

    layers = (layer(width), *(layer(hidden) for _ in range(config.layers - 1)))
    outside = (*embedding(config.vocabulary, width), head(config.vocabulary, hidden, tied=tied, bias=True))
    return Plan(family, hidden, config.vocabulary, tied, outside, layers, notes=tuple(config.notes))


def _stack(
    family: str, config: Config, weights: tuple[Weight, ...], recurs: Recurs, *, tied: bool, kind: str = "rms", first: Iterable[Weight] = ()
) -> Plan:
    tied = config.flag("tie_word_embeddings", tied)
    hidden = config.hidden
    outside = (*embedding(config.vocabulary, hidden), *first, *norm(kind, hidden), head(config.vocabulary, hidden, tied=tied))
    layers = (Layer(weights, recurs=(recurs,)),) * config.layers
    return Plan(family, hidden, config.vocabulary, tied, outside, layers, notes=tuple(config.notes))
