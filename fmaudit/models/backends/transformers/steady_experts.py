"""Experts of a mixture whose answer to a token does not depend on the other tokens that chose them.

Usually all tokens of an expert go through one matrix product, whose number of rows, and with it the order of its sums, follows from
the rest of the batch. Here every product has the same number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["steady_experts"]

NAME: Final = "fmaudit-steady"
FEW_ROWS: Final = 8  # of a product while single tokens are decoded
MANY_ROWS: Final = 32
MANY: Final = 1024  # pairs of token and expert from which on the larger products pay


@contextmanager
def steady_experts(model: Any) -> Iterator[None]:
    """Let a model's experts compute in products of one shape; a model without such experts is left as it is.

    On a GPU nothing changes: its grouped products have tiles of one shape already.
    """
    if model.device.type != "cpu" or not _has_experts(model):
        yield
        return
    from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

    ALL_EXPERTS_FUNCTIONS.register(NAME, _forward)
    own = model.get_experts_implementation()
    model.set_experts_implementation(NAME)
    try:
        yield
    finally:
        model.set_experts_implementation(own)


def _has_experts(model: Any) -> bool:
    return any(hasattr(part, "_is_expert_parallel") and hasattr(part, "down_proj") for part in model.modules())


def _forward(self: Any, hidden_states: Any, top_k_index: Any, top_k_weights: Any) -> Any:
    """Compute experts as `transformers.integrations.moe` does: tokens [tokens, width], choices and weights [tokens, k]."""
    import torch

    tokens, chosen = top_k_index.shape
    experts = top_k_index.reshape(-1)
    found = hidden_states.new_zeros(tokens * chosen, hidden_states.shape[-1])
    size = MANY_ROWS if tokens * chosen >= MANY else FEW_ROWS
    order = torch.argsort(experts, stable=True)
    counts = torch.bincount(experts, minlength=self.num_experts).tolist()
    start = 0
    for expert, count in enumerate(counts[: self.num_experts]):
        for at in range(start, start + count, size):
            pairs = order[at : min(at + size, start + count)]
            block = hidden_states.new_zeros(size, hidden_states.shape[-1])
            block[: len(pairs)] = hidden_states[pairs // chosen]
            found[pairs] = _expert(self, block, expert)[: len(pairs)]
        start += count
    weighted = found * top_k_weights.reshape(-1, 1)
    return weighted.view(tokens, chosen, -1).sum(1).to(hidden_states.dtype)


def _expert(self: Any, block: Any, expert: int) -> Any:
    """Put a block of tokens [rows, width] through one expert."""
    if self.has_gate:
        inner = self._apply_gate(_linear(self, block, "gate_up_proj", expert))
    else:
        inner = self.act_fn(_linear(self, block, "up_proj", expert))
    out = _linear(self, inner, "down_proj", expert)
    return self.post_expert_norm(out) if self.has_post_expert_norm else out


def _linear(self: Any, block: Any, name: str, expert: int) -> Any:
    import torch

    weight = getattr(self, name)[expert]
    bias = getattr(self, f"{name}_bias")[expert] if self.has_bias else None
    return torch.nn.functional.linear(block, weight.t() if self.is_transposed else weight, bias)
