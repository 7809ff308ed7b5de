"""The exact profile of an architecture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fmaudit_engine_card.architecture.families import plan_of
from fmaudit_engine_card.architecture.parts import Attends, Plan, Weight
from fmaudit_engine_card.architecture.refusing import positive, whole

if TYPE_CHECKING:
    from fmaudit_engine_card.architecture.checkpoint import Checkpoint
    from fmaudit_engine_card.architecture.fits import Fit
    from fmaudit_engine_card.architecture.loading import HasDict

__all__ = ["EngineProfile", "profile"]


@dataclass(frozen=True)
class EngineProfile:
    """What a configuration says of a model, in whole numbers; nothing is estimated.

    Operations count a multiplication and an addition as two, of matrix products, convolutions and recurrences; norms, activations, softmax,
    rotary positions and biases are not counted. A pass over `tokens` positions computes logits at each of them. Of a model with an
    encoder `tokens` go in and as many come out. `checkpoint` is what the files beside the configuration hold.
    """

    plan: Plan
    config: Mapping[str, Any]
    where: str = ""
    checkpoint: Checkpoint | None = None

    # -- size ------------------------------------------------------------------------------------------------------

    @property
    def family(self) -> str:
        """The family as transformers names it."""
        return self.plan.family

    @property
    def layers(self) -> int:
        """The number of blocks, of encoder and decoder together."""
        return len(self.plan.layers) + len(self.plan.encoder)

    @property
    def hidden(self) -> int:
        """The width of the residual stream."""
        return self.plan.hidden

    @property
    def vocabulary(self) -> int:
        """The rows of the table of tokens."""
        return self.plan.vocabulary

    @property
    def tied(self) -> bool:
        """Whether input and output share one table."""
        return self.plan.tied

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed or left out."""
        return self.plan.notes

    @cached_property
    def parameters(self) -> int:
        """All parameters, tied ones once."""
        return sum(weight.parameters for weight in self.plan.weights())

    @cached_property
    def active_parameters(self) -> int:
        """The parameters one token meets: of experts, only those it is sent to. Tables count whole."""
        return sum(weight.active_parameters for weight in self.plan.weights())

    @cached_property
    def by_module(self) -> Mapping[str, int]:
        """Parameters by module, in the order of a pass; they add up to `parameters`."""
        found: dict[str, int] = {}
        for weight in self.plan.weights():
            found[weight.module] = found.get(weight.module, 0) + weight.parameters
        return {module: found[module] for module in sorted(found, key=_place) if found[module]}

    @property
    def context(self) -> int | None:
        """The longest sequence that the configuration names, if it names one."""
        return self.plan.context

    def weights_bytes(self, bytes_per_value: float = 2) -> int:
        """Return the bytes of all parameters at so many bytes each, rounded up."""
        return math.ceil(self.parameters * positive(bytes_per_value, "bytes_per_value"))

    @cached_property
    def dense_parameters(self) -> int:
        """The parameters of matrices inside the blocks, which quantisation may shrink."""
        return sum(weight.parameters for weight in self.plan.weights() if weight.dense)

    @cached_property
    def widest(self) -> int:
        """The most numbers that a module of one block makes of a position."""
        return max((_width(layer.weights) for layer in dict.fromkeys(self.plan.blocks())), default=0)

    # -- state -----------------------------------------------------------------------------------------------------

    def state_bytes(self, tokens: int, bytes_per_value: float = 2, batch: int = 1) -> int:
        """Return the bytes of the state after `tokens`: keys and values of the attention layers, or the recurrent state if there are none.

        This is the number that papers publish: 2 layers kv_heads head_dim values a token, with MLA layers (rank + rotary), a window
        capping the tokens; of a hybrid the attention layers alone. `cache_bytes` counts all that a sequence holds.
        """
        values = self._kept(whole(tokens, "tokens")) if self.attends else sum(recurs.state for recurs in self.plan.recurs())
        return math.ceil(values * positive(bytes_per_value, "bytes_per_value")) * whole(batch, "batch")

    def state_bytes_per_token(self, bytes_per_value: float = 2) -> int:
        """Return what one more token adds to the state before any window is full; 0 for a recurrent state."""
        return math.ceil(self._kept(1) * positive(bytes_per_value, "bytes_per_value"))

    def full_state_bytes_per_token(self, bytes_per_value: float = 2) -> int:
        """Return what a token would add if every query head had a key and a value of its own (MHA)."""
        kept = sum(attends.kept_full for attends in self.plan.attends())
        return math.ceil(kept * positive(bytes_per_value, "bytes_per_value"))

    def cache_bytes(self, tokens: int, bytes_per_value: float = 2, batch: int = 1) -> int:
        """Return all that a sequence holds: keys and values, recurrent states, and the last inputs of convolutions and token shifts."""
        values = self._kept(whole(tokens, "tokens")) + self._constant
        return math.ceil(values * positive(bytes_per_value, "bytes_per_value")) * whole(batch, "batch")

    @cached_property
    def attends(self) -> bool:
        """Whether any layer keeps keys and values, so that the state grows with the text."""
        return any(attends.kept for attends in self.plan.attends())

    def _kept(self, tokens: int) -> int:
        return sum(count * attends.held(tokens) for attends, count in self._alike.items())

    @cached_property
    def _alike(self) -> Mapping[Attends, int]:
        """Attentions that are alike, counted: of sixty layers there are one or two kinds, and searches ask thousands of times."""
        return Counter(self.plan.attends())

    @cached_property
    def _constant(self) -> int:
        return sum(recurs.state + recurs.recent for recurs in self.plan.recurs())

    # -- operations ------------------------------------------------------------------------------------------------

    def flops(self, tokens: int) -> int:
        """Return the operations of one pass over `tokens` positions: `linear_flops` + `attention_flops`."""
        return self.linear_flops(tokens) + self.attention_flops(tokens)

    def linear_flops(self, tokens: int) -> int:
        """Return the operations that grow with `tokens`: 2 inputs outputs of every matrix a position meets, and recurrences."""
        return whole(tokens, "tokens") * self._token_flops

    @cached_property
    def _token_flops(self) -> int:
        weights = sum(weight.active_flops for weight in self.plan.weights())
        return weights + sum(recurs.flops for recurs in self.plan.recurs())

    def attention_flops(self, tokens: int, causal: bool = False) -> int:
        """Return the operations between positions: scores and weighted sums, 4 tokens^2 heads head_dim a layer.

        All pairs count, as a dense product computes them, so that twice the tokens are four times the operations; with `causal` only those
        that the mask leaves, tokens (tokens + 1) / 2. A window counts tokens x window.
        """
        whole(tokens, "tokens")
        return sum(count * attends.pair_flops * attends.pairs(tokens, causal) for attends, count in self._alike.items())

    # -- memory ----------------------------------------------------------------------------------------------------

    def fits(
        self,
        device: str | float,
        precision: str = "bfloat16",
        tokens: int = 4096,
        batch: int = 1,
        *,
        devices: int = 1,
        reserve: float = 0.1,
        state_bytes: float | None = None,
    ) -> Fit:
        """Set the model against a device, by name or by its bytes: does it fit, with how large a batch, with how long a context.

        `reserve` is the share of memory left to the runtime, `state_bytes` are the bytes of a value in the state, by default those of the
        precision's activations. Raises ModelError for a device or precision that is not known.
        """
        from fmaudit_engine_card.architecture.fits import fit

        return fit(self, device, precision, tokens, batch, devices=devices, reserve=reserve, state_bytes=state_bytes)


def _width(weights: tuple[Weight, ...]) -> int:
    """Return the most numbers that a module of one block makes of a position."""
    made: dict[str, int] = {}
    for weight in weights:
        made[weight.module] = made.get(weight.module, 0) + weight.outputs * min(weight.active, weight.copies)
    return max(made.values(), default=0)


_ORDER: Final = ("embedding", "attention", "mlp", "experts", "shared-experts", "router", "ssm", "recurrent", "norms", "head")


def _place(module: str) -> tuple[int, str]:
    return (_ORDER.index(module) if module in _ORDER else len(_ORDER), module)


def profile(config: str | Path | Mapping[str, object] | HasDict) -> EngineProfile:
    """Profile a model from its config.json, its folder, its values, a configuration of transformers, or the name of a published model.

    Of a folder with safetensors files their headers are read too, and compared. Raises ModelError for a file that cannot be read, an
    unknown family, or a configuration that is no model.
    """
    from fmaudit_engine_card.architecture.checkpoint import read_checkpoint
    from fmaudit_engine_card.architecture.loading import checkpoint_folder, read_config

    values, where = read_config(config)
    plan, folder = plan_of(values, where), checkpoint_folder(config)
    return EngineProfile(plan, values, where, read_checkpoint(folder, plan) if folder is not None else None)
