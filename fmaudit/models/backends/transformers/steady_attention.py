"""Attention whose answer to a row does not depend on the thread that computed it.

Of fewer than four queries (a token that is decoded is one), the processor's fused kernel gives the next thread a work space that may
begin anywhere, and the products of some processors add up in an order that follows from where their operands begin.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

__all__ = ["steady_attention"]

FEWEST: Final = 4  # queries whose products are the same wherever they begin


class _Place:
    """Puts our function in the place of torch's, which models call by name: once, however many need it at the same time."""

    def __init__(self) -> None:
        self._lock, self._users = threading.Lock(), 0
        self._own: Any = None

    def take(self) -> None:
        from torch.nn import functional

        with self._lock:
            if not self._users:
                self._own = functional.scaled_dot_product_attention
                functional.scaled_dot_product_attention = partial(_attend, self._own)
            self._users += 1

    def leave(self) -> None:
        from torch.nn import functional

        with self._lock:
            self._users -= 1
            if not self._users:
                functional.scaled_dot_product_attention = self._own


_place = _Place()


@contextmanager
def steady_attention(model: Any) -> Iterator[None]:
    """Let all that calls torch's attention ask for four queries at least; one thread, or a GPU, needs none of that.

    A mode of torch that watches all calls would cost a third of the time.
    """
    import torch

    if model.device.type != "cpu" or torch.get_num_threads() == 1:
        yield
        return
    _place.take()
    try:
        yield
    finally:
        _place.leave()


def _attend(own: Any, query: Any, key: Any, value: Any, attn_mask: Any = None, *rest: Any, **more: Any) -> Any:
    """Attend as torch's `own` function does: the last query is repeated, and what comes of that dropped."""
    count = query.shape[-2]
    if 0 < count < FEWEST:
        query = _repeated(query, count)
        if attn_mask is not None and attn_mask.shape[-2] == count > 1:
            attn_mask = _repeated(attn_mask, count)
    return own(query, key, value, attn_mask, *rest, **more)[..., :count, :]


def _repeated(rows: Any, count: int) -> Any:
    return rows[..., [*range(count), *[count - 1] * (FEWEST - count)], :]
