"""An attention function for packed rows: every segment sees itself and its parent's tokens, computed in a shape that is its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from fmaudit.models.backends.transformers.batches import Layout, Segment

if TYPE_CHECKING:
    import torch

__all__ = ["NAME", "NotPackable", "segments_apart"]

NAME: Final = "fmaudit_segments"


@dataclass(frozen=True, slots=True)
class _Flash:
    """A layout as variable-length attention takes it: where queries and keys of each segment end, and which tokens the keys are."""

    keys: torch.Tensor
    query_ends: torch.Tensor
    key_ends: torch.Tensor
    query_longest: int
    key_longest: int

    @classmethod
    def of(cls, layout: Layout, device: torch.device) -> _Flash:
        import torch

        keys: list[int] = []
        query_ends, key_ends = [0], [0]
        for segment in layout.segments:
            if segment.parent is not None:
                parent = layout.segments[segment.parent]
                keys += range(parent.start, parent.stop)
            keys += range(segment.start, segment.stop)
            query_ends.append(segment.stop)
            key_ends.append(len(keys))
        longest = [max(b - a for a, b in pairwise(ends)) for ends in (query_ends, key_ends)]
        q, k = (torch.tensor(ends, dtype=torch.int32, device=device) for ends in (query_ends, key_ends))
        return cls(torch.tensor(keys, device=device), q, k, *longest)


@dataclass(slots=True)
class _Active:
    """The layout of the row that is in the model now."""

    layout: Layout
    flash: _Flash | None = None


_active: ContextVar[_Active | None] = ContextVar("fmaudit_segments", default=None)

# What a layer may hand over that does not change what attention is.
_HARMLESS: Final = frozenset(
    {"position_ids", "use_cache", "output_attentions", "output_hidden_states", "output_router_logits", "cache_position", "return_dict"}
    | {"layer_idx", "logits_to_keep", "past_key_values", "position_embeddings", "is_causal"}
)


class NotPackable(Exception):
    """A layer wants an attention that packed rows do not have: soft caps, sinks, biases."""


@contextmanager
def segments_apart(model: Any, layout: Layout) -> Iterator[None]:
    """Make the model's attention keep the segments of a packed row apart."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _attend)
    before = model.config._attn_implementation
    token = _active.set(_Active(layout))
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)
        _active.reset(token)


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """Attend within segments: query [1, heads, row, width], key and value the same with maybe fewer heads; gives [1, row, heads, width]."""
    active = _active.get()
    strange = [name for name, given in others.items() if given is not None and name not in _HARMLESS]
    causal = getattr(module, "is_causal", True) and others.get("is_causal") is not False
    if active is None or strange or not causal or attention_mask is not None or query.shape[0] != 1 or query.shape[2] != key.shape[2]:
        raise NotPackable(f"{type(module).__name__}: {', '.join(strange) or 'not a plain causal self-attention'}")
    groups = query.shape[1] // key.shape[1]
    if sliding_window is None and query.is_cuda and query.element_size() == 2:
        return _variable_length(query, key, value, active, scaling, groups > 1), None
    if groups > 1:
        key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    out = query.new_empty(1, query.shape[2], query.shape[1], value.shape[-1])
    for segment in active.layout.segments:
        parent = None if segment.parent is None else active.layout.segments[segment.parent]
        out[:, segment.start : segment.stop] = _one(query, key, value, segment, parent, scaling, sliding_window).transpose(1, 2)
    return out, None


def _one(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    segment: Segment,
    parent: Segment | None,
    scaling: float | None,
    window: int | None,
) -> torch.Tensor:
    import torch
    from torch.nn.functional import scaled_dot_product_attention as attention

    own = slice(segment.start, segment.stop)
    q, k, v = query[:, :, own], key[:, :, own], value[:, :, own]
    if parent is not None:
        before = slice(parent.start, parent.stop)
        k, v = torch.cat([key[:, :, before], k], dim=2), torch.cat([value[:, :, before], v], dim=2)
    rows, columns = q.shape[2], k.shape[2]
    if parent is None and (window is None or columns <= window):
        return attention(q, k, v, is_causal=True, scale=scaling)
    here = torch.arange(columns - rows, columns, device=q.device)[:, None]
    there = torch.arange(columns, device=q.device)[None, :]
    mask = there <= here
    if window is not None:
        mask &= there > here - window
    return attention(q, k, v, attn_mask=mask, scale=scaling)


def _variable_length(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, active: _Active, scaling: float | None, grouped: bool
) -> torch.Tensor:
    """One call of torch's variable-length flash attention for all segments (CUDA, half precision): keys of a parent come again."""
    import torch
    from torch.nn.attention.varlen import varlen_attn

    if active.flash is None:
        active.flash = _Flash.of(active.layout, query.device)
    flash = active.flash
    q, k, v = (part[0].transpose(0, 1) for part in (query, key, value))
    k, v = k.index_select(0, flash.keys), v.index_select(0, flash.keys)
    sizes = (flash.query_ends, flash.key_ends, flash.query_longest, flash.key_longest)
    out = varlen_attn(q.contiguous(), k, v, *sizes, scale=scaling, window_size=(-1, 0), enable_gqa=grouped)
    if not isinstance(out, torch.Tensor):
        out = out[0]
    return out[None]
