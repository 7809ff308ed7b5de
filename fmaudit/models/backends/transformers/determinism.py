"""How far scores depend on how they are computed: the same requests alone, eight at once, and in float32."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fmaudit.models.base import Usage
from fmaudit.models.requests import Score, ScoreRequest

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.batches import Shapes
    from fmaudit.models.backends.transformers.loaded import Loaded
    from fmaudit.models.backends.transformers.scoring import Scorer

__all__ = ["probe_determinism"]

MEMORY_SHARE = 0.8  # of what is free that a float32 copy of the weights may take


def probe_determinism(
    loaded: Loaded, shapes: Shapes, make: Callable[[Shapes], Scorer], requests: Sequence[ScoreRequest]
) -> Mapping[str, Any]:
    """Score requests as usual and in other ways, and compare.

    `make` makes a scorer of given shapes. Returns `items`, `max_delta` (largest |difference of log-likelihood| in nats, by way) and
    `flips` (share of items whose greedy flag changes, by way).
    """
    usual = _scores(make(shapes), requests)
    longest = max((len(score.token_ids) for score in usual.values()), default=1) + 64
    ways = {
        "alone": _scores(make(replace(shapes, tokens=1)), requests),
        "eight at once": _scores(make(replace(shapes, tokens=8 * longest)), requests),
    }
    if loaded.dtype.itemsize < 4 and _has_room(loaded):
        with _in_float32(loaded):
            ways["in float32"] = _scores(make(replace(shapes, fixed=False)), requests)
    return {
        "items": len(usual),
        "max_delta": {way: max((_delta(usual[i], found[i]) for i in usual), default=0.0) for way, found in ways.items()},
        "flips": {way: sum(usual[i].greedy != found[i].greedy for i in usual) / max(len(usual), 1) for way, found in ways.items()},
    }


def _scores(scorer: Scorer, requests: Sequence[ScoreRequest]) -> dict[int, Score]:
    return {i: score for i, score in scorer.score_each(requests, Usage()) if isinstance(score, Score)}


def _delta(one: Score, other: Score) -> float:
    return abs(one.log_likelihood - other.log_likelihood)


def _has_room(loaded: Loaded) -> bool:
    """Tell whether the weights fit once more in float32."""
    import torch

    if loaded.device.type != "cuda":
        return True
    more = sum(weight.numel() * (4 - weight.element_size()) for weight in loaded.model.parameters())
    return bool(more < torch.cuda.mem_get_info(loaded.device)[0] * MEMORY_SHARE)


@contextlib.contextmanager
def _in_float32(loaded: Loaded) -> Iterator[None]:
    """Widen the weights for a while; narrowing them again gives back the same bits."""
    tensors = [tensor for tensor in (*loaded.model.parameters(), *loaded.model.buffers()) if tensor.is_floating_point()]
    before = [tensor.dtype for tensor in tensors]
    dtype = loaded.dtype
    import torch

    try:
        for tensor in tensors:
            tensor.data = tensor.data.float()
        loaded.dtype = torch.float32
        yield
    finally:
        for tensor, narrow in zip(tensors, before, strict=True):
            tensor.data = tensor.data.to(narrow)
        loaded.dtype = dtype
